//! `help`: commands, topics, and everything in the Main API.

use super::topics::{self, TOPICS};
use crate::output::{Failure, Reply};
use crate::schema;
use crate::shell::{ArgumentKind, Arity, Category, Command, Given, Shell, command_manual};

pub(super) fn commands() -> Vec<Command> {
    vec![
        Command::new("help", Category::Shell, "help on commands, topics and the Main API", help)
            .alias("?")
            .argument(
                "topic",
                ArgumentKind::Topic,
                Arity::Optional,
                "a command, a topic, or an interface, member, enum or result code of the Main API",
            )
            .example("help", "all commands, and the topics")
            .example("help get", "one command")
            .example("help paths", "a topic")
            .example("help IMachine.lockMachine", "a method of the Main API")
            .example("help MachineState", "an enum with its values"),
    ]
}

fn help(shell: &mut Shell, given: &Given) -> Result<Reply, Failure> {
    let Some(topic) = given.optional("topic") else { return Ok(Reply::Text(overview(shell))) };
    if let Some(command) = shell.commands().find(topic.trim_start_matches(':')) {
        return Ok(Reply::Text(command_manual(command)));
    }
    if let Some(text) = topics::text(topic) {
        return Ok(Reply::Text(text.trim().to_owned()));
    }
    let known = shell.world().current().map_or_else(schema::embedded, |connection| connection.schema());
    if let Some(text) = schema::manual(known, topic) {
        return Ok(Reply::Text(text));
    }
    let words = shell.commands().words().chain(TOPICS.iter().map(|(name, ..)| *name));
    let mut near: Vec<String> = schema::suggest(topic, words).into_iter().map(str::to_owned).collect();
    near.extend(schema::suggest_topic(known, topic));
    let near: Vec<String> = near.iter().take(3).map(|near| format!("`help {near}`")).collect();
    let hint = if near.is_empty() {
        "`help` lists commands and topics".to_owned()
    } else {
        format!("did you mean {}?", near.join(" or "))
    };
    Err(Failure::new(crate::model::ErrorKind::NotFound, format!("there is no help on `{topic}`")).hinted(hint))
}

fn overview(shell: &Shell) -> String {
    let mut text = String::new();
    let mut commands: Vec<_> = shell.commands().all().collect();
    commands.sort_by_key(|command| (command.category, command.name.clone()));
    let names = commands.iter().map(|command| command.name.len());
    let widest = names.chain(TOPICS.iter().map(|(name, ..)| name.len())).max().unwrap_or(0);
    let mut category = None;
    for command in commands {
        if category != Some(command.category) {
            category = Some(command.category);
            text += &format!("{}{}\n", if text.is_empty() { "" } else { "\n" }, Category::title(command.category));
        }
        text += &format!("  {:widest$}  {}\n", command.name, command.summary);
    }
    text += "\nTopics\n";
    for (name, summary, _) in TOPICS {
        text += &format!("  {name:widest$}  {summary}\n");
    }
    text += "\nA line that is no command is script: `vbox.machines.len()`. `expr?` says what something is.\n\
             `help WORD` knows every command, topic, interface, member, enum and result code.";
    text
}
