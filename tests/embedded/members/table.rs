//! The table of members as a document, and what a kept one had.

use super::count::{Counted, percent};
use std::collections::BTreeSet;
use vboxsh::schema::embedded;

const HEAD: &str = "# Members of the embedded host

Made by `VBOXSH_MEMBERS=write cargo test --test vboxsh embedded::members`, which asks the embedded host for every
attribute and method of every interface, on a home with objects of all kinds. A member counts as implemented when it does
not fail with E_NOTIMPL under its own name. What VirtualBox 7.2 itself refuses as not implemented counts as implemented
where it is refused alike. Interfaces of which no object can be reached have nothing implemented.
";

pub fn write(counted: &Counted) -> String {
    let mut out = HEAD.to_owned();
    out += "\n| | declared | implemented | |\n| --- | ---: | ---: | ---: |\n";
    let kinds = ["attributes, read", "attributes, written", "methods"];
    for (kind, (declared, there)) in kinds.into_iter().zip(counted.totals()) {
        out += &format!("| {kind} | {declared} | {there} | {:.1} % |\n", percent(there, declared));
    }
    out += "\n| interface | read | written | methods |\n| --- | ---: | ---: | ---: |\n";
    for (name, row) in &counted.rows {
        let part =
            |there: usize, declared: usize| if declared == 0 { String::new() } else { format!("{there}/{declared}") };
        out += &format!(
            "| {name} | {} | {} | {} |\n",
            part(row.readable, row.attributes),
            part(row.written, row.writable),
            part(row.called, row.methods)
        );
    }
    out += "\n## Not implemented\n\n";
    for (name, row) in counted.rows.iter().filter(|(_, row)| !row.missing.is_empty()) {
        if row.reached {
            out += &format!("- {name}: {}\n", row.missing.join(", "));
        }
    }
    let unreached = counted.rows.iter().filter(|(_, row)| !row.reached && !row.missing.is_empty());
    let unreached: Vec<_> = unreached.map(|(name, row)| format!("{name} ({})", row.missing.len())).collect();
    out += &format!("- no object of them can be reached (number of members): {}\n", unreached.join(", "));
    out += "\n## Events\n\n";
    let types = &embedded().enumeration("VBoxEventType").unwrap().values;
    // Below 32 stand the wildcards, and the last one only marks the end.
    let all: Vec<_> = types.iter().filter(|value| value.number >= 32 && value.name != "End").collect();
    let not: Vec<_> = all.iter().map(|value| value.name).filter(|name| !counted.fired.contains(name)).collect();
    out += &format!(
        "{} of {} types of events are fired: all that what is implemented fires.\n",
        all.len() - not.len(),
        all.len()
    );
    out += "The others, and why nothing fires them:\n\n";
    for (reason, names) in UNFIRED {
        let names: Vec<_> = names.iter().copied().filter(|name| not.contains(name)).collect();
        if !names.is_empty() {
            out += &format!("- {reason}: {}\n", names.join(", "));
        }
    }
    let told = |name: &&str| UNFIRED.iter().any(|(_, names)| names.contains(name));
    let untold: Vec<_> = not.into_iter().filter(|name| !told(name)).collect();
    assert!(untold.is_empty(), "no reason stands here why these are not fired: {untold:?}");
    out
}

/// Events that nothing fires, by what would.
const UNFIRED: &[(&str, &[&str])] = &[
    (
        "a guest, and its Guest Additions",
        &[
            "OnMouseCapabilityChanged",
            "OnKeyboardLedsChanged",
            "OnAdditionsStateChanged",
            "OnGuestMonitorChanged",
            "OnGuestUserStateChanged",
            "OnCursorPositionChanged",
            "OnGuestAdditionsStatusChanged",
            "OnGuestDirectoryRead",
            "OnClipboardError",
        ],
    ),
    ("a guest that finds nothing to start from, or a disk that is full", &["OnRuntimeError"]),
    (
        "hardware of the computer, or a change of it",
        &["OnHostPCIDevicePlug", "OnHostAudioDeviceChanged", "OnHostNameResolutionConfigurationChange"],
    ),
    (
        "a cloud provider",
        &[
            "OnCloudProviderListChanged",
            "OnCloudProviderRegistered",
            "OnCloudProviderUninstall",
            "OnCloudProfileRegistered",
            "OnCloudProfileChanged",
        ],
    ),
    ("an extension pack that is installed", &["OnExtPackInstalled", "OnExtPackUninstalled"]),
    ("a server of updates that has one", &["OnUpdateAgentAvailable", "OnUpdateAgentStateChanged"]),
    ("a video that is encoded", &["OnRecordingStateChanged", "OnRecordingScreenStateChanged"]),
    ("a server beside the program that ends", &["OnVBoxSVCAvailabilityChanged"]),
    (
        "nothing: VirtualBox declares them, and has not been seen to fire them either",
        &["OnUSBControllerChanged", "OnNATNetworkChanged", "OnNATNetworkAlter", "OnProgressCreated"],
    ),
];

/// The members that the kept table has and the host has not (any more).
pub fn lost(kept: &str, counted: &Counted) -> Vec<String> {
    let mut missing_then = BTreeSet::new();
    let mut lost = Vec::new();
    for line in kept.lines().filter_map(|line| line.strip_prefix("- ")) {
        let Some((interface, members)) = line.split_once(": ") else { continue };
        let members = members.split(", ").map(|member| match member.split_once(" (") {
            Some((name, count)) if count.trim_end_matches(')').bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("{name}.*")
            }
            _ => format!("{interface}.{member}"),
        });
        missing_then.extend(members);
    }
    for (name, row) in &counted.rows {
        for member in &row.missing {
            let full = format!("{name}.{member}");
            let known = missing_then.contains(&full)
                || missing_then.contains(&format!("{name}.*"))
                || full.strip_suffix(" (writing)").is_some_and(|read| missing_then.contains(read));
            if !known && !kept.is_empty() {
                lost.push(full);
            }
        }
    }
    lost
}
