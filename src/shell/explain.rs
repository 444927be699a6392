//! `expr?`: what something is, without running more of it than it takes.

use super::Shell;
use crate::model::Value;
use crate::output::{Failure, Reply};
use crate::schema;

/// Objects that every shell has; `host?` asks for the object, not for the command of that name.
const ROOTS: &[&str] = &["vbox", "host", "session", "client"];

impl Shell {
    /// `expr?`: the manual of a name, else what the value of an expression is.
    ///
    /// # Errors
    /// What the expression failed with.
    pub fn explain(&mut self, expression: &str) -> Result<Reply, Failure> {
        let schema = self.world.current().map_or_else(schema::embedded, |connection| connection.schema());
        let is_object = ROOTS.contains(&expression);
        let has_variable = is_object || self.ready_engine().is_some_and(|engine| engine.variable(expression).is_some());
        if !has_variable {
            if let Some(command) = self.commands.find(expression.trim_start_matches(':')) {
                return Ok(Reply::Text(super::manual::of_command(command)));
            }
            if let Some(text) = schema::manual(schema, expression) {
                return Ok(Reply::Text(text));
            }
        }
        // `m.lockMachine?` and `m.name?`: the member of what stands before the last dot.
        if let Some((before, member)) = expression.rsplit_once('.')
            && member.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
            && let Some(interface) = self.interface_of(before)
            && let Some((owner, member)) = explained_member(schema, interface, member)
            && let Some(text) = schema::manual(schema, &format!("{owner}.{member}"))
        {
            return Ok(self.with_value(schema, owner, &member, text, expression));
        }
        if let Some(text) = self.engine(self.language)?.explained(expression)? {
            return Ok(Reply::Text(text));
        }
        match self.engine(self.language)?.evaluate(expression) {
            Ok(Value::Null) => Ok(Reply::Note(format!("`{expression}` is null"))),
            Ok(Value::Object(object)) => {
                let name = object.interface().name;
                let more = Reply::Note(format!("`help {name}` lists its methods and says what each member is"));
                Ok(Reply::Many(vec![Reply::Detail(Value::Object(object)), more]))
            }
            Ok(value) => Ok(Reply::Detail(value)),
            Err(failure) => Err(self.suggest_topic(schema, expression, failure)),
        }
    }

    /// The manual of a member, and of an attribute its value too. Lists may be long and dear, and calls
    /// may change something: neither is run for a question. A value that cannot be had leaves the manual, which was asked for.
    fn with_value(
        &mut self,
        schema: &'static schema::Schema,
        owner: &str,
        member: &str,
        text: String,
        source: &str,
    ) -> Reply {
        let kind =
            schema.interface(owner).and_then(|interface| interface.attribute(member)).map(|attribute| attribute.kind);
        let value = match kind {
            Some(kind) if !kind.array && !source.contains('(') => {
                self.engine(self.language).and_then(|engine| engine.evaluate(source)).ok()
            }
            _ => None,
        };
        let now = match value {
            Some(Value::Null) => Reply::Note(format!("`{source}` is null now")),
            Some(object @ Value::Object(_)) => Reply::Detail(object),
            Some(value) => Reply::Sections(vec![crate::output::Section {
                title: String::new(),
                entries: vec![("now".to_owned(), value)],
            }]),
            None => return Reply::Text(text),
        };
        Reply::Many(vec![Reply::Text(text), now])
    }

    /// A name that neither the engine nor the manual knows: what it may have been meant to be.
    fn suggest_topic(&self, schema: &'static schema::Schema, expression: &str, failure: Failure) -> Failure {
        let is_name = expression.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.'));
        if failure.kind != crate::model::ErrorKind::Script || failure.hint.is_some() || !is_name {
            return failure;
        }
        let mut near: Vec<String> = self.commands.suggest(expression).into_iter().map(str::to_owned).collect();
        near.extend(schema::suggest_topic(schema, expression));
        match near.first() {
            Some(near) => failure.hinted(format!("did you mean `{near}?`?")),
            None => failure.hinted("`help` lists commands and topics; `dir(vbox)` what the Main API offers"),
        }
    }

    /// The interface of an expression, without running it.
    fn interface_of(&mut self, expression: &str) -> Option<&'static str> {
        match self.engine(self.language).ok()?.static_type(expression)? {
            schema::Type { kind: schema::Kind::Interface(name), array: false } => Some(name),
            _ => None,
        }
    }
}

/// The member that is meant, under the name that the schema has for it: an attribute or a method, or
/// for `networkAdapter` the method `getNetworkAdapter`, as in paths.
fn explained_member<'a>(
    schema: &'static schema::Schema,
    interface: &'static str,
    member: &'a str,
) -> Option<(&'static str, std::borrow::Cow<'a, str>)> {
    let known = schema.interface(interface)?;
    if known.attribute(member).is_some() || known.method(member).is_some() {
        return Some((interface, member.into()));
    }
    super::path::picker(known, member).map(|method| (interface, method.name.into()))
}
