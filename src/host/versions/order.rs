//! The order in which VirtualBox writes elements and attributes, so that a file that both wrote stays comparable.

use super::super::xml::XmlNode;
use std::collections::HashMap;
use std::sync::OnceLock;

const TEXT: &str = include_str!("../tables/order.txt");

/// Children and attributes of an element, in their order.
type Known = HashMap<&'static str, (Vec<&'static str>, Vec<&'static str>)>;

fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let mut known = Known::new();
        for line in TEXT.lines() {
            let mut words = line.split(' ');
            let (kind, Some(element)) = (words.next(), words.next()) else { continue };
            let entry = known.entry(element).or_default();
            match kind {
                Some("C") => entry.0.extend(words),
                Some("A") => entry.1.extend(words),
                _ => {}
            }
        }
        known
    })
}

/// Puts everything below `node` in order. What is unknown comes last, in the order it has.
pub(in crate::host) fn order(node: &mut XmlNode) {
    if let Some((children, attributes)) = known().get(node.name.as_str()) {
        let place = |list: &[&str], name: &str| list.iter().position(|known| *known == name).unwrap_or(list.len());
        if node.children.len() > 1 && !children.is_empty() {
            node.children.sort_by_key(|child| place(children, &child.name));
        }
        if node.attributes.len() > 1 && !attributes.is_empty() {
            node.attributes.sort_by_key(|(name, _)| place(attributes, name));
        }
    }
    node.children.iter_mut().for_each(order);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_things_come_in_order_and_unknown_ones_last() {
        let mut tree = XmlNode::parse(
            "<Machine z='1' name='m' uuid='u'><Odd/><Groups/><Hardware><CPU/><Memory/></Hardware></Machine>",
        )
        .unwrap();
        order(&mut tree);
        let names = |node: &XmlNode| node.children.iter().map(|child| child.name.clone()).collect::<Vec<_>>().join(" ");
        assert_eq!(names(&tree), "Hardware Groups Odd");
        assert_eq!(names(&tree.children[0]), "Memory CPU");
        let attributes: Vec<_> = tree.attributes.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(attributes, ["uuid", "name", "z"]);
    }
}
