//! Fuzzy search in what was typed earlier (Ctrl-R): the letters of what one remembers, in their order, best first.
//!
//! While it goes on, the line stays as it was; keys go into the search, and the best lines stand below. It is state
//! shared by the keys that change it and the hint that draws it.

use super::keys::is_plain;
use crate::output::{Role, Style, truncate, width};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use rustyline::{Cmd, KeyCode, KeyEvent, Modifiers, Movement};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Lines shown at once.
const SHOWN: usize = 8;

/// The search. Cloning gives another hold on the same one.
#[derive(Clone, Default)]
pub(super) struct Search(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// What was typed, the oldest first.
    lines: Vec<String>,
    /// What is looked for, while something is.
    wanted: Option<String>,
    /// Places of the lines that fit, the best first.
    found: Vec<usize>,
    /// Which of them is chosen.
    chosen: usize,
}

impl Search {
    /// Adds a line that was typed.
    pub(super) fn remember(&self, line: &str) {
        self.lock().lines.push(line.to_owned());
    }

    pub(super) fn is_on(&self) -> bool {
        self.lock().wanted.is_some()
    }

    /// Ends it; the line is as it was.
    pub(super) fn end(&self) {
        self.lock().wanted = None;
    }

    /// Begins it.
    pub(super) fn begin(&self) {
        let mut state = self.lock();
        state.wanted = Some(String::new());
        state.look();
    }

    /// What a key does while it goes on. `None`: it ended, and the key means what it always does.
    pub(super) fn key(&self, key: KeyEvent) -> Option<Cmd> {
        let mut state = self.lock();
        let wanted = state.wanted.as_mut()?;
        match key {
            KeyEvent(KeyCode::Char('r' | 'R' | 'p' | 'P'), Modifiers::CTRL) => state.step(true),
            KeyEvent(KeyCode::Up, Modifiers::NONE) => state.step(true),
            KeyEvent(KeyCode::Char('s' | 'S' | 'n' | 'N'), Modifiers::CTRL) => state.step(false),
            KeyEvent(KeyCode::Down, Modifiers::NONE) => state.step(false),
            KeyEvent(KeyCode::Char('u' | 'U'), Modifiers::CTRL) => {
                wanted.clear();
                state.look();
            }
            KeyEvent(KeyCode::Char('w' | 'W'), Modifiers::CTRL) => {
                let kept = wanted.trim_end().rfind(' ').map_or(0, |blank| blank + 1);
                wanted.truncate(kept);
                state.look();
            }
            KeyEvent(KeyCode::Backspace, _) | KeyEvent(KeyCode::Char('h' | 'H'), Modifiers::CTRL) => {
                wanted.pop();
                state.look();
            }
            KeyEvent(KeyCode::Enter | KeyCode::Tab | KeyCode::Right | KeyCode::End, Modifiers::NONE)
            | KeyEvent(KeyCode::Char('m' | 'M' | 'j' | 'J' | 'i' | 'I' | 'e' | 'E'), Modifiers::CTRL) => {
                let line = state.found.get(state.chosen).map(|at| state.lines[*at].clone());
                state.wanted = None;
                return Some(line.map_or(Cmd::Repaint, |line| Cmd::Replace(Movement::WholeBuffer, Some(line))));
            }
            // With Alt it is Esc and another key in quick succession.
            KeyEvent(KeyCode::Esc, _)
            | KeyEvent(_, Modifiers::ALT)
            | KeyEvent(KeyCode::Char('g' | 'G' | 'c' | 'C' | '['), Modifiers::CTRL) => {
                state.wanted = None;
            }
            KeyEvent(KeyCode::Char(letter), _) if is_plain(key) => {
                wanted.push(letter);
                state.look();
            }
            KeyEvent(KeyCode::BracketedPasteStart, _) => {
                state.wanted = None;
                return None;
            }
            // Keys that mean nothing here do nothing: the line must not change unseen.
            _ => {}
        }
        Some(Cmd::Repaint)
    }

