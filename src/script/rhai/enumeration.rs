//! Enumerations and their values as scripts see them.

use super::error::{Outcome, mistake};
use super::value::EnumType;
use crate::model::EnumValue;
use rhai::{Array, Dynamic, Engine, ImmutableString, NativeCallContext};
use std::cmp::Ordering;

/// Makes the types known to an engine.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<EnumValue>("Enum");
    engine.register_type_with_name::<EnumType>("EnumType");
    engine.register_indexer_get(|context: NativeCallContext, enumeration: &mut EnumType, name: ImmutableString| {
        constant(enumeration, &name, &context)
    });
    engine.register_indexer_get(|enumeration: &mut EnumType, number: i64| EnumValue { enumeration, number });
    engine.register_fn("to_string", |enumeration: &mut EnumType| enumeration.name);
    engine.register_fn("to_debug", |enumeration: &mut EnumType| enumeration.name);
    engine.register_fn("dir", |enumeration: &mut EnumType| -> Array {
        enumeration.values.iter().map(|value| value.name.into()).collect()
    });
    engine.register_fn("==", |left: EnumType, right: EnumType| left.name == right.name);
    engine.register_fn("!=", |left: EnumType, right: EnumType| left.name != right.name);

    engine.register_indexer_get(
        |context: NativeCallContext, value: &mut EnumValue, name: ImmutableString| match &*name {
            "name" => Ok(Dynamic::from(value.to_string())),
            "value" => Ok(Dynamic::from(value.number)),
            "type" => Ok(Dynamic::from(value.enumeration.name.to_owned())),
            other => Err(mistake(
                format!("a value of {} has no `{other}`", value.enumeration.name),
                "it has `name`, `value` and `type`",
                &context,
            )),
        },
    );
    engine.register_fn("to_string", |value: &mut EnumValue| value.to_string());
    engine.register_fn("to_debug", |value: &mut EnumValue| format!("{}.{value}", value.enumeration.name));
    engine.register_fn("to_int", |value: &mut EnumValue| value.number);
    register_comparisons(engine);
}

/// The constant of that name.
pub(super) fn constant(enumeration: EnumType, name: &str, context: &NativeCallContext) -> Outcome<EnumValue> {
    let number = enumeration.number(name).ok_or_else(|| {
        let near = crate::schema::did_you_mean(&enumeration.suggest(name));
        let hint = if near.is_empty() { format!("`help {}` lists its values", enumeration.name) } else { near };
        mistake(format!("{} has no value `{name}`", enumeration.name), hint, context)
    })?;
    Ok(EnumValue { enumeration, number })
}

fn register_comparisons(engine: &mut Engine) {
    macro_rules! compare {
        ($left:ty, $right:ty, $order:expr) => {{
            let order: fn(&$left, &$right) -> Option<Ordering> = $order;
            engine.register_fn("==", move |left: $left, right: $right| order(&left, &right) == Some(Ordering::Equal));
            engine.register_fn("!=", move |left: $left, right: $right| order(&left, &right) != Some(Ordering::Equal));
            engine.register_fn("<", move |left: $left, right: $right| order(&left, &right) == Some(Ordering::Less));
            engine.register_fn(">", move |left: $left, right: $right| order(&left, &right) == Some(Ordering::Greater));
            engine
                .register_fn("<=", move |left: $left, right: $right| order(&left, &right).is_some_and(Ordering::is_le));
            engine
                .register_fn(">=", move |left: $left, right: $right| order(&left, &right).is_some_and(Ordering::is_ge));
        }};
    }
    compare!(EnumValue, EnumValue, |left, right| {
        (left.enumeration.name == right.enumeration.name).then(|| left.number.cmp(&right.number))
    });
    compare!(EnumValue, i64, |left, right| Some(left.number.cmp(right)));
    compare!(i64, EnumValue, |left, right| Some(left.cmp(&right.number)));
    compare!(EnumValue, ImmutableString, |left, right| named(left, right));
    compare!(ImmutableString, EnumValue, |left, right| named(right, left).map(Ordering::reverse));
}

/// The order of a value and a name; a name that the enumeration does not have is neither before nor
/// behind, and unequal.
fn named(value: &EnumValue, name: &str) -> Option<Ordering> {
    if let Some(number) = value.enumeration.number(name) {
        return Some(value.number.cmp(&number));
    }
    // A number without a name equals its own print.
    (value.to_string() == name).then_some(Ordering::Equal)
}
