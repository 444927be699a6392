//! Reader of XPCOM typelibs (`.xpt`): interfaces with their ids, slots and parameter types.
//!
//! The installed typelib is the truth for ids and slots. Only the directory is read at once; an
//! interface is read when it is first asked for. The bytes are foreign: every access is bounded, and
//! nonsense ends in an error.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

/// The two files of an installation, in the order of the look-up.
const FILES: [&str; 2] = ["VirtualBox_XPCOM.xpt", "VBoxXPCOMBase.xpt"];
const MAGIC: &[u8; 16] = b"XPCOM\nTypeLib\r\n\x1a";
/// A file larger than this is no typelib; that of 7.2 has 165 kB.
const LARGEST: usize = 16 << 20;
/// Parents are followed this far; the real depth is at most 5.
const DEEPEST: usize = 16;
/// Arrays of arrays are followed this far; there are none.
const DEEPEST_TYPE: usize = 4;
/// No vtable has more slots.
const MOST_SLOTS: usize = 4096;

/// Why a typelib cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct TypelibError(String);

impl TypelibError {
    pub(super) fn new(what: String) -> Self {
        Self(what)
    }
}

fn wrong<T>(what: impl Into<String>) -> Result<T, TypelibError> {
    Err(TypelibError(what.into()))
}

/// The bytes of an interface id in the order of its text.
pub(super) type IdBytes = [u8; 16];

/// What a parameter is, as far as the call needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `u8`.
    U8,
    /// `i16`.
    I16,
    /// `u16`.
    U16,
    /// `i32`.
    I32,
    /// `u32`, enumerations too.
    U32,
    /// `i64`.
    I64,
    /// `u64`.
    U64,
    /// A truth value of four bytes.
    Bool,
    /// UTF-16 text with a zero behind it.
    Text,
    /// A pointer to an object of the named interface; empty when the file does not tell which.
    Object(String),
    /// An array of these; its length is the parameter of that number.
    Array(Box<Shape>, u8),
    /// Anything that no member of the Main API has: by its tag.
    Other(u8),
}

/// A parameter of a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SlotParameter {
    /// Whether it travels to the caller.
    pub(super) out: bool,
    /// Whether it is the value of the call.
    pub(super) value: bool,
    /// What it is.
    pub(super) shape: Shape,
}

/// What a slot does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Access {
    /// Reads an attribute.
    Get,
    /// Writes an attribute.
    Set,
    /// Runs a method.
    Call,
}

/// A slot of a vtable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// Its number, counted from the head of the vtable.
    pub(super) number: usize,
    /// What it does.
    pub(super) access: Access,
    /// Name of its member.
    pub(super) name: String,
    /// Not meant for scripts: raw addresses.
    pub(super) hidden: bool,
    /// Its parameters.
    pub(super) parameters: Vec<SlotParameter>,
}

/// An interface as the typelib has it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Described {
    /// Its id.
    pub(super) id: IdBytes,
    /// Its parent's name, empty for none.
    pub(super) parent: String,
    /// Number of the first slot behind those of its parents.
    pub(super) first_slot: usize,
    /// Its own slots, reserved ones too.
    pub(super) slots: Vec<Slot>,
    /// Its constants: the values of an enumeration.
    pub(super) constants: Vec<(String, u32)>,
    index: HashMap<(Access, String), usize>,
}

impl Described {
    /// The slot of a member that the interface declares itself.
    pub(super) fn slot(&self, access: Access, name: &str) -> Option<&Slot> {
        self.index.get(&(access, name.to_owned())).map(|at| &self.slots[*at])
    }

    /// Number of the first slot behind its own.
    pub(super) fn end(&self) -> usize {
        self.first_slot + self.slots.len()
    }
}

/// A set of typelibs that are looked up together.
#[derive(Debug)]
pub(super) struct Typelib {
    files: Vec<File>,
    index: HashMap<String, (usize, usize)>,
    described: RwLock<HashMap<String, Arc<Described>>>,
}

#[derive(Debug)]
struct File {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    pool: usize,
}

#[derive(Debug)]
struct Entry {
    id: IdBytes,
    name: String,
    /// From the start of the file; `None` when another file has the interface.
    descriptor: Option<usize>,
}

