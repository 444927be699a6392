//! What the crawl does not reach at the standard fixture, with one word why.

use super::Crawl;
use super::reader::is_offered;

const WHY: [(&str, &str); 0] = [];

/// Prints what was not reached, and why; gives what the table above says wrong.
pub fn check(crawl: &Crawl) -> Vec<String> {
    let schema = crawl.connection.schema();
    let mut wrong = Vec::new();
    let mut reasons = std::collections::BTreeMap::<&str, Vec<&str>>::new();
    for interface in schema.interfaces().iter().filter(|interface| is_offered(interface)) {
        let why = WHY.iter().find(|(name, _)| *name == interface.name).map(|(_, why)| *why);
        match (crawl.reached(interface), why) {
            (true, None) => {}
            (true, Some(why)) => wrong.push(format!("{} is reached, although: {why}", interface.name)),
            (false, None) => wrong.push(format!("{} is not reached", interface.name)),
            (false, Some(why)) => reasons.entry(why).or_default().push(interface.name),
        }
    }
    println!("not reached: {} interfaces", reasons.values().map(Vec::len).sum::<usize>());
    for (why, names) in &reasons {
        println!("  {why}: {}", names.join(" "));
    }
    let unknown = WHY.iter().filter(|(name, _)| schema.interface(name).is_none());
    wrong.extend(unknown.map(|(name, _)| format!("{name} is no interface")));
    wrong
}
