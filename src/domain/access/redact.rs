//! A contact as somebody sees it who may not see all of its fields.

use super::field_rights::{FieldRight, FieldRights};
use crate::domain::contact::Contact;
use crate::domain::phone::digit_value;

/// Stands for what is left out.
const MASK: &str = "•••";

/// Shown where the only name of a contact is a number or address that may not be seen.
const NAMELESS: &str = "(no name)";

/// Takes out or masks what may not be seen; borrows nothing of the original, so that no later
/// step can reach it.
pub fn redact(contact: &Contact, rights: &FieldRights) -> Contact {
    let mut shown = contact.clone();
    if let Some(name) = redacted_name(contact, rights) {
        shown.display_name = name;
    }
    let fields = &mut shown.fields;
    match rights.phones {
        FieldRight::Full => {}
        FieldRight::Hidden => fields.phones.clear(),
        FieldRight::Masked => {
            for phone in &mut fields.phones {
                phone.number = mask_number(&phone.number);
                phone.raw.clone_from(&phone.number);
            }
        }
    }
    match rights.emails {
        FieldRight::Full => {}
        FieldRight::Hidden => fields.emails.clear(),
        FieldRight::Masked => {
            for email in &mut fields.emails {
                email.address = mask_address(&email.address);
            }
        }
    }
    if !rights.hidden_custom.is_empty() {
        fields.custom_fields.retain(|key, _| rights.sees_custom(key));
    }
    shown
}

/// A contact without any other name is called by its number or address.
fn redacted_name(contact: &Contact, rights: &FieldRights) -> Option<String> {
    let name = &contact.display_name;
    let by_right = |right: FieldRight, masked: String| match right {
        FieldRight::Full => None,
        FieldRight::Masked => Some(masked),
        FieldRight::Hidden => Some(NAMELESS.to_owned()),
    };
    if contact.phones.iter().any(|p| p.number == *name || p.raw == *name) {
        by_right(rights.phones, mask_number(name))
    } else if contact.emails.iter().any(|e| e.address == *name) {
        by_right(rights.emails, mask_address(name))
    } else {
        None
    }
}

/// A number or an address as somebody may see it who does not see such in full; nothing if it is
/// hidden. Identifiers that are neither stay.
pub fn redacted_identifier(text: &str, rights: &FieldRights) -> Option<String> {
    if telephone_user(text).is_some_and(has_digit) {
        return redacted_number(text, rights);
    }
    let is_address = text.contains('@') && text.contains('.');
    let digits = text.chars().filter(|c| digit_value(*c).is_some()).count();
    let is_number = !is_address && digits >= 3 && digits * 2 > text.chars().count();
    let (right, masked) = if is_address {
        (rights.emails, mask_address(text))
    } else if is_number {
        (rights.phones, mask_number(text))
    } else {
        (FieldRight::Full, String::new())
    };
    match right {
        FieldRight::Full => Some(text.to_owned()),
        FieldRight::Masked => Some(masked),
        FieldRight::Hidden => None,
    }
}

/// What stands in a field for numbers as somebody may see it who does not see numbers in full:
/// `"Desk" <sip:204@pbx.example.com>` is one of them. What has no digit is none, and is shown as an
/// address or as it is.
pub fn redacted_number(text: &str, rights: &FieldRights) -> Option<String> {
    if !has_digit(text) {
        return redacted_identifier(text, rights);
    }
    match rights.phones {
        FieldRight::Full => Some(text.to_owned()),
        FieldRight::Masked => Some(mask_number(telephone_user(text).unwrap_or(text))),
        FieldRight::Hidden => None,
    }
}

/// Who is meant by the address of a telephone (`sip:`, `sips:`, `tel:`), also with a name before it.
fn telephone_user(text: &str) -> Option<&str> {
    let lower = text.to_ascii_lowercase();
    let schemes = ["sip:", "sips:", "tel:"];
    let at = schemes.iter().filter_map(|scheme| Some(lower.rfind(scheme)? + scheme.len())).max()?;
    let user = text[at..].split(['@', ';', '>', '?']).next().unwrap_or_default();
    Some(user.trim())
}

fn has_digit(text: &str) -> bool {
    text.chars().any(|c| digit_value(c).is_some())
}

/// Leaves the beginning and the last digits of a number: `+1202•••0123`.
fn mask_number(number: &str) -> String {
    let digits: String =
        number.chars().filter_map(digit_value).map(|d| char::from(b'0' + d)).collect();
    let plus = if number.starts_with('+') { "+" } else { "" };
    let end = match digits.len() {
        0..7 => return MASK.to_owned(),
        7..10 => 2,
        _ => 4,
    };
    let start = digits.len() - end - 3;
    format!("{plus}{}{MASK}{}", &digits[..start], &digits[digits.len() - end..])
}

/// Leaves the first letter and the domain of an address: `j•••@example.com`.
fn mask_address(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => {
            let first: String = local.chars().take(1).collect();
            format!("{first}{MASK}@{domain}")
        }
        None => MASK.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephones_are_numbers_however_they_are_written() {
        let rights =
            |phones| FieldRights { phones, emails: FieldRight::Full, hidden_custom: Vec::new() };
        let sip = "\"Desk 7\" <sip:305@pbx.example.com>";
        for (text, masked) in [
            (sip, "•••"),
            ("sips:+12025550123@pbx.example.com;user=phone", "+1202•••0123"),
            ("tel:+1-202-555-0123", "+1202•••0123"),
        ] {
            for redacted in [redacted_number, redacted_identifier] {
                assert_eq!(redacted(text, &rights(FieldRight::Full)).as_deref(), Some(text));
                assert_eq!(redacted(text, &rights(FieldRight::Masked)).as_deref(), Some(masked));
                assert_eq!(redacted(text, &rights(FieldRight::Hidden)), None, "{text}");
            }
        }
        assert_eq!(redacted_number("Desk 305", &rights(FieldRight::Hidden)), None);
        let unknown = redacted_number("anonymous", &rights(FieldRight::Hidden));
        assert_eq!(unknown.as_deref(), Some("anonymous"));
    }

    #[test]
    fn numbers_and_addresses_keep_their_ends() {
        assert_eq!(mask_number("+12025550123"), "+1202•••0123");
        assert_eq!(mask_number("+4930901820"), "+493•••1820");
        assert_eq!(mask_number("5550123"), "55•••23");
        assert_eq!(mask_number("204"), "•••");
        assert_eq!(mask_number("(202) 555-0123"), "202•••0123");
        assert_eq!(mask_address("john@example.com"), "j•••@example.com");
        assert_eq!(mask_address("nonsense"), "•••");
    }
}
