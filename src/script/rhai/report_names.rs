//! Names in messages: near misses, and Rhai's type names as people know them.

/// A type as people name it.
pub(super) fn type_name(name: &str) -> &str {
    match name.trim() {
        "()" => "nothing",
        "i64" | "INT" => "an integer",
        "f64" | "FLOAT" => "a number",
        "bool" => "a truth value",
        "string" | "&str | ImmutableString | String" => "a text",
        "char" => "a character",
        "array" => "an array",
        "blob" => "a blob",
        "map" => "a map",
        "Fn" => "a closure",
        "Object" => "an object",
        "Struct" => "a structure",
        "Enum" => "an enumeration value",
        "EnumType" => "an enumeration",
        "Error" => "an error",
        other => other,
    }
}

/// Name and argument types of a signature such as `f (i64, &str | ImmutableString | String)`.
pub(super) fn split_signature(signature: &str) -> (&str, Vec<&str>) {
    let Some((name, rest)) = signature.split_once(" (") else { return (signature, Vec::new()) };
    let inside = rest.strip_suffix(')').unwrap_or(rest);
    (name, inside.split(", ").filter(|part| !part.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_come_apart() {
        assert_eq!(
            split_signature("f (i64, &str | ImmutableString | String)"),
            ("f", vec!["i64", "&str | ImmutableString | String"])
        );
        assert_eq!(split_signature("f ()"), ("f", vec![]));
        assert_eq!(split_signature("g"), ("g", vec![]));
        assert_eq!(split_signature("f (())"), ("f", vec!["()"]));
    }
}
