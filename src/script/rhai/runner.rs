//! What runs scripts: an engine, the prompt's variables and functions, and the imports it made.
//!
//! It lives on the worker's thread.

use super::context::{Context, lock};
use super::extension::{Asked, Brought};
use super::imports::without_shebang;
use super::report::Reporter;
use super::value::{from_any, to_dynamic};
use super::{assemble, completeness, extension, last_value, members};
use crate::model::{ErrorKind, Value};
use crate::output::{Failure, Reply};
use crate::schema::Type;
use crate::shell::{Completeness, Origin, Provided, World};
use rhai::{AST, Dynamic, Engine, EvalAltResult, Expr, Scope, Stmt};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::sync::{Arc, PoisonError};

/// The engine with the state of the prompt.
pub(super) struct Runner {
    /// A command that waits for a line of the shell goes on with the engine that it began with.
    engine: Arc<Engine>,
    context: Arc<Context>,
    scope: Scope<'static>,
    /// Functions of the prompt, the bodies of stored closures among them.
    functions: AST,
    /// Imports of the prompt: Rhai forgets them after each evaluation.
    imports: Vec<(String, String)>,
    /// Commands that extension files brought.
    extensions: HashMap<String, Arc<Brought>>,
}

impl Runner {
    pub(super) fn new(world: &Arc<World>) -> Self {
        let context = Context::new(world);
        let engine = Arc::new(assemble::engine(&context));
        Self {
            engine,
            context,
            scope: Scope::new(),
            functions: AST::empty(),
            imports: Vec::new(),
            extensions: HashMap::new(),
        }
    }

    /// Runs a line of the prompt.
    pub(super) fn evaluate(&mut self, source: &str) -> Result<Value, Failure> {
        let context = Arc::clone(&self.context);
        let _lines = extension::Lent::none(&context);
        self.context.keep_source("", source);
        self.prepare(source);
        *lock(&self.context.last_value) = last_value::places(source);
        let compiled = self.engine.compile_with_scope(&self.scope, source);
        lock(&self.context.last_value).clear();
        let ast = match compiled {
            Ok(ast) => ast,
            Err(error) => return Err(self.prompt_failure(error.into(), &AST::empty())),
        };
        self.context.study(&ast);
        let everything = self.functions.merge(&ast);
        let program = match self.engine.compile(self.import_statements()) {
            Ok(imports) if !self.imports.is_empty() => imports.merge(&everything),
            _ => everything.clone(),
        };
        let before = self.scope.len();
        let result = self.engine.eval_ast_with_scope::<Dynamic>(&mut self.scope, &program);
        // Also after an error: variables that were made before it may hold closures of this line.
        self.functions = everything.clone_functions_only();
        match result {
            Ok(value) => {
                self.remember_imports(&ast);
                self.drop_shadowed(before);
                Ok(from_any(value))
            }
            Err(error) => Err(self.prompt_failure(*error, &ast)),
        }
    }

    /// Runs a script in a scope of its own.
    pub(super) fn run_script(&mut self, source: &str, origin: &Origin) -> Result<Value, Failure> {
        let file = origin.file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
        let source = without_shebang(source);
        let context = Arc::clone(&self.context);
        let _lines = extension::Lent::none(&context);
        self.context.keep_source(&file, &source);
        self.prepare(&source);
        let before = self.set_arguments(origin.arguments.clone());
        let mut scope = Scope::new();
        let arguments = Value::List(origin.arguments.iter().map(|argument| Value::from(argument.as_str())).collect());
        scope.push_dynamic("args", to_dynamic(arguments));
        let mut functions = AST::empty();
        let result = self.engine.compile_with_scope(&scope, &source).map_err(Into::into).and_then(|mut ast| {
            if !file.is_empty() {
                ast.set_source(file.as_str());
            }
            self.context.study(&ast);
            functions = ast.clone_functions_only();
            self.engine.eval_ast_with_scope::<Dynamic>(&mut scope, &ast)
        });
        self.set_arguments(before);
        result.map(from_any).map_err(|error| {
            let defined_here = function_names(&functions);
            Reporter { context: &self.context, file: &file, functions: &functions, scope: &scope, defined_here }
                .failure(*error)
        })
    }

    /// Runs an extension file and gives the commands that it brings.
    pub(super) fn load_extension(&mut self, source: &str, file: &Path) -> Result<Vec<Provided>, Failure> {
        let context = Arc::clone(&self.context);
        let _lines = extension::Lent::none(&context);
        self.prepare(source);
        let loaded = extension::load(&self.engine, &self.context, source, file);
        let loaded =
            loaded.map_err(|(error, functions)| self.file_failure(*error, &file.display().to_string(), &functions))?;
        let (provided, brought) = extension::keep(&self.engine, file, loaded);
        if provided.is_empty() {
            let what = "the file registers no command";
            return Err(Failure::new(ErrorKind::Script, what).hinted("`help extensions` shows `register_command`"));
        }
        self.extensions.extend(brought.into_iter().map(|(name, brought)| (name, Arc::new(brought))));
        Ok(provided)
    }

    pub(super) fn has_extension(&self, name: &str) -> bool {
        self.extensions.contains_key(name)
    }

