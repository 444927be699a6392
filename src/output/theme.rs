//! Which colours suit the terminal.

use super::Palette;
use serde::Deserialize;

/// What the user says of the terminal's ground.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// Nothing: colours that can be read on any ground.
    #[default]
    Neutral,
    /// It is dark.
    Dark,
    /// It is light.
    Light,
    /// The terminal is asked.
    Auto,
    /// No colours.
    None,
}

impl Theme {
    /// The words for them.
    pub const NAMES: [&'static str; 5] = ["neutral", "dark", "light", "auto", "none"];

    /// The theme of that name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "neutral" => Self::Neutral,
            "dark" => Self::Dark,
            "light" => Self::Light,
            "auto" => Self::Auto,
            "none" => Self::None,
            _ => return None,
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Auto => "auto",
            Self::None => "none",
        }
    }

    /// Its colours; `asked` says whether the terminal's ground is light, if it does.
    pub(super) fn palette(self, asked: impl FnOnce() -> Option<bool>) -> Option<Palette> {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        self.chosen(&variable("TERM"), &variable("COLORFGBG"), asked)
    }

    fn chosen(self, term: &str, told: &str, asked: impl FnOnce() -> Option<bool>) -> Option<Palette> {
        // These have eight or sixteen colours, or show others wrongly.
        if matches!(term, "linux" | "ansi" | "vt100" | "vt220" | "cygwin" | "xterm-color" | "xterm-16color") {
            return (self != Self::None).then_some(Palette::Basic);
        }
        Some(match self {
            Self::None => return None,
            Self::Neutral => Palette::Neutral,
            Self::Dark => Palette::Dark,
            Self::Light => Palette::Light,
            Self::Auto => match background(told).or_else(asked) {
                Some(true) => Palette::Light,
                Some(false) => Palette::Dark,
                None => Palette::Neutral,
            },
        })
    }
}

/// Whether the ground is light by `COLORFGBG`: numbers of two of the sixteen colours, the ground last.
fn background(told: &str) -> Option<bool> {
    let ground: u8 = told.rsplit(';').next()?.parse().ok()?;
    Some(matches!(ground, 7 | 9..=15))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ground_decides_where_it_is_known() {
        let auto = |told: &str, asked| Theme::Auto.chosen("xterm-256color", told, || asked);
        assert_eq!(auto("15;0", Some(true)), Some(Palette::Dark), "the environment is asked first");
        assert_eq!(auto("0;15", None), Some(Palette::Light));
        assert_eq!((auto("", Some(true)), auto("", Some(false))), (Some(Palette::Light), Some(Palette::Dark)));
        assert_eq!(auto("default;default", None), Some(Palette::Neutral));
        assert_eq!(Theme::None.chosen("xterm", "", || None), None);
        assert_eq!(Theme::Light.chosen("linux", "", || None), Some(Palette::Basic));
    }

    #[test]
    fn names_are_those_of_the_configuration() {
        for name in Theme::NAMES {
            assert_eq!(Theme::named(name).map(Theme::name), Some(name));
        }
        assert_eq!(Theme::named("pink"), None);
    }
}
