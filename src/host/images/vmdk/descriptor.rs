//! The text part of a VMDK: which extents there are, ids, and other facts by name.

use super::super::{ImageError, Result, damaged};
use uuid::Uuid;

/// More extents than any disk of this format needs (2 GB each).
const MOST_EXTENTS: usize = 4096;

/// A line that names a part of the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ExtentLine {
    pub(super) sectors: u64,
    /// `SPARSE`, `FLAT`, `VMFS`, `ZERO`.
    pub(super) kind: String,
    /// Name of its file, as written.
    pub(super) file: String,
    /// Sector of the file at which it begins (flat ones).
    pub(super) offset: u64,
    pub(super) read_only: bool,
}

/// A descriptor as lines; what is not understood stays.
#[derive(Clone, Debug)]
pub(super) struct Descriptor {
    lines: Vec<String>,
    pub(super) extents: Vec<ExtentLine>,
}

impl Descriptor {
    /// A new one. `create_type` is what the format calls the kind.
    pub(super) fn new(create_type: &str, adapter: &str, extents: Vec<ExtentLine>) -> Self {
        let lines = [
            "# Disk DescriptorFile".to_owned(),
            "version=1".to_owned(),
            format!("CID={:08x}", Uuid::new_v4().as_fields().0),
            "parentCID=ffffffff".to_owned(),
            format!("createType=\"{create_type}\""),
            String::new(),
            "# Extent description".to_owned(),
        ];
        let mut lines = Vec::from(lines);
        lines.extend(extents.iter().map(ExtentLine::write));
        lines.extend([
            String::new(),
            "# The disk Data Base ".to_owned(),
            "#DDB".to_owned(),
            String::new(),
            "ddb.virtualHWVersion = \"4\"".to_owned(),
            format!("ddb.adapterType=\"{adapter}\""),
        ]);
        Self { lines, extents }
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        if !first.trim().to_ascii_lowercase().starts_with("# disk descriptorfile") {
            return damaged("its descriptor does not begin as one");
        }
        let lines: Vec<_> = text.lines().map(str::to_owned).collect();
        let mut extents = Vec::new();
        for line in &lines {
            if let Some(extent) = ExtentLine::parse(line)? {
                extents.push(extent);
            }
        }
        if extents.is_empty() || extents.len() > MOST_EXTENTS {
            return damaged(format!("it names {} extents", extents.len()));
        }
        Ok(Self { lines, extents })
    }

    pub(super) fn text(&self) -> String {
        let mut text = self.lines.join("\n");
        text.push('\n');
        text
    }

    /// The value of a name, without its quotes.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| Some(pair(line).filter(|(known, _)| known.eq_ignore_ascii_case(name))?.1))
    }

    /// Sets a value in quotes. A new name goes to the end.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let written = format!("{name}=\"{value}\"");
        let known = |line: &&mut String| pair(line).is_some_and(|(known, _)| known.eq_ignore_ascii_case(name));
        match self.lines.iter_mut().find(known) {
            Some(line) => *line = written,
            None => self.lines.push(written),
        }
    }

    pub(super) fn id(&self, name: &str) -> Uuid {
        self.get(name).and_then(|value| Uuid::parse_str(value).ok()).unwrap_or_default()
    }

    /// Says of an extent how long it is.
    pub(super) fn set_sectors(&mut self, at: usize, sectors: u64) {
        let Some(extent) = self.extents.get_mut(at) else { return };
        let old = extent.write();
        extent.sectors = sectors;
        let new = extent.write();
        // The line may have been written with other spaces: it is found by what it says.
        let known =
            |line: &&mut String| ExtentLine::parse(line).ok().flatten().is_some_and(|known| known.write() == old);
        if let Some(line) = self.lines.iter_mut().find(known) {
            *line = new;
        }
    }
}

/// Name and value of a line.
fn pair(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    (!line.trim_start().starts_with('#')).then(|| (name.trim(), value.trim().trim_matches('"')))
}

impl ExtentLine {
    fn write(&self) -> String {
        let access = if self.read_only { "RDONLY" } else { "RW" };
        let (sectors, kind, file) = (self.sectors, &self.kind, &self.file);
        match kind.as_str() {
            "ZERO" => format!("{access} {sectors} {kind}"),
            "FLAT" => format!("{access} {sectors} {kind} \"{file}\" {}", self.offset),
            _ => format!("{access} {sectors} {kind} \"{file}\""),
        }
    }

    fn parse(line: &str) -> Result<Option<Self>> {
        let line = line.trim();
        let Some((access, rest)) = line.split_once(char::is_whitespace) else { return Ok(None) };
        let read_only = match access {
            "RW" => false,
            "RDONLY" => true,
            "NOACCESS" => return damaged("an extent must not be accessed"),
            _ => return Ok(None),
        };
        let wrong = || ImageError::Damaged(format!("the extent `{line}` is not understood"));
        let (sectors, rest) = rest.trim_start().split_once(char::is_whitespace).ok_or_else(wrong)?;
        let sectors: u64 = sectors.parse().map_err(|_| wrong())?;
        let rest = rest.trim_start();
        let (kind, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let (file, rest) = match rest.trim_start().strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or_else(wrong)?,
            None => ("", ""),
        };
        if !matches!(kind, "SPARSE" | "FLAT" | "VMFS" | "ZERO") || (file.is_empty() && kind != "ZERO") {
            return Err(wrong());
        }
        if sectors == 0 || sectors > 1 << 45 {
            return Err(wrong());
        }
        let offset = rest.split_whitespace().next().map_or(Ok(0), str::parse).map_err(|_| wrong())?;
        Ok(Some(Self { sectors, kind: kind.to_owned(), file: file.to_owned(), offset, read_only }))
    }
}
