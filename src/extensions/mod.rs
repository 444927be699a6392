//! User files that register commands: which there are, loading them, and who owns which name.
//!
//! The engines run them; this room knows a file by its ending only. Files of vboxshell load unchanged.

mod folders;

use crate::model::ErrorKind;
use crate::output::{Failure, Reply};
use crate::shell::{Category, Command, ExtensionCall, Given, Language, Provided, Shell, split_words};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Loads every extension file there is. A file that fails is said, and hinders no other.
pub fn load(shell: &mut Shell) {
    let (files, warnings) = folders::files(shell.host_home());
    for warning in warnings {
        shell.ui().warn(&warning);
    }
    let mut without: Vec<Language> = Vec::new();
    let mut owners = BTreeMap::new();
    for file in files {
        if without.contains(&language_of(&file)) {
            continue;
        }
        if let Err(failure) = load_file(shell, &file, &mut owners) {
            shell.ui().warn(&format!("the extension {} is not loaded:", file.display()));
            shell.ui().fail(&failure);
            if failure.kind == ErrorKind::Refused {
                // There is no Python here: the next file would fail in the same way.
                without.push(language_of(&file));
            }
        }
    }
}

/// Forgets what extensions brought, and loads them anew.
pub fn reload(shell: &mut Shell) -> Reply {
    shell.commands_mut().remove_extensions();
    load(shell);
    let brought = shell.commands().all().filter(|command| command.category == Category::Extensions);
    let names: Vec<&str> = brought.map(|command| command.name.as_str()).collect();
    match names.as_slice() {
        [] => Reply::Note("no extension brings a command; `help extensions` says where they are looked for".to_owned()),
        names => Reply::Note(format!("commands of extensions: {}", names.join(", "))),
    }
}

fn language_of(file: &Path) -> Language {
    Language::of_file(file).unwrap_or(Language::Python)
}

/// Which file brought a command.
type Owners = BTreeMap<String, PathBuf>;

fn load_file(shell: &mut Shell, file: &Path, owners: &mut Owners) -> Result<(), Failure> {
    for provided in load_into(shell, file)? {
        register(shell, file, provided, owners);
    }
    Ok(())
}

fn load_into(shell: &mut Shell, file: &Path) -> Result<Vec<Provided>, Failure> {
    let source = std::fs::read_to_string(file)
        .map_err(|error| Failure::new(ErrorKind::Failed, format!("it cannot be read: {error}")))?;
    shell.engine(language_of(file))?.load_extension(&source, file)
}

/// Adds a command. The last one of a name counts, as in vboxshell; that is said.
fn register(shell: &mut Shell, file: &Path, provided: Provided, owners: &mut Owners) {
    let name = provided.registered.command.name.clone();
    if let Some(before) = shell.commands().find(&name) {
        let what = match owners.get(&name) {
            Some(other) if other == file => format!("`{name}` stands twice in {}: the last one counts", file.display()),
            Some(other) => format!(
                "`{name}` of {} takes the place of that of {}: files load in the order of their names, and the last one counts",
                file.display(),
                other.display()
            ),
            None if before.name == name => {
                format!(
                    "`{name}` of {} takes the place of the built-in command; `--no-ext` brings that back",
                    file.display()
                )
            }
            None => format!(
                "`{name}` of {} takes the place of a spelling of the built-in `{}`",
                file.display(),
                before.name
            ),
        };
        shell.ui().warn(&what);
    }
    owners.insert(name.clone(), file.to_owned());
    let mut command = provided.registered.command.clone();
    // An alias that means something already stays what it is.
    let taken: Vec<String> =
        command.aliases.iter().filter(|alias| shell.commands().find(alias).is_some()).cloned().collect();
    for alias in taken {
        shell.ui().warn(&format!("`{alias}` of {} is a command already: it stays that", file.display()));
        command.aliases.retain(|known| *known != alias);
    }
    let from = format!("From {}.", file.display());
    command.help = if command.help.is_empty() { from } else { format!("{}\n\n{from}", command.help) };
    let brought = Brought { file: file.to_owned(), provided };
    command.run = Arc::new(move |shell, given| brought.run(shell, given));
    shell.commands_mut().add(command);
}

/// A command, and the file that it comes from.
struct Brought {
    file: PathBuf,
    provided: Provided,
}

impl Brought {
    fn run(&self, shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
        let (language, command) = (language_of(&self.file), &self.provided.registered.command);
        let call = self.call(shell, command, given)?;
        if !shell.engine(language)?.has_extension(&command.name) {
            // This shell is another one's copy, or its engine was started anew.
            load_into(shell, &self.file)?;
        }
        let ran = shell.run_extension(language, &command.name, call).map_err(|failure| match failure.position {
            None if self.provided.takes_words && failure.exit.is_none() => {
                Failure { message: format!("{} ({})", failure.message, self.file.display()), ..failure }
            }
            _ => failure,
        })?;
        if ran.leave {
            shell.set_quit(0);
        }
        Ok(ran.reply)
    }

    fn call(&self, shell: &Shell, command: &Command, given: &Given) -> Result<ExtensionCall, Failure> {
        if !self.provided.takes_words {
            return Ok(ExtensionCall::Values(self.provided.registered.values(given, shell.world())?));
        }
        let words = split_words(given.optional("words").unwrap_or_default());
        words
            .map(ExtensionCall::Words)
            .ok_or_else(|| Failure::usage(format!("{}: a quote is not closed", command.name), "close it, or escape it"))
    }
}
