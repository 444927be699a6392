//! Processors of this computer, from `/proc/cpuinfo` and `/sys`.

use crate::host::fault::code;
use crate::host::{Fault, Outcome};
use std::fs::read_to_string;

/// Processors that are at work.
pub(super) fn online() -> i64 {
    count(&super::line("/sys/devices/system/cpu/online"))
}

/// Processors that there are, at work or not.
pub(super) fn present() -> i64 {
    count(&super::line("/sys/devices/system/cpu/present"))
}

/// How many a list like `0-3,6` names; what the system lets this process use when there is no list.
fn count(list: &str) -> i64 {
    let ranges = list.split(',').filter_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(last.parse::<i64>().ok()? - first.parse::<i64>().ok()? + 1)
    });
    let counted: i64 = ranges.sum();
    let usable = || std::thread::available_parallelism().map_or(1, |count| i64::try_from(count.get()).unwrap_or(1));
    if counted > 0 { counted } else { usable() }
}

/// Different pairs of package and core; all processors where the system does not tell.
pub(super) fn cores() -> i64 {
    let facts = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut cores: Vec<(String, String)> = Vec::new();
    for processor in facts.split("\n\n") {
        if let (Some(package), Some(core)) = (field(processor, "physical id"), field(processor, "core id")) {
            cores.push((package, core));
        }
    }
    cores.sort();
    cores.dedup();
    if cores.is_empty() { online() } else { i64::try_from(cores.len()).unwrap_or(1) }
}

fn field(facts: &str, name: &str) -> Option<String> {
    let (_, value) = facts.lines().filter_map(|line| line.split_once(':')).find(|(known, _)| known.trim() == name)?;
    Some(value.trim().to_owned())
}

fn fact(processor: i64, name: &str) -> Option<String> {
    let facts = read_to_string("/proc/cpuinfo").ok()?;
    let processor = facts.split("\n\n").nth(usize::try_from(processor).ok()?)?.to_owned();
    field(&processor, name)
}

/// In MHz; 0 for a processor that is not there, or of unknown speed.
pub(super) fn speed(processor: i64) -> i64 {
    let speed = fact(processor, "cpu MHz").and_then(|speed| speed.parse::<f64>().ok());
    speed.unwrap_or_default() as i64
}

/// The maker's name for a processor; empty where the system does not tell.
pub(super) fn description(processor: i64) -> Outcome<String> {
    if processor >= present() {
        return Err(missing(code::IPRT_ERROR, processor));
    }
    Ok(fact(processor, "model name").unwrap_or_default())
}

fn missing(code: u32, processor: i64) -> Fault {
    Fault::new(code, format!("the computer has no processor {processor}: it has {}", present()))
}

pub(super) fn has_feature(feature: &str) -> bool {
    let flags = fact(0, "flags").unwrap_or_default();
    let has = |wanted: &str| flags.split(' ').any(|flag| flag == wanted);
    match feature {
        "HWVirtEx" => has("vmx") || has("svm"),
        "PAE" => has("pae"),
        "LongMode" => has("lm"),
        "NestedPaging" => has("ept") || has("npt"),
        "UnrestrictedGuest" => has("unrestricted_guest") || has("svm"),
        "NestedHWVirt" => has("svm"),
        "VirtVmsaveVmload" => has("v_vmsave_vmload"),
        _ => false,
    }
}

/// Whether VirtualBox could run a guest of that architecture with that engine on this computer.
pub(super) fn has_engine(architecture: &str, engine: &str) -> bool {
    let own = if cfg!(target_arch = "aarch64") {
        architecture == "ARMv8_64"
    } else {
        matches!(architecture, "x86" | "AMD64")
    };
    own && matches!(engine, "Default" | "HwVirt" | "Interpreter")
}

/// What the processor says of itself: EAX, EBX, ECX, EDX.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
pub(super) fn leaf(processor: i64, leaf: i64, sub_leaf: i64) -> Outcome<[i64; 4]> {
    if processor >= online() {
        return Err(missing(code::E_FAIL, processor));
    }
    let number = |value: i64| u32::try_from(value).unwrap_or_default();
    let said = raw_cpuid::native_cpuid::cpuid_count(number(leaf), number(sub_leaf));
    Ok([said.eax, said.ebx, said.ecx, said.edx].map(i64::from))
}

/// Other processors have no such leaves.
#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
pub(super) fn leaf(_: i64, _: i64, _: i64) -> Outcome<[i64; 4]> {
    Err(Fault::new(code::PLATFORM_ARCH_NOT_SUPPORTED, "the processors of this computer are no x86 ones"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn lists_of_processors_are_counted() {
        assert_eq!(super::count("0-3,6,8-9"), 7);
        assert_eq!(super::count("0"), 1);
        assert!(super::count("nonsense") >= 1);
    }
}
