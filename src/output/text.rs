//! Text in columns: width, cutting, padding, wrapping.

use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns that a text takes on a terminal; escape sequences take none.
pub fn width(text: &str) -> usize {
    strip(text).width()
}

/// Pads with blanks to a width, on the left when `right` is true.
pub fn pad(text: &str, columns: usize, right: bool) -> String {
    let blanks = " ".repeat(columns.saturating_sub(width(text)));
    if right { format!("{blanks}{text}") } else { format!("{text}{blanks}") }
}

/// Cuts a text (without escape sequences) to a width, with an ellipsis.
pub fn truncate(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    match columns {
        0 => String::new(),
        columns => format!("{}…", beginning(text.chars(), columns - 1).into_iter().collect::<String>()),
    }
}

/// Cuts a text (without escape sequences) to a width in its middle: the end of a path says most.
pub(super) fn truncate_middle(text: &str, columns: usize) -> String {
    if text.width() <= columns || columns < 8 {
        return truncate(text, columns);
    }
    let room = columns - 1;
    let mut end = beginning(text.chars().rev(), room - room / 3);
    end.reverse();
    let end: String = end.into_iter().collect();
    let start: String = beginning(text.chars(), room - end.width()).into_iter().collect();
    format!("{start}…{end}")
}

/// As many letters as fit.
fn beginning(letters: impl Iterator<Item = char>, columns: usize) -> Vec<char> {
    let mut used = 0;
    let fits = |letter: &char| {
        used += letter.width().unwrap_or(0);
        used <= columns
    };
    letters.take_while(fits).collect()
}

/// Columns that a description beside a name needs at least; with fewer it goes below the name.
pub(super) const NARROWEST: usize = 20;

/// Breaks a text into lines of at most `columns`, at blanks. Lines keep their indentation, and what stands in a
/// column behind a name stays in it. A line that fits stays as it is; so does a word that is wider than a line (a
/// path can still be copied).
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut source = text.lines().peekable();
    let mut above = 0;
    while let Some(first) = source.next() {
        let mut paragraph = Cow::Borrowed(first);
        // What was broken for a wider page is put together again first.
        while width(&paragraph) > columns
            && let Some(next) = source.next_if(|next| goes_on(&paragraph, next))
        {
            paragraph = Cow::Owned(format!("{} {}", paragraph.trim_end(), next.trim_start()));
        }
        let paragraph = &*paragraph;
        let depth = paragraph.len() - paragraph.trim_start_matches(' ').len();
        if depth + NARROWEST <= columns {
            above = depth;
        }
        if width(paragraph) <= columns {
            lines.push(paragraph.to_owned());
            continue;
        }
        match beside(paragraph, depth) {
            Some((name, description)) => {
                let hang = width(paragraph) - width(description);
                if hang + NARROWEST <= columns {
                    let gap = " ".repeat(hang - width(name));
                    fill(&mut lines, &format!("{name}{gap}"), hang, description, columns);
                } else {
                    fill(&mut lines, "", depth, name.trim_start(), columns);
                    fill(&mut lines, "", depth + 4, description, columns);
                }
            }
            None => {
                // A description that stands in its column, below a long name.
                let indent = if depth + NARROWEST > columns { depth.min(above + 4) } else { depth };
                fill(&mut lines, "", indent, paragraph.trim_start(), columns);
            }
        }
    }
    lines
}

/// Lines of texts of this program that are longer than this (in columns) were broken where their page ended.
const PAGE: usize = 76;

/// Whether a line goes on with what the one before it began: in the column of a description, or in running text.
fn goes_on(line: &str, next: &str) -> bool {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    if next.trim().is_empty() || beside(next, indent(next)).is_some() {
        return false;
    }
    match beside(line, indent(line)) {
        Some((_, description)) => indent(next) == width(line) - width(description),
        None => indent(next) == indent(line) && width(line) >= PAGE && !line.trim_end().ends_with(['.', ':', ')', ';']),
    }
}

/// Breaks a line at blanks; what does not fit is indented by two columns more.
pub(super) fn hang(line: &str, columns: usize) -> Vec<String> {
    if width(line) <= columns {
        return vec![line.to_owned()];
    }
    let indent = line.len() - line.trim_start_matches(' ').len();
    let words = line[indent..].find(' ').map_or(line.len(), |end| indent + end + 1);
    let mut lines = Vec::new();
    fill(&mut lines, &line[..words], indent + 2, &line[words..], columns);
    lines
}

/// An indented line that has a name and, behind two blanks or more, what is said of it.
fn beside(line: &str, indent: usize) -> Option<(&str, &str)> {
    let gap = indent + line[indent..].find("  ")?;
    let description = line[gap..].trim_start();
    (indent > 0 && !description.is_empty()).then_some((&line[..gap], description))
}

