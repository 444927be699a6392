//! Which call the end of a half-typed source stands in, and at which parameter.

use super::chain::Scope;
use super::tokens::{Token, TokenKind, open_brackets};
use crate::schema::{Method, Parameter};

/// A call that is being typed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    /// The method.
    pub(super) method: &'static Method,
    /// The parameter that is being typed, from 0.
    pub(super) index: usize,
    /// Whether nothing of it is there yet.
    pub(super) fresh: bool,
}

impl Call {
    /// The innermost call of a known method that is open at the end of `tokens`.
    pub(super) fn at_end(scope: &Scope<'_>, tokens: &[Token<'_>]) -> Option<Self> {
        let open = *open_brackets(tokens).last()?;
        if !tokens[open].is("(") {
            return None;
        }
        let name = tokens.get(open.checked_sub(1)?).filter(|token| token.kind == TokenKind::Word)?;
        let dot = open.checked_sub(2)?;
        if !tokens[dot].is_dot() {
            return None;
        }
        let interface = scope.interface_at_end(&tokens[..dot], tokens)?;
        let method = interface.method(name.text)?;
        let (mut index, mut depth) = (0, 0_usize);
        for token in &tokens[open + 1..] {
            match token.text {
                _ if token.kind != TokenKind::Sign => {}
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                "," if depth == 0 => index += 1,
                _ => {}
            }
        }
        let fresh = tokens.last().is_some_and(|last| last.is(",") || last.start == tokens[open].start);
        Some(Self { method, index, fresh })
    }

    /// The parameter that is being typed; `None` behind the last one.
    pub(super) fn parameter(&self) -> Option<&'static Parameter> {
        self.method.inputs().nth(self.index)
    }
}

/// The name of the function or method whose call is open at the end, of whatever it is.
pub(super) fn callee<'a>(tokens: &[Token<'a>]) -> Option<&'a str> {
    let open = *open_brackets(tokens).last()?;
    let name = tokens.get(open.checked_sub(1)?)?;
    (tokens[open].is("(") && name.kind == TokenKind::Word).then_some(name.text)
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;
    use crate::shell::Language;

    fn at(source: &str) -> Option<(&'static str, Option<&'static str>, bool)> {
        let scope = Scope { schema: crate::schema::embedded(), engine: None, paths: false };
        let call = Call::at_end(&scope, &tokens(source, Language::Rhai))?;
        Some((call.method.name, call.parameter().map(|parameter| parameter.name), call.fresh))
    }

    #[test]
    fn the_open_call_and_its_parameter_are_found() {
        assert_eq!(at("vbox.findMachine("), Some(("findMachine", Some("nameOrId"), true)));
        assert_eq!(at("vbox.findMachine(\"a"), Some(("findMachine", Some("nameOrId"), false)));
        assert_eq!(at("vbox.machines[0].lockMachine(f(1, [2, 3]), "), Some(("lockMachine", Some("lockType"), true)));
        assert_eq!(at("vbox.findMachine(\"a\", "), Some(("findMachine", None, true)));
        assert_eq!(at("vbox.findMachine(\"a\")"), None);
        assert_eq!(at("print("), None);
        assert_eq!(callee(&tokens("queryInterface(x, \"", Language::Rhai)), Some("queryInterface"));
    }
}
