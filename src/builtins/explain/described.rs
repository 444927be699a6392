//! What `explain apply` shows: the script that makes a machine as a file describes it. The file is read, and nothing
//! is asked.

use super::{assignment_of, literal, plain};
use crate::builtins::machines_file::Description;
use crate::output::Failure;
use std::fmt::Write;

/// Settings whose value is a text, whatever it looks like.
const TEXTS: &[&str] = &["description", "networkAdapter"];

/// The script, in Python or else in Rhai.
pub(super) fn script(file: &str, python: bool) -> Result<String, Failure> {
    let wanted = Description::read(file)?;
    let name = literal(&wanted.machine.name);
    let groups: Vec<String> = wanted.machine.groups.iter().map(|group| literal(group)).collect();
    let create = format!(
        "vbox.createMachine(\"\", {name}, {}, [{}], {}, \"\")",
        literal(&wanted.machine.architecture),
        groups.join(", "),
        literal(&wanted.machine.os_type)
    );
    let mut out = if python {
        format!(
            "if not [m for m in vbox.machines if m.name == {name}]:\n    made = {create}\n    made.applyDefaults(\"\")\n    \
             vbox.registerMachine(made)\nm = vbox.findMachine({name})\n"
        )
    } else {
        format!(
            "if !vbox.machines.some(|m| m.name == {name}) {{\n    let made = {create};\n    made.applyDefaults(\"\");\n    \
             vbox.registerMachine(made);\n}}\nlet m = vbox.findMachine({name});\n"
        )
    };
    let mut lines = vec![assignment_of("OSTypeId", &literal(&wanted.machine.os_type))];
    for (path, value) in &wanted.settings {
        let value = match path.as_str() {
            "groups" => {
                format!("[{}]", value.split(',').map(literal).collect::<Vec<_>>().join(", "))
            }
            path if TEXTS.iter().any(|text| path.starts_with(text)) && !matches!(&**value, "true" | "false") => {
                literal(value)
            }
            _ => plain(value),
        };
        lines.push(assignment_of(path, &value));
    }
    let lines: Vec<String> = lines.iter().map(|line| format!("    {line};\n")).collect();
    let body = format!("m.session(|s| {{\n{}}});", lines.concat());
    out += &if python { super::to_python(&body) } else { body };
    if !wanted.disks.is_empty() {
        let mark = if python { "#" } else { "//" };
        let _ = write!(out, "\n{mark} And its disks:");
        for disk in &wanted.disks {
            let _ = write!(out, "\n{mark}   explain create-hdd {} {}", disk.size, disk.file);
        }
        let _ = write!(out, "\n{mark}   explain attach-hdd {} FILE", wanted.machine.name);
    }
    Ok(out)
}
