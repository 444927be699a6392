//! A bar for long work: what is done, percent, time left. Plain lines for those who asked for more
//! talk where no bar can be drawn.

use super::{Role, Ui, clean, text};
use crate::model::ProgressReport;
use indicatif::{MultiProgress, ProgressStyle};
use std::borrow::Cow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// Work shorter than this shows no bar: it would only flicker.
const DELAY: Duration = Duration::from_millis(150);
/// Off a terminal, work shorter than this is not told of unless much is to be said.
const LONG: Duration = Duration::from_secs(2);
/// Room for the title before a bar, in columns.
const WIDEST_TITLE: usize = 32;
/// Plain lines come at every so many percent.
const STEP: i64 = 25;

/// How many columns the parts of a bar have.
struct Room {
    title: usize,
    bar: usize,
    message: usize,
}

impl Room {
    /// The parts on a terminal of so many columns. At its end there is room for the `^C` that it shows: one that goes
    /// into the next line would leave half a bar behind.
    fn of(columns: usize) -> Self {
        let (title, bar) = (WIDEST_TITLE.min(columns / 3), 24.min(columns / 5).max(3));
        // Blanks between the parts, and the percent.
        Self { title, bar, message: columns.saturating_sub(title + bar + 11 + 4) }
    }
}

/// Shows how far a piece of long work is. Dropping it takes it off the screen.
pub struct ProgressBar {
    ui: Ui,
    name: String,
    title: String,
    look: Look,
}

enum Look {
    Hidden,
    /// A line at each step, when the work turns out to be long or much is to be said.
    Lines {
        since: Instant,
        /// The last step that was told.
        told: AtomicI64,
    },
    /// A bar, drawn when the work turns out to be long.
    Bar {
        since: Instant,
        bar: OnceLock<indicatif::ProgressBar>,
    },
}

impl ProgressBar {
    /// `name` is that of the host or machine, where several have bars at once.
    pub(super) fn new(ui: &Ui, name: &str, title: &str, drawn: bool) -> Self {
        // In a transcript that runs again a bar would be a difference.
        let look = match (ui.options().quiet || ui.is_silent(), drawn) {
            (true, _) => Look::Hidden,
            (false, true) => Look::Bar { since: Instant::now(), bar: OnceLock::new() },
            (false, false) => Look::Lines { since: Instant::now(), told: AtomicI64::new(-1) },
        };
        let clean = |text: &str| clean::line(text).into_owned();
        Self { ui: ui.clone(), name: clean(name), title: clean(title), look }
    }

    /// Shows a report.
    pub fn show(&self, report: &ProgressReport) {
        match &self.look {
            Look::Hidden => {}
            Look::Lines { since, told } => {
                let is_long = self.ui.is_verbose() || since.elapsed() >= LONG;
                let step = report.percent.clamp(0, 100) / STEP;
                if is_long && told.fetch_max(step, Ordering::Relaxed) < step {
                    self.ui.note(&self.line(report, step * STEP));
                }
            }
            Look::Bar { since, bar } => {
                if bar.get().is_none() && since.elapsed() < DELAY {
                    return;
                }
                let bar = bar.get_or_init(|| self.ui.bars().add(self.draw(&self.title(report))));
                let room = Room::of(text::terminal_columns());
                bar.set_message(text::truncate(&message(report, &self.title(report)), room.message));
                bar.set_position(report.percent.clamp(0, 100).unsigned_abs());
            }
        }
    }

    fn line(&self, report: &ProgressReport, percent: i64) -> String {
        let title = self.named(&self.title(report));
        let message = message(report, &self.title(report));
        let comma = if message.is_empty() { "" } else { ", " };
        format!("{title}: {percent} %{comma}{message}")
    }

    /// The title; the work's own description when there is none.
    fn title(&self, report: &ProgressReport) -> Cow<'_, str> {
        match (self.title.as_str(), report.description.as_str()) {
            ("", "") => Cow::Borrowed("working"),
            ("", description) => Cow::Owned(clean::line(description).into_owned()),
            (title, _) => Cow::Borrowed(title),
        }
    }

    fn named(&self, title: &str) -> String {
        if self.name.is_empty() { title.to_owned() } else { format!("{}: {title}", self.name) }
    }

    fn draw(&self, title: &str) -> indicatif::ProgressBar {
        let title = &self.named(title);
        // A line that breaks could not be taken off the screen in one piece.
        let room = Room::of(text::terminal_columns());
        let title = self.ui.error_style().paint(Role::Heading, &text::truncate(title, room.title));
        let bar = indicatif::ProgressBar::new(100).with_prefix(title);
        let template = format!("{{prefix}}  {{bar:{}}}  {{percent:>3}} %  {{msg}}", room.bar);
        // A template that cannot be read leaves the library's own look.
        bar.set_style(
            ProgressStyle::with_template(&template)
                .map_or_else(|_| ProgressStyle::default_bar(), |style| style.progress_chars("━╸─")),
        );
        bar
    }
}

