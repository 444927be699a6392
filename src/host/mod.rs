//! The embedded Main API: objects, rules and settings files, for people without VirtualBox at hand.
//!
//! [`Host`] answers calls on objects by number. It knows nothing of who calls: no engine, no wire, no terminal.
//! Attributes that only store a value stand in `tables/*.txt`; code is for behaviour.

mod appliances;
mod arguments;
mod attachments;
mod client;
mod cloning;
mod computer;
mod console;
mod control;
mod defaults;
mod devices;
mod document;
mod events;
mod extension_packs;
mod fault;
mod files;
mod guest_control;
mod guest_properties;
mod images;
mod machine;
mod machines;
mod media;
mod moving;
mod mutable;
mod networks;
mod os_types;
mod performance;
mod progress;
mod properties;
mod property_checks;
mod registry;
mod removal;
mod root;
mod running;
mod saved_state;
mod sessions;
mod settings;
mod settings_network;
mod settings_processors;
mod snapshots;
mod state;
mod storage;
mod table;
mod times;
mod unattended;
mod update_agent;
mod value;
mod versions;
mod xml;

pub use control::Host;
pub use fault::{Fault, Outcome};

/// What makes machines run here, as a sentence for people.
pub const ENGINE: &str =
    "simulated: machines walk their states, with sessions, locks and events; no guest runs in them";
