//! The suite that asks a real VirtualBox. See `tests/real/README.md`.

mod crawl;
mod program;
mod rig;
mod wsdl;
