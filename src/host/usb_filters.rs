//! The USB device filters of a machine: a list in an order that counts.

use super::arguments::Arguments;
use super::devices::Reply;
use super::document::ElementId;
use super::fault::code;
use super::state::{Address, State, nothing, one};
use super::table::When;
use super::value::text;
use super::{Fault, Outcome};

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
                let filter = arguments.object(1).filter(|filter| filter.view == at.view);
                let filter = filter.ok_or_else(|| Fault::argument("the filter was not made by this machine"))?;
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

    /// Gives the parts of a list their positions.
    fn number(&mut self, view: u32, order: &[ElementId]) -> Outcome {
        for (position, element) in (0..).zip(order) {
            self.element_mut(Address { view, element: *element })?.index = position;
        }
        self.touch(view);
        Ok(())
    }
}
