//! Reads every attribute that can be reached, calls every method that only looks, and decodes every
//! reply; watches the events of machines of its own meanwhile.
//!
//! Nothing here knows a transport: what is not offered over the web service is left out there alone.

mod deeds;
pub mod looks;
mod machine;
mod reader;
mod running;
pub mod unreached;
mod watch;

use crate::rig::{self, object};
use reader::Crawl;
use std::sync::Arc;
use std::time::Instant;
use vboxsh::model::{Connection, Object, SessionGuard, Value};
use watch::Watch;

/// Whether the machines of `fixture.py` are there, which the table of what is not reached counts on.
fn is_standard_fixture(connection: &Connection) -> bool {
    let marked = |name| {
        let mark = connection.find_machine(name)?.call("getExtraData", vec!["vboxsh/fixture".into()])?;
        Ok::<_, vboxsh::model::Error>(mark.as_text().is_some_and(|mark| !mark.is_empty()))
    };
    ["live-01", "web-01", "storage-01", "history-01", "efi-01", "arm-01"]
        .iter()
        .all(|name| marked(name).unwrap_or(false))
}

fn text(object: &Object, name: &str) -> String {
    object.get(name).unwrap().as_text().unwrap_or_default().to_owned()
}

#[test]
fn every_attribute_that_can_be_reached_is_read_and_decoded() {
    let Some(connection) = rig::connection() else { return };
    let begin = Instant::now();
    let said = |what: &str| println!("crawl: {what} at {:.1} s", begin.elapsed().as_secs_f64());
    let crawl = Arc::new(Crawl::new(&connection));
    let vbox = connection.root();
    let watch = Watch::open(&crawl, &object(vbox.get("eventSource").unwrap()));

    // What is done, and the events it makes; a machine that runs of its own, while it runs.
    let temporary = machine::Temporary::new(&crawl);
    deeds::do_all(&crawl, &temporary);
    said("settings, media and networks changed");
    running::run(&crawl, &temporary);
    said("a machine has run");
    drop(temporary);

    // The whole graph. The session of the running machine leads to the console and all that hangs on it.
    let live = connection.find_machine("live-01").unwrap();
    let guard = SessionGuard::lock(&live, "Shared").unwrap();
    crawl.add(&Value::Object(guard.session().clone()));
    crawl.add(&Value::Object(vbox));
    crawl.run();
    said("everything read");
    guard.finish().unwrap();
    watch.finish();
    crawl.run();

    let state = live.get("state").unwrap();
    assert!(matches!(state, Value::Enum(state) if state.is("Running")), "live-01 is {state:?}");
    crawl.report();
    said("end");
    let failures = crawl.failures();
    assert!(failures.is_empty(), "{failures:#?}");
    let wrong = unreached::check(&crawl);
    if is_standard_fixture(&connection) {
        assert!(wrong.is_empty(), "tests/real/crawl/unreached.rs is not right any more: {wrong:#?}");
    }
}
