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
        let why = WHY.iter().find(|(_, names)| names.contains(&interface.name)).map(|(why, _)| *why);
        if why == Some("web") && crawl.connection.transport().name() != "webservice" {
            continue;
        }
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
    let names = WHY.iter().flat_map(|(_, names)| names.iter());
    wrong.extend(names.filter(|name| schema.interface(name).is_none()).map(|name| format!("{name} is no interface")));
    wrong
}
