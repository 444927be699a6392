//! Runs the tests of the XPCOM backend, and the program, inside the chroot.

use crate::rig;
use std::path::{Path, PathBuf};

/// Copies a program to where the chroot sees it.
pub fn inside(program: &Path, name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/xpcom");
    std::fs::create_dir_all(&folder).unwrap();
    let place = folder.join(name);
    // It may be in use by an earlier run.
    let _ = std::fs::remove_file(&place);
    std::fs::copy(program, &place).unwrap();
    place
}

fn run(id: &str, variables: &[&str], words: &[&str]) -> String {
    let output = rig::run(&[&["run", id, "env"], variables, words].concat());
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{words:?}: {told}\n{}", String::from_utf8_lossy(&output.stderr));
    told
}

#[test]
fn the_suite_runs_beside_virtualbox() {
    if rig::over_xpcom() || !rig::enabled() {
        return;
    }
    rig::script(&["fixture", "xpcom"]);
    let tests = inside(&std::env::current_exe().unwrap(), "real-tests");
    let tests = tests.to_str().unwrap();
    let told = run("xpcom", &["VBOXSH_REAL_XPCOM=1"], &[tests, "xpcom::", "backend::", "crawl", "--test-threads=1"]);
    assert!(told.contains("test result: ok"), "{told}");
}

/// Apart from the suite, in an instance of its own: it takes the server away from all who use it.
#[test]
fn a_server_that_ends_is_got_over() {
    if rig::over_xpcom() || !rig::enabled() {
        return;
    }
    // The tests start the program beside them, when the library of their process cannot go on.
    inside(Path::new(env!("CARGO_BIN_EXE_vboxsh")), "vboxsh");
    let tests = inside(&std::env::current_exe().unwrap(), "real-tests");
    let tests = tests.to_str().unwrap();
    let told = run(
        "xpcomdeath",
        &["VBOXSH_REAL_XPCOM=1", "VBOXSH_REAL_XPCOM_DEATH=1"],
        &[tests, "xpcom::death::", "--test-threads=1"],
    );
    assert!(told.contains("test result: ok. 3 passed"), "{told}");
    rig::script(&["remove", "xpcomdeath"]);
}

/// The chroot has the network of this computer, so what runs inside reaches the web service as well.
#[test]
fn xpcom_says_what_the_web_service_says() {
    if rig::over_xpcom() || !rig::enabled() {
        return;
    }
    rig::script(&["fixture", "xpcomweb"]);
    let url = format!("VBOXSH_REAL_COMPARE={}", rig::web("xpcomweb", 18194, &[]));
    let tests = inside(&std::env::current_exe().unwrap(), "real-tests-compare");
    let tests = tests.to_str().unwrap();
    let told = run("xpcomweb", &["VBOXSH_REAL_XPCOM=1", &url], &[tests, "xpcom::compare", "--nocapture"]);
    assert!(told.contains("test result: ok. 1 passed"), "{told}");
    rig::script(&["remove", "xpcomweb"]);
}

/// Calls of every kind use no memory that they must not, and lose none.
#[test]
fn valgrind_finds_nothing_of_ours() {
    if rig::over_xpcom() || !rig::enabled() {
        return;
    }
    rig::script(&["fixture", "xpcom"]);
    let tests = inside(&std::env::current_exe().unwrap(), "real-tests-valgrind");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/valgrind-xpcom");
    let output = std::process::Command::new(script).arg("xpcom").arg(tests).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() == Some(75) {
        eprintln!("skipped: {said}");
        return;
    }
    let tests = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("ERROR SUMMARY: 0 errors"), "{tests}{said}");
}

/// One script, from the start of the machine to its end, with a listener: in both languages.
#[test]
fn scripts_run_a_machine_and_see_what_happens() {
    if rig::over_xpcom() || !rig::enabled() {
        return;
    }
    rig::script(&["fixture", "xpcom"]);
    let built = Path::new(env!("CARGO_BIN_EXE_vboxsh"));
    let program = inside(built, "vboxsh-script");
    // Python needs the library beside the program.
    let folder = built.parent().unwrap();
    let libraries = [folder.join("deps/libvboxsh.so"), folder.join("libvboxsh.so")];
    let library = libraries.iter().find(|library| library.is_file());
    let python = library.filter(|_| cfg!(feature = "python")).map(|library| {
        inside(library, "libvboxsh.so");
        "running.py"
    });
    for script in ["running.rhai"].into_iter().chain(python) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real").join(script);
        let name = format!("tmp-running-{}", std::process::id());
        let words = [program.to_str().unwrap(), "-u", "xpcom", script.to_str().unwrap(), &name, "/root/running.png"];
        let told = run("xpcom", &["A=1"], &words);
        assert!(told.contains("all as it should be") && told.contains("a picture of "), "{told}");
        let picture = rig::run(&["run", "xpcom", "cat", "/root/running.png"]).stdout;
        assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n"), "no PNG");
    }
}

#[test]
fn the_program_reaches_it() {
    if rig::over_xpcom() || !rig::enabled() {
        return;
    }
    rig::script(&["fixture", "xpcom"]);
    let program = inside(Path::new(env!("CARGO_BIN_EXE_vboxsh")), "vboxsh");
    let program = program.to_str().unwrap();
    assert!(run("xpcom", &["A=1"], &[program, "-u", "xpcom", "-e", "vbox.version"]).starts_with("7.2."));
    let list = run("xpcom", &["A=1"], &[program, "-c", "list"]);
    assert!(list.contains("live-01") && list.contains("web-01"), "{list}");
    let packs = run("xpcom", &["A=1"], &[program, "-e", "vbox.extensionPackManager.installedExtPacks.len()"]);
    assert!(packs.trim().parse::<u32>().is_ok(), "{packs}");
    let doctor = run("xpcom", &["A=1"], &[program, "-c", "doctor"]);
    assert!(doctor.contains("over XPCOM"), "{doctor}");
    let nowhere =
        rig::run(&["run", "xpcom", "env", "VBOX_IPC_SOCKETID=/no/where", program, "-u", "xpcom", "-e", "vbox.version"]);
    let said = String::from_utf8_lossy(&nowhere.stderr).into_owned();
    assert!(nowhere.status.code() == Some(5) && said.contains("hint:"), "{:?} {said}", nowhere.status);
}
