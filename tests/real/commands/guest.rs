//! Commands for a guest with Guest Additions: a small Linux that `scripts/real-guest` makes once.
//!
//! Making it takes some ten minutes of a whole processor, and each log-on in it some ten seconds, so the tests run only
//! with `VBOXSH_REAL_GUEST=1`.

use super::{Host, until};
use crate::rig;
use std::path::PathBuf;
use std::process::Command;

/// Runs `scripts/real-guest`.
pub fn real_guest(arguments: &[&str]) -> std::process::Output {
    let program = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts/real-guest");
    Command::new(program).args(arguments).stdin(std::process::Stdio::null()).output().unwrap()
}

/// Whether the guest is there; says why when it is not.
pub fn available() -> bool {
    if !rig::enabled() {
        eprintln!("skipped: set VBOXSH_REAL_VIRTUALBOX=1 (root, Debian) to ask a real VirtualBox");
        return false;
    }
    if std::env::var("VBOXSH_REAL_GUEST").is_ok_and(|value| value == "1") {
        let made = real_guest(&["make"]);
        if made.status.code() == Some(75) {
            eprintln!("SKIPPED guest commands: {}", String::from_utf8_lossy(&made.stderr).trim());
            return false;
        }
        assert!(made.status.success(), "{made:?}");
        return true;
    }
    eprintln!("SKIPPED guest commands: VBOXSH_REAL_GUEST=1 makes a guest, in some ten minutes, and runs them");
    false
}

const USER: &[(&str, &str)] = &[("VBOXSH_GUEST_USER", "root"), ("VBOXSH_GUEST_PASSWORD", "secret")];

fn check(host: &Host) {
    let run = |line: &str| host.run_with(USER, &["-c", line]);
    let ok = |line: &str| {
        let said = run(line);
        assert_eq!(said.code, 0, "{} {line}: {said:?}", host.way());
        assert_eq!(host.ok("get guest.state"), "Running\n", "after {line}");
        said.out
    };
    ok("wait guest property:/VirtualBox/GuestAdd/Version --timeout 600");
    assert_eq!(ok("ip guest --wait 600"), "10.0.2.15\n");
    ok("wait guest ip --timeout 5");
    until("guest control answers", || run("gexec guest /bin/true").code == 0);

    let info = ok("ginfo guest");
    assert!(info.contains("additionsVersion") && info.contains("Linux"), "{info}");
    assert!(ok("gexec guest /bin/uname -a").contains("Linux guest"));
    assert_eq!(ok("gexec guest /bin/sh -c 'echo out; echo err >&2'"), "out\n");
    let failed = run("gexec guest /bin/sh -c 'exit 7'");
    assert!(failed.code == 1 && failed.err.contains("status 7") && failed.err.contains("hint: "), "{failed:?}");
    let failed = run("gexec guest /no/such/program");
    assert!(failed.code == 1 && failed.err.contains("/no/such/program") && failed.err.contains("hint: "), "{failed:?}");
    let wrong = [("VBOXSH_GUEST_USER", "root"), ("VBOXSH_GUEST_PASSWORD", "wrong")];
    let refused = host.run_with(&wrong, &["-c", "gexec guest /bin/ls"]);
    assert!(refused.code == 1 && refused.err.contains("`root`") && !refused.err.contains("wrong"), "{refused:?}");
    let numbers = ok("gexec guest /bin/seq 1 3000");
    assert!(numbers.starts_with("1\n2\n") && numbers.ends_with("2999\n3000\n"), "{} bytes", numbers.len());
    let late = run("gexec guest --timeout 2 /bin/sleep 60");
    assert!(late.code == 1 || late.code == 124, "{late:?}");

    // The host's side of a copy is a file of the computer that VirtualBox runs on.
    let bytes: Vec<u8> = (0..100_000_u32).map(|number| (number * 7 % 251) as u8).collect();
    std::fs::write(host.folder().join("sent.bin"), &bytes).unwrap();
    ok("gcopy guest /root/sent.bin /tmp/sent.bin");
    ok("gcopy --from guest /tmp/sent.bin /root/back.bin");
    assert!(std::fs::read(host.folder().join("back.bin")).unwrap() == bytes, "a copy there and back is the same");
    let failed = run("gcopy --from guest /tmp/none /root/none");
    assert!(failed.code != 0 && failed.err.contains("/tmp/none") && failed.err.contains("hint: "), "{failed:?}");

    assert_eq!(ok("gpipe guest 'printf \"one\\ntwo\\n\"' '/bin/cat'"), "one\ntwo\n");
    assert_eq!(ok("gpipe guest 'seq 1 20000' '/bin/wc -l'").trim(), "20000");
    let stats = ok("gueststats guest");
    let memory =
        stats.lines().find_map(|line| line.strip_prefix("memTotal")).map(|number| number.trim().parse::<u64>());
    assert!(matches!(memory, Some(Ok(150_000..262_144))), "in KiB, of 256 MB: {stats}");

    // What the guest tells, and what it is told.
    ok("gexec guest /usr/bin/VBoxControl guestproperty set /vboxsh/guest told");
    assert_eq!(ok("call guest.getGuestPropertyValue /vboxsh/guest"), "told\n");
    ok("call guest.setGuestPropertyValue /vboxsh/host 'two words'");
    let told = ok("gexec guest /usr/bin/VBoxControl guestproperty get /vboxsh/host");
    assert!(told.contains("two words"), "{told}");
    std::fs::write(host.folder().join("shared.txt"), "from the host\n").unwrap();
    ok("shareFolder guest /root share writable");
    assert_eq!(
        ok(
            "gexec guest /bin/sh -c 'mount -t vboxsf share /mnt && cat /mnt/shared.txt && echo here >/mnt/written.txt; umount /mnt'"
        ),
        "from the host\n"
    );
    assert_eq!(std::fs::read_to_string(host.folder().join("written.txt")).unwrap(), "here\n");
    ok("unshareFolder guest share");

    // The guest goes on where it was.
    ok("pause guest; resume guest");
    assert_eq!(ok("gexec guest /bin/echo awake"), "awake\n");
    assert!(ok("stats guest").contains("Guest/RAM/Usage/Total"), "metrics of the guest");
}

#[test]
fn commands_reach_a_guest_with_additions() {
    if !available() {
        return;
    }
    let Some(host) = Host::new("cmd-guest") else { return };
    let put = real_guest(&["into", &host.id]);
    assert!(put.status.success(), "{put:?}");
    host.ok("start guest headless");
    check(&host);
    if cfg!(all(feature = "xpcom", unix)) {
        check(&host.over_xpcom());
    }
    host.ok("powerdown guest");
}
