//! `INvramStore` and `IUefiVariableStore`: the variables of a machine's firmware, in a file beside its settings.

use super::Reply;
use super::uefi_variables::{self, Variable};
use crate::host::arguments::Arguments;
use crate::host::document::ROOT;
use crate::host::fault::code;
use crate::host::state::{Address, State, View, nothing};
use crate::host::table::When;
use crate::host::value::{text, texts};
use crate::host::{Fault, Outcome};
use crate::model::{EnumValue, RawValue};
use crate::schema::embedded;
use std::path::PathBuf;
use uuid::Uuid;

/// Owner of `PK`, `KEK`; of `db`, `dbx`; of the machine owner's keys; of the switch for secure boot.
const GLOBAL_VARIABLE: Uuid = Uuid::from_u128(0x8be4df61_93ca_11d2_aa0d_00e098032b8c);
const SECURITY_DATABASE: Uuid = Uuid::from_u128(0xd719b2cb_3d3a_4596_a3bc_dad00e67656f);
const MACHINE_OWNER: Uuid = Uuid::from_u128(0x605dab50_e046_4300_abb6_3dd810dd8b23);
const SECURE_BOOT: Uuid = Uuid::from_u128(0xf0a30bc7_af08_4556_99c4_001009c93a44);
/// Kinds of signatures, and the length of one of the second kind.
const X509: Uuid = Uuid::from_u128(0xa5c059a1_94e4_4aa7_87b5_ab155c2bf072);
const SHA256: Uuid = Uuid::from_u128(0xc1c41626_504c_4092_aca9_41f936934328);
const SHA256_LENGTH: usize = 32;

/// Kept, for the firmware, for the running system, changed by signed updates.
const SIGNED: u32 = 0x27;
const SWITCH: &str = "SecureBootEnable";

impl State {
    fn nvram_file(&self, view: View) -> Outcome<PathBuf> {
        Ok(self.machine(view)?.settings_file.with_extension("nvram"))
    }

    /// The variables of a machine: those of its document, else of its file; none without either, or with a BIOS.
    fn variables(&mut self, view: View) -> Outcome<Option<&mut Vec<Variable>>> {
        let document = self.document(view)?;
        let firmware = document.child(ROOT, "firmwareSettings", 0).and_then(|id| document.get(id));
        if firmware.is_none_or(|firmware| firmware.name("firmwareType") == "BIOS") {
            return Ok(None);
        }
        if document.uefi_variables.is_none() {
            let read = std::fs::read(self.nvram_file(view)?).ok().and_then(|file| uefi_variables::read(&file));
            self.document_mut(view)?.uefi_variables = read;
        }
        Ok(self.document_mut(view)?.uefi_variables.as_mut())
    }

    /// Writes the file with the variables, when there is something to write.
    pub(in crate::host) fn save_variables(&self, view: View) -> Outcome {
        let Some(variables) = &self.document(view)?.uefi_variables else { return Ok(()) };
        let file = self.nvram_file(view)?;
        let too_many = || Fault::file(&file, "the UEFI variables do not fit");
        let bytes = uefi_variables::write(variables).ok_or_else(too_many)?;
        if std::fs::read(&file).is_ok_and(|there| there == bytes) {
            return Ok(());
        }
        crate::host::files::atomic::replace(&file, &bytes).map_err(|error| Fault::file(&file, error))
    }

    pub(super) fn read_firmware(&mut self, at: Address, owner: &str, name: &str) -> Outcome<Option<RawValue>> {
        Ok(Some(match (owner, name) {
            // A snapshot has no variables of its own.
            ("INvramStore", "nonVolatileStorageFile") if self.snapshot_of_view(at.view).is_some() => text(""),
            ("INvramStore", "uefiVariableStore") if self.snapshot_of_view(at.view).is_some() => {
                return Err(Fault::new(code::E_FAIL, "a snapshot has no UEFI variables"));
            }
            ("INvramStore", "nonVolatileStorageFile") => text(self.nvram_file(at.view)?.to_string_lossy()),
            ("INvramStore", "uefiVariableStore") => {
                let missing =
                    || Fault::not_found("the machine has no UEFI variables: `initUefiVariableStore` makes them");
                self.variables(at.view)?.ok_or_else(missing)?;
                self.part_value(at, "uefiVariableStore", "IUefiVariableStore")?
            }
            ("IUefiVariableStore", "secureBootEnabled") => {
                let variables = self.stored(at.view)?;
                let value = |name: &str| variables.iter().find(|one| one.name == name).map(|one| one.data.as_slice());
                // With a platform key it is on, unless it is switched off.
                RawValue::Bool(value("PK").is_some() && value(SWITCH).is_none_or(|switch| switch != [0]))
            }
            _ => return Ok(None),
        }))
    }

