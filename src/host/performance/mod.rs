//! `IPerformanceCollector`: metrics of the computer, sampled from `/proc` while a script waits for them.
//!
//! VirtualBox samples in a thread of its server. Here there is no server: samples are taken when the collector is asked
//! and whenever time has passed since, so that a script that sleeps and queries finds what it expects.

mod metric;
mod sample;

use super::Outcome;
use super::arguments::Arguments;
use super::document::ROOT;
use super::state::{Address, State, View, one};
use super::value::{text, texts};
use crate::model::RawValue;
use metric::{AGGREGATES, Base, Metric, NAMES, bases, fits, machine_bases};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How often all base metrics are sampled that were set up, and what came of it.
#[derive(Debug, Default)]
pub(super) struct Performance {
    series: Vec<Series>,
}

/// The samples of one base metric.
#[derive(Debug)]
struct Series {
    base: Base,
    /// Seconds between samples; 0: none are taken.
    period: i64,
    /// How many are kept.
    count: i64,
    enabled: bool,
    last: Option<Instant>,
    /// One column for each submetric, the oldest sample first.
    samples: VecDeque<Vec<i64>>,
    /// Number of the oldest sample.
    first: i64,
    counters: Option<sample::Counters>,
    /// Megabytes that a machine's disks take.
    disks: i64,
}

impl State {
    /// The base metrics of the computer, in VirtualBox's order. What is not there any more is forgotten.
    fn follow_metrics(&mut self) {
        let running = self.machines.iter().filter(|(_, known)| known.running.is_some());
        let running: Vec<_> = running.map(|(view, _)| *view).collect();
        let mut now = bases();
        now.extend(running.iter().flat_map(|view| machine_bases(*view)));
        let disks: Vec<_> = running.iter().map(|view| (*view, self.megabytes_of_disks(*view))).collect();
        let series = &mut self.performance.series;
        series.retain(|series| now.contains(&series.base));
        for (at, base) in now.into_iter().enumerate() {
            if !series.iter().any(|known| known.base == base) {
                let new = Series {
                    base,
                    period: 0,
                    count: 0,
                    enabled: true,
                    last: None,
                    samples: VecDeque::new(),
                    first: 0,
                    counters: None,
                    disks: 0,
                };
                series.insert(at.min(series.len()), new);
            }
        }
        for series in series.iter_mut() {
            let own = disks.iter().find(|(view, _)| series.base.machine == Some(*view));
            series.disks = own.map_or(0, |(_, disks)| *disks);
            series.catch_up();
        }
    }

    fn megabytes_of_disks(&self, view: View) -> i64 {
        let attachments = self.attachments(view).unwrap_or_default();
        let medium = |id| self.element(Address { view, element: id }).ok()?.value("medium").and_then(Address::of);
        let media = attachments.into_iter().filter_map(medium).filter_map(|at| self.medium(at.element).ok());
        let sizes = media
            .filter(|medium| medium.device == "HardDisk")
            .filter_map(|medium| std::fs::metadata(&medium.location).ok().map(|facts| facts.len() >> 20));
        i64::try_from(sizes.sum::<u64>()).unwrap_or(i64::MAX)
    }

    /// What a metric is of, as the API has it.
    fn measured(&mut self, machine: Option<View>) -> RawValue {
        match machine {
            Some(view) => Address::machine(view).value("IMachine"),
            None => self.global_part("IHost", "host", 0).value("IHost"),
        }
    }

    pub(super) fn read_performance(&mut self, at: Address, owner: &str, name: &str) -> Outcome<Option<RawValue>> {
        self.follow_metrics();
        Ok(match (owner, name) {
            ("IPerformanceCollector", "metricNames") => {
                let names = NAMES.iter().flat_map(|name| AGGREGATES.iter().map(move |end| format!("{name}{end}")));
                Some(texts(names))
            }
            ("IPerformanceMetric", "object") => {
                let machine = self.machine_of_metric(at)?;
                Some(self.measured(machine))
            }
            ("IPerformanceMetric", "period" | "count") => {
                let machine = self.machine_of_metric(at)?;
                let metric = self.element(at)?;
                let (base, aggregate) = (metric.text("base"), !metric.text("aggregate").is_empty());
                let series = self
                    .performance
                    .series
                    .iter()
                    .find(|series| series.base.name == base && series.base.machine == machine);
                let value = series.map_or((0, 0), |series| (series.period, if aggregate { 1 } else { series.count }));
                Some(RawValue::Int(if name == "period" { value.0 } else { value.1 }))
            }
            _ => None,
        })
    }

