//! What is special to XPCOM, on a real VirtualBox. The tests here run inside the chroot, beside VirtualBox
//! (`VBOXSH_REAL_XPCOM=1`); `xpcom_outside` puts them there.

mod compare;
mod death;
mod memory;
mod own;
mod wrong;

use crate::rig;
use vboxsh::backend::xpcom;
use vboxsh::model::Connection;

fn connection() -> Option<Connection> {
    rig::over_xpcom().then(|| xpcom::connect().unwrap())
}

fn processes(name: &str) -> Vec<String> {
    let own = format!("VBOX_IPC_SOCKETID={}", std::env::var("VBOX_IPC_SOCKETID").unwrap());
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let read = |file: &str| std::fs::read(entry.path().join(file)).unwrap_or_default();
        let ours = read("environ").split(|byte| *byte == 0).any(|variable| variable == own.as_bytes());
        if ours && read("comm").trim_ascii() == name.as_bytes() {
            found.push(entry.file_name().into_string().unwrap());
        }
    }
    found
}
