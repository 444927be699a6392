//! The program beside a VirtualBox that it cannot use: each reason is told, with its cure, and within seconds.

use crate::rig;
use crate::xpcom_outside::inside;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// An empty folder that the chroot sees.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/xpcom/loader").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A folder with a library of that content.
fn library(name: &str, content: &[u8]) -> String {
    let folder = folder(name);
    std::fs::write(folder.join("VBoxXPCOMC.so"), content).unwrap();
    folder.to_str().unwrap().to_owned()
}

/// Runs the program with what stands before it; gives what it said.
fn fails(before: &[&str], words: &[&str]) {
    let program = inside(Path::new(env!("CARGO_BIN_EXE_vboxsh")), "vboxsh-loader");
    let begin = std::time::Instant::now();
    let output = rig::run(
        &[&["run", "xpcomloader"], before, &[program.to_str().unwrap(), "-u", "xpcom", "-e", "vbox.version"]].concat(),
    );
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(5), "{before:?}: {said}");
    assert!(said.contains("hint: ") && words.iter().all(|word| said.contains(word)), "{before:?}: {said}");
    assert!(begin.elapsed().as_secs() < 20, "{before:?}: {:?}", begin.elapsed());
}

#[test]
fn each_reason_why_there_is_no_virtualbox_is_told() {
    if rig::over_xpcom() || !rig::enabled() {
        return;
    }
    let home = |folder: &str| format!("VBOX_APP_HOME={folder}");
    let elf = |class, machine| {
        [&b"\x7fELF"[..], &[class, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, machine, 0], &[0; 200]].concat()
    };
    fails(
        &["env", &home(&library("narrow", &elf(1, 3)))],
        &["another architecture (x86)", "built for the architecture"],
    );
    fails(&["env", &home(&library("arm", &elf(2, 183)))], &["another architecture (aarch64)"]);
    fails(&["env", &home(&library("text", b"no library"))], &["cannot be loaded", "install it anew"]);

    let old = folder("old");
    let source = old.join("old.c");
    std::fs::write(&source, "const void *VBoxGetCAPIFunctions(unsigned version) { return 0; }\n").unwrap();
    let compiled = std::process::Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([old.join("VBoxXPCOMC.so"), source])
        .status()
        .unwrap();
    assert!(compiled.success());
    fails(&["env", &home(old.to_str().unwrap())], &["older than this vboxsh can talk to", "6.1 or later"]);

    // All of VirtualBox but its server.
    let most = folder("most");
    for entry in std::fs::read_dir(PathBuf::from(root()).join("usr/lib/virtualbox")).unwrap().flatten() {
        if entry.file_name() != "VBoxSVC" {
            symlink(Path::new("/usr/lib/virtualbox").join(entry.file_name()), most.join(entry.file_name())).unwrap();
        }
    }
    fails(
        &["env", &home(most.to_str().unwrap()), "VBOX_IPC_SOCKETID=vboxsh-none"],
        &["VBoxSVC cannot start", "is missing"],
    );

    // Nothing at all: what is installed is hidden.
    fails(
        &[
            "env",
            "-u",
            "VBOX_PROGRAM_PATH",
            "unshare",
            "--mount",
            "--propagation",
            "unchanged",
            "sh",
            "-c",
            "mount -t tmpfs none /usr/lib/virtualbox && exec \"$@\"",
            "sh",
        ],
        &["no VirtualBox is installed here", "VBOX_APP_HOME"],
    );

    // Another user's folder for the socket, and root's settings for someone else.
    let shared = "umask 0; rm -rf /tmp/.vbox-vboxsh-alien-ipc /tmp/vboxsh-alien; mkdir /tmp/.vbox-vboxsh-alien-ipc /tmp/vboxsh-alien; \
                  chmod 755 /tmp/vboxsh-alien; chown 1234 /tmp/.vbox-vboxsh-alien-ipc";
    rig::script(&["run", "xpcomloader", "sh", "-c", shared]);
    fails(&["env", "VBOX_IPC_SOCKETID=vboxsh-alien"], &["belongs to user 1234", "run vboxsh as that user"]);
    fails(
        &[
            "setpriv",
            "--reuid",
            "65534",
            "--clear-groups",
            "env",
            "VBOX_IPC_SOCKETID=vboxsh-nobody",
            "VBOX_USER_HOME=/tmp/vboxsh-alien",
        ],
        &["belongs to another user", "VBOX_USER_HOME"],
    );
    rig::script(&["run", "xpcomloader", "rm", "-rf", "/tmp/.vbox-vboxsh-alien-ipc", "/tmp/vboxsh-alien"]);
    rig::script(&["remove", "xpcomloader"]);
}

/// The chroot's folder.
fn root() -> String {
    String::from_utf8(rig::script(&["root"]).stdout).unwrap().trim().to_owned()
}
