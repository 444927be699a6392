//! What was said, kept as it was said: for transcripts, and for comparing with them.

/// Everything that went out since the record began, without colours, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    silent: bool,
    pieces: Vec<(bool, String)>,
}

impl Record {
    /// A record beside what is shown.
    pub fn beside() -> Self {
        Self::default()
    }

    /// A record in place of what is shown.
    pub fn silent() -> Self {
        Self { silent: true, ..Self::default() }
    }

    pub(super) fn is_silent(&self) -> bool {
        self.silent
    }

    /// Adds talk that is shown elsewhere.
    pub fn talk(&mut self, text: &str) {
        self.take(true, &format!("{}\n", text.trim_end()));
    }

    pub(super) fn take(&mut self, to_error: bool, text: &str) {
        match self.pieces.last_mut() {
            Some((kind, last)) if *kind == to_error => last.push_str(text),
            _ => self.pieces.push((to_error, text.to_owned())),
        }
    }

    /// The lines in their order; each with whether it was talk and not data.
    pub fn lines(&self) -> impl Iterator<Item = (bool, &str)> {
        self.pieces.iter().flat_map(|(to_error, text)| text.lines().map(|line| (*to_error, line)))
    }
}