    fn machine_of_metric(&self, at: Address) -> Outcome<Option<View>> {
        Ok(Some(self.element(at)?.index).filter(|view| *view != super::state::GLOBAL))
    }

    pub(super) fn call_performance(&mut self, name: &str, arguments: Arguments<'_>) -> Outcome<Option<Vec<RawValue>>> {
        self.follow_metrics();
        let wanted = Wanted::of(self, arguments);
        match name {
            "getMetrics" => {
                let found = self.metrics(&wanted);
                let listed = found.into_iter().map(|metric| self.metric_object(&metric)).collect();
                one(RawValue::List(listed))
            }
            "setupMetrics" | "enableMetrics" | "disableMetrics" => {
                let mut affected = Vec::new();
                for series in &mut self.performance.series {
                    if !wanted.takes(&series.base.name, series.base.machine) {
                        continue;
                    }
                    match name {
                        "setupMetrics" => series.set_up(arguments.int(2), arguments.int(3)),
                        name => series.enabled = name == "enableMetrics",
                    }
                    affected.push(series.base.clone());
                }
                let listed = affected.iter().map(|base| self.base_object(base)).collect();
                one(RawValue::List(listed))
            }
            "queryMetricsData" => {
                let found = self.metrics(&wanted);
                Ok(Some(self.query(&found)))
            }
            _ => Ok(None),
        }
    }

    /// The metrics that the names and objects of a call mean.
    fn metrics(&self, wanted: &Wanted) -> Vec<Metric> {
        let all = self.performance.series.iter().flat_map(|series| series.base.metrics());
        all.filter(|metric| wanted.takes(&metric.name(), metric.base.machine)).collect()
    }

    fn metric_object(&mut self, metric: &Metric) -> RawValue {
        let description = if metric.aggregate.is_empty() { metric.description } else { "" };
        self.object_of(&metric.name(), &metric.base.name, metric.aggregate, description, &metric.base)
    }

    fn base_object(&mut self, base: &Base) -> RawValue {
        self.object_of(&base.name, &base.name, "", "", base)
    }

    fn object_of(&mut self, name: &str, base: &str, aggregate: &str, description: &str, of: &Base) -> RawValue {
        const ROLE: &str = "performanceMetric";
        let known = self.global.children(ROOT, ROLE).into_iter();
        // The machine's number is the place of its metrics; 0 stands for the computer.
        let machine = of.machine.unwrap_or_default();
        let same = known.into_iter().find(|id| {
            self.global.get(*id).is_some_and(|metric| metric.index == machine && metric.text("metricName") == name)
        });
        let id = same.unwrap_or_else(|| self.global.add("IPerformanceMetric", ROOT, ROLE, machine));
        if let Some(metric) = self.global.get_mut(id) {
            metric.set("metricName", text(name));
            metric.set("base", text(base));
            metric.set("aggregate", text(aggregate));
            metric.set("description", text(description));
            metric.set("unit", text(of.unit));
            metric.set("minimumValue", RawValue::Int(0));
            metric.set("maximumValue", RawValue::Int(of.most()));
        }
        Address::global(id).value("IPerformanceMetric")
    }

    /// The data of metrics, and seven lists that say what it is.
    fn query(&mut self, metrics: &[Metric]) -> Vec<RawValue> {
        let mut lists = vec![Vec::new(); 8];
        for metric in metrics {
            let object = self.measured(metric.base.machine);
            let Some(series) = self.performance.series.iter().find(|series| series.base == metric.base) else {
                continue;
            };
            let values = series.values(metric);
            let index = i64::try_from(lists[7].len()).unwrap_or_default();
            let length = i64::try_from(values.len()).unwrap_or_default();
            let row = [
                text(metric.name()),
                object,
                text(metric.base.unit),
                RawValue::Int(metric.base.scale()),
                RawValue::Int(series.first),
                RawValue::Int(index),
                RawValue::Int(length),
            ];
            lists.iter_mut().zip(row).for_each(|(list, value)| list.push(value));
            lists[7].extend(values.into_iter().map(RawValue::Int));
        }
        // The data is the return value, so it comes first.
        lists.rotate_right(1);
        lists.into_iter().map(RawValue::List).collect()
    }
}

