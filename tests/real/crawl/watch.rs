//! A thread that takes the events of one source and has the crawl read them at once.

use super::Crawl;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use vboxsh::model::{Error, EventListener, Object};

pub struct Watch {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Watches from now on.
    pub fn open(crawl: &Arc<Crawl>, source: &Object) -> Self {
        Self::try_open(crawl, source).unwrap()
    }

    /// The same for a source that may be gone already, as that of work that is done.
    pub fn try_open(crawl: &Arc<Crawl>, source: &Object) -> Result<Self, Error> {
        let listener = EventListener::open(source, Vec::new())?;
        let stop = Arc::new(AtomicBool::new(false));
        let (crawl, stopped) = (Arc::clone(crawl), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            loop {
                let last = stopped.load(Ordering::Relaxed);
                match take(&crawl, &listener) {
                    Ok(true) => {}
                    Ok(false) if last => return,
                    Ok(false) => {}
                    // The source went with its machine.
                    Err(Error::Api { .. } | Error::Stale { .. }) => return,
                    Err(error) => return crawl.failed(format!("a listener: {error}")),
                }
            }
        });
        Ok(Self { stop, thread: Some(thread) })
    }

    /// Takes what is there and ends.
    pub fn finish(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic in it has been printed; dropping must not add another.
            let _ = thread.join();
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end();
    }
}

fn take(crawl: &Crawl, listener: &EventListener) -> Result<bool, Error> {
    let Some(event) = listener.next(Duration::from_millis(200))? else { return Ok(false) };
    crawl.event(&event);
    listener.processed(&event)?;
    Ok(true)
}