    /// The variables of a store that was there when it was handed out.
    fn stored(&mut self, view: View) -> Outcome<&mut Vec<Variable>> {
        self.variables(view)?.ok_or_else(|| Fault::not_found("the machine has no UEFI variables any more"))
    }

    pub(super) fn write_firmware(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        if name != "secureBootEnabled" {
            return Ok(false);
        }
        let variables = self.stored(at.view)?;
        if !variables.iter().any(|one| one.name == "PK") {
            return Err(Fault::not_found("secure boot needs a platform key: `enrollPlatformKey`"));
        }
        let switch = Variable {
            name: SWITCH.to_owned(),
            owner: SECURE_BOOT.to_bytes_le(),
            attributes: 7,
            data: vec![u8::from(arguments.flag(0))],
        };
        match variables.iter_mut().find(|one| one.name == SWITCH) {
            Some(known) => *known = switch,
            None => variables.push(switch),
        }
        Ok(true)
    }

    pub(super) fn call_firmware(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        let wanted = arguments.text(0);
        match name {
            "initUefiVariableStore" => {
                self.check_mutable(at.view, When::Off)?;
                if arguments.int(0) != 0 {
                    let message = "VirtualBox declares sizes of this store and knows only its usual one: 0";
                    return Err(Fault::new(code::E_NOTIMPL, message));
                }
                let document = self.document_mut(at.view)?;
                let firmware = document.child(ROOT, "firmwareSettings", 0).and_then(|id| document.get(id));
                if firmware.is_none_or(|firmware| firmware.name("firmwareType") == "BIOS") {
                    return Err(Fault::new(code::NOT_SUPPORTED, "a BIOS has no UEFI variables"));
                }
                document.uefi_variables = Some(Vec::new());
                self.touch(at.view);
                return nothing();
            }
            "queryVariableByName" => {
                let missing = || Fault::new(code::IPRT_ERROR, format!("there is no UEFI variable `{wanted}`"));
                let known = self.stored(at.view)?.iter().find(|one| one.name == wanted).ok_or_else(missing)?;
                return Ok(Some(vec![
                    text(Uuid::from_bytes_le(known.owner).to_string()),
                    attributes(known.attributes),
                    RawValue::Blob(known.data.clone()),
                ]));
            }
            "queryVariables" => {
                let all = self.stored(at.view)?;
                let owners = all.iter().map(|one| Uuid::from_bytes_le(one.owner).to_string());
                return Ok(Some(vec![texts(all.iter().map(|one| one.name.clone())), texts(owners)]));
            }
            "enrollOraclePlatformKey" | "enrollDefaultMsSignatures" => {
                self.check_mutable(at.view, When::Off)?;
                return Err(Fault::new(
                    code::E_NOTIMPL,
                    "the embedded host has no certificates of others; enroll your own: `enrollPlatformKey`, `addKek`, `addSignatureToDb`",
                ));
            }
            _ => {}
        }
        self.check_mutable(at.view, When::Off)?;
        let data = arguments.blob(if name == "addVariable" { 3 } else { usize::from(name == "changeVariable") });
        let variables = self.stored(at.view)?;
        match name {
            "addVariable" => {
                if wanted.is_empty() {
                    return Err(Fault::new(code::E_FAIL, "a UEFI variable needs a name"));
                }
                let attributes = arguments.list(2).iter().filter_map(|value| match value {
                    RawValue::Enum(value) => Some(BITS.iter().find(|bit| bit.1 == value.number)?.0),
                    _ => None,
                });
                // One that is there stays as it is.
                if !variables.iter().any(|one| one.name == wanted) {
                    let owner = arguments.text(1).parse::<Uuid>().unwrap_or_default().to_bytes_le();
                    let attributes = attributes.fold(0, |bits, bit| bits | bit);
                    variables.push(Variable { name: wanted.to_owned(), owner, attributes, data });
                }
            }
            "changeVariable" => {
                let missing = || Fault::not_found(format!("there is no UEFI variable `{wanted}`"));
                variables.iter_mut().find(|one| one.name == wanted).ok_or_else(missing)?.data = data;
            }
            "deleteVariable" => {
                let missing = || Fault::new(code::IPRT_ERROR, format!("there is no UEFI variable `{wanted}`"));
                let place = variables.iter().position(|one| one.name == wanted).ok_or_else(missing)?;
                variables.remove(place);
            }
            "enrollPlatformKey" | "addKek" | "addSignatureToDb" | "addSignatureToDbx" | "addSignatureToMok" => {
                let owner = arguments.text(1).parse::<Uuid>().unwrap_or_default();
                let kind = if arguments.name(2) == "Sha256" { SHA256 } else { X509 };
                if kind == SHA256 && data.len() != SHA256_LENGTH {
                    return Err(Fault::new(code::E_FAIL, format!("{} bytes are no SHA-256 digest", data.len())));
                }
                enroll(variables, name, owner, kind, &data);
            }
            _ => return Ok(None),
        }
        self.touch(at.view);
        nothing()
    }
}

