//! Help texts about the shell: its commands and its topics. Texts about the Main API come from `schema`.

use super::{Arity, Command};

/// The whole help of a command.
pub fn of_command(command: &Command) -> String {
    let colon = if command.summary.is_empty() { "" } else { ": " };
    let mut text = format!("{}{colon}{}\n\nusage: {}\n", command.name, command.summary, command.usage());
    let mut rows: Vec<(String, String)> = Vec::new();
    for argument in &command.arguments {
        let optional = if argument.arity == Arity::Required { "" } else { " (optional)" };
        rows.push((argument.name.to_uppercase(), format!("{}{optional}", argument.help)));
    }
    for flag in &command.flags {
        let value = flag.value.as_ref().map(|_| format!(" {}", flag.name.to_uppercase())).unwrap_or_default();
        rows.push((format!("--{}{value}", flag.name), flag.help.clone()));
    }
    let widest = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, help) in rows {
        text += &format!("  {name:widest$}  {help}\n");
    }
    if !command.help.is_empty() {
        text += &format!("\n{}\n", command.help.trim());
    }
    if !command.examples.is_empty() {
        text += "\nexamples:\n";
        let widest = command.examples.iter().map(|example| example.line.len()).max().unwrap_or(0);
        for example in &command.examples {
            text += &format!("  {:widest$}  {}\n", example.line, example.what);
        }
    }
    if !command.aliases.is_empty() {
        text += &format!("\nalso: {}\n", command.aliases.join(", "));
    }
    text.trim_end().to_owned()
}
