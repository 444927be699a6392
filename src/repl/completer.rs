//! What Tab offers at the end of a half-typed line.

use super::candidate::Candidate;
use super::chain::Scope;
use super::known::{Known, Named, Things};
use super::words::{commands_beginning, last_part, offset};
use super::{complete_command, complete_script};
use crate::schema::{Schema, embedded};
use crate::shell::{Line, Shell};
use rustyline::completion::FilenameCompleter;

/// What completion may look at.
pub(super) struct Sources<'a> {
    /// The shell; its connection is used only if it is open.
    pub(super) shell: &'a Shell,
    /// Names of machines.
    pub(super) machines: &'a Known,
}

impl<'a> Sources<'a> {
    /// The Main API of the open connection, else the embedded one.
    pub(super) fn schema(&self) -> &'static Schema {
        schema_of(self.shell)
    }

    /// Where names get their types from.
    pub(super) fn scope(&self, paths: bool) -> Scope<'a> {
        Scope { schema: self.schema(), engine: self.shell.ready_engine(), paths }
    }

    /// Names of the machines of the open connection.
    pub(super) fn machine_names(&self) -> Vec<Named> {
        self.names(&Things::Machines)
    }

    /// Names of things that the open connection has.
    pub(super) fn names(&self, things: &Things) -> Vec<Named> {
        let connection = self.shell.world().current();
        if let (Things::Machines, Some(open)) = (things, &connection)
            && let Some(names) = self.shell.world().take_machines(open)
        {
            self.machines.learn(names, open);
        }
        self.machines.names(things, connection)
    }
}

/// The Main API of the open connection, else the embedded one.
pub(super) fn schema_of(shell: &Shell) -> &'static Schema {
    shell.world().current().map_or_else(embedded, |connection| connection.schema())
}

/// What may stand at the end of `text`, and where what it replaces starts.
pub(super) fn complete(sources: &Sources<'_>, text: &str) -> (usize, Vec<Candidate>) {
    let (part, base) = last_part(sources.shell, text);
    if part.trim_start().starts_with('#') {
        return (text.len(), Vec::new());
    }
    let at = |start: usize| base + start;
    match sources.shell.classify(part) {
        Line::Command { command, rest } => {
            let start = offset(part, rest);
            let tail = &part[start..];
            if tail.is_empty() {
                return first_word(sources, part, base);
            }
            let (inner, found) = if command.takes_source() {
                complete_script::complete(sources, tail)
            } else {
                complete_command::complete(sources, &command, tail)
            };
            (at(start) + inner, found)
        }
        Line::UnknownCommand(_) | Line::Empty => first_word(sources, part, base),
        Line::Script(source) | Line::Explain(source) => {
            let start = offset(part, source);
            let lone = part.trim_start().chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-'));
            if lone && !part.ends_with(char::is_whitespace) {
                return first_word(sources, part, base);
            }
            let (inner, found) = complete_script::complete(sources, &part[start..]);
            (at(start) + inner, found)
        }
        Line::Host(command) => {
            let start = offset(part, command);
            let (inner, found) = files(&part[start..]);
            (at(start) + inner, found)
        }
    }
}

/// Commands, and what a script may start with; behind a colon commands alone.
fn first_word(sources: &Sources<'_>, part: &str, base: usize) -> (usize, Vec<Candidate>) {
    let blank = part.len() - part.trim_start().len();
    let (word, forced) = match part[blank..].strip_prefix(':') {
        Some(word) => (word, true),
        None => (&part[blank..], false),
    };
    if word.contains(char::is_whitespace) {
        return (base + part.len(), Vec::new());
    }
    let start = base + part.len() - word.len();
    let commands = commands_beginning(sources.shell.commands(), word);
    let mut found: Vec<Candidate> = commands
        .into_iter()
        .map(|(name, summary)| Candidate::plain(name, summary).inserting(format!("{name} ")))
        .collect();
    let aliases = sources.shell.aliases().iter().filter(|(name, _)| !forced && name.starts_with(word));
    found.extend(aliases.map(|(name, line)| Candidate::plain(name, line).inserting(format!("{name} "))));
    // On an empty line the commands are what one looks for.
    if !forced && !word.is_empty() {
        let known: Vec<String> = found.iter().map(|one| one.name.clone()).collect();
        let names = complete_script::names(sources, word);
        found.extend(names.into_iter().filter(|one| !known.contains(&one.name)));
    }
    (start, found)
}

