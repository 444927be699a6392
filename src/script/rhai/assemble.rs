//! Puts a `rhai::Engine` together.

use super::context::Context;
use super::error::Stop;
use super::{
    enumeration, error, events, extension, files, functions, globals, imports, last_value, locks, members, talk, text,
    waiting,
};
use crate::model::Interrupt;
use rhai::{Dynamic, Engine};
use std::sync::Arc;

/// Levels of script functions that call each other. The worker's stack holds that many of the
/// costliest kind, in a build without optimisation too (a test runs into the limit).
const CALL_LEVELS: usize = 400;
/// Levels of brackets and operators in one expression, and in one within a function.
const EXPRESSION_LEVELS: usize = 128;
/// Longest text, in bytes.
const LONGEST_TEXT: usize = 256 << 20;
/// Most elements of an array, bytes of a blob included.
const LARGEST_ARRAY: usize = 256 << 20;
/// Most entries of a map.
const LARGEST_MAP: usize = 16 << 20;

/// An engine with everything a script may use. Nothing is connected.
pub(super) fn engine(shared: &Arc<Context>) -> Engine {
    let mut engine = Engine::new();
    engine
        .set_max_call_levels(CALL_LEVELS)
        .set_max_expr_depths(EXPRESSION_LEVELS, EXPRESSION_LEVELS)
        .set_max_string_size(LONGEST_TEXT)
        .set_max_array_size(LARGEST_ARRAY)
        .set_max_map_size(LARGEST_MAP);
    engine.on_progress(|_| Interrupt::global().is_raised().then(|| Dynamic::from(Stop::Interrupted)));
    engine.set_module_resolver(imports::Imports::new(shared));
    engine.register_global_module(members::module());
    text::register(&mut engine);
    error::register(&mut engine);
    enumeration::register(&mut engine);
    functions::register(&mut engine, shared);
    files::register(&mut engine);
    locks::register(&mut engine);
    waiting::register(&mut engine, shared);
    events::register(&mut engine);
    talk::register(&mut engine, shared);
    extension::register(&mut engine, shared);
    globals::register(&mut engine, shared);
    last_value::register(&mut engine, shared);
    engine
}
