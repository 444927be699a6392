//! `IFsObjInfo` and `IFsInfo`: what is said of something in a guest's file system, at the time it was asked.

use crate::host::document::ElementId;
use crate::host::state::{Address, State};
use crate::host::value::{enumerated, text};
use crate::model::RawValue;
use std::fs::Metadata;
use std::path::Path;

/// Facts of a file that only some systems have.
struct Owner {
    mode: u32,
    user: i64,
    group: i64,
    node: i64,
    device: i64,
    links: i64,
    blocks: i64,
    change: i64,
    special: i64,
}

#[cfg(unix)]
fn owner(facts: &Metadata) -> Owner {
    use std::os::unix::fs::MetadataExt;
    let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    Owner {
        mode: facts.mode(),
        user: facts.uid().into(),
        group: facts.gid().into(),
        node: whole(facts.ino()),
        device: whole(facts.dev()) & 0xffff_ffff,
        links: whole(facts.nlink()),
        blocks: whole(facts.blocks()),
        change: facts.ctime() * 1_000_000_000 + facts.ctime_nsec(),
        special: whole(facts.rdev()) & 0xffff_ffff,
    }
}

#[cfg(not(unix))]
fn owner(facts: &Metadata) -> Owner {
    let mode = if facts.permissions().readonly() { 0o444 } else { 0o666 };
    let blocks = i64::try_from(facts.len().div_ceil(512)).unwrap_or(i64::MAX);
    Owner { mode, user: 0, group: 0, node: 0, device: 0, links: 1, blocks, change: 0, special: 0 }
}

impl State {
    /// An object that says what something in the guest is.
    pub(super) fn object_info(&mut self, parent: ElementId, path: &str, facts: &Metadata) -> RawValue {
        let id = self.global.add("IGuestFsObjInfo", parent, "fsObjInfo", 0);
        let kind = kind(facts);
        let owner = owner(facts);
        let time = |time: std::io::Result<std::time::SystemTime>| {
            let since = time.ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok()).unwrap_or_default();
            RawValue::Int(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
        };
        if let Some(info) = self.global.get_mut(id) {
            let names = [("userName", owner.user), ("groupName", owner.group)];
            for (name, number) in names {
                info.set(name, text(if number == 0 { "root" } else { "" }));
            }
            info.set("name", text(path));
            info.set("type", enumerated("FsObjType", kind));
            info.set("fileAttributes", text(attributes(kind, owner.mode)));
            info.set("objectSize", RawValue::Int(i64::try_from(facts.len()).unwrap_or(i64::MAX)));
            info.set("allocatedSize", RawValue::Int(owner.blocks.saturating_mul(512)));
            info.set("accessTime", time(facts.accessed()));
            info.set("modificationTime", time(facts.modified()));
            info.set("birthTime", time(facts.created()));
            info.set("changeTime", RawValue::Int(owner.change));
            info.set("UID", RawValue::Int(owner.user));
            info.set("GID", RawValue::Int(owner.group));
            info.set("nodeId", RawValue::Int(owner.node));
            info.set("nodeIdDevice", RawValue::Int(owner.device));
            info.set("hardLinks", RawValue::Int(owner.links));
            info.set("deviceNumber", RawValue::Int(owner.special));
            info.set("generationId", RawValue::Int(0));
            info.set("userFlags", RawValue::Int(0));
        }
        Address::global(id).value("IGuestFsObjInfo")
    }

    /// An object that says what the file system of the guest has room for.
    pub(super) fn file_system_info(&mut self, parent: ElementId, root: &Path) -> RawValue {
        let id = self.global.add("IGuestFsInfo", parent, "fsInfo", 0);
        let (free, total) = super::file_system::space(root);
        if let Some(info) = self.global.get_mut(id) {
            info.set("freeSize", RawValue::Int(free));
            info.set("totalSize", RawValue::Int(total));
            info.set("blockSize", RawValue::Int(4096));
            info.set("sectorSize", RawValue::Int(512));
            info.set("serialNumber", RawValue::Int(0));
            for (name, truth) in [
                ("isRemote", false),
                ("isCaseSensitive", true),
                ("isReadOnly", false),
                ("isCompressed", false),
                ("supportsFileCompression", false),
            ] {
                info.set(name, RawValue::Bool(truth));
            }
            info.set("maxComponent", RawValue::Int(255));
            info.set("type", text("ext4"));
            info.set("label", text(""));
            info.set("mountPoint", text("/"));
        }
        Address::global(id).value("IGuestFsInfo")
    }
}

fn kind(facts: &Metadata) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = facts.file_type();
        if kind.is_fifo() {
            return "Fifo";
        } else if kind.is_char_device() {
            return "DevChar";
        } else if kind.is_block_device() {
            return "DevBlock";
        } else if kind.is_socket() {
            return "Socket";
        }
    }
    match facts.file_type() {
        kind if kind.is_dir() => "Directory",
        kind if kind.is_symlink() => "Symlink",
        _ => "File",
    }
}

/// The mode as `ls -l` writes it.
fn attributes(kind: &str, mode: u32) -> String {
    let first = match kind {
        "Directory" => 'd',
        "Symlink" => 'l',
        "Fifo" => 'p',
        "DevChar" => 'c',
        "DevBlock" => 'b',
        "Socket" => 's',
        _ => '-',
    };
    let mut text = String::from(first);
    for (at, letter) in "rwxrwxrwx".chars().enumerate() {
        let set = mode & (0o400 >> at) != 0;
        let (special, upper) = match at {
            2 => (mode & 0o4000 != 0, 's'),
            5 => (mode & 0o2000 != 0, 's'),
            8 => (mode & 0o1000 != 0, 't'),
            _ => (false, letter),
        };
        text.push(match (special, set) {
            (true, true) => upper,
            (true, false) => upper.to_ascii_uppercase(),
            (false, true) => letter,
            (false, false) => '-',
        });
    }
    // Then what DOS would say of it.
    let dos = match kind {
        "Directory" => "---D----------",
        _ => "------N-------",
    };
    format!("{text}    {dos}")
}

#[cfg(test)]
mod tests {
    use super::attributes;

    #[test]
    fn modes_read_as_ls_writes_them() {
        assert_eq!(attributes("File", 0o100_644), "-rw-r--r--    ------N-------");
        assert!(attributes("Directory", 0o41777).starts_with("drwxrwxrwt "));
        assert!(attributes("File", 0o104_750).starts_with("-rwsr-x--- "));
    }
}