/// Files, as the host's shells complete them.
pub(super) fn files(text: &str) -> (usize, Vec<Candidate>) {
    let Ok((start, pairs)) = FilenameCompleter::new().complete_path(text, text.len()) else {
        return (text.len(), Vec::new());
    };
    (start, pairs.into_iter().map(|pair| Candidate::plain(&pair.display, "").inserting(pair.replacement)).collect())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, ThreeMachines};
    use super::*;
    use crate::model::Connection;
    use crate::shell::Language;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn at(shell: &Shell, text: &str) -> (usize, Vec<String>) {
        let machines = Known::default();
        let (start, found) = complete(&Sources { shell, machines: &machines }, text);
        (start, found.into_iter().map(|one| one.replacement).collect())
    }

    fn offers(text: &str) -> Vec<String> {
        at(&testing::shell(), text).1
    }

    fn connected() -> (Shell, Arc<AtomicUsize>) {
        let calls = Arc::new(AtomicUsize::new(0));
        let shell = testing::shell();
        shell.world().set_connection(Some(Connection::new(Arc::new(ThreeMachines(Arc::clone(&calls))))));
        (shell, calls)
    }

    #[test]
    fn commands_complete_with_their_summary() {
        let shell = testing::shell();
        let machines = Known::default();
        let (start, found) = complete(&Sources { shell: &shell, machines: &machines }, "list; sta");
        assert_eq!((start, found[0].name.as_str(), found[0].description.as_str()), (6, "start", "start a machine"));
        assert_eq!(offers("start"), ["start "]);
        assert_eq!(offers(":conn"), ["connect "]);
        assert_eq!(offers("lo"), ["log-in ", "loop"], "commands, then what a script may start with");
        assert!(offers("").contains(&"list ".to_owned()));
        assert_eq!(offers("ls"), ["ls "], "another spelling when no name begins so");
    }

    #[test]
    fn options_and_choices_complete() {
        assert_eq!(offers("list --a"), ["--all "]);
        assert_eq!(offers("list --all --a"), [""; 0]);
        assert_eq!(offers("start web-01 he"), ["headless "]);
        assert_eq!(offers("start --wait 5 web-01 he"), ["headless "]);
        assert_eq!(offers("connect emb"), ["embedded "]);
    }

    #[test]
    fn members_complete_by_static_type_without_engine_and_connection() {
        assert_eq!(at(&testing::shell(), "vbox.findMac"), (5, vec!["findMachine(".to_owned()]));
        assert_eq!(offers("let m = vbox.find_machine(\"x\"); m.os_ty"), ["os_type_id"]);
        assert_eq!(offers("vbox.machines.filter(|m| m.sessionSt"), ["sessionState"]);
        assert_eq!(offers("print(host.memoryS"), ["memorySize"]);
        assert!(offers("vbox.machines.fil").contains(&"filter(".to_owned()));
        assert!(offers("unknown.").is_empty());
        assert_eq!(offers("=list(vbox.APIV"), ["APIVersion"]);
        assert_eq!(offers("eval vbox.APIV"), ["APIVersion"]);
    }

    #[test]
    fn members_complete_by_what_the_engine_knows() {
        let mut shell = testing::shell();
        assert!(at(&shell, "m.").1.is_empty());
        shell.engine(Language::Rhai).unwrap();
        assert_eq!(at(&shell, "m.memoryS").1, ["memorySize"]);
        assert_eq!(at(&shell, "sho").1, ["shout"]);
        assert_eq!(at(&shell, "1 + sho").1, ["shout"]);
    }

    #[test]
    fn enums_complete_as_values_as_arguments_and_in_quotes() {
        assert_eq!(offers("MachineState.Runn"), ["Running"]);
        assert_eq!(offers("print(MachineSta"), ["MachineState."]);
        assert_eq!(offers("x == MachineState_Runn"), ["MachineState_Running"]);
        assert_eq!(offers("vbox.machines[0].lockMachine(session, \"Wr"), ["Write\""]);
        assert_eq!(
            offers("vbox.machines[0].lockMachine(session, "),
            ["LockType.Null", "LockType.Shared", "LockType.Write", "LockType.VM"]
        );
        assert_eq!(offers("vbox.machines[0].state == \"Runn"), ["Running\""]);
        assert_eq!(offers("vbox.machines[0].getNetworkAdapter(0).attachmentType = \"NATN"), ["NATNetwork\""]);
    }

    #[test]
    fn machine_names_come_from_one_list_read_on_an_open_connection() {
        assert!(offers("start w").is_empty(), "nothing is opened for a key press");
        let (shell, calls) = connected();
        let machines = Known::default();
        let sources = Sources { shell: &shell, machines: &machines };
        let offers = |text: &str| complete(&sources, text).1.into_iter().map(|one| one.replacement).collect::<Vec<_>>();
        assert_eq!(offers("start w"), ["'web 02' ", "web-01 "]);
        assert_eq!(offers("start 'web 0"), ["'web 02' "]);
        assert_eq!(offers("vbox.findMachine(\"web-"), ["web-01\""]);
        assert_eq!(offers("get web"), ["\"web 02\"", "web-01"]);
        assert_eq!(offers("get db"), ["\"db.main\""]);
        offers("vbox.machines[0].name.x");
        assert_eq!(calls.load(Ordering::SeqCst), 7, "the list, three names and three states, once");
    }

    #[test]
    fn graph_paths_complete_by_static_types() {
        assert_eq!(offers("get web-01.memoryS"), ["memorySize"]);
        assert_eq!(offers("get web-01.networkAdapter[0].MACA"), ["MACAddress"]);
        assert!(offers("get web-01.networkAd").contains(&"networkAdapter[".to_owned()));
        assert_eq!(offers("get \"my machine\".memoryS"), ["memorySize"]);
        assert_eq!(offers("get web-01.name vbox.hostN"), [""; 0]);
        assert_eq!(offers("get web-01.name vbox.machi"), ["machines", "machineGroups"]);
    }

    #[test]
    fn topics_are_commands_interfaces_members_and_enums() {
        assert_eq!(offers("help star"), ["start"]);
        assert_eq!(offers("help IVirtualBoxErr"), ["IVirtualBoxErrorInfo"]);
        assert_eq!(offers("help IMachine.memoryS"), ["IMachine.memorySize"]);
        assert_eq!(offers("help MachineState.Runn"), ["MachineState.Running"]);
    }

    #[test]
    fn files_complete_for_commands_and_the_host_shell() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("nightly.rhai"), "").unwrap();
        let path = folder.path().display();
        for line in [format!("run-script {path}/nigh"), format!("!cat {path}/nigh")] {
            assert_eq!(offers(&line), [format!("{path}/nightly.rhai")], "{line}");
        }
    }

    #[test]
    fn any_half_line_is_survived() {
        let shell = testing::shell();
        for line in [
            "é",
            "get é.",
            "get \"",
            "start \\",
            "vbox.machines[0].f(\"é",
            ".",
            "..",
            "vbox.(",
            ")]}",
            "help .",
            "list --all=é",
            "get a[b",
            "`${",
            ":",
            "=",
            "!",
            "?",
            ";;",
        ] {
            for end in line.char_indices().map(|(at, _)| at).chain([line.len()]) {
                let (start, _) = at(&shell, &line[..end]);
                assert!(start <= end && line.is_char_boundary(start), "{line}");
            }
        }
    }
}