/// Adds the words of a text as lines: the first one behind `before`, which takes `indent` columns, or what it is
/// indented by; all others indented.
fn fill(lines: &mut Vec<String>, before: &str, indent: usize, text: &str, columns: usize) {
    let blanks = " ".repeat(indent);
    let mut line = if before.is_empty() { blanks.clone() } else { before.to_owned() };
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && width(&line) + 1 + width(word) > columns {
            lines.push(std::mem::replace(&mut line, blanks.clone()));
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line += word;
        is_empty = false;
    }
    lines.push(line);
}

/// The width of the terminal that this process writes to.
pub(super) fn terminal_width() -> Option<usize> {
    let (columns, _) = terminal_size::terminal_size()?;
    Some(usize::from(columns.0)).filter(|columns| *columns > 0)
}

/// Columns of the terminal, for what is drawn on it only; 80 where there is none.
pub fn terminal_columns() -> usize {
    terminal_width().unwrap_or(80)
}

/// Rows of the terminal, for what is drawn on it only; 24 where there is none.
pub fn terminal_rows() -> usize {
    terminal_height().unwrap_or(24)
}

/// The height of the terminal that this process writes to.
pub(super) fn terminal_height() -> Option<usize> {
    let (_, rows) = terminal_size::terminal_size()?;
    Some(usize::from(rows.0)).filter(|rows| *rows > 0)
}

/// A text without escape sequences.
fn strip(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            // Its own sequences are `ESC [ numbers m`; a sequence ends with a letter.
            letters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            out.push(letter);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{Role, Style};

    #[test]
    fn width_counts_columns_not_letters_or_colours() {
        assert_eq!(width("web-01"), 6);
        assert_eq!(width("漢字"), 4);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(width(&Style::new(true).paint(Role::Error, "error:")), 6);
    }

    #[test]
    fn truncates_by_columns() {
        assert_eq!(truncate("web-01", 6), "web-01");
        assert_eq!(truncate("web-01", 4), "web…");
        assert_eq!(truncate("漢字漢字", 4), "漢…");
        assert_eq!(truncate("web-01", 1), "…");
        assert_eq!(truncate("web-01", 0), "");
    }

    #[test]
    fn truncates_paths_in_the_middle() {
        let cut = truncate_middle("/home/ops/VirtualBox VMs/web-01/web-01.vdi", 20);
        assert_eq!(cut, "/home/…01/web-01.vdi");
        assert_eq!(width(&cut), 20);
        assert_eq!(truncate_middle("/a/b", 20), "/a/b");
    }

    #[test]
    fn pads_painted_text() {
        assert_eq!(pad("7", 3, true), "  7");
        let painted = Style::new(true).paint(Role::Number, "7");
        assert_eq!(pad(&painted, 3, false), format!("{painted}  "));
    }

    #[test]
    fn wraps_at_blanks_and_keeps_indentation() {
        assert_eq!(wrap("  one two three", 9), ["  one two", "  three"]);
        assert_eq!(wrap("a   b\n\nc", 9), ["a   b", "", "c"]);
        assert_eq!(wrap("see /a/very/long/path now", 10), ["see", "/a/very/long/path", "now"]);
    }

    #[test]
    fn what_was_broken_for_a_wide_page_is_put_together_first() {
        let text = "  Up, Down  earlier lines that begin\n            as this one does\n  Enter     runs it";
        assert_eq!(
            wrap(text, 34),
            ["  Up, Down  earlier lines that", "            begin as this one does", "  Enter     runs it"]
        );
        let prose = format!("{} and\nthe end. Next\n\nlast", "word ".repeat(16).trim_end());
        let wrapped = wrap(&prose, 60);
        assert_eq!(wrapped.iter().map(|line| width(line)).collect::<Vec<_>>(), [59, 37, 0, 4], "{wrapped:?}");
        assert_eq!(wrap("a short one\nand another", 8), ["a short", "one", "and", "another"], "these are lines");
    }

    #[test]
    fn what_does_not_fit_hangs() {
        assert_eq!(hang("error: one two three", 14), ["error: one two", "  three"]);
        assert_eq!(hang("  a longer cause", 11), ["  a longer", "    cause"]);
        assert_eq!(hang("short", 3), ["short"]);
    }

    #[test]
    fn what_stands_beside_a_name_stays_in_its_column() {
        assert_eq!(
            wrap("  list      all machines that there are", 32),
            ["  list      all machines that", "            there are"]
        );
        assert_eq!(
            wrap("  a long name\n                a text in its column", 30),
            ["  a long name", "      a text in its column"],
            "where its column is too far to the right"
        );
        assert_eq!(
            wrap("  list      all machines", 20),
            ["  list", "      all machines"],
            "below it where there is no room"
        );
        let painted = format!("  {}  one two three four five", Style::new(true).paint(Role::Key, "list"));
        assert_eq!(wrap(&painted, 28).iter().map(|line| width(line)).collect::<Vec<_>>(), [26, 12]);
    }
}
