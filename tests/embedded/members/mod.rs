//! Which members of the Main API the embedded host has, found out by asking it; `docs/embedded-members.md` tells.

mod count;
mod filled;
mod table;

use count::count;
use std::path::Path;

/// Where the table is kept.
const FILE: &str = "docs/embedded-members.md";

#[test]
fn the_table_of_members_is_kept_and_none_is_lost() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let counted = count();
    let now = table::write(counted);
    if std::env::var("VBOXSH_MEMBERS").is_ok_and(|value| value == "write") {
        std::fs::write(&path, &now).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    let lost = table::lost(&kept, counted);
    assert!(lost.is_empty(), "the embedded host had these members and has them no more: {}", lost.join(", "));
    println!("{}", counted.summary());
}

#[test]
fn a_member_that_is_there_is_told_from_one_that_is_not() {
    let counted = count();
    assert!(counted.has("IMachine.memorySize") && counted.has("IMachine.memorySize (writing)"));
    assert!(counted.has("IMachine.saveSettings()") && counted.has("IMachine.unregister()"));
    // VirtualBox itself refuses it so, and that is the right answer.
    assert!(counted.has("IMachine.settingsAuxFilePath"));
    assert!(!counted.has("IWebsessionManager.logon()"));
}
