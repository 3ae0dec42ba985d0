//! Ranges of numbers, days and points in time, as ranges of the values of columns.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a few of many kinds are special, and new ones are like the rest"
)]

use std::ops::Bound;

use super::node::{ColumnName, ColumnRange, Node};
use crate::index::{Column, DAYS_BEFORE_1970, Space, column_name, count_key, ordered};
use crate::query::Field;

/// Contacts with a value of a field between two bounds.
pub(super) fn range(
    space: Space,
    field: &Field,
    from: Bound<f64>,
    to: Bound<f64>,
    is_day: bool,
) -> Node {
    let name = match field {
        Field::CreatedAt => "created_at",
        Field::UpdatedAt => "updated_at",
        Field::LastContactedAt => "last_contacted_at",
        Field::LastInteractionAt => "last_interaction_at",
        Field::LastCalledAt => "last_called_at",
        Field::LeadScore => "lead_score",
        Field::TotalCalls => "total_calls",
        Field::Birthday => "birthday",
        Field::Count(count) => {
            let from_zero = match from {
                Bound::Unbounded => true,
                Bound::Included(from) => from <= 0.0,
                Bound::Excluded(from) => from < 0.0,
            };
            let name = column_name(space, &count_key(*count), Column::Number);
            let column = ColumnName::Custom(format!("cf_columns.{name}"));
            let place = |value: f64| tantivy::i64_to_u64(ordered(value));
            let range = |from: Bound<f64>, to: Bound<f64>| {
                let column = column.clone();
                Node::Column(ColumnRange { column, from: from.map(place), to: to.map(place) })
            };
            if !from_zero {
                return range(from, to);
            }
            // Who has none has no value: the others of those that are above the range.
            return match to {
                Bound::Unbounded => Node::Everything,
                Bound::Included(to) if to < 0.0 => Node::Nothing,
                Bound::Excluded(to) if to <= 0.0 => Node::Nothing,
                Bound::Included(to) => {
                    Node::Not(Box::new(range(Bound::Excluded(to), Bound::Unbounded)))
                }
                Bound::Excluded(to) => {
                    Node::Not(Box::new(range(Bound::Included(to), Bound::Unbounded)))
                }
            };
        }
        Field::Custom(key) => {
            let column = if is_day { Column::Day } else { Column::Number };
            let column =
                ColumnName::Custom(format!("cf_columns.{}", column_name(space, key, column)));
            let place = |value: f64| {
                let value = if is_day { whole(value) } else { ordered(value) };
                tantivy::i64_to_u64(value)
            };
            return Node::Column(ColumnRange { column, from: from.map(place), to: to.map(place) });
        }
        _ => return Node::Nothing,
    };
    let shift = if matches!(field, Field::Birthday) { DAYS_BEFORE_1970 } else { 0 };
    // Columns hold whole numbers from 0.
    let place = |value: i64| u64::try_from(value.saturating_add(shift)).ok();
    let from = match from {
        Bound::Unbounded => Bound::Unbounded,
        Bound::Included(value) => Bound::Included(place(whole(value.ceil())).unwrap_or(0)),
        Bound::Excluded(value) => {
            Bound::Included(place(whole(value.floor()).saturating_add(1)).unwrap_or(0))
        }
    };
    let to = match to {
        Bound::Unbounded => Bound::Unbounded,
        Bound::Included(value) => match place(whole(value.floor())) {
            Some(value) => Bound::Included(value),
            None => return Node::Nothing,
        },
        Bound::Excluded(value) => match place(whole(value.ceil())) {
            Some(value) => Bound::Excluded(value),
            None => return Node::Nothing,
        },
    };
    Node::Column(ColumnRange { column: ColumnName::Fixed(name), from, to })
}

#[expect(clippy::cast_possible_truncation, reason = "casts of floats saturate")]
fn whole(value: f64) -> i64 {
    value as i64
}
