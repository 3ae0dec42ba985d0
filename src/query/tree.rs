//! Building trees in their plain form, and asking them what they hold.
//!
//! In the plain form no `All` stands directly in an `All`, no `Any` in an `Any`, no `Not` in a
//! `Not`, and neither has only one part. All readers make it, so equal queries are equal trees.

use super::expr::{Condition, Expr, Shape};
use super::field::Field;

impl Expr {
    /// The same with words that match only as they are written: no spellings, nicknames, sounds or
    /// typos. Beginnings that were asked for with a star stay.
    #[must_use]
    pub fn as_typed(self) -> Self {
        let each = |parts: Vec<Self>| parts.into_iter().map(Self::as_typed).collect();
        match self {
            Self::All(parts) => Self::All(each(parts)),
            Self::Any(parts) => Self::Any(each(parts)),
            Self::Not(part) => Self::Not(Box::new(part.as_typed())),
            Self::Is(Condition::Word { field, text, shape: Shape::Word }) => {
                Self::Is(Condition::Word { field, text, shape: Shape::Exact })
            }
            Self::Is(Condition::Address { address: value }) => {
                Self::Is(Condition::Value { field: Field::Email, value, is_prefix: false })
            }
            Self::Is(condition) => Self::Is(condition),
        }
    }

    /// Whether every contact meets it, however it is put: `{}`, `all` of nothing, not any of nothing,
    /// `name:*`.
    pub fn meets_all(&self) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(Self::meets_all),
            Self::Any(parts) => parts.iter().any(Self::meets_all),
            Self::Not(part) => part.meets_none(),
            Self::Is(Condition::Has { field }) => field.is_always_there(),
            Self::Is(_) => false,
        }
    }

    fn meets_none(&self) -> bool {
        match self {
            Self::All(parts) => parts.iter().any(Self::meets_none),
            Self::Any(parts) => parts.iter().all(Self::meets_none),
            Self::Not(part) => part.meets_all(),
            Self::Is(_) => false,
        }
    }

    /// All of these, in the plain form.
    pub fn all(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::All(inner) => flat.extend(inner),
                Self::Any(_) | Self::Not(_) | Self::Is(_) => flat.push(part),
            }
        }
        match flat.pop() {
            Some(only) if flat.is_empty() => only,
            Some(last) => {
                flat.push(last);
                Self::All(flat)
            }
            None => Self::All(flat),
        }
    }

    /// One of these, in the plain form.
    pub fn any(parts: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::Any(inner) => flat.extend(inner),
                Self::All(_) | Self::Not(_) | Self::Is(_) => flat.push(part),
            }
        }
        match flat.pop() {
            Some(only) if flat.is_empty() => only,
            Some(last) => {
                flat.push(last);
                Self::Any(flat)
            }
            None => Self::Any(flat),
        }
    }

    /// Not this, in the plain form.
    #[must_use]
    pub fn negate(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            Self::All(_) | Self::Any(_) | Self::Is(_) => Self::Not(Box::new(self)),
        }
    }

    /// Whether it matches every contact because it asks for nothing.
    pub fn is_everything(&self) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(Self::is_everything),
            Self::Any(parts) => parts.iter().any(Self::is_everything),
            Self::Not(_) | Self::Is(_) => false,
        }
    }

    /// All conditions in it, in reading order, also negated ones.
    pub fn conditions(&self) -> Conditions<'_> {
        Conditions { left: vec![self] }
    }

    /// The people whom it names as owners, as typed, `me` included.
    pub fn owners(&self) -> impl Iterator<Item = &str> {
        self.conditions().filter_map(|condition| match condition {
            Condition::Value { field: Field::Owner, value, .. } => Some(value.as_str()),
            Condition::Value { .. }
            | Condition::Word { .. }
            | Condition::Dotted { .. }
            | Condition::Digits { .. }
            | Condition::Address { .. }
            | Condition::Keypad { .. }
            | Condition::Contains { .. }
            | Condition::Range { .. }
            | Condition::Has { .. } => None,
        })
    }

    /// Whether it asks for digits of numbers.
    pub fn has_digits(&self) -> bool {
        self.conditions().any(|condition| matches!(condition, Condition::Digits { .. }))
    }

    /// Whether it asks about the status, and so about archived contacts.
    pub fn asks_status(&self) -> bool {
        self.conditions().any(|condition| {
            matches!(
                condition,
                Condition::Word { field: Some(Field::Status), .. }
                    | Condition::Value { field: Field::Status, .. }
                    | Condition::Contains { field: Field::Status, .. }
                    | Condition::Has { field: Field::Status }
            )
        })
    }

    /// How many words, values and numbers there are in all conditions.
    pub fn word_count(&self) -> usize {
        let count = |condition: &Condition| match condition {
            Condition::Dotted { words, .. } => words.len(),
            Condition::Word { .. }
            | Condition::Digits { .. }
            | Condition::Address { .. }
            | Condition::Keypad { .. }
            | Condition::Value { .. }
            | Condition::Contains { .. }
            | Condition::Range { .. }
            | Condition::Has { .. } => 1,
        };
        self.conditions().map(count).sum()
    }

    /// How many levels it has; a single condition has one.
    pub fn levels(&self) -> usize {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                1 + parts.iter().map(Self::levels).max().unwrap_or(0)
            }
            Self::Not(inner) => 1 + inner.levels(),
            Self::Is(_) => 1,
        }
    }

    /// How much it asks for.
    pub(super) fn load(&self) -> Load {
        self.conditions().fold(Load::default(), Load::with)
    }

    /// The first conditions of it, as many as are left; `None` if that is none.
    pub(super) fn first(self, left: &mut Load) -> Option<Self> {
        let mut first_of =
            |parts: Vec<Self>| parts.into_iter().filter_map(|part| part.first(left)).collect();
        Some(match self {
            Self::All(parts) => Self::all(first_of(parts)),
            Self::Any(parts) => Self::any(first_of(parts)),
            Self::Not(inner) => inner.first(left)?.negate(),
            Self::Is(ref condition) => {
                *left = left.without(condition)?;
                return Some(self);
            }
        })
        .filter(|found| !matches!(found, Self::All(parts) | Self::Any(parts) if parts.is_empty()))
    }

    /// Leaves out what stands deeper than some levels; `None` if nothing is left.
    pub(super) fn cut(self, levels: usize) -> Option<Self> {
        if levels == 0 {
            return None;
        }
        let cut_all =
            |parts: Vec<Self>| parts.into_iter().filter_map(|part| part.cut(levels - 1)).collect();
        let left: Self = match self {
            Self::All(parts) => Self::all(cut_all(parts)),
            Self::Any(parts) => Self::any(cut_all(parts)),
            Self::Not(inner) => inner.cut(levels - 1)?.negate(),
            Self::Is(_) => return Some(self),
        };
        match &left {
            Self::All(parts) | Self::Any(parts) if parts.is_empty() => None,
            Self::All(_) | Self::Any(_) | Self::Not(_) | Self::Is(_) => Some(left),
        }
    }
}

