//! Names and argument counts of all methods, without reading the members themselves.
//!
//! A scripting language that has to know every method name when it starts asks here: reading every
//! member of every interface would cost it ten times as much.

use super::Schema;
use std::collections::HashMap;

/// A method name with every number of arguments that some interface takes under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodShape {
    /// Name as in the API.
    pub name: &'static str,
    /// One bit for each number of arguments, optional trailing ones left out or not.
    arities: u32,
}

impl MethodShape {
    /// The numbers of arguments, ascending.
    pub fn arities(self) -> impl Iterator<Item = usize> {
        (0..32).filter(move |count| self.arities & (1 << count) != 0)
    }
}

impl Schema {
    /// The shapes of all methods, in the order in which their names first stand in the table.
    pub fn method_shapes(&'static self) -> Vec<MethodShape> {
        let mut shapes: Vec<MethodShape> = Vec::with_capacity(1024);
        let mut index: HashMap<&str, usize> = HashMap::with_capacity(1024);
        for interface in self.interfaces() {
            for line in interface.source.lines() {
                let Some((name, rest)) = line.trim_start().split_once('(') else { continue };
                let parameters = rest.split_once(')').map_or("", |(inside, _)| inside);
                let arities = self.arities(parameters);
                let at = *index.entry(name).or_insert(shapes.len());
                match shapes.get_mut(at) {
                    Some(shape) => shape.arities |= arities,
                    None => shapes.push(MethodShape { name, arities }),
                }
            }
        }
        shapes
    }

    /// The bits for one parameter list.
    fn arities(&'static self, parameters: &str) -> u32 {
        let (mut most, mut required) = (0, 0);
        for parameter in parameters.split(',').filter(|part| !part.is_empty() && !part.starts_with(['>', '='])) {
            most += 1;
            let kind = parameter.split(' ').next().unwrap_or_default();
            let number =
                matches!(kind, "b" | "o" | "h" | "H" | "i" | "I" | "l" | "L") || self.enumeration(kind).is_some();
            if number {
                required = most;
            }
        }
        (required..=most.min(31)).fold(0, |bits, count| bits | 1 << count)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, embedded};
    use std::collections::{BTreeMap, BTreeSet};

    /// The same from the members as they are read.
    #[test]
    fn shapes_agree_with_the_members() {
        let mut expected: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for interface in embedded().interfaces() {
            for method in interface.own_methods() {
                let inputs: Vec<_> = method.inputs().collect();
                let optional = inputs.iter().rev().take_while(|input| {
                    input.kind.array
                        || matches!(input.kind.kind, Kind::String | Kind::Uuid | Kind::AnyObject | Kind::Interface(_))
                });
                let required = inputs.len() - optional.count();
                expected.entry(method.name).or_default().extend(required..=inputs.len());
            }
        }
        let shapes = embedded().method_shapes();
        assert_eq!(shapes.len(), expected.len());
        for shape in shapes {
            let arities: BTreeSet<usize> = shape.arities().collect();
            assert_eq!(Some(&arities), expected.get(shape.name), "{}", shape.name);
        }
    }
}
