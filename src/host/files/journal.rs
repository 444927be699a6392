//! What happened to `IVirtualBox`, told from process to process through a file of the home.
//!
//! A listening process keeps `listening` locked; whoever fires an event looks whether anybody does and only then
//! appends a line to `events`. The file is bounded: a full one gives way to a new one, which readers notice after they
//! have read the old one to its end.

use super::super::events::Event;
use super::super::state::{Address, State};
use super::super::value;
use super::{atomic, home::own_folder};
use crate::model::{EnumValue, RawValue};
use crate::schema::embedded;
use serde_json::{Value, json};
use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// A file of this size gives way to a new one. A listener that falls behind so far has lost its place anyway.
const LARGEST: u64 = 1 << 20;

/// The journal as one host sees it.
pub(in crate::host) struct Journal {
    folder: PathBuf,
    /// Tells our own lines from others'.
    own: String,
    /// Locked while this host has listeners.
    listening: Option<File>,
    reading: Option<Reading>,
}

struct Reading {
    file: File,
    /// What was read of a line that is not complete yet.
    rest: Vec<u8>,
}

impl Journal {
    pub(in crate::host) fn new(home: &Path) -> Self {
        let own = uuid::Uuid::new_v4().simple().to_string();
        Self { folder: own_folder(home), own, listening: None, reading: None }
    }

    fn events(&self) -> PathBuf {
        self.folder.join("events")
    }

    /// From now on this host hears what others tell, or no more. True when it begins to.
    fn listen(&mut self, wanted: bool) -> bool {
        if wanted == self.listening.is_some() {
            return false;
        }
        (self.listening, self.reading) = (None, None);
        if wanted {
            // Without it, events of other processes do not arrive; our own do.
            let _ = self.start();
        }
        self.listening.is_some()
    }

    fn start(&mut self) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let create = |name: &str| {
            let mut options = atomic::private();
            options.create(true).truncate(false).read(true).open(self.folder.join(name))
        };
        let listening = create("listening")?;
        listening.lock_shared()?;
        let mut file = create("events")?;
        file.seek(SeekFrom::End(0))?;
        (self.listening, self.reading) = (Some(listening), Some(Reading { file, rest: Vec::new() }));
        Ok(())
    }

    /// Whether another process listens, or this one: then it does no harm.
    fn anybody(&self) -> bool {
        if self.listening.is_some() {
            return true;
        }
        let Ok(file) = File::open(self.folder.join("listening")) else { return false };
        matches!(file.try_lock(), Err(TryLockError::WouldBlock))
    }

    fn append(&self, line: &str) -> std::io::Result<()> {
        let path = self.events();
        loop {
            let mut options = atomic::private();
            let mut file = options.create(true).truncate(false).append(true).open(&path)?;
            file.lock()?;
            if !super::machine_lock::is_at(&file, &path) {
                continue;
            }
            if file.metadata()?.len() > LARGEST {
                // Readers keep the old one open and go on to the next when they have read it.
                std::fs::remove_file(&path)?;
                continue;
            }
            // A line at a time, so that a reader meets no half of one for long.
            return file.write_all(line.as_bytes());
        }
    }

    /// The lines of others since the last time.
    fn lines(&mut self) -> Vec<Value> {
        let mut found = Vec::new();
        let path = self.events();
        for _ in 0..8 {
            let Some(reading) = self.reading.as_mut() else { break };
            // Asked first: what is appended to the old file meanwhile is read below.
            let current = super::machine_lock::is_at(&reading.file, &path);
            let mut bytes = std::mem::take(&mut reading.rest);
            let _ = reading.file.read_to_end(&mut bytes);
            let complete = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            reading.rest = bytes.split_off(complete);
            let parsed = bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
            found.extend(parsed.filter(|line: &Value| line["by"].as_str() != Some(self.own.as_str())));
            if current {
                break;
            }
            match File::open(&path) {
                Ok(file) => *reading = Reading { file, rest: Vec::new() },
                // The next one that tells something makes it.
                Err(_) => break,
            }
        }
        found
    }
}

impl State {
    /// Tells other processes what happened to `IVirtualBox`. Costs next to nothing when none listens; that a full disk
    /// keeps it from them is no reason to fail what happened.
    pub(in crate::host) fn tell_others(&self, event: &Event) {
        if !self.journal.anybody() {
            return;
        }
        let values = event.values.iter().map(|(name, value)| ((*name).to_owned(), self.pack(value)));
        let values: serde_json::Map<String, Value> = values.collect();
        let line = json!({ "by": self.journal.own, "event": event.kind, "values": values });
        let _ = self.journal.append(&format!("{line}\n"));
    }

    /// Gives the listeners of this process what others told since the last time, and notices holders that died. To be
    /// called before a listener's queue is looked at; while one waits, every [`super::super::control`] beat.
    pub(in crate::host) fn hear_others(&mut self) {
        if self.journal.listen(self.has_listeners()) {
            // Who holds what now: a death of one of them is an event.
            let registered: Vec<_> =
                self.machines.iter().filter(|(_, machine)| machine.registered).map(|(view, _)| *view).collect();
            registered.into_iter().for_each(|view| self.look_again(view));
        }
        if self.journal.reading.is_none() {
            return;
        }
        for line in self.journal.lines() {
            self.hear(&line);
        }
        let held: Vec<_> =
            self.machines.iter().filter(|(_, machine)| machine.other.is_some()).map(|(view, _)| *view).collect();
        held.into_iter().for_each(|view| self.look_again(view));
    }

