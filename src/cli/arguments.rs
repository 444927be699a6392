//! The options of the program. They are fixed: scripts rely on them.

use clap::{ArgAction, CommandFactory, Parser, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Language of `--eval` and of the prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// Rhai.
    #[default]
    Rhai,
    /// Python.
    Python,
}

/// What `--generate` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Generated {
    /// Completions for bash.
    Bash,
    /// Completions for zsh.
    Zsh,
    /// Completions for fish.
    Fish,
    /// The man page.
    Man,
    /// All commands, as Markdown.
    Reference,
}

/// A scripting shell for the VirtualBox Main API.
///
/// Without a script or a command it starts the prompt. Exit codes: 0 done, 1 failed, 2 usage,
/// 3 refused, 4 not found, 5 connection, 6 script error, 124 timed out, 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "vboxsh", version, max_term_width = 100, args_override_self = false)]
pub struct Arguments {
    /// Run a shell line and exit with its status; may be given several times; `;` separates commands
    #[arg(short, long = "command", value_name = "LINE", action = ArgAction::Append)]
    pub command: Vec<String>,
    /// Evaluate an expression and print the result
    #[arg(short, long, value_name = "EXPR", action = ArgAction::Append, allow_hyphen_values = true)]
    pub eval: Vec<String>,
    /// Language of --eval and of the prompt
    #[arg(long, value_enum, value_name = "LANGUAGE", default_value = "rhai")]
    pub lang: Lang,
    /// Run a script by its ending (.rhai, .py, else shell lines); - is standard input
    #[arg(short, long, value_name = "FILE")]
    pub batch: Option<String>,
    /// Where to connect to
    #[arg(
        help = "Where to connect to: auto, embedded, xpcom, or http[s]://[user@]host[:port]",
        short = 'u',
        long,
        value_name = "TARGET",
        env = "VBOXSH_CONNECT",
        default_value = "auto"
    )]
    pub connect: String,
    /// Home of the embedded host, which `auto` then takes; VBOXSH_HOME names one, too
    #[arg(long, value_name = "DIR")]
    pub home: Option<OsString>,
    /// What vboxsh starts itself with, to reach a local VirtualBox that was started anew
    #[arg(long, hide = true)]
    pub xpcom_helper: bool,
    /// File with the password, readable by its owner alone
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Certificates to trust, as PEM
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// SHA-256 fingerprint of the one certificate to trust
    #[arg(long, value_name = "SHA256")]
    pub fingerprint: Option<String>,
    /// Trust any certificate (said loudly)
    #[arg(long)]
    pub insecure: bool,
    /// Machine-readable output: one JSON document per command
    #[arg(long)]
    pub json: bool,
    /// Answer every question with yes
    #[arg(short, long)]
    pub yes: bool,
    /// Say less
    #[arg(short, long)]
    pub quiet: bool,
    /// Say more
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
    /// When to colour
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// Write shell completions, the man page or the command reference to standard output
    #[arg(long, value_enum, value_name = "WHAT", hide = true)]
    pub generate: Option<Generated>,
    /// Load no extension files
    #[arg(long)]
    pub no_ext: bool,
    /// Keep every call with arguments, result and time in a file; secrets are masked
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// vboxshell's spelling of a connection over the web service at http://localhost:18083
    #[arg(short = 'w')]
    pub web: bool,
    /// vboxshell's spelling of connection options: url=, user=, password-file=, ca-file=, fingerprint=
    #[arg(short = 'o', value_name = "KEY=VALUE,...", value_delimiter = ',')]
    pub options: Vec<String>,
    /// vboxshell's option to load extensions automatically; accepted, it is the default here
    #[arg(short = 'a', hide = true)]
    pub autopath: bool,
    /// Script to run, by its ending
    #[arg(value_name = "SCRIPT")]
    pub script: Option<String>,
    /// Arguments of the script
    #[arg(value_name = "ARG", trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<String>,
}

impl Arguments {
    /// Reads the program's words, its own name first. Everything behind a script is the script's, also what
    /// looks like an option of this program. Usage errors, `--help` and `--version` end the process.
    pub fn read(words: Vec<OsString>) -> Self {
        Self::parse_from(separated(words))
    }
}

/// The words with `--` before the first that is neither an option nor an option's value.
fn separated(mut words: Vec<OsString>) -> Vec<OsString> {
    let command = Arguments::command();
    let takes_value = |is: &dyn Fn(&clap::Arg) -> bool| {
        command.get_arguments().any(|argument| is(argument) && argument.get_action().takes_values())
    };
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let word = word.to_string_lossy();
        let alone = if word == "--" {
            return words;
        } else if let Some(name) = word.strip_prefix("--") {
            !name.contains('=') && takes_value(&|argument| argument.get_long() == Some(name))
        } else if let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            let valued = letters
                .char_indices()
                .find(|(_, letter)| takes_value(&|argument| argument.get_short() == Some(*letter)));
            valued.is_some_and(|(place, letter)| place + letter.len_utf8() == letters.len())
        } else {
            words.insert(at, "--".into());
            return words;
        };
        at += if alone { 2 } else { 1 };
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_a_script_is_the_script_s() {
        let read = |line: &str| Arguments::read(line.split(' ').map(OsString::from).collect());
        let read = read("vboxsh -yu embedded --color=never --lang python --home /x a.py -c 1 --lang -- b");
        assert_eq!(read.script.as_deref(), Some("a.py"));
        assert_eq!(read.arguments, ["-c", "1", "--lang", "--", "b"]);
        assert!(read.command.is_empty() && read.yes && read.connect == "embedded");
        let read = Arguments::read(["vboxsh", "-c", "list", "-"].map(OsString::from).into());
        assert_eq!((read.command.as_slice(), read.script.as_deref()), (&["list".to_owned()][..], Some("-")));
    }
}
