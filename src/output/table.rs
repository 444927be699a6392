//! Tables without borders, fitted to the terminal: two blanks between columns, numbers to the right,
//! the widest texts cut first, and nothing cut when no terminal reads.

use super::{Align, Column, Role, Style, text};
use crate::schema::snake_case;
use std::borrow::Cow;

/// Blanks between two columns.
const GAP: usize = 2;
/// With fewer letters than this a text says nothing; the first column, which names the row, needs more.
const READABLE: usize = 8;
const READABLE_FIRST: usize = 16;
/// So many columns are shown however narrow it is.
const FEWEST: usize = 2;

/// What stands in one place of a table: clean text of one line, and its look.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) role: Option<Role>,
    pub(super) is_number: bool,
    /// No value: says nothing about the column.
    pub(super) is_missing: bool,
}

/// A table whose values have become text.
#[derive(Clone, Debug, Default)]
pub(super) struct Grid {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
}

impl Grid {
    /// The table as lines, without a line end behind the last. `fit` is the width to keep to.
    pub(super) fn render(&self, fit: Option<usize>, style: Style) -> String {
        let headings: Vec<String> = self.columns.iter().map(heading).collect();
        let right: Vec<bool> = (0..self.columns.len()).map(|at| self.leans_right(at)).collect();
        let mut widths: Vec<usize> = headings.iter().map(|heading| text::width(heading)).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = text::width(&cell.text).max(*width);
            }
        }
        let mut more = None;
        if let Some(columns) = fit {
            let shown = self.fitting(&widths, &right, columns);
            more = (shown < widths.len()).then(|| {
                let names = headings[shown..].join(", ").to_lowercase();
                let note = text::truncate(&format!("(too narrow for: {names})"), columns);
                format!("\n{}", style.paint(Role::Dim, &note))
            });
            widths.truncate(shown);
            self.shrink(&mut widths, &right, columns);
        }
        let heading_cells =
            headings.into_iter().map(|text| Cell { text, role: Some(Role::Heading), ..Cell::default() });
        let heading_row: Vec<Cell> = heading_cells.collect();
        let rows = std::iter::once(&heading_row).chain(&self.rows);
        let lines = rows.map(|row| line(row, &widths, &right, style)).collect::<Vec<_>>().join("\n");
        lines + more.as_deref().unwrap_or_default()
    }

    /// How many columns are shown in a width. Where they would be cut to a few letters each the last ones go; they say
    /// least.
    fn fitting(&self, widths: &[usize], right: &[bool], fit: usize) -> usize {
        let least = |count: usize| {
            let needed = (0..count).map(|at| if right[at] { widths[at] } else { widths[at].min(readable(at)) });
            needed.sum::<usize>() + GAP * count.saturating_sub(1)
        };
        let fewest = FEWEST.min(widths.len());
        (fewest..=widths.len()).rev().find(|count| least(*count) <= fit).unwrap_or(fewest)
    }

    fn leans_right(&self, at: usize) -> bool {
        let mut cells = self.rows.iter().filter_map(|row| row.get(at)).filter(|cell| !cell.is_missing).peekable();
        let told = self.columns.get(at).is_some_and(|column| column.align == Align::Right);
        told || (cells.peek().is_some() && cells.all(|cell| cell.is_number))
    }

    /// Takes width from the widest columns until the table fits: first from texts, then from ids
    /// (half an id is of little use), then from all.
    fn shrink(&self, widths: &mut [usize], right: &[bool], fit: usize) {
        let gaps = GAP * widths.len().saturating_sub(1);
        let is_id = |at: usize| {
            self.columns.get(at).is_some_and(|column| column.key.ends_with("id") || column.key.ends_with("Id"))
        };
        let passes: [(usize, &dyn Fn(usize) -> bool); 3] =
            [(12, &|at| !right[at] && !is_id(at)), (READABLE, &|at| !right[at]), (1, &|_| true)];
        for (least, may_shrink) in passes {
            let floor = |at: usize| if least > 1 { least.max(readable(at)) } else { 1 };
            loop {
                let over = (widths.iter().sum::<usize>() + gaps).saturating_sub(fit);
                if over == 0 {
                    return;
                }
                let candidates = (0..widths.len()).filter(|at| may_shrink(*at) && widths[*at] > floor(*at));
                let Some(widest) = candidates.max_by_key(|at| widths[*at]) else { break };
                // Down to the next narrower one at most, so that several wide ones share the loss.
                let next = widths.iter().copied().filter(|width| *width < widths[widest]).max().unwrap_or(0);
                widths[widest] =
                    widths[widest].saturating_sub(over).max(next).max(floor(widest)).min(widths[widest] - 1);
            }
        }
    }
}

fn readable(at: usize) -> usize {
    if at == 0 { READABLE_FIRST } else { READABLE }
}

