//! The language that the tests read with: a Wednesday in Berlin, some custom fields.

use jiff::tz::TimeZone;

use super::language::Language;
use crate::domain::custom_field::CustomType;
use crate::domain::time::Timestamp;

/// The custom fields of the tests.
fn custom(key: &str) -> Option<CustomType> {
    Some(match key {
        "value" => CustomType::Decimal,
        "seats" => CustomType::Integer,
        "renewal" => CustomType::Date,
        "vip" => CustomType::Boolean,
        "plan" => CustomType::Dropdown,
        "langs" => CustomType::MultiSelect,
        _ => return None,
    })
}

/// The language of the tests; the time is 2025-06-18T12:00:00+02:00.
pub(super) fn language() -> Language<'static> {
    Language {
        completes_last: true,
        now: Timestamp(1_750_240_800_000),
        timezone: TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap_or(TimeZone::UTC),
        custom: &custom,
        custom_keys: None,
        most_words: 16,
    }
}
