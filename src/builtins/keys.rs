//! Text as key strokes: what `type-guest` sends to a keyboard. Scan codes of set 1, keys of a US keyboard.
//!
//! `^`, `|`, `_` and `$` hold Ctrl, Shift, Alt and the GUI key for the next key; `&NAME;` is a key by its name;
//! `{...}` presses all keys inside together; `\` makes the next sign an ordinary one, `\n` is Enter.

use crate::output::Failure;
use std::time::Duration;

/// What is done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stroke {
    /// Codes for the keyboard, pressed and released.
    Codes(Vec<i64>),
    /// Time for the guest to follow.
    Wait(Duration),
}

/// A key: its code, whether it is one of the extended ones, and whether it wants Shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    code: i64,
    extended: bool,
    shifted: bool,
}

/// Rows of the keyboard from their first code on, without and with Shift.
const ROWS: [(i64, &str, &str); 5] = [
    (0x02, "1234567890-=", "!@#$%^&*()_+"),
    (0x10, "qwertyuiop[]", "QWERTYUIOP{}"),
    (0x1e, "asdfghjkl;'`", "ASDFGHJKL:\"~"),
    (0x2b, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (0x39, " ", ""),
];

const NAMES: [(&str, i64, bool); 45] = [
    ("ESC", 0x01, false),
    ("BKSP", 0x0e, false),
    ("TAB", 0x0f, false),
    ("ENTER", 0x1c, false),
    ("LCTR", 0x1d, false),
    ("LSHIFT", 0x2a, false),
    ("RSHIFT", 0x36, false),
    ("LALT", 0x38, false),
    ("SPACE", 0x39, false),
    ("CAPS", 0x3a, false),
    ("F1", 0x3b, false),
    ("F2", 0x3c, false),
    ("F3", 0x3d, false),
    ("F4", 0x3e, false),
    ("F5", 0x3f, false),
    ("F6", 0x40, false),
    ("F7", 0x41, false),
    ("F8", 0x42, false),
    ("F9", 0x43, false),
    ("F10", 0x44, false),
    ("NUMLOCK", 0x45, false),
    ("SCROLL", 0x46, false),
    ("F11", 0x57, false),
    ("F12", 0x58, false),
    ("RCTR", 0x1d, true),
    ("RALT", 0x38, true),
    ("HOME", 0x47, true),
    ("UP", 0x48, true),
    ("PGUP", 0x49, true),
    ("LEFT", 0x4b, true),
    ("RIGHT", 0x4d, true),
    ("END", 0x4f, true),
    ("DOWN", 0x50, true),
    ("PGDOWN", 0x51, true),
    ("PGDN", 0x51, true),
    ("INS", 0x52, true),
    ("DEL", 0x53, true),
    ("LGUI", 0x5b, true),
    ("RGUI", 0x5c, true),
    ("APPS", 0x5d, true),
    ("PRINT", 0x37, true),
    ("KPENTER", 0x1c, true),
    ("KPDIV", 0x35, true),
    ("KPMUL", 0x37, false),
    ("KPPLUS", 0x4e, false),
];

const SHIFT: Key = Key { code: 0x2a, extended: false, shifted: false };

impl Key {
    fn of(letter: char) -> Option<Self> {
        match letter {
            '\n' => return Some(Self { code: 0x1c, extended: false, shifted: false }),
            '\t' => return Some(Self { code: 0x0f, extended: false, shifted: false }),
            _ => {}
        }
        ROWS.iter().find_map(|(first, plain, shifted)| {
            let find = |row: &str| row.chars().position(|known| known == letter);
            let (at, shifted) = find(plain).map(|at| (at, false)).or_else(|| find(shifted).map(|at| (at, true)))?;
            Some(Self { code: first + at as i64, extended: false, shifted })
        })
    }

    fn named(name: &str) -> Option<Self> {
        let (_, code, extended) = NAMES.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name))?;
        Some(Self { code: *code, extended: *extended, shifted: false })
    }

    fn codes(self, released: bool) -> impl Iterator<Item = i64> {
        let code = if released { self.code | 0x80 } else { self.code };
        self.extended.then_some(0xe0).into_iter().chain([code])
    }
}

