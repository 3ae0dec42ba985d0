//! Contact to document.

use serde_json::Value;
use tantivy::TantivyDocument;

use super::cutter::{Terms, org_prefix};
use super::schema::Schema;
use crate::domain::access::SightKey;
use crate::domain::contact::Contact;
use crate::domain::ids::OrgNumber;
use crate::domain::text::{fold, sort_key};

/// Makes the document of a contact.
pub(super) fn document(schema: &Schema, org: OrgNumber, contact: &Contact) -> TantivyDocument {
    let fields = schema.fields;
    let limits = schema.limits;
    let prefix = org_prefix(org);
    let terms = || Terms::new(&prefix, limits.term_bytes);
    let mut document = TantivyDocument::new();

    let mut name = terms();
    let mut name_edge = terms();
    let mut seen: Vec<String> = Vec::new();
    let names = [
        // Where a number or address stands in for a name it is found as what it is, by those who
        // may see it.
        Some(contact.display_name.as_str()).filter(|_| !contact.is_named_by_channel()),
        contact.first_name.as_deref(),
        contact.last_name.as_deref(),
    ];
    for text in names.into_iter().flatten() {
        crate::domain::text::for_each_word(text, |word, _, _| {
            if !seen.iter().any(|s| s == word) {
                seen.push(word.to_owned());
                name.whole(word);
                name_edge.edges(word);
            }
        });
    }
    document.add_text(fields.name, name.as_str());
    document.add_text(fields.name_edge, name_edge.as_str());

    let mut org_term = terms();
    org_term.whole("");
    document.add_text(fields.org, org_term.as_str());

    let mut edge = terms();
    if let Some(company) = &contact.company {
        let mut company_terms = terms();
        company_terms.words(company);
        edge.edges(company);
        document.add_text(fields.company, company_terms.as_str());
    }
    if !contact.emails.is_empty() {
        let mut email = terms();
        let mut email_edge = terms();
        for address in &contact.emails {
            email.email(&address.address);
            email_edge.email_edges(&address.address);
        }
        document.add_text(fields.email, email.as_str());
        document.add_text(fields.email_edge, email_edge.as_str());
    }
    if !contact.tags.is_empty() {
        let mut tag = terms();
        for text in &contact.tags {
            tag.tag(text);
            edge.edges(text);
        }
        document.add_text(fields.tag, tag.as_str());
    }
    if !edge.as_str().is_empty() {
        document.add_text(fields.edge, edge.as_str());
    }

    let mut text = terms();
    if let Some(title) = &contact.title {
        let mut title_terms = terms();
        title_terms.words(title);
        document.add_text(fields.title, title_terms.as_str());
        text.words(title);
    }
    if let Some(notes) = &contact.notes {
        let mut end = notes.len().min(limits.notes_bytes);
        while !notes.is_char_boundary(end) {
            end -= 1;
        }
        let mut notes_terms = terms();
        notes_terms.words(&notes[..end]);
        document.add_text(fields.notes, notes_terms.as_str());
        text.words(&notes[..end]);
    }
    for value in
        [&contact.department, &contact.role, &contact.external_crm_id].into_iter().flatten()
    {
        text.words(value);
    }
    for address in &contact.addresses {
        for part in [
            &address.street,
            &address.city,
            &address.region,
            &address.postal_code,
            &address.country,
        ]
        .into_iter()
        .flatten()
        {
            text.words(part);
        }
    }
    for channel in &contact.channels {
        text.words(&channel.identifier);
    }
    for profile in contact.social_profiles.values() {
        text.words(profile);
    }
    if !contact.custom_fields.is_empty() {
        let mut custom = terms();
        let mut custom_words = terms();
        for (key, value) in &contact.custom_fields {
            let key = fold(key);
            custom.whole(&key);
            for_each_scalar(value, &mut |value| {
                custom.whole(&format!("{key}\u{1}{}", fold(value)));
                custom_words.words(value);
                crate::domain::text::for_each_word(value, |word, _, _| {
                    custom.whole(&format!("{key}\u{2}{word}"));
                });
            });
        }
        document.add_text(fields.cf, custom.as_str());
        document.add_text(fields.cf_text, custom_words.as_str());
    }
    if !text.as_str().is_empty() {
        document.add_text(fields.text, text.as_str());
    }

    let mut whole = |field, value: &str| {
        let mut one = terms();
        one.whole(value);
        document.add_text(field, one.as_str());
    };
    whole(fields.status, contact.shown_status().as_str());
    if let Some(source) = &contact.source {
        whole(fields.source, &fold(source));
    }
    if let Some(owner) = &contact.assigned_to {
        whole(fields.owner, &fold(owner));
    }

    let sight = SightKey::of(contact);
    document.add_text(fields.audience, format!("{prefix}{}", sight.audience()));
    document.add_text(fields.department, format!("{prefix}{}", sight.department));

    if !contact.phones.is_empty() {
        let mut phone = terms();
        for digits in phone_digits(contact, limits.phone_digits) {
            phone.windows(&digits);
        }
        for number in phone_numbers(contact, limits.phone_digits) {
            document.add_u64(fields.phone_num, number);
        }
        document.add_text(fields.phone, phone.as_str());
    }

    document.add_u64(fields.number, u64::from(contact.number.0));
    document.add_u64(fields.created_at, contact.created_at.0.unsigned_abs());
    document.add_u64(fields.updated_at, contact.updated_at.0.unsigned_abs());
    let (key0, key1) = name_key(contact);
    document.add_u64(fields.name_key0, key0);
    document.add_u64(fields.name_key1, key1);
    document
}

/// The bytes that sort by name. Contacts without a name of their own stand behind all others;
/// their numbers and addresses are not for every caller's eyes, and cursors carry these bytes.
pub(super) fn name_key(contact: &Contact) -> (u64, u64) {
    if contact.is_named_by_channel() {
        (u64::MAX, u64::MAX)
    } else {
        sort_key(&contact.display_name)
    }
}

/// The digit strings by which a contact's numbers are found: the number, what was typed where it
/// holds other digits (a trunk zero), and the extension.
fn phone_digits(contact: &Contact, most: usize) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut add = |digits: String| {
        if !digits.is_empty()
            && digits.len() <= most
            && !all.iter().any(|known| known.contains(&digits))
        {
            all.push(digits);
        }
    };
    for phone in &contact.phones {
        add(phone.digits().to_owned());
        let typed: String = phone
            .raw
            .chars()
            .filter_map(crate::domain::phone::digit_value)
            .map(|d| char::from(b'0' + d))
            .collect();
        add(typed);
        add(phone.extension.clone().unwrap_or_default());
    }
    all
}

/// The same as numbers.
pub(super) fn phone_numbers(contact: &Contact, most: usize) -> Vec<u64> {
    phone_digits(contact, most).iter().filter_map(|digits| sentinel(digits)).collect()
}

/// The digits behind a leading 1, so that leading zeros count.
fn sentinel(digits: &str) -> Option<u64> {
    format!("1{digits}").parse().ok()
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
