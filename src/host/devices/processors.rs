//! Processors that come and go: `IMachine`'s hot-plug. The settings keep which ones a machine has.

use super::Reply;
use crate::host::arguments::Arguments;
use crate::host::fault::code;
use crate::host::state::{Address, State, nothing, one};
use crate::host::table::When;
use crate::host::{Fault, Outcome};
use crate::model::RawValue;

/// Greatest number of processors.
const MOST: i64 = 64;

impl State {
    /// Numbers of the processors that are plugged in, when they can come and go.
    fn plugged(&self, at: Address) -> Outcome<Vec<i64>> {
        let known = self.element(at)?.text("processors").split(',');
        Ok(known.filter_map(|number| number.parse().ok()).collect())
    }

    fn plug(&mut self, at: Address, processors: &[i64]) -> Outcome {
        let text = processors.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        self.element_mut(at)?.set("processors", crate::host::value::text(text));
        self.touch(at.view);
        Ok(())
    }

    pub(in crate::host) fn write_processors(
        &mut self,
        at: Address,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<bool> {
        let element = self.element(at)?;
        let (count, hot) = (element.int("CPUCount"), element.flag("CPUHotPlugEnabled"));
        match name {
            "CPUCount" if hot && (1..=MOST).contains(&arguments.int(0)) => {
                let wanted = arguments.int(0);
                let left: Vec<_> = self.plugged(at)?.into_iter().filter(|number| *number >= wanted).collect();
                if !left.is_empty() {
                    return Err(Fault::argument(format!("processor {} is plugged in; unplug it first", left[0])));
                }
                Ok(false)
            }
            "CPUHotPlugEnabled" if arguments.flag(0) && !hot => {
                self.plug(at, &(0..count).collect::<Vec<_>>())?;
                Ok(false)
            }
            "CPUHotPlugEnabled" if !arguments.flag(0) && hot => {
                // The number becomes fixed, so there must be no gap.
                let plugged = self.plugged(at)?;
                if !plugged.iter().copied().eq(0..i64::try_from(plugged.len()).unwrap_or_default()) {
                    return Err(Fault::argument("the processors have gaps between them; plug in or unplug some first"));
                }
                self.element_mut(at)?.set("CPUCount", RawValue::Int(i64::try_from(plugged.len()).unwrap_or(1)));
                self.plug(at, &[])?;
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    pub(in crate::host) fn call_processors(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        let processor = arguments.int(0);
        let (count, hot) = (self.element(at)?.int("CPUCount"), self.element(at)?.flag("CPUHotPlugEnabled"));
        let mut plugged = self.plugged(at)?;
        match name {
            "getCPUStatus" if hot => one(RawValue::Bool(plugged.contains(&processor))),
            "getCPUStatus" => one(RawValue::Bool(processor < count)),
            _ => {
                if !hot {
                    return Err(Fault::argument("hot-plugging of processors is off: `CPUHotPlugEnabled`"));
                }
                if name == "hotPlugCPU" {
                    if processor >= count {
                        return Err(Fault::argument(format!("processor {processor}: the machine has {count} at most")));
                    }
                    if plugged.contains(&processor) {
                        let message = format!("processor {processor} is plugged in already");
                        return Err(Fault::new(code::OBJECT_IN_USE, message));
                    }
                    plugged.push(processor);
                    plugged.sort_unstable();
                } else {
                    if processor == 0 || processor >= MOST {
                        return Err(Fault::argument(format!("processor {processor} cannot be unplugged: 1 to 63 can")));
                    }
                    let Some(place) = plugged.iter().position(|number| *number == processor) else {
                        return Err(Fault::not_found(format!("processor {processor} is not plugged in")));
                    };
                    plugged.remove(place);
                }
                self.check_mutable(at.view, When::OffOrRunning)?;
                self.plug(at, &plugged)?;
                nothing()
            }
        }
    }
}
