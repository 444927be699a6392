//! The USB device filters of the host: which devices machines may or may not have. A list in an order that counts,
//! kept in `VirtualBox.xml`.

use super::Reply;
use crate::host::arguments::Arguments;
use crate::host::document::{Document, ROOT};
use crate::host::fault::code;
use crate::host::settings::{read_rows, write_rows};
use crate::host::state::{Address, State, nothing, one};
use crate::host::value::text;
use crate::host::xml::XmlNode;
use crate::host::{Fault, Outcome};
use crate::model::RawValue;

const ROLE: &str = "USBDeviceFilters";
const PLACE: &str = "Global/USBDeviceFilters";
/// Fields that hold numbers, as four hexadecimal digits.
const NUMBERS: [&str; 4] = ["vendorId", "productId", "revision", "port"];

impl State {
    pub(super) fn host_usb_filters(&mut self) -> Outcome<RawValue> {
        self.refresh();
        self.parts(Address::VIRTUAL_BOX, ROLE, "IHostUSBDeviceFilter")
    }

    pub(super) fn call_host_usb_filters(&mut self, name: &str, arguments: Arguments<'_>) -> Reply {
        let mut order = self.global.children(ROOT, ROLE);
        let position = usize::try_from(arguments.int(0)).unwrap_or(usize::MAX);
        match name {
            "createUSBDeviceFilter" => {
                if arguments.text(0).is_empty() {
                    return Err(Fault::argument("a filter needs a name"));
                }
                // It waits outside of the list until it is inserted.
                let id = self.global.add("IHostUSBDeviceFilter", ROOT, "loose host filter", 0);
                self.global.get_mut(id).into_iter().for_each(|filter| filter.set("name", text(arguments.text(0))));
                one(Address::global(id).value("IHostUSBDeviceFilter"))
            }
            "insertUSBDeviceFilter" => {
                let filter = arguments.object(1).ok_or_else(|| Fault::argument("no filter was given"))?;
                if self.element(filter)?.role != "loose host filter" {
                    return Err(Fault::argument("the filter is in the list already, or was not made by this host"));
                }
                order.insert(position.min(order.len()), filter.element);
                self.element_mut(filter)?.role = ROLE;
                self.put_in_order(&order)
            }
            _ => {
                if position >= order.len() {
                    return Err(Fault::argument(format!("there is no filter {position}: there are {}", order.len())));
                }
                let filter = Address::global(order.remove(position));
                self.element_mut(filter)?.role = "loose host filter";
                self.put_in_order(&order)
            }
        }
    }

    fn put_in_order(&mut self, order: &[u32]) -> Reply {
        for (position, id) in (0..).zip(order) {
            self.element_mut(Address::global(*id))?.index = position;
        }
        self.save_registry()?;
        nothing()
    }

    /// Writes a field of a filter of the host.
    pub(in crate::host) fn write_host_usb_filter(
        &mut self,
        at: Address,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<bool> {
        let mut value = arguments.value(0);
        match name {
            "remote" => {
                return Err(Fault::new(
                    code::E_NOTIMPL,
                    "filters of the host do not look at whether a device is remote",
                ));
            }
            "action" if arguments.name(0) == "Null" => {
                return Err(Fault::argument("`Null` is no action of a filter: Ignore or Hold"));
            }
            name if NUMBERS.contains(&name) => value = text(number(name, arguments.text(0))?),
            _ => {}
        }
        let element = self.element(at)?;
        let row = crate::host::table::find(element.interface, name);
        let Some(row) = row.filter(|row| row.when != crate::host::table::When::Never) else { return Ok(false) };
        self.exclusively(|state| {
            state.refresh();
            let element = state.element_mut(at)?;
            element.set(row.name, value);
            if element.role == ROLE { state.save_registry() } else { Ok(()) }
        })?;
        Ok(true)
    }
}

/// A number of a device as a filter keeps it: nothing, or four hexadecimal digits.
fn number(field: &str, given: &str) -> Outcome<String> {
    if given.is_empty() {
        return Ok(String::new());
    }
    let wrong =
        |code: u32| Fault::new(code, format!("`{given}` is no {field}: up to four hexadecimal digits are expected"));
    let expression = given.starts_with("int:");
    if expression && !given.ends_with(')') {
        return Err(wrong(code::E_INVALIDARG));
    }
    let number = if given.len() <= 4 { u16::from_str_radix(given, 16).ok() } else { None };
    number.map(|number| format!("{number:04x}")).ok_or_else(|| wrong(code::E_FAIL))
}

/// Takes up the filters that `VirtualBox.xml` has.
pub(in crate::host) fn read_filters(document: &mut Document, seen: &XmlNode, tree: &XmlNode) {
    if seen.at(PLACE) == tree.at(PLACE) {
        return;
    }
    let mut known = document.children(ROOT, ROLE).into_iter();
    for (position, node) in (0..).zip(tree.list(PLACE, "DeviceFilter")) {
        let id = known.next().unwrap_or_else(|| document.add("IHostUSBDeviceFilter", ROOT, ROLE, position));
        if let Some(filter) = document.get_mut(id) {
            filter.index = position;
            read_rows(filter, node);
        }
    }
    for id in known.collect::<Vec<_>>() {
        document.get_mut(id).into_iter().for_each(|filter| filter.role = "loose host filter");
    }
}

/// Puts the filters into the tree of `VirtualBox.xml`.
pub(in crate::host) fn write_filters(document: &Document, tree: &mut XmlNode) {
    let filters = document.children(ROOT, ROLE);
    if filters.is_empty() && tree.at(PLACE).is_none() {
        return;
    }
    let list = tree.make(PLACE);
    let mut old: Vec<_> = list.children.iter().filter(|child| child.name == "DeviceFilter").cloned().collect();
    list.children.retain(|child| child.name != "DeviceFilter");
    for filter in filters.into_iter().filter_map(|id| document.get(id)) {
        let same = old.iter().position(|node| node.attribute("name") == Some(filter.text("name")));
        let mut node = same.map_or_else(|| XmlNode::new("DeviceFilter"), |at| old.remove(at));
        write_rows(filter, &mut node);
        list.children.push(node);
    }
}
