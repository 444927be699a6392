//! Failures on standard error: three parts for people, one object for programs.

use serde_json::json;
use vboxsh::model::{ApiError, Error, ErrorKind};
use vboxsh::output::{ColorChoice, Failure, Position, Ui, UiOptions};

fn failure() -> Failure {
    let next = ApiError { code: 0x8000_4005, message: "why".into(), ..ApiError::default() };
    let api = ApiError {
        code: 0x80bb_0001,
        message: "no machine `web01`".into(),
        component: "VirtualBoxWrap".into(),
        interface: "IVirtualBox".into(),
        next: Some(Box::new(next)),
    };
    let position = Position { file: "a.rhai".into(), line: 2, column: 6, source: "vbox.findMachine(\"web01\")".into() };
    let error = Error::Api { operation: "IVirtualBox.findMachine".into(), error: Box::new(api) };
    let mut failure = Failure::from(error).at(position);
    failure.trace.push("in function `start` (line 7)".into());
    failure
}

#[test]
fn people_get_what_failed_why_where_and_what_to_type() {
    let ui = Ui::captured(UiOptions { quiet: true, ..UiOptions::default() });
    ui.fail(&failure());
    let shown = ui.take();
    assert_eq!(shown.out, "");
    assert_eq!(
        shown.err,
        r#"error: IVirtualBox.findMachine: no machine `web01`
  VBOX_E_OBJECT_NOT_FOUND (0x80bb0001), VirtualBoxWrap, IVirtualBox
  because: why
  E_FAIL (0x80004005)
  at a.rhai:2:6
  2 | vbox.findMachine("web01")
    |      ^
  in function `start` (line 7)
hint: `list` shows the machines there are
"#
    );
}

#[test]
fn programs_get_one_object() {
    let ui = Ui::captured(UiOptions { json: true, ..UiOptions::default() });
    ui.fail(&failure());
    let shown = ui.take();
    assert_eq!((shown.out.as_str(), shown.err.lines().count()), ("", 1));
    let given: serde_json::Value = serde_json::from_str(&shown.err).unwrap();
    let error = &given["error"];
    assert_eq!(error["kind"], "notFound");
    assert_eq!(error["exitCode"], 4);
    assert_eq!(error["hint"], "`list` shows the machines there are");
    assert_eq!(error["api"]["code"], 0x80bb_0001_u32);
    assert_eq!(error["api"]["name"], "VBOX_E_OBJECT_NOT_FOUND");
    assert_eq!(
        error["api"]["next"],
        json!({"code": 0x8000_4005_u32, "name": "E_FAIL", "message": "why", "component": "", "interface": "", "next": null})
    );
    assert_eq!(
        error["position"],
        json!({"file": "a.rhai", "line": 2, "column": 6, "source": "vbox.findMachine(\"web01\")"})
    );
    assert_eq!(error["trace"], json!(["in function `start` (line 7)"]));
}

#[test]
fn keys_are_there_also_without_values() {
    let ui = Ui::captured(UiOptions { json: true, ..UiOptions::default() });
    ui.fail(&Failure::new(ErrorKind::Usage, "what?"));
    let expected = r#"{"error":{"kind":"usage","message":"what?","hint":null,"exitCode":2,"api":null,"position":null,"trace":[]}}"#;
    assert_eq!(ui.take().err, format!("{expected}\n"));
}

#[test]
fn an_exit_says_nothing() {
    for json in [true, false] {
        let ui = Ui::captured(UiOptions { json, ..UiOptions::default() });
        ui.fail(&Failure::exit(3));
        assert_eq!(ui.take().err, "");
    }
}

#[test]
fn roles_are_painted_when_wanted() {
    let ui = Ui::captured(UiOptions { color: ColorChoice::Always, ..UiOptions::default() });
    ui.fail(&Failure::usage("unknown command `lst`", "did you mean `list`?"));
    let painted =
        "\u{1b}[1;38;5;196merror:\u{1b}[0m unknown command `lst`\n\u{1b}[38;5;30mhint:\u{1b}[0m did you mean `list`?\n";
    assert_eq!(ui.take().err, painted);
}
