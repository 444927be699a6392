//! What the program does with its arguments.

use super::arguments::{Arguments, Color, Lang};
use super::generate;
use crate::backend::local;
use crate::builtins;
use crate::extensions;
use crate::model::{Error, ErrorKind, Interrupt};
use crate::output::{ColorChoice, Failure, Reply, Ui, UiOptions};
use crate::repl;
use crate::script;
use crate::shell::{
    Config, ConnectSettings, Credentials, Language, Shell, Target, World, auto_is_local, check_trust, connect, why_auto,
};
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// Runs the program with these words, its own name first, and gives its exit code.
pub fn run_words(words: Vec<OsString>) -> i32 {
    run_to_code(Arguments::read(words))
}

/// Runs the program and gives its exit code.
pub fn run(arguments: Arguments) -> ExitCode {
    ExitCode::from(u8::try_from(run_to_code(arguments)).unwrap_or(1))
}

fn run_to_code(arguments: Arguments) -> i32 {
    let ui = Ui::new(UiOptions {
        color: match arguments.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        },
        json: arguments.json,
        quiet: arguments.quiet,
        verbose: arguments.verbose,
        width: None,
    });
    let code = match work(arguments, &ui) {
        Ok(code) => code,
        Err(error) => {
            let failure = failure(error);
            if failure.exit.is_none() {
                ui.fail(&failure);
            }
            failure.exit_code()
        }
    };
    code.rem_euclid(256)
}

/// The failure in an error of the glue; what is none of ours failed in the program itself.
fn failure(error: anyhow::Error) -> Failure {
    let error = match error.downcast::<Failure>() {
        Ok(failure) => return failure,
        Err(error) => error,
    };
    match error.downcast::<Error>() {
        Ok(error) => error.into(),
        Err(error) => Failure::new(ErrorKind::Failed, format!("{error:#}")),
    }
}

fn work(mut arguments: Arguments, ui: &Ui) -> anyhow::Result<i32> {
    if arguments.xpcom_helper {
        local::serve()?;
    }
    if let Ok(program) = std::env::current_exe() {
        local::program_is(program);
    }
    if let Err(error) = repl::install_signals() {
        ui.warn(&format!("Ctrl-C cannot be caught: {error}"));
    }
    if let Some(what) = arguments.generate {
        let text = generate::text(what, &builtins::commands(&ConnectSettings::default()))?;
        ui.print(text.trim_end());
        return Ok(0);
    }
    let config = Config::load()?;
    defaults(&mut arguments, &config)?;
    #[cfg(all(feature = "python", unix))]
    if wants_python(&arguments) {
        script::python::run_in_python(&std::env::args_os().skip(1).collect::<Vec<_>>());
    }
    let (target, settings) = connection_settings(&mut arguments, &config)?;
    let prompt = prompt_options(&target, &settings);
    let mut shell = shell(&arguments, target, settings, ui)?;
    // Dropped before the shell is.
    let _leaving = local::Leaving;
    let rc = config.rc.clone();
    ui.set_theme(config.theme);
    ui.set_pager(config.pager.unwrap_or(true));
    shell.set_config(config);
    let mut ran = false;
    for line in &arguments.command {
        ran = true;
        Interrupt::global().clear();
        shell.run_line(line)?;
        if let Some(code) = shell.quit() {
            return Ok(code);
        }
    }
    for source in &arguments.eval {
        ran = true;
        show(&mut shell, |shell| shell.evaluate(source))?;
    }
    if let Some(file) = arguments.batch.take() {
        ran = true;
        let mut words: Vec<String> = arguments.script.take().into_iter().collect();
        words.append(&mut arguments.arguments);
        show(&mut shell, |shell| shell.run_file(&file, words))?;
    } else if let Some(file) = arguments.script.take() {
        ran = true;
        let words = std::mem::take(&mut arguments.arguments);
        show(&mut shell, |shell| shell.run_file(&file, words))?;
    }
    if ran {
        return Ok(shell.quit().unwrap_or(0));
    }
    if let Some(file) = rc {
        show(&mut shell, |shell| shell.run_file(&file.to_string_lossy(), Vec::new()))?;
    }
    Ok(repl::run_with(shell, &prompt))
}

/// Whether Python is sure to be needed.
#[cfg(all(feature = "python", unix))]
fn wants_python(arguments: &Arguments) -> bool {
    let files = arguments.batch.iter().chain(&arguments.script);
    arguments.lang == Lang::Python
        || files.take(1).any(|file| Language::of_file(std::path::Path::new(file)) == Some(Language::Python))
}

