//! Numbers inside of addresses: SIP and `tel:` URIs, display names, percent-encoding.
//!
//! PBXs hand over callers as SIP addresses; the number is their user part (RFC 3261 section
//! 19.1.1) or the subscriber of a `tel:` URI, whose `phone-context` completes a local number and
//! whose `ext` is the extension (RFC 3966 sections 3 and 5.1.5).

use std::borrow::Cow;

use super::digit::{digit_value, is_separator};

/// A number taken out of the address around it.
pub(super) struct Address<'a> {
    /// The number as it was written, with a global `phone-context` in front of it.
    pub(super) number: Cow<'a, str>,
    /// The parameter `ext`.
    pub(super) extension: Option<String>,
}

/// Takes a number out of an address; text that is no address is passed on unchanged.
pub(super) fn unwrap(text: &str) -> Address<'_> {
    let decoded = percent_decoded(text);
    match decoded {
        Cow::Borrowed(text) => unwrap_decoded(text),
        Cow::Owned(text) => {
            let address = unwrap_decoded(&text);
            Address {
                number: Cow::Owned(address.number.into_owned()),
                extension: address.extension,
            }
        }
    }
}

fn unwrap_decoded(text: &str) -> Address<'_> {
    let inner = in_angle_brackets(text).trim();
    let (scheme, rest) = split_scheme(inner);
    let user = match rest.split_once('@') {
        // Without a scheme, `1800flowers@example.com` is an e-mail address.
        Some((user, _host)) if scheme.is_some() || is_plain_number(user) => user,
        _ => rest,
    };
    let is_sip = matches!(scheme, Some(Scheme::Sip));
    // A password, which RFC 3261 allows and advises against.
    let user = if is_sip { user.split(':').next().unwrap_or(user) } else { user };
    with_parameters(user, scheme.is_some())
}

#[derive(Clone, Copy)]
enum Scheme {
    Sip,
    Tel,
}

fn split_scheme(text: &str) -> (Option<Scheme>, &str) {
    for (name, scheme) in [
        ("sip:", Scheme::Sip),
        ("sips:", Scheme::Sip),
        ("tel:", Scheme::Tel),
        ("callto:", Scheme::Tel),
        ("fax:", Scheme::Tel),
        ("sms:", Scheme::Tel),
        ("smsto:", Scheme::Tel),
        ("skype:", Scheme::Tel),
        ("h323:", Scheme::Sip),
        ("xmpp:", Scheme::Sip),
    ] {
        if let Some(head) = text.get(..name.len())
            && head.eq_ignore_ascii_case(name)
        {
            let rest = text[name.len()..].trim_start_matches('/');
            // What is asked of it: `?call`, `?Subject=…`.
            return (Some(scheme), rest.split('?').next().unwrap_or(rest).trim());
        }
    }
    (None, text)
}

/// `"Max" <sip:…>;tag=a` → `sip:…`.
fn in_angle_brackets(text: &str) -> &str {
    match (text.find('<'), text.rfind('>')) {
        (Some(from), Some(to)) if from < to => &text[from + 1..to],
        _ => text,
    }
}

fn is_plain_number(text: &str) -> bool {
    text.chars().any(|c| digit_value(c).is_some())
        && text.chars().all(|c| digit_value(c).is_some() || c == '+' || is_separator(c))
}

/// Reads `;name=value` behind a number. Without a scheme only parameters that RFC 3966 names are
/// taken, so that `;` as a pause stays one.
fn with_parameters(text: &str, has_scheme: bool) -> Address<'_> {
    let mut parts = text.split(';');
    let number = parts.next().unwrap_or(text);
    let (mut extension, mut context, mut is_known) = (None, None, has_scheme);
    for part in parts {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "ext" => {
                let digits = super::digits_of(value);
                extension = Some(digits).filter(|digits| !digits.is_empty());
                is_known = true;
            }
            "phone-context" => {
                context = Some(value.trim());
                is_known = true;
            }
            "isub" | "npdi" | "rn" | "cic" | "user" | "tag" | "transport" => is_known = true,
            _ => {}
        }
    }
    if !is_known {
        return Address { number: Cow::Borrowed(text), extension: None };
    }
    let is_global = number.trim_start().starts_with(['+', '\u{ff0b}']);
    let number = match context.filter(|context| context.starts_with('+') && !is_global) {
        Some(context) => Cow::Owned(format!("{context}{number}")),
        None => Cow::Borrowed(number),
    };
    Address { number, extension }
}

/// Undoes percent-encoding, also where it was applied more than once (`%252B1202…`). Numbers have
/// no percent signs of their own.
fn percent_decoded(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for _round in 0..3 {
        match decode_once(&text) {
            Some(decoded) => text = Cow::Owned(decoded),
            None => break,
        }
    }
    text
}

fn decode_once(text: &str) -> Option<String> {
    if !text.contains('%') {
        return None;
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            out.push(byte);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).ok().filter(|decoded| decoded != text)
}
