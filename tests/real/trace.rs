//! A trace of a real connection, and its replay: the same calls give the same values without a server.

use std::sync::Arc;
use vboxsh::backend::replay::Replay;
use vboxsh::backend::trace::Traced;
use vboxsh::backend::webservice::{ConnectOptions, WebService};
use vboxsh::model::{Connection, Transport, Value};

/// Visits machines and their media as a script would, with failures, structures and blobs among it.
fn visit(transport: Arc<dyn Transport>) -> Vec<String> {
    let connection = Connection::new(transport);
    let vbox = connection.root();
    let mut seen = vec![
        format!("{:?}", vbox.get("version")),
        format!("{:?}", vbox.call("findMachine", vec!["no such machine".into()])),
    ];
    for machine in vbox.get("machines").expect("machines").into_list() {
        let machine = machine.as_object().expect("a machine").clone();
        for name in ["name", "id", "state", "groups", "icon", "mediumAttachments", "accessError", "currentSnapshot"] {
            seen.push(match machine.get(name) {
                Ok(value) => format!("{name}: {value:?}"),
                Err(error) => format!("{name}: {error} / {:?}", error.hint()),
            });
        }
    }
    let listener = || -> vboxsh::model::Result<Value> {
        let source = vbox.get("eventSource")?.as_object().expect("a source").clone();
        let listener = source.call("createListener", vec![])?;
        source.call("registerListener", vec![listener.clone(), Value::List(vec!["Any".into()]), false.into()])?;
        source.call("getEvent", vec![listener.clone(), 0.into()])?;
        source.call("unregisterListener", vec![listener])
    };
    seen.push(format!("{:?}", listener()));
    seen
}

#[test]
fn a_recorded_visit_replays_as_it_was() {
    let Some(url) = crate::rig::url().map(str::to_owned) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("trace.jsonl");
    let service: Arc<dyn Transport> = Arc::new(WebService::connect(ConnectOptions::new(url)).expect("a connection"));
    let recorded = visit(Arc::new(Traced::to_file(service, &file).expect("a trace")));
    assert!(recorded.len() > 20, "{recorded:?}");
    let replayed = visit(Arc::new(Replay::from_file(&file).expect("a trace")));
    assert_eq!(replayed, recorded);
    let lines = std::fs::read_to_string(&file).expect("a trace").lines().count();
    assert!(lines > recorded.len(), "{lines} lines");
}
