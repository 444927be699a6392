//! Help texts about the shell: its commands and its topics. Texts about the Main API come from `schema`.

use super::{ArgumentKind, Arity, Category, Command, Effect};

/// How a command can fail, by what it takes and does.
fn failures(command: &Command) -> Vec<(i32, String)> {
    let kinds = || command.arguments.iter().map(|argument| &argument.kind);
    let named: Vec<&str> = kinds()
        .filter_map(|kind| match kind {
            ArgumentKind::Machine => Some("machine"),
            ArgumentKind::Snapshot => Some("snapshot"),
            ArgumentKind::Controller => Some("controller"),
            ArgumentKind::Medium(_) => Some("medium"),
            ArgumentKind::GraphPath | ArgumentKind::Member => Some("object"),
            ArgumentKind::Topic => Some("topic"),
            _ => None,
        })
        .collect();
    let runs = kinds().any(|kind| matches!(kind, ArgumentKind::Source | ArgumentKind::Line));
    let waits = command.flags.iter().any(|flag| flag.name == "timeout");
    let of_shell = command.category == Category::Shell && !runs;
    let mut found = Vec::new();
    if !of_shell || command.effect != Effect::Read {
        found.push((1, "the operation failed; the message says why".to_owned()));
    }
    found.push((2, "a word is missing, too many, or not understood".to_owned()));
    if command.effect == Effect::Destroy {
        found.push((
            3,
            "it was not allowed: it asks first, and needs `--yes` of vboxsh where nobody can be asked".to_owned(),
        ));
    }
    if !named.is_empty() {
        found.push((4, format!("there is no such {}", named.join(" or "))));
    }
    if !of_shell {
        found.push((5, "there is no connection".to_owned()));
    }
    if runs {
        found.push((6, "the script has an error; a command in it has its own code".to_owned()));
    }
    if waits {
        found.push((124, "the time was over".to_owned()));
    }
    found
}

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
    text += "\nexit codes when it fails:\n";
    for (code, what) in failures(command) {
        text += &format!("  {code:3}  {what}\n");
    }
    if !command.aliases.is_empty() {
        text += &format!("\nalso: {}\n", command.aliases.join(", "));
    }
    text.trim_end().to_owned()
}