impl Series {
    fn set_up(&mut self, period: i64, count: i64) {
        (self.period, self.count) = (period, count);
        self.samples.clear();
        self.first = 0;
        self.last = None;
        self.counters = None;
        self.catch_up();
    }

    /// Takes the samples that are due. One reading stands for all the periods that went by without one.
    fn catch_up(&mut self) {
        if !self.enabled || self.period == 0 || self.count == 0 {
            return;
        }
        let period = Duration::from_secs(u64::try_from(self.period).unwrap_or(1));
        let Some(last) = self.last else {
            // The first reading is where the counters start from.
            self.counters = Some(sample::Counters::read());
            self.last = Some(Instant::now());
            return;
        };
        let due = (last.elapsed().as_secs_f64() / period.as_secs_f64()) as i64;
        if due == 0 {
            return;
        }
        let now = sample::Counters::read();
        let seconds = last.elapsed().as_secs_f64();
        let values = self.base.sample(self.counters.as_ref().unwrap_or(&now), &now, seconds, self.disks);
        for _ in 0..due.min(self.count) {
            self.samples.push_back(values.clone());
        }
        let most = usize::try_from(self.count).unwrap_or(usize::MAX);
        self.first += (due - self.count).max(0);
        while self.samples.len() > most {
            self.samples.pop_front();
            self.first += 1;
        }
        self.counters = Some(now);
        self.last = Some(Instant::now());
    }

    fn values(&self, metric: &Metric) -> Vec<i64> {
        let column: Vec<i64> = self.samples.iter().filter_map(|sample| sample.get(metric.column).copied()).collect();
        let count = i64::try_from(column.len()).unwrap_or(1).max(1);
        match metric.aggregate {
            ":avg" if !column.is_empty() => vec![column.iter().sum::<i64>() / count],
            ":min" => column.iter().min().copied().into_iter().collect(),
            ":max" => column.iter().max().copied().into_iter().collect(),
            _ => column,
        }
    }
}

/// What a call asks about: everything, the computer, a machine, or something that has no metrics.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Object {
    All,
    Computer,
    Machine(View),
    Other,
}

/// Names and objects of a call, in pairs; empty lists stand for all.
struct Wanted(Vec<(String, Object)>);

impl Wanted {
    fn of(state: &mut State, arguments: Arguments<'_>) -> Self {
        let (names, objects) = (arguments.texts(0), arguments.list(1));
        let host = state.global_part("IHost", "host", 0);
        let object = |at: usize| match objects.get(at).and_then(Address::of) {
            Some(at) if at == host => Object::Computer,
            Some(at) if at.view != super::state::GLOBAL => Object::Machine(state.machine_of(at.view)),
            _ => Object::Other,
        };
        let name = |at: usize| names.get(at).cloned().unwrap_or_else(|| "*".to_owned());
        // One name goes with each of many objects, and the other way round.
        let pairs = match (names.len(), objects.len()) {
            (_, 0) => names.iter().map(|name| (name.clone(), Object::All)).collect(),
            (0 | 1, count) => (0..count).map(|at| (name(0), object(at))).collect(),
            (count, 1) => (0..count).map(|at| (name(at), object(0))).collect(),
            (count, _) => (0..count).map(|at| (name(at), object(at))).collect(),
        };
        let all = names.is_empty() && objects.is_empty();
        Self(if all { vec![("*".to_owned(), Object::All)] } else { pairs })
    }

    fn takes(&self, name: &str, machine: Option<View>) -> bool {
        let own = machine.map_or(Object::Computer, Object::Machine);
        self.0.iter().any(|(pattern, object)| (*object == Object::All || *object == own) && fits(pattern, name))
    }
}
