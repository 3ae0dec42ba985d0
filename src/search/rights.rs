//! Which fields a search may look into.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a few of many kinds are special, and new ones are like the rest"
)]

use std::collections::BTreeSet;

use super::node::Dict;
use super::view::Segment;
use crate::domain::access::{FieldRight, FieldRights};
use crate::domain::ids::OrgNumber;
use crate::index::org_prefix;
use crate::query::Field;

/// Which fields a search may look into.
pub(super) struct SearchRights {
    phones: bool,
    emails: bool,
    /// The custom fields that are seen, by folded key; all of them if not given.
    pub(super) custom: Option<Vec<String>>,
}

impl SearchRights {
    /// Turns what a caller sees into fields. Cost: nothing for who sees all of them, else a few
    /// steps in the dictionary of each segment per custom field of the organisation.
    pub(super) fn of(
        segments: &[Segment],
        org: OrgNumber,
        rights: &FieldRights,
    ) -> tantivy::Result<Self> {
        let custom = if rights.hidden_custom.is_empty() {
            None
        } else {
            let all = custom_keys(segments, org)?;
            Some(all.into_iter().filter(|key| rights.sees_custom(key)).collect())
        };
        Ok(Self {
            phones: rights.phones == FieldRight::Full,
            emails: rights.emails == FieldRight::Full,
            custom,
        })
    }

    /// Whether anything may be found by a field.
    pub(super) fn sees(&self, field: &Field) -> bool {
        match field {
            Field::Phone => self.phones,
            Field::Email => self.emails,
            Field::Custom(key) => {
                self.custom.as_ref().is_none_or(|seen| seen.iter().any(|known| known == key))
            }
            _ => true,
        }
    }
}

/// The keys of all custom fields that contacts of an organisation have, folded.
fn custom_keys(segments: &[Segment], org: OrgNumber) -> tantivy::Result<BTreeSet<String>> {
    let prefix = org_prefix(org);
    let mut keys = BTreeSet::new();
    for segment in segments {
        let terms = segment.view.dict(Dict::Cf).terms();
        let mut from = prefix.clone();
        loop {
            let mut stream = terms.range().ge(from.as_bytes()).into_stream()?;
            if !stream.advance() {
                break;
            }
            let Some(term) = std::str::from_utf8(stream.key()).ok() else { break };
            let Some(key) = term.strip_prefix(&prefix) else { break };
            let key = key.split(['\u{1}', '\u{2}']).next().unwrap_or(key);
            // Behind the values and words of this key, which begin with control characters.
            from = format!("{prefix}{key}\u{3}");
            keys.insert(key.to_owned());
        }
    }
    Ok(keys)
}
