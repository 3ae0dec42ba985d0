//! The orders of hits, and what a document has in an order.

use tantivy::DocId;
use tantivy::columnar::Column;

use super::cursor::Cursor;
use super::view::{Segment, TextKeys};
use crate::domain::ids::OrgNumber;
use crate::domain::text::fold;
use crate::index::{Column as CustomColumn, column_name};

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
     last_called_at, birthday, lead_score, total_calls or cf.KEY, with - for descending";

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
            "last_interaction_at" | "last_interaction" | "last_activity" => {
                SortField::LastInteractionAt
            }
            "last_called_at" | "last_called" => SortField::LastCalledAt,
            "birthday" => SortField::Birthday,
            "lead_score" => SortField::LeadScore,
            "total_calls" => SortField::TotalCalls,
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
            SortField::Custom(key) => {
                let hash = blake3::hash(key.as_bytes());
                let [a, b, c, ..] = *hash.as_bytes();
                0x100_0000 | u32::from_be_bytes([0, a, b, c])
            }
        };
        field << 1 | u32::from(self.is_descending)
    }

    /// Where the letter bar jumps to: the place in front of everything that begins so. Only in
    /// orders by text.
    pub fn place_of(&self, text: &str) -> Option<Cursor> {
        let is_text = matches!(
            self.field,
            SortField::Name | SortField::LastName | SortField::FirstName | SortField::Company
        );
        if !is_text {
            return None;
        }
        let (mut key0, key1) = crate::domain::text::sort_key(text);
        // In front of the first contact with this very key: contact numbers begin at 1.
        let key = if self.is_descending {
            // Everything that begins so is in front of the next text.
            let folded = fold(text);
            for at in folded.len()..8 {
                key0 |= 0xff << (8 * (7 - at));
            }
            [!key0, 0, 0]
        } else {
            [key0, key1, 0]
        };
        Some(Cursor { sort: self.tag(), key })
    }
}

/// Two sort values, smaller first, then the contact number.
pub(super) type Key = [u64; 3];

/// The column by which contacts sort by a custom field: that of numbers, days or texts which holds
/// the most values, the same one in all segments.
pub(super) fn custom_column(
    sort: &Sort,
    org: OrgNumber,
    segments: &[Segment],
) -> tantivy::Result<Option<String>> {
    let SortField::Custom(key) = &sort.field else { return Ok(None) };
    let mut best: Option<(u64, String)> = None;
    for column in [CustomColumn::Number, CustomColumn::Day, CustomColumn::SortKey] {
        let name = format!("cf_columns.{}", column_name(org, key, column));
        let mut count = 0;
        for segment in segments {
            if let Some(column) = segment.column(&name)? {
                count += u64::from(column.values.num_vals());
            }
        }
        if count > 0 && best.as_ref().is_none_or(|(most, _)| count > *most) {
            best = Some((count, name));
        }
    }
    Ok(best.map(|(_, name)| name))
}

/// What a segment has for an order.
pub(super) struct Order {
    is_descending: bool,
    leading: Leading,
    following: Following,
}

enum Leading {
    Score,
    Numbers(Option<Column<u64>>),
    Texts(Option<(Column<u64>, TextKeys)>),
}

enum Following {
    Numbers(Option<Column<u64>>),
    /// The second half of the text of the leading value.
    SecondHalf,
    /// The later contact first where large values come first.
    Contact,
}

impl Order {
    /// `custom` is the column of a custom field that is sorted by, see [`custom_column`].
    pub(super) fn of(
        sort: &Sort,
        custom: Option<&str>,
        segment: &Segment,
    ) -> tantivy::Result<Self> {
        let numbers = |name: &str| segment.column(name).map(Leading::Numbers);
        let then = |name: &str| segment.column(name).map(Following::Numbers);
        let texts = |name: &str| -> tantivy::Result<Leading> {
            let column = segment.texts(name)?;
            Ok(Leading::Texts(match column {
                Some(column) => Some((column.ords().clone(), segment.text_keys(name)?)),
                None => None,
            }))
        };
        let (leading, following) = match &sort.field {
            SortField::Relevance => (Leading::Score, then("rank")?),
            SortField::Name => (numbers("name_key0")?, then("name_key1")?),
            SortField::LastName => (numbers("last_key0")?, then("last_key1")?),
            SortField::FirstName => (numbers("first_key")?, then("name_key0")?),
            SortField::Company => (texts("company_value")?, Following::SecondHalf),
            SortField::Status => (texts("status_value")?, then("name_key0")?),
            SortField::Source => (texts("source_value")?, then("name_key0")?),
            SortField::Owner => (texts("owner_value")?, then("name_key0")?),
            SortField::Queue => (texts("queue_value")?, then("name_key0")?),
            SortField::Country => (texts("country_value")?, then("name_key0")?),
            SortField::City => (texts("city_value")?, then("name_key0")?),
            SortField::CreatedAt => (numbers("created_at")?, Following::Contact),
            SortField::UpdatedAt => (numbers("updated_at")?, Following::Contact),
            SortField::LastContactedAt => (numbers("last_contacted_at")?, Following::Contact),
            SortField::LastInteractionAt => (numbers("last_interaction_at")?, Following::Contact),
            SortField::LastCalledAt => (numbers("last_called_at")?, Following::Contact),
            SortField::Birthday => (numbers("birthday")?, then("name_key0")?),
            SortField::LeadScore => (numbers("lead_score")?, then("name_key0")?),
            SortField::TotalCalls => (numbers("total_calls")?, then("name_key0")?),
            SortField::Custom(_) => {
                let column = match custom {
                    Some(name) => segment.column(name)?,
                    None => None,
                };
                (Leading::Numbers(column), then("name_key0")?)
            }
        };
        Ok(Self { is_descending: sort.is_descending, leading, following })
    }

    #[inline]
    pub(super) fn leading(&self, doc: DocId, score: f32) -> u64 {
        let value = match &self.leading {
            Leading::Score => return u64::from(u32::MAX - score.max(0.0).to_bits()),
            Leading::Numbers(column) => column.as_ref().and_then(|column| column.first(doc)),
            Leading::Texts(column) => column.as_ref().and_then(|(column, keys)| {
                let at = usize::try_from(column.first(doc)?).ok()?;
                keys.get(at).map(|(first, _)| *first)
            }),
        };
        match value {
            Some(value) if self.is_descending => !value,
            Some(value) => value,
            None => u64::MAX,
        }
    }

    #[inline]
    pub(super) fn following(&self, doc: DocId, number: u64) -> u64 {
        let value = match &self.following {
            Following::Numbers(column) => column.as_ref().and_then(|column| column.first(doc)),
            Following::SecondHalf => match &self.leading {
                Leading::Texts(Some((column, keys))) => column
                    .first(doc)
                    .and_then(|at| keys.get(usize::try_from(at).ok()?))
                    .map(|(_, second)| *second),
                Leading::Texts(None) | Leading::Score | Leading::Numbers(_) => None,
            },
            Following::Contact if self.is_descending => return !number,
            Following::Contact => return 0,
        };
        match value {
            Some(value) if self.is_descending => !value,
            Some(value) => value,
            None => 0,
        }
    }
}