/// What the prompt says of the connection before it is open.
fn prompt_options(target: &Target, settings: &ConnectSettings) -> repl::Options {
    let connection = match target {
        Target::Auto if settings.home.is_none() && auto_is_local() => {
            format!("the local VirtualBox over XPCOM: {}", why_auto())
        }
        Target::Auto if settings.home.is_some() => "the embedded host: `--home` names its home".to_owned(),
        Target::Auto => format!("the embedded host (its machines are simulated): {}", why_auto()),
        Target::Embedded => "the embedded host (its machines are simulated)".to_owned(),
        Target::Xpcom => "the local VirtualBox over XPCOM".to_owned(),
        Target::WebService(url) => format!("the web service {url}"),
    };
    repl::Options { connection, open_early: true, home: settings.home.clone() }
}

/// Runs and shows what comes of it.
fn show(shell: &mut Shell, run: impl FnOnce(&mut Shell) -> Result<Reply, Failure>) -> Result<(), Failure> {
    Interrupt::global().clear();
    let reply = run(shell)?;
    shell.ui().reply(&reply)
}

fn shell(arguments: &Arguments, target: Target, settings: ConnectSettings, ui: &Ui) -> Result<Shell, Failure> {
    let commands = builtins::commands(&settings);
    let opener_ui = ui.clone();
    let home = settings.home.clone();
    let opener = Box::new(move |asking| connect(&target, &settings, &opener_ui, asking));
    let world = World::new(ui.clone(), Some(opener), arguments.yes);
    let mut shell = Shell::new(world, commands, script::factories());
    shell.set_secrets(repl::holds_secret);
    shell.set_host_home(home);
    if !arguments.no_ext {
        extensions::load(&mut shell);
    }
    if arguments.lang == Lang::Python {
        shell.set_language(Language::Python)?;
    }
    Ok(shell)
}

/// What the configuration says where the command line and the environment say nothing.
fn defaults(arguments: &mut Arguments, config: &Config) -> Result<(), Failure> {
    if arguments.connect == "auto"
        && !arguments.web
        && let Some(target) = &config.defaults.connect
    {
        arguments.connect.clone_from(target);
    }
    match config.defaults.lang.as_deref() {
        None | Some("rhai") => Ok(()),
        Some("python") => {
            arguments.lang = Lang::Python;
            Ok(())
        }
        Some(other) => Err(Failure::usage(
            format!("the configuration's defaults.lang is `{other}`, which is no language"),
            "it is `rhai` or `python`",
        )),
    }
}

fn connection_settings(arguments: &mut Arguments, config: &Config) -> Result<(Target, ConnectSettings), Failure> {
    let mut target = std::mem::take(&mut arguments.connect);
    if arguments.web && target == "auto" {
        target = "http://localhost:18083".to_owned();
    }
    let mut settings = ConnectSettings {
        // An empty VBOXSH_HOME is none.
        home: arguments.home.take().map(PathBuf::from).filter(|home| !home.as_os_str().is_empty()),
        credentials: Credentials { password_file: arguments.password_file.take(), ..Credentials::default() },
        ca_file: arguments.ca_file.take(),
        fingerprint: arguments.fingerprint.take(),
        insecure: arguments.insecure,
        trace: arguments.trace.take(),
    };
    for option in &arguments.options {
        let (key, value) = option.split_once('=').unwrap_or((option, ""));
        match key {
            "url" => target = value.trim_end_matches('/').to_owned(),
            "user" => settings.credentials.user = value.to_owned(),
            "password-file" => settings.credentials.password_file = Some(PathBuf::from(value)),
            "ca-file" => settings.ca_file = Some(PathBuf::from(value)),
            "fingerprint" => settings.fingerprint = Some(value.to_owned()),
            "password" => {
                return Err(Failure::usage(
                    "-o password=... shows the password to everyone on this computer",
                    "put it into VBOXSH_PASSWORD, or into a file: `-o password-file=FILE`",
                ));
            }
            _ => {
                return Err(Failure::usage(
                    format!("-o has no option `{key}`"),
                    "it has url, user, password-file, ca-file and fingerprint",
                ));
            }
        }
    }
    let target = match config.hosts.get(&target) {
        Some(entry) => {
            settings = settings.with_entry(entry);
            Target::parse(&entry.url)?
        }
        None => Target::parse(&target)?,
    };
    check_trust(&target, settings.ca_file.is_some(), settings.fingerprint.is_some())?;
    Ok((target, settings))
}
