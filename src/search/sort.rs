//! The orders of hits by their names.

use super::cursor::Cursor;
use crate::domain::collation::{Collation, halves, last_halves};
use crate::domain::facts::Count;
use crate::domain::text::fold;

/// What hits are ordered by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those of the record")]
pub enum SortField {
    /// Best score first, then by name.
    Relevance,
    Name,
    LastName,
    FirstName,
    Company,
    Status,
    Source,
    Owner,
    Queue,
    Country,
    City,
    CreatedAt,
    UpdatedAt,
    LastContactedAt,
    LastInteractionAt,
    LastCalledAt,
    Birthday,
    LeadScore,
    TotalCalls,
    /// Something that is counted.
    Count(Count),
    /// A custom field by its folded key.
    Custom(String),
}

/// An order of hits. Contacts that lack the value stand last in both directions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    /// What hits are ordered by.
    pub field: SortField,
    /// Whether large values come first.
    pub is_descending: bool,
}

/// Names of sorts, for messages.
pub const SORT_NAMES: &str = "relevance, name, last_name, first_name, company, status, source, \
     owner, queue, country, city, created_at, updated_at, last_contacted_at, last_interaction_at, \
     last_called_at, birthday, lead_score, total_calls, deals, open_deals, open_deals_value, \
     tasks_open, notes, activities, calls, conversations, conversations_open, messages or cf.KEY, with - for descending";

impl Sort {
    /// By score.
    pub const RELEVANCE: Self = Self { field: SortField::Relevance, is_descending: false };
    /// Newest first.
    pub const NEWEST: Self = Self { field: SortField::CreatedAt, is_descending: true };

    /// Reads a sort by its name in the API.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, is_descending) = match text.strip_prefix('-') {
            Some(name) => (name, true),
            None => (text.strip_prefix('+').unwrap_or(text), false),
        };
        let field = match name {
            "relevance" if !is_descending => SortField::Relevance,
            "name" | "display_name" => SortField::Name,
            "last_name" => SortField::LastName,
            "first_name" => SortField::FirstName,
            "company" | "account" => SortField::Company,
            "status" => SortField::Status,
            "source" => SortField::Source,
            "owner" | "assigned_to" | "assignee" => SortField::Owner,
            "queue" | "assigned_queue" => SortField::Queue,
            "country" => SortField::Country,
            "city" => SortField::City,
            "created_at" | "created" => SortField::CreatedAt,
            "updated_at" | "updated" => SortField::UpdatedAt,
            "last_contacted_at" | "last_contacted" => SortField::LastContactedAt,
            "last_interaction_at" | "last_interaction" | "last_activity_at" | "last_activity" => {
                SortField::LastInteractionAt
            }
            "last_called_at" | "last_called" | "last_call" => SortField::LastCalledAt,
            "birthday" => SortField::Birthday,
            "lead_score" => SortField::LeadScore,
            "total_calls" => SortField::TotalCalls,
            _ if let Some(count) = Count::ALL.into_iter().find(|one| one.name() == name) => {
                SortField::Count(count)
            }
            _ => match name.strip_prefix("cf.").map(fold) {
                Some(key) if !key.is_empty() => SortField::Custom(key),
                _ => return None,
            },
        };
        Some(Self { field, is_descending })
    }

    /// Whether a cursor comes from a result in this order.
    pub fn made(&self, cursor: &Cursor) -> bool {
        cursor.sort == self.tag()
    }

    /// Distinguishes the orders in cursors.
    pub(super) fn tag(&self) -> u32 {
        let field = match &self.field {
            SortField::Relevance => 0,
            SortField::Name => 1,
            SortField::CreatedAt => 2,
            SortField::UpdatedAt => 3,
            SortField::LastName => 4,
            SortField::FirstName => 5,
            SortField::Company => 6,
            SortField::Status => 7,
            SortField::Source => 8,
            SortField::Owner => 9,
            SortField::Queue => 10,
            SortField::Country => 11,
            SortField::City => 12,
            SortField::LastContactedAt => 13,
            SortField::LastInteractionAt => 14,
            SortField::LastCalledAt => 15,
            SortField::Birthday => 16,
            SortField::LeadScore => 17,
            SortField::TotalCalls => 18,
            SortField::Count(count) => 100 + *count as u32,
            SortField::Custom(key) => {
                let hash = blake3::hash(key.as_bytes());
                let [a, b, c, ..] = *hash.as_bytes();
                0x100_0000 | u32::from_be_bytes([0, a, b, c])
            }
        };
        field << 1 | u32::from(self.is_descending)
    }

    /// Whether it is by texts, in which one can begin at a letter.
    pub fn is_by_text(&self) -> bool {
        matches!(
            self.field,
            SortField::Name | SortField::LastName | SortField::FirstName | SortField::Company
        )
    }

    /// The place in front of everything that begins so, in orders by text.
    pub(super) fn place_of(&self, text: &str, collation: &Collation) -> Option<Cursor> {
        if !self.is_by_text() {
            return None;
        }
        let beginning = collation.beginning(text);
        // In front of the first contact with this very key: contact numbers begin at 1.
        let (first, second) = if self.is_descending {
            let (first, second) = last_halves(&beginning);
            (!first, !second)
        } else {
            halves(&beginning)
        };
        Some(Cursor { sort: self.tag(), key: [first, second, 0, 0], texts: Vec::new() })
    }
}
