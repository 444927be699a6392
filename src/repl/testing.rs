//! A shell for the tests of this room: a few commands, and a language that knows one variable.

use crate::model::{EnumValue, Error, Handle, RawValue, Request, Transport, Value};
use crate::output::{ColorChoice, Failure, Reply, Ui, UiOptions};
use crate::schema::{Interface, Kind, Schema, Type};
use crate::shell::{
    ArgumentKind, Arity, Category, Command, Commands, Completeness, Engine, Language, Origin, Shell, World,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn nothing(_: &mut Shell, _: &crate::shell::Given) -> Result<Reply, Failure> {
    Ok(Reply::Nothing)
}

pub(super) fn commands() -> Commands {
    let mut commands = Commands::default();
    let new = |name: &str, summary: &str| Command::new(name, Category::Explore, summary, nothing);
    commands.add(new("list", "list machines").alias("ls").flag("all", None, "all of them"));
    commands.add(
        new("start", "start a machine")
            .argument("machine", ArgumentKind::Machine, Arity::Required, "which")
            .argument("mode", ArgumentKind::Choice(&["gui", "headless", "separate"]), Arity::Optional, "how")
            .flag("wait", Some(ArgumentKind::Seconds), "how long"),
    );
    commands.add(new("get", "read attributes").argument("path", ArgumentKind::GraphPath, Arity::Repeated, "what"));
    commands.add(new("run-script", "run a script").argument("file", ArgumentKind::File, Arity::Required, "which"));
    commands.add(new("help", "explain").argument("topic", ArgumentKind::Topic, Arity::Optional, "what"));
    commands.add(new("connect", "connect").argument("target", ArgumentKind::Target, Arity::Required, "where"));
    commands.add(new("eval", "evaluate").argument("source", ArgumentKind::Source, Arity::Required, "what"));
    commands.add(new("log-in", "log on").argument("user", ArgumentKind::Text, Arity::Required, "who").argument(
        "password",
        ArgumentKind::Text,
        Arity::Required,
        "how",
    ));
    commands
}

/// A shell without connection and without engine.
pub(super) fn shell() -> Shell {
    with_color(ColorChoice::Never)
}

/// A shell that paints.
pub(super) fn painting() -> Shell {
    with_color(ColorChoice::Always)
}

fn with_color(color: ColorChoice) -> Shell {
    let ui = Ui::captured(UiOptions { color, width: Some(100), ..UiOptions::default() });
    let world = World::new(ui, None, false);
    Shell::new(world, commands(), vec![(Language::Rhai, Arc::new(|_| Ok(Box::new(OneVariable) as Box<dyn Engine>)))])
}

/// An engine whose scope holds `m`, a machine, and `shout`, a function.
struct OneVariable;

impl Engine for OneVariable {
    fn language(&self) -> Language {
        Language::Rhai
    }

    fn evaluate(&mut self, _: &str) -> Result<Value, Failure> {
        Ok(Value::Null)
    }

    fn run_script(&mut self, _: &str, _: &Origin) -> Result<Value, Failure> {
        Ok(Value::Null)
    }

    fn completeness(&self, source: &str) -> Completeness {
        if source.ends_with("...") { Completeness::Incomplete } else { Completeness::Complete }
    }

    fn set_variable(&mut self, _: &str, _: Value) {}

    fn variable(&self, _: &str) -> Option<Value> {
        None
    }

    fn names(&self) -> Vec<String> {
        vec!["m".to_owned(), "shout".to_owned()]
    }

    fn again(&self) -> Box<dyn Engine> {
        Box::new(Self)
    }

    fn static_type(&self, expression: &str) -> Option<Type> {
        (expression == "m").then_some(Type::one(Kind::Interface("IMachine")))
    }
}

/// A server with three machines that counts how often it was asked.
pub(super) struct ThreeMachines(pub(super) Arc<AtomicUsize>);

impl Transport for ThreeMachines {
    fn describe(&self) -> String {
        "three machines".to_owned()
    }

    fn name(&self) -> &'static str {
        "test"
    }

    fn schema(&self) -> &'static Schema {
        crate::schema::embedded()
    }

    fn open_session(&self) -> Result<Handle, Error> {
        Ok(Handle::Number(9))
    }

    fn invoke(&self, request: Request<'_>) -> Result<Vec<RawValue>, Error> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let machine = self.schema().interface("IMachine").unwrap();
        Ok(vec![match (request.target, request.operation.name()) {
            (Handle::Root, "machines") => {
                RawValue::List((1..4).map(|number| RawValue::Object((Handle::Number(number), machine))).collect())
            }
            (Handle::Number(1), "name") => RawValue::from("web-01"),
            (Handle::Number(2), "name") => RawValue::from("web 02"),
            (Handle::Number(3), "name") => RawValue::from("db.main"),
            (Handle::Number(_), "state") => {
                let enumeration = self.schema().enumeration("MachineState").unwrap();
                RawValue::Enum(EnumValue { enumeration, number: enumeration.number("Running").unwrap() })
            }
            (target, name) => panic!("completion called {name} of {target}"),
        }])
    }

    fn query_interface(&self, _: &Handle, _: &'static Interface) -> Result<Option<Handle>, Error> {
        Ok(None)
    }

    fn release(&self, _: &[Handle]) {}

    fn reconnect(&self) -> Result<(), Error> {
        Ok(())
    }

    fn close(&self) {}
}
