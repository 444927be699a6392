//! Enumerations and their values.

use super::{naming, snake_case};

/// One value of an enumeration.
#[derive(Debug, PartialEq, Eq)]
pub struct EnumValueDefinition {
    /// Name as in the API (`PoweredOff`).
    pub name: &'static str,
    /// Its number in this release. Two names may share one (`FirstOnline` and `Running`).
    pub number: i64,
}

/// An enumeration of the Main API.
#[derive(Debug, PartialEq, Eq)]
pub struct Enumeration {
    /// Name as in the API (`MachineState`).
    pub name: &'static str,
    /// Id of the type, as in the API.
    pub id: &'static str,
    /// Its values in the order of the API.
    pub values: Vec<EnumValueDefinition>,
}

impl Enumeration {
    /// The number of a value name: as in the API, in snake case, or with the enumeration's name
    /// before it (`Running`, `running`, `MachineState_Running`, `MachineState.Running`).
    pub fn number(&self, name: &str) -> Option<i64> {
        let exact = |name: &str| self.values.iter().find(|value| value.name == name).map(|value| value.number);
        exact(name).or_else(|| exact(name.strip_prefix(self.name)?.strip_prefix(['_', '.'])?)).or_else(|| {
            let bare = name.strip_suffix("_p").unwrap_or(name);
            let mut spelt = self.values.iter().filter(|value| snake_case(value.name) == bare);
            spelt.next().map(|value| value.number)
        })
    }

    /// The first name of a number, `None` when this release has none.
    pub fn name_of(&self, number: i64) -> Option<&'static str> {
        self.values.iter().find(|value| value.number == number).map(|value| value.name)
    }

    /// The value names nearest to a misspelt one.
    pub fn suggest(&self, name: &str) -> Vec<&'static str> {
        naming::suggest(name, self.values.iter().map(|value| value.name))
    }
}
