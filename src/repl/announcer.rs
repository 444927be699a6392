//! Events announced above the line that is typed, for those who want it.
//!
//! A thread of its own listens, over whatever connection the shell has open, and opens none. While a line runs its
//! announcements wait; when many come at once the last ones are shown and the others counted.

use crate::builtins::event_line;
use crate::model::{Connection, EventListener, Interrupt, Value};
use crate::output::{Role, Style};
use crate::shell::{Announce, World};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

/// Types of events that matter to most.
const USUAL: &[&str] =
    &["OnMachineStateChanged", "OnMachineRegistered", "OnSnapshotTaken", "OnSnapshotDeleted", "OnSnapshotRestored"];

/// So many lines are shown at once.
const MOST: usize = 5;

/// Not more often than this.
const PAUSE: Duration = Duration::from_millis(500);

/// How long a look for events takes, and how long nothing is done where there is nothing to look at.
const LOOK: Duration = Duration::from_millis(200);

/// After an error the connection is left alone for so long.
const REST: Duration = Duration::from_secs(3);

/// Where a line goes: above the one that is typed.
pub(super) type Printer = Box<dyn FnMut(String) + Send>;

/// The prompt's hold on the thread. Dropping it ends the thread.
pub(super) struct Announcer {
    shared: Arc<Shared>,
    /// Comes to its end when the thread does.
    ended: mpsc::Receiver<()>,
}

#[derive(Default)]
struct Shared {
    wanted: Mutex<Announce>,
    style: Mutex<Style>,
    at_prompt: AtomicBool,
    ended: AtomicBool,
}

impl Announcer {
    /// Starts the thread; nothing is announced without one.
    pub(super) fn start(world: Arc<World>, printer: Printer) -> Self {
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        let (ends, ended) = mpsc::channel();
        // Ctrl-C is for what the user runs, not for this.
        let work = move || {
            Interrupt::default().instead(|| listen(&of_thread, &world, printer));
            drop(ends);
        };
        let _ = std::thread::Builder::new().name("announcer".to_owned()).spawn(work);
        Self { shared, ended }
    }

    /// A line is about to be typed: announcements may be shown.
    pub(super) fn at_prompt(&self, wanted: &Announce, style: Style) {
        self.shared.wanted.lock().unwrap_or_else(PoisonError::into_inner).clone_from(wanted);
        *self.shared.style.lock().unwrap_or_else(PoisonError::into_inner) = style;
        self.shared.at_prompt.store(true, Ordering::SeqCst);
    }

    /// A line is about to run: announcements wait.
    pub(super) fn at_work(&self) {
        self.shared.at_prompt.store(false, Ordering::SeqCst);
    }
}

impl Drop for Announcer {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        // It takes its listener back; a connection that does not answer is not waited for long.
        let _ = self.ended.recv_timeout(REST / 4);
    }
}

/// What is listened to.
struct Ear {
    listener: EventListener,
    connection: Connection,
    wanted: Announce,
}

impl Ear {
    fn open(connection: Connection, wanted: Announce) -> Option<Self> {
        let Ok(Value::Object(source)) = connection.root().get("eventSource") else { return None };
        let types = match &wanted {
            Announce::Nothing => return None,
            Announce::Usual => USUAL.iter().map(|name| Value::from(*name)).collect(),
            Announce::Types(names) => names.iter().map(|name| Value::from(name.as_str())).collect(),
        };
        let listener = EventListener::open(&source, types).ok()?;
        Some(Self { listener, connection, wanted })
    }
}

fn listen(shared: &Shared, world: &World, mut printer: Printer) {
    let mut ear: Option<Ear> = None;
    let mut names = HashMap::new();
    let mut told = Told::default();
    while !shared.ended.load(Ordering::SeqCst) {
        let wanted = shared.wanted.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let current = world.current().filter(|_| wanted != Announce::Nothing);
        let fits = |ear: &Ear| current.as_ref().is_some_and(|now| now.is_same(&ear.connection)) && ear.wanted == wanted;
        if !ear.as_ref().is_some_and(fits) {
            names.clear();
            ear = current.and_then(|connection| Ear::open(connection, wanted));
        }
        match &ear {
            None => std::thread::sleep(LOOK),
            Some(open) => match open.listener.next(LOOK) {
                Ok(None) => {}
                Ok(Some(event)) => {
                    told.lines.push_back(event_line(&event, &mut names));
                    // One that was answered for already is none of our concern.
                    let _ = open.listener.processed(&event);
                }
                Err(_) => {
                    ear = None;
                    std::thread::sleep(REST);
                }
            },
        }
        if shared.at_prompt.load(Ordering::SeqCst)
            && let Some(text) = told.due(Instant::now())
        {
            let style = *shared.style.lock().unwrap_or_else(PoisonError::into_inner);
            printer(text.lines().map(|line| format!("{}\n", style.paint(Role::Dim, line))).collect());
        }
    }
}

/// What is still to be told.
#[derive(Default)]
struct Told {
    lines: VecDeque<String>,
    last: Option<Instant>,
}

impl Told {
    /// The text that is to be shown now.
    fn due(&mut self, now: Instant) -> Option<String> {
        if self.lines.is_empty() || self.last.is_some_and(|last| now.duration_since(last) < PAUSE) {
            return None;
        }
        self.last = Some(now);
        let more = self.lines.len().saturating_sub(MOST);
        let counted = match more {
            0 => None,
            1 => Some("* 1 more event".to_owned()),
            more => Some(format!("* {more} more events")),
        };
        let shown = self.lines.drain(..).skip(more).map(|line| format!("* {line}"));
        Some(counted.into_iter().chain(shown).collect::<Vec<_>>().join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_events_are_counted_and_the_last_ones_shown() {
        let mut told = Told::default();
        let now = Instant::now();
        assert_eq!(told.due(now), None);
        told.lines.extend((1..=7).map(|number| number.to_string()));
        assert_eq!(told.due(now).as_deref(), Some("* 2 more events\n* 3\n* 4\n* 5\n* 6\n* 7"));
        told.lines.push_back("8".to_owned());
        assert_eq!(told.due(now + PAUSE / 2), None, "not too often");
        assert_eq!(told.due(now + PAUSE).as_deref(), Some("* 8"));
    }

    #[test]
    fn the_usual_types_are_known() {
        let types = crate::schema::embedded().enumeration("VBoxEventType").unwrap();
        assert!(USUAL.iter().all(|name| types.number(name).is_some()));
    }
}