    /// What stands below the line: what is looked for, and the lines that fit.
    pub(super) fn text(&self, columns: usize, rows: usize) -> Option<String> {
        let state = self.lock();
        let wanted = state.wanted.as_deref()?;
        let columns = columns.saturating_sub(1).max(10);
        let count = match state.found.len() {
            0 => "nothing like it".to_owned(),
            count => format!("{} of {count}", state.chosen + 1),
        };
        let mut head = format!("history: {wanted}\u{2581}  {count}");
        let keys = "  Up, Down choose, Enter takes, Esc leaves";
        if width(&head) + width(keys) <= columns {
            head += keys;
        }
        let mut text = format!("\n{}", truncate(&head, columns));
        let shown = SHOWN.min(rows.saturating_sub(3)).max(1);
        let from = state.chosen.saturating_sub(shown - 1);
        for (place, at) in state.found.iter().enumerate().skip(from).take(shown) {
            let mark = if place == state.chosen { "> " } else { "  " };
            let line = state.lines[*at].replace('\n', " \u{21b5} ");
            let line: String = line.chars().filter(|letter| !letter.is_control()).collect();
            text += &format!("\n{}", truncate(&format!("{mark}{line}"), columns));
        }
        Some(text)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Looks for what is wanted anew. Of equal lines the last one counts; of equally good ones the later is better.
    fn look(&mut self) {
        self.chosen = 0;
        let wanted = self.wanted.as_deref().unwrap_or_default();
        let pattern = Pattern::parse(wanted, CaseMatching::Smart, Normalization::Smart);
        let mut config = Config::DEFAULT;
        config.prefer_prefix = true;
        let mut matcher = Matcher::new(config);
        let (mut seen, mut found, mut letters) = (HashSet::new(), Vec::new(), Vec::new());
        for (at, line) in self.lines.iter().enumerate().rev() {
            if !seen.insert(line.as_str()) {
                continue;
            }
            if let Some(score) = pattern.score(Utf32Str::new(line, &mut letters), &mut matcher) {
                found.push((score, at));
            }
        }
        found.sort_by(|one, other| other.cmp(one));
        self.found = found.into_iter().map(|(_, at)| at).collect();
    }

    fn step(&mut self, older: bool) {
        let last = self.found.len().saturating_sub(1);
        self.chosen = if older { (self.chosen + 1).min(last) } else { self.chosen.saturating_sub(1) };
    }
}

/// The text in its look: the line that is chosen stands out.
pub(super) fn painted(text: &str, style: Style) -> String {
    let paint = |line: &str| match line {
        line if line.starts_with("> ") => style.paint(Role::Command, line),
        line if line.starts_with("history: ") => style.paint(Role::Hint, line),
        line => style.paint(Role::Dim, line),
    };
    text.split('\n').map(paint).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(lines: &[&str]) -> Search {
        let search = Search::default();
        for line in lines {
            search.remember(line);
        }
        search.begin();
        search
    }

    fn press(search: &Search, keys: &str) {
        for key in keys.chars() {
            assert_eq!(search.key(KeyEvent(KeyCode::Char(key), Modifiers::NONE)), Some(Cmd::Repaint));
        }
    }

    fn take(search: &Search) -> Option<String> {
        match search.key(KeyEvent(KeyCode::Enter, Modifiers::NONE)) {
            Some(Cmd::Replace(Movement::WholeBuffer, text)) => text,
            _ => None,
        }
    }

    #[test]
    fn letters_in_their_order_find_a_line() {
        let search = search(&["snapshot web-01 take base", "list", "start web-01 headless", "list"]);
        press(&search, "snpbase");
        assert_eq!(take(&search).as_deref(), Some("snapshot web-01 take base"));
        assert!(!search.is_on());
    }

    #[test]
    fn better_lines_come_first_and_later_ones_before_earlier() {
        let search = search(&["list running", "info list", "list all", "start x"]);
        press(&search, "list");
        let text = search.text(80, 24).unwrap();
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(lines[0], "> list all", "{text}");
        assert_eq!(lines.len(), 3, "{text}");
        search.key(KeyEvent(KeyCode::Up, Modifiers::NONE));
        assert_eq!(take(&search).as_deref(), Some("list running"));
    }

    #[test]
    fn escape_leaves_the_line_and_nothing_found_takes_nothing() {
        let found = search(&["list"]);
        press(&found, "zz");
        assert!(found.text(80, 24).unwrap().contains("nothing like it"));
        assert_eq!(take(&found), None);
        found.begin();
        assert_eq!(found.key(KeyEvent(KeyCode::Esc, Modifiers::NONE)), Some(Cmd::Repaint));
        assert!(!found.is_on() && found.text(80, 24).is_none());
    }

    #[test]
    fn it_fits_into_a_small_terminal() {
        let lines: Vec<String> = (0..50).map(|number| format!("print(\"{number} {}\")", "long ".repeat(20))).collect();
        let search = search(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        for (columns, rows) in [(40, 20), (20, 6), (80, 4)] {
            let text = search.text(columns, rows).unwrap();
            assert!(text.lines().all(|line| width(line) < columns), "{text}");
            assert!(text.lines().count() <= rows, "{text}");
        }
    }
}
