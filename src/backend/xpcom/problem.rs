//! Why a local VirtualBox cannot be reached, in words, each reason with its own cure.

use crate::backend::local;
use crate::model::{ConnectionProblem, Error};
use crate::schema::name_of_code;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

fn problem(message: impl Into<String>, hint: impl Into<String>) -> Error {
    ConnectionProblem { message: message.into(), hint: hint.into() }.into()
}

const WEB_SERVICE: &str = "its web service (`vboxwebsrv`, then `connect http://localhost:18083`) works with any vboxsh";

pub(super) fn not_installed() -> Error {
    let folders: Vec<_> = local::folders().collect();
    problem(
        format!("no VirtualBox is installed here: looked for VBoxXPCOMC in {}", folders.join(", ")),
        "install it, name its folder in VBOX_APP_HOME, or connect to another computer's web service: `http://HOST:18083`",
    )
}

/// The library is there and cannot be loaded.
pub(super) fn unloadable(file: &Path, error: &str) -> Error {
    let library = file.display();
    let folded = error.to_lowercase();
    let ours = std::env::consts::ARCH;
    let theirs = std::fs::File::open(file).ok().and_then(architecture).filter(|theirs| *theirs != ours);
    let said = ["elf class", "architecture", "exec format"].iter().any(|word| folded.contains(word));
    if let Some(theirs) = theirs.or(said.then_some("another one")) {
        return problem(
            format!("{library} is of another architecture ({theirs}) than this vboxsh ({ours}): {error}"),
            format!("use a vboxsh built for the architecture of VirtualBox; {WEB_SERVICE}"),
        );
    }
    if folded.contains("permission denied") {
        return problem(
            format!("{library} may not be read: {error}"),
            "ask the one who installed VirtualBox, or who owns VBOX_APP_HOME",
        );
    }
    problem(
        format!("{library} cannot be loaded: {error}"),
        format!("a part of VirtualBox is missing or of another version: install it anew; {WEB_SERVICE}"),
    )
}

/// The processor that a program or library is for; none when its head does not say so, or it is for several.
fn architecture(mut file: impl Read) -> Option<&'static str> {
    let mut head = [0; 20];
    file.read_exact(&mut head).ok()?;
    match head {
        [0x7f, b'E', b'L', b'F', .., low, high] => match u16::from_le_bytes([low, high]) {
            3 => Some("x86"),
            62 => Some("x86_64"),
            183 => Some("aarch64"),
            _ => None,
        },
        [0xcf, 0xfa, 0xed, 0xfe, 7, 0, 0, 1, ..] => Some("x86_64"),
        [0xcf, 0xfa, 0xed, 0xfe, 12, 0, 0, 1, ..] => Some("aarch64"),
        _ => None,
    }
}

/// A library without the functions that every release has.
pub(super) fn no_library(library: &Path) -> Error {
    problem(
        format!("{} is no library of VirtualBox", library.display()),
        "check VBOX_APP_HOME, or install VirtualBox anew",
    )
}

pub(super) fn too_old(library: &Path, version: u32) -> Error {
    let what = match version {
        0 => "is older than this vboxsh can talk to over XPCOM, or of a much later kind".to_owned(),
        version => format!("states version {version:#x}, which this vboxsh cannot talk to over XPCOM"),
    };
    problem(
        format!("the VirtualBox with {} {what}", library.display()),
        format!("use VirtualBox 6.1 or later; {WEB_SERVICE}"),
    )
}

pub(super) fn no_typelib(folder: &Path, error: impl std::fmt::Display) -> Error {
    problem(
        format!("the interfaces of the VirtualBox in {} cannot be read: {error}", folder.display()),
        "install VirtualBox anew: its `components` folder is damaged",
    )
}

pub(super) fn no_thread(error: &std::io::Error) -> Error {
    problem(format!("no thread can be started for XPCOM: {error}"), "end what else runs, and try again")
}

pub(super) fn closed() -> Error {
    problem("the connection to the local VirtualBox is closed", "`reconnect` takes it up anew")
}

pub(super) fn server_died() -> Error {
    problem(
        "VBoxSVC, the server of the local VirtualBox, has ended",
        "`reconnect` starts it anew; running machines go on. Objects fetched before are gone: fetch them again from `vbox`",
    )
}

/// The server has ended, and the process that would reach the next one cannot be had.
pub(super) fn no_helper(why: &str) -> Error {
    problem(
        format!(
            "VirtualBox's library finds no way to a new VBoxSVC within a process, and vboxsh cannot be started as another: {why}"
        ),
        "start vboxsh anew; running machines go on. Where it is used from Python, have its program in PATH",
    )
}

/// The process that talked to the server is gone.
pub(super) fn helper_ended() -> Error {
    problem(
        "the process by which the local VirtualBox was reached has ended",
        "`reconnect` starts another. Objects fetched before are gone: fetch them again from `vbox`",
    )
}

