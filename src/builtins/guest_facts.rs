//! What is known of a guest: `ginfo`, `gueststats`, `ip`. It is read, and nothing in the guest is changed.

use super::guest::with_additions;
use super::on_machine::{child, is_online, machine, quoted, show, text, with_console};
use crate::model::{Error, ErrorKind, Object, Value};
use crate::output::{Column, Failure, Reply, Section, Table};
use crate::shell::{Given, Shell};
use std::time::{Duration, Instant};

pub(super) fn ginfo(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    with_console(&machine, |console, session| {
        let guest = child(console, "guest")?;
        let first = super::info::section(
            &guest,
            "",
            &[
                "OSTypeId",
                "additionsRunLevel",
                "additionsVersion",
                "additionsRevision",
                "memoryBalloonSize",
                "statisticsUpdateInterval",
            ],
        );
        let mut facilities = Section { title: "Facilities".to_owned(), entries: Vec::new() };
        for facility in guest.get("facilities")?.into_list() {
            let field = |name| super::attachments::field(&facility, name).unwrap_or_default();
            facilities.entries.push((show(&field("name")), field("status")));
        }
        let mut properties = Section { title: "Properties".to_owned(), entries: Vec::new() };
        let outputs =
            session.machine().call_outputs("enumerateGuestProperties", vec![Value::from("/VirtualBox/GuestInfo/*")]);
        if let Ok([names, values, ..]) = outputs.as_deref() {
            let (names, values) = (names.clone().into_list(), values.clone().into_list());
            properties.entries = names.iter().map(show).zip(values).collect();
        }
        let mut sections = vec![first, facilities, properties];
        sections.retain(|section| !section.entries.is_empty());
        Ok(Reply::Sections(sections))
    })
}

/// What [`gueststats`] shows, in the order in which the API gives it.
const STATISTICS: [&str; 13] = [
    "cpuUser",
    "cpuKernel",
    "cpuIdle",
    "memTotal",
    "memFree",
    "memBalloon",
    "memShared",
    "memCache",
    "pagedTotal",
    "memAllocTotal",
    "memFreeTotal",
    "memBalloonTotal",
    "memSharedTotal",
];

/// How much longer than its interval a guest may take for its first report.
const REPORTING: Duration = Duration::from_secs(15);

pub(super) fn gueststats(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let interval = match given.optional("interval") {
        Some(_) => given.seconds("interval")?.as_secs().max(1),
        None => 1,
    };
    with_console(&machine, |console, _| {
        let guest = with_additions(console)?;
        let before = guest.get("statisticsUpdateInterval")?;
        guest.set("statisticsUpdateInterval", Value::Int(interval.try_into().unwrap_or(1)))?;
        let values = reported(shell, &guest, Duration::from_secs(interval));
        // Reporting costs the guest something: it is as before.
        guest.set("statisticsUpdateInterval", before)?;
        let entries = STATISTICS.into_iter().map(str::to_owned).zip(values?).collect();
        Ok(Reply::Sections(vec![Section { title: String::new(), entries }]))
    })
}

/// The first report of a guest that was just told to report. A guest that has not yet reported has no memory.
fn reported(shell: &Shell, guest: &Object, interval: Duration) -> Result<Vec<Value>, Failure> {
    let start = Instant::now();
    shell.world().interrupt().sleep(interval)?;
    loop {
        let values = guest.call_outputs("internalGetStatistics", Vec::new())?;
        let memory = STATISTICS.iter().position(|name| *name == "memTotal").and_then(|at| values.get(at));
        if memory.and_then(Value::as_int).unwrap_or_default() > 0 {
            return Ok(values);
        }
        let time = interval + REPORTING;
        if start.elapsed() >= time {
            let what = format!("the guest has reported no statistics within {} s", time.as_secs());
            return Err(Failure::new(ErrorKind::Failed, what)
                .hinted("its Guest Additions have to run a service for them: `ginfo MACHINE` shows which run"));
        }
        shell.world().interrupt().sleep(Duration::from_millis(200))?;
    }
}

pub(super) fn ip(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let machine = machine(shell, given)?;
    let time = given.option("wait").map(super::wait::seconds).transpose()?;
    let start = Instant::now();
    let name = text(&machine, "name");
    loop {
        let rows = addresses(&machine)?;
        if !rows.is_empty() {
            if !shell.ui().options().json && !shell.ui().is_terminal() {
                let lines: Vec<String> = rows.iter().map(|row| show(&row[1])).collect();
                return Ok(Reply::Value(Value::Text(lines.join("\n"))));
            }
            let names = ["interface", "IPAddress", "networkMask", "hardwareAddress"];
            return Ok(Reply::Table(Table {
                columns: names.into_iter().map(Column::new).collect(),
                rows,
                empty: String::new(),
            }));
        }
        match time {
            None if is_online(&machine.get("state")?) => {
                return Err(Failure::new(ErrorKind::NotFound, format!("`{name}` has reported no address"))
                    .hinted(format!("Guest Additions report it; `ip {} --wait 60` waits for it", quoted(&name))));
            }
            None => {
                return Err(Failure::new(ErrorKind::Failed, format!("`{name}` does not run"))
                    .hinted(format!("`start {}` starts it", quoted(&name))));
            }
            Some(time) if start.elapsed() >= time => {
                let what = format!("an address of `{name}`");
                let failure = Failure::from(Error::TimedOut { what, seconds: time.as_secs_f64() });
                return Err(failure.hinted(format!("Guest Additions report it; `ginfo {}` shows them", quoted(&name))));
            }
            Some(_) => shell.world().interrupt().sleep(Duration::from_millis(500))?,
        }
    }
}

/// Interface, address, mask and hardware address of each interface that the guest reports.
fn addresses(machine: &Object) -> Result<Vec<Vec<Value>>, Failure> {
    let outputs = machine.call_outputs("enumerateGuestProperties", vec![Value::from("/VirtualBox/GuestInfo/Net/*")])?;
    let [names, values, ..] = outputs.as_slice() else { return Ok(Vec::new()) };
    let facts: Vec<(String, String)> =
        names.clone().into_list().iter().map(show).zip(values.clone().into_list().iter().map(show)).collect();
    let fact = |slot: usize, what: &str| {
        let name = format!("/VirtualBox/GuestInfo/Net/{slot}/{what}");
        facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
    };
    let rows = (0..64).filter_map(|slot| {
        let address = fact(slot, "V4/IP")?;
        let name = fact(slot, "Name").unwrap_or_else(|| slot.to_string());
        let rest = [Some(address), fact(slot, "V4/Netmask"), fact(slot, "MAC")];
        Some(std::iter::once(Some(name)).chain(rest).map(|text| Value::Text(text.unwrap_or_default())).collect())
    });
    Ok(rows.collect())
}
