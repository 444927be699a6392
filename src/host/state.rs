//! Everything the host knows, and the way of every call: find the object, ask behaviour, else the stored values.

use super::arguments::Arguments;
use super::document::{Document, Element, ElementId, ROOT};
use super::events::Events;
use super::fault::code;
use super::files::home::HomeLock;
use super::files::journal::Journal;
use super::files::machine_lock::{Holder, MachineLock};
use super::files::presence::Looked;
use super::media::Medium;
use super::progress::Progress;
use super::running::{Engine, Running};
use super::sessions::Session;
use super::table::{self, When};
use super::value::enumerated;
use super::xml::XmlNode;
use super::{Fault, Outcome, console};
use crate::model::{Handle, RawValue};
use crate::schema::{Attribute, Method, embedded};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

/// Number of a document: 0 is the host-wide one, the others are machines and their mutable copies.
pub(super) type View = u32;

/// The host-wide document.
pub(super) const GLOBAL: View = 0;

/// Where an object stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Address {
    pub(super) view: View,
    pub(super) element: ElementId,
}

impl Address {
    pub(super) const VIRTUAL_BOX: Self = Self { view: GLOBAL, element: ROOT };

    pub(super) fn global(element: ElementId) -> Self {
        Self { view: GLOBAL, element }
    }

    pub(super) fn machine(view: View) -> Self {
        Self { view, element: ROOT }
    }

    pub(super) fn from_handle(handle: &Handle) -> Option<Self> {
        match handle {
            Handle::Root => Some(Self::VIRTUAL_BOX),
            Handle::Number(number) => Some(Self { view: (number >> 32) as u32, element: *number as u32 }),
            Handle::Text(_) => None,
        }
    }

    pub(super) fn handle(self) -> Handle {
        match self {
            Self::VIRTUAL_BOX => Handle::Root,
            Self { view, element } => Handle::Number(u64::from(view) << 32 | u64::from(element)),
        }
    }

    pub(super) fn of(value: &RawValue) -> Option<Self> {
        match value {
            RawValue::Object((handle, _)) => Self::from_handle(handle),
            _ => None,
        }
    }

    /// A reference to it, handed out as `interface`.
    pub(super) fn value(self, interface: &str) -> RawValue {
        match embedded().interface(interface) {
            Some(interface) => RawValue::Object((self.handle(), interface)),
            None => RawValue::Null,
        }
    }
}

/// A machine: what is true of it as a whole. Its settings stand in the document.
#[derive(Debug, Default)]
pub(super) struct Machine {
    pub(super) id: String,
    pub(super) registered: bool,
    pub(super) settings_file: PathBuf,
    /// The settings as last saved; read from the file when first asked for.
    pub(super) document: Option<Document>,
    /// The settings file as a tree, with all that this program does not know.
    pub(super) tree: Option<XmlNode>,
    /// The version of the file that the tree was read from.
    pub(super) stamp: super::registry::Stamp,
    /// Why the settings file cannot be used.
    pub(super) access_error: Option<Fault>,
    /// Only for unregistered machines: there is something to save.
    pub(super) modified: bool,
    /// A session ended without saving what it had changed: the next one counts as modified, too.
    pub(super) left_modified: bool,
    /// Name of a `MachineState`.
    pub(super) state: &'static str,
    /// Milliseconds since 1970.
    pub(super) last_state_change: i64,
    /// The session of this process that holds the write lock.
    pub(super) holder: Option<ElementId>,
    pub(super) first_snapshot: Option<ElementId>,
    pub(super) current_snapshot: Option<ElementId>,
    /// Whether the settings differ from those of the current snapshot.
    pub(super) current_state_modified: bool,
    /// Its lock, while a session of this process holds it.
    pub(super) lock: Option<MachineLock>,
    /// Who held it in another process when the files were last looked at.
    pub(super) other: Option<Holder>,
    pub(super) looked: Looked,
    /// It runs.
    pub(super) running: Option<Box<Running>>,
    /// A session of this process is starting it.
    pub(super) spawning: bool,
}

impl Machine {
    /// Whether work on it is going on that callers have to wait for.
    pub(super) fn busy(&self) -> bool {
        matches!(self.state, "SettingUp" | "Snapshotting" | "RestoringSnapshot" | "DeletingSnapshot")
    }
}

