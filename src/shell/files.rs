//! Scripts in files: by their ending in a language, else lines of the shell.

use super::{Language, Line, Origin, Shell, split_words};
use crate::model::Interrupt;
use crate::output::{Failure, Position, Reply};
use std::path::Path;

/// Scripts may run scripts; this deep and no deeper.
const DEEPEST: usize = 16;

impl Shell {
    /// Runs a file by its ending (`.rhai`, `.py`, else a batch of shell lines); `-` is standard input,
    /// read as a batch.
    ///
    /// # Errors
    /// The file cannot be read, or what the script failed with.
    pub fn run_file(&mut self, file: &str, arguments: Vec<String>) -> Result<Reply, Failure> {
        if self.depth >= DEEPEST {
            return Err(Failure::new(
                crate::model::ErrorKind::Script,
                format!("{file}: scripts run each other more than {DEEPEST} deep"),
            )
            .hinted("does a script run itself, directly or by way of others?"));
        }
        let source = read_source(file)?;
        let _unpaged = self.ui().unpaged();
        self.depth += 1;
        let result = match Language::of_file(Path::new(file)) {
            Some(language) => {
                let origin = Origin { file: Some(file.into()), arguments };
                self.engine(language).and_then(|engine| engine.run_script(&source, &origin)).map(|_| Reply::Nothing)
            }
            None => self.run_batch(file, &source),
        };
        self.depth -= 1;
        result
    }

    /// Runs shell lines; `#` starts a comment line; a line goes on while brackets or quotes are open.
    fn run_batch(&mut self, file: &str, source: &str) -> Result<Reply, Failure> {
        let lines: Vec<&str> = source.lines().collect();
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            let number = at;
            let mut text = (*line).to_owned();
            at += 1;
            while self.wants_more(&text) {
                let Some(next) = lines.get(at) else { break };
                text = format!("{text}\n{next}");
                at += 1;
            }
            if let Err(mut failure) = self.run_line(&text) {
                let inner = failure.position.take().filter(|position| !position.file.is_empty());
                let file = if file == "-" { "standard input" } else { file };
                let here =
                    || Position { file: file.to_owned(), line: number + 1, column: 0, source: (*line).to_owned() };
                failure.position = inner.or_else(|| Some(here()));
                return Err(failure);
            }
            Interrupt::global().check()?;
            if let Some(line) = self.take_jump() {
                at = line.saturating_sub(1);
            }
            if self.quit.is_some() {
                break;
            }
        }
        Ok(Reply::Nothing)
    }

    /// Whether a script line goes on in the next one.
    fn wants_more(&mut self, text: &str) -> bool {
        match self.classify(text) {
            Line::Script(source) => {
                let language = self.language;
                self.engine(language).is_ok_and(|engine| engine.completeness(source) == super::Completeness::Incomplete)
            }
            Line::Command { command, rest } => !command.takes_source() && split_words(rest).is_none(),
            _ => false,
        }
    }
}

/// A script file larger than this (in bytes) is none.
const LARGEST_SCRIPT: u64 = 8 << 20;

fn read_source(file: &str) -> Result<String, Failure> {
    let wrong = |kind, why: String| {
        Failure::new(kind, format!("cannot read the script `{file}`: {why}"))
            .hinted("give the path of a .rhai file, or of a file with shell lines")
    };
    let bytes = match if file == "-" {
        read_bounded(std::io::stdin().lock())
    } else {
        std::fs::File::open(file).and_then(read_bounded)
    } {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(wrong(crate::model::ErrorKind::NotFound, "there is no such file".to_owned()));
        }
        Err(error) if error.kind() == std::io::ErrorKind::IsADirectory => {
            return Err(wrong(crate::model::ErrorKind::Failed, "it is a folder".to_owned()));
        }
        Err(error) => return Err(wrong(crate::model::ErrorKind::Failed, error.to_string())),
    };
    if bytes.len() as u64 > LARGEST_SCRIPT {
        return Err(wrong(crate::model::ErrorKind::Failed, format!("it has more than {} MiB", LARGEST_SCRIPT >> 20)));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let line =
            error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        wrong(crate::model::ErrorKind::Failed, format!("line {line} is no UTF-8 text"))
    })?;
    // Editors of Windows put a byte order mark before the text.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// All of it, or one byte more than may be: a device or a pipe may never end.
fn read_bounded(from: impl std::io::Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut from.take(LARGEST_SCRIPT + 1), &mut bytes)?;
    Ok(bytes)
}
