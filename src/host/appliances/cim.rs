//! Numbers of operating systems in OVF (CIM), and the types of guest that they stand for.

use std::collections::HashMap;
use std::sync::OnceLock;

/// A line: the number, the type that it is read as, the types that it is written for.
const TABLE: &str = include_str!("../tables/cim-os.txt");

/// What an export writes for guests that have no number of their own.
const OTHER: u32 = 1;

struct Numbers {
    types: HashMap<u32, &'static str>,
    numbers: HashMap<&'static str, u32>,
}

fn numbers() -> &'static Numbers {
    static NUMBERS: OnceLock<Numbers> = OnceLock::new();
    NUMBERS.get_or_init(|| {
        let mut known = Numbers { types: HashMap::new(), numbers: HashMap::new() };
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let mut columns = line.split('|');
            let number = columns.next().and_then(|number| number.parse().ok()).unwrap_or_default();
            if let Some(read) = columns.next().filter(|read| *read != "-") {
                known.types.insert(number, read);
            }
            let written = columns.next().unwrap_or_default().split_whitespace();
            known.numbers.extend(written.map(|id| (id, number)));
        }
        known
    })
}

/// The type of guest that a number stands for.
pub(super) fn os_type(number: u32) -> &'static str {
    numbers().types.get(&number).copied().unwrap_or("Other")
}

/// The number that is written for a type of guest.
pub(super) fn number(os_type: &str) -> u32 {
    numbers().numbers.get(os_type).copied().unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_types_stand_for_each_other() {
        assert_eq!((os_type(94), os_type(105), os_type(9999)), ("Ubuntu_64", "Windows7", "Other"));
        assert_eq!((number("Ubuntu22_LTS_64"), number("Windows11_64"), number("nothing")), (94, 120, 1));
        // Every type that an import gives is one of the guest types.
        let unknown = |id: &&'static str| !crate::host::os_types::Recommended::of(id).is_known();
        assert_eq!(numbers().types.values().copied().find(|id| unknown(id)), None);
    }
}