impl Drop for ProgressBar {
    fn drop(&mut self) {
        if let Look::Bar { bar, .. } = &self.look
            && let Some(bar) = bar.get()
        {
            bar.finish_and_clear();
            self.ui.bars().remove(bar);
        }
    }
}

/// The bars of one terminal. Other text goes between them.
#[derive(Default)]
pub(super) struct Bars(OnceLock<MultiProgress>);

impl Bars {
    fn add(&self, bar: indicatif::ProgressBar) -> indicatif::ProgressBar {
        self.0.get_or_init(MultiProgress::new).add(bar)
    }

    fn remove(&self, bar: &indicatif::ProgressBar) {
        if let Some(bars) = self.0.get() {
            bars.remove(bar);
        }
    }

    /// Does something while no bar is on the screen.
    pub(super) fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        match self.0.get() {
            Some(bars) => bars.suspend(work),
            None => work(),
        }
    }
}

/// `Creating snapshot, 1 min 5 s left`.
fn message(report: &ProgressReport, title: &str) -> String {
    let operation = clean::line(&report.operation);
    let operation = if *operation == *title { "" } else { &*operation };
    let left = report.time_remaining.filter(|seconds| *seconds > 0 && report.percent < 100).map(left);
    match (operation, left) {
        (operation, None) => operation.to_owned(),
        ("", Some(left)) => left,
        (operation, Some(left)) => format!("{operation}, {left}"),
    }
}

fn left(seconds: i64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s left"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s left"),
        (hours, minutes, _) => format!("{hours} h {minutes} min left"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::UiOptions;

    fn report(percent: i64, operation: &str, time_remaining: Option<i64>) -> ProgressReport {
        ProgressReport { percent, operation: operation.to_owned(), time_remaining, ..ProgressReport::default() }
    }

    #[test]
    fn a_bar_leaves_room_at_the_end_of_its_line() {
        for columns in [20, 40, 80, 200] {
            let room = Room::of(columns);
            assert!(room.title + room.bar + 11 + room.message + 4 <= columns.max(27), "{columns}");
        }
        assert_eq!((Room::of(100).title, Room::of(100).bar, Room::of(100).message), (32, 20, 33));
    }

    #[test]
    fn a_message_names_operation_and_time_left() {
        assert_eq!(message(&report(10, "Copying", Some(65)), "Clone"), "Copying, 1 min 5 s left");
        assert_eq!(message(&report(10, "Clone", Some(7260)), "Clone"), "2 h 1 min left");
        assert_eq!(message(&report(100, "Copying", Some(3)), "Clone"), "Copying");
    }

    #[test]
    fn off_a_terminal_verbose_tells_each_quarter_once() {
        let ui = Ui::captured(UiOptions { verbose: true, ..UiOptions::default() });
        let bar = ui.progress("Clone");
        for percent in [0, 10, 26, 30, 80, 100, 100] {
            bar.show(&report(percent, "Copying", None));
        }
        drop(bar);
        let lines = "Clone: 0 %, Copying\nClone: 25 %, Copying\nClone: 75 %, Copying\nClone: 100 %, Copying\n";
        assert_eq!(ui.take().err, lines);
    }

    #[test]
    fn off_a_terminal_long_work_is_told_of_unasked_and_under_its_name() {
        let ui = Ui::captured(UiOptions::default());
        let bar = ui.beside("web-01").progress("Clone");
        bar.show(&report(50, "Copying", None));
        assert_eq!(ui.take().err, "", "it may be short");
        let since = Instant::now().checked_sub(LONG).unwrap();
        let bar = ProgressBar {
            look: Look::Lines { since, told: AtomicI64::new(-1) },
            ui: ui.clone(),
            name: "web-01".to_owned(),
            title: "Clone".to_owned(),
        };
        bar.show(&report(50, "Copying", Some(3)));
        bar.show(&report(60, "Copying", Some(2)));
        assert_eq!(ui.take().err, "web-01: Clone: 50 %, Copying, 3 s left\n");
    }

    #[test]
    fn without_a_title_the_work_describes_itself() {
        let ui = Ui::captured(UiOptions { verbose: true, ..UiOptions::default() });
        let described = ProgressReport { description: "Starting\nVM".to_owned(), ..report(25, "", Some(2)) };
        ui.progress("").show(&described);
        assert_eq!(ui.take().err, "Starting\\nVM: 25 %, 2 s left\n");
    }

    #[test]
    fn off_a_terminal_nothing_is_told_unasked() {
        for options in [UiOptions::default(), UiOptions { quiet: true, verbose: true, ..UiOptions::default() }] {
            let ui = Ui::captured(options);
            ui.progress("Clone").show(&report(50, "", None));
            assert_eq!(ui.take().err, "");
        }
    }
}
