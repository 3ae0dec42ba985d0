//! A query as the index can answer it: which terms and columns, and what each counts.

use std::ops::Bound;
use std::sync::Arc;

use super::automata::Pattern;
use super::meaning::Meaning;

/// A field with a dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dict {
    Org,
    Word,
    Like,
    Email,
    Value,
    Cf,
    Phone,
}

impl Dict {
    pub(super) const ALL: [Self; 7] =
        [Self::Org, Self::Word, Self::Like, Self::Email, Self::Value, Self::Cf, Self::Phone];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Org => "org",
            Self::Word => "word",
            Self::Like => "like",
            Self::Email => "email",
            Self::Value => "value",
            Self::Cf => "cf",
            Self::Phone => "phone",
        }
    }
}

/// What a word counts by the place where it stands.
pub(super) type Scores = Vec<(char, f32)>;

/// Terms of one dictionary; texts are without the organisation.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// One term.
    Term { dict: Dict, text: String, score: f32 },
    /// All terms that begin so.
    Begins { dict: Dict, text: String, score: f32 },
    /// All terms that begin with one text and hold another behind it.
    Holds { dict: Dict, under: String, text: String, score: f32 },
    /// A word in some places.
    Word { dict: Dict, text: String, exact: Scores },
    /// Words that begin so in some places; the word itself may count more.
    WordBegins { dict: Dict, text: String, exact: Scores, begins: Scores },
    /// Words that a pattern accepts, in some places, by how far they are from it.
    Pattern { dict: Dict, pattern: Arc<Pattern>, scores: Vec<(char, [f32; 3])> },
}

/// What digits count by where they stand in a number.
#[derive(Clone, Copy, Debug)]
pub(super) struct DigitScores {
    pub(super) inside: f32,
    pub(super) ending: f32,
    pub(super) whole: f32,
}

/// The values of a column between two bounds.
#[derive(Clone, Debug)]
pub(super) struct ColumnRange {
    pub(super) column: ColumnName,
    pub(super) from: Bound<u64>,
    pub(super) to: Bound<u64>,
}

/// A column with numbers.
#[derive(Clone, Debug)]
pub(super) enum ColumnName {
    /// One of the schema.
    Fixed(&'static str),
    /// One of a custom field, which holds only contacts of one organisation.
    Custom(String),
}

/// A condition on documents with what it counts.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// No document.
    Nothing,
    /// All documents of the organisation.
    Everything,
    /// Documents with one of the terms; the best counts.
    Terms(Arc<Meaning>),
    /// Documents with a number that holds one of these digits in a row.
    Digits(Vec<String>, DigitScores),
    /// Documents with a value between two bounds.
    Column(ColumnRange),
    /// Documents that meet all; scores add up.
    All(Vec<Node>),
    /// Documents that meet one; the best counts.
    Any(Vec<Node>),
    /// The others.
    Not(Box<Node>),
    /// Beside other conditions: documents that meet it count more.
    Maybe(Box<Node>),
}

impl Node {
    /// Documents with one of the terms of some sources.
    pub(super) fn terms(sources: Vec<Source>) -> Self {
        Self::Terms(Arc::new(Meaning::from(sources)))
    }
}
