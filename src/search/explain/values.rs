//! Which whole values and numbers of a contact met a condition.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a few of many kinds are special, and new ones are like the rest"
)]

use super::Explanation;
use super::fields::Key;
use super::mark::{mark, push};
use crate::domain::contact::Contact;
use crate::domain::email;
use crate::domain::text::{fold, words};
use crate::query::Field;

/// What a field is called in reasons.
pub(super) fn label(field: &Field) -> String {
    match field {
        Field::Custom(key) => format!("custom field {key}"),
        _ => crate::query::name_of(field),
    }
}

/// Notes the values of a field that met one.
pub(super) fn whole(
    out: &mut Explanation,
    contact: &Contact,
    field: &Field,
    value: &str,
    is_prefix: bool,
) {
    let matches = |candidate: &str, asked: &str| {
        candidate == asked || is_prefix && candidate.starts_with(asked)
    };
    match field {
        Field::Email => {
            let asked = email::key(value);
            for (at, address) in contact.emails.iter().enumerate() {
                let known = email::key(&address.address);
                let start = if matches(&known, &asked) {
                    Some(0)
                } else {
                    known.split_once('@').and_then(|(local, domain)| {
                        matches(domain, &asked)
                            .then_some(local.len() + 1)
                            .or((local == asked).then_some(0))
                    })
                };
                if let Some(start) = start {
                    let exact = if known == asked { "address" } else { "part" };
                    push(&mut out.why, format!("email {exact}"));
                    if known.len() == address.address.len() {
                        mark(
                            out,
                            Key::Item("emails", at),
                            &address.address,
                            start,
                            start + asked.len(),
                        );
                    }
                }
            }
        }
        Field::Tag => {
            let asked = fold(value);
            for (at, tag) in contact.tags.iter().enumerate() {
                if matches(&fold(tag), &asked)
                    || words(tag).iter().any(|w| matches(&w.text, &asked))
                {
                    push(&mut out.why, "tag".to_owned());
                    mark(out, Key::Item("tags", at), tag, 0, tag.len());
                }
            }
        }
        _ => push(&mut out.why, label(field)),
    }
}

/// Notes the numbers that hold some digits.
pub(super) fn phone(out: &mut Explanation, contact: &Contact, digits: &str) {
    for (at, phone) in contact.phones.iter().enumerate() {
        let known = phone.digits();
        if let Some(start) = known.find(digits) {
            let place = if known.len() == digits.len() {
                "exact"
            } else if start + digits.len() == known.len() {
                "ending"
            } else if start == 0 {
                "beginning"
            } else {
                "infix"
            };
            push(&mut out.why, format!("phone {place}"));
            let shift = phone.number.len() - known.len();
            mark(
                out,
                Key::Item("phones", at),
                &phone.number,
                start + shift,
                start + shift + digits.len(),
            );
            continue;
        }
        let typed: String = phone
            .raw
            .chars()
            .filter_map(crate::domain::phone::digit_value)
            .map(|d| char::from(b'0' + d))
            .collect();
        if phone.extension.as_deref().is_some_and(|e| e.contains(digits)) {
            push(&mut out.why, "phone extension".to_owned());
        } else if typed.contains(digits) {
            push(&mut out.why, "phone as typed".to_owned());
        }
    }
}
