//! Changes that listeners may refuse: who is asked, and what the answer does. The wait between the two is the caller's.

use super::EventValues;
use crate::host::arguments::Arguments;
use crate::host::document::ElementId;
use crate::host::fault::code;
use crate::host::state::{Address, State};
use crate::host::{Fault, Outcome};
use crate::schema::Method;
use std::time::Duration;

/// How long listeners may think about a change of extra data.
const THINK: Duration = Duration::from_secs(3);

/// A vetoable event that waits for its listeners.
#[derive(Debug)]
pub(in crate::host) struct Question {
    pub(in crate::host) event: ElementId,
    /// How long listeners have.
    pub(in crate::host) time: Duration,
}

/// What listeners said to a question.
#[derive(Debug, Default)]
pub(in crate::host) struct Answer {
    pub(in crate::host) vetoed: bool,
    pub(in crate::host) vetos: Vec<String>,
}

impl State {
    /// What listeners are to be asked before a call; `None` when nothing, or when nobody listens.
    ///
    /// # Errors
    /// The call cannot succeed, so nobody is asked.
    pub(in crate::host) fn question(
        &mut self,
        at: Address,
        method: &'static Method,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Question>> {
        match (method.owner, method.name) {
            ("IVirtualBox" | "IMachine", "setExtraData") => {
                self.load(at.view)?;
                if method.owner == "IMachine" {
                    self.check_accessible(at.view, method.name).map_err(|fault| fault.by("IMachine"))?;
                }
                let (key, value) = (arguments.text(0), arguments.text(1));
                if !self.changes_extra_data(at, key, value)? {
                    return Ok(None);
                }
                let values = self.extra_data_event(at, key, value)?;
                Ok(self.ask(Address::VIRTUAL_BOX, "OnExtraDataCanChange", values, THINK))
            }
            ("IMachine", "canShowConsoleWindow") => {
                self.events.take_approval();
                let original = self.machine_of(at.view);
                let console = self.consoles.get(&original).copied();
                Ok(console.and_then(|console| self.ask(Address::global(console), "OnCanShowWindow", Vec::new(), THINK)))
            }
            _ => Ok(None),
        }
    }

    /// Refuses a call that a listener objects to.
    pub(in crate::host) fn heed(&self, method: &'static Method, answer: &Answer) -> Outcome {
        // A veto against showing a window is an answer, and no error.
        if !answer.vetoed || method.name == "canShowConsoleWindow" {
            return Ok(());
        }
        let mut reasons = answer.vetos.join("; ");
        if reasons.is_empty() {
            reasons.push_str("it gave no reason");
        }
        let message = format!("a listener objects to `{}`: {reasons}", method.name);
        Err(Fault::new(code::E_ACCESSDENIED, message))
    }

    /// Asks the listeners of an object; `None` when nobody listens.
    fn ask(&mut self, owner: Address, kind: &'static str, values: EventValues, time: Duration) -> Option<Question> {
        let event = self.make_event(owner, kind, values)?;
        if let Some(fired) = self.events.fired.get_mut(&event) {
            fired.asked = true;
        }
        self.deliver(self.fired_source(event), event);
        Some(Question { event, time })
    }

    /// What the listeners said. Those that said nothing in time are not asked again.
    pub(in crate::host) fn answer(&mut self, question: &Question) -> Answer {
        let event = question.event;
        let Some(fired) = self.events.fired.get_mut(&event) else { return Answer::default() };
        fired.asked = false;
        let answer = Answer { vetoed: fired.vetoed, vetos: fired.vetos.clone() };
        let (kind, processed) = (fired.kind, fired.processed);
        self.events.approved = fired.approved && !fired.vetoed;
        for source in self.events.sources.values_mut() {
            if source.pending.remove(&event).is_some() && !processed {
                source.listeners.iter_mut().filter(|listener| listener.wants(kind)).for_each(|listener| {
                    listener.deaf.insert(kind);
                });
            }
        }
        self.forget_unneeded(event);
        answer
    }
}