    fn hear(&mut self, line: &Value) {
        let Some(kind) = line["event"].as_str() else { return };
        let Some(interface) = embedded().event_interface(kind) else { return };
        let Some(kind) = embedded()
            .enumeration("VBoxEventType")
            .and_then(|types| types.values.iter().find(|value| value.name == kind))
        else {
            return;
        };
        let mut values = Vec::new();
        for (name, packed) in line["values"].as_object().into_iter().flatten() {
            let attribute =
                interface.lineage().flat_map(|interface| interface.attributes()).find(|known| known.name == name);
            values.extend(attribute.map(|attribute| (attribute.name, self.unpack(packed))));
        }
        if let Some(id) = line["values"]["machineId"].as_str() {
            self.refresh();
            let view = self.machines.iter().find(|(_, machine)| machine.registered && machine.id == id);
            if let Some(view) = view.map(|(view, _)| *view) {
                self.look_again(view);
            }
        }
        self.queue(Event { kind: kind.name, values });
    }

    /// A value as it stands in the journal. Objects are named by their ids; one without is null for others.
    fn pack(&self, value: &RawValue) -> Value {
        match value {
            RawValue::Bool(truth) => json!(truth),
            RawValue::Int(number) => json!(number),
            RawValue::Text(text) => json!(text),
            RawValue::Enum(value) => json!({ "enum": value.enumeration.name, "number": value.number }),
            RawValue::List(values) => values.iter().map(|value| self.pack(value)).collect(),
            RawValue::Object(_) => match Address::of(value) {
                Some(Address::VIRTUAL_BOX) => json!({ "object": "IVirtualBox" }),
                Some(at) => match (self.machines.get(&at.view), self.media.get(&at.element)) {
                    (Some(machine), _) if at == Address::machine(at.view) => {
                        json!({ "object": "IMachine", "id": machine.id })
                    }
                    (None, Some(medium)) => json!({ "object": "IMedium", "id": medium.id }),
                    _ => Value::Null,
                },
                None => Value::Null,
            },
            _ => Value::Null,
        }
    }

    fn unpack(&mut self, packed: &Value) -> RawValue {
        match packed {
            Value::Bool(truth) => RawValue::Bool(*truth),
            Value::Number(number) => RawValue::Int(number.as_i64().unwrap_or_default()),
            Value::String(text) => value::text(text),
            Value::Array(values) => RawValue::List(values.iter().map(|value| self.unpack(value)).collect()),
            Value::Object(_) => match (packed["enum"].as_str(), packed["object"].as_str(), packed["id"].as_str()) {
                (Some(name), ..) => embedded().enumeration(name).map_or(RawValue::Null, |enumeration| {
                    RawValue::Enum(EnumValue { enumeration, number: packed["number"].as_i64().unwrap_or_default() })
                }),
                (_, Some("IVirtualBox"), _) => Address::VIRTUAL_BOX.value("IVirtualBox"),
                (_, Some("IMachine"), Some(id)) => {
                    self.find_machine(id).map_or(RawValue::Null, |view| Address::machine(view).value("IMachine"))
                }
                (_, Some("IMedium"), Some(id)) => {
                    self.refresh();
                    self.medium_by_id(id).map_or(RawValue::Null, |medium| Address::global(medium).value("IMedium"))
                }
                _ => RawValue::Null,
            },
            Value::Null => RawValue::Null,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(journal: &mut Journal) -> Vec<i64> {
        journal.lines().iter().map(|line| line["n"].as_i64().unwrap()).collect()
    }

    #[test]
    fn readers_get_every_line_once_and_across_a_change_of_files() {
        let home = tempfile::tempdir().unwrap();
        let writer = Journal::new(home.path());
        let mut reader = Journal::new(home.path());
        assert!(!writer.anybody());
        reader.listen(true);
        assert!(writer.anybody());
        let filling = "x".repeat(9_000);
        let mut expected = Vec::new();
        let mut read = Vec::new();
        for n in 0..400 {
            writer.append(&format!("{{\"n\":{n},\"f\":\"{filling}\"}}\n")).unwrap();
            expected.push(n);
            if n % 60 == 0 {
                read.extend(texts(&mut reader));
            }
        }
        read.extend(texts(&mut reader));
        assert_eq!(read, expected);
        assert!(writer.events().metadata().unwrap().len() <= LARGEST + 10_000, "it is bounded");
        reader.listen(false);
        assert!(!writer.anybody());
    }

    #[test]
    fn own_lines_and_damage_are_passed_over() {
        let home = tempfile::tempdir().unwrap();
        let mut reader = Journal::new(home.path());
        reader.listen(true);
        reader.append(&format!("{{\"n\":1,\"by\":\"{}\"}}\n", reader.own)).unwrap();
        reader.append("damage\n{\"n\":2}\n{\"n\":3").unwrap();
        assert_eq!(texts(&mut reader), [2]);
        reader.append("}\n").unwrap();
        assert_eq!(texts(&mut reader), [3]);
    }
}
