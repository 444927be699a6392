//! `doctor`: what was found on this computer, and what to do about what is missing.

use crate::backend::local as local_virtualbox;
use crate::model::Value;
use crate::output::{Failure, Reply, Section, Ui};
use crate::schema;
use crate::shell::{Category, Command, ConnectSettings, Language, Shell, auto_is_local, why_auto};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

pub(super) fn commands(settings: &ConnectSettings) -> Vec<Command> {
    let settings = settings.clone();
    vec![
        Command::new(
            "doctor",
            Category::Shell,
            "what was found here, and what to do about what is missing",
            move |shell, _| doctor(shell, &settings),
        )
        .example("doctor", "check this computer"),
    ]
}

fn doctor(shell: &mut Shell, settings: &ConnectSettings) -> Result<Reply, Failure> {
    let mut advice = Vec::new();
    let sections = vec![
        program(shell, settings),
        connection(shell, &mut advice),
        local(shell, &mut advice),
        python(shell, &mut advice),
        terminal(shell.ui(), &mut advice),
    ];
    let mut sections = sections;
    if !advice.is_empty() {
        let entries =
            advice.into_iter().enumerate().map(|(at, line)| ((at + 1).to_string(), Value::Text(line))).collect();
        sections.push(Section { title: "Advice".to_owned(), entries });
    }
    Ok(Reply::Sections(sections))
}

fn entry(name: &str, value: impl Into<String>) -> (String, Value) {
    (name.to_owned(), Value::Text(value.into()))
}

fn program(shell: &Shell, settings: &ConnectSettings) -> Section {
    let languages: Vec<_> = shell.languages().map(crate::shell::Language::name).collect();
    let web_service = if cfg!(feature = "webservice") { "built in" } else { "not built in" };
    let version = schema::embedded().version();
    let mut entries = vec![
        entry("version", env!("CARGO_PKG_VERSION")),
        entry("Main API known", format!("{} ({})", version.full, version.api)),
        entry("languages", languages.join(", ")),
        entry("web service", web_service),
        entry("XPCOM", if local_virtualbox::SUPPORTED { "built in" } else { "not built in" }),
    ];
    if let Some(trace) = &settings.trace {
        entries.push(entry("trace", trace.display().to_string()));
    }
    Section { title: "vboxsh".to_owned(), entries }
}

fn connection(shell: &Shell, advice: &mut Vec<String>) -> Section {
    let mut entries = Vec::new();
    match shell.world().connection() {
        Ok(connection) => {
            entries.push(entry("backend", connection.transport().name()));
            entries.push(entry("where", connection.transport().describe()));
            if connection.transport().name() == "embedded" {
                entries.push(entry("machines", crate::host::ENGINE));
            }
            for name in ["version", "revision", "packageType", "APIVersion", "homeFolder"] {
                match connection.root().get(name) {
                    Ok(value) => entries.push((name.to_owned(), value)),
                    Err(error) => entries.push(entry(name, error.to_string())),
                }
            }
            let schema = connection.schema().version();
            entries.push(entry("schema", format!("{} ({})", schema.full, schema.api)));
        }
        Err(error) => {
            entries.push(entry("error", error.to_string()));
            advice.extend(error.hint());
        }
    }
    Section { title: "Connection".to_owned(), entries }
}

/// The file of that name in the folders of PATH.
fn in_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn first_line(program: &std::path::Path, argument: &str) -> Option<String> {
    let output = std::process::Command::new(program).arg(argument).output().ok()?;
    let text = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    Some(String::from_utf8_lossy(&text).lines().next()?.trim().to_owned())
}

