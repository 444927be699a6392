//! Members of an interface: attributes, and methods with their parameters.

use super::Type;
use std::fmt;

/// An attribute of an interface.
#[derive(Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Name as in the API (`memorySize`).
    pub name: &'static str,
    /// Interface that declares it; operations carry this name on the wire.
    pub owner: &'static str,
    /// Type of its value.
    pub kind: Type,
    /// Whether it has a setter.
    pub writable: bool,
    /// Whether the web service offers it.
    pub remote: bool,
}

/// Which way a parameter travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the caller.
    In,
    /// To the caller.
    Out,
    /// To the caller, as the value of the call.
    Return,
}

/// A parameter of a method.
#[derive(Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Name as in the API.
    pub name: &'static str,
    /// Type of its value.
    pub kind: Type,
    /// Which way it travels.
    pub direction: Direction,
}

/// A method of an interface.
#[derive(Debug, PartialEq, Eq)]
pub struct Method {
    /// Name as in the API (`lockMachine`).
    pub name: &'static str,
    /// Interface that declares it; operations carry this name on the wire.
    pub owner: &'static str,
    /// All parameters in the order of the API, the return value among them.
    pub parameters: Vec<Parameter>,
    /// Documented result codes, by name.
    pub result_codes: Vec<&'static str>,
    /// Whether the web service offers it.
    pub remote: bool,
}

impl Method {
    /// The parameters that the caller gives, in order.
    pub fn inputs(&self) -> impl Iterator<Item = &Parameter> + Clone {
        self.parameters.iter().filter(|parameter| parameter.direction == Direction::In)
    }

    /// What comes back, the return value first, then the outs in order.
    pub fn outputs(&self) -> impl Iterator<Item = &Parameter> + Clone {
        let of = |direction| self.parameters.iter().filter(move |parameter| parameter.direction == direction);
        of(Direction::Return).chain(of(Direction::Out))
    }

    /// Type of the single value the call gives; `None` when it gives nothing or several values.
    pub fn single_output(&self) -> Option<Type> {
        let mut outputs = self.outputs();
        let first = outputs.next()?;
        outputs.next().is_none().then_some(first.kind)
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.kind)
    }
}

/// The signature: `findMachine(nameOrId: wstring) -> IMachine`.
impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name)?;
        for (index, parameter) in self.inputs().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{}: {}", parameter.name, parameter.kind)?;
        }
        f.write_str(")")?;
        let outputs: Vec<_> = self.outputs().collect();
        match outputs.as_slice() {
            [] => Ok(()),
            [one] => write!(f, " -> {}", one.kind),
            several => {
                f.write_str(" -> (")?;
                for (index, output) in several.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{}: {}", output.name, output.kind)?;
                }
                f.write_str(")")
            }
        }
    }
}
