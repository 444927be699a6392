//! Figures of the host and of running machines: `stats`, and `top` as they change.

use super::on_machine::{child, children, is_online, machine, read_rows, show, text};
use super::wait::seconds;
use crate::model::{Connection, ErrorKind, Object, Value};
use crate::output::{Column, Failure, Reply, Table, sparkline};
use crate::shell::{ArgumentKind, Arity, Category, Command, Given, Shell};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Samples kept for a drawing.
const KEPT: usize = 20;

pub(super) fn commands() -> Vec<Command> {
    vec![
        Command::new("stats", Category::Watch, "show a machine's figures, or the host's", stats)
            .argument(
                "machine",
                ArgumentKind::Machine,
                Arity::Optional,
                "name or id of a machine; the host when left out",
            )
            .flag("period", Some(ArgumentKind::Seconds), "seconds between two samples; default 1")
            .flag("samples", Some(ArgumentKind::Text), "how many samples; default 3")
            .flag("metrics", Some(ArgumentKind::Text), "names, such as `CPU/*,RAM/Usage/Used`; default all")
            .help("VirtualBox samples in whole seconds. A machine has figures while it runs.")
            .example("stats --samples 1 --metrics CPU/Load/*,RAM/Usage/*", "the host's"),
        Command::new("top", Category::Watch, "show the load of the host and of running machines as it changes", top)
            .flag("every", Some(ArgumentKind::Seconds), "seconds between two looks; default 1")
            .flag("count", Some(ArgumentKind::Text), "end after so many looks; default: Ctrl-C")
            .example("top --count 1", "one look"),
    ]
}

/// One metric with its samples.
struct Series {
    name: String,
    unit: String,
    values: Vec<f64>,
}

fn collector(connection: &Connection) -> Result<Object, Failure> {
    child(&connection.root(), "performanceCollector")
}

/// The samples that the collector has.
fn query(collector: &Object, names: &[&str], object: &Object) -> Result<Vec<Series>, Failure> {
    let names = Value::List(names.iter().map(|name| Value::from(*name)).collect());
    let outputs =
        collector.call_outputs("queryMetricsData", vec![names, Value::List(vec![Value::Object(object.clone())])])?;
    let list = |at: usize| outputs.get(at).cloned().unwrap_or_default().into_list();
    // The return value stands first: all samples one after the other.
    let (data, names, units, scales, starts, lengths) = (list(0), list(1), list(3), list(4), list(6), list(7));
    let number = |list: &[Value], at: usize| list.get(at).and_then(Value::as_int).unwrap_or_default();
    let series = (0..names.len()).map(|at| {
        let scale = number(&scales, at).max(1) as f64;
        let start = usize::try_from(number(&starts, at)).unwrap_or_default();
        let length = usize::try_from(number(&lengths, at)).unwrap_or_default();
        let values = data.iter().skip(start).take(length).filter_map(Value::as_int).map(|value| value as f64 / scale);
        Series { name: show(&names[at]), unit: units.get(at).map(show).unwrap_or_default(), values: values.collect() }
    });
    Ok(series.filter(|series| !series.values.is_empty()).collect())
}

fn setup(collector: &Object, names: &[&str], objects: &[Object], period: u64, count: i64) -> Result<(), Failure> {
    let names = Value::List(names.iter().map(|name| Value::from(*name)).collect());
    let objects = Value::List(objects.iter().cloned().map(Value::Object).collect());
    collector
        .call("setupMetrics", vec![names, objects, Value::Int(period.try_into().unwrap_or(1)), Value::Int(count)])?;
    Ok(())
}

fn stats(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let object = match given.optional("machine") {
        Some(_) => {
            let machine = machine(shell, given)?;
            if !is_online(&machine.get("state")?) {
                let name = text(&machine, "name");
                return Err(Failure::new(ErrorKind::Failed, format!("`{name}` does not run, so it has no figures"))
                    .hinted(format!(
                        "`start {}` starts it; `stats` alone shows the host's",
                        super::on_machine::quoted(&name)
                    )));
            }
            machine
        }
        None => child(&connection.root(), "host")?,
    };
    let period = given.option("period").map_or(Ok(Duration::from_secs(1)), seconds)?.as_secs().max(1);
    let samples = given.option("samples").map_or(Ok(3), |word| super::sizes::count("--samples", word))?.clamp(1, 1000);
    let names: Vec<&str> = given.option("metrics").unwrap_or("*").split(',').filter(|name| !name.is_empty()).collect();
    let collector = collector(&connection)?;
    // What is collected has two parts, `CPU/Load`; what it gives has more, `CPU/Load/User:avg`.
    let mut base: Vec<&str> = names.clone();
    base.extend(names.iter().filter_map(|name| Some(name.rsplit_once('/')?.0)).filter(|above| above.contains('/')));
    setup(&collector, &base, std::slice::from_ref(&object), period, samples)?;
    let wait = Duration::from_secs(period * samples.unsigned_abs()) + Duration::from_millis(300);
    shell.world().interrupt().sleep(wait)?;
    let json = shell.ui().options().json;
    let rows = query(&collector, &names, &object)?.into_iter().map(|series| {
        let last = series.values.last().copied().unwrap_or_default();
        let drawn = if json {
            Value::List(series.values.iter().map(|value| Value::Float(*value)).collect())
        } else {
            Value::Text(sparkline(&series.values))
        };
        vec![
            Value::Text(series.name),
            if json { Value::Float(last) } else { Value::Text(figure(last)) },
            Value::Text(series.unit),
            drawn,
        ]
    });
    Ok(Reply::Table(Table {
        columns: vec![Column::new("metric"), Column::number("value"), Column::new("unit"), Column::new("values")],
        rows: rows.collect(),
        empty: "no figures".to_owned(),
    }))
}

