//! `screenshot`: what a running machine shows, as a file and in the terminal.

use super::on_machine::{child, machine, note, with_console};
use super::sizes;
use crate::model::{ErrorKind, Object, Value};
use crate::output::{Failure, PictureWay, Reply};
use crate::shell::{ArgumentKind, Arity, Category, Command, Given, Shell};

pub(super) fn commands() -> Vec<Command> {
    vec![
        Command::new("screenshot", Category::Guest, "take a picture of a running machine's screen", screenshot)
            .argument("machine", ArgumentKind::Machine, Arity::Required, "name or id of a running machine")
            .argument("file", ArgumentKind::File, Arity::Optional, "the PNG file to write; none: it is only shown")
            .argument("width", ArgumentKind::Text, Arity::Optional, "width in pixels; the screen's when left out")
            .argument("height", ArgumentKind::Text, Arity::Optional, "height in pixels; the screen's when left out")
            .argument("screen", ArgumentKind::Text, Arity::Optional, "number of the screen, from 0")
            .flag("hidden", None, "do not show the picture in the terminal")
            .flag(
                "picture",
                Some(ArgumentKind::Choice(&["auto", "kitty", "iterm", "sixel", "blocks", "none"])),
                "how the terminal shows it; default auto",
            )
            .help("Terminals that can (kitty, iTerm2, those with sixels) show the picture, others an outline of it in coloured blocks. Which one it is, the environment and the terminal itself say.")
            .prepared("start web-01 headless", "screenshot web-01 web-01.png", "of the first screen")
            .prepared("start web-01 headless", "screenshot web-01 small.png 320 200 0", "in another size"),
    ]
}

/// Width and height of a screen.
fn resolution(display: &Object, screen: i64) -> Result<(i64, i64), Failure> {
    let outputs = display.call_outputs("getScreenResolution", vec![Value::Int(screen)])?;
    let number = |at: usize| outputs.get(at).and_then(Value::as_int).unwrap_or_default();
    match (number(0), number(1)) {
        (width, height) if width > 0 && height > 0 => Ok((width, height)),
        _ => Err(Failure::new(ErrorKind::Failed, format!("screen {screen} shows nothing yet"))
            .hinted("the guest has to set a mode first")),
    }
}

fn screenshot(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let number = |name: &str| given.optional(name).map(|word| sizes::count(name, word)).transpose();
    let (wide, high, screen) = (number("width")?, number("height")?, number("screen")?.unwrap_or(0));
    let hidden = given.optional("file").is_some() && given.flag("hidden");
    let way = match given.option("picture") {
        None | Some("auto") => None,
        Some(name) => Some(PictureWay::named(name).ok_or_else(|| {
            Failure::usage(
                format!("`{name}` is no way to show a picture"),
                "it is auto, kitty, iterm, sixel, blocks or none",
            )
        })?),
    };
    let (picture, width, height) = with_console(&machine, |console, _| {
        let display = child(console, "display")?;
        let (width, height) = match (wide, high) {
            (Some(width), Some(height)) if width > 0 && height > 0 => (width, height),
            _ => resolution(&display, screen)?,
        };
        let take = |width: i64, height: i64, format: &str| {
            let arguments = vec![Value::Int(screen), Value::Int(width), Value::Int(height), Value::from(format)];
            match display.call("takeScreenShotToArray", arguments) {
                Ok(Value::Blob(picture)) => Ok(picture),
                Ok(_) => Err(Failure::new(ErrorKind::Failed, "the machine gave no picture")),
                Err(error) => Err(error.into()),
            }
        };
        let picture = take(width, height, "PNG")?;
        if !hidden && shell.ui().is_terminal() && !shell.ui().options().json {
            shell.ui().picture(&picture, (width, height), way, |width, height| take(width, height, "RGBA").ok());
        }
        Ok((picture, width, height))
    })?;
    let Some(file) = given.optional("file") else {
        return match shell.ui().is_terminal() {
            true => Ok(Reply::Nothing),
            false => Ok(Reply::Value(Value::Blob(picture))),
        };
    };
    std::fs::write(file, &picture).map_err(|error| {
        Failure::new(ErrorKind::Failed, format!("cannot write `{file}`: {error}"))
            .hinted("give a file in a folder that can be written")
    })?;
    note(format!("{file}: {width} x {height}, {} bytes", picture.len()))
}
