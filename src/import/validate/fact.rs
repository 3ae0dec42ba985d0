//! Days and yes or no of a row: birthdays, custom dates, consent.

use serde_json::Value;

use super::super::issue::IssueCode;
use super::super::map::MappedValue;
use super::super::target::Target;
use super::Checker;
use crate::domain::custom_field::{self, CustomType};
use crate::domain::date::{self, Century, Day, Rules};
use crate::domain::draft::{Draft, Patch};
use crate::domain::text::fold;

impl Checker<'_> {
    pub(super) fn birthday(&mut self, value: &MappedValue<'_>, text: &str, draft: &mut Draft) {
        let today = self.context.today;
        let found = date::read(text, self.rules(value, Century::Until(today), true));
        let doubt = match found.map(|day| (day, date::birthday_doubt(day, today))) {
            None => "is not a date",
            Some((_, Some(doubt))) => doubt,
            Some((day, None)) => {
                if let Some(day) = day.written() {
                    self.set(value, &mut draft.birthday, day);
                }
                return;
            }
        };
        self.warn(
            value,
            IssueCode::DateInvalid,
            format!("{doubt}; the cell is left out"),
            "write it as 1980-12-31",
        );
    }

    /// A day or yes or no in the form in which every reader understands it, where the custom field
    /// is one: lists write days as their country does. Nothing if the cell says that there is none.
    pub(super) fn custom(&self, value: &MappedValue<'_>, key: &str, text: &str) -> Option<Value> {
        let key = fold(key);
        // A field that nobody has declared takes any value; exports write its lists as JSON.
        if !self.context.definitions.is_declared(&key)
            && let Some(value) = structured(text)
        {
            return Some(value);
        }
        let read = match self.context.definitions.kind(&key) {
            Some(CustomType::Date) => {
                match date::read(text, self.rules(value, Century::Pivot, false)) {
                    Some(Day::Nothing) => return None,
                    found => found.and_then(Day::written).map(Value::String),
                }
            }
            Some(CustomType::Boolean) => boolean(text).map(Value::Bool),
            Some(CustomType::MultiSelect) => structured(text).filter(Value::is_array),
            _ => None,
        };
        Some(read.unwrap_or_else(|| Value::String(text.to_owned())))
    }

    /// The order of day and month: as the other days of the column have it, else as the country.
    pub(super) fn rules(&self, value: &MappedValue<'_>, century: Century, yearless: bool) -> Rules {
        let of_country = Rules::of_country(self.country.as_deref().unwrap_or_default());
        let order = value.date_order.or(of_country.order);
        Rules { order, century, yearless, ..of_country }
    }

    /// Consent and its refusal. A refusal that cannot be read as yes or no counts as one: somebody
    /// wrote it there for a reason, and only a clear yes allows calls. An import only adds refusals;
    /// "no" does not take one back.
    pub(super) fn consent(&mut self, value: &MappedValue<'_>, text: &str, draft: &mut Draft) {
        let is_refusal =
            matches!(value.target, Target::DoNotContact | Target::OptOut | Target::EmailOptOut);
        let answer =
            boolean(text).or_else(|| consents(text).map(|consents| consents != is_refusal));
        let is_permission = *value.target == Target::MayContact;
        let answer = answer.or_else(|| (is_permission && allows(text)).then_some(true));
        if answer.is_none() {
            let reason = if is_refusal {
                "is neither yes nor no; it is read as yes"
            } else if is_permission {
                "is neither yes nor no; it is read as no"
            } else {
                "is neither yes nor no; the cell is left out"
            };
            self.warn(value, IssueCode::ValueUnknown, reason, "write yes or no");
        }
        match (value.target, answer) {
            (Target::DoNotContact, Some(true) | None)
            | (Target::MayContact, Some(false) | None) => {
                draft.do_not_contact = Patch::Set(true);
            }
            (Target::EmailOptOut, Some(true) | None) => draft.email_opt_out = Patch::Set(true),
            (Target::OptOut, Some(true) | None) | (Target::OptIn, Some(false)) => {
                draft.opt_in = Patch::Set(false);
            }
            (Target::OptIn, Some(true)) if draft.opt_in.is_keep() => {
                draft.opt_in = Patch::Set(true);
            }
            _ => {}
        }
    }
}

/// A list or an object that is written as JSON.
fn structured(text: &str) -> Option<Value> {
    text.starts_with(['[', '{']).then(|| serde_json::from_str(text).ok()).flatten()
}

/// Reads yes or no, also as the mark of a check box.
pub(super) fn boolean(text: &str) -> Option<bool> {
    custom_field::boolean(text).or_else(|| match fold(text.trim()).as_str() {
        "x" | "[x]" | "checked" | "✓" | "✔" | "☑" | "☒" | "[✓]" | "✅" | "checkmark" => {
            Some(true)
        }
        "unchecked" | "☐" | "✗" | "✘" | "❌" | "[ ]" => Some(false),
        _ => None,
    })
}

/// Whether a word in which consent is kept means that there is some.
fn consents(text: &str) -> Option<bool> {
    let mut word = fold(text.trim());
    word.retain(char::is_alphanumeric);
    match word.as_str() {
        "optedin" | "optin" | "subscribed" | "granted" | "given" | "agreed" | "accepted"
        | "confirmed" | "consented" | "allowed" | "erteilt" | "zugestimmt" => Some(true),
        "optedout" | "optout" | "unsubscribed" | "withdrawn" | "denied" | "declined"
        | "refused" | "revoked" | "notsubscribed" | "rejected" | "notallowed" | "widerrufen"
        | "abgelehnt" | "donotcall" | "donotcontact" | "dontcall" | "nocalls" | "dnc" | "dncl"
        | "dncc" | "never" | "nunca" | "jamais" | "niemals" => Some(false),
        _ => None,
    }
}

/// Whether a word under "may be called" clearly says so.
fn allows(text: &str) -> bool {
    let mut word = fold(text.trim());
    word.retain(char::is_alphanumeric);
    let words = ["ok", "okay", "oktocall", "maycall", "call", "anytime", "always", "permitted"];
    words.contains(&word.as_str())
}
