//! `eval`, `runScript`, `sleep`, `quit`.

use crate::model::ErrorKind;
use crate::output::{Failure, Reply};
use crate::shell::{ArgumentKind, Arity, Category, Command, Effect, Given, Language, Shell};

pub(super) fn commands() -> Vec<Command> {
    vec![
        Command::new("eval", Category::Scripting, "evaluate an expression", eval)
            .effect(Effect::Write)
            .argument("source", ArgumentKind::Source, Arity::Required, "script in the language of the prompt")
            .help("At the prompt the word `eval` is not needed: a line that is no command is script. It serves where a name is a command's too: `eval list`, or `=list`.")
            .example("eval vbox.machines.len()", "how many machines there are"),
        Command::new("run-script", Category::Scripting, "run a script file", run_script)
            .alias("runScript")
            .effect(Effect::Write)
            .argument("file", ArgumentKind::File, Arity::Required, "a .rhai file, or a file with shell lines; `-` is standard input")
            .argument("arguments", ArgumentKind::Text, Arity::Repeated, "arguments of the script, its `args`; `--` before the first one that starts with dashes")
            .example("runScript scripts/list-ports.rhai", "a shipped script"),
        language(Language::Python, "py [m.name for m in vbox.machines]", "one expression of the other language")
            .alias("py"),
        language(Language::Rhai, "rhai vbox.machines.len()", "one expression of the other language"),
        Command::new("reload-ext", Category::Shell, "load the extension files anew", |shell, _| Ok(crate::extensions::reload(shell)))
            .alias("reloadExt")
            .alias("reloadExts")
            .effect(Effect::Write)
            .help("Extension files bring commands: `help extensions` says where they stand and what they look like. Files and folders that others can write are not loaded, and `--no-ext` loads none.")
            .example("reloadExts", "after an extension was changed"),
        Command::new("sleep", Category::Scripting, "wait for some seconds", sleep)
            .argument("seconds", ArgumentKind::Seconds, Arity::Required, "how long, in seconds; fractions are allowed")
            .example("sleep 0.5", "half a second"),
        Command::new("quit", Category::Shell, "leave the shell", quit)
            .alias("q")
            .alias("exit")
            .argument("code", ArgumentKind::Text, Arity::Optional, "exit code, 0 to 255; 0 when left out")
            .example("quit", "leave"),
    ]
}

fn eval(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let source = given.text("source");
    // `-c "eval 'x y'"` quotes the source as one word; at the prompt it stands as it is.
    let inside = ['\'', '"'].into_iter().find_map(|quote| {
        source.strip_prefix(quote)?.strip_suffix(quote).filter(|inside| quote == '\'' && !inside.contains(quote))
    });
    shell.evaluate(inside.unwrap_or(source)).map_err(pointed)
}

/// A script that failed without a hint has one at least where to read.
fn pointed(failure: Failure) -> Failure {
    match (failure.kind, &failure.hint) {
        (ErrorKind::Script, None) if failure.exit.is_none() => {
            failure.hinted("`help scripting` says what script knows")
        }
        _ => failure,
    }
}

/// The command that makes a language the prompt's, or runs one line of it.
fn language(language: Language, example: &str, what: &str) -> Command {
    let name = language.name();
    Command::new(name, Category::Scripting, &format!("{} at the prompt", language.title()), move |shell, given| {
        match given.optional("source") {
            None => shell.set_language(language).map(|()| Reply::Nothing),
            Some(source) => shell.evaluate_in(language, source).map_err(pointed),
        }
    })
    .effect(Effect::Write)
    .argument("source", ArgumentKind::Source, Arity::Optional, "source to run at once; the prompt stays as it is")
    .help("Variables carry over in both directions, as far as the other language has such values: objects, enumeration values, numbers, texts, lists and tables. Functions stay where they are.")
    .example(example, what)
}

fn run_script(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    shell.run_file(given.text("file"), given.rest("arguments").to_vec())
}

fn sleep(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    shell.world().interrupt().sleep(given.seconds("seconds")?)?;
    Ok(Reply::Nothing)
}

fn quit(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let code = match given.optional("code") {
        None => 0,
        Some(word) => word.parse::<u8>().map_err(|_| {
            Failure::usage(format!("quit: `{word}` is no exit code"), "an exit code is a number from 0 to 255")
        })?,
    };
    shell.set_quit(code.into());
    Ok(Reply::Nothing)
}
