//! `get`, `set`, `call`.

use crate::support::program::Program;

#[test]
fn a_path_leads_through_attributes_methods_and_lists() {
    let program = Program::new();
    program.machine("web.example.com");
    program.machine("db 01");
    for (path, value) in [
        ("web.example.com.name", "web.example.com\n"),
        ("\"web.example.com\".name", "web.example.com\n"),
        ("web.example.com.networkAdapter[0].enabled", "true\n"),
        ("web.example.com.getNetworkAdapter(0).slot", "0\n"),
        ("vbox.find_machine('db 01').name", "db 01\n"),
        ("'\"db 01\".memory_size'", "1024\n"),
    ] {
        assert_eq!(program.lines(&[&format!("get {path}")]).ok(), value, "{path}");
    }
}

#[test]
fn set_reads_the_value_by_the_type_of_the_attribute() {
    let program = Program::new();
    program.machine("web-01");
    for (path, word, shown) in [
        ("web-01.memorySize", "2048", "2048"),
        ("web-01.memorySize", "0x400", "1024"),
        ("web-01.description", "'two words'", "two words"),
        ("web-01.networkAdapter[0].cableConnected", "off", "false"),
        ("web-01.networkAdapter[0].attachmentType", "Internal", "Internal"),
        ("web-01.networkAdapter[0].internalNetwork", "lab", "lab"),
    ] {
        program.lines(&[&format!("set {path} {word}")]).ok();
        assert_eq!(program.lines(&[&format!("get {path}")]).ok(), format!("{shown}\n"), "{path}");
    }
    assert_eq!(program.lines(&["get web-01.sessionState"]).ok(), "Unlocked\n");
}

#[test]
fn what_cannot_be_set_says_why() {
    let program = Program::new();
    program.machine("web-01");
    for (line, code, words) in [
        ("set web-01.id x", 2, &["IMachine.id cannot be written", "read-only"][..]),
        ("set web-01.memorySize many", 2, &["`many` is no number"]),
        ("set web-01.memorySize 99999999999", 2, &["out of range"]),
        ("set web-01.memorysize 1", 2, &["no attribute `memorysize`", "memorySize"]),
        ("set web-01.networkAdapter[0].attachmentType Nat", 2, &["`Nat` is no value of NetworkAttachmentType", "NAT"]),
        ("set web-01 1", 2, &["does not end in an attribute"]),
        ("set no-such.name x", 4, &["no-such"]),
        ("set web-01..name x", 2, &["is no path"]),
        ("get web-01.networkAdapter[x]", 2, &["`x` is no number"]),
        ("get web-01.name.length", 2, &["is no object"]),
    ] {
        let err = program.lines(&[line]).failed(code);
        for word in words {
            assert!(err.contains(word), "{line}: {word:?} is missing in\n{err}");
        }
    }
}

#[test]
fn call_takes_arguments_behind_the_path_or_in_parentheses() {
    let program = Program::new();
    program.machine("web-01");
    program.lines(&["call web-01.setExtraData note 'in rack 4'"]).ok();
    assert_eq!(program.lines(&["call web-01.getExtraData note"]).ok(), "in rack 4\n");
    assert_eq!(program.lines(&["call 'web-01.getExtraData(note)'"]).ok(), "in rack 4\n");
    let err = program.lines(&["call web-01.getExtraData"]).failed(0);
    assert_eq!(err, "");
    let err = program.lines(&["call web-01.getNetworkAdapter"]).failed(2);
    assert!(err.contains("getNetworkAdapter(slot: unsigned long) -> INetworkAdapter"), "{err}");
    let err = program.lines(&["call web-01.getNetworkAdaptr 0"]).failed(2);
    assert!(err.contains("did you mean `getNetworkAdapter`"), "{err}");
}
