//! Ways to reach a Main API, each a [`Transport`](crate::model::Transport).
//!
//! Nothing above this room knows which one it has, and nothing here knows engines or output.

pub mod embedded;
pub mod local;
pub mod replay;
pub mod schema_cache;
pub mod trace;
#[cfg(feature = "webservice")]
pub mod webservice;
#[cfg(all(feature = "xpcom", unix, target_pointer_width = "64"))]
pub mod xpcom;
