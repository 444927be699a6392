//! What was typed and what came of it, kept and run again: `record`, `replay`.

use super::on_machine::note;
use crate::model::{ErrorKind, Value};
use crate::output::{Failure, Record, Reply, Role};
use crate::shell::{ArgumentKind, Arity, Category, Command, Effect, Entry, Given, Shell};
use std::path::Path;

/// A transcript larger than this (in bytes) is none.
const LARGEST: u64 = 64 << 20;

/// Outputs longer than this (in lines) are compared from both ends only.
const LONGEST: usize = 1000;

pub(super) fn commands() -> Vec<Command> {
    vec![
        Command::new("record", Category::Shell, "keep a transcript of what is typed and what comes of it", record)
            .argument("file", ArgumentKind::File, Arity::Optional, "the file to write; `off` ends it; left out: what is written now")
            .flag("append", None, "go on behind what stands in the file")
            .help(
                "A transcript is text: `> ` begins a line that was typed, two blanks what it printed, `! ` errors and other \
                 talk, `# ` a comment. Lines that may hold a secret are left out, with all that they say. Only you can read the file. \
                 `replay` runs a transcript again.",
            )
            .example("record session.txt", "from now on")
            .prepared("record session.txt", "record off", "no more"),
        Command::new("replay", Category::Shell, "run a transcript again, and show what has become different", replay)
            .effect(Effect::Write)
            .argument("file", ArgumentKind::File, Arity::Required, "a file that `record` wrote")
            .flag("exact", None, "ids, times and MAC addresses have to be the same, too")
            .help(
                "Each line runs again, also those that change something; what it says is compared with the transcript. `-` marks what \
                 the transcript has, `+` what came now. It goes on after a difference, and fails at its end if there was one.",
            )
            .prepared("shell 'echo \"> get vbox.APIVersion\" > session.txt; echo \"  7_2\" >> session.txt'", "replay session.txt", "all the same"),
    ]
}

fn record(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let Some(file) = given.optional("file") else {
        return note(match shell.transcript() {
            Some(file) => format!("a transcript goes to {}; `record off` ends it", file.display()),
            None => "nothing is written; `record FILE` begins a transcript".to_owned(),
        });
    };
    if file == "off" {
        return note(match shell.end_transcript() {
            Some(file) => format!("the transcript is in {}", file.display()),
            None => "nothing was written".to_owned(),
        });
    }
    let path = std::path::absolute(file).unwrap_or_else(|_| file.into());
    if path.metadata().is_ok_and(|known| known.len() > 0) && !given.flag("append") {
        return Err(Failure::new(ErrorKind::Refused, format!("`{file}` has something in it"))
            .hinted("`record --append FILE` goes on behind it; or name a new file"));
    }
    shell.start_transcript(&path).map_err(|error| {
        Failure::new(ErrorKind::Failed, format!("cannot write `{file}`: {error}"))
            .hinted("give a file in a folder that can be written")
    })?;
    note(format!("what is typed from now on goes to {}; `record off` ends it", path.display()))
}

/// What came of running a step again.
struct Outcome {
    step: Entry,
    now: Entry,
    same: bool,
}

fn replay(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let file = given.text("file");
    let steps = read(Path::new(file), file)?;
    let json = shell.ui().options().json;
    let (mut outcomes, count) = (Vec::new(), steps.len());
    for step in steps {
        shell.ui().start_record(Record::silent());
        let result = shell.run_line(&step.line);
        let mut record = shell.ui().end_record().unwrap_or_default();
        if let Err(failure) = result {
            if failure.kind == ErrorKind::Interrupted {
                return Err(failure);
            }
            if failure.exit.is_none() {
                record.talk(&shell.ui().failure(&failure));
            }
        }
        let now = Entry::new(&step.line, &record);
        let same = compared(&step, given.flag("exact")) == compared(&now, given.flag("exact"));
        let outcome = Outcome { step, now, same };
        if !json {
            let text = shown(shell, &outcome, given.flag("exact"));
            shell.ui().reply(&Reply::Text(text))?;
        }
        outcomes.push(outcome);
        if shell.quit().is_some() {
            break;
        }
    }
    let different = outcomes.iter().filter(|outcome| !outcome.same).count();
    if json {
        let documents = outcomes.iter().map(document).collect();
        shell.ui().reply(&Reply::Value(Value::List(documents)))?;
    }
    match different {
        0 if json => Ok(Reply::Nothing),
        0 => note(format!("all {count} lines say the same")),
        _ => Err(Failure::new(ErrorKind::Failed, format!("{different} of {count} lines say something else"))),
    }
}

fn read(path: &Path, file: &str) -> Result<Vec<Entry>, Failure> {
    let wrong = |why: String| {
        let kind = if path.exists() { ErrorKind::Failed } else { ErrorKind::NotFound };
        Failure::new(kind, format!("cannot replay `{file}`: {why}")).hinted("`record FILE` writes a transcript")
    };
    if path.metadata().is_ok_and(|known| known.len() > LARGEST) {
        return Err(wrong(format!("it has more than {} MiB", LARGEST >> 20)));
    }
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    Entry::parse(&text).map_err(|(line, text)| {
        let text: String = text.chars().take(40).collect();
        wrong(format!("line {line} is none of a transcript: {text}"))
    })
}

