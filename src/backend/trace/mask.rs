//! What a trace must not hold: passwords, secrets, and values that belong to a key which says so.
//!
//! It works by the names of the schema, on the JSON of a call; a masked call looks alike however
//! often it is masked, so that a replay finds it.

use serde_json::{Map, Value as Json};

/// What stands in place of a secret.
pub(super) const MASK: &str = "********";

/// Words in a name or a key that make its value a secret.
const SECRET: &[&str] =
    &["password", "passwd", "passphrase", "secret", "credential", "privatekey", "apikey", "accesskey", "authtoken"];

/// Parameters that hold names of values; beside them stand `value`, `values`, `retValue`, or the result.
const KEYS: &[&str] = &["key", "keys", "name", "names", "property"];

/// Parameters whose value belongs to such a name.
const VALUES: &[&str] = &["value", "values", "retValue", "returnval"];

/// Members whose single text belongs to a key among their arguments.
const KEYED: &[&str] = &[
    "getExtraData",
    "setExtraData",
    "getGuestProperty",
    "setGuestProperty",
    "getGuestPropertyValue",
    "setGuestPropertyValue",
    "pushGuestProperty",
    "pullGuestProperties",
    "accessGuestProperty",
    "enumerateGuestProperties",
    "getProperty",
    "setProperty",
    "getProperties",
    "setProperties",
    "getVRDEProperty",
    "setVRDEProperty",
    "createProfile",
    "environmentScheduleSet",
    "environmentGetBaseVariable",
];

/// Whether what goes by that name is a secret: a password, but not the id of one.
pub(super) fn is_secret(name: &str) -> bool {
    let folded: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let identifies = ["id", "ids", "identifier", "identifiers"].iter().any(|end| folded.ends_with(end));
    !identifies && SECRET.iter().any(|word| folded.contains(word))
}

/// Exchanges the secrets in the named inputs and outputs of a member. Gives the secrets themselves, so
/// that they can be taken out of messages, too.
pub(super) fn mask(member: &str, inputs: &mut Map<String, Json>, outputs: &mut Map<String, Json>) -> Vec<String> {
    let mut found = Vec::new();
    // `setSettingsSecret(password)`, `getPassword()`; an attribute has its own name as the name of its value.
    for values in [&mut *inputs, &mut *outputs] {
        for (name, value) in values.iter_mut() {
            if is_secret(name) {
                hide(value, &mut found);
            } else if name.to_ascii_lowercase().contains("environment") {
                hide_variables(value, &mut found);
            }
        }
    }
    if KEYED.contains(&member) {
        let keys = keys_of(inputs).or_else(|| keys_of(outputs)).unwrap_or_default();
        for values in [inputs, outputs] {
            for (_, value) in values.iter_mut().filter(|(name, _)| VALUES.contains(&name.as_str())) {
                match value {
                    Json::Array(values) => {
                        let many = values.len() == keys.len();
                        for (at, value) in values.iter_mut().enumerate() {
                            let key = if many { keys.get(at) } else { keys.first() };
                            if key.is_some_and(|key| is_secret(key)) {
                                hide(value, &mut found);
                            }
                        }
                    }
                    value if keys.iter().any(|key| is_secret(key)) => hide(value, &mut found),
                    _ => {}
                }
            }
        }
    }
    found
}

/// Takes secrets out of a text that somebody else wrote.
pub(super) fn mask_text(text: &str, secrets: &[String]) -> String {
    // A short one would make holes in every message, and is no secret worth the name.
    secrets
        .iter()
        .filter(|secret| secret.len() >= 4)
        .fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), MASK))
}

fn keys_of(values: &Map<String, Json>) -> Option<Vec<String>> {
    let (_, value) = values.iter().find(|(name, _)| KEYS.contains(&name.as_str()))?;
    Some(match value {
        Json::String(key) => key.split(',').map(str::to_owned).collect(),
        Json::Array(keys) => keys.iter().map(|key| key.as_str().unwrap_or_default().to_owned()).collect(),
        _ => Vec::new(),
    })
}

fn hide(value: &mut Json, found: &mut Vec<String>) {
    match value {
        Json::Array(values) => values.iter_mut().for_each(|value| hide(value, found)),
        Json::Null | Json::Bool(_) => {}
        value => {
            if let Json::String(secret) = &*value
                && secret != MASK
            {
                found.push(secret.clone());
            }
            *value = Json::String(MASK.to_owned());
        }
    }
}

