//! The door: what goes where, and what may not pass.

use super::{on_terminal, piped};
use vboxsh::output::{ColorChoice, Reply, Role, Ui, UiOptions};

#[test]
fn talk_goes_to_standard_error_and_obeys_quiet() {
    let say = |options: UiOptions| {
        let ui = Ui::captured(options);
        ui.print("data");
        ui.note("note");
        ui.verbose("more");
        ui.warn("careful");
        let shown = ui.take();
        assert_eq!(shown.out, "data\n");
        shown.err
    };
    assert_eq!(say(UiOptions::default()), "note\nwarning: careful\n");
    assert_eq!(say(UiOptions { verbose: true, ..UiOptions::default() }), "note\nmore\nwarning: careful\n");
    assert_eq!(say(UiOptions { verbose: true, quiet: true, ..UiOptions::default() }), "warning: careful\n");
}

#[test]
fn a_note_is_talk() {
    let shown = piped(&Reply::Note("started `web-01`".into()));
    assert_eq!((shown.out.as_str(), shown.err.as_str()), ("", "started `web-01`\n"));
}

#[test]
fn foreign_escapes_do_not_pass_the_door() {
    let ui = Ui::captured(UiOptions::default());
    ui.print("a\u{1b}[2Jb\u{1b}]52;c;YQ==\u{7}\ttab");
    ui.warn("\u{9b}2J");
    let shown = ui.take();
    assert_eq!(shown.out, "a\\u{1b}[2Jb\\u{1b}]52;c;YQ==\\u{7}\ttab\n");
    assert_eq!(shown.err, "warning: \\u{9b}2J\n");
}

#[test]
fn prose_keeps_this_programs_colours_when_there_are_colours() {
    let ui = Ui::captured(UiOptions { color: ColorChoice::Always, ..UiOptions::default() });
    let text = ui.style().paint(Role::Heading, "Usage");
    assert_eq!(text, "\u{1b}[1mUsage\u{1b}[0m");
    ui.reply(&Reply::Text(text.clone())).unwrap();
    assert_eq!(ui.take().out, format!("{text}\n"));
    assert_eq!(piped(&Reply::Text(text)).out, "Usage\n");
}

#[test]
fn prose_is_wrapped_on_a_terminal_only() {
    let text = Reply::Text("  one two three four\nshort\n".into());
    assert_eq!(on_terminal(12, &text), "  one two\n  three four\nshort\n");
    assert_eq!(piped(&text).out, "  one two three four\nshort\n");
}

#[test]
fn a_told_width_counts() {
    let ui = |width| Ui::captured(UiOptions { width, ..UiOptions::default() });
    assert_eq!((ui(Some(40)).width(), ui(None).width(), ui(Some(0)).width()), (40, 100, 100));
}

#[test]
fn what_cannot_be_asked_is_a_no() {
    let ui = Ui::captured(UiOptions::default());
    assert!(!ui.can_ask() && !ui.confirm("delete?"));
    assert_eq!(ui.ask_password("password: ").unwrap_err().kind(), std::io::ErrorKind::Unsupported);
    assert_eq!(ui.take().err, "");
}
