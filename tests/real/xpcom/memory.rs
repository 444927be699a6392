//! Many calls leave nothing behind, here and in VBoxSVC.

use super::processes;
use crate::rig::{self, object};
use std::time::Instant;
use vboxsh::model::Value;

fn resident(process: &str) -> i64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// Asked for by itself (`VBOXSH_REAL_XPCOM_CALLS=200000`): it takes a minute.
#[test]
fn memory_stays_flat_over_many_calls() {
    let Some(count) = std::env::var("VBOXSH_REAL_XPCOM_CALLS").ok().and_then(|count| count.parse::<usize>().ok())
    else {
        return;
    };
    let Some(connection) = super::connection() else { return };
    let root = connection.root();
    let web = connection.find_machine("web-01").unwrap();
    let storage = connection.find_machine("storage-01").unwrap();
    let new = rig::machine(&connection, "tmp-xpcom-memory");
    let server = processes("VBoxSVC").remove(0);
    let source = object(root.get("eventSource").unwrap());
    let texts = |count: usize| Value::List((0..count).map(|at| format!("/g{at}").as_str().into()).collect());
    let mut calls = 0;
    let mut sizes = Vec::new();
    let started = Instant::now();
    while calls < count {
        for round in 0..20 {
            let _ = root.get("version").unwrap();
            let _ = root.get("machines").unwrap();
            let _ = web.get("description").unwrap();
            let _ = storage.get("mediumAttachments").unwrap();
            let _ = web.call("getNetworkAdapter", vec![Value::Int(round % 8)]).unwrap();
            let _ = root.call("findMachine", vec!["web-01".into()]).unwrap();
            let _ = root.call("findMachine", vec!["tmp-no-such".into()]).unwrap_err();
            let _ = web.call_outputs("enumerateGuestProperties", vec!["*".into()]).unwrap();
            new.set("description", "a text of some length, so that a leak of it would be seen".into()).unwrap();
            new.set("icon", Value::Blob(vec![7; 2000])).unwrap();
            let _ = new.get("icon").unwrap();
            new.set("groups", texts(5)).unwrap();
            let _ = new.get("groups").unwrap();
            let _ = connection.new_session().unwrap();
            let _ = source.call("createListener", vec![]).unwrap();
            let _ = object(root.get("host").unwrap()).get("processorOnlineCount").unwrap();
            let _ = root.call("createAppliance", vec![]).unwrap();
            calls += 18;
        }
        if calls / (count / 10) != (calls - 360) / (count / 10) {
            sizes.push((resident("self"), resident(&server)));
            println!(
                "{calls} calls, {:?}: {} kB here, {} kB VBoxSVC, references {:?}",
                started.elapsed(),
                resident("self"),
                resident(&server),
                connection.reference_counts()
            );
        }
    }
    // Caches fill in the first part.
    let half = sizes[sizes.len() / 2];
    let last = sizes[sizes.len() - 1];
    assert!(last.0 - half.0 < 1500, "this process grows: {sizes:?}");
    assert!(last.1 - half.1 < 6000, "VBoxSVC grows: {sizes:?}");
}
