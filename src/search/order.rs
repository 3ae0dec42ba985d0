//! What a document has in an order of hits: numbers that are compared first, and whole keys for
//! documents of which these are the same.

use std::cmp::Ordering;
use std::sync::Arc;

use tantivy::DocId;
use tantivy::columnar::Column;

use super::cursor::Cursor;
use super::sort::{Sort, SortField};
use super::ties::{Mark, Ranks, Tie};
use super::view::{Halves, Segment};
use crate::domain::collation::{ends_in, halves};
use crate::index::{Column as CustomColumn, Space, column_name, count_key, text_as_key};

/// Three sort values, smaller first, then the contact number. Documents of which the values are
/// the same may still differ in their whole keys, see [`Order::is_open`].
pub(super) type Key = [u64; 4];

/// The column by which contacts sort by a custom field: that of numbers, days or texts which holds
/// the most values, the same one in all segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct CustomSort(CustomColumn);

impl CustomSort {
    /// Looks at how many values there are.
    pub(super) fn of(
        sort: &Sort,
        space: Space,
        segments: &[Segment],
    ) -> tantivy::Result<Option<Self>> {
        let SortField::Custom(key) = &sort.field else { return Ok(None) };
        let mut best: Option<(u64, Self)> = None;
        for column in [CustomColumn::Number, CustomColumn::Day, CustomColumn::SortKey] {
            let name = custom_name(space, key, column);
            let mut count = 0;
            for segment in segments {
                if let Some(column) = segment.column(&name)? {
                    count += u64::from(column.values.num_vals());
                }
            }
            if count > 0 && best.as_ref().is_none_or(|(most, _)| count > *most) {
                best = Some((count, Self(column)));
            }
        }
        Ok(best.map(|(_, column)| column))
    }
}

fn custom_name(space: Space, key: &str, column: CustomColumn) -> String {
    format!("cf_columns.{}", column_name(space, key, column))
}

/// What a segment has for an order.
pub(super) struct Order {
    is_descending: bool,
    leading: Values,
    second: Second,
    names: [Values; 2],
    /// What decides between equal keys.
    third: Values,
    /// The whole keys, the first to be compared first.
    ties: Vec<Tie>,
}

/// Where a value is read.
#[derive(Clone)]
enum Values {
    Score,
    Numbers(Option<Column<u64>>),
    /// The first bytes of keys, by their place in the dictionary.
    Keys(Option<(Column<u64>, Arc<Halves>)>),
}

enum Second {
    /// Equal scores by rank.
    Rank(Arc<Vec<u64>>),
    /// Equal values by name.
    Name,
    /// The leading value is the first half of the key of a name, and this is the second.
    NameHalf,
    /// The leading value is the first half of a key, with which the second one stands.
    KeyHalf,
    /// The later contact first where large values come first.
    Contact,
}

/// The second value of a document, and what its third one is.
#[derive(Clone, Copy)]
pub(super) struct SecondValue {
    pub(super) value: u64,
    third: ThirdKind,
}

#[derive(Clone, Copy)]
enum ThirdKind {
    Nothing,
    /// The second half of the name, of which the first one is the second value.
    NameHalf,
    /// What decides between equal keys.
    Next,
}

