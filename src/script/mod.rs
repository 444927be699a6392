//! Scripting languages: engines behind `shell::Engine`, one folder for each.
//!
//! An engine knows the shell's shared world, the model and the schema. It knows no backend and
//! writes nowhere but through the world's `Ui`.

mod infer;
#[cfg(all(feature = "python", unix))]
pub mod python;
pub mod rhai;
mod tables;

use crate::shell::{EngineFactory, Language};
use std::sync::Arc;

/// What makes each engine, by its language; the shell makes one when its language is first used.
pub fn factories() -> Vec<(Language, EngineFactory)> {
    vec![
        (Language::Rhai, Arc::new(rhai::RhaiEngine::new)),
        #[cfg(all(feature = "python", unix))]
        (Language::Python, Arc::new(python::engine)),
    ]
}