fn figure(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

fn top(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let connection = shell.world().connection()?;
    let every = given.option("every").map_or(Ok(Duration::from_secs(1)), seconds)?.max(Duration::from_millis(200));
    let count = given.option("count").map(|word| super::sizes::count("--count", word)).transpose()?;
    let collector = collector(&connection)?;
    let host = child(&connection.root(), "host")?;
    let names = ["CPU/Load/User", "CPU/Load/Kernel", "RAM/Usage/Used"];
    let base = ["CPU/Load", "RAM/Usage"];
    setup(&collector, &base, std::slice::from_ref(&host), 1, 2)?;
    let mut known: Vec<Object> = Vec::new();
    let mut loads: HashMap<String, Vec<f64>> = HashMap::new();
    let mut looks = 0;
    let start = Instant::now();
    let _unpaged = shell.ui().unpaged();
    loop {
        let machines = children(&connection.root(), "machines")?;
        let facts = read_rows(&machines, &["name", "state", "memorySize", "CPUCount"]);
        let running: Vec<(Object, Vec<Value>)> =
            machines.into_iter().zip(facts).filter(|(_, row)| is_online(&row[1])).collect();
        for (machine, _) in &running {
            if !known.contains(machine) {
                // A machine that has just ended has no metrics any more.
                let _ = setup(&collector, &base, std::slice::from_ref(machine), 1, 2);
                known.push(machine.clone());
            }
        }
        // The first samples take a period.
        if start.elapsed() < Duration::from_millis(1100) {
            shell.world().interrupt().sleep(Duration::from_millis(1200))?;
        }
        let mut rows = vec![row("host", &host, &collector, &names, &mut loads, Value::Null, shell)?];
        for (machine, facts) in &running {
            rows.push(row(&show(&facts[0]), machine, &collector, &names, &mut loads, facts[1].clone(), shell)?);
        }
        let table = Table {
            columns: vec![
                Column::new("name"),
                Column::new("state"),
                Column::number("cpu"),
                Column::number("memory"),
                Column::new("load"),
            ],
            rows,
            empty: String::new(),
        };
        if looks > 0 || count.is_none_or(|count| count > 1) {
            shell.ui().clear_screen();
        }
        shell.ui().reply(&Reply::Table(table))?;
        looks += 1;
        if count.is_some_and(|count| looks >= count) {
            return Ok(Reply::Nothing);
        }
        match shell.world().interrupt().sleep(every) {
            // Ctrl-C is how it is ended.
            Err(error) if error.kind() == ErrorKind::Interrupted && count.is_none() => {
                shell.world().interrupt().clear();
                return Ok(Reply::Nothing);
            }
            slept => slept?,
        }
    }
}

fn row(
    name: &str,
    object: &Object,
    collector: &Object,
    names: &[&str],
    loads: &mut HashMap<String, Vec<f64>>,
    state: Value,
    shell: &Shell,
) -> Result<Vec<Value>, Failure> {
    let series = query(collector, names, object).unwrap_or_default();
    let last =
        |name: &str| series.iter().find(|series| series.name == name).and_then(|series| series.values.last().copied());
    let cpu = last("CPU/Load/User").unwrap_or_default() + last("CPU/Load/Kernel").unwrap_or_default();
    let memory = last("RAM/Usage/Used").unwrap_or_default();
    let history = loads.entry(name.to_owned()).or_default();
    history.push(cpu);
    if history.len() > KEPT {
        history.remove(0);
    }
    let json = shell.ui().options().json;
    Ok(if json {
        let samples = Value::List(history.iter().map(|value| Value::Float(*value)).collect());
        vec![Value::from(name), state, Value::Float(cpu), Value::Float(memory), samples]
    } else {
        vec![
            Value::from(name),
            state,
            Value::Text(format!("{cpu:.1} %")),
            Value::Text(super::sizes::show((memory * 1024.0) as i64)),
            Value::Text(sparkline(history)),
        ]
    })
}
