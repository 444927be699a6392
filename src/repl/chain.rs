//! Static types of member chains (`vbox.machines[0].name`), from the schema alone.
//!
//! It follows names; it never reads a member. Roots are `vbox`, `host`, `session`, names bound in
//! the source itself, and what the engine knows of its variables.

use super::tokens::{Token, TokenKind, partner};
use crate::schema::{Direction, Interface, Kind, Method, Schema, Type};
use crate::shell::Engine;

/// Bindings may name each other; so far they are followed.
const DEEPEST: usize = 8;

/// Where names get their types from.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    /// The Main API in question.
    pub(super) schema: &'static Schema,
    /// The engine of the prompt, if it was used already.
    pub(super) engine: Option<&'a dyn Engine>,
    /// Whether unknown roots are names of machines, as in paths.
    pub(super) paths: bool,
}

/// The method that `name[key]` stands for in a path: its own name, or `get` or `find` before it.
pub(super) fn picker(interface: &'static Interface, name: &str) -> Option<&'static Method> {
    let mut letters = name.chars();
    let capital: String = letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect();
    let names = [name.to_owned(), format!("get{capital}"), format!("find{capital}"), format!("get{capital}ByName")];
    names.iter().find_map(|name| interface.method(name).filter(|method| method.inputs().count() == 1))
}

impl Scope<'_> {
    /// The type of the chain that ends where `tokens` end; `all` is the whole source, for bindings.
    pub(super) fn type_at_end(&self, tokens: &[Token<'_>], all: &[Token<'_>]) -> Option<Type> {
        let start = chain_start(tokens)?;
        let known =
            self.chain(&tokens[start..], all, 0).and_then(|(end, kind)| (start + end == tokens.len()).then_some(kind));
        known.flatten().or_else(|| self.ask_engine(&tokens[start..]))
    }

    /// The interface of the chain that ends where `tokens` end.
    pub(super) fn interface_at_end(&self, tokens: &[Token<'_>], all: &[Token<'_>]) -> Option<&'static Interface> {
        let kind = self.type_at_end(tokens, all).filter(|kind| !kind.array)?;
        self.schema.interface_of(kind.kind)
    }

    fn ask_engine(&self, tokens: &[Token<'_>]) -> Option<Type> {
        // A long chain is pieced together again; blanks between tokens do not matter.
        let source: String = tokens.iter().map(|token| token.text).collect();
        self.engine?.static_type(&source)
    }

    /// Follows a chain from its first token. Gives where it ends, and its type if that is known.
    fn chain(&self, tokens: &[Token<'_>], all: &[Token<'_>], depth: usize) -> Option<(usize, Option<Type>)> {
        let first = tokens.first()?;
        let (mut at, mut kind) = match first.kind {
            TokenKind::Word => (1, self.root(first, all, depth)),
            TokenKind::Text { .. } => (1, Some(Type::one(Kind::String))),
            TokenKind::Sign if first.text == "(" => {
                let close = partner(tokens, 0)?;
                let inner = self.chain(&tokens[1..close], all, depth);
                (close + 1, inner.and_then(|(end, kind)| (end + 1 == close).then_some(kind)).flatten())
            }
            _ => return None,
        };
        while let Some(token) = tokens.get(at) {
            if token.is("[") {
                let close = partner(tokens, at)?;
                kind = kind.filter(|kind| kind.array).map(|kind| Type::one(kind.kind));
                at = close + 1;
            } else if token.is("(") {
                // A function of the user: what it gives is not known.
                at = partner(tokens, at)? + 1;
                kind = None;
            } else if token.is_dot() && tokens.get(at + 1).is_some_and(|name| name.kind == TokenKind::Word) {
                let name = tokens[at + 1].text;
                at += 2;
                let called = tokens.get(at).is_some_and(|token| token.is("("));
                let keyed = tokens.get(at).is_some_and(|token| token.is("["));
                if called {
                    at = partner(tokens, at)? + 1;
                }
                let before = kind;
                kind = before.and_then(|kind| self.member(kind, name, called));
                if keyed
                    && kind.is_none()
                    && let Some(method) = before.and_then(|kind| picker(self.interface(kind)?, name))
                {
                    at = partner(tokens, at)? + 1;
                    kind = method.single_output();
                }
            } else {
                break;
            }
        }
        Some((at, kind))
    }

    fn interface(&self, kind: Type) -> Option<&'static Interface> {
        self.schema.interface_of(kind.kind).filter(|_| !kind.array)
    }

    fn member(&self, kind: Type, name: &str, called: bool) -> Option<Type> {
        if kind.array {
            // List methods of the languages that keep, or give one of, the elements.
            return match name {
                "filter" | "rev" | "reversed" | "sort" | "sorted" | "extract" | "copy" if called => Some(kind),
                "find" | "pop" | "shift" | "get" | "first" | "last" if called => Some(Type::one(kind.kind)),
                _ if self.paths => self.member(Type::one(kind.kind), name, called).map(|one| Type::many(one.kind)),
                _ => None,
            };
        }
        let interface = self.interface(kind)?;
        if called {
            let method = interface.method(name)?;
            let returned = method.parameters.iter().find(|parameter| parameter.direction == Direction::Return);
            // With several values the first is the returned one; it still has to be taken out by `[0]`.
            return method
                .single_output()
                .or_else(|| returned.filter(|one| !one.kind.array).map(|one| Type::many(one.kind.kind)));
        }
        interface.attribute(name).map(|attribute| attribute.kind)
    }

    fn root(&self, token: &Token<'_>, all: &[Token<'_>], depth: usize) -> Option<Type> {
        let name = token.text;
        if let Some(kind) = self.bound(token, all, depth) {
            return Some(kind);
        }
        if let Some(kind) = self.engine.and_then(|engine| engine.static_type(name)) {
            return Some(kind);
        }
        let interface = match name {
            "vbox" | "virtualBox" => "IVirtualBox",
            "host" => "IHost",
            "session" => "ISession",
            "client" => "IVirtualBoxClient",
            _ => match self.schema.enumeration(name) {
                Some(enumeration) => return Some(Type::one(Kind::Enum(enumeration.name))),
                None if self.paths => "IMachine",
                None => return None,
            },
        };
        Some(Type::one(Kind::Interface(self.schema.interface(interface)?.name)))
    }

    /// What the source itself binds a name to: `let m = ...`, `for m in ...`, `|m| ...`.
    fn bound(&self, token: &Token<'_>, all: &[Token<'_>], depth: usize) -> Option<Type> {
        if depth >= DEEPEST || self.paths {
            return None;
        }
        let places = || all.iter().enumerate().filter(|(_, other)| other.is_word(token.text));
        let before = places().filter(|(_, other)| other.start < token.start).rev();
        // Python's comprehensions bind behind the use.
        let behind = places().filter(|(_, other)| other.start > token.start);
        before.chain(behind).find_map(|(at, _)| self.binding(at, all, depth + 1))
    }

    fn binding(&self, at: usize, all: &[Token<'_>], depth: usize) -> Option<Type> {
        let next = all.get(at + 1)?;
        let previous = at.checked_sub(1).and_then(|at| all.get(at));
        if next.is("=") && previous.is_none_or(|previous| !previous.is_dot()) {
            return self.chain(&all[at + 2..], all, depth)?.1;
        }
        let previous = previous?;
        if next.is_word("in") && previous.is_word("for") {
            let kind = self.chain(&all[at + 2..], all, depth)?.1?;
            return kind.array.then_some(Type::one(kind.kind));
        }
        if previous.is("|") && (next.is("|") || next.is(",")) {
            // `receiver.method(|name| ...`
            let method = at.checked_sub(3).and_then(|at| all.get(at)).filter(|token| token.kind == TokenKind::Word)?;
            let opened = all.get(at - 2).is_some_and(|token| token.is("("));
            let dotted = at.checked_sub(4).and_then(|at| all.get(at)).is_some_and(Token::is_dot);
            if !opened || !dotted {
                return None;
            }
            let receiver = &all[..at - 4];
            let start = chain_start(receiver)?;
            let kind = self.chain(&receiver[start..], all, depth)?.1?;
            // `machine.session(|s| ...)` hands the machine itself over, open for changes.
            return (kind.array || method.text == "session").then_some(Type::one(kind.kind));
        }
        None
    }
}