/// `NAME=value` of the environment of a guest's process.
fn hide_variables(value: &mut Json, found: &mut Vec<String>) {
    match value {
        Json::Array(values) => values.iter_mut().for_each(|value| hide_variables(value, found)),
        Json::String(text) => {
            if let Some((name, secret)) = text.split_once('=').filter(|(name, _)| is_secret(name)) {
                if secret != MASK {
                    found.push(secret.to_owned());
                }
                *text = format!("{name}={MASK}");
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn masked(member: &str, inputs: Json, outputs: Json) -> (Json, Json) {
        let (Json::Object(mut inputs), Json::Object(mut outputs)) = (inputs, outputs) else { panic!("objects") };
        mask(member, &mut inputs, &mut outputs);
        let once = (Json::Object(inputs.clone()), Json::Object(outputs.clone()));
        mask(member, &mut inputs, &mut outputs);
        assert_eq!(once, (Json::Object(inputs), Json::Object(outputs)), "masking twice changes nothing");
        once
    }

    /// Every parameter and attribute of the release that carries a secret, and none that does not.
    #[test]
    fn all_secrets_of_the_release_are_known() {
        let mut names = std::collections::BTreeSet::new();
        for interface in crate::schema::embedded().interfaces() {
            names.extend(interface.own_attributes().iter().map(|attribute| attribute.name));
            names.extend(
                interface.own_methods().iter().flat_map(|method| &method.parameters).map(|parameter| parameter.name),
            );
        }
        let secret: Vec<_> = names.into_iter().filter(|name| is_secret(name)).collect();
        assert_eq!(
            secret,
            [
                "adminPassword",
                "currentPassword",
                "newPassword",
                "password",
                "passwords",
                "teleporterPassword",
                "userPassword"
            ]
        );
    }

    #[test]
    fn passwords_are_masked_and_their_ids_are_not() {
        let (inputs, _) = masked(
            "changeEncryption",
            json!({"currentPassword": "old", "cipher": "AES", "newPassword": "new", "newPasswordId": "key-1"}),
            json!({}),
        );
        assert_eq!(
            inputs,
            json!({"currentPassword": MASK, "cipher": "AES", "newPassword": MASK, "newPasswordId": "key-1"})
        );
        let (inputs, _) =
            masked("addEncryptionPasswords", json!({"ids": ["a", "b"], "passwords": ["x", "y"]}), json!({}));
        assert_eq!(inputs, json!({"ids": ["a", "b"], "passwords": [MASK, MASK]}));
        let (inputs, _) = masked("createSession", json!({"user": "ops", "password": "", "domain": ""}), json!({}));
        assert_eq!(inputs["password"], json!(MASK), "not even that there is none");
    }

    #[test]
    fn values_are_masked_when_their_key_says_so() {
        let vrde =
            |key: &str| masked("setVRDEProperty", json!({"key": key, "value": "v"}), json!({})).0["value"].clone();
        assert_eq!((vrde("VNCPassword"), vrde("TCP/Ports")), (json!(MASK), json!("v")));
        let (_, outputs) = masked("getExtraData", json!({"key": "my/Secret"}), json!({"value": "v"}));
        assert_eq!(outputs, json!({"value": MASK}));
        let (inputs, _) =
            masked("setProperties", json!({"names": ["user", "pass_phrase"], "values": ["u", "p"]}), json!({}));
        assert_eq!(inputs["values"], json!(["u", MASK]));
        let (_, outputs) = masked(
            "enumerateGuestProperties",
            json!({"patterns": "*"}),
            json!({"names": ["/a", "/app/password"], "values": ["1", "2"]}),
        );
        assert_eq!(outputs["values"], json!(["1", MASK]));
        let (_, outputs) = masked(
            "getProperties",
            json!({"names": "user,password"}),
            json!({"values": ["u", "p"], "returnNames": []}),
        );
        assert_eq!(outputs["values"], json!(["u", MASK]));
        // Another member's `value` has nothing to do with a key.
        assert_eq!(masked("setNumber", json!({"name": "password", "value": 5}), json!({})).0["value"], json!(5));
    }

    #[test]
    fn environments_and_messages_are_masked() {
        let (inputs, _) = masked(
            "processCreate",
            json!({"environmentChanges": ["PATH=/bin", "DB_PASSWORD=geheim", "HOME"]}),
            json!({}),
        );
        assert_eq!(inputs["environmentChanges"], json!(["PATH=/bin", format!("DB_PASSWORD={MASK}"), "HOME"]));
        assert_eq!(
            mask_text("`geheim` is wrong, abc too", &["geheim".into(), "abc".into()]),
            format!("`{MASK}` is wrong, abc too")
        );
    }
}
