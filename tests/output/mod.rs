//! What users see: values, tables, JSON and failures, with exact text, over a transport of canned
//! answers.

#![allow(clippy::unwrap_used)] // also outside test functions: helpers fail as tests do

mod canned;
mod failures;
mod json;
#[cfg(unix)]
mod process;
mod tables;
mod terminal;
mod values;

use vboxsh::output::{Captured, Reply, Ui, UiOptions};

/// What a pipe gets of a reply.
fn piped(reply: &Reply) -> Captured {
    shown(&Ui::captured(UiOptions::default()), reply)
}

/// What a terminal of a width gets of a reply.
fn on_terminal(columns: usize, reply: &Reply) -> String {
    shown(&Ui::captured_terminal(UiOptions { width: Some(columns), ..UiOptions::default() }), reply).out
}

/// What `--json` gives of a reply.
fn as_json(reply: &Reply) -> String {
    let shown = shown(&Ui::captured(UiOptions { json: true, ..UiOptions::default() }), reply);
    assert_eq!(shown.err, "");
    shown.out
}

fn shown(ui: &Ui, reply: &Reply) -> Captured {
    ui.reply(reply).unwrap();
    ui.take()
}