impl Typelib {
    /// Reads the typelibs of an installation.
    ///
    /// # Errors
    /// A file cannot be read, or is no typelib.
    pub(super) fn open(components: &Path) -> Result<Self, TypelibError> {
        let read = |name: &str| {
            let file = components.join(name);
            std::fs::read(&file).map_err(|error| TypelibError(format!("{}: {error}", file.display())))
        };
        Self::parse(FILES.into_iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Takes the bytes of typelibs.
    ///
    /// # Errors
    /// One of them is no typelib.
    pub(super) fn parse(files: Vec<Vec<u8>>) -> Result<Self, TypelibError> {
        let files = files.into_iter().map(File::parse).collect::<Result<Vec<_>, _>>()?;
        let mut index = HashMap::new();
        for (number, file) in files.iter().enumerate() {
            for (at, entry) in file.entries.iter().enumerate() {
                if entry.descriptor.is_some() {
                    index.entry(entry.name.clone()).or_insert((number, at));
                }
            }
        }
        Ok(Self { files, index, described: RwLock::default() })
    }

    /// The id of an interface; `None` when there is none of that name.
    pub(super) fn id(&self, name: &str) -> Option<IdBytes> {
        self.index.get(name).map(|(file, at)| self.files[*file].entries[*at].id)
    }

    /// What an interface is; `None` when there is none of that name.
    ///
    /// # Errors
    /// The file is damaged there.
    pub(super) fn interface(&self, name: &str) -> Result<Option<Arc<Described>>, TypelibError> {
        self.interface_at(name, 0)
    }

    fn interface_at(&self, name: &str, depth: usize) -> Result<Option<Arc<Described>>, TypelibError> {
        if let Some(known) = self.described.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Ok(Some(Arc::clone(known)));
        }
        let Some((file, at)) = self.index.get(name) else { return Ok(None) };
        if depth > DEEPEST {
            return wrong(format!("{name} is its own parent"));
        }
        let described = Arc::new(self.describe(&self.files[*file], *at, depth)?);
        let mut known = self.described.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Some(Arc::clone(known.entry(name.to_owned()).or_insert(described))))
    }

    fn describe(&self, file: &File, at: usize, depth: usize) -> Result<Described, TypelibError> {
        let entry = &file.entries[at];
        let Some(descriptor) = entry.descriptor else { return wrong(format!("{} is not described", entry.name)) };
        let mut reader = Reader { file, at: descriptor };
        let parent = reader.interface_name()?;
        let first_slot = match parent.as_str() {
            "" => 0,
            parent => match self.interface_at(parent, depth + 1)? {
                Some(parent) => parent.end(),
                None => return wrong(format!("{parent}, parent of {}, is not described", entry.name)),
            },
        };
        let count = reader.u16()?;
        let mut slots = Vec::new();
        let mut index = HashMap::new();
        for position in 0..usize::from(count) {
            let slot = reader.slot(first_slot + position)?;
            if slot.number > MOST_SLOTS {
                return wrong(format!("{} has too many slots", entry.name));
            }
            index.entry((slot.access, slot.name.clone())).or_insert(slots.len());
            slots.push(slot);
        }
        let count = reader.u16()?;
        let constants = (0..count).map(|_| reader.constant()).collect::<Result<_, _>>()?;
        Ok(Described { id: entry.id, parent, first_slot, slots, constants, index })
    }
}

impl File {
    fn parse(bytes: Vec<u8>) -> Result<Self, TypelibError> {
        if bytes.len() > LARGEST || bytes.get(..16) != Some(MAGIC) {
            return wrong("not an XPCOM typelib");
        }
        let mut file = Self { bytes, entries: Vec::new(), pool: 0 };
        let mut reader = Reader { file: &file, at: 16 };
        let (major, _minor, count) = (reader.u8()?, reader.u8()?, reader.u16()?);
        if major != 1 {
            return wrong(format!("a typelib of version {major}; this program reads version 1"));
        }
        let (length, directory, pool) = (reader.u32()?, reader.u32()?, reader.u32()?);
        if length as usize != file.bytes.len() || directory == 0 || pool == 0 {
            return wrong("a typelib that was cut off");
        }
        file.pool = pool as usize;
        let mut reader = Reader { file: &file, at: directory as usize - 1 };
        let mut entries = Vec::new();
        for _ in 0..count {
            let id = reader.id()?;
            let name = reader.name()?;
            let _namespace = reader.u32()?;
            let descriptor = match reader.u32()? as usize {
                0 => None,
                offset => Some(file.pool + offset - 1),
            };
            entries.push(Entry { id, name, descriptor });
        }
        file.entries = entries;
        Ok(file)
    }
}

