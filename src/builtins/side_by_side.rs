//! The same on several at once: `on` for hosts, `foreachvm --at-once` for machines. Each has a shell and a progress
//! bar of its own; Ctrl-C asks once for all.
//!
//! No command stands here.

use crate::model::{ErrorKind, Interrupt};
use crate::output::{Failure, Ui};
use crate::shell::Shell;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

/// How long those that were told to stop may take for it.
const STOPPING: Duration = Duration::from_secs(3);

/// A line for one of them.
pub(super) struct Job {
    /// Name of the host or machine.
    pub(super) name: String,
    /// A shell of its own, on a [`Ui::beside`] that of the prompt.
    pub(super) shell: Shell,
    /// What to run.
    pub(super) line: String,
    /// Whether its connection is its own, and closes with it.
    pub(super) own_connection: bool,
}

/// What came of a job.
pub(super) struct Answer {
    pub(super) name: String,
    pub(super) out: String,
    pub(super) talk: String,
    pub(super) failure: Option<Failure>,
}

/// A job that runs.
struct Running {
    name: String,
    ui: Ui,
    interrupt: Interrupt,
}

#[derive(Default)]
struct Board {
    waiting: VecDeque<Job>,
    running: Vec<Running>,
}

fn locked(board: &Mutex<Board>) -> MutexGuard<'_, Board> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs jobs, `at_once` of them at a time, and gives each answer to `take` as it comes. Gives the names of those that
/// did not answer in `time`.
///
/// # Errors
/// A thread cannot be started, or Ctrl-C.
pub(super) fn run(
    shell: &Shell,
    jobs: Vec<Job>,
    at_once: usize,
    time: Option<Duration>,
    take: &mut dyn FnMut(Answer) -> Result<(), Failure>,
) -> Result<Vec<String>, Failure> {
    let mut left: Vec<String> = jobs.iter().map(|job| job.name.clone()).collect();
    let threads = at_once.clamp(1, jobs.len().max(1));
    let board = Arc::new(Mutex::new(Board { waiting: jobs.into(), running: Vec::new() }));
    let (tell, answers) = mpsc::channel();
    for _ in 0..threads {
        let (board, tell) = (Arc::clone(&board), tell.clone());
        std::thread::Builder::new()
            .name("side-by-side".to_owned())
            .spawn(move || work(&board, &tell))
            .map_err(|error| Failure::new(ErrorKind::Failed, format!("cannot start a thread: {error}")))?;
    }
    drop(tell);
    let start = Instant::now();
    while !left.is_empty() {
        if shell.world().interrupt().is_raised() {
            return Err(stop(shell, &board, &answers));
        }
        let more = time.map_or(Duration::MAX, |time| time.saturating_sub(start.elapsed()));
        match answers.recv_timeout(more.min(Interrupt::SLICE)) {
            Ok(answer) => {
                if let Some(at) = left.iter().position(|name| *name == answer.name) {
                    left.remove(at);
                }
                if let Err(failure) = take(answer) {
                    locked(&board).waiting.clear();
                    return Err(failure);
                }
            }
            Err(mpsc::RecvTimeoutError::Timeout) if !more.is_zero() => {}
            Err(_) => break,
        }
    }
    // Nothing new begins behind the user's back.
    locked(&board).waiting.clear();
    Ok(left)
}

/// What a thread does: one job after the other.
fn work(board: &Mutex<Board>, tell: &mpsc::Sender<Answer>) {
    loop {
        let (mut job, interrupt) = {
            let mut board = locked(board);
            let Some(job) = board.waiting.pop_front() else { return };
            let interrupt = Interrupt::default();
            let running = Running { name: job.name.clone(), ui: job.shell.ui().clone(), interrupt: interrupt.clone() };
            board.running.push(running);
            (job, interrupt)
        };
        let failure = interrupt.instead(|| job.shell.run_line(&job.line).err());
        locked(board).running.retain(|running| running.name != job.name);
        let said = job.shell.ui().take();
        // Nobody waits any more when the time is over.
        let _ = tell.send(Answer { name: job.name, out: said.out, talk: said.err, failure });
        if job.own_connection
            && let Some(connection) = job.shell.world().current()
        {
            connection.close();
        }
    }
}

/// Asks whether to cancel what runs, and stops waiting for it.
fn stop(shell: &Shell, board: &Mutex<Board>, answers: &mpsc::Receiver<Answer>) -> Failure {
    shell.world().interrupt().clear();
    let names: Vec<String> = {
        let mut board = locked(board);
        board.waiting.clear();
        board.running.iter().map(|running| running.name.clone()).collect()
    };
    let ui = shell.ui();
    let cancel = !names.is_empty()
        && (shell.world().yes() || ui.confirm(&format!("cancel what runs for {}?", names.join(", "))));
    let running = std::mem::take(&mut locked(board).running);
    for one in running {
        if cancel {
            one.ui.consent();
        }
        one.interrupt.raise();
    }
    let end = Instant::now() + STOPPING;
    while answers.recv_timeout(end.saturating_duration_since(Instant::now())).is_ok() {}
    if !names.is_empty() && !cancel {
        ui.note(&format!("what runs for {} goes on by itself", names.join(", ")));
    }
    Failure::from(crate::model::Error::Interrupted)
}