/// How much a query asks for, or may: words, numbers and parts of values cost far more than whole
/// values, ranges and presence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Load {
    /// Words, numbers and parts of values.
    pub(super) words: usize,
    /// The other conditions.
    pub(super) values: usize,
}

impl Load {
    fn with(self, condition: &Condition) -> Self {
        self.plus(Self::of(condition))
    }

    fn without(self, condition: &Condition) -> Option<Self> {
        let one = Self::of(condition);
        Some(Self {
            words: self.words.checked_sub(one.words)?,
            values: self.values.checked_sub(one.values)?,
        })
    }

    fn of(condition: &Condition) -> Self {
        match condition {
            Condition::Word { .. }
            | Condition::Dotted { .. }
            | Condition::Digits { .. }
            | Condition::Address { .. }
            | Condition::Keypad { .. }
            | Condition::Contains { .. } => Self { words: 1, values: 0 },
            Condition::Value { .. } | Condition::Range { .. } | Condition::Has { .. } => {
                Self { words: 0, values: 1 }
            }
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self { words: self.words + other.words, values: self.values + other.values }
    }

    /// What is left of this when another has taken its part.
    pub(super) fn minus(self, other: Self) -> Self {
        Self {
            words: self.words.saturating_sub(other.words),
            values: self.values.saturating_sub(other.values),
        }
    }

    pub(super) fn fits_in(self, room: Self) -> bool {
        self.words <= room.words && self.values <= room.values
    }
}

/// The conditions of a tree, one by one.
pub struct Conditions<'a> {
    left: Vec<&'a Expr>,
}

impl<'a> Iterator for Conditions<'a> {
    type Item = &'a Condition;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(expr) = self.left.pop() {
            match expr {
                Expr::Is(condition) => return Some(condition),
                Expr::Not(inner) => self.left.push(inner),
                Expr::All(parts) | Expr::Any(parts) => self.left.extend(parts.iter().rev()),
            }
        }
        None
    }
}
