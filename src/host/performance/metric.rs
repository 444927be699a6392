//! What can be measured: base metrics with their submetrics, and the patterns that name them.

use super::sample::Counters;
use crate::host::state::View;

/// What is appended to the name of a submetric: its samples, or a value made of them.
pub(super) const AGGREGATES: [&str; 4] = ["", ":avg", ":min", ":max"];

/// The names that VirtualBox lists, whatever the computer has.
pub(super) const NAMES: [&str; 22] = [
    "CPU/Load/User",
    "CPU/Load/Kernel",
    "CPU/Load/Idle",
    "CPU/MHz",
    "Net/*/Load/Rx",
    "Net/*/Load/Tx",
    "RAM/Usage/Total",
    "RAM/Usage/Used",
    "RAM/Usage/Free",
    "RAM/VMM/Used",
    "RAM/VMM/Free",
    "RAM/VMM/Ballooned",
    "RAM/VMM/Shared",
    "Guest/CPU/Load/User",
    "Guest/CPU/Load/Kernel",
    "Guest/CPU/Load/Idle",
    "Guest/RAM/Usage/Total",
    "Guest/RAM/Usage/Free",
    "Guest/RAM/Usage/Balloon",
    "Guest/RAM/Usage/Shared",
    "Guest/RAM/Usage/Cache",
    "Guest/Pagefile/Usage/Total",
];

/// What is measured at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Base {
    pub(super) name: String,
    pub(super) unit: &'static str,
    /// The machine that is measured; none: the computer.
    pub(super) machine: Option<View>,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Load,
    Frequency,
    Memory,
    Hypervisor,
    RootFileSystem,
    LinkSpeed(String),
    Network(String),
    MachineLoad,
    MachineMemory,
    MachineDisks,
    MachineNetwork,
    GuestLoad,
    GuestMemory,
}

/// A submetric: a column of the samples, as it is or made into one value.
#[derive(Clone, Debug)]
pub(super) struct Metric {
    pub(super) base: Base,
    sub: &'static str,
    pub(super) description: &'static str,
    pub(super) column: usize,
    pub(super) aggregate: &'static str,
}

impl Metric {
    pub(super) fn name(&self) -> String {
        // One submetric is not named after what it belongs to.
        let base = if self.sub.starts_with('/') || self.sub.is_empty() { self.base.name.as_str() } else { "" };
        format!("{base}{}{}", self.sub, self.aggregate)
    }
}

/// The base metrics of this computer, in VirtualBox's order.
pub(super) fn bases() -> Vec<Base> {
    let base = |name: String, unit, kind| Base { name, unit, kind, machine: None };
    let mut all = vec![
        base("CPU/Load".into(), "%", Kind::Load),
        base("CPU/MHz".into(), "MHz", Kind::Frequency),
        base("RAM/Usage".into(), "kB", Kind::Memory),
        base("RAM/VMM".into(), "kB", Kind::Hypervisor),
    ];
    if cfg!(unix) {
        all.push(base("FS/{/}/Usage".into(), "MB", Kind::RootFileSystem));
    }
    for name in crate::host::computer::interface_names() {
        all.push(base(format!("Net/{name}/LinkSpeed"), "mbit/s", Kind::LinkSpeed(name.clone())));
        all.push(base(format!("Net/{name}/Load"), "%", Kind::Network(name)));
    }
    all
}

/// The base metrics of a machine that runs, in VirtualBox's order.
pub(super) fn machine_bases(machine: View) -> Vec<Base> {
    let all = [
        ("CPU/Load", "%", Kind::MachineLoad),
        ("RAM/Usage", "kB", Kind::MachineMemory),
        ("Disk/Usage", "MB", Kind::MachineDisks),
        ("Net/Rate", "B/s", Kind::MachineNetwork),
        ("Guest/CPU/Load", "%", Kind::GuestLoad),
        ("Guest/RAM/Usage", "kB", Kind::GuestMemory),
    ];
    all.map(|(name, unit, kind)| Base { name: name.into(), unit, kind, machine: Some(machine) }).into()
}