    /// Runs a command that an extension brought; `shell` runs lines of the shell for it. The runner is free meanwhile:
    /// these lines may come back to it.
    pub(super) fn run_extension(
        this: &RefCell<Self>,
        name: &str,
        values: Value,
        shell: Sender<Asked>,
    ) -> Result<Reply, Failure> {
        let (engine, context, brought) = {
            let runner = this.borrow();
            let brought = runner.extensions.get(name).ok_or_else(|| extension::unknown(name))?;
            (Arc::clone(&runner.engine), Arc::clone(&runner.context), Arc::clone(brought))
        };
        let _lent = extension::Lent::to(&context, shell);
        brought.call(&engine, values).map_err(|error| {
            let mut failure = this.borrow().file_failure(*error, &brought.file, &brought.functions());
            // Where the engine called it is in no file.
            failure.trace.pop();
            failure
        })
    }

    fn file_failure(&self, error: EvalAltResult, file: &str, functions: &AST) -> Failure {
        let scope = Scope::new();
        let defined_here = function_names(functions);
        Reporter { context: &self.context, file, functions, scope: &scope, defined_here }.failure(error)
    }

    /// Makes known what a source needs beyond the usual.
    fn prepare(&mut self, source: &str) {
        if !self.context.has_snake_case.load(Ordering::Relaxed) && members::wants_snake_case(source) {
            if Arc::get_mut(&mut self.engine).is_none() {
                self.engine = Arc::new(assemble::engine(&self.context));
            }
            if let Some(engine) = Arc::get_mut(&mut self.engine) {
                engine.register_global_module(members::snake_case_module());
                self.context.has_snake_case.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Sets the arguments that scripts see, and gives the earlier ones.
    fn set_arguments(&self, arguments: Vec<String>) -> Vec<String> {
        std::mem::replace(&mut *self.context.arguments.write().unwrap_or_else(PoisonError::into_inner), arguments)
    }

    fn prompt_failure(&self, error: EvalAltResult, line: &AST) -> Failure {
        let defined_here = function_names(line);
        Reporter { context: &self.context, file: "", functions: &self.functions, scope: &self.scope, defined_here }
            .failure(error)
    }

    fn import_statements(&self) -> String {
        self.imports.iter().fold(String::new(), |mut text, (path, alias)| {
            let _ = write!(text, "import {path:?} as {alias};");
            text
        })
    }

    fn remember_imports(&mut self, line: &AST) {
        for statement in line.statements() {
            if let Stmt::Import(import, _) = statement
                && let (Expr::StringConstant(path, _), alias) = &**import
                && !alias.name.is_empty()
            {
                let alias = alias.name.to_string();
                self.imports.retain(|(_, known)| *known != alias);
                self.imports.push((path.to_string(), alias));
            }
        }
    }

    /// `let x` over an older `x` leaves the older one in the scope, unreachable and holding its object.
    fn drop_shadowed(&mut self, before: usize) {
        // The newest comes first.
        let mut seen = HashSet::new();
        let newer = self.scope.len().saturating_sub(before);
        if !self.scope.iter_raw().enumerate().any(|(at, (name, ..))| !seen.insert(name) && at >= newer) {
            return;
        }
        let mut seen = HashSet::new();
        let mut kept: Vec<_> = self.scope.iter_raw().filter(|(name, ..)| seen.insert(*name)).collect();
        kept.reverse();
        let mut scope = Scope::new();
        for (name, constant, value) in kept {
            if constant {
                scope.push_constant_dynamic(name, value.clone());
            } else {
                scope.push_dynamic(name, value.clone());
            }
        }
        self.scope = scope;
    }

    pub(super) fn completeness(&self, source: &str) -> Completeness {
        *lock(&self.context.last_value) = last_value::places(source);
        let completeness = completeness::of(&self.engine, source);
        lock(&self.context.last_value).clear();
        completeness
    }

    pub(super) fn set_variable(&mut self, name: &str, value: Value) {
        // A constant of that name gives way.
        if self.scope.is_constant(name) == Some(true) {
            let _ = self.scope.remove::<Dynamic>(name);
        }
        self.scope.set_or_push(name, to_dynamic(value));
    }

    pub(super) fn variable(&self, name: &str) -> Option<Value> {
        self.scope.get(name).map(|value| from_any(value.flatten_clone()))
    }

    pub(super) fn names(&self) -> Vec<String> {
        let variables = self.scope.iter_raw().map(|(name, ..)| name.to_owned());
        let functions = function_names(&self.functions).into_iter().filter(|name| !name.starts_with("anon$"));
        let mut names: Vec<String> =
            variables.chain(functions).chain(self.imports.iter().map(|(_, alias)| alias.clone())).collect();
        names.sort();
        names.dedup();
        names
    }

    pub(super) fn static_type(&self, expression: &str) -> Option<Type> {
        crate::script::infer::static_type(self.context.schema(), expression, &|name| self.variable(name))
    }
}

fn function_names(ast: &AST) -> HashSet<String> {
    ast.iter_functions().map(|function| function.name.to_owned()).collect()
}