fn line(row: &[Cell], widths: &[usize], right: &[bool], style: Style) -> String {
    let nothing = Cell::default();
    let mut out = String::new();
    for (at, (width, right)) in widths.iter().zip(right).enumerate() {
        let cell = row.get(at).unwrap_or(&nothing);
        let cut = cut(&cell.text, *width);
        let painted = cell.role.map_or_else(|| cut.to_string(), |role| style.paint(role, &cut));
        if at > 0 {
            out += &" ".repeat(GAP);
        }
        let is_last = at + 1 == widths.len();
        out += &if is_last && !right { painted } else { text::pad(&painted, *width, *right) };
    }
    out.truncate(out.trim_end_matches(' ').len());
    out
}

fn cut(text: &str, width: usize) -> Cow<'_, str> {
    match text::width(text) <= width {
        true => Cow::Borrowed(text),
        false if text.starts_with('/') || text.get(1..3) == Some(":\\") => {
            Cow::Owned(text::truncate_middle(text, width))
        }
        false => Cow::Owned(text::truncate(text, width)),
    }
}

/// `OS TYPE ID`.
fn heading(column: &Column) -> String {
    match column.title.as_str() {
        // `IPv6` is one word, whatever its capitals.
        "" => snake_case(&column.key.replace("IPv6", "Ipv6")).replace('_', " ").to_uppercase(),
        title => title.to_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(keys: &[&str], rows: &[&[&str]]) -> Grid {
        let cell = |text: &&str| Cell {
            text: (*text).to_owned(),
            is_number: text.parse::<i64>().is_ok(),
            is_missing: *text == "-",
            ..Cell::default()
        };
        Grid {
            columns: keys.iter().map(|key| Column::new(key)).collect(),
            rows: rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
        }
    }

    #[test]
    fn numbers_lean_to_the_right_and_lines_end_without_blanks() {
        let grid = grid(&["name", "memorySize", "note"], &[&["web-01", "2048", "a"], &["db", "-", ""]]);
        let expected = "NAME    MEMORY SIZE  NOTE\nweb-01         2048  a\ndb                -";
        assert_eq!(grid.render(None, Style::default()), expected);
    }

    #[test]
    fn a_column_with_one_text_leans_to_the_left() {
        let grid = grid(&["value"], &[&["1"], &["many"]]);
        assert_eq!(grid.render(None, Style::default()), "VALUE\n1\nmany");
    }

    #[test]
    fn the_widest_text_is_cut_first_and_the_id_stays() {
        let id = "8d095cb0-0126-43e0-b05d-326e74abb356";
        let grid = grid(&["name", "id", "location"], &[&["web-01.vdi", id, "/home/ops/VirtualBox VMs/web-01.vdi"]]);
        let lines = grid.render(Some(72), Style::default());
        assert!(lines.lines().all(|line| text::width(line) <= 72), "{lines}");
        assert_eq!(lines.lines().nth(1), Some(format!("web-01.vdi  {id}  /home/o…VMs/web-01.vdi").as_str()));
    }

    #[test]
    fn every_width_is_kept_as_long_as_a_letter_fits() {
        let grid = grid(&["name", "count", "text"], &[&["漢字漢字漢字", "123456", "some words of text"]]);
        for width in 7..60 {
            let lines = grid.render(Some(width), Style::default());
            assert!(lines.lines().all(|line| text::width(line) <= width), "{width}: {lines}");
        }
    }

    #[test]
    fn a_narrow_terminal_shows_the_first_columns_and_names_the_others() {
        let texts = ["Debian12_arm64", "Debian 12 Bookworm (ARM 64-bit)", "Linux", "ARM", "2048"];
        let grid = grid(&["id", "description", "family", "architecture", "memory"], &[&texts]);
        let lines = grid.render(Some(40), Style::default());
        let expected = "ID              DESCRIPTION       FAMILY\nDebian12_arm64  Debian 12 Bookw…  Linux\n(too narrow for: architecture, memory)";
        assert_eq!(lines, expected);
        assert!(!grid.render(Some(72), Style::default()).contains("too narrow"));
    }

    #[test]
    fn colours_take_no_columns() {
        let mut grid = grid(&["state", "name"], &[&["Running", "web-01"], &["Saved", "db"]]);
        grid.rows[0][0].role = Some(Role::Good);
        let painted = grid.render(None, Style::new(true));
        assert_eq!(
            painted,
            "\u{1b}[1mSTATE\u{1b}[0m    \u{1b}[1mNAME\u{1b}[0m\n\u{1b}[1;38;5;28mRunning\u{1b}[0m  web-01\nSaved    db"
        );
    }

    #[test]
    fn titles_stand_in_capitals() {
        assert_eq!(heading(&Column::new("OSTypeId")), "OS TYPE ID");
        assert_eq!(heading(&Column::new("IPv6Enabled")), "IPV6 ENABLED");
        assert_eq!(heading(&Column::new("x").titled("memory")), "MEMORY");
    }
}
