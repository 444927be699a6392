//! Extension files in Rhai: `register_command(#{...})` while one loads, and running what it registered.

use super::context::{Context, lock};
use super::error::{Outcome, mistake, raise, raise_failure};
use super::value::{from_any, to_dynamic};
use super::{imports, talk, worker};
use crate::model::{ErrorKind, Value};
use crate::output::{Failure, Reply};
use crate::shell::{Provided, Registered};
use rhai::{AST, Dynamic, Engine, EvalAltResult, Expr, FnPtr, Map, NativeCallContext, Scope, Stmt};
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, SyncSender, sync_channel};

/// A line of the shell, and where its result goes.
pub(super) type Asked = (String, SyncSender<Result<(), Failure>>);

/// What an extension file registers while it loads.
pub(super) type Registering = Vec<(Registered, FnPtr)>;

/// A command that an extension brought.
pub(super) struct Brought {
    function: FnPtr,
    /// The functions of its file, below the statements that its constants and imports come from.
    program: AST,
    constants: Vec<(String, Dynamic)>,
    pub(super) file: String,
}

/// Makes the functions known to an engine.
pub(super) fn register(engine: &mut Engine, shared: &Arc<Context>) {
    let context = Arc::clone(shared);
    engine.register_fn("register_command", move |call: NativeCallContext, mut form: Map| -> Outcome<()> {
        let function = form.remove("run").and_then(|run| run.try_cast::<FnPtr>());
        let registered = Registered::read(&from_any(form.into()), "").map_err(|error| raise(error, &call))?;
        let Some(function) = function else {
            let what = format!("the command `{}` has no function `run`", registered.command.name);
            return Err(mistake(what, "`run: |given| ...`, or `run: Fn(\"name\")`", &call));
        };
        match lock(&context.registering).as_mut() {
            Some(registering) => registering.push((registered, function)),
            None => {
                return Err(mistake(
                    "`register_command` is for extension files",
                    "`help extensions` says where they stand",
                    &call,
                ));
            }
        }
        Ok(())
    });
    let context = Arc::clone(shared);
    engine.register_fn("run_command", move |call: NativeCallContext, line: rhai::ImmutableString| -> Outcome<()> {
        let Some(shell) = lock(&context.shell).clone() else {
            return Err(mistake(
                "lines of the shell run only inside a command of an extension",
                "`help extensions`",
                &call,
            ));
        };
        let (answer, result) = sync_channel(1);
        let gone = || mistake("the shell is gone", "", &call);
        shell.send((line.to_string(), answer)).map_err(|_| gone())?;
        drop(shell);
        // The line may need this engine: it runs here, further down the same stack.
        let result: Result<(), Failure> = worker::serve_until(&result).ok_or_else(gone)?;
        result.map_err(|failure| raise_failure(failure, call.call_position()))
    });
}

/// What a file registered, its code, and its constants.
pub(super) type Loaded = (Registering, AST, Vec<(String, Dynamic)>);

/// Runs an extension file, and gives what it registered.
pub(super) fn load(
    engine: &Engine,
    context: &Context,
    source: &str,
    file: &Path,
) -> Result<Loaded, (Box<EvalAltResult>, AST)> {
    let name = file.display().to_string();
    let source = imports::without_shebang(source);
    context.keep_source(&name, &source);
    let mut ast = engine.compile(&source).map_err(|error| (Box::new(error.into()), AST::empty()))?;
    ast.set_source(name.as_str());
    context.study(&ast);
    let mut scope = Scope::new();
    *lock(&context.registering) = Some(Vec::new());
    let result = engine.eval_ast_with_scope::<Dynamic>(&mut scope, &ast);
    let registered = lock(&context.registering).take().unwrap_or_default();
    if let Err(error) = result {
        return Err((error, ast.clone_functions_only()));
    }
    let constants = scope.iter_raw().filter(|(_, constant, _)| *constant);
    let constants = constants.map(|(name, _, value)| (name.to_owned(), value.clone())).collect();
    Ok((registered, ast, constants))
}

/// What the shell gets to know of commands, and what the engine keeps of them.
pub(super) fn keep(engine: &Engine, file: &Path, loaded: Loaded) -> (Vec<Provided>, Vec<(String, Brought)>) {
    let (registered, ast, constants) = loaded;
    let name = file.display().to_string();
    let mut statements = import_statements(&ast);
    for (constant, _) in &constants {
        let _ = write!(statements, "const {constant} = {PREFIX}{constant};");
    }
    statements += "command__.call(given__)";
    let mut program = engine.compile(&statements).unwrap_or_default().merge(&ast.clone_functions_only());
    program.set_source(name.as_str());
    registered
        .into_iter()
        .map(|(registered, function)| {
            let command = registered.command.name.clone();
            let brought =
                Brought { function, program: program.clone(), constants: constants.clone(), file: name.clone() };
            (Provided { registered, takes_words: false }, (command, brought))
        })
        .unzip()
}

/// Before the names of constants in the scope of a call: functions see constants of statements only.
const PREFIX: &str = "constant__";

fn import_statements(ast: &AST) -> String {
    ast.statements().iter().fold(String::new(), |mut text, statement| {
        if let Stmt::Import(import, _) = statement
            && let (Expr::StringConstant(path, _), alias) = &**import
            && !alias.name.is_empty()
        {
            let _ = write!(text, "import {path:?} as {};", alias.name);
        }
        text
    })
}

impl Brought {
    /// Calls the function.
    pub(super) fn call(&self, engine: &Engine, values: Value) -> Result<Reply, Box<EvalAltResult>> {
        let mut scope = Scope::new();
        for (name, value) in &self.constants {
            scope.push_dynamic(format!("{PREFIX}{name}"), value.clone());
        }
        scope.push_dynamic("command__", Dynamic::from(self.function.clone()));
        scope.push_dynamic("given__", to_dynamic(values));
        engine.eval_ast_with_scope::<Dynamic>(&mut scope, &self.program).map(talk::reply)
    }

    /// The functions of its file.
    pub(super) fn functions(&self) -> AST {
        self.program.clone_functions_only()
    }
}

/// Says who runs lines of the shell as long as it lives; who did before does again afterwards.
pub(super) struct Lent<'a>(&'a Context, Option<Sender<Asked>>);

impl<'a> Lent<'a> {
    /// A command of an extension may have lines run.
    pub(super) fn to(context: &'a Context, shell: Sender<Asked>) -> Self {
        Self(context, lock(&context.shell).replace(shell))
    }

    /// What is no command of an extension may not, also when such a command had it run.
    pub(super) fn none(context: &'a Context) -> Self {
        Self(context, lock(&context.shell).take())
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        *lock(&self.0.shell) = self.1.take();
    }
}

/// There is no such command.
pub(super) fn unknown(name: &str) -> Failure {
    Failure::new(ErrorKind::Failed, format!("no extension brought `{name}`")).hinted("`reloadExts` loads them anew")
}
