//! An OVF descriptor as it is read: files, disks and virtual systems of versions 0.9, 1.0 and 2.0. What VirtualBox
//! 7.2.22 refuses is refused; nothing is interpreted here.

use super::items::{self, Hardware};
use crate::host::fault::code;
use crate::host::xml::XmlNode;
use crate::host::{Fault, Outcome};
use std::collections::BTreeMap;

/// A descriptor.
#[derive(Clone, Debug, Default)]
pub(in crate::host) struct Envelope {
    /// By their ids.
    pub(super) disks: BTreeMap<String, Disk>,
    pub(super) systems: Vec<System>,
}

/// A disk, and the file that it comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Disk {
    pub(super) id: String,
    /// In bytes, as far as the descriptor says so; -1: unknown.
    pub(super) capacity: i64,
    pub(super) populated: i64,
    /// A URL that names the format.
    pub(super) format: String,
    /// Path of the file; empty: the disk is to be made.
    pub(super) file: String,
    /// Bytes of the file; -1: unknown.
    pub(super) size: i64,
    pub(super) chunk: i64,
    /// `gzip`, or empty.
    pub(super) compression: String,
    /// The id that the disk has in the settings of VirtualBox.
    pub(super) uuid: String,
}

impl Disk {
    /// The line of `IAppliance.disks`.
    pub(super) fn line(&self) -> String {
        let Self { id, capacity, populated, format, file, size, chunk, compression, .. } = self;
        format!("{id}\t{capacity}\t{populated}\t{format}\t{file}\t{size}\t{chunk}\t{compression}")
    }

    /// Whether it is an image of a CD.
    pub(super) fn is_iso(&self) -> bool {
        self.format.to_ascii_lowercase().contains("ecma-119") || self.file.to_ascii_lowercase().ends_with(".iso")
    }
}

/// A virtual machine.
#[derive(Clone, Debug, Default)]
pub(super) struct System {
    pub(super) name: String,
    /// Number of the operating system.
    pub(super) os: u32,
    /// Type of guest, when VirtualBox wrote the file.
    pub(super) os_type: String,
    pub(super) product: String,
    pub(super) vendor: String,
    pub(super) version: String,
    pub(super) product_url: String,
    pub(super) vendor_url: String,
    pub(super) annotation: String,
    pub(super) license: String,
    pub(super) hardware: Hardware,
    /// All settings, when VirtualBox wrote the file.
    pub(super) machine: Option<XmlNode>,
}

/// Files of a package: path, size, chunk size, compression, by their ids.
type Files<'a> = BTreeMap<&'a str, &'a XmlNode>;

/// A descriptor that cannot be used.
pub(super) fn wrong(why: impl std::fmt::Display) -> Fault {
    Fault::new(code::FILE_ERROR, format!("the OVF descriptor cannot be used: {why}"))
}

impl Envelope {
    /// Reads the text of a descriptor.
    ///
    /// # Errors
    /// It is no OVF, or names hardware that VirtualBox does not know.
    pub(super) fn parse(text: &str) -> Outcome<Self> {
        let mut root = XmlNode::parse(text).map_err(wrong)?;
        plain(&mut root);
        if root.name != "Envelope" {
            return Err(wrong(format!("its root is `{}`, not `Envelope`", root.name)));
        }
        let Some(references) = root.child("References") else {
            return Err(wrong("it has no `References`"));
        };
        let files: Files<'_> =
            references.list("", "File").filter_map(|file| Some((file.attribute("id")?, file))).collect();
        let mut envelope = Self::default();
        for section in root.children.iter().filter(|node| is_section(node, "DiskSection")) {
            for disk in section.list("", "Disk") {
                let disk = read_disk(disk, &files)?;
                envelope.disks.insert(disk.id.clone(), disk);
            }
        }
        envelope.read_systems(&root, &files, 0)?;
        Ok(envelope)
    }

    fn read_systems(&mut self, node: &XmlNode, files: &Files<'_>, depth: u32) -> Outcome {
        for child in &node.children {
            let kind = child.attribute("type").unwrap_or_default();
            let is = |name: &str| child.name == name || (child.name == "Content" && kind.contains(name));
            if is("VirtualSystemCollection") && depth < 16 {
                self.read_systems(child, files, depth + 1)?;
            } else if is("VirtualSystem") {
                let system = self.read_system(child, files)?;
                self.systems.push(system);
            }
        }
        Ok(())
    }

    fn read_system(&self, node: &XmlNode, files: &Files<'_>) -> Outcome<System> {
        let mut system = System { name: node.attribute("id").unwrap_or_default().to_owned(), ..System::default() };
        for section in &node.children {
            let text = |name: &str| section.child(name).map(|node| node.text.clone()).unwrap_or_default();
            if is_section(section, "ProductSection") {
                system.product = text("Product");
                system.vendor = text("Vendor");
                system.version = text("Version");
                system.product_url = text("ProductUrl");
                system.vendor_url = text("VendorUrl");
            } else if is_section(section, "AnnotationSection") {
                system.annotation = text("Annotation");
            } else if is_section(section, "EulaSection") {
                system.license = text("License");
            } else if is_section(section, "OperatingSystemSection") {
                let number = section.attribute("id").and_then(|id| id.parse().ok());
                system.os = number.ok_or_else(|| wrong("an operating system has no number"))?;
                system.os_type = text("OSType");
            } else if is_section(section, "VirtualHardwareSection") {
                system.hardware = items::read(section, &self.disks, &|id| {
                    files.get(id).and_then(|file| file.attribute("href")).map(str::to_owned)
                })?;
            } else if section.name == "Machine" {
                let mut machine = section.clone();
                machine.take_child("Info");
                machine.remove_attribute("required");
                system.machine = Some(machine);
            }
        }
        Ok(system)
    }
}