fn local(shell: &Shell, advice: &mut Vec<String>) -> Section {
    let mut entries = Vec::new();
    let manage = in_path("VBoxManage");
    entries.push(entry("VBoxManage", found(manage.as_ref())));
    if let Some(manage) = &manage {
        entries.push(entry(
            "VirtualBox",
            first_line(manage, "--version").unwrap_or_else(|| "it does not answer".to_owned()),
        ));
    }
    let library = local_virtualbox::library();
    entries.push(entry("XPCOM library", found(library.as_ref())));
    entries.push(entry("vboxwebsrv", found(in_path("vboxwebsrv").as_ref())));
    let address = SocketAddr::from(([127, 0, 0, 1], 18083));
    let listens = TcpStream::connect_timeout(&address, Duration::from_millis(300)).is_ok();
    entries
        .push(entry("web service at localhost:18083", if listens { "something listens" } else { "nothing listens" }));
    if auto_is_local() {
        // The shell's own connection, when it is of that kind, shows as much as another would.
        let current = shell.world().current().filter(|connection| connection.transport().name() == "xpcom");
        let tried = match current {
            Some(connection) => Ok(connection.transport().describe()),
            None => local_virtualbox::transport().map(|transport| transport.describe()),
        };
        entries.push(entry("over XPCOM", tried.as_ref().map_or_else(ToString::to_string, Clone::clone)));
        match tried {
            Ok(_) => advice
                .push("the local VirtualBox is reached with `connect xpcom`, which `auto` takes as well".to_owned()),
            Err(error) => advice.extend(error.hint()),
        }
    } else if library.is_some() || manage.is_some() {
        if listens {
            advice.push("the local VirtualBox is reached with `connect http://localhost:18083`".to_owned());
        } else {
            advice.push("start the web service of the local VirtualBox with `vboxwebsrv`, then `connect http://localhost:18083`".to_owned());
        }
    } else {
        advice.push(format!(
            "{}; the embedded host serves instead, or `connect http://HOST:18083` reaches another computer's",
            why_auto()
        ));
    }
    Section { title: "Local VirtualBox".to_owned(), entries }
}

fn found(file: Option<&PathBuf>) -> String {
    file.map_or_else(|| "not found".to_owned(), |file| file.display().to_string())
}

fn python(shell: &mut Shell, advice: &mut Vec<String>) -> Section {
    let python = in_path("python3");
    let mut entries = vec![entry("python3", found(python.as_ref()))];
    entries.extend(
        python.as_deref().and_then(|python| first_line(python, "--version")).map(|text| entry("version", text)),
    );
    if !shell.languages().any(|language| language == Language::Python) {
        entries.push(entry("scripts", "not built in; Rhai is"));
        return Section { title: "Python".to_owned(), entries };
    }
    // What it runs in need not be the one in the path.
    let version = "__import__('platform').python_version() + ', ' + __import__('sys').prefix";
    match shell.engine(Language::Python).and_then(|engine| engine.evaluate(version)) {
        Ok(Value::Text(text)) => entries.push(entry("scripts run in", format!("Python {text}"))),
        Ok(other) => entries.push(("scripts run in".to_owned(), other)),
        Err(failure) => {
            entries.push(entry("scripts", failure.message));
            advice.extend(failure.hint);
        }
    }
    Section { title: "Python".to_owned(), entries }
}

fn terminal(ui: &Ui, advice: &mut Vec<String>) -> Section {
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| "not set".to_owned());
    let language = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let unicode = language.as_deref().is_some_and(|language| language.to_lowercase().replace('-', "").contains("utf8"));
    let entries = vec![
        entry("standard output", if ui.is_terminal() { "a terminal" } else { "not a terminal" }),
        entry(
            "questions",
            if ui.can_ask() { "can be asked" } else { "cannot be asked: give --yes where one would be" },
        ),
        entry("TERM", variable("TERM")),
        entry("NO_COLOR", variable("NO_COLOR")),
        entry("colours", if ui.style().is_on() { "on" } else { "off" }),
        entry("width", ui.width().to_string()),
        entry("locale", language.unwrap_or_else(|| "not set".to_owned())),
    ];
    if ui.is_terminal() && !unicode {
        advice.push("names that are not ASCII may look wrong: set LANG to a UTF-8 locale such as C.UTF-8".to_owned());
    }
    Section { title: "Terminal".to_owned(), entries }
}