/// The lines of a step as they are compared.
fn compared(step: &Entry, exact: bool) -> Vec<(bool, String)> {
    step.said.iter().map(|(talk, line)| (*talk, if exact { line.clone() } else { steady(line) })).collect()
}

/// A line without what is another one each time: ids, times, how long something took, MAC addresses, and the blanks
/// that depend on them.
fn steady(line: &str) -> String {
    const CHANGING: [(&str, &str); 4] = [
        (r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "ID"),
        (r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?)?", "TIME"),
        (r"\b\d+\.\d+ s\b", "SECONDS"),
        (r"\b(080027|08:00:27:)[0-9A-Fa-f:]{6,8}\b", "MAC"),
    ];
    let mut line = line.to_owned();
    for (pattern, name) in CHANGING {
        if let Ok(pattern) = regex_lite::Regex::new(pattern) {
            line = pattern.replace_all(&line, name).into_owned();
        }
    }
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shown(shell: &Shell, outcome: &Outcome, exact: bool) -> String {
    let style = shell.ui().style();
    let line = outcome.step.line.replace('\n', " ");
    if outcome.same {
        return format!("{}  {line}", style.paint(Role::Good, "same  "));
    }
    let mut text = format!("{}  {line}", style.paint(Role::Error, "differs"));
    for (mark, (_, line)) in difference(&outcome.step, &outcome.now, exact) {
        let role = match mark {
            '-' => Role::Error,
            '+' => Role::Good,
            _ => Role::Dim,
        };
        text += &format!("\n  {}", style.paint(role, &format!("{mark} {line}")));
    }
    text
}

/// The lines of both: those that only the first has (`-`), only the second has (`+`), and both have.
fn difference<'a>(then: &'a Entry, now: &'a Entry, exact: bool) -> Vec<(char, &'a (bool, String))> {
    let (old, new) = (compared(then, exact), compared(now, exact));
    let start = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = (old.len() - start).min(new.len() - start);
    let end = (0..rest).take_while(|at| old[old.len() - 1 - at] == new[new.len() - 1 - at]).count();
    let mut lines: Vec<_> = then.said[..start].iter().map(|line| (' ', line)).collect();
    let (mut left, mut right) = (start, start);
    let (old_end, new_end) = (old.len() - end, new.len() - end);
    if old_end.max(new_end) - start <= LONGEST {
        let lengths = common(&old[start..old_end], &new[start..new_end]);
        while left < old_end && right < new_end {
            if old[left] == new[right] {
                lines.push((' ', &then.said[left]));
                (left, right) = (left + 1, right + 1);
            } else if lengths[left + 1 - start][right - start] >= lengths[left - start][right + 1 - start] {
                lines.push(('-', &then.said[left]));
                left += 1;
            } else {
                lines.push(('+', &now.said[right]));
                right += 1;
            }
        }
    }
    lines.extend(then.said[left..old_end].iter().map(|line| ('-', line)));
    lines.extend(now.said[right..new_end].iter().map(|line| ('+', line)));
    lines.extend(then.said[old_end..].iter().map(|line| (' ', line)));
    lines
}

/// For each place in both, how many lines behind it both have in the same order.
fn common(old: &[(bool, String)], new: &[(bool, String)]) -> Vec<Vec<usize>> {
    let mut lengths = vec![vec![0; new.len() + 1]; old.len() + 1];
    for left in (0..old.len()).rev() {
        for right in (0..new.len()).rev() {
            lengths[left][right] = if old[left] == new[right] {
                lengths[left + 1][right + 1] + 1
            } else {
                lengths[left + 1][right].max(lengths[left][right + 1])
            };
        }
    }
    lengths
}

fn document(outcome: &Outcome) -> Value {
    let said = |step: &Entry| {
        let lines: Vec<&str> = step.said.iter().map(|(_, line)| line.as_str()).collect();
        Value::Text(lines.join("\n"))
    };
    Value::Map(vec![
        ("line".to_owned(), Value::Text(outcome.step.line.clone())),
        ("same".to_owned(), Value::Bool(outcome.same)),
        ("recorded".to_owned(), said(&outcome.step)),
        ("now".to_owned(), said(&outcome.now)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(lines: &[&str]) -> Entry {
        Entry { line: "x".to_owned(), said: lines.iter().map(|line| (false, (*line).to_owned())).collect() }
    }

    #[test]
    fn what_changes_each_time_makes_no_difference() {
        let (one, other) = (
            "id 0a1b2c3d-0000-4000-8000-0123456789ab  made 2026-01-02T03:04:05Z in 0.123 s, 080027ABCDEF",
            "id ffffffff-0000-4000-8000-0123456789ab   made 2027-01-02T03:04:05Z in 7.1 s, 080027123456",
        );
        assert_eq!(steady(one), steady(other));
        assert_ne!(steady("memorySize 2048"), steady("memorySize 4096"));
    }

    #[test]
    fn differences_are_marked_line_by_line() {
        let (then, now) = (step(&["a", "b", "c", "d", "e"]), step(&["a", "c", "x", "d", "e"]));
        let marked: String =
            difference(&then, &now, false).iter().map(|(mark, (_, line))| format!("{mark}{line}")).collect();
        assert_eq!(marked, " a-b c+x d e");
        let all: String = difference(&step(&["a"]), &step(&[]), false).iter().map(|(mark, _)| *mark).collect();
        assert_eq!(all, "-");
    }
}
