//! Custom fields: terms for equality and words, columns for ranges, sorts and counts.
//!
//! What a value is decides how it is found, not the definition of the field, so that the index
//! does not depend on definitions and fields without one can be compared, too.

use std::collections::BTreeMap;

use serde_json::Value;
use tantivy::schema::OwnedValue;

use super::super::cutter::{Place, Terms};
use super::super::space::Space;
use super::Draft;
use crate::domain::facts::Count;
use crate::domain::text::{fold, for_each_word};
use crate::domain::time::day_number;

/// Longest text that is counted as a value, in bytes; longer ones are prose.
const VALUE_BYTES: usize = 256;

/// Longest key by which a text sorts, in bytes: prose sorts by its beginning.
const KEY_BYTES: usize = 256;

/// What a column of a custom field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// Numbers, as integers of the same order: see [`tantivy::f64_to_u64`].
    Number,
    /// Days since 1970.
    Day,
    /// Texts as they are written.
    Text,
    /// The key by which the text sorts, as a text: see `key_as_text`.
    SortKey,
}

/// The name of a column of a custom field. It says nothing about the name of the field.
pub fn column_name(space: Space, key: &str, column: Column) -> String {
    let hash = blake3::hash(key.as_bytes()).to_hex();
    let letter = match column {
        Column::Number => 'n',
        Column::Day => 'd',
        Column::Text => 't',
        Column::SortKey => 's',
    };
    format!("{letter}{}_{}", space.name(), &hash[..16])
}

/// The key of the column of a count; no custom field has such a key, for no control character is
/// allowed in them.
pub fn count_key(count: Count) -> String {
    format!("\u{1}{}", count.name())
}

pub(super) fn add(draft: &mut Draft<'_>, words: &mut Terms<'_>) {
    let contact = draft.contact;
    let mut columns: BTreeMap<String, OwnedValue> = BTreeMap::new();
    let counts = &contact.facts.counts;
    for count in Count::ALL.into_iter().filter(|count| counts.get(*count) > 0.0) {
        let column = column_name(draft.space, &count_key(count), Column::Number);
        columns.insert(column, OwnedValue::I64(ordered(counts.get(count))));
    }
    let mut terms = draft.terms();
    for (key, value) in &contact.custom_fields {
        let key = fold(key);
        terms.whole(&key);
        let mut texts: Vec<OwnedValue> = Vec::new();
        for_each_scalar(value, &mut |text| {
            // 50000.0 is 50000 for who types it.
            let text = text.strip_suffix(".0").filter(|_| value.is_number()).unwrap_or(text);
            let whole = format!("{key}\u{1}{}", fold(text));
            terms.whole(&whole);
            if terms.is_too_long(&whole) {
                for_each_word(text, |word, _, _| terms.whole(&format!("{key}\u{4}{word}")));
            }
            words.words(text, Place::Custom);
            words.identifier(text, Place::CustomIdentifier);
            for_each_word(text, |word, _, _| terms.whole(&format!("{key}\u{2}{word}")));
            if !text.is_empty() && text.len() <= VALUE_BYTES && texts.len() < 32 {
                texts.push(OwnedValue::Str(text.to_owned()));
            }
        });
        let mut put = |column: Column, value: OwnedValue| {
            columns.insert(column_name(draft.space, &key, column), value);
        };
        if let Some(number) = number_of(value) {
            put(Column::Number, OwnedValue::I64(ordered(number)));
        }
        if let Some(text) = value.as_str() {
            if let Some(day) = day_number(text) {
                put(Column::Day, OwnedValue::I64(day));
            }
            let mut key = draft.schema.collation.key(text);
            key.truncate(KEY_BYTES);
            put(Column::SortKey, OwnedValue::Str(key_as_text(&key)));
        }
        if !texts.is_empty() {
            put(Column::Text, OwnedValue::Array(texts));
        }
    }
    if !contact.custom_fields.is_empty() {
        draft.put(draft.schema.fields.cf, &terms);
    }
    if !columns.is_empty() {
        draft.document.add_object(draft.schema.fields.cf_columns, columns);
    }
}

/// A number, or a text that is written like one.
fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => {
            let text = text.trim();
            let reads = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
            text.parse().ok().filter(|number: &f64| reads && number.is_finite())
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// An integer in the order of the numbers.
pub(crate) fn ordered(number: f64) -> i64 {
    tantivy::u64_to_i64(tantivy::f64_to_u64(number))
}

/// A text in the order of a key, since these columns hold no bytes: every byte is a character.
fn key_as_text(key: &[u8]) -> String {
    key.iter().copied().map(char::from).collect()
}

/// The first bytes of a key that was made a text, and zeros if it has fewer.
pub(crate) fn text_as_key<const N: usize>(text: &[u8]) -> [u8; N] {
    let mut bytes = text.iter().copied();
    std::array::from_fn(|_| match bytes.next() {
        // Characters up to U+00FF have one or two bytes.
        Some(byte @ 0x80..) => (byte << 6) | (bytes.next().unwrap_or(0) & 0x3f),
        byte => byte.unwrap_or(0),
    })
}

fn for_each_scalar(value: &Value, each: &mut impl FnMut(&str)) {
    match value {
        Value::Null => {}
        Value::String(text) => each(text),
        Value::Bool(flag) => each(if *flag { "true" } else { "false" }),
        Value::Number(number) => each(&number.to_string()),
        Value::Array(values) => values.iter().for_each(|v| for_each_scalar(v, each)),
        Value::Object(members) => members.values().for_each(|v| for_each_scalar(v, each)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::collation::halves;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn integers_keep_the_order_of_numbers(a in -1e15..1e15_f64, b in -1e15..1e15_f64) {
            prop_assert_eq!(a < b, ordered(a) < ordered(b));
        }
    }

    proptest! {
        #[test]
        fn keys_keep_their_order_as_texts(
            a in proptest::collection::vec(1_u8.., 0..24),
            b in proptest::collection::vec(1_u8.., 0..24),
        ) {
            let (one, other) = (key_as_text(&a), key_as_text(&b));
            prop_assert_eq!(a.cmp(&b), one.cmp(&other));
            prop_assert_eq!(halves(&text_as_key::<16>(one.as_bytes())), halves(&a));
        }
    }

    #[test]
    fn numbers_are_numbers_also_as_text() {
        for (json, expect) in [
            (serde_json::json!(75000), Some(75_000.0)),
            (serde_json::json!("75000.5"), Some(75_000.5)),
            (serde_json::json!("-3"), Some(-3.0)),
            (serde_json::json!("nan"), None),
            (serde_json::json!("inf"), None),
            (serde_json::json!("12 rue"), None),
            (serde_json::json!(true), None),
        ] {
            assert_eq!(number_of(&json), expect, "{json}");
        }
    }
}
