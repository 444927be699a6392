//! The suite that asks a real VirtualBox. See `tests/real/README.md`.

// Every item of a test binary is unreachable from outside it; a test stops where something is wrong.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

#[cfg(unix)]
mod appliances;
mod backend;
#[cfg(feature = "webservice")]
mod commands;
mod conformance;
mod crawl;
mod embedded;
mod failures;
mod images;
#[cfg(all(feature = "xpcom", unix))]
mod interchange;
mod networks;
mod program;
#[cfg(all(feature = "python", unix))]
mod python;
mod rig;
#[cfg(all(feature = "webservice", unix))]
mod shipped;
mod snapshots;
mod trace;
mod wsdl;
#[cfg(all(feature = "xpcom", unix))]
mod xpcom;
mod xpcom_loader;
mod xpcom_outside;
