//! `IPlatform`, `IPlatformX86`, `IPlatformARM`: chipset, properties of processors, CPUID leaves.

use super::Reply;
use crate::host::arguments::Arguments;
use crate::host::document::ROOT;
use crate::host::fault::code;
use crate::host::state::{Address, State, View, nothing, one};
use crate::host::table::{self, When};
use crate::host::{Fault, Outcome};
use crate::model::RawValue;

/// First leaf and number of leaves that a machine can have: basic, extended, Centaur's.
const RANGES: [(i64, i64); 3] = [(0, 0x20), (0x8000_0000, 0x20), (0xc000_0000, 0x10)];

impl State {
    pub(super) fn read_platform(&mut self, at: Address, owner: &str, name: &str) -> Outcome<Option<RawValue>> {
        let architecture = self.architecture_of(at.view)?;
        Ok(Some(match (owner, name) {
            ("IPlatform", "properties") => self.platform_properties(architecture)?,
            ("IPlatform", "x86") if architecture == "x86" => self.part_value(at, "x86", "IPlatformX86")?,
            ("IPlatform", "ARM") if architecture == "ARM" => self.part_value(at, "ARM", "IPlatformARM")?,
            ("IPlatform", "x86" | "ARM") => {
                let message = format!("the machine has the platform {architecture}, so it has no {name} settings");
                return Err(Fault::new(code::PLATFORM_ARCH_NOT_SUPPORTED, message));
            }
            _ => return Ok(None),
        }))
    }

    /// The architecture of a machine: `x86` or `ARM`.
    pub(in crate::host) fn architecture_of(&self, view: View) -> Outcome<&'static str> {
        let document = self.document(view)?;
        let platform = document.child(ROOT, "platform", 0).and_then(|id| document.get(id));
        Ok(platform.map_or("x86", |platform| platform.name("architecture")))
    }

    pub(super) fn write_platform(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Outcome<bool> {
        if name != "chipsetType" {
            return Ok(false);
        }
        self.element_mut(at)?.set("chipsetType", arguments.value(0));
        self.fit_adapters(at.view, arguments.name(0))?;
        Ok(true)
    }

    /// The number of network adapters follows the chipset.
    fn fit_adapters(&mut self, view: View, chipset: &str) -> Outcome {
        let count = crate::host::defaults::adapter_count(chipset);
        let document = self.document_mut(view)?;
        crate::host::defaults::add_adapters(document, count);
        for id in document.children(ROOT, "networkAdapter").into_iter().skip(count as usize) {
            document.remove(id);
        }
        Ok(())
    }

    pub(super) fn call_platform(&mut self, at: Address, name: &str, arguments: Arguments<'_>) -> Reply {
        match name {
            "getCPUProperty" | "setCPUProperty" => self.processor_property(at, "CPUProperty", name, arguments),
            "getHWVirtExProperty" | "setHWVirtExProperty" => self.processor_property(at, "HWVirtEx", name, arguments),
            "getCPUIDLeaf" => {
                let found = match arguments.int(1) {
                    0 | ANY => self.element(at)?.properties.get(&leaf_key(arguments.int(0))),
                    _ => None,
                };
                let found = found.ok_or_else(|| Fault::argument("the machine has no such CPUID leaf"))?;
                Ok(Some(leaf_values(found).into_iter().skip(3).collect()))
            }
            "getCPUIDLeafByOrdinal" => {
                let mut all: Vec<_> = self.element(at)?.properties.values().map(|leaf| leaf_values(leaf)).collect();
                all.sort_by_key(|leaf| leaf.first().and_then(RawValue::as_int));
                let ordinal = usize::try_from(arguments.int(0)).unwrap_or(usize::MAX);
                let missing = || Fault::argument(format!("the machine has {} CPUID leaves", all.len()));
                let found = all.get(ordinal).ok_or_else(missing)?;
                Ok(Some(found.iter().skip(1).cloned().collect()))
            }
            "setCPUIDLeaf" => {
                let (leaf, sub) = (arguments.int(0), arguments.int(1));
                if !matches!(sub, 0 | ANY) {
                    return Err(Fault::argument("a machine keeps no sub-leaves of CPUID: the number must be 0"));
                }
                self.check_mutable(at.view, When::Off)?;
                check_leaf(leaf)?;
                let numbers = [2, 3, 4, 5].map(|at| arguments.int(at));
                self.add_leaf(at, leaf, numbers)?;
                self.touch(at.view);
                nothing()
            }
            "removeCPUIDLeaf" => {
                self.check_mutable(at.view, When::Off)?;
                if matches!(arguments.int(1), 0 | ANY) {
                    self.element_mut(at)?.properties.remove(&leaf_key(arguments.int(0)));
                    self.touch(at.view);
                }
                nothing()
            }
            "removeAllCPUIDLeaves" => {
                self.check_mutable(at.view, When::Off)?;
                self.element_mut(at)?.properties.clear();
                self.touch(at.view);
                nothing()
            }
            _ => Ok(None),
        }
    }

    /// A leaf that is set goes to the end, in place of an older one.
    fn add_leaf(&mut self, at: Address, leaf: i64, numbers: [i64; 4]) -> Outcome {
        let leaves = &mut self.element_mut(at)?.properties;
        let last = leaves.values().filter_map(|leaf| leaf_values(leaf).first().and_then(RawValue::as_int)).max();
        let [eax, ebx, ecx, edx] = numbers;
        let text = format!("{} {leaf} 0 {eax} {ebx} {ecx} {edx}", last.map_or(0, |last| last + 1));
        leaves.insert(leaf_key(leaf), text);
        Ok(())
    }

    fn processor_property(&mut self, at: Address, group: &str, name: &str, arguments: Arguments<'_>) -> Reply {
        if name.starts_with("set") {
            self.check_mutable(at.view, When::Off)?;
        }
        let wanted = format!("{group}.{}", arguments.name(0));
        let row = table::find(self.element(at)?.interface, &wanted);
        let row =
            row.ok_or_else(|| Fault::argument(format!("`{}` is no property of a processor", arguments.name(0))))?;
        if name.starts_with("get") {
            return one(self.element(at)?.value(row.name).cloned().unwrap_or_default());
        }
        let element = self.element_mut(at)?;
        element.set(row.name, arguments.value(1));
        // One interrupt controller needs the other.
        match row.name {
            "CPUProperty.X2APIC" if arguments.flag(1) => element.set("CPUProperty.APIC", RawValue::Bool(true)),
            "CPUProperty.APIC" if !arguments.flag(1) && element.flag("CPUProperty.X2APIC") => {
                element.set("CPUProperty.APIC", RawValue::Bool(true));
            }
            _ => {}
        }
        self.touch(at.view);
        nothing()
    }
}

/// The number that stands for any sub-leaf.
const ANY: i64 = 0xffff_ffff;

fn check_leaf(leaf: i64) -> Outcome {
    if RANGES.iter().any(|(first, count)| (*first..first + count).contains(&leaf)) {
        return Ok(());
    }
    Err(Fault::argument(format!(
        "{leaf:#x} is no CPUID leaf: 0 to 0x1f, 0x80000000 to 0x8000001f and 0xc0000000 to 0xc000000f are"
    )))
}

/// Under which name a leaf stands among the properties.
pub(in crate::host) fn leaf_key(leaf: i64) -> String {
    format!("{leaf:08x}")
}

/// Position, leaf, sub-leaf and the four registers.
pub(in crate::host) fn leaf_values(leaf: &str) -> Vec<RawValue> {
    leaf.split(' ').map(|number| RawValue::Int(number.parse().unwrap_or_default())).collect()
}
