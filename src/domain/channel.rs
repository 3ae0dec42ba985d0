//! Channels on which people are called by their phone numbers.

use super::contact::{ChannelId, Fields};
use super::phone::{ValidationLevel, parse, parse_query};

/// The number that an identifier on a channel is, in E.164.
///
/// `WhatsApp` calls people by the digits of their number without the sign in front, other messengers
/// by the whole number or by something else.
pub fn number_on(channel: &str, identifier: &str, default_country: Option<&str>) -> Option<String> {
    let text = identifier.trim();
    let is_international = text.starts_with('+');
    match channel.trim().to_lowercase().as_str() {
        "whatsapp" if !is_international && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            let whole = parse_query(&format!("+{text}"), None).e164;
            whole.or_else(|| parse_query(text, default_country).e164)
        }
        "whatsapp" | "phone" | "sms" | "mms" | "voice" | "call" | "rcs" => {
            parse_query(text, default_country).e164
        }
        "signal" | "viber" | "telegram" | "imessage" if is_international => {
            parse_query(text, None).e164
        }
        _ => None,
    }
}

/// Adds the numbers of channels to the phones of a contact, so that lookups and searches find who
/// is called so.
pub(super) fn add_numbers(
    fields: &mut Fields,
    channels: &[ChannelId],
    default_country: Option<&str>,
) {
    for known in channels {
        let Some(number) = number_on(&known.channel, &known.identifier, default_country) else {
            continue;
        };
        if fields.phones.iter().any(|phone| phone.number == number) {
            continue;
        }
        if let Ok(mut phone) = parse(&number, None, ValidationLevel::Shape) {
            phone.label = Some(known.channel.to_lowercase());
            phone.primary = fields.phones.is_empty();
            fields.phones.push(phone);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_numbers_where_the_channel_calls_people_so() {
        for (channel, identifier, number) in [
            ("whatsapp", "12025550190", Some("+12025550190")),
            ("WhatsApp", "+1 202 555 0190", Some("+12025550190")),
            ("whatsapp", "4915112345678", Some("+4915112345678")),
            ("sms", "(202) 555-0190", Some("+12025550190")),
            ("telegram", "+12025550190", Some("+12025550190")),
            ("telegram", "2025550190", None),
            ("facebook", "12025550190", None),
            ("whatsapp", "zoe", None),
        ] {
            assert_eq!(
                number_on(channel, identifier, Some("US")).as_deref(),
                number,
                "{channel} {identifier}"
            );
        }
    }
}