impl Order {
    /// What a segment has.
    pub(super) fn of(
        sort: &Sort,
        custom: Option<CustomSort>,
        space: Space,
        segment: &Segment,
    ) -> tantivy::Result<Self> {
        let column = |name: &str| segment.column(name);
        let tie = |name: &str| segment.keys(name).map(Tie);
        let keys = |name: &str| -> tantivy::Result<Values> {
            let Some(column) = segment.keys(name)? else { return Ok(Values::Keys(None)) };
            let halves = segment.halves(name, &column, halves)?;
            Ok(Values::Keys(Some((column.ords().clone(), halves))))
        };
        let by_keys = |name: &str| -> tantivy::Result<(Values, Second, Vec<Tie>)> {
            Ok((keys(name)?, Second::KeyHalf, vec![tie(name)?]))
        };
        let by = |name: &str, second: Second| -> tantivy::Result<(Values, Second, Vec<Tie>)> {
            Ok((Values::Numbers(column(name)?), second, Vec::new()))
        };
        let by_number = |name: &str| by(name, Second::Name);
        let by_moment = |name: &str| by(name, Second::Contact);
        let (leading, second, mut ties) = match &sort.field {
            SortField::Relevance => (Values::Score, Second::Rank(segment.ranks()?), Vec::new()),
            SortField::Name => by("name_key0", Second::NameHalf)?,
            SortField::LastName => {
                let ties = vec![tie("last_key")?, tie("first_key")?];
                (keys("last_key")?, Second::KeyHalf, ties)
            }
            SortField::FirstName => by_keys("first_key")?,
            SortField::Company => by_keys("company_key")?,
            SortField::Status => by_keys("status_key")?,
            SortField::Source => by_keys("source_key")?,
            SortField::Owner => by_keys("owner_key")?,
            SortField::Queue => by_keys("queue_key")?,
            SortField::Country => by_keys("country_key")?,
            SortField::City => by_keys("city_key")?,
            SortField::CreatedAt => by_moment("created_at")?,
            SortField::UpdatedAt => by_moment("updated_at")?,
            SortField::LastContactedAt => by_moment("last_contacted_at")?,
            SortField::LastInteractionAt => by_moment("last_interaction_at")?,
            SortField::LastCalledAt => by_moment("last_called_at")?,
            SortField::Birthday => by_number("birthday")?,
            SortField::LeadScore => by_number("lead_score")?,
            SortField::TotalCalls => by_number("total_calls")?,
            SortField::Count(count) => {
                by_number(&custom_name(space, &count_key(*count), CustomColumn::Number))?
            }
            SortField::Custom(key) => match custom {
                Some(CustomSort(kind @ CustomColumn::SortKey)) => {
                    let name = custom_name(space, key, kind);
                    let leading = match segment.keys(&name)? {
                        Some(column) => {
                            let halves = segment
                                .halves(&name, &column, |text| halves(&text_as_key::<16>(text)))?;
                            Some((column.ords().clone(), halves))
                        }
                        None => None,
                    };
                    (Values::Keys(leading), Second::KeyHalf, vec![tie(&name)?])
                }
                Some(CustomSort(kind)) => by_number(&custom_name(space, key, kind))?,
                None => (Values::Numbers(None), Second::Name, Vec::new()),
            },
        };
        match second {
            Second::Rank(_) | Second::Contact => {}
            Second::Name | Second::NameHalf | Second::KeyHalf => ties.push(tie("name_key")?),
        }
        let names = [Values::Numbers(column("name_key0")?), Values::Numbers(column("name_key1")?)];
        let third =
            if sort.field == SortField::LastName { keys("first_key")? } else { names[0].clone() };
        Ok(Self { is_descending: sort.is_descending, leading, second, names, third, ties })
    }

    /// The first value of a document.
    #[inline]
    pub(super) fn leading(&self, doc: DocId, score: f32) -> u64 {
        match &self.leading {
            Values::Score => u64::from(u32::MAX - score.max(0.0).to_bits()),
            values @ (Values::Numbers(_) | Values::Keys(_)) => self.value(values, doc),
        }
    }

    /// The value behind the first one.
    #[inline]
    pub(super) fn second(&self, doc: DocId, number: impl FnOnce() -> u64) -> SecondValue {
        let nothing = |value| SecondValue { value, third: ThirdKind::Nothing };
        let half = match &self.second {
            Second::Rank(ranks) => {
                return nothing(ranks.get(doc as usize).copied().unwrap_or(0));
            }
            Second::Contact => return nothing(if self.is_descending { !number() } else { 0 }),
            Second::Name => None,
            Second::NameHalf => self.names[1].halves(doc).map(|(half, _)| half),
            Second::KeyHalf => self.leading.halves(doc).map(|(_, half)| half),
        };
        match half {
            None => {
                SecondValue { value: self.value(&self.names[0], doc), third: ThirdKind::NameHalf }
            }
            // All of the key is known, so the next one decides.
            Some(half) if ends_in(half) => {
                SecondValue { value: self.directed(half), third: ThirdKind::Next }
            }
            Some(half) => nothing(self.directed(half)),
        }
    }

