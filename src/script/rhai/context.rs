//! What the parts of one engine share: the world, and notes that outlive a single call.

use super::extension::{Asked, Registering};
use super::last_value::Places;
use crate::model::Error;
use crate::schema::{Schema, embedded};
use crate::shell::World;
use rhai::{AST, ASTNode, Expr, Stmt};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// The shared part of one engine.
pub(super) struct Context {
    /// The shell's world.
    pub(super) world: Arc<World>,
    /// Arguments of the running script.
    pub(super) arguments: RwLock<Vec<String>>,
    /// Whether the engine has the methods by their snake-case names too.
    pub(super) has_snake_case: AtomicBool,
    /// Where `_` is the last value, in what is being compiled.
    pub(super) last_value: Mutex<Places>,
    /// Names that closures capture and that no statement assigns to. Variables of these names that
    /// hold objects are captured as copies of the reference: a shared variable would be locked while
    /// one of its own methods runs the closure (`m.session(|s| m.name)`).
    captured: RwLock<HashSet<String>>,
    assigned: Mutex<HashSet<String>>,
    /// Texts of what runs, by file; the prompt's line has the empty name.
    sources: Mutex<HashMap<String, Arc<str>>>,
    /// The last call of a function that does not exist.
    missing: Mutex<Option<Missing>>,
    /// What the extension file registers that is loading.
    pub(super) registering: Mutex<Option<Registering>>,
    /// Where a command of an extension has lines of the shell run.
    pub(super) shell: Mutex<Option<Sender<Asked>>>,
}

/// A call that found no function.
#[derive(Clone)]
pub(super) struct Missing {
    /// Name that was called.
    pub(super) name: String,
    /// What it was called on.
    pub(super) on: MissingOn,
}

/// What a missing function was called on.
#[derive(Clone)]
pub(super) enum MissingOn {
    /// An object, with what the model says of such a call.
    Object(Option<Error>),
    /// Null.
    Null,
    /// Anything else, or nothing.
    Other,
}

impl Context {
    pub(super) fn new(world: &Arc<World>) -> Arc<Self> {
        Arc::new(Self {
            world: Arc::clone(world),
            arguments: RwLock::default(),
            has_snake_case: AtomicBool::new(false),
            last_value: Mutex::default(),
            captured: RwLock::default(),
            assigned: Mutex::default(),
            sources: Mutex::default(),
            missing: Mutex::default(),
            registering: Mutex::default(),
            shell: Mutex::default(),
        })
    }

    /// The schema of the connection, or the embedded one while there is none. Opens nothing.
    pub(super) fn schema(&self) -> &'static Schema {
        self.world.current().map_or_else(embedded, |connection| connection.schema())
    }

    /// Whether a variable of this name is captured by a closure and never assigned to.
    pub(super) fn is_captured(&self, name: &str) -> bool {
        let captured = self.captured.read().unwrap_or_else(PoisonError::into_inner);
        !captured.is_empty() && captured.contains(name)
    }

    /// Learns which variables a piece of source captures and assigns.
    pub(super) fn study(&self, ast: &AST) {
        let (mut shared, mut assigned) = (HashSet::new(), HashSet::new());
        ast.walk(&mut |path: &[ASTNode]| {
            match path.last() {
                Some(ASTNode::Stmt(Stmt::Share(names))) => {
                    shared.extend(names.iter().map(|(name, _)| name.name.to_string()));
                }
                Some(ASTNode::Stmt(Stmt::Assignment(assignment))) => {
                    if let Expr::Variable(variable, ..) = &assignment.1.lhs {
                        assigned.insert(variable.1.to_string());
                    }
                }
                _ => {}
            }
            true
        });
        if shared.is_empty() && assigned.is_empty() {
            return;
        }
        let mut all_assigned = lock(&self.assigned);
        all_assigned.extend(assigned);
        let mut captured = self.captured.write().unwrap_or_else(PoisonError::into_inner);
        captured.extend(shared);
        captured.retain(|name| !all_assigned.contains(name));
    }

    /// Keeps the text of a file (or of the prompt's line) for error messages.
    pub(super) fn keep_source(&self, file: &str, text: &str) {
        lock(&self.sources).insert(file.to_owned(), Arc::from(text));
    }

    /// A line of a kept text.
    pub(super) fn source_line(&self, file: &str, line: usize) -> Option<String> {
        let text = lock(&self.sources).get(file).cloned()?;
        text.lines().nth(line.checked_sub(1)?).map(str::to_owned)
    }

    /// Notes a call that found no function.
    pub(super) fn note_missing(&self, missing: Missing) {
        *lock(&self.missing) = Some(missing);
    }

    /// The last note about a function of that name.
    pub(super) fn take_missing(&self, name: &str) -> Option<Missing> {
        lock(&self.missing).take().filter(|missing| missing.name == name)
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
