//! `import "other" as o;`: files of the folder of the script that asks.

use super::context::{Context, lock};
use rhai::{Engine, EvalAltResult, GlobalRuntimeState, Module, ModuleResolver, Position, Scope, Shared};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

type Resolved = Result<Shared<Module>, Box<EvalAltResult>>;

/// When a file was last changed and how long it is: enough to see that it is another one now.
type Stamp = (Option<SystemTime>, u64);

/// Loads `.rhai` files, each once as long as it stays the same.
pub(super) struct Imports {
    context: Arc<Context>,
    cache: Mutex<HashMap<PathBuf, (Stamp, Shared<Module>)>>,
    /// Files that are being loaded, outermost first.
    loading: Mutex<Vec<PathBuf>>,
}

impl Imports {
    pub(super) fn new(context: &Arc<Context>) -> Self {
        Self { context: Arc::clone(context), cache: Mutex::default(), loading: Mutex::default() }
    }

    fn load(&self, engine: &Engine, global: &mut GlobalRuntimeState, path: &str, position: Position) -> Resolved {
        let file = locate(path, global.source());
        let missing = || Box::new(EvalAltResult::ErrorModuleNotFound(file.display().to_string(), position));
        let identity = file.canonicalize().map_err(|_| missing())?;
        let metadata = identity.metadata().map_err(|_| missing())?;
        let stamp = (metadata.modified().ok(), metadata.len());
        if let Some((known, module)) = lock(&self.cache).get(&identity)
            && *known == stamp
        {
            return Ok(Shared::clone(module));
        }
        if lock(&self.loading).contains(&identity) {
            let message = format!("`{}` imports itself, directly or by way of others", file.display());
            return Err(EvalAltResult::ErrorRuntime(message.into(), position).into());
        }
        let text = std::fs::read_to_string(&identity).map_err(|error| {
            let message = format!("`{}` cannot be read: {error}", file.display());
            Box::new(EvalAltResult::ErrorRuntime(message.into(), position))
        })?;
        lock(&self.loading).push(identity.clone());
        let module = self.evaluate(engine, global, &file, &text, position);
        lock(&self.loading).pop();
        let module = module?;
        lock(&self.cache).insert(identity, (stamp, Shared::clone(&module)));
        Ok(module)
    }

    fn evaluate(
        &self,
        engine: &Engine,
        global: &mut GlobalRuntimeState,
        file: &Path,
        text: &str,
        position: Position,
    ) -> Resolved {
        let name = file.display().to_string();
        let text = without_shebang(text);
        self.context.keep_source(&name, &text);
        let in_file = |error| Box::new(EvalAltResult::ErrorInModule(name.clone(), error, position));
        let mut ast = engine.compile(&text).map_err(|error| in_file(error.into()))?;
        ast.set_source(name.as_str());
        self.context.study(&ast);
        let module = Module::eval_ast_as_new_raw(engine, &mut Scope::new(), global, &ast).map_err(in_file)?;
        Ok(module.into())
    }
}

impl ModuleResolver for Imports {
    fn resolve(&self, engine: &Engine, source: Option<&str>, path: &str, position: Position) -> Resolved {
        let mut global = engine.new_global_runtime_state();
        global.source = source.map(Into::into);
        self.load(engine, &mut global, path, position)
    }

    fn resolve_raw(
        &self,
        engine: &Engine,
        global: &mut GlobalRuntimeState,
        _scope: &mut Scope,
        path: &str,
        position: Position,
    ) -> Resolved {
        self.load(engine, global, path, position)
    }
}

/// The file of an import: relative to the file that asks, else to the current folder.
fn locate(path: &str, source: Option<&str>) -> PathBuf {
    let folder = source.and_then(|source| Path::new(source).parent()).unwrap_or(Path::new(""));
    let mut file = folder.join(path);
    if file.extension().is_none_or(|ending| ending != "rhai") {
        file.as_mut_os_string().push(".rhai");
    }
    file
}

/// The text with its first line made a comment when that names an interpreter (`#!...`), so that
/// line numbers stay.
pub(super) fn without_shebang(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text.strip_prefix("#!") {
        Some(rest) => format!("//{rest}"),
        None => text.to_owned(),
    }
}
