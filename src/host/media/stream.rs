//! `IMediumIO.convertToStream` and `IDataStream`: a disk in another format, as bytes that a caller reads one after the
//! other. Only what can be written from start to end can be a stream: compressed VMDK, and raw.

use super::super::arguments::Arguments;
use super::super::document::{ElementId, ROOT};
use super::super::fault::code;
use super::super::images::{self, Chain, Format, ImageError, Plan, Variant, work};
use super::super::progress::{Job, Reporter};
use super::super::state::{Address, State, gone, one};
use super::super::{Fault, Outcome};
use super::create::flags;
use super::{Files, telling};
use crate::model::RawValue;
use std::collections::VecDeque;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// How much is kept for the reader when the caller does not say.
const USUAL: usize = 1 << 20;
/// No more is kept for the reader.
const MOST: usize = 64 << 20;
/// How often a writer without room looks whether it shall stop.
const BEAT: Duration = Duration::from_millis(20);

/// Bytes on their way from a thread to a reader.
#[derive(Debug)]
pub(in crate::host) struct Stream {
    inside: Mutex<Inside>,
    room: Condvar,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Inside {
    bytes: VecDeque<u8>,
    /// All bytes are there.
    complete: bool,
    /// Nobody will read the rest.
    left: bool,
}

impl Stream {
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts bytes in, as the reader makes room for them.
    fn put(&self, mut bytes: &[u8], report: &Reporter) -> Outcome {
        while !bytes.is_empty() {
            report.check()?;
            let mut inside = self.lock();
            let room = self.capacity.saturating_sub(inside.bytes.len());
            if inside.left {
                return Err(Fault::new(code::FILE_ERROR, "nobody reads the stream any more"));
            }
            if room == 0 {
                drop(self.room.wait_timeout(inside, BEAT));
                continue;
            }
            let (part, rest) = bytes.split_at(room.min(bytes.len()));
            inside.bytes.extend(part);
            bytes = rest;
            drop(inside);
            report.wake();
        }
        Ok(())
    }
}

/// What a thread makes a stream of.
struct Work {
    source: Files,
    stream: Arc<Stream>,
    compressed: bool,
}

impl Work {
    fn run(&self, report: &Reporter) -> Outcome {
        let mut source = self.source.open(false)?;
        let result = if self.compressed { self.compress(&mut source, report) } else { self.copy(&mut source, report) };
        if result.is_ok() {
            self.stream.lock().complete = true;
            report.wake();
        }
        result
    }

    fn copy(&self, source: &mut Chain, report: &Reporter) -> Outcome {
        let size = source.size();
        let mut bytes = vec![0; 1 << 16];
        let mut at = 0;
        while at < size {
            let length = usize::try_from(size - at).unwrap_or(usize::MAX).min(bytes.len());
            source.read(at, &mut bytes[..length]).map_err(failed)?;
            self.stream.put(&bytes[..length], report)?;
            at += length as u64;
            report.done(at, size)?;
        }
        Ok(())
    }

    /// The head of a VMDK is only known when all of it is written: it is made in a file that nobody else sees.
    fn compress(&self, source: &mut Chain, report: &Reporter) -> Outcome {
        let place = Temporary(std::env::temp_dir().join(format!("vboxsh-{}.vmdk", Uuid::new_v4())));
        let plan = Plan {
            format: Format::Vmdk,
            size: source.size(),
            variant: Variant(Variant::STREAM),
            id: Uuid::new_v4(),
            parent: None,
        };
        let target = images::create(&place.0, &plan, &mut |_, _| Ok(())).map_err(failed)?;
        let mut tell = telling(report);
        let mut half = |done: u64, total: u64| tell(done, total * 2);
        work::copy(source, &mut Chain::new(vec![target]), true, &mut half).map_err(failed)?;
        let unread = |error: std::io::Error| Fault::file(&place.0, error);
        let mut file = std::fs::File::open(&place.0).map_err(unread)?;
        let length = file.metadata().map_err(unread)?.len();
        let mut bytes = vec![0; 1 << 16];
        let mut done = 0;
        loop {
            let read = file.read(&mut bytes).map_err(unread)?;
            if read == 0 {
                return Ok(());
            }
            self.stream.put(&bytes[..read], report)?;
            done += read as u64;
            report.done(length + done, length * 2)?;
        }
    }
}

/// A file that goes with its holder.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn failed(error: ImageError) -> Fault {
    Fault::new(code::FILE_ERROR, format!("cannot convert the disk to a stream: {error}"))
}

