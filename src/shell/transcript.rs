//! Transcripts: lines that were run, with what they said, as text that people read and `replay` runs again.
//!
//! `> ` begins a line that was run and `. ` its further lines, two blanks what it printed, `! ` what it said beside
//! that; `# ` is a comment. Empty lines say nothing.

use super::Shell;
use crate::output::{Failure, Record};
use crate::schema::Schema;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Whether a line may hold a secret.
pub type HoldsSecret = fn(&str, &super::Commands, &'static Schema) -> bool;

/// A line with what it said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// What was run.
    pub line: String,
    /// The lines it said: each with whether it was talk, and no data.
    pub said: Vec<(bool, String)>,
}

impl Entry {
    /// A line with what a record has of it.
    pub fn new(line: &str, record: &Record) -> Self {
        let said = record.lines().filter(|(_, line)| !line.trim().is_empty());
        Self { line: line.to_owned(), said: said.map(|(talk, line)| (talk, line.trim_end().to_owned())).collect() }
    }

    /// The step as it stands in a file, with an empty line behind it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (at, line) in self.line.lines().enumerate() {
            text += &format!("{}{line}\n", if at == 0 { "> " } else { ". " });
        }
        for (talk, line) in &self.said {
            text += &format!("{}{line}\n", if *talk { "! " } else { "  " });
        }
        text + "\n"
    }

    /// The steps in the text of a file.
    ///
    /// # Errors
    /// Number (from 1) and text of a line that is none of a transcript.
    pub fn parse(text: &str) -> Result<Vec<Self>, (usize, String)> {
        let mut steps: Vec<Self> = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let (mark, rest) = line.split_at(line.char_indices().nth(2).map_or(line.len(), |(end, _)| end));
            match (mark, steps.last_mut()) {
                ("> ", _) => steps.push(Self { line: rest.to_owned(), said: Vec::new() }),
                (". ", Some(step)) if step.said.is_empty() => step.line = format!("{}\n{rest}", step.line),
                ("  ", Some(step)) => step.said.push((false, rest.to_owned())),
                ("! ", Some(step)) => step.said.push((true, rest.to_owned())),
                _ if line.trim().is_empty() || line.starts_with('#') => {}
                _ => return Err((at + 1, line.to_owned())),
            }
        }
        steps.iter_mut().for_each(|step| step.said.retain(|(_, line)| !line.trim().is_empty()));
        Ok(steps)
    }
}

/// A transcript that is being written.
#[derive(Clone, Debug)]
pub(super) struct Transcript {
    file: PathBuf,
    holds_secret: HoldsSecret,
}

impl Shell {
    /// Tells what a secret is. Without that nothing is written down.
    pub fn set_secrets(&mut self, holds_secret: HoldsSecret) {
        self.memory.holds_secret = Some(holds_secret);
    }

    /// The file that takes a transcript of what is typed.
    pub fn transcript(&self) -> Option<&Path> {
        self.memory.transcript.as_ref().map(|transcript| &*transcript.file)
    }

    /// Begins a transcript in a file, behind what stands in it.
    ///
    /// # Errors
    /// The file cannot be written, or nobody can tell which lines hold secrets.
    pub fn start_transcript(&mut self, file: &Path) -> std::io::Result<()> {
        let Some(holds_secret) = self.memory.holds_secret else {
            return Err(std::io::Error::other("this shell cannot tell which lines hold secrets"));
        };
        let connection = self.world.current().map(|connection| connection.transport().describe());
        let connection = connection.unwrap_or_else(|| "no connection yet".to_owned());
        let head = format!("# vboxsh {}, {connection}\n\n", env!("CARGO_PKG_VERSION"));
        append(file, &head)?;
        self.memory.transcript = Some(Transcript { file: file.to_owned(), holds_secret });
        Ok(())
    }

    /// Ends the transcript and gives its file.
    pub fn end_transcript(&mut self) -> Option<PathBuf> {
        self.memory.transcript.take().map(|transcript| transcript.file)
    }

    /// Runs a whole line and writes down what it said, if that is wanted. Lines inside a line belong to it.
    pub(super) fn written_down(
        &mut self,
        line: &str,
        run: impl FnOnce(&mut Self) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let Some(transcript) = self.memory.transcript.clone().filter(|_| !self.memory.writing) else {
            return run(self);
        };
        let schema = self.world.current().map_or_else(crate::schema::embedded, |connection| connection.schema());
        if (transcript.holds_secret)(line, &self.commands, schema) {
            self.write_down(&transcript, "# a line that may hold a secret is left out\n\n");
            return run(self);
        }
        self.memory.writing = true;
        self.ui().start_record(Record::beside());
        let result = run(self);
        let mut record = self.ui().end_record().unwrap_or_default();
        self.memory.writing = false;
        if let Err(failure) = &result {
            record.talk(&self.ui().failure(failure));
        }
        // The line that ended the transcript is none of it.
        if self.memory.transcript.is_some() {
            self.write_down(&transcript, &Entry::new(line, &record).text());
        }
        result
    }

    fn write_down(&mut self, transcript: &Transcript, text: &str) {
        if let Err(error) = append(&transcript.file, text) {
            self.memory.transcript = None;
            self.ui().warn(&format!("the transcript ends here: {}: {error}", transcript.file.display()));
        }
    }
}

/// Adds to a file that its owner alone can read when it is new.
fn append(file: &Path, text: &str) -> std::io::Result<()> {
    let mut options = File::options();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let step = |line: &str, said: &[(bool, &str)]| Entry {
            line: line.to_owned(),
            said: said.iter().map(|(talk, line)| (*talk, (*line).to_owned())).collect(),
        };
        let steps = [
            step("list", &[(false, "NAME  STATE"), (false, "> a   Running"), (true, "warning: é")]),
            step("let a = [1,\n2]", &[]),
            step("get no.name", &[(true, "error: there is no machine `no`")]),
        ];
        let text: String = steps.iter().map(Entry::text).collect();
        assert_eq!(Entry::parse(&format!("# vboxsh\n\n{text}")).unwrap(), steps);
    }

    #[test]
    fn other_files_are_known_by_their_first_wrong_line() {
        assert_eq!(Entry::parse("# a\n\nlist\n").unwrap_err(), (3, "list".to_owned()));
        assert_eq!(Entry::parse("  output of nothing\n").unwrap_err().0, 1);
        assert_eq!(Entry::parse("é").unwrap_err().0, 1);
        assert_eq!(Entry::parse(""), Ok(Vec::new()));
    }
}
