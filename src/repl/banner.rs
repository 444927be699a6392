//! The two lines before the first prompt.

use super::Options;
use crate::output::wrap;
use crate::schema;
use crate::shell::Shell;

/// Version and connection, and where to go from here. Nothing is opened for it.
pub(super) fn text(shell: &Shell, options: &Options) -> String {
    let connection = match shell.world().current() {
        Some(connection) => connection.transport().describe(),
        None if options.connection.is_empty() => format!("Main API {}", schema::embedded().version().full),
        None => options.connection.clone(),
    };
    let languages: Vec<&str> = shell.languages().map(crate::shell::Language::name).collect();
    let leave = "Ctrl-D leaves";
    let script =
        if languages.is_empty() { String::new() } else { format!("; all else is {}", shell.language().name()) };
    let text = format!(
        "vboxsh {}, {connection}\n`help` lists the commands, Tab completes, `expr?` explains{script}; {leave}",
        env!("CARGO_PKG_VERSION")
    );
    wrap(&text, shell.ui().width()).join("\n")
}
