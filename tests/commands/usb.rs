//! `attach-usb` and `detach-usb`, with a computer that has a USB device.

use crate::embedded::{Home, computer};
use std::sync::Arc;
use vboxsh::output::{Failure, Ui, UiOptions};
use vboxsh::shell::{ConnectSettings, Shell, World};

/// Runs a line, and gives what it put out.
fn run(shell: &mut Shell, line: &str) -> Result<String, Failure> {
    shell.run_line(line)?;
    Ok(shell.ui().take().out)
}

#[test]
fn a_running_machine_gets_a_usb_device_and_gives_it_back() {
    let folder = tempfile::tempdir().unwrap();
    computer::make(&folder.path().join("computer"));
    let home = Home::on(folder, "computer");
    let world = World::new(Ui::captured(UiOptions::default()), None, true);
    world.set_connection(Some(home.connection.clone()));
    let commands = vboxsh::builtins::commands(&ConnectSettings::default());
    let mut shell = Shell::new(Arc::clone(&world), commands, Vec::new());
    run(&mut shell, "create-vm web-01 Debian_64; start web-01 headless").unwrap();
    let listed = run(&mut shell, "list-usb").unwrap();
    assert!(listed.contains("Thing") && listed.contains("Available"), "{listed}");
    let id =
        listed.split_whitespace().find(|word| word.len() == 36 && word.matches('-').count() == 4).unwrap().to_owned();
    assert_eq!(run(&mut shell, "detachUsb web-01 none").unwrap_err().exit_code(), 4);

    run(&mut shell, &format!("attachUsb web-01 {id}")).unwrap();
    assert!(run(&mut shell, "list-usb").unwrap().contains("Captured"));
    assert_eq!(run(&mut shell, &format!("attachUsb web-01 {id}")).unwrap_err().exit_code(), 1);
    run(&mut shell, &format!("detachUsb web-01 {id}")).unwrap();
    assert!(run(&mut shell, "list-usb").unwrap().contains("Available"));
    assert_eq!(run(&mut shell, "get web-01.state").unwrap(), "Running\n");
    run(&mut shell, "powerdown web-01").unwrap();
}
