//! User files that register commands: which there are, loading them, and who owns which name.
//!
//! The engines run them; this room knows a file by its ending only. Files of vboxshell load unchanged.

mod folders;

use crate::model::ErrorKind;
use crate::output::{Failure, Reply};
use crate::shell::{ArgumentKind, Arity, Category, Command, Effect, Language, Provided, Shell, split_words};
use std::path::Path;

/// Loads every extension file there is. A file that fails is said, and hinders no other.
pub fn load(shell: &mut Shell) {
    let (files, warnings) = folders::files();
    for warning in warnings {
        shell.ui().warn(&warning);
    }
    for file in files {
        if let Err(failure) = load_file(shell, &file) {
            shell.ui().warn(&format!("the extension {} is not loaded:", file.display()));
            shell.ui().fail(&failure);
            if failure.kind == ErrorKind::Refused {
                // There is no Python here: the next file would fail in the same way.
                return;
            }
        }
    }
}

/// Forgets what extensions brought, and loads them anew.
pub fn reload(shell: &mut Shell) -> Reply {
    shell.commands_mut().remove_category(Category::Extensions);
    load(shell);
    let brought = shell.commands().all().filter(|command| command.category == Category::Extensions);
    let names: Vec<&str> = brought.map(|command| command.name.as_str()).collect();
    match names.as_slice() {
        [] => Reply::Note("no extension brings a command; `help reload-ext` says where they are looked for".to_owned()),
        names => Reply::Note(format!("commands of extensions: {}", names.join(", "))),
    }
}

fn load_file(shell: &mut Shell, file: &Path) -> Result<(), Failure> {
    let source = std::fs::read_to_string(file)
        .map_err(|error| Failure::new(ErrorKind::Failed, format!("it cannot be read: {error}")))?;
    let language = Language::of_file(file).unwrap_or(Language::Python);
    for provided in shell.engine(language)?.load_extension(&source, file)? {
        register(shell, language, file, provided);
    }
    Ok(())
}

/// Adds a command. The last one of a name counts, as in vboxshell; that is said.
fn register(shell: &mut Shell, language: Language, file: &Path, provided: Provided) {
    if let Some(before) = shell.commands().all().find(|command| command.name == provided.name) {
        let what = match before.category {
            Category::Extensions => "the one of an extension that was loaded before",
            _ => "the built-in command; `--no-ext` brings that back",
        };
        shell.ui().warn(&format!("`{}` of {} takes the place of {what}", provided.name, file.display()));
    }
    let (name, from) = (provided.name.clone(), file.to_owned());
    let run = move |shell: &mut Shell, given: &crate::shell::Given| run(shell, language, &name, &from, given);
    let command = Command::new(&provided.name, Category::Extensions, &provided.summary, run)
        .effect(Effect::Write)
        .argument("words", ArgumentKind::Source, Arity::Optional, "what the extension takes")
        .help(&format!("From {}.", file.display()))
        .example(&provided.name, &provided.summary);
    shell.commands_mut().add(command);
}

fn run(
    shell: &mut Shell,
    language: Language,
    name: &str,
    file: &Path,
    given: &crate::shell::Given,
) -> Result<Reply, Failure> {
    let rest = given.optional("words").unwrap_or_default();
    let words = split_words(rest)
        .ok_or_else(|| Failure::usage(format!("{name}: a quote is not closed"), "close it, or escape it"))?;
    let leave = shell.run_extension(language, name, &words).map_err(|failure| match failure.position {
        Some(_) => failure,
        None => Failure { message: format!("{} ({})", failure.message, file.display()), ..failure },
    })?;
    if leave {
        shell.set_quit(0);
    }
    Ok(Reply::Nothing)
}
