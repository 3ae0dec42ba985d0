//! Definitions of custom fields: what a key means and which values it takes.

use serde::{Deserialize, Serialize};

/// The type of a custom field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomType {
    /// One line of text.
    #[default]
    ShortText,
    /// Text of several lines.
    LongText,
    /// A whole number.
    Integer,
    /// A number.
    Decimal,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// `true` or `false`.
    Boolean,
    /// One of the options.
    Dropdown,
    /// Some of the options.
    MultiSelect,
}
