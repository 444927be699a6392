//! Readings of the computer's counters.

use std::fs::read_to_string;

/// A reading.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters {
    /// Ticks of all processors: for programs, for the system, idle.
    ticks: [i64; 3],
    /// MHz.
    pub(super) frequency: i64,
    /// Kilobytes.
    pub(super) memory: i64,
    pub(super) available: i64,
    /// Megabytes: size, in use, free.
    pub(super) root: [i64; 3],
    /// Bytes received and sent, by interface.
    network: Vec<(String, [i64; 2])>,
}

impl Counters {
    pub(super) fn read() -> Self {
        let memory = crate::host::computer::memory;
        Self {
            ticks: ticks(&read_to_string("/proc/stat").unwrap_or_default()),
            frequency: frequency(&read_to_string("/proc/cpuinfo").unwrap_or_default()),
            memory: memory("MemTotal:"),
            available: memory("MemAvailable:"),
            root: root_file_system(),
            network: network(&read_to_string("/proc/net/dev").unwrap_or_default()),
        }
    }

    /// Thousandths of a percent of the time since `before`: for programs, for the system, idle.
    pub(super) fn load_since(&self, before: &Self) -> [i64; 3] {
        let spent = [0, 1, 2].map(|at| (self.ticks[at] - before.ticks[at]).max(0));
        let all = spent.iter().sum::<i64>();
        if all == 0 { [0, 0, 100_000] } else { spent.map(|part| part * 100_000 / all) }
    }

    /// Thousandths of a percent of the link's speed: received, sent. 0 where there is no speed.
    pub(super) fn network_since(&self, before: &Self, name: &str, seconds: f64) -> [i64; 2] {
        let bytes = |counters: &Self| {
            let known = counters.network.iter().find(|(known, _)| known == name);
            known.map_or([0; 2], |(_, bytes)| *bytes)
        };
        let (old, new) = (bytes(before), bytes(self));
        // Megabits a second, as bytes.
        let most = self.speed(name) as f64 * 125_000.0 * seconds;
        [0, 1].map(|at| if most > 0.0 { ((new[at] - old[at]).max(0) as f64 * 100_000.0 / most) as i64 } else { 0 })
    }

    /// Megabits a second; 0 when the system does not tell.
    pub(super) fn speed(&self, name: &str) -> i64 {
        let written = read_to_string(format!("/sys/class/net/{name}/speed")).unwrap_or_default();
        written.trim().parse::<i64>().unwrap_or_default().max(0)
    }
}

fn ticks(stat: &str) -> [i64; 3] {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu ")).unwrap_or_default();
    let numbers: Vec<i64> = line.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    let of = |at: usize| numbers.get(at).copied().unwrap_or_default();
    // user, nice, system, idle, iowait, irq, softirq
    [of(0) + of(1), of(2) + of(5) + of(6), of(3) + of(4)]
}

/// Of all processors, on average.
fn frequency(facts: &str) -> i64 {
    let speeds = facts.lines().filter_map(|line| line.split_once(':')).filter(|(name, _)| name.trim() == "cpu MHz");
    let speeds: Vec<f64> = speeds.filter_map(|(_, speed)| speed.trim().parse().ok()).collect();
    if speeds.is_empty() { 0 } else { (speeds.iter().sum::<f64>() / speeds.len() as f64) as i64 }
}

fn network(table: &str) -> Vec<(String, [i64; 2])> {
    let lines = table.lines().filter_map(|line| line.split_once(':'));
    let counters = lines.filter_map(|(name, counters)| {
        let numbers: Vec<i64> = counters.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        Some((name.trim().to_owned(), [*numbers.first()?, *numbers.get(8)?]))
    });
    counters.collect()
}

#[cfg(unix)]
fn root_file_system() -> [i64; 3] {
    let Ok(facts) = nix::sys::statvfs::statvfs("/") else { return [0; 3] };
    // How wide these are differs between systems.
    fn wide(number: impl Into<u64>) -> u64 {
        number.into()
    }
    let megabytes =
        |blocks: u64| i64::try_from(blocks.saturating_mul(wide(facts.fragment_size())) >> 20).unwrap_or_default();
    let [all, free] = [megabytes(wide(facts.blocks())), megabytes(wide(facts.blocks_free()))];
    [all, all - free, free]
}

#[cfg(not(unix))]
fn root_file_system() -> [i64; 3] {
    [0; 3]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_is_what_was_spent_between_two_readings() {
        let before = Counters { ticks: ticks("cpu  10 0 10 80 0 0 0\ncpu0 1 1 1 1"), ..Counters::default() };
        let now = Counters { ticks: ticks("cpu  40 0 20 140 0 0 0\n"), ..Counters::default() };
        assert_eq!(now.load_since(&before), [30_000, 10_000, 60_000]);
        assert_eq!(now.load_since(&now), [0, 0, 100_000]);
    }

    #[test]
    fn facts_are_read_as_the_system_writes_them() {
        assert_eq!(frequency("cpu MHz\t\t: 2000.5\nother: 1\ncpu MHz : 3000.5\n"), 2500);
        let table = "Inter-| x\n eth0: 100 1 0 0 0 0 0 0 200 2 0 0 0 0 0 0\n";
        assert_eq!(network(table), [("eth0".to_owned(), [100, 200])]);
        let now = Counters::read();
        assert!(!cfg!(target_os = "linux") || now.memory > 0);
    }
}