/// Where the chain that ends at the end of `tokens` begins.
fn chain_start(tokens: &[Token<'_>]) -> Option<usize> {
    let mut at = tokens.len();
    loop {
        let last = tokens.get(at.checked_sub(1)?)?;
        match last.kind {
            TokenKind::Word | TokenKind::Text { .. } => at -= 1,
            TokenKind::Sign if last.text == ")" || last.text == "]" => {
                at = partner(tokens, at - 1)?;
                let before = at.checked_sub(1).and_then(|at| tokens.get(at));
                // A group, or a list written out, starts a chain; a call or a key goes on with what it stands behind.
                match before {
                    Some(before) if before.kind == TokenKind::Word || before.is(")") || before.is("]") => continue,
                    _ => return (tokens[at].text == "(").then_some(at),
                }
            }
            _ => return None,
        }
        match at.checked_sub(1).and_then(|at| tokens.get(at)) {
            Some(dot) if dot.is_dot() => at -= 1,
            _ => return Some(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;
    use crate::shell::Language;

    fn kind(source: &str, language: Language, paths: bool) -> String {
        let scope = Scope { schema: crate::schema::embedded(), engine: None, paths };
        let all = tokens(source, language);
        scope.type_at_end(&all, &all).map_or("unknown".to_owned(), |kind| kind.to_string())
    }

    #[test]
    fn a_chain_follows_attributes_methods_and_elements() {
        for (source, expected) in [
            ("vbox", "IVirtualBox"),
            ("vbox.machines", "IMachine[]"),
            ("vbox.machines[0]", "IMachine"),
            ("vbox.machines[0].name", "wstring"),
            ("vbox.findMachine(\"a)b\").state", "MachineState"),
            ("vbox.find_machine(\"x\").os_type_id", "wstring"),
            ("x + host.networkInterfaces[1]", "IHostNetworkInterface"),
            ("f(vbox.machines[0].getNetworkAdapter(0)", "INetworkAdapter"),
            ("vbox.machines.filter(|m| m.name == \"a\").find(|m| true)", "IMachine"),
            ("(vbox.machines)[0]", "IMachine"),
            ("session?.machine", "IMachine"),
            ("MachineState", "MachineState"),
            ("vbox.nothing.name", "unknown"),
            ("vbox.machines[0].MACAddress", "unknown"),
            ("f(1)", "unknown"),
            ("", "unknown"),
        ] {
            assert_eq!(kind(source, Language::Rhai, false), expected, "{source}");
        }
    }

    #[test]
    fn names_bound_in_the_source_have_types() {
        for (source, expected) in [
            ("let m = vbox.findMachine(\"x\"); m", "IMachine"),
            ("let m = 1; let m = vbox.machines; m[0]", "IMachine"),
            ("for m in vbox.machines { m.USBControllers", "IUSBController[]"),
            ("vbox.machines.filter(|m| m", "IMachine"),
            ("vbox.machines[0].session(|s| s.audioSettings", "IAudioSettings"),
            ("let a = b; let b = a; a", "unknown"),
            ("a.m = vbox; m", "unknown"),
        ] {
            assert_eq!(kind(source, Language::Rhai, false), expected, "{source}");
        }
        let all = tokens("[m.name for m in vbox.machines]", Language::Python);
        let scope = Scope { schema: crate::schema::embedded(), engine: None, paths: false };
        assert_eq!(scope.interface_at_end(&all[1..2], &all).map(|interface| interface.name), Some("IMachine"));
    }

    #[test]
    fn a_path_starts_at_a_machine_and_picks_by_key() {
        assert_eq!(kind("web.networkAdapter[0]", Language::Rhai, true), "INetworkAdapter");
        assert_eq!(kind("vbox.machines.name", Language::Rhai, true), "wstring[]");
        assert_eq!(kind("web.storageControllers[SATA].name", Language::Rhai, true), "wstring");
    }
}
