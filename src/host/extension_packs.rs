//! `IExtPackManager`: this host takes no extension packs, so none is installed, and a file of one cannot be used.

use super::arguments::Arguments;
use super::document::ROOT;
use super::fault::code;
use super::state::{Address, State, nothing, one};
use super::value::{text, texts};
use super::{Fault, Outcome};
use crate::model::RawValue;
use std::path::Path;

/// Whether an interface is about extension packs.
pub(super) fn owns(interface: &str) -> bool {
    interface.starts_with("IExtPack")
}

const NONE_TAKEN: &str = "the embedded host takes no extension packs";

impl State {
    pub(super) fn read_extension_packs(&mut self, at: Address, name: &str) -> Outcome<Option<RawValue>> {
        Ok(Some(match name {
            "installedExtPacks" => RawValue::List(Vec::new()),
            "plugIns" => {
                let message = "the plug-ins of a pack are in the API alone: VirtualBox 7.2 does not implement the list";
                return Err(Fault::new(code::E_NOTIMPL, message));
            }
            "license" => return Err(Fault::new(code::E_FAIL, NONE_TAKEN)),
            "whyUnusable" => {
                let path = self.element(at)?.text("filePath").to_owned();
                let missing = !Path::new(&path).is_file();
                text(if missing { format!("there is no file `{path}`") } else { NONE_TAKEN.to_owned() })
            }
            _ => return Ok(None),
        }))
    }

    pub(super) fn call_extension_packs(
        &mut self,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Outcome<Option<Vec<RawValue>>> {
        let wanted = arguments.text(0);
        match name {
            "find" => Err(Fault::not_found(format!("no extension pack `{wanted}` is installed"))),
            "isExtPackUsable" => one(RawValue::Bool(false)),
            "cleanup" => nothing(),
            "queryAllPlugInsForFrontend" => one(texts::<String>([])),
            "openExtPackFile" => {
                let id = self.global.add("IExtPackFile", ROOT, "extension pack file", 0);
                if let Some(file) = self.global.get_mut(id) {
                    let name = Path::new(wanted).file_name().unwrap_or_default().to_string_lossy();
                    file.set("name", text(name.trim_end_matches(".vbox-extpack")));
                    file.set("filePath", text(wanted));
                }
                one(Address::global(id).value("IExtPackFile"))
            }
            "uninstall" => {
                let failure = Fault::new(code::E_FAIL, format!("no extension pack `{wanted}` is installed"));
                one(self.finished("Removing an extension pack", Err(failure)))
            }
            "install" | "queryLicense" => Err(Fault::new(code::E_FAIL, NONE_TAKEN)),
            _ => Ok(None),
        }
    }
}
