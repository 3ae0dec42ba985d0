//! What is read by document: sorts, counts, sight.

use super::Draft;
use super::values::normal;
use crate::domain::access::SightKey;
use crate::domain::collation::{Collation, halves};
use crate::domain::contact::Contact;
use crate::domain::text::for_each_word;
use crate::domain::time::{Timestamp, day_number};
use crate::query::Field;

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
    let country = contact.country.as_deref().or(place.and_then(|a| a.country.as_deref()));
    let country = country.map(|text| normal(&Field::Country, text));
    let collation = &draft.schema.collation;
    for (field, key, value) in [
        (fields.status_value, fields.status_key, Some(contact.shown_status().as_str())),
        (fields.source_value, fields.source_key, contact.source.as_deref()),
        (fields.owner_value, fields.owner_key, contact.assigned_to.as_deref()),
        (fields.queue_value, fields.queue_key, contact.assigned_queue.as_deref()),
        (fields.company_value, fields.company_key, contact.company.as_deref()),
        (fields.country_value, fields.country_key, country.as_deref()),
        (fields.city_value, fields.city_key, place.and_then(|a| a.city.as_deref())),
    ] {
        if let Some(value) = value {
            document.add_text(field, format!("{prefix}{}", value.trim()));
            document.add_bytes(key, &collation.key(value));
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
    moment(fields.last_contacted_at, contact.last_contacted());
    moment(fields.last_interaction_at, contact.last_interaction());
    moment(fields.last_called_at, contact.last_called());
    if let Some(day) = contact.birthday.as_deref().and_then(day_number) {
        document.add_u64(fields.birthday, u64::try_from(day + DAYS_BEFORE_1970).unwrap_or(0));
    }
    if let Some(score) = contact.score() {
        document.add_u64(fields.lead_score, u64::from(score));
    }
    if contact.calls_in_all() > 0 {
        document.add_u64(fields.total_calls, u64::from(contact.calls_in_all()));
    }

    let name = sort_key(collation, contact);
    if let Some(key) = &name {
        let (key0, key1) = halves(key);
        document.add_u64(fields.name_key0, key0);
        document.add_u64(fields.name_key1, key1);
        document.add_bytes(fields.name_key, key);
    }
    for (field, value) in
        [(fields.last_key, &contact.last_name), (fields.first_key, &contact.first_name)]
    {
        if let Some(value) = value {
            document.add_bytes(field, &collation.key(value));
        }
    }
    document.add_u64(fields.rank, rank(contact, name.map_or(u64::MAX, |key| halves(&key).0)));
    if !contact.is_named_by_channel() {
        document.add_u64(fields.letter, u64::from(u32::from(letter_of(&contact.display_name))));
    }
}

/// Orders hits of the same score, smaller first: fewer words of the name, more calls, the name.
fn rank(contact: &Contact, key0: u64) -> u64 {
    let mut words: u64 = 0;
    for_each_word(&contact.display_name, |_, _, _| words += 1);
    let calls =
        u64::from(contact.calls_in_all().min(1 << 15).checked_ilog2().map_or(0, |log| log + 1));
    (words.min(15) << 60) | ((15 - calls.min(15)) << 56) | (key0 >> 8)
}

/// The first letter of a name as it stands in a letter bar; `#` for digits, signs and characters
/// of which there are too many for one.
fn letter_of(name: &str) -> char {
    let mut letter = '#';
    for_each_word(name, |word, _, _| {
        let first = word.chars().next().filter(|c| c.is_alphabetic() && u32::from(*c) < 0x1000);
        if letter == '#' {
            letter = first.map_or('\0', |c| c.to_uppercase().next().unwrap_or(c));
        }
    });
    if letter == '\0' { '#' } else { letter }
}

/// The key by which a contact sorts by name. One without a name of its own has none: its numbers
/// and addresses are not for every caller's eyes, and cursors carry keys.
pub(in crate::index) fn sort_key(collation: &Collation, contact: &Contact) -> Option<Vec<u8>> {
    (!contact.is_named_by_channel()).then(|| collation.key(&contact.display_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_those_of_a_letter_bar() {
        for (name, letter) in [
            ("Özil", 'O'),
            ("'t Hart", 'T'),
            ("Иван", 'И'),
            ("Ωμέγα", 'Ω'),
            ("3M", '#'),
            ("王小明", '#'),
            ("—", '#'),
        ] {
            assert_eq!(letter_of(name), letter, "{name}");
        }
    }
}
