//! Which lines hold secrets, and so are never kept in the history.
//!
//! It errs on the safe side: a line that only looks as if it held one is not kept either.

use super::tokens::{TokenKind, tokens};
use crate::schema::{Schema, snake_case};
use crate::shell::{Commands, Language};
use std::collections::HashSet;
use std::sync::OnceLock;

/// Parts of names whose values are secret.
const SECRET: &[&str] =
    &["password", "passwd", "passphrase", "secret", "credential", "productkey", "apikey", "privatekey"];

/// Whether a line holds, or may hold, a secret.
pub fn holds_secret(line: &str, commands: &Commands, schema: &'static Schema) -> bool {
    names_secret(line)
        || token_given(line)
        || address_with_password(line)
        || secret_word(line, commands)
        || secret_argument(line, schema)
}

/// `--password x`, `userPassword = ...`, `VBOXSH_PASSWORD`: the name itself gives it away.
fn names_secret(text: &str) -> bool {
    let folded: String =
        text.chars().filter(|letter| !matches!(letter, '_' | '-')).flat_map(char::to_lowercase).collect();
    SECRET.iter().any(|secret| folded.contains(secret))
}

/// A token is no secret word by itself (`IToken`), but a value given to it is.
fn token_given(line: &str) -> bool {
    let folded = line.to_lowercase();
    folded.contains("--token") || folded.contains("token=") || folded.contains("token =")
}

/// `https://user:password@host`.
fn address_with_password(line: &str) -> bool {
    line.match_indices("://").any(|(at, _)| {
        let authority =
            line[at + 3..].split(|letter: char| letter == '/' || letter.is_whitespace()).next().unwrap_or_default();
        authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
    })
}

/// A command with an argument that the command table calls a password.
fn secret_word(line: &str, commands: &Commands) -> bool {
    let word = line.trim_start_matches(':').split_whitespace().next().unwrap_or_default();
    let arguments = commands.find(word).map(|command| command.arguments.iter());
    arguments.is_some_and(|mut arguments| arguments.any(|argument| names_secret(&argument.name)))
}

/// A call, of whatever object, of a method that takes a secret (`createSession(user, password, ...)`).
fn secret_argument(line: &str, schema: &'static Schema) -> bool {
    let tokens = tokens(line, Language::Rhai);
    let methods = secret_methods(schema);
    tokens.iter().enumerate().any(|(at, token)| {
        if token.kind != TokenKind::Word || !methods.contains(token.text) {
            return false;
        }
        // With blanks behind it too: `call web-01.guest.createSession ops swordfish`.
        match (tokens.get(at + 1), tokens.get(at + 2)) {
            (None, _) => false,
            (Some(next), None) => !next.is(")") && !next.is("?"),
            (Some(next), Some(last)) => !(next.is(")") || next.is("(") && last.is(")")),
        }
    })
}

fn secret_methods(schema: &'static Schema) -> &'static HashSet<String> {
    static METHODS: OnceLock<HashSet<String>> = OnceLock::new();
    METHODS.get_or_init(|| {
        let methods = schema.interfaces().iter().flat_map(|interface| interface.own_methods());
        let secret = methods.filter(|method| method.inputs().any(|parameter| names_secret(parameter.name)));
        secret.flat_map(|method| [method.name.to_owned(), snake_case(method.name).into_owned()]).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    #[test]
    fn lines_with_secrets_are_known() {
        let commands = testing::commands();
        for (line, secret) in [
            ("connect https://ops:swordfish@host:18083", true),
            ("connect https://ops@host:18083", false),
            ("connect host --password swordfish", true),
            ("u.userPassword = \"swordfish\"", true),
            ("u.user_password = \"swordfish\"", true),
            ("session.console.guest.createSession(\"ops\", \"swordfish\", \"\", \"\")", true),
            ("g.create_session(\"ops\", \"swordfish\")", true),
            ("call web-01.guest.createSession ops swordfish", true),
            ("m.createSession?", false),
            ("log-in ops swordfish", true),
            ("let passphrase = \"x\"", true),
            ("!curl --token abc", true),
            ("list", false),
            ("let m = vbox.findMachine(\"web-01\")", false),
            ("session.machine.lockMachine(session, \"Write\")", false),
        ] {
            assert_eq!(holds_secret(line, &commands, crate::schema::embedded()), secret, "{line}");
        }
    }
}
