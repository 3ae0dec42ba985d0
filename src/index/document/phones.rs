//! The digits of numbers.

use super::Draft;
use crate::domain::contact::Contact;
use crate::domain::phone::digit_value;

pub(super) fn add(draft: &mut Draft<'_>) {
    if draft.contact.phones.is_empty() {
        return;
    }
    let most = draft.schema.limits.phone_digits;
    let mut windows = draft.terms();
    for digits in phone_digits(draft.contact, most) {
        windows.windows(&digits);
    }
    draft.put(draft.schema.fields.phone, &windows);
    for number in phone_numbers(draft.contact, most) {
        draft.document.add_u64(draft.schema.fields.phone_num, number);
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
        let typed: String =
            phone.raw.chars().filter_map(digit_value).map(|d| char::from(b'0' + d)).collect();
        add(typed);
        add(phone.extension.clone().unwrap_or_default());
    }
    all
}

/// The same as numbers.
pub(in crate::index) fn phone_numbers(contact: &Contact, most: usize) -> Vec<u64> {
    phone_digits(contact, most).iter().filter_map(|digits| sentinel(digits)).collect()
}

/// The digits behind a leading 1, so that leading zeros count.
fn sentinel(digits: &str) -> Option<u64> {
    format!("1{digits}").parse().ok()
}
