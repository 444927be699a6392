//! The USB device filters of a machine: a list in an order that counts.

use super::Reply;
use crate::host::arguments::Arguments;
use crate::host::document::ElementId;
use crate::host::fault::code;
use crate::host::state::{Address, State, nothing, one};
use crate::host::table::When;
use crate::host::value::text;
use crate::host::{Fault, Outcome};

impl State {
    pub(super) fn call_usb_filters(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        let position = usize::try_from(arguments.int(0)).unwrap_or_default();
        let filters = self.document(at.view)?.children(at.element, "deviceFilters");
        match name {
            "createDeviceFilter" => {
                self.check_mutable(at.view, When::Always)?;
                if arguments.text(0).is_empty() {
                    return Err(Fault::argument("a filter needs a name"));
                }
                // It waits outside of the list until it is inserted.
                let document = self.document_mut(at.view)?;
                let id = document.add("IUSBDeviceFilter", at.element, "loose filter", 0);
                document.get_mut(id).into_iter().for_each(|element| element.set("name", text(arguments.text(0))));
                one(Address { view: at.view, element: id }.value("IUSBDeviceFilter"))
            }
            "insertDeviceFilter" => {
                self.check_mutable(at.view, When::Always)?;
                let filter = arguments.object(1).ok_or_else(|| Fault::argument("no filter was given"))?;
                let filter = if filter.view == at.view { filter } else { self.own_filter(at, filter)? };
                if filters.contains(&filter.element) {
                    return Err(Fault::new(code::INVALID_OBJECT_STATE, "the filter is in the list already"));
                }
                let mut order = filters;
                order.insert(position.min(order.len()), filter.element);
                self.element_mut(filter)?.role = "deviceFilters";
                self.number(at.view, &order)?;
                nothing()
            }
            "removeDeviceFilter" => {
                self.check_mutable(at.view, When::Always)?;
                let count = filters.len();
                let missing = || Fault::argument(format!("there is no filter {position}: there are {count}"));
                let id = *filters.get(position).ok_or_else(missing)?;
                let filter = Address { view: at.view, element: id };
                self.element_mut(filter)?.role = "loose filter";
                self.number(at.view, &filters.into_iter().filter(|other| *other != id).collect::<Vec<_>>())?;
                one(filter.value("IUSBDeviceFilter"))
            }
            _ => Ok(None),
        }
    }

    /// A copy of another machine's filter.
    fn own_filter(&mut self, at: Address, foreign: Address) -> Outcome<Address> {
        let mut copy = self.element(foreign)?.clone();
        let document = self.document_mut(at.view)?;
        let id = document.add("IUSBDeviceFilter", at.element, "loose filter", 0);
        (copy.parent, copy.role) = (at.element, "loose filter");
        document.get_mut(id).into_iter().for_each(|element| *element = copy.clone());
        Ok(Address { view: at.view, element: id })
    }

    /// Gives the parts of a list their positions.
    fn number(&mut self, view: u32, order: &[ElementId]) -> Outcome {
        for (position, element) in (0..).zip(order) {
            self.element_mut(Address { view, element: *element })?.index = position;
        }
        self.touch(view);
        Ok(())
    }
}
