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
    /// All of them.
    pub const ALL: [Self; 14] = [
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

    /// Its look: bold or not, and the number of a colour among the 256 that every palette but the basic one takes.
    fn ansi(self, palette: Palette) -> Ansi {
        if palette == Palette::Basic {
            return self.basic();
        }
        let look = match palette.color(self) {
            Some(number) => Color::Fixed(number).normal(),
            None => Ansi::new(),
        };
        if self.is_bold() { look.bold() } else { look }
    }

    fn is_bold(self) -> bool {
        matches!(self, Self::Heading | Self::Command | Self::Error | Self::Warning | Self::Good | Self::Prompt)
    }

    fn basic(self) -> Ansi {
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

    /// What it is called, and what it is for.
    pub fn described(self) -> (&'static str, &'static str) {
        match self {
            Self::Heading => ("heading", "titles of columns and sections"),
            Self::Key => ("key", "names of attributes"),
            Self::Type => ("type", "interfaces and enumerations"),
            Self::Text => ("text", "\"texts\""),
            Self::Number => ("number", "2048"),
            Self::Constant => ("constant", "values of enumerations, true, false"),
            Self::Command => ("command", "names of commands"),
            Self::Keyword => ("keyword", "let, if, for"),
            Self::Dim => ("dim", "comments and hints behind the cursor"),
            Self::Error => ("error", "error:"),
            Self::Warning => ("warning", "warning:"),
            Self::Hint => ("hint", "hint:"),
            Self::Good => ("good", "states in which something runs"),
            Self::Prompt => ("prompt", "vbox>"),
        }
    }
}

/// A set of colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Palette {
    /// The eight colours that the terminal itself chooses, for terminals that have no more.
    Basic,
    /// Readable on a dark and on a light ground.
    #[default]
    Neutral,
    /// For a dark ground.
    Dark,
    /// For a light ground.
    Light,
}

impl Palette {
    pub(super) const ALL: [Self; 4] = [Self::Basic, Self::Neutral, Self::Dark, Self::Light];

    /// Number of a role's colour among the 256; none for the terminal's own.
    fn color(self, role: Role) -> Option<u8> {
        // On a dark ground, on a light one, on both.
        let [dark, light, neutral] = match role {
            Role::Heading => return None,
            Role::Key => [75, 25, 32],
            Role::Type | Role::Hint => [80, 23, 30],
            Role::Text | Role::Good => [114, 22, 28],
            Role::Number => [176, 90, 133],
            Role::Constant => [221, 94, 130],
            Role::Command => [81, 24, 31],
            Role::Keyword => [147, 55, 98],
            Role::Dim => [246, 241, 244],
            Role::Error => [203, 160, 196],
            Role::Warning => [214, 94, 166],
            Role::Prompt => [75, 25, 32],
        };
        match self {
            Self::Basic => None,
            Self::Neutral => Some(neutral),
            Self::Dark => Some(dark),
            Self::Light => Some(light),
        }
    }
}

/// Whether an escape sequence is one that [`Style::paint`] writes.
pub(super) fn is_own_sequence(sequence: &str) -> bool {
    static OWN: OnceLock<Vec<String>> = OnceLock::new();
    let own = OWN.get_or_init(|| {
        let looks = Palette::ALL.into_iter().flat_map(|palette| Role::ALL.map(|role| role.ansi(palette)));
        let mut own: Vec<String> =
            looks.flat_map(|look| [look.prefix().to_string(), look.suffix().to_string()]).collect();
        own.sort();
        own.dedup();
        own
    });
    own.iter().any(|known| known == sequence)
}

/// Paints roles, or leaves text as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    palette: Option<Palette>,
}

impl Style {
    /// Colours on or off.
    pub fn new(on: bool) -> Self {
        Self { palette: on.then(Palette::default) }
    }

    /// With the colours of a palette.
    #[must_use]
    pub fn with(palette: Palette) -> Self {
        Self { palette: Some(palette) }
    }

    /// Whether it paints.
    pub fn is_on(self) -> bool {
        self.palette.is_some()
    }

    /// The text in the look of a role.
    pub fn paint(self, role: Role, text: &str) -> String {
        match self.palette {
            Some(palette) if !text.is_empty() => role.ansi(palette).paint(text).to_string(),
            _ => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paints_when_on_only() {
        let basic = Style::with(Palette::Basic);
        assert_eq!(basic.paint(Role::Error, "error:"), "\u{1b}[1;31merror:\u{1b}[0m");
        assert_eq!(Style::new(true).paint(Role::Error, "error:"), "\u{1b}[1;38;5;196merror:\u{1b}[0m");
        assert_eq!(Style::new(true).paint(Role::Error, ""), "");
        assert_eq!(Style::new(false).paint(Role::Error, "error:"), "error:");
    }

    #[test]
    fn knows_its_own_sequences() {
        for (palette, role) in Palette::ALL.into_iter().flat_map(|palette| Role::ALL.map(|role| (palette, role))) {
            let painted = Style::with(palette).paint(role, "x");
            let (prefix, suffix) = painted.split_once('x').unwrap();
            assert!(is_own_sequence(prefix) && is_own_sequence(suffix), "{role:?}");
        }
        assert!(!is_own_sequence("\u{1b}[2J") && !is_own_sequence("\u{1b}[8m") && !is_own_sequence(""));
    }

    /// Red, green and blue of one of the upper 240 colours, as xterm has them.
    fn rgb(number: u8) -> [u8; 3] {
        if number >= 232 {
            return [8 + 10 * (number - 232); 3];
        }
        let step = |at: u8| [0, 95, 135, 175, 215, 255][usize::from(at % 6)];
        let number = number - 16;
        [step(number / 36), step(number / 6), step(number)]
    }

    /// Contrast by the WCAG's formula: 1 for none, 21 for black on white.
    fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
        let light = |color: [u8; 3]| {
            let [r, g, b] = color.map(|part| {
                let part = f64::from(part) / 255.0;
                if part <= 0.03928 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05
        };
        let (one, other) = (light(one), light(other));
        one.max(other) / one.min(other)
    }

    #[test]
    fn every_role_can_be_read_on_the_grounds_of_its_palette() {
        let (dark, light) = ([[0; 3], [0x1e; 3], [0x28, 0x2c, 0x34]], [[255; 3], [0xfd, 0xf6, 0xe3], [0xf0; 3]]);
        let both = [[0; 3], [0x1e; 3], [255; 3], [0xfd, 0xf6, 0xe3]];
        for (palette, grounds, least) in
            [(Palette::Dark, &dark[..], 4.5), (Palette::Light, &light, 4.5), (Palette::Neutral, &both, 3.0)]
        {
            for role in Role::ALL {
                let Some(color) = palette.color(role) else { continue };
                for ground in grounds {
                    let contrast = contrast(rgb(color), *ground);
                    assert!(contrast >= least, "{palette:?} {role:?} {color} on {ground:?}: {contrast:.1}");
                }
            }
        }
        assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 0.01);
    }

    #[test]
    fn roles_that_stand_side_by_side_look_different() {
        for palette in [Palette::Dark, Palette::Light, Palette::Neutral] {
            let roles = [Role::Key, Role::Type, Role::Text, Role::Number, Role::Constant, Role::Dim, Role::Keyword];
            let mut colors: Vec<_> = roles.iter().map(|role| palette.color(*role)).collect();
            colors.sort();
            colors.dedup();
            assert_eq!(colors.len(), roles.len(), "{palette:?}");
        }
    }
}
