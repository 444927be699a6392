//! `host`: the computer that VirtualBox runs on.

use super::info::section;
use crate::model::Value;
use crate::output::{Failure, Reply, Section};
use crate::shell::{Category, Command, Given, Shell};

pub(super) fn commands() -> Vec<Command> {
    vec![
        Command::new("host", Category::Explore, "show the computer that VirtualBox runs on", host)
            .alias("h")
            .help("Type `vbox.host?` for all of its attributes; `host.processorCount` in a script is one of them.")
            .example("host", "processors, memory, system, network"),
    ]
}

fn host(shell: &mut Shell, _: &Given) -> Result<Reply, Failure> {
    let vbox = shell.world().root()?;
    let mut sections =
        vec![section(&vbox, "VirtualBox", &["version", "revision", "packageType", "APIVersion", "homeFolder"])];
    if let Value::Object(host) = vbox.get("host")? {
        sections.push(section(
            &host,
            "Host",
            &["architecture", "operatingSystem", "OSVersion", "domainName", "UTCTime"],
        ));
        sections.push(section(
            &host,
            "Processors",
            &["processorCount", "processorOnlineCount", "processorCoreCount", "processorOnlineCoreCount"],
        ));
        if let (Some(last), Ok(description)) =
            (sections.last_mut(), host.call("getProcessorDescription", vec![Value::Int(0)]))
        {
            last.entries.push(("description".to_owned(), description));
        }
        sections.push(section(&host, "Memory", &["memorySize", "memoryAvailable"]));
        let interfaces = host.get("networkInterfaces").map(Value::into_list).unwrap_or_default();
        if shell.ui().options().json {
            let names = ["name", "interfaceType", "status", "IPAddress", "networkMask", "hardwareAddress"];
            let facts = |interface: &Value| {
                let read = |name: &str| {
                    interface.as_object().and_then(|interface| interface.get(name).ok()).unwrap_or_default()
                };
                Value::Map(names.iter().map(|name| ((*name).to_owned(), read(name))).collect())
            };
            let list = Value::List(interfaces.iter().map(facts).collect());
            sections.push(Section { title: String::new(), entries: vec![("networkInterfaces".to_owned(), list)] });
            return Ok(Reply::Sections(sections));
        }
        let mut network = Section { title: "Network interfaces".to_owned(), entries: Vec::new() };
        for interface in interfaces {
            let Value::Object(interface) = interface else { continue };
            let read = |name: &str| match interface.get(name) {
                Ok(Value::Text(text)) => text,
                Ok(Value::Enum(value)) => value.to_string(),
                _ => String::new(),
            };
            network.entries.push((
                read("name"),
                Value::Text(format!("{} {} {}", read("interfaceType"), read("IPAddress"), read("status"))),
            ));
        }
        sections.push(network);
    }
    sections.retain(|section| !section.entries.is_empty());
    Ok(Reply::Sections(sections))
}
