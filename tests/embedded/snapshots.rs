//! Snapshots: the tree that settings files hold, what they are attached to, taking, restoring and deleting them.

use super::{Home, change, code, object, objects, text};
use vboxsh::model::Value;

/// Adds a tree of snapshots to a settings file: `one` with `two` and `three` below.
fn with_tree(written: &str) -> String {
    let hardware = |memory: u32| format!("<Hardware><Memory RAMSize=\"{memory}\"/><Strange kept=\"yes\"/></Hardware>");
    let leaf = |id: u32, name: &str| {
        format!(
            "<Snapshot uuid=\"{{0000000{id}-0000-4000-8000-000000000000}}\" name=\"{name}\" \
             timeStamp=\"2026-01-0{id}T00:00:00Z\">{}</Snapshot>",
            hardware(100 * id)
        )
    };
    let tree = format!(
        "<Snapshot uuid=\"{{00000001-0000-4000-8000-000000000000}}\" name=\"one\" timeStamp=\"2026-01-01T00:00:00Z\" \
         stateFile=\"Snapshots/one.sav\"><Description>first\nline</Description>{}<Snapshots>{}{}</Snapshots></Snapshot>",
        hardware(100),
        leaf(2, "two"),
        leaf(3, "three")
    );
    let current = " currentSnapshot=\"{00000003-0000-4000-8000-000000000000}\" currentStateModified=\"false\" name=";
    written.replacen(" name=", current, 1).replacen("<Hardware", &format!("{tree}<Hardware"), 1)
}

#[test]
fn a_tree_of_snapshots_is_read_and_kept() {
    let home = Home::new();
    let machine = home.machine("m");
    let file = text(&machine, "settingsFilePath");
    std::fs::write(&file, with_tree(&std::fs::read_to_string(&file).unwrap())).unwrap();
    let connection = home.another();
    let machine = object(connection.root().call("findMachine", vec!["m".into()]).unwrap());
    assert_eq!(machine.get("snapshotCount").unwrap(), Value::Int(3));
    assert_eq!(text(&object(machine.get("currentSnapshot").unwrap()), "name"), "three");
    assert_eq!(machine.get("currentStateModified").unwrap(), Value::Bool(false));
    let find = |wanted: &str| machine.call("findSnapshot", vec![wanted.into()]);
    let one = object(find("").unwrap());
    assert_eq!((text(&one, "name"), text(&one, "description")), ("one".to_owned(), "first\nline".to_owned()));
    assert_eq!(one.get("parent").unwrap(), Value::Null);
    assert_eq!(one.get("online").unwrap(), Value::Bool(true));
    assert_eq!(one.get("timeStamp").unwrap(), Value::Int(1_767_225_600_000));
    let below: Vec<_> = objects(one.get("children").unwrap()).iter().map(|child| text(child, "name")).collect();
    assert_eq!(below, ["two", "three"]);
    let two = object(find("{00000002-0000-4000-8000-000000000000}").unwrap());
    assert_eq!(object(two.get("parent").unwrap()), one);
    assert_eq!(code(find("four")), "VBOX_E_OBJECT_NOT_FOUND");
    // Its machine has its own hardware, and never changes.
    let then = object(two.get("machine").unwrap());
    assert_eq!(then.get("memorySize").unwrap(), Value::Int(200));
    assert_eq!((text(&then, "name"), text(&then, "id")), ("m".to_owned(), text(&machine, "id")));
    assert_eq!(code(then.set("memorySize", Value::Int(64))), "VBOX_E_INVALID_VM_STATE");
    // A new name is saved at once, and the rest of the file stays.
    two.set("name", "zwei".into()).unwrap();
    two.set("description", "a\nb".into()).unwrap();
    change(&machine, |machine| machine.set("memorySize", Value::Int(64)).unwrap());
    assert_eq!(machine.get("currentStateModified").unwrap(), Value::Bool(true));
    let connection = home.another();
    let machine = object(connection.root().call("findMachine", vec!["m".into()]).unwrap());
    let two = object(machine.call("findSnapshot", vec!["zwei".into()]).unwrap());
    assert_eq!(text(&two, "description"), "a\nb");
    assert_eq!(machine.get("currentStateModified").unwrap(), Value::Bool(true));
    assert_eq!(std::fs::read_to_string(&file).unwrap().matches("<Strange kept=\"yes\"/>").count(), 3);
}
