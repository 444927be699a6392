//! Values as text: `print`, string interpolation, `to_json`.

use super::value::{Structure, from_any};
use crate::model::{Object, Value};
use crate::output::{Style, format_value, label, to_json};
use rhai::{Array, Dynamic, Engine, Map};

/// Makes objects, structures and collections printable.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Object>("Object");
    engine.register_type_with_name::<Structure>("Struct");
    engine.register_fn("to_string", |object: &mut Object| label(object));
    engine.register_fn("to_debug", |object: &mut Object| format!("{object:?}"));
    engine.register_fn("==", |left: Object, right: Object| left == right);
    engine.register_fn("!=", |left: Object, right: Object| left != right);
    engine.register_fn("==", |left: Structure, right: Structure| left == right);
    engine.register_fn("!=", |left: Structure, right: Structure| left != right);
    for name in ["to_string", "to_debug"] {
        engine.register_fn(name, |structure: &mut Structure| plain(&Value::Struct(structure.clone())));
    }
    // Rhai's own would print the names of Rust types for objects inside.
    for name in ["to_string", "to_debug", "print", "debug"] {
        engine.register_fn(name, |values: &mut Array| plain(&from_any(values.clone().into())));
        engine.register_fn(name, |entries: &mut Map| plain(&from_any(entries.clone().into())));
    }
    engine.register_fn("to_json", |value: Dynamic| to_json(&from_any(value)).to_string());
    engine.register_fn("to_json", |entries: &mut Map| to_json(&from_any(entries.clone().into())).to_string());
}

fn plain(value: &Value) -> String {
    format_value(value, Style::new(false))
}
