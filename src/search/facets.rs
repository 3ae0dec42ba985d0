//! Counts of the values of a field over a whole result.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a few of many kinds are special, and new ones are like the rest"
)]

use std::collections::BTreeMap;

use tantivy::DocId;
use tantivy::columnar::{Column, StrColumn};

use super::view::Segment;
use crate::domain::text::fold;
use crate::index::{Column as CustomColumn, Space, column_name};

/// A field whose values are counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of the record")]
pub enum FacetField {
    Tag,
    /// Tags by their spellings.
    TagSpelling,
    Status,
    Source,
    Owner,
    Queue,
    Company,
    Country,
    City,
    /// The first letter of the name, for the letter bar.
    Letter,
    /// A custom field by its folded key.
    Custom(String),
}

/// Names of facets, for messages.
pub const FACET_NAMES: &str =
    "tag, status, source, owner, queue, company, country, city, letter or cf.KEY";

impl FacetField {
    /// Reads a field by its name in the API.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "tag" | "tags" => Self::Tag,
            "status" => Self::Status,
            "source" => Self::Source,
            "owner" | "assigned_to" | "assignee" => Self::Owner,
            "queue" | "assigned_queue" => Self::Queue,
            "company" | "account" => Self::Company,
            "country" => Self::Country,
            "city" => Self::City,
            "letter" => Self::Letter,
            _ => match name.strip_prefix("cf.").map(fold) {
                Some(key) if !key.is_empty() => Self::Custom(key),
                _ => return None,
            },
        })
    }

    fn column(&self, space: Space) -> Option<String> {
        Some(match self {
            Self::Tag | Self::TagSpelling => "tag_value".to_owned(),
            Self::Status => "status_value".to_owned(),
            Self::Source => "source_value".to_owned(),
            Self::Owner => "owner_value".to_owned(),
            Self::Queue => "queue_value".to_owned(),
            Self::Company => "company_value".to_owned(),
            Self::Country => "country_value".to_owned(),
            Self::City => "city_value".to_owned(),
            Self::Letter => return None,
            Self::Custom(key) => {
                format!("cf_columns.{}", column_name(space, key, CustomColumn::Text))
            }
        })
    }
}

/// The values of one field with their counts, the most frequent first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facet {
    /// The values.
    pub values: Vec<(String, u64)>,
    /// How many different values there are.
    pub distinct: usize,
}

/// The counts of one segment.
pub(super) struct SegmentCounts<'a> {
    fields: Vec<(&'a FacetField, Counter)>,
}

enum Counter {
    Nothing,
    Values(StrColumn, Vec<u32>),
    Letters(Column<u64>, BTreeMap<u64, u32>),
}

impl<'a> SegmentCounts<'a> {
    pub(super) fn of(
        fields: &'a [FacetField],
        space: Space,
        segment: &Segment,
    ) -> tantivy::Result<Self> {
        let mut counters = Vec::with_capacity(fields.len());
        for field in fields {
            let counter = match field.column(space) {
                Some(name) => match segment.texts(&name)? {
                    Some(column) => {
                        let counts = vec![0; column.num_terms()];
                        Counter::Values(column, counts)
                    }
                    None => Counter::Nothing,
                },
                None => match segment.column("letter")? {
                    Some(column) => Counter::Letters(column, BTreeMap::new()),
                    None => Counter::Nothing,
                },
            };
            counters.push((field, counter));
        }
        Ok(Self { fields: counters })
    }

    #[inline]
    pub(super) fn count(&mut self, doc: DocId) {
        for (_, counter) in &mut self.fields {
            match counter {
                Counter::Nothing => {}
                Counter::Values(column, counts) => {
                    for ord in column.ords().values_for_doc(doc) {
                        if let Some(count) =
                            usize::try_from(ord).ok().and_then(|at| counts.get_mut(at))
                        {
                            *count += 1;
                        }
                    }
                }
                Counter::Letters(column, counts) => {
                    if let Some(letter) = column.first(doc) {
                        *counts.entry(letter).or_default() += 1;
                    }
                }
            }
        }
    }

    /// Adds the counts of this segment to those of others.
    pub(super) fn add_to(self, all: &mut Counts) -> tantivy::Result<()> {
        for (field, counter) in self.fields {
            let values = all.values.entry(field.clone()).or_default();
            match counter {
                Counter::Nothing => {}
                Counter::Values(column, counts) => {
                    let mut text = String::new();
                    for (ord, count) in (0..).zip(counts).filter(|(_, count)| *count > 0) {
                        if !column.ord_to_str(ord, &mut text)? {
                            continue;
                        }
                        let value = match field {
                            FacetField::Custom(_) => text.as_str(),
                            _ => text.split_once('\u{1}').map_or(text.as_str(), |(_, v)| v),
                        };
                        // The same value in different spellings is one.
                        let same = match field {
                            FacetField::TagSpelling => value.to_owned(),
                            _ => fold(value),
                        };
                        let entry = values.entry(same).or_insert_with(|| (value.into(), 0));
                        entry.1 += u64::from(count);
                    }
                }
                Counter::Letters(_, counts) => {
                    for (letter, count) in counts {
                        let letter = u32::try_from(letter).ok().and_then(char::from_u32);
                        let letter = letter.unwrap_or('#').to_string();
                        let entry = values.entry(letter.clone()).or_insert_with(|| (letter, 0));
                        entry.1 += u64::from(count);
                    }
                }
            }
        }
        Ok(())
    }
}

/// The counts of all segments.
#[derive(Default)]
pub(super) struct Counts {
    values: BTreeMap<FacetField, BTreeMap<String, (String, u64)>>,
}

impl Counts {
    /// The most frequent values of every field; letters in their order.
    pub(super) fn facets(self, most_values: usize) -> BTreeMap<FacetField, Facet> {
        let facet = |(field, values): (FacetField, BTreeMap<String, (String, u64)>)| {
            let distinct = values.len();
            let mut values: Vec<(String, u64)> = values.into_values().collect();
            if field != FacetField::Letter {
                values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            }
            // A letter bar has all letters that there are.
            if field != FacetField::Letter {
                values.truncate(most_values);
            }
            (field, Facet { values, distinct })
        };
        self.values.into_iter().map(facet).collect()
    }
}
