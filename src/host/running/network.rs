//! Networks of a machine that starts: what its adapters are connected to has to be there.

use crate::host::computer::interface_names;
use crate::host::document::ROOT;
use crate::host::fault::code;
use crate::host::state::{State, View};
use crate::host::{Fault, Outcome};

impl State {
    /// # Errors
    /// An adapter is bridged to an interface that this computer does not have, or to none; or a host-only one to none.
    /// Host-only interfaces come with VirtualBox's driver: whether one is there cannot be told without it.
    pub(super) fn check_interfaces(&self, original: View) -> Outcome {
        let document = self.document(original)?;
        for (slot, id) in document.children(ROOT, "networkAdapter").into_iter().enumerate() {
            let Some(adapter) = document.get(id).filter(|adapter| adapter.flag("enabled")) else { continue };
            let wanted = match adapter.name("attachmentType") {
                "Bridged" => adapter.text("bridgedInterface"),
                "HostOnly" => adapter.text("hostOnlyInterface"),
                _ => continue,
            };
            let bridged = adapter.name("attachmentType") == "Bridged" && cfg!(target_os = "linux");
            if wanted.is_empty() || bridged && !interface_names().iter().any(|name| name == wanted) {
                let message =
                    format!("adapter {slot} is connected to `{wanted}`, and this computer has no such interface");
                return Err(Fault::new(code::E_FAIL, message).by("IConsole"));
            }
        }
        Ok(())
    }
}