/// Another release is installed than at the start.
pub(super) fn changed(from: &str, to: &str) -> Error {
    problem(
        format!("VirtualBox {to} was installed in place of {from} meanwhile"),
        "start vboxsh anew: it knows the members of the release that it started with",
    )
}

/// The server runs, or is started, and says nothing.
pub(super) fn silent(seconds: u64) -> Error {
    problem(
        format!("VBoxSVC, the server of the local VirtualBox, has not answered for {seconds} s"),
        "end it if it hangs (`pkill VBoxSVC`; running machines go on) and try again",
    )
}

/// The installed release does not have an interface.
pub(super) fn lacks(version: &str, interface: &str) -> Error {
    Error::Refused {
        what: format!("VirtualBox {version} has no {interface} over XPCOM"),
        hint: "`help` lists the interfaces there are".to_owned(),
    }
}

/// The client library was loaded, and VBoxSVC does not answer.
pub(super) fn not_started(code: u32, folder: &Path) -> Error {
    let name = name_of_code(code).map_or_else(|| format!("0x{code:08x}"), |name| format!("{name}, 0x{code:08x}"));
    let mine = own_user();
    if let Some(socket) = socket_folder()
        && let Ok(found) = socket.symlink_metadata()
        && (found.uid() != mine || !found.is_dir())
    {
        return problem(
            format!(
                "{} belongs to user {}, and this is user {mine}: VBoxSVC cannot be reached there ({name})",
                socket.display(),
                found.uid()
            ),
            "run vboxsh as that user, or set LOGNAME or VBOX_IPC_SOCKETID to a name of your own; remove the folder if nobody uses it",
        );
    }
    let server = folder.join("VBoxSVC");
    if !server.is_file() {
        return problem(
            format!("VBoxSVC cannot start: {} is missing ({name})", server.display()),
            "install VirtualBox anew",
        );
    }
    if let Some(home) = home_of_another(mine) {
        return problem(
            format!("VBoxSVC cannot start: {} belongs to another user than this one, {mine} ({name})", home.display()),
            "run vboxsh as the owner, or name a folder of your own in VBOX_USER_HOME (`sudo -H` does)",
        );
    }
    problem(
        format!("VBoxSVC, the server of the local VirtualBox, cannot be started ({name})"),
        format!(
            "`{} --auto-shutdown` by hand shows why; its log is VBoxSVC.log in VirtualBox's settings folder",
            server.display()
        ),
    )
}

/// Where the programs of one user's VirtualBox meet.
fn socket_folder() -> Option<PathBuf> {
    let name = ["VBOX_IPC_SOCKETID", "LOGNAME", "USER"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()))?;
    Some(PathBuf::from(format!("/tmp/.vbox-{name}-ipc")))
}

fn home_of_another(mine: u32) -> Option<PathBuf> {
    let home = std::env::var_os("VBOX_USER_HOME").map(PathBuf::from).or_else(|| {
        let home = PathBuf::from(std::env::var_os("HOME")?);
        Some(home.join(if cfg!(target_os = "macos") { "Library/VirtualBox" } else { ".config/VirtualBox" }))
    })?;
    // Root may write everywhere.
    (mine != 0 && home.metadata().ok()?.uid() != mine).then_some(home)
}

fn own_user() -> u32 {
    unsafe extern "C" {
        safe fn geteuid() -> u32;
    }
    geteuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_says_what_a_library_is_for() {
        let mut elf = *b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\xb7\0";
        assert_eq!(architecture(&elf[..]), Some("aarch64"));
        elf[18] = 62;
        assert_eq!(architecture(&elf[..]), Some("x86_64"));
        assert_eq!(architecture(&elf[..19]), None);
        assert_eq!(architecture(&b"\xcf\xfa\xed\xfe\x0c\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0"[..]), Some("aarch64"));
        assert_eq!(architecture(&b"#!/bin/sh and so on, and on"[..]), None);
    }

    #[test]
    fn each_reason_has_its_cure() {
        let library = Path::new("/opt/VirtualBox/VBoxXPCOMC.so");
        for (error, hint) in [
            (unloadable(library, "x.so: wrong ELF class: ELFCLASS32"), "built for the architecture"),
            (unloadable(library, "VBoxRT.so: cannot open shared object file"), "install it anew"),
            (too_old(library, 0x0003_0000), "6.1"),
            (not_installed(), "VBOX_APP_HOME"),
            (not_started(0x8000_4005, Path::new("/nonexistent")), ""),
        ] {
            assert!(error.hint().unwrap().contains(hint), "{error}");
            assert_eq!(error.kind(), crate::model::ErrorKind::Connection);
        }
    }
}
