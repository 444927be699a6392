//! `import` of other files.

use super::Bench;
use std::fs;

#[test]
fn files_are_found_beside_the_script_and_beside_each_other() {
    let mut bench = Bench::new();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("lib")).unwrap();
    fs::write(folder.path().join("lib/names.rhai"), "import \"deeper\" as d;\nfn all() { vbox.machines.map(|m| d::shout(m.name)) }\nfn fail() {\n  vbox.findMachine(\"nobody\")\n}\nexport const STATE = MachineState.Running;\n").unwrap();
    fs::write(folder.path().join("lib/deeper.rhai"), "#!/usr/bin/env vboxsh\nfn shout(text) { text.to_upper() }\n")
        .unwrap();
    let script = folder.path().join("main.rhai").display().to_string();
    let source = "import \"lib/names\" as names;\nnames::all() + [names::STATE]";
    let value = bench.script(source, &script, &[]).unwrap();
    assert_eq!(super::text(&value), "WEB-01, DB-01, MachineState.Running");

    let failure =
        bench.script("import \"lib/names.rhai\" as n;\nfn outer() { n::fail() }\nouter();", &script, &[]).unwrap_err();
    let position = failure.position.unwrap();
    assert!(position.file.ends_with("lib/names.rhai"), "{position:?} {} {:?}", failure.message, failure.trace);
    assert_eq!((position.line, position.source.as_str()), (4, "  vbox.findMachine(\"nobody\")"));
    assert_eq!(failure.trace, ["in function `fail` (called in line 2)", "in function `outer` (called in line 3)"]);
}

#[test]
fn a_broken_import_names_its_file() {
    let mut bench = Bench::new();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("broken.rhai"), "let a = 1;\nlet b = ;\n").unwrap();
    fs::write(folder.path().join("loop.rhai"), "import \"loop\" as l;").unwrap();
    fs::write(folder.path().join("raises.rhai"), "\n\nvbox.findMachine(\"nobody\");").unwrap();
    let script = folder.path().join("main.rhai").display().to_string();
    let failure = bench.script("import \"broken\" as b;", &script, &[]).unwrap_err();
    let position = failure.position.unwrap();
    assert!(position.file.ends_with("broken.rhai"));
    assert_eq!((position.line, position.source.as_str()), (2, "let b = ;"));
    let failure = bench.script("import \"raises\" as b;", &script, &[]).unwrap_err();
    let position = failure.position.unwrap();
    assert!(position.file.ends_with("raises.rhai"));
    assert_eq!((position.line, failure.kind), (3, vboxsh::model::ErrorKind::NotFound));
    assert!(bench.script("import \"loop\" as l;", &script, &[]).unwrap_err().message.contains("imports itself"));
    let failure = bench.script("import \"nothing\" as n;", &script, &[]).unwrap_err();
    assert!(failure.message.contains("no file `nothing`"), "{}", failure.message);
}

#[test]
fn a_changed_file_is_read_anew_and_an_import_of_the_prompt_stays() {
    let mut bench = Bench::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tools.rhai");
    fs::write(&file, "fn answer() { 41 }").unwrap();
    let path = folder.path().join("tools").display().to_string().replace('\\', "/");
    bench.value(&format!("import {path:?} as tools;"));
    assert_eq!(bench.text("tools::answer()"), "41");
    assert!(bench.engine.names().contains(&"tools".to_owned()));
    fs::write(&file, "fn answer() { 41 + 1 }").unwrap();
    assert_eq!(bench.text("tools::answer()"), "42");
}