/// Sections are elements of their own, and in version 0.9 `Section` with a type.
fn is_section(node: &XmlNode, name: &str) -> bool {
    node.name == name || (node.name == "Section" && node.attribute("type").is_some_and(|kind| kind.contains(name)))
}

/// Takes the prefixes of namespaces off: descriptors differ in which they use.
fn plain(node: &mut XmlNode) {
    let bare = |name: &str| name.rsplit(':').next().unwrap_or_default().to_owned();
    node.name = bare(&node.name);
    for (name, _) in node.attributes.iter_mut().filter(|(name, _)| !name.starts_with("xml")) {
        *name = bare(name);
    }
    node.children.iter_mut().for_each(plain);
}

fn read_disk(node: &XmlNode, files: &Files<'_>) -> Outcome<Disk> {
    let text = |node: &XmlNode, name: &str| node.attribute(name).unwrap_or_default().to_owned();
    let number = |node: &XmlNode, name: &str| node.attribute(name).and_then(|it| it.parse().ok()).unwrap_or(-1);
    let id = node.attribute("diskId").ok_or_else(|| wrong("a disk has no `diskId`"))?.to_owned();
    let format = node.attribute("format").ok_or_else(|| wrong(format!("the disk `{id}` has no `format`")))?;
    let capacity = number(node, "capacity");
    if capacity < 0 {
        return Err(wrong(format!("the disk `{id}` has no `capacity`")));
    }
    let mut disk = Disk {
        capacity,
        populated: number(node, "populatedSize"),
        format: format.to_owned(),
        size: -1,
        chunk: -1,
        uuid: crate::host::machines::parse_id(&text(node, "uuid")).unwrap_or_default(),
        id,
        ..Disk::default()
    };
    if let Some(wanted) = node.attribute("fileRef") {
        let missing = || wrong(format!("the disk `{}` comes from the file `{wanted}`, which is not listed", disk.id));
        let file = files.get(wanted).ok_or_else(missing)?;
        (disk.file, disk.compression) = (text(file, "href"), text(file, "compression"));
        (disk.size, disk.chunk) = (number(file, "size"), -1);
    }
    Ok(disk)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "<?xml version='1.0'?><ovf:Envelope xmlns:ovf='http://schemas.dmtf.org/ovf/envelope/1'>";

    #[test]
    fn both_forms_of_sections_are_read() {
        let new = format!(
            "{HEAD}<ovf:References><ovf:File ovf:id='f' ovf:href='a.vmdk' ovf:size='7'/></ovf:References>\
             <ovf:DiskSection><ovf:Disk ovf:diskId='d' ovf:capacity='512' ovf:fileRef='f' ovf:format='x'/></ovf:DiskSection>\
             <ovf:VirtualSystem ovf:id='web'><ovf:OperatingSystemSection ovf:id='94'/></ovf:VirtualSystem></ovf:Envelope>"
        );
        let old = "<Envelope><References><File id='f' href='a.vmdk' size='7'/></References><Section type='ovf:DiskSection_Type'>\
             <Disk diskId='d' capacity='512' fileRef='f' format='x'/></Section><Content type='ovf:VirtualSystem_Type' id='web'>\
             <Section type='ovf:OperatingSystemSection_Type' id='94'/></Content></Envelope>";
        for text in [new.as_str(), old] {
            let read = Envelope::parse(text).unwrap();
            assert_eq!(read.disks["d"].line(), "d\t512\t-1\tx\ta.vmdk\t7\t-1\t");
            assert_eq!((read.systems[0].name.as_str(), read.systems[0].os), ("web", 94));
        }
    }

    #[test]
    fn foreign_and_broken_descriptors_are_refused() {
        let body = |body: &str| Envelope::parse(&format!("{HEAD}{body}</ovf:Envelope>")).unwrap_err().message;
        assert!(Envelope::parse("<Other/>").unwrap_err().message.contains("Other"));
        assert!(Envelope::parse("").is_err());
        assert!(body("").contains("References"));
        let lost = "<References/><DiskSection><Disk diskId='d' capacity='1' fileRef='f' format='x'/></DiskSection>";
        assert!(body(lost).contains("not listed"));
        assert!(body("<References/><DiskSection><Disk diskId='d' capacity='1'/></DiskSection>").contains("format"));
        let system = "<References/><VirtualSystem id='m'><OperatingSystemSection id='x'/></VirtualSystem>";
        assert!(body(system).contains("number"));
    }
}