/// The mutable copy of a locked machine.
#[derive(Debug)]
pub(super) struct Copy {
    pub(super) machine: View,
    pub(super) document: Document,
    pub(super) modified: bool,
}

/// The whole state.
pub(super) struct State {
    pub(super) home: PathBuf,
    /// The default machine folder when nothing else is set.
    pub(super) machine_folder: PathBuf,
    /// Where the facts of this computer stand: `/`, below which are `sys` and `dev`.
    pub(super) computer: PathBuf,
    pub(super) global: Document,
    /// `VirtualBox.xml` as a tree.
    pub(super) registry: XmlNode,
    pub(super) registry_stamp: super::registry::Stamp,
    pub(super) machines: BTreeMap<View, Machine>,
    /// Machines by their names when last looked for; each is verified when used.
    pub(super) by_name: HashMap<String, View>,
    pub(super) copies: HashMap<View, Copy>,
    /// Views of sessions that joined the lock of another process, each with the machine's original: they show what is
    /// saved, and change nothing.
    pub(super) windows: HashMap<View, View>,
    pub(super) snapshots: super::snapshots::Snapshots,
    pub(super) sessions: HashMap<ElementId, Session>,
    pub(super) media: BTreeMap<ElementId, Medium>,
    /// Disks that callers have open for reading or writing, by their `IMediumIO`.
    pub(super) open_disks: HashMap<ElementId, super::media::OpenDisk>,
    /// Streams of bytes of disks, by their `IDataStream`.
    pub(super) streams: HashMap<ElementId, std::sync::Arc<super::media::Stream>>,
    /// What callers have open in simulated guests.
    pub(super) open: super::guest_control::Open,
    pub(super) progresses: HashMap<ElementId, Progress>,
    pub(super) events: Events,
    pub(super) performance: super::performance::Performance,
    pub(super) appliances: HashMap<ElementId, super::appliances::Appliance>,
    pub(super) home_lock: HomeLock,
    pub(super) journal: Journal,
    pub(super) next_view: View,
    /// What runs machines.
    pub(super) engine: std::sync::Arc<dyn Engine>,
    /// The console of a machine that runs or is locked with all that it has, by the machine.
    pub(super) consoles: HashMap<View, ElementId>,
    /// Ids of passwords that consoles were given, each with its machine.
    pub(super) passwords: std::collections::HashSet<(View, String)>,
    /// The way back in for work in the background.
    pub(super) door: std::sync::Weak<super::control::Door>,
}

impl State {
    /// The document that a view shows.
    pub(super) fn document(&self, view: View) -> Outcome<&Document> {
        if view == GLOBAL {
            return Ok(&self.global);
        }
        let view = self.behind_window(view);
        let copy = self.copies.get(&view).map(|copy| &copy.document);
        let machine = || self.machines.get(&view).and_then(|machine| machine.document.as_ref());
        copy.or_else(machine).or_else(|| self.snapshot_of_view(view).map(|known| &known.document)).ok_or_else(gone)
    }

    pub(super) fn document_mut(&mut self, view: View) -> Outcome<&mut Document> {
        if view == GLOBAL {
            return Ok(&mut self.global);
        }
        match self.copies.get_mut(&view) {
            Some(copy) => Ok(&mut copy.document),
            None => self.machines.get_mut(&view).and_then(|machine| machine.document.as_mut()).ok_or_else(gone),
        }
    }

    pub(super) fn element(&self, address: Address) -> Outcome<&Element> {
        self.document(address.view)?.get(address.element).ok_or_else(gone)
    }

    pub(super) fn element_mut(&mut self, address: Address) -> Outcome<&mut Element> {
        self.document_mut(address.view)?.get_mut(address.element).ok_or_else(gone)
    }

    /// The machine that a view belongs to, as the number of its original.
    pub(super) fn machine_of(&self, view: View) -> View {
        let view = self.behind_window(view);
        let copy = self.copies.get(&view).map(|copy| copy.machine);
        copy.or_else(|| self.snapshot_of_view(view).map(|known| known.machine)).unwrap_or(view)
    }

    /// What a view shows: for a window the original, for all others themselves.
    fn behind_window(&self, view: View) -> View {
        self.windows.get(&view).copied().unwrap_or(view)
    }

