//! The one suite that every way to a real VirtualBox has to pass: over the web service here, and over
//! XPCOM where this binary runs beside VirtualBox. Makes things of its own only, and removes them.

mod events;
mod references;
mod running;
mod values;

use crate::rig;
use vboxsh::backend::webservice::{ConnectOptions, SchemaChoice, connect};
use vboxsh::model::Connection;

fn connection() -> Option<Connection> {
    if rig::over_xpcom() {
        return rig::connection();
    }
    let url = rig::url().map(str::to_owned)?;
    Some(connect(ConnectOptions { schema: SchemaChoice::Automatic, ..ConnectOptions::new(url) }).unwrap())
}
