//! Numbers and addresses in records, for those who do not see such in full.

use serde_json::{Value, json};

use super::super::error::Error;
use crate::domain::access::{Caller, FieldRight, redacted_identifier, redacted_number};
use crate::domain::record::{AnyKind, ChannelField, Values};

/// Whether the caller sees numbers and addresses in full.
pub(super) fn are_seen(caller: &Caller) -> bool {
    caller.fields.phones == FieldRight::Full && caller.fields.emails == FieldRight::Full
}

/// Masks or hides what the caller may not see.
pub(super) fn hide(caller: &Caller, kind: &dyn AnyKind, values: &mut Values) {
    if are_seen(caller) {
        return;
    }
    for field in kind.fields() {
        let Some(channel) = field.channel else { continue };
        if let Some(Value::String(text)) = values.get(field.name) {
            let shown = match channel {
                ChannelField::Number => redacted_number(text, &caller.fields),
                ChannelField::Identifier => redacted_identifier(text, &caller.fields),
            };
            values.insert(field.name.to_owned(), json!(shown));
        }
    }
}

/// A body without what was only sent back as it was shown.
pub(super) fn unmasked(caller: &Caller, kind: &dyn AnyKind, known: &Values, body: &Value) -> Value {
    let mut body = body.clone();
    if are_seen(caller) {
        return body;
    }
    let mut shown = known.clone();
    hide(caller, kind, &mut shown);
    if let Some(members) = body.as_object_mut() {
        for field in kind.fields().iter().filter(|field| field.channel.is_some()) {
            if members.get(field.name) == shown.get(field.name) {
                members.remove(field.name);
            }
        }
    }
    body
}

/// Refuses to pick or to sort by what the caller may not see: that would bring it out.
pub(super) fn refuse_guesses<'a>(
    caller: &Caller,
    kind: &dyn AnyKind,
    mut asked: impl Iterator<Item = &'a str>,
) -> Result<(), Error> {
    let is_channel = |name: &str| {
        kind.fields().iter().any(|field| field.name == name && field.channel.is_some())
    };
    if !are_seen(caller) && asked.any(is_channel) {
        let message = "you do not see numbers and addresses in full, so you cannot pick or sort by \
                       them: name the contact instead";
        return Err(Error::DeniedOnRecord(message));
    }
    Ok(())
}
