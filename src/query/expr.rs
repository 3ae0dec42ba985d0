//! What is searched for, as a tree.

use std::ops::Bound;

use super::field::Field;

/// A query as a tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// All of these; nothing at all matches everything.
    All(Vec<Expr>),
    /// One of these; nothing at all matches nothing.
    Any(Vec<Expr>),
    /// Not this.
    Not(Box<Expr>),
    /// One condition.
    Is(Condition),
}

impl Default for Expr {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

/// How freely a word matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The word, or what comes near to it where little is found.
    Word,
    /// Words that begin so, too: the last word of a query, or one with a star.
    Prefix,
    /// In quotes: the word and nothing else.
    Exact,
}

/// Something that a contact meets or not.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// A folded word, in any field or in one of words.
    Word {
        /// The field; all that a plain word looks into if not given.
        field: Option<Field>,
        /// The word, folded.
        text: String,
        /// How freely it matches.
        shape: Shape,
    },
    /// Words joined by dots, `example.com`, `john.doe`: a part of an e-mail address or these words.
    Dotted {
        /// All of it, as e-mail addresses are compared.
        whole: String,
        /// The folded words.
        words: Vec<String>,
        /// Whether words that begin as the last one match, too.
        is_prefix: bool,
    },
    /// Digits that stand anywhere in a number.
    Digits {
        /// The digits as typed, without international prefix.
        digits: String,
        /// Other digits that mean the same, for example without a trunk zero.
        variants: Vec<String>,
        /// The groups of digits between spaces, if there are several: where no number holds all
        /// digits in a row, they may be those of several numbers.
        pieces: Vec<String>,
        /// The extension behind the number; who has another one is found behind who has it.
        extension: Option<String>,
        /// Whether other values that are these digits count as well: not where a field of numbers was
        /// asked.
        anywhere: bool,
    },
    /// An e-mail address as it is typed, maybe not to its end; where nobody has it, its words.
    Address {
        /// The address.
        address: String,
    },
    /// Words of names that begin with what the keys of a telephone stand for: `5646` is John.
    Keypad {
        /// Digits 2 to 9.
        digits: String,
    },
    /// A whole value of a field that has such.
    Value {
        /// The field.
        field: Field,
        /// The value as given; it is compared folded.
        value: String,
        /// Whether values that begin so match, too.
        is_prefix: bool,
    },
    /// A value that holds this text anywhere.
    Contains {
        /// The field.
        field: Field,
        /// The text as given; it is compared folded.
        text: String,
    },
    /// A number or date between two bounds. Points in time are milliseconds since 1970, days are
    /// days since 1970.
    Range {
        /// The field.
        field: Field,
        /// Where it begins.
        from: Bound<f64>,
        /// Where it ends.
        to: Bound<f64>,
        /// Whether the bounds are days; otherwise numbers or points in time.
        is_day: bool,
    },
    /// Whether the field holds anything.
    Has {
        /// The field.
        field: Field,
    },
}