    pub(super) fn machine(&self, view: View) -> Outcome<&Machine> {
        self.machines.get(&self.machine_of(view)).ok_or_else(gone)
    }

    pub(super) fn machine_mut(&mut self, view: View) -> Outcome<&mut Machine> {
        let view = self.machine_of(view);
        self.machines.get_mut(&view).ok_or_else(gone)
    }

    /// Notes that there is something to save.
    pub(super) fn touch(&mut self, view: View) {
        if let Ok(machine) = self.machine_mut(view) {
            machine.current_state_modified = machine.current_snapshot.is_some();
        }
        if let Some(copy) = self.copies.get_mut(&view) {
            copy.modified = true;
        } else if let Some(machine) = self.machines.get_mut(&view) {
            machine.modified = true;
        }
    }

    /// Reads an attribute. A derived object reports failures under its own interface.
    pub(super) fn get(&mut self, address: Address, attribute: &'static Attribute) -> Outcome<RawValue> {
        self.read(address, attribute).map_err(|fault| self.reported(address, fault))
    }

    fn reported(&self, at: Address, fault: Fault) -> Fault {
        match self.element(at) {
            Ok(element) if !element.interface.extends("IEvent") => fault.by(element.interface.name),
            _ => fault,
        }
    }

    /// Before an object is used: its machine is read, and what other processes did to it is known.
    pub(super) fn make_ready(&mut self, view: View) -> Outcome {
        let view = self.behind_window(view);
        let read = self.machines.get(&view).is_none_or(|machine| machine.document.is_some());
        self.keep_up(view);
        self.load(view)?;
        if !read {
            // The file says that the machine is off; that it runs is told by its record.
            self.look_at_record(view);
        }
        Ok(())
    }

    fn read(&mut self, address: Address, attribute: &'static Attribute) -> Outcome<RawValue> {
        // Whoever asks for it has mended the file, perhaps just now.
        if matches!(attribute.name, "accessible" | "accessError") {
            self.look_again(address.view);
        }
        self.make_ready(address.view)?;
        self.check_interface(address, attribute.owner)?;
        if let Some(value) = self.read_behaviour(address, attribute)? {
            return Ok(value);
        }
        let keeper = self.keeper_of(address, attribute.name);
        let stored = self.element(keeper)?.value(attribute.name).cloned();
        if stored.is_none() && self.element(keeper)?.role == "event" {
            return Ok(super::events::unsaid(attribute.kind));
        }
        stored.ok_or_else(|| Fault::not_implemented(format!("{}.{}", attribute.owner, attribute.name)))
    }

    fn check_interface(&self, address: Address, owner: &str) -> Outcome {
        let interface = self.element(address)?.interface;
        if interface.name == owner || interface.extends(owner) || super::client::beside(interface.name) == Some(owner) {
            return Ok(());
        }
        Err(Fault::new(0x8000_4002, format!("this {} is no {owner}", interface.name)))
    }

    /// Attributes that are more than a stored value.
    fn read_behaviour(&mut self, at: Address, attribute: &'static Attribute) -> Outcome<Option<RawValue>> {
        let name = attribute.name;
        match attribute.owner {
            "IVirtualBox" => self.read_root(name),
            "IMachine" => self.read_machine(at, name),
            "ISession" => self.read_session(at.element, name),
            "IVirtualBoxClient" => Ok(self.read_client(at, name)),
            "IInternalSessionControl" => self.read_session_control(at.element, name),
            "IMedium" => self.read_medium(at.element, name),
            "IMediumFormat" => Ok(self.read_medium_format(at.element, name)),
            "IMediumIO" => self.read_medium_io(at.element, name),
            "IDataStream" => self.read_data_stream(at.element, name),
            "IProgress" => self.read_progress(at.element, name),
            "ISnapshot" => self.read_snapshot(at.element, name),
            "IStorageController" => self.read_storage_controller(at, name),
            "IHost" => self.read_host(name),
            "ISystemProperties" | "IPlatformProperties" => self.read_properties(at, name),
            "IVirtualBoxErrorInfo" => Ok(None),
            "IEvent" => Ok(self.read_event(at.element, name)),
            "IGuestOSType" => Ok(None),
            owner if console::is_of_console(owner) => self.read_console(at, owner, name),
            owner if super::guest_control::owns(owner) => self.read_guest_control(at, owner, name),
            "IHostUSBDevice" => {
                self.host_usb_devices();
                Ok(None)
            }
            "IHostDrive" => self.read_host_drive(at, name),
            "IUnattended" => self.read_unattended(name),
            "IUpdateAgent" | "IHostUpdateAgent" => self.read_update_agent(at, name),
            owner if super::extension_packs::owns(owner) => self.read_extension_packs(at, name),
            owner if super::appliances::owns(owner) => self.read_appliance(at, owner, name),
            owner @ ("IPerformanceCollector" | "IPerformanceMetric") => self.read_performance(at, owner, name),
            owner if super::networks::owns(owner) => self.read_network(at, owner, name),
            _ => self.read_device(at, attribute.owner, name),
        }
    }