impl State {
    /// `convertToStream`: the progress of the work, and the stream.
    pub(super) fn convert_to_stream(&mut self, medium: ElementId, arguments: Arguments<'_>) -> Outcome<Vec<RawValue>> {
        let (format, variant) = (arguments.text(0), flags(arguments.list(1)));
        // VirtualBox ends by itself here.
        let known = Format::named(format)
            .ok_or_else(|| Fault::new(code::NOT_SUPPORTED, format!("`{format}` is no format of disks")))?;
        let compressed = known == Format::Vmdk && variant == Variant::STREAM;
        let capacity = match usize::try_from(arguments.int(2)) {
            Ok(wanted @ 1..) => wanted.min(MOST),
            _ => USUAL,
        };
        let stream = Arc::new(Stream { inside: Mutex::default(), room: Condvar::new(), capacity });
        let id = self.global.add("IDataStream", ROOT, "dataStream", 0);
        self.streams.insert(id, Arc::clone(&stream));
        let place = self.medium(medium)?.location.display().to_string();
        let job = Job::new(format!("Converting medium `{place}` to data stream"), Address::VIRTUAL_BOX, "IMediumIO");
        let value = Address::global(id).value("IDataStream");
        if !compressed && known != Format::Raw {
            let message = format!(
                "images of the format {format} of that kind cannot be written as a stream; a VMDK can be, with `VmdkStreamOptimized`"
            );
            let progress = self.finished_job(job, Err(Fault::new(code::FILE_ERROR, message)));
            return Ok(vec![progress, value]);
        }
        let (source, readers) = (self.chain_files(medium)?, self.ancestry(medium));
        self.lock_read(&readers)?;
        let work = Work { source, stream, compressed };
        let close = move |state: &mut Self, result: Outcome| {
            state.unlock_read(&readers);
            result
        };
        Ok(vec![self.start_job(job, move |report: &Reporter| work.run(report), close), value])
    }

    /// Whether a read of that stream need not wait.
    pub(in crate::host) fn stream_ready(&self, id: ElementId) -> bool {
        self.streams.get(&id).is_none_or(|stream| {
            let inside = stream.lock();
            inside.complete || !inside.bytes.is_empty()
        })
    }

    pub(in crate::host) fn read_data_stream(&self, id: ElementId, name: &str) -> Outcome<Option<RawValue>> {
        let stream = self.streams.get(&id).ok_or_else(gone)?;
        if name != "readSize" {
            return Ok(None);
        }
        let inside = stream.lock();
        let at_end = inside.complete && inside.bytes.is_empty();
        let size = if at_end { 0 } else { stream.capacity };
        Ok(Some(RawValue::Int(i64::try_from(size).unwrap_or(i64::MAX))))
    }

    /// Waits have been waited when the call comes here.
    pub(in crate::host) fn call_data_stream(
        &mut self,
        id: ElementId,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        let stream = self.streams.get(&id).ok_or_else(gone)?;
        if name != "read" {
            return Ok(None);
        }
        let wanted = usize::try_from(arguments.int(0)).unwrap_or_default();
        let mut inside = stream.lock();
        if wanted > 0 && inside.bytes.is_empty() && !inside.complete {
            return Err(Fault::new(code::TIMEOUT, "no bytes came in that time"));
        }
        let length = wanted.min(inside.bytes.len());
        let bytes = inside.bytes.drain(..length).collect();
        drop(inside);
        stream.room.notify_all();
        one(RawValue::Blob(bytes))
    }

    /// Nobody will read any stream to its end: what makes them need not go on.
    pub(in crate::host) fn leave_streams(&mut self) {
        for stream in self.streams.values() {
            stream.lock().left = true;
            stream.room.notify_all();
        }
    }

    /// Nobody refers to a stream any more: what makes it need not go on.
    pub(in crate::host) fn leave_stream(&mut self, id: ElementId) {
        if let Some(stream) = self.streams.remove(&id) {
            stream.lock().left = true;
            stream.room.notify_all();
        }
        self.global.remove(id);
    }
}
