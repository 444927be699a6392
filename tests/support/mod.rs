//! What the tests share.

pub mod fake;
pub mod program;