    /// Writes an attribute.
    pub(super) fn set(&mut self, at: Address, attribute: &'static Attribute, arguments: Arguments<'_>) -> Outcome {
        self.write(at, attribute, arguments).map_err(|fault| self.reported(at, fault))
    }

    fn write(&mut self, at: Address, attribute: &'static Attribute, arguments: Arguments<'_>) -> Outcome {
        self.make_ready(at.view)?;
        self.check_interface(at, attribute.owner)?;
        if console::is_of_console(attribute.owner) {
            return self.write_console(at, attribute.owner, attribute.name, arguments);
        }
        if super::guest_control::owns(attribute.owner) {
            return self.write_guest_control(at, attribute.name, arguments);
        }
        if attribute.owner == "IMachine" {
            self.check_accessible(at.view, "")?;
        }
        if self.write_first(at, attribute.owner, attribute.name, arguments)? {
            return Ok(());
        }
        let row = table::find(self.element(at)?.interface, attribute.name);
        if at.view != GLOBAL {
            // What the table never lets a caller change is for behaviour to take or to refuse.
            let when = row.map(|row| row.when).filter(|when| *when != When::Never);
            self.check_mutable(at.view, when.unwrap_or_else(|| super::mutable::coded(attribute)))?;
            self.check_halted(at.view, attribute)?;
        }
        let done = match attribute.owner {
            "IMachine" => self.write_machine(at, attribute.name, arguments)?,
            "ISession" => self.write_session(at.element, attribute.name, arguments)?,
            "IMedium" => self.write_medium(at.element, attribute.name, arguments)?,
            "ISnapshot" => self.write_snapshot(at.element, attribute.name, arguments)?,
            "IProgress" => self.write_progress(at.element, attribute.name, arguments)?,
            "IStorageController" => self.write_storage_controller(at, attribute.name, arguments)?,
            "ISystemProperties" | "IPlatformProperties" => self.write_properties(at, attribute.name, arguments)?,
            "IUnattended" => self.write_unattended(at, attribute.name, arguments)?,
            "IUpdateAgent" => self.write_update_agent(at, attribute.name, arguments)?,
            "IUSBDeviceFilter" | "IHostUSBDeviceFilter" if at.view == GLOBAL => {
                self.write_host_usb_filter(at, attribute.name, arguments)?
            }
            owner if super::networks::owns(owner) => self.write_network(at, owner, attribute.name, arguments)?,
            owner => self.write_device(at, owner, attribute.name, arguments)?,
        };
        if done {
            self.touch(at.view);
            self.changed(at, attribute.owner, attribute.name);
            return Ok(());
        }
        let Some(row) = row.filter(|row| row.when != When::Never) else {
            return Err(Fault::not_implemented(format!("{}.{} (writing)", attribute.owner, attribute.name)));
        };
        let value = arguments.value(0);
        row.check_range(&value)?;
        let element = self.element_mut(at)?;
        if element.value(row.name) != Some(&value) {
            element.set(row.name, value);
            self.touch(at.view);
            self.changed(at, attribute.owner, attribute.name);
        }
        Ok(())
    }

    /// Calls a method; gives the return value first, then the outs.
    pub(super) fn call(
        &mut self,
        at: Address,
        method: &'static Method,
        arguments: Arguments<'_>,
    ) -> Outcome<Vec<RawValue>> {
        self.run(at, method, arguments).map_err(|fault| self.reported(at, fault))
    }

