//! Roles of text, and what they look like. Nothing outside this file names a colour.

use nu_ansi_term::{Color, Style as Ansi};
use std::sync::OnceLock;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What a piece of text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Column titles and section titles.
    Heading,
    /// Names of attributes and other keys.
    Key,
    /// Interface and enumeration names.
    Type,
    /// Text values.
    Text,
    /// Numbers.
    Number,
    /// Enumeration values and truth values.
    Constant,
    /// Names of commands.
    Command,
    /// Keywords of a script.
    Keyword,
    /// Comments, hints, what is less important.
    Dim,
    /// `error:` and unknown names.
    Error,
    /// `warning:`.
    Warning,
    /// `hint:`.
    Hint,
    /// A state in which something runs.
    Good,
    /// The prompt.
    Prompt,
}

impl Role {
    const ALL: [Self; 14] = [
        Self::Heading,
        Self::Key,
        Self::Type,
        Self::Text,
        Self::Number,
        Self::Constant,
        Self::Command,
        Self::Keyword,
        Self::Dim,
        Self::Error,
        Self::Warning,
        Self::Hint,
        Self::Good,
        Self::Prompt,
    ];

    fn ansi(self) -> Ansi {
        match self {
            Self::Heading => Ansi::new().bold(),
            Self::Key => Color::Blue.normal(),
            Self::Type => Color::Cyan.normal(),
            Self::Text => Color::Green.normal(),
            Self::Number => Color::Magenta.normal(),
            Self::Constant => Color::Yellow.normal(),
            Self::Command => Color::Cyan.bold(),
            Self::Keyword => Color::Purple.normal(),
            Self::Dim => Ansi::new().dimmed(),
            Self::Error => Color::Red.bold(),
            Self::Warning => Color::Yellow.bold(),
            Self::Hint => Color::Cyan.normal(),
            Self::Good => Color::Green.bold(),
            Self::Prompt => Color::Blue.bold(),
        }
    }
}

/// Whether an escape sequence is one that [`Style::paint`] writes.
pub(super) fn is_own_sequence(sequence: &str) -> bool {
    static OWN: OnceLock<Vec<String>> = OnceLock::new();
    let own = OWN.get_or_init(|| {
        let looks = Role::ALL.into_iter().map(Role::ansi);
        looks.flat_map(|look| [look.prefix().to_string(), look.suffix().to_string()]).collect()
    });
    own.iter().any(|known| known == sequence)
}

/// Paints roles, or leaves text as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    on: bool,
}

impl Style {
    /// Colours on or off.
    pub fn new(on: bool) -> Self {
        Self { on }
    }

    /// Whether it paints.
    pub fn is_on(self) -> bool {
        self.on
    }

    /// The text in the look of a role.
    pub fn paint(self, role: Role, text: &str) -> String {
        if !self.on || text.is_empty() {
            return text.to_owned();
        }
        role.ansi().paint(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paints_when_on_only() {
        assert_eq!(Style::new(true).paint(Role::Error, "error:"), "\u{1b}[1;31merror:\u{1b}[0m");
        assert_eq!(Style::new(true).paint(Role::Error, ""), "");
        assert_eq!(Style::new(false).paint(Role::Error, "error:"), "error:");
    }

    #[test]
    fn knows_its_own_sequences() {
        for role in Role::ALL {
            let painted = Style::new(true).paint(role, "x");
            let (prefix, suffix) = painted.split_once('x').unwrap();
            assert!(is_own_sequence(prefix) && is_own_sequence(suffix), "{role:?}");
        }
        assert!(!is_own_sequence("\u{1b}[2J") && !is_own_sequence("\u{1b}[8m") && !is_own_sequence(""));
    }
}
