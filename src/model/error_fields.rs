//! An error as scripts see it: the same names in every language.

use super::{ApiError, Error, ErrorKind, Value};

/// Names and values.
type Fields = Vec<(&'static str, Value)>;

impl ErrorKind {
    /// Its name, as scripts see it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Refused => "refused",
            Self::NotFound => "not_found",
            Self::Connection => "connection",
            Self::Script => "script",
            Self::TimedOut => "timed_out",
            Self::Interrupted => "interrupted",
        }
    }
}

impl ApiError {
    /// What VirtualBox reported. The error behind it is left out: each language has its own form for that.
    pub fn fields(&self) -> Fields {
        vec![
            ("code", Value::Int(self.code.into())),
            ("name", Value::Text(self.name())),
            ("message", Value::Text(self.message.clone())),
            ("component", Value::Text(self.component.clone())),
            ("interface", Value::Text(self.interface.clone())),
        ]
    }
}

impl Error {
    /// What VirtualBox reported, or nothing under the same names, with what was called, what to do, and the class.
    pub fn fields(&self) -> Fields {
        let (operation, mut fields) = match self {
            Self::Api { operation, error } => (operation.clone(), error.fields()),
            other => {
                let mut fields = ApiError { message: other.to_string(), ..ApiError::default() }.fields();
                // `S_OK` would be a strange name for an error that has no code.
                fields[1].1 = Value::from("");
                (String::new(), fields)
            }
        };
        fields.push(("operation", Value::Text(operation)));
        fields.push(("hint", Value::Text(self.hint().unwrap_or_default())));
        fields.push(("kind", Value::from(self.kind().name())));
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_the_same_names() {
        let names = |error: &Error| error.fields().iter().map(|(name, _)| *name).collect::<Vec<_>>();
        let (api, own) = (Error::api("IMachine.x", 0x8000_4005, "no"), Error::usage("wrong", "right"));
        assert_eq!(names(&api), names(&own));
        let text = |error: &Error, name: &str| {
            error
                .fields()
                .iter()
                .find(|(known, _)| *known == name)
                .and_then(|(_, value)| value.as_text().map(str::to_owned))
        };
        assert_eq!(text(&api, "operation").as_deref(), Some("IMachine.x"));
        assert_eq!((text(&own, "name").as_deref(), text(&own, "hint").as_deref()), (Some(""), Some("right")));
    }
}