    fn run(&mut self, at: Address, method: &'static Method, arguments: Arguments<'_>) -> Outcome<Vec<RawValue>> {
        self.make_ready(at.view)?;
        self.check_interface(at, method.owner)?;
        let before = self.slots_before(at, method.name, arguments);
        let done = match method.owner {
            "IVirtualBox" => self.call_root(method.name, arguments)?,
            "IMachine" => self.call_machine(at, method.name, arguments)?,
            "ISession" => self.call_session(at.element, method.name)?,
            "IVirtualBoxClient" => self.call_client(method.name, arguments)?,
            "IInternalProgressControl" => self.call_progress_control(at.element, method.name, arguments)?,
            "IMedium" => self.call_medium(at.element, method.name, arguments)?,
            "IMediumFormat" => self.call_medium_format(at.element, method.name)?,
            "IMediumIO" => self.call_medium_io(at.element, method.name, arguments)?,
            "IDataStream" => self.call_data_stream(at.element, method.name, arguments)?,
            "IToken" => self.call_token(at.element, method.name)?,
            "IProgress" => self.call_progress(at.element, method.name, arguments)?,
            "IEventSource" => self.call_event_source(at, method.name, arguments)?,
            "IEventListener" => {
                let message = "a passive listener is asked for its events: `getEvent` of the source it stands at";
                return Err(Fault::new(code::E_FAIL, message));
            }
            "IEvent" | "IVetoEvent" | "IReusableEvent" => self.call_event(at, method.name, arguments)?,
            "IHost" => self.call_host(method.name, arguments)?,
            "ISystemProperties" | "IPlatformProperties" => self.call_properties(at, method.name, arguments)?,
            owner if console::is_of_console(owner) => self.call_console(at, owner, method.name, arguments)?,
            owner if super::guest_control::owns(owner) => self.call_guest_control(at, owner, method.name, arguments)?,
            "IHostX86" => self.call_host_x86(method.name, arguments)?,
            "IUnattended" => self.call_unattended(at, method.name)?,
            "IUpdateAgent" => self.call_update_agent(at, method.name)?,
            owner if super::extension_packs::owns(owner) => self.call_extension_packs(method.name, arguments)?,
            owner if super::appliances::owns(owner) => self.call_appliance(at, owner, method.name, arguments)?,
            "IPerformanceCollector" => self.call_performance(method.name, arguments)?,
            "IHostNetworkInterface" => self.call_network_interface(method.name, arguments)?,
            owner if super::networks::owns(owner) => self.call_network(at, owner, method.name, arguments)?,
            owner => self.call_device(at, owner, method.name, arguments)?,
        };
        if done.is_some() {
            let first = std::array::from_fn(|at| arguments.value(at));
            self.called(at, method.owner, method.name, first, before);
        }
        done.ok_or_else(|| Fault::not_implemented(format!("{}.{}", method.owner, method.name)))
    }

    /// The one host-wide object of that role, made when first asked for.
    pub(super) fn global_part(&mut self, interface: &str, role: &'static str, index: u32) -> Address {
        let found = self.global.child(ROOT, role, index);
        Address::global(found.unwrap_or_else(|| self.global.add(interface, ROOT, role, index)))
    }

    /// The objects below `parent` of that role, as a list of references.
    pub(super) fn parts(&self, parent: Address, role: &str, interface: &str) -> Outcome<RawValue> {
        let children = self.document(parent.view)?.children(parent.element, role);
        let value = |element| Address { view: parent.view, element }.value(interface);
        Ok(RawValue::List(children.into_iter().map(value).collect()))
    }

    /// A state of a machine, as the API has it.
    pub(super) fn machine_state(&self, view: View) -> Outcome<RawValue> {
        Ok(enumerated("MachineState", self.machine(view)?.state))
    }
}

/// The object is no more: its session ended, or it was closed or removed.
pub(super) fn gone() -> Fault {
    Fault::new(code::E_ACCESSDENIED, "the object is not usable any more: it was closed, removed, or its session ended")
}

/// One value, as calls give it back.
pub(super) fn one(value: RawValue) -> Outcome<Option<Vec<RawValue>>> {
    Ok(Some(vec![value]))
}

/// No value, as calls give it back.
pub(super) fn nothing() -> Outcome<Option<Vec<RawValue>>> {
    Ok(Some(Vec::new()))
}

/// Milliseconds since 1970.
pub(super) fn now() -> i64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or_default()
}