    /// The value behind these.
    #[inline]
    pub(super) fn third(&self, doc: DocId, second: SecondValue) -> u64 {
        match second.third {
            ThirdKind::Nothing => 0,
            ThirdKind::NameHalf => self.value(&self.names[1], doc),
            ThirdKind::Next => self.value(&self.third, doc),
        }
    }

    #[inline]
    fn value(&self, values: &Values, doc: DocId) -> u64 {
        // What lacks the value stands last in both directions.
        values.halves(doc).map_or(u64::MAX, |(value, _)| self.directed(value))
    }

    /// Whether documents of these values may differ in their whole keys.
    pub(super) fn is_open(&self, key: &Key) -> bool {
        match &self.second {
            Second::Rank(_) | Second::Contact => false,
            // The name itself is the key.
            Second::NameHalf => !ends_in(self.directed(key[1])),
            Second::Name => !ends_in(self.directed(key[2])),
            Second::KeyHalf => true,
        }
    }

    #[inline]
    fn directed(&self, value: u64) -> u64 {
        if self.is_descending { !value } else { value }
    }

    /// Numbers in the order of the whole keys of documents of this segment.
    pub(super) fn ranks(&self, doc: DocId) -> Ranks {
        [0, 1, 2].map(|at| self.rank(at, doc))
    }

    /// Whether scores come before everything else.
    pub(super) fn is_by_score(&self) -> bool {
        matches!(self.leading, Values::Score)
    }

    /// The number of that place.
    #[inline]
    pub(super) fn rank(&self, at: usize, doc: DocId) -> u64 {
        let Some(tie) = self.ties.get(at) else { return 0 };
        // What lacks the key stands last.
        tie.rank(doc).map_or(
            u64::MAX,
            |rank| {
                if self.is_descending { u64::MAX - 1 - rank } else { rank }
            },
        )
    }

    /// Compares whole keys of documents of any segments.
    pub(super) fn compare(&self, a: &[Option<Vec<u8>>], b: &[Option<Vec<u8>>]) -> Ordering {
        for (a, b) in a.iter().zip(b) {
            let order = match (a, b) {
                (Some(a), Some(b)) if self.is_descending => b.cmp(a),
                (Some(a), Some(b)) => a.cmp(b),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => Ordering::Equal,
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    }

    /// The whole keys of a document.
    pub(super) fn keys(&self, doc: DocId) -> tantivy::Result<Vec<Option<Vec<u8>>>> {
        self.ties.iter().map(|tie| tie.key(doc)).collect()
    }

    /// Where the keys of a cursor stand in this segment.
    pub(super) fn marks(&self, cursor: &Cursor) -> tantivy::Result<Vec<Mark>> {
        let pairs = self.ties.iter().zip(&cursor.texts);
        pairs.map(|(tie, text)| tie.mark(text.as_deref())).collect()
    }

    /// Whether a document with the values of a cursor stands behind it.
    pub(super) fn is_behind(&self, doc: DocId, number: u64, marks: &[Mark], after: u64) -> bool {
        for (tie, mark) in self.ties.iter().zip(marks) {
            match mark.compare(tie.rank(doc), self.is_descending) {
                Ordering::Less => return false,
                Ordering::Greater => return true,
                Ordering::Equal => {}
            }
        }
        number > after
    }
}

impl Values {
    /// The first sixteen bytes of a key; a number is the first half of one.
    #[inline]
    fn halves(&self, doc: DocId) -> Option<(u64, u64)> {
        match self {
            Self::Score => None,
            Self::Numbers(column) => first(column.as_ref(), doc).map(|value| (value, 0)),
            Self::Keys(column) => {
                let (column, halves) = column.as_ref()?;
                halves.get(usize::try_from(column.first(doc)?).ok()?).copied()
            }
        }
    }
}

#[inline]
fn first(column: Option<&Column<u64>>, doc: DocId) -> Option<u64> {
    column.and_then(|column| column.first(doc))
}