/// A place in a file.
struct Reader<'a> {
    file: &'a File,
    at: usize,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], TypelibError> {
        let bytes = self.file.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>());
        self.at += N;
        bytes.copied().ok_or_else(|| {
            TypelibError(format!("a typelib ends at byte {} in the middle of an item", self.file.bytes.len()))
        })
    }

    fn u8(&mut self) -> Result<u8, TypelibError> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn u16(&mut self) -> Result<u16, TypelibError> {
        self.take().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, TypelibError> {
        self.take().map(u32::from_be_bytes)
    }

    fn id(&mut self) -> Result<IdBytes, TypelibError> {
        self.take()
    }

    fn name(&mut self) -> Result<String, TypelibError> {
        let start = match self.u32()? as usize {
            0 => return Ok(String::new()),
            offset => self.file.pool + offset - 1,
        };
        let rest = self.file.bytes.get(start..).unwrap_or_default();
        match rest.iter().take(256).position(|byte| *byte == 0) {
            Some(end) if rest[..end].is_ascii() => Ok(String::from_utf8_lossy(&rest[..end]).into_owned()),
            _ => wrong("a typelib with a name that is none"),
        }
    }

    /// The name behind an index into the directory; empty for none.
    fn interface_name(&mut self) -> Result<String, TypelibError> {
        match usize::from(self.u16()?) {
            0 => Ok(String::new()),
            index => match self.file.entries.get(index - 1) {
                Some(entry) => Ok(entry.name.clone()),
                None => wrong(format!("a typelib that names interface {index} of {}", self.file.entries.len())),
            },
        }
    }

    fn slot(&mut self, number: usize) -> Result<Slot, TypelibError> {
        let flags = self.u8()?;
        let name = self.name()?;
        let count = self.u8()?;
        let parameters = (0..count).map(|_| self.parameter()).collect::<Result<Vec<_>, _>>()?;
        // The result code, which every slot has.
        self.parameter()?;
        let access = match flags {
            flags if flags & 0x80 != 0 => Access::Get,
            flags if flags & 0x40 != 0 => Access::Set,
            _ => Access::Call,
        };
        Ok(Slot { number, access, name, hidden: flags & 0x38 != 0, parameters })
    }

    fn parameter(&mut self) -> Result<SlotParameter, TypelibError> {
        let flags = self.u8()?;
        let shape = self.shape(0)?;
        Ok(SlotParameter { out: flags & 0x40 != 0, value: flags & 0x20 != 0, shape })
    }

    fn shape(&mut self, depth: usize) -> Result<Shape, TypelibError> {
        let prefix = self.u8()?;
        let tag = prefix & 0x1f;
        Ok(match tag {
            1 => Shape::I16,
            2 => Shape::I32,
            3 => Shape::I64,
            4 => Shape::U8,
            5 => Shape::U16,
            6 => Shape::U32,
            7 => Shape::U64,
            10 => Shape::Bool,
            17 => Shape::Text,
            18 => Shape::Object(self.interface_name()?),
            19 => {
                self.u8()?;
                Shape::Other(tag)
            }
            20 => {
                let (size, _length) = (self.u8()?, self.u8()?);
                if depth >= DEEPEST_TYPE {
                    return wrong("a typelib with arrays of arrays of arrays");
                }
                Shape::Array(Box::new(self.shape(depth + 1)?), size)
            }
            21 | 22 => {
                self.u16()?;
                Shape::Other(tag)
            }
            _ => Shape::Other(tag),
        })
    }

    fn constant(&mut self) -> Result<(String, u32), TypelibError> {
        let name = self.name()?;
        let value = match self.shape(0)? {
            Shape::U32 | Shape::I32 => self.u32()?,
            Shape::U16 | Shape::I16 => self.u16()?.into(),
            _ => return wrong(format!("a typelib whose constant {name} is no number")),
        };
        Ok((name, value))
    }
}
