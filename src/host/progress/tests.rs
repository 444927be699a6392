//! Work that is told, cancelled and limited step by step.

use super::*;
use crate::host::Host;
use crate::model::{Handle, Operation};
use crate::schema::embedded;
use std::sync::mpsc;

struct Rig {
    host: Host,
    progress: Handle,
    /// Each message lets the work go one step; the end of messages ends it.
    steps: mpsc::Sender<(u64, u64)>,
}

impl Rig {
    fn new(job: impl FnOnce(Job) -> Job) -> Self {
        let home = tempfile::tempdir().unwrap();
        let host = Host::open(home.path(), home.path()).unwrap();
        let (steps, next) = mpsc::channel();
        let work = move |report: &Reporter| {
            for (done, total) in next {
                if total == 0 { report.next()? } else { report.done(done, total)? }
            }
            report.check()?;
            Ok(7)
        };
        let close = |_: &mut State, result: Outcome<i32>| result.map(|number| assert_eq!(number, 7));
        let job = job(Job::new("Testing", Address::VIRTUAL_BOX, "IMachine"));
        let progress = host.door().lock().start_job(job, work, close);
        let progress = Address::of(&progress).unwrap().handle();
        Self { host, progress, steps }
    }

    fn get(&self, name: &str) -> Outcome<RawValue> {
        let attribute = embedded().interface("IProgress").unwrap().attribute(name).unwrap();
        Ok(self.host.invoke(&self.progress, Operation::Get(attribute), &[], None)?.remove(0))
    }

    fn number(&self, name: &str) -> i64 {
        self.get(name).unwrap().as_int().unwrap()
    }

    fn call(&self, name: &str, arguments: &[i64]) -> Outcome {
        let method = embedded().interface("IProgress").unwrap().method(name).unwrap();
        let arguments: Vec<_> = arguments.iter().copied().map(RawValue::Int).collect();
        self.host.invoke(&self.progress, Operation::Call(method), &arguments, None).map(drop)
    }

    fn until(&self, name: &str, wanted: i64) {
        let start = Instant::now();
        while self.number(name) != wanted {
            assert!(start.elapsed() < Duration::from_secs(20), "{name} stays {}", self.number(name));
            std::thread::yield_now();
        }
    }

    fn end(&mut self) {
        self.steps = mpsc::channel().0;
        self.call("waitForCompletion", &[-1]).unwrap();
    }
}

fn two(job: Job) -> Job {
    job.operations([("first", 3), ("second", 1)])
}

#[test]
fn work_is_told_as_it_goes() {
    let mut rig = Rig::new(two);
    assert_eq!(rig.get("completed"), Ok(RawValue::Bool(false)));
    assert_eq!((rig.number("timeRemaining"), rig.number("percent")), (-1, 0));
    assert_eq!(rig.get("resultCode").unwrap_err().code, code::E_FAIL);
    assert_eq!(rig.get("errorInfo").unwrap_err().code, code::E_FAIL);
    let id = rig.get("id").unwrap();
    let found = |rig: &Rig| rig.host.door().lock().find_progress(id.as_text().unwrap_or_default());
    assert!(found(&rig).is_ok());
    rig.steps.send((1, 2)).unwrap();
    rig.until("operationPercent", 50);
    assert_eq!((rig.number("percent"), rig.get("operationDescription")), (37, Ok(text("first"))));
    rig.call("waitForCompletion", &[1]).unwrap();
    assert_eq!(rig.call("waitForOperationCompletion", &[2, 1]).unwrap_err().code, code::E_INVALIDARG);
    rig.steps.send((0, 0)).unwrap();
    rig.call("waitForOperationCompletion", &[0, -1]).unwrap();
    assert_eq!((rig.number("operation"), rig.number("percent")), (1, 75));
    rig.end();
    assert_eq!((rig.number("percent"), rig.number("resultCode"), rig.get("errorInfo")), (100, 0, Ok(RawValue::Null)));
    assert_eq!(found(&rig).unwrap_err().code, code::E_INVALIDARG, "only running work is found");
    rig.call("cancel", &[]).unwrap();
    assert_eq!((rig.get("canceled"), rig.number("resultCode")), (Ok(RawValue::Bool(true)), 0));
}

#[test]
fn cancelled_work_fails_where_it_stands() {
    let rig = Rig::new(two);
    rig.steps.send((1, 3)).unwrap();
    rig.until("operationPercent", 33);
    rig.call("cancel", &[]).unwrap();
    assert_eq!(rig.get("completed"), Ok(RawValue::Bool(false)));
    rig.steps.send((2, 3)).unwrap();
    rig.call("waitForCompletion", &[-1]).unwrap();
    assert_eq!(rig.number("resultCode") as u32, code::FILE_ERROR);
    assert_eq!((rig.number("operation"), rig.number("timeRemaining")), (0, 0));
    assert!(Address::of(&rig.get("errorInfo").unwrap()).is_some());
}

#[test]
fn work_may_have_a_time_limit_and_may_be_beyond_cancelling() {
    let limited = Rig::new(|job| job);
    let timeout = embedded().interface("IProgress").unwrap().attribute("timeout").unwrap();
    let set = |rig: &Rig, time| {
        rig.host.invoke(&rig.progress, Operation::Set(timeout), &[RawValue::Int(time)], None).map(drop)
    };
    set(&limited, 1).unwrap();
    std::thread::sleep(Duration::from_millis(5));
    limited.steps.send((1, 2)).unwrap();
    limited.call("waitForCompletion", &[-1]).unwrap();
    assert_eq!(limited.get("canceled"), Ok(RawValue::Bool(true)));
    let mut firm = Rig::new(Job::not_cancelable);
    assert_eq!(firm.call("cancel", &[]).unwrap_err().code, code::INVALID_OBJECT_STATE);
    assert_eq!(set(&firm, 1).unwrap_err().code, code::INVALID_OBJECT_STATE);
    firm.end();
    assert_eq!(firm.number("resultCode"), 0);
}

#[test]
fn a_progress_nobody_holds_lives_until_its_work_ends() {
    let mut rig = Rig::new(|job| job);
    rig.host.release(std::slice::from_ref(&rig.progress));
    assert_eq!(rig.number("percent"), 0);
    rig.steps = mpsc::channel().0;
    rig.host.end_sessions();
    assert!(rig.get("percent").is_err());
}
