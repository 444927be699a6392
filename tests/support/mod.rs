//! What the tests share.

pub mod program;
