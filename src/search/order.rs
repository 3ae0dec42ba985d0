//! What a document has in an order of hits: numbers that are compared first, and whole keys for
//! documents of which these are the same.

use std::cmp::Ordering;
use std::sync::Arc;

use tantivy::DocId;
use tantivy::columnar::Column;

use super::cursor::Cursor;
use super::sort::{Sort, SortField};
use super::ties::{Mark, Ranks, Tie};
use super::view::{Segment, TextOrder};
use crate::domain::collation::{Collation, ends_in};
use crate::domain::ids::OrgNumber;
use crate::index::{Column as CustomColumn, column_name};

/// Three sort values, smaller first, then the contact number. Documents of which the values are
/// the same may still differ in their whole keys, see [`Order::is_open`].
pub(super) type Key = [u64; 4];

/// The column by which contacts sort by a custom field: that of numbers, days or texts which holds
/// the most values, the same one in all segments.
#[derive(Clone, Copy)]
pub(super) struct CustomSort(CustomColumn);

impl CustomSort {
    /// Looks at how many values there are.
    pub(super) fn of(
        sort: &Sort,
        org: OrgNumber,
        segments: &[Segment],
    ) -> tantivy::Result<Option<Self>> {
        let SortField::Custom(key) = &sort.field else { return Ok(None) };
        let mut best: Option<(u64, Self)> = None;
        for column in [CustomColumn::Number, CustomColumn::Day, CustomColumn::SortKey] {
            let name = custom_name(org, key, column);
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

fn custom_name(org: OrgNumber, key: &str, column: CustomColumn) -> String {
    format!("cf_columns.{}", column_name(org, key, column))
}

/// What a segment has for an order.
pub(super) struct Order {
    is_descending: bool,
    leading: Leading,
    second: Second,
    names: [Option<Column<u64>>; 2],
    /// What decides between equal keys.
    third: Option<Column<u64>>,
    /// The whole keys, the first to be compared first.
    pub(super) ties: Vec<Tie>,
}

enum Leading {
    Score,
    Numbers(Option<Column<u64>>),
    Texts(Option<(Column<u64>, Arc<TextOrder>)>),
}

enum Second {
    /// Equal scores by rank.
    Rank(Option<Column<u64>>),
    /// Equal values by name.
    Name,
    /// The leading value is the first half of a key, and this is the second.
    Half(Option<Column<u64>>),
    /// The same, with the texts of the leading value.
    TextHalf,
    /// The later contact first where large values come first.
    Contact,
}

impl Order {
    /// What a segment has.
    pub(super) fn of(
        sort: &Sort,
        custom: Option<CustomSort>,
        org: OrgNumber,
        collation: &Arc<Collation>,
        segment: &Segment,
    ) -> tantivy::Result<Self> {
        let column = |name: &str| segment.column(name);
        let keys = |name: &str| segment.bytes(name).map(Tie::Keys);
        let texts = |name: &str| -> tantivy::Result<Tie> {
            Ok(match segment.texts(name)? {
                Some(column) => {
                    let order = segment.text_order(name, collation)?;
                    Tie::Texts(Some((column, order)), Arc::clone(collation))
                }
                None => Tie::Texts(None, Arc::clone(collation)),
            })
        };
        let by_text = |name: &str| -> tantivy::Result<(Leading, Second, Vec<Tie>)> {
            let tie = texts(name)?;
            let leading = match &tie {
                Tie::Texts(Some((column, order)), _) => {
                    Some((column.ords().clone(), Arc::clone(order)))
                }
                Tie::Texts(None, _) | Tie::Keys(_) => None,
            };
            Ok((Leading::Texts(leading), Second::TextHalf, vec![tie, keys("name_key")?]))
        };
        let halves = |half0: &str, half1: &str, whole: &str| {
            let mut ties = vec![keys(whole)?];
            if whole != "name_key" {
                ties.push(keys("name_key")?);
            }
            Ok::<_, tantivy::TantivyError>((
                Leading::Numbers(column(half0)?),
                Second::Half(column(half1)?),
                ties,
            ))
        };
        let moment = |name: &str| -> tantivy::Result<(Leading, Second, Vec<Tie>)> {
            Ok((Leading::Numbers(column(name)?), Second::Contact, Vec::new()))
        };
        let number = |name: &str| -> tantivy::Result<(Leading, Second, Vec<Tie>)> {
            Ok((Leading::Numbers(column(name)?), Second::Name, vec![keys("name_key")?]))
        };
        let (leading, second, ties) = match &sort.field {
            SortField::Relevance => (Leading::Score, Second::Rank(column("rank")?), Vec::new()),
            SortField::Name => halves("name_key0", "name_key1", "name_key")?,
            SortField::LastName => {
                let (leading, second, mut ties) = halves("last_key0", "last_key1", "last_key")?;
                ties.insert(1, keys("first_key")?);
                (leading, second, ties)
            }
            SortField::FirstName => halves("first_key0", "first_key1", "first_key")?,
            SortField::Company => by_text("company_value")?,
            SortField::Status => by_text("status_value")?,
            SortField::Source => by_text("source_value")?,
            SortField::Owner => by_text("owner_value")?,
            SortField::Queue => by_text("queue_value")?,
            SortField::Country => by_text("country_value")?,
            SortField::City => by_text("city_value")?,
            SortField::CreatedAt => moment("created_at")?,
            SortField::UpdatedAt => moment("updated_at")?,
            SortField::LastContactedAt => moment("last_contacted_at")?,
            SortField::LastInteractionAt => moment("last_interaction_at")?,
            SortField::LastCalledAt => moment("last_called_at")?,
            SortField::Birthday => number("birthday")?,
            SortField::LeadScore => number("lead_score")?,
            SortField::TotalCalls => number("total_calls")?,
            SortField::Custom(key) => match custom {
                Some(CustomSort(CustomColumn::SortKey)) => {
                    let name = |column| custom_name(org, key, column);
                    (
                        Leading::Numbers(column(&name(CustomColumn::SortKey))?),
                        Second::Half(column(&name(CustomColumn::SortKey1))?),
                        vec![texts(&name(CustomColumn::Text))?, keys("name_key")?],
                    )
                }
                Some(CustomSort(kind)) => number(&custom_name(org, key, kind))?,
                None => (Leading::Numbers(None), Second::Name, vec![keys("name_key")?]),
            },
        };
        let names = [column("name_key0")?, column("name_key1")?];
        let third = if sort.field == SortField::LastName {
            column("first_key0")?
        } else {
            names[0].clone()
        };
        Ok(Self { is_descending: sort.is_descending, leading, second, names, third, ties })
    }

    /// The first value of a document.
    #[inline]
    pub(super) fn leading(&self, doc: DocId, score: f32) -> u64 {
        let value = match &self.leading {
            Leading::Score => return u64::from(u32::MAX - score.max(0.0).to_bits()),
            Leading::Numbers(column) => first(column.as_ref(), doc),
            Leading::Texts(column) => halves_of(column.as_ref(), doc).map(|(first, _)| first),
        };
        // What lacks the value stands last in both directions.
        value.map_or(u64::MAX, |value| self.directed(value))
    }

    /// The values behind the first one.
    #[inline]
    pub(super) fn following(&self, doc: DocId, number: u64) -> [u64; 2] {
        let half = match &self.second {
            Second::Rank(column) => return [first(column.as_ref(), doc).unwrap_or(0), 0],
            Second::Contact => return [if self.is_descending { !number } else { 0 }, 0],
            Second::Name => None,
            Second::Half(column) => first(column.as_ref(), doc),
            Second::TextHalf => match &self.leading {
                Leading::Texts(column) => halves_of(column.as_ref(), doc).map(|(_, half)| half),
                Leading::Score | Leading::Numbers(_) => None,
            },
        };
        let value = |column: &Option<Column<u64>>| {
            first(column.as_ref(), doc).map_or(u64::MAX, |value| self.directed(value))
        };
        match half {
            None => [value(&self.names[0]), value(&self.names[1])],
            // All of the key is known, so the next one decides.
            Some(half) if ends_in(half) => [self.directed(half), value(&self.third)],
            Some(half) => [self.directed(half), 0],
        }
    }

    /// Whether documents of these values may differ in their whole keys.
    pub(super) fn is_open(&self, key: &Key) -> bool {
        let is_whole_name = match (&self.second, self.ties.len()) {
            (_, 0) => return false,
            // The name itself is the key.
            (Second::Half(_), _) => self.is_by_name() && ends_in(self.directed(key[1])),
            (Second::Name, _) => ends_in(self.directed(key[2])),
            (Second::Rank(_) | Second::TextHalf | Second::Contact, _) => false,
        };
        !is_whole_name
    }

    fn is_by_name(&self) -> bool {
        self.ties.len() == 1
    }

    #[inline]
    fn directed(&self, value: u64) -> u64 {
        if self.is_descending { !value } else { value }
    }

    /// Numbers in the order of the whole keys of documents of this segment.
    pub(super) fn ranks(&self, doc: DocId) -> Ranks {
        let mut ranks = [0; 3];
        for (rank, tie) in ranks.iter_mut().zip(&self.ties) {
            // What lacks the key stands last.
            *rank = tie.rank(doc).map_or(u64::MAX, |rank| {
                if self.is_descending { u64::MAX - 1 - rank } else { rank }
            });
        }
        ranks
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

#[inline]
fn halves_of(column: Option<&(Column<u64>, Arc<TextOrder>)>, doc: DocId) -> Option<(u64, u64)> {
    let (column, order) = column?;
    order.halves.get(usize::try_from(column.first(doc)?).ok()?).copied()
}

#[inline]
fn first(column: Option<&Column<u64>>, doc: DocId) -> Option<u64> {
    column.and_then(|column| column.first(doc))
}
