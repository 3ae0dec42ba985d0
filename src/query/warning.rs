//! What was not understood as it may have been meant.

/// One thing that was not understood, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What was done instead, for a person; lower case, no final period.
    pub message: String,
    /// What may have been meant, to be put in place of the span.
    pub suggestion: Option<String>,
    /// Byte offset of its first byte in the text.
    pub start: usize,
    /// Byte offset behind its last byte in the text.
    pub end: usize,
}

impl Warning {
    /// The span in UTF-16 code units, as browsers count. The text is the one that was read.
    pub fn utf16_span(&self, text: &str) -> (usize, usize) {
        let units = |end: usize| {
            let head = text.get(..end.min(text.len())).unwrap_or(text);
            head.chars().map(char::len_utf16).sum()
        };
        (units(self.start), units(self.end))
    }
}