impl Base {
    /// Names and descriptions of the columns.
    fn columns(&self) -> &'static [(&'static str, &'static str)] {
        match self.kind {
            Kind::Load => &[
                ("/User", "Part of the processors' time that programs took."),
                ("/Kernel", "Part of the processors' time that the system took."),
                ("/Idle", "Part of the processors' time that nobody took."),
            ],
            Kind::Frequency => &[("", "Frequency of the processors, on average.")],
            Kind::Memory => &[
                ("/Total", "Memory that the computer has."),
                ("/Used", "Memory that is in use."),
                ("/Free", "Memory that programs may still take."),
            ],
            Kind::Hypervisor => &[
                ("/Used", "Memory that running machines take."),
                ("/Free", "Memory that is reserved for machines and free."),
                ("/Ballooned", "Memory that machines gave back."),
                ("/Shared", "Memory that machines share."),
            ],
            Kind::RootFileSystem => &[
                ("/Total", "Size of the root file system."),
                ("/Used", "What of the root file system is in use."),
                ("/Free", "What of the root file system is free."),
            ],
            Kind::LinkSpeed(_) => &[("", "Speed of the link.")],
            Kind::Network(_) => &[
                ("/Rx", "Part of the link's speed that is received at."),
                ("/Tx", "Part of the link's speed that is sent at."),
            ],
            Kind::MachineLoad => &[
                ("/User", "Part of the processors' time that the machine's process took."),
                ("/Kernel", "Part of the processors' time that the system took for the machine."),
            ],
            Kind::MachineMemory => &[("/Used", "Memory that the machine's process takes.")],
            Kind::MachineDisks => &[("/Used", "Size of the machine's disks on this computer.")],
            Kind::MachineNetwork => &[("/Rx", "What the machine receives."), ("/Tx", "What the machine sends.")],
            Kind::GuestLoad => &[
                ("/User", "Part of its processors' time that the guest's programs took."),
                ("/Kernel", "Part of its processors' time that the guest's system took."),
                ("/Idle", "Part of its processors' time that the guest did not take."),
            ],
            Kind::GuestMemory => &[
                ("/Total", "Memory that the guest has."),
                ("/Free", "Memory that is free in the guest."),
                ("/Balloon", "Memory that the guest gave back."),
                ("/Shared", "Memory that the guest shares."),
                ("/Cache", "Memory that the guest's file systems keep."),
                ("Guest/Pagefile/Usage/Total", "Size of the guest's page file."),
            ],
        }
    }

    pub(super) fn metrics(&self) -> Vec<Metric> {
        let columns = self.columns().iter().enumerate();
        let all = columns.flat_map(|(column, (sub, description))| {
            AGGREGATES.iter().map(move |aggregate| Metric { base: self.clone(), sub, description, column, aggregate })
        });
        all.collect()
    }

    /// Parts are in thousandths of a percent.
    pub(super) fn scale(&self) -> i64 {
        if self.unit == "%" { 1000 } else { 1 }
    }

    pub(super) fn most(&self) -> i64 {
        if self.unit == "%" { 100_000 } else { i32::MAX.into() }
    }

    /// A value for each column, from two readings that are `seconds` apart. `disks`: megabytes that a machine's disks
    /// take.
    pub(super) fn sample(&self, before: &Counters, now: &Counters, seconds: f64, disks: i64) -> Vec<i64> {
        match &self.kind {
            Kind::Load => now.load_since(before).to_vec(),
            Kind::Frequency => vec![now.frequency],
            Kind::Memory => vec![now.memory, now.memory - now.available, now.available],
            // No machine of this host takes memory of the computer's hypervisor.
            Kind::Hypervisor => vec![0; 4],
            Kind::RootFileSystem => now.root.to_vec(),
            Kind::LinkSpeed(name) => vec![now.speed(name)],
            Kind::Network(name) => now.network_since(before, name, seconds).to_vec(),
            Kind::MachineDisks => vec![disks],
            // Nothing is executed in a simulated machine, and no Additions tell of its guest.
            Kind::MachineLoad | Kind::MachineMemory | Kind::MachineNetwork | Kind::GuestLoad | Kind::GuestMemory => {
                vec![0; self.columns().len()]
            }
        }
    }
}

/// Whether a pattern names a metric: `*` stands for any part of a name, `:` at the end for samples and no aggregates.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, aggregate) = match pattern.split_once(':') {
        Some((pattern, aggregate)) => (pattern, Some(aggregate)),
        None => (pattern, None),
    };
    let (name, own) = name.split_once(':').unwrap_or((name, ""));
    let takes = match aggregate {
        Some("*") => true,
        Some(aggregate) => aggregate == own,
        None => own.is_empty() || pattern.ends_with('*'),
    };
    takes && like(pattern.as_bytes(), name.as_bytes())
}

fn like(pattern: &[u8], name: &[u8]) -> bool {
    match pattern {
        [] => name.is_empty(),
        [b'*', rest @ ..] => (0..=name.len()).any(|at| like(rest, &name[at..])),
        [first, rest @ ..] => name.first() == Some(first) && like(rest, &name[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_metrics() {
        for (pattern, name) in [
            ("*", "CPU/Load/User:avg"),
            ("*:avg", "CPU/Load/User:avg"),
            ("*:", "CPU/Load/User"),
            ("CPU/Load*", "CPU/Load/User:min"),
            ("CPU/Load/User:min", "CPU/Load/User:min"),
            ("*Load*", "Net/eth0/Load/Rx"),
            ("RAM/*:max", "RAM/Usage/Total:max"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("", "CPU/MHz"),
            ("*:", "CPU/MHz:avg"),
            ("CPU", "CPU/MHz"),
            ("CPU/", "CPU/MHz"),
            ("cpu/mhz", "CPU/MHz"),
            ("CPU/MHz", "CPU/MHz:avg"),
        ] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }
}
