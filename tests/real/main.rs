//! The suite that asks a real VirtualBox. See `tests/real/README.md`.

// Every item of a test binary is unreachable from outside it.
#![allow(unreachable_pub)]

mod crawl;
mod embedded;
mod failures;
mod program;
mod rig;
mod trace;
mod webservice;
mod wsdl;
#[cfg(all(feature = "xpcom", unix))]
mod xpcom;
mod xpcom_outside;
