//! What is read by document: sorts, counts, sight.

use super::Draft;
use crate::domain::access::SightKey;
use crate::domain::contact::Contact;
use crate::domain::text::{for_each_word, sort_key};
use crate::domain::time::{Timestamp, day_number};

/// Days between the year 1 and 1970: birthdays are no negative numbers.
pub const DAYS_BEFORE_1970: i64 = 719_162;

pub(super) fn add(draft: &mut Draft<'_>) {
    let contact = draft.contact;
    let fields = draft.schema.fields;
    let prefix = draft.prefix;
    let document = &mut draft.document;

    let sight = SightKey::of(contact);
    document.add_text(fields.audience, format!("{prefix}{}", sight.audience()));
    document.add_text(fields.department, format!("{prefix}{}", sight.department));

    let place = contact.addresses.first();
    for (field, value) in [
        (fields.status_value, Some(contact.shown_status().as_str())),
        (fields.source_value, contact.source.as_deref()),
        (fields.owner_value, contact.assigned_to.as_deref()),
        (fields.queue_value, contact.assigned_queue.as_deref()),
        (fields.company_value, contact.company.as_deref()),
        (
            fields.country_value,
            contact.country.as_deref().or(place.and_then(|a| a.country.as_deref())),
        ),
        (fields.city_value, place.and_then(|a| a.city.as_deref())),
    ] {
        if let Some(value) = value {
            document.add_text(field, format!("{prefix}{}", value.trim()));
        }
    }
    for tag in &contact.tags {
        document.add_text(fields.tag_value, format!("{prefix}{tag}"));
    }

    document.add_u64(fields.number, u64::from(contact.number.0));
    let mut moment = |field, time: Option<Timestamp>| {
        if let Some(time) = time {
            document.add_u64(field, u64::try_from(time.0).unwrap_or(0));
        }
    };
    moment(fields.created_at, Some(contact.created_at));
    moment(fields.updated_at, Some(contact.updated_at));
    moment(fields.last_contacted_at, contact.last_contacted_at);
    moment(fields.last_interaction_at, contact.last_interaction_at);
    moment(fields.last_called_at, contact.last_called_at);
    if let Some(day) = contact.birthday.as_deref().and_then(day_number) {
        document.add_u64(fields.birthday, u64::try_from(day + DAYS_BEFORE_1970).unwrap_or(0));
    }
    if let Some(score) = contact.lead_score {
        document.add_u64(fields.lead_score, u64::from(score));
    }
    if contact.total_calls > 0 {
        document.add_u64(fields.total_calls, u64::from(contact.total_calls));
    }

    let (key0, key1) = name_key(contact);
    document.add_u64(fields.name_key0, key0);
    document.add_u64(fields.name_key1, key1);
    document.add_u64(fields.rank, rank(contact, key0));
    if let Some(last) = &contact.last_name {
        let first = contact.first_name.as_deref().unwrap_or_default();
        let (key0, key1) = sort_key(&format!("{last} {first}"));
        document.add_u64(fields.last_key0, key0);
        document.add_u64(fields.last_key1, key1);
    }
    if let Some(first) = &contact.first_name {
        document.add_u64(fields.first_key, sort_key(first).0);
    }
}

/// Orders hits of the same score, smaller first: fewer words of the name, more calls, the name.
fn rank(contact: &Contact, key0: u64) -> u64 {
    let mut words: u64 = 0;
    for_each_word(&contact.display_name, |_, _, _| words += 1);
    let calls =
        u64::from(contact.total_calls.min(1 << 15).checked_ilog2().map_or(0, |log| log + 1));
    (words.min(15) << 60) | ((15 - calls.min(15)) << 56) | (key0 >> 8)
}

/// The bytes that sort by name. Contacts without a name of their own stand behind all others;
/// their numbers and addresses are not for every caller's eyes, and cursors carry these bytes.
pub(in crate::index) fn name_key(contact: &Contact) -> (u64, u64) {
    if contact.is_named_by_channel() {
        (u64::MAX, u64::MAX)
    } else {
        sort_key(&contact.display_name)
    }
}
