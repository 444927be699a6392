//! `connect`, `disconnect`, `reconnect`: which Main API answers.

use crate::output::Reply;
use crate::shell::{
    ArgumentKind, Arity, Asking, Category, Command, ConnectSettings, Credentials, Shell, check_trust, connect,
};
use std::path::PathBuf;

pub(super) fn commands(settings: &ConnectSettings) -> Vec<Command> {
    let settings = settings.clone();
    vec![
        Command::new("connect", Category::Connection, "connect to a Main API", move |shell, given| {
            let target = match given.text("target") {
                // vboxshell's web service default.
                "" => "http://localhost:18083",
                target => target,
            };
            let (target, mut settings) = super::hosts::place(shell, target, &settings)?;
            check_trust(&target, given.option("ca-file").is_some(), given.option("fingerprint").is_some())?;
            let user = given.optional("user").map(str::to_owned);
            settings.credentials = Credentials {
                user: user.unwrap_or(settings.credentials.user),
                password_file: given.option("password-file").map(PathBuf::from).or(settings.credentials.password_file),
                password: None,
            };
            settings.ca_file = given.option("ca-file").map(PathBuf::from).or(settings.ca_file);
            settings.fingerprint = given.option("fingerprint").map(str::to_owned).or(settings.fingerprint);
            settings.insecure |= given.flag("insecure");
            let connection = connect(&target, &settings, shell.ui(), Asking::Allowed)?;
            let described = connection.transport().describe();
            let world = shell.world();
            if let Some(earlier) = world.current() {
                earlier.close();
            }
            world.set_connection(Some(connection));
            let ui = shell.ui().clone();
            shell.world().set_opener(Box::new(move |asking| connect(&target, &settings, &ui, asking)));
            Ok(Reply::Note(format!("connected: {described}")))
        })
        .argument(
            "target",
            ArgumentKind::Target,
            Arity::Optional,
            "`auto`, `xpcom`, `embedded`, `http[s]://[user@]host[:port]`, or a name of the configuration; default http://localhost:18083",
        )
        .argument("user", ArgumentKind::Text, Arity::Optional, "user name for the log-on")
        .flag("password-file", Some(ArgumentKind::File), "file with the password, readable by its owner alone")
        .flag("ca-file", Some(ArgumentKind::File), "certificates to trust, as PEM")
        .flag("fingerprint", Some(ArgumentKind::Text), "SHA-256 fingerprint of the one certificate to trust")
        .flag("insecure", None, "trust any certificate")
        .help(
            "A password is never an argument: it is read from VBOXSH_PASSWORD or from a file, else asked for when the \
             server wants one. The earlier connection is closed when the new one stands. `help connections` says more.",
        )
        .example("connect embedded", "the embedded host")
        .example("connect https://ops@vm-host:18083", "a remote VirtualBox; asks for the password"),
        Command::new("disconnect", Category::Connection, "close the connection", |shell: &mut Shell, _| {
            let world = shell.world();
            match world.current() {
                Some(connection) => {
                    connection.close();
                    world.set_connection(None);
                    world.park();
                    Ok(Reply::Note("disconnected".to_owned()))
                }
                None => {
                    world.park();
                    Ok(Reply::Note("there was no connection".to_owned()))
                }
            }
        })
        .help("Objects in variables are gone with it. `reconnect` opens it again, `connect` another one.")
        .example("disconnect", "log off and close"),
        Command::new(
            "reconnect",
            Category::Connection,
            "close the connection and open it again",
            |shell: &mut Shell, _| {
                let world = shell.world();
                let Some(connection) = world.current() else {
                    world.unpark();
                    let connection = world.connection()?;
                    return Ok(Reply::Note(format!("connected: {}", connection.transport().describe())));
                };
                connection.reconnect()?;
                Ok(Reply::Note(format!("connected again: {}", connection.transport().describe())))
            },
        )
        .help("Logs on anew. Objects in variables that were fetched before are gone; `vbox` stays.")
        .example("reconnect", "after the server was restarted"),
    ]
}
