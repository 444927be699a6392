//! The SOAP codec, and the web-service backend against servers that run in this process.

mod codec;
#[cfg(feature = "webservice")]
mod failures;
#[cfg(feature = "webservice")]
mod server;
#[cfg(feature = "webservice")]
mod sessions;
mod values;
mod wire;
