//! The state of one shell: connection, variables, commands, engines; parses and dispatches a line.
//!
//! Commands and engines come from the rooms above, as table entries and trait objects: this room
//! knows none of them by name, and no terminal (it hands replies to `output`).

mod arguments;
mod command;
mod config;
mod consent;
mod credentials;
mod dispatch;
mod engine;
mod explain;
mod files;
mod literal;
mod locked;
mod manual;
mod path;
mod registration;
mod sizes;
mod split;
mod state;
mod target;
mod transcript;
mod typed;
mod waiting;
mod world;

pub use arguments::Given;
pub use command::{Argument, ArgumentKind, Arity, Category, Command, Commands, Effect, Example, Flag, Runner};
pub use config::{Announce, Config, Defaults, HostEntry, Keys};
pub use consent::consent;
pub use credentials::{Credentials, read_password_file};
pub use dispatch::{Line, Shell, given_on_line};
pub use engine::{Completeness, Engine, EngineFactory, ExtensionCall, Language, LineRunner, Origin, Provided, Ran};
pub use literal::parse_literal;
pub use locked::{Changed, with_lock_if_needed};
pub use manual::of_command as command_manual;
pub use path::{Path, Place, Step, call as call_by_words, find_listed, follow, place as place_of, settings_name};
pub use registration::Registered;
pub use sizes::{MEGABYTE, parse_size};
pub use split::{quoted, separators, split_before, split_commands, split_paths, split_words};
pub use target::{ConnectSettings, Target, auto_is_local, check_trust, connect, virtualbox_folder, why_auto};
pub use transcript::{Entry, HoldsSecret};
pub use waiting::wait;
pub use world::{Asking, Opener, World};
