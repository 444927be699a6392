//! What is generated from the options and the one command table: shell completions, the man page, the reference.

use super::arguments::{Arguments, Generated};
use crate::shell::{Arity, Category, Command, Commands};
use clap::CommandFactory;
use clap_complete::{Shell, generate};
use std::fmt::Write;

/// The generated text.
///
/// # Errors
/// Writing fails, which it does not.
pub(super) fn text(what: Generated, commands: &Commands) -> std::io::Result<String> {
    let mut out = Vec::new();
    let mut program = Arguments::command();
    match what {
        Generated::Bash => generate(Shell::Bash, &mut program, "vboxsh", &mut out),
        Generated::Zsh => generate(Shell::Zsh, &mut program, "vboxsh", &mut out),
        Generated::Fish => generate(Shell::Fish, &mut program, "vboxsh", &mut out),
        Generated::Man => {
            clap_mangen::Man::new(program).render(&mut out)?;
            out.extend(man_commands(commands).into_bytes());
        }
        Generated::Reference => out.extend(reference(commands).into_bytes()),
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// Commands of a category, by name; categories in the order of `help`.
fn by_category(commands: &Commands) -> Vec<(Category, Vec<&Command>)> {
    let mut all: Vec<&Command> = commands.all().map(|command| &**command).collect();
    all.sort_by_key(|command| (command.category, command.name.clone()));
    let mut groups: Vec<(Category, Vec<&Command>)> = Vec::new();
    for command in all {
        match groups.last_mut() {
            Some((category, group)) if *category == command.category => group.push(command),
            _ => groups.push((command.category, vec![command])),
        }
    }
    groups
}

/// The section on commands, in the language of man pages.
fn man_commands(commands: &Commands) -> String {
    let plain = |text: &str| text.replace('\\', "\\e").replace('-', "\\-");
    let mut out = ".SH COMMANDS\nLines of the prompt and of \\fB\\-c\\fR. What is no command is script.\n".to_owned();
    for (category, group) in by_category(commands) {
        let _ = writeln!(out, ".SS {}", category.title());
        for command in group {
            let _ = writeln!(out, ".TP\n\\fB{}\\fR\n{}.", plain(&command.usage()), plain(&command.summary));
        }
    }
    out
}

/// All commands as Markdown.
fn reference(commands: &Commands) -> String {
    let mut out = "# Commands\n\nMade from the program's command table by `vboxsh --generate reference`. `help COMMAND` shows the same.\n".to_owned();
    for (category, group) in by_category(commands) {
        let _ = write!(out, "\n## {}\n", category.title());
        for command in group {
            let _ =
                write!(out, "\n### {}\n\n`{}`\n\n{}.", command.name, command.usage(), capitalized(&command.summary));
            if !command.aliases.is_empty() {
                let aliases: Vec<String> = command.aliases.iter().map(|alias| format!("`{alias}`")).collect();
                let _ = write!(out, " Also: {}.", aliases.join(", "));
            }
            out.push('\n');
            if !command.help.is_empty() {
                let _ = write!(out, "\n{}\n", command.help);
            }
            if !command.arguments.is_empty() || !command.flags.is_empty() {
                out.push('\n');
            }
            for argument in &command.arguments {
                let often = match argument.arity {
                    Arity::Required => "",
                    Arity::Optional => " (may be left out)",
                    Arity::Repeated => " (any number)",
                };
                let _ = writeln!(out, "- `{}`{often}: {}", argument.name.to_uppercase(), argument.help);
            }
            for flag in &command.flags {
                let value = flag.value.as_ref().map_or(String::new(), |_| format!(" {}", flag.name.to_uppercase()));
                let _ = writeln!(out, "- `--{}{value}`: {}", flag.name, flag.help);
            }
            out += "\n```\n";
            for example in &command.examples {
                let _ = writeln!(out, "{:<48}  # {}", example.line, example.what);
            }
            out += "```\n";
        }
    }
    out
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