/// The strokes that type a text.
///
/// # Errors
/// A sign that has no key, an unknown name of a key, a group that is not closed.
pub(super) fn strokes(text: &str) -> Result<Vec<Stroke>, Failure> {
    let mut out = Vec::new();
    let (mut held, mut group): (Vec<Key>, bool) = (Vec::new(), false);
    let mut letters = text.chars();
    let mut pressed = Vec::new();
    while let Some(letter) = letters.next() {
        let mut modifier = false;
        let key = match letter {
            '{' => {
                group = true;
                continue;
            }
            '}' if group => {
                group = false;
                release(&mut out, &mut pressed, &mut held);
                continue;
            }
            '^' | '|' | '_' | '$' => {
                modifier = true;
                Key::named(match letter {
                    '^' => "LCTR",
                    '|' => "LSHIFT",
                    '_' => "LALT",
                    _ => "LGUI",
                })
            }
            '&' => {
                let rest = letters.as_str();
                let Some((name, _)) = rest.split_once(';') else {
                    return Err(Failure::usage(
                        "`&` begins the name of a key, and its `;` is missing",
                        "write `&UP;`, or `\\&` for the sign itself",
                    ));
                };
                letters = rest[name.len() + 1..].chars();
                if name.eq_ignore_ascii_case("WAIT") {
                    out.push(Stroke::Wait(Duration::from_millis(300)));
                    continue;
                }
                Some(Key::named(name).ok_or_else(|| {
                    let near = crate::schema::suggest(name, NAMES.iter().map(|(known, ..)| *known));
                    let hint =
                        near.first().map_or("names are ESC, TAB, ENTER, F1, UP, DEL and so on".to_owned(), |near| {
                            format!("did you mean `&{near};`?")
                        });
                    Failure::usage(format!("no key is named `{name}`"), hint)
                })?)
            }
            '\\' => match letters.next() {
                Some('n') => Key::of('\n'),
                Some('t') => Key::of('\t'),
                Some(literal) => Key::of(literal),
                None => Key::of('\\'),
            },
            letter => Key::of(letter),
        };
        let key = key.ok_or_else(|| {
            Failure::usage(
                format!("`{letter}` has no key on a US keyboard"),
                "paste it into the guest by other means, such as a shared folder",
            )
        })?;
        if key.shifted && !held.contains(&SHIFT) {
            pressed.extend(SHIFT.codes(false));
            held.push(SHIFT);
        }
        pressed.extend(key.codes(false));
        held.push(key);
        if !group && !modifier {
            release(&mut out, &mut pressed, &mut held);
        }
    }
    if group {
        return Err(Failure::usage(
            "`{` presses keys together, and its `}` is missing",
            "write `\\{` for the sign itself",
        ));
    }
    release(&mut out, &mut pressed, &mut held);
    Ok(out)
}

/// Lets go of all keys, the last one first.
fn release(out: &mut Vec<Stroke>, pressed: &mut Vec<i64>, held: &mut Vec<Key>) {
    for key in held.drain(..).rev() {
        pressed.extend(key.codes(true));
    }
    if !pressed.is_empty() {
        out.push(Stroke::Codes(std::mem::take(pressed)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<Vec<i64>> {
        let codes = |stroke| match stroke {
            Stroke::Codes(codes) => codes,
            Stroke::Wait(_) => Vec::new(),
        };
        strokes(text).unwrap().into_iter().map(codes).collect()
    }

    #[test]
    fn letters_are_pressed_and_released() {
        assert_eq!(codes("az"), [[0x1e, 0x9e], [0x2c, 0xac]]);
        assert_eq!(codes("A"), [[0x2a, 0x1e, 0x9e, 0xaa]]);
        assert_eq!(codes("1/ \\n"), [[0x02, 0x82], [0x35, 0xb5], [0x39, 0xb9], [0x1c, 0x9c]]);
    }

    #[test]
    fn modifiers_hold_for_the_next_key_and_groups_for_all() {
        assert_eq!(codes("^c"), [[0x1d, 0x2e, 0xae, 0x9d]]);
        assert_eq!(codes("{^_&DEL;}"), [[0x1d, 0x38, 0xe0, 0x53, 0xe0, 0xd3, 0xb8, 0x9d]]);
        assert_eq!(codes("&UP;"), [[0xe0, 0x48, 0xe0, 0xc8]]);
        assert_eq!(codes("\\^"), [[0x2a, 0x07, 0x87, 0xaa]]);
        assert_eq!(strokes("&WAIT;").unwrap(), [Stroke::Wait(Duration::from_millis(300))]);
    }

    #[test]
    fn every_printable_sign_has_a_key() {
        for letter in ' '..='~' {
            assert!(Key::of(letter).is_some(), "{letter}");
        }
    }

    #[test]
    fn what_cannot_be_typed_is_said() {
        for (text, part) in [("&UPP;", "UPP"), ("&UP", "missing"), ("{a", "missing"), ("ß", "no key")] {
            let failure = strokes(text).unwrap_err();
            assert!(failure.message.contains(part), "{text}: {failure}");
        }
    }
}