/// Adds a signature to the variable that is for it.
fn enroll(variables: &mut Vec<Variable>, method: &str, owner: Uuid, kind: Uuid, data: &[u8]) {
    let (name, vendor, attributes) = match method {
        "enrollPlatformKey" => ("PK", GLOBAL_VARIABLE, SIGNED),
        "addKek" => ("KEK", GLOBAL_VARIABLE, SIGNED),
        "addSignatureToDb" => ("db", SECURITY_DATABASE, SIGNED),
        "addSignatureToDbx" => ("dbx", SECURITY_DATABASE, SIGNED),
        _ => ("MokList", MACHINE_OWNER, 0x23),
    };
    let place = variables.iter().position(|one| one.name == name).unwrap_or_else(|| {
        let owner = vendor.to_bytes_le();
        variables.push(Variable { name: name.to_owned(), owner, attributes, data: Vec::new() });
        variables.len() - 1
    });
    let list = &mut variables[place].data;
    let mut entry = owner.to_bytes_le().to_vec();
    entry.extend(data);
    // The first list of that kind and length takes it.
    let number = |list: &[u8], at: usize| {
        list.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes) as usize
    };
    let mut at = 0;
    while at + 28 <= list.len() {
        let length = number(list, at + 16).max(28);
        if list[at..at + 16] == kind.to_bytes_le() && number(list, at + 24) == entry.len() && at + length <= list.len()
        {
            list.splice(at + length..at + length, entry.iter().copied());
            let longer = u32::try_from(length + entry.len()).unwrap_or(u32::MAX).to_le_bytes();
            list[at + 16..at + 20].copy_from_slice(&longer);
            return;
        }
        at += length;
    }
    list.extend(kind.to_bytes_le());
    list.extend(u32::try_from(28 + entry.len()).unwrap_or(u32::MAX).to_le_bytes());
    list.extend([0; 4]);
    list.extend(u32::try_from(entry.len()).unwrap_or(u32::MAX).to_le_bytes());
    list.extend(entry);
}

/// The bits of a variable in the file, and the numbers of the API.
const BITS: [(u32, i64); 7] = [(1, 1), (2, 2), (4, 4), (8, 8), (0x10, 256), (0x20, 512), (0x40, 1024)];

/// Bits as the list of their names.
fn attributes(bits: u32) -> RawValue {
    let Some(enumeration) = embedded().enumeration("UefiVariableAttributes") else { return RawValue::Null };
    let set = BITS.iter().filter(|(bit, _)| bits & bit != 0);
    RawValue::List(set.map(|(_, number)| RawValue::Enum(EnumValue { enumeration, number: *number })).collect())
}
