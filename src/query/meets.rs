//! Whether a contact meets a tree of conditions, without an index: for rules that are asked about
//! one contact at a time.
//!
//! Words match as they are written or by their beginning; spellings, sounds and typos are the
//! business of searches.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a few of many kinds are special, and new ones are like the rest"
)]

use std::ops::Bound;

use serde_json::Value;

use super::expr::{Condition, Expr, Shape};
use super::field::Field;
use crate::domain::consent::{MARKETING, status_of};
use crate::domain::contact::Contact;
use crate::domain::email;
use crate::domain::facts::Count;
use crate::domain::place::Place;
use crate::domain::status::{Lifecycle, Status};
use crate::domain::text::{fold, for_each_word};
use crate::domain::time::day_number;

/// The names under which what a condition names is kept, folded: the ids of users and queues.
pub(super) type Named<'a> = &'a dyn Fn(&Field, &str) -> Vec<String>;

/// Whether a contact meets all that a tree asks for.
pub fn meets(expr: &Expr, contact: &Contact, named: Named<'_>) -> bool {
    match expr {
        Expr::All(parts) => parts.iter().all(|part| meets(part, contact, named)),
        Expr::Any(parts) => parts.iter().any(|part| meets(part, contact, named)),
        Expr::Not(part) => !meets(part, contact, named),
        Expr::Is(condition) => meets_one(condition, contact, named),
    }
}

fn meets_one(condition: &Condition, contact: &Contact, named: Named<'_>) -> bool {
    match condition {
        Condition::Value { field, value, is_prefix } => {
            let asked = normal(field, value);
            let mut others = named(field, value);
            others.push(asked);
            values(contact, field).iter().any(|known| {
                others.iter().any(|asked| known == asked || *is_prefix && known.starts_with(asked))
            })
        }
        Condition::Contains { field, text } => {
            let asked = fold(text);
            values(contact, field).iter().any(|known| known.contains(&asked))
        }
        Condition::Word { field, text, shape } => {
            let fits = |word: &str| {
                word == text || *shape == Shape::Prefix && word.starts_with(text.as_str())
            };
            let fields: &[Field] = match field {
                Some(field) => std::slice::from_ref(field),
                None => &PLAIN,
            };
            fields.iter().any(|field| has_word(contact, field, &fits))
        }
        Condition::Dotted { whole, words, is_prefix } => {
            let is_word = |word: &String| {
                let fits =
                    |known: &str| known == word || *is_prefix && known.starts_with(word.as_str());
                PLAIN.iter().any(|field| has_word(contact, field, &fits))
            };
            let has_part = |address: &str| email::key(address).contains(whole.as_str());
            contact.emails.iter().any(|one| has_part(&one.address)) || words.iter().all(is_word)
        }
        Condition::Digits { digits, variants, anywhere, .. } => {
            let fits = |word: &str| word == digits;
            let named = [Field::Name, Field::Company, Field::Tag];
            *anywhere && named.iter().any(|field| has_word(contact, field, &fits))
                || contact.phones.iter().any(|phone| {
                    let known = phone.digits();
                    known.contains(digits.as_str())
                        || variants.iter().any(|other| known.contains(other.as_str()))
                })
        }
        Condition::Address { address } => {
            let asked = email::key(address);
            contact.emails.iter().any(|one| email::key(&one.address).starts_with(&asked))
        }
        Condition::Keypad { .. } => false,
        Condition::Range { field, from, to, is_day } => {
            let within = |value: f64| lies_between(value, *from, *to);
            numbers(contact, field, *is_day).into_iter().any(within)
        }
        Condition::Has { field } => has(contact, field),
    }
}

/// Where plain words look.
const PLAIN: [Field; 6] =
    [Field::Name, Field::Company, Field::Email, Field::Tag, Field::Title, Field::Notes];

fn lies_between(value: f64, from: Bound<f64>, to: Bound<f64>) -> bool {
    let is_behind = match from {
        Bound::Included(from) => value >= from,
        Bound::Excluded(from) => value > from,
        Bound::Unbounded => true,
    };
    is_behind
        && match to {
            Bound::Included(to) => value <= to,
            Bound::Excluded(to) => value < to,
            Bound::Unbounded => true,
        }
}

/// The folded form in which a value is compared.
fn normal(field: &Field, value: &str) -> String {
    let place = match field {
        Field::Country => Place::Country.normal(value),
        Field::Language => Place::Language.normal(value),
        Field::Timezone => Place::Timezone.normal(value),
        Field::Email => return email::key(value),
        Field::CreatedAt | Field::Custom(_) => None,
        _other => None,
    };
    fold(place.as_deref().unwrap_or(value).trim())
}

/// The folded whole values of a field.
fn values(contact: &Contact, field: &Field) -> Vec<String> {
    let one =
        |value: Option<&String>| value.map(|value| normal(field, value)).into_iter().collect();
    match field {
        Field::Name => vec![fold(&contact.display_name)],
        Field::FirstName => one(contact.first_name.as_ref()),
        Field::LastName => one(contact.last_name.as_ref()),
        Field::Phone => contact.phones.iter().map(|phone| fold(&phone.number)).collect(),
        Field::Email => {
            let all = contact.emails.iter().map(|one| email::key(&one.address));
            all.flat_map(|key| {
                let domain = key.split_once('@').map(|(_, domain)| domain.to_owned());
                [Some(key), domain].into_iter().flatten()
            })
            .collect()
        }
        Field::Company => one(contact.company.as_ref()),
        Field::CompanyId => contact.company_id.map(|id| id.to_string()).into_iter().collect(),
        Field::Title => one(contact.title.as_ref()),
        Field::Notes => one(contact.notes.as_ref()),
        Field::Tag => contact.tags.iter().map(|tag| fold(tag)).collect(),
        Field::List => contact.facts.lists().map(|list| list.to_string()).collect(),
        Field::Status => {
            let shown = contact.shown_status();
            let is_archived = contact.fields.status.lifecycle == Lifecycle::Archived;
            let archived = is_archived.then_some(Status::Archived);
            [Some(shown), archived].into_iter().flatten().map(|one| fold(one.as_str())).collect()
        }
        Field::Source => one(contact.source.as_ref()),
        Field::Owner => one(contact.assigned_to.as_ref()),
        Field::Queue => one(contact.assigned_queue.as_ref()),
        Field::OwningDepartment => one(contact.org_department_id.as_ref()),
        Field::Department => one(contact.department.as_ref()),
        Field::Role => one(contact.role.as_ref()),
        Field::Visibility => vec![contact.visibility.as_str().to_owned()],
        Field::Address | Field::City | Field::PostalCode | Field::Country => places(contact, field),
        Field::Language => one(contact.language.as_ref()),
        Field::Timezone => one(contact.timezone.as_ref()),
        Field::PreferredChannel => one(contact.preferred_channel.as_ref()),
        Field::Channel => contact.channels.iter().map(|one| fold(&one.channel)).collect(),
        Field::FirstChannel => one(contact.first_channel.as_ref()),
        Field::ExternalId => one(contact.external_crm_id.as_ref()),
        Field::ExternalProvider => one(contact.external_crm_provider.as_ref()),
        Field::LastCallOutcome => contact.outcome_of_last_call().map(fold).into_iter().collect(),
        Field::OptIn => contact.opt_in.map(|is| is.to_string()).into_iter().collect(),
        Field::Consent => {
            let said = contact.facts.consent.latest(MARKETING).map(|state| state.status.as_str());
            vec![fold(said.unwrap_or_else(|| status_of(contact.opt_in)))]
        }
        Field::Birthday => one(contact.birthday.as_ref()),
        Field::Custom(key) => {
            let mut texts = Vec::new();
            for (_, value) in contact.custom_fields.iter().filter(|(known, _)| fold(known) == *key)
            {
                add_texts(value, &mut texts);
            }
            texts
        }
        Field::CreatedAt
        | Field::UpdatedAt
        | Field::LastContactedAt
        | Field::LastInteractionAt
        | Field::LastCalledAt
        | Field::LeadScore
        | Field::TotalCalls
        | Field::Activities
        | Field::Count(_) => Vec::new(),
    }
}

fn places(contact: &Contact, field: &Field) -> Vec<String> {
    let own = (*field == Field::Country).then_some(contact.country.as_ref()).flatten();
    let of_addresses = contact.addresses.iter().flat_map(|address| match field {
        Field::City => vec![&address.city],
        Field::PostalCode => vec![&address.postal_code],
        Field::Country => vec![&address.country],
        _other => vec![
            &address.street,
            &address.city,
            &address.region,
            &address.postal_code,
            &address.country,
        ],
    });
    own.into_iter().chain(of_addresses.flatten()).map(|text| normal(field, text)).collect()
}

fn add_texts(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| add_texts(value, out)),
        Value::String(text) => out.push(fold(text.trim())),
        Value::Number(number) => {
            let text = number.to_string();
            out.push(text.strip_suffix(".0").unwrap_or(&text).to_owned());
        }
        Value::Bool(is) => out.push(is.to_string()),
        Value::Null | Value::Object(_) => {}
    }
}

fn has_word(contact: &Contact, field: &Field, fits: &dyn Fn(&str) -> bool) -> bool {
    values(contact, field).iter().any(|value| {
        let mut found = false;
        for_each_word(value, |word, _, _| found |= fits(word));
        found
    })
}

/// The numbers, days or points in time of a field.
#[expect(clippy::cast_precision_loss, reason = "as the bounds of ranges are read")]
fn numbers(contact: &Contact, field: &Field, is_day: bool) -> Vec<f64> {
    let moment = |time: Option<crate::domain::time::Timestamp>| time.map(|time| time.0 as f64);
    let one = match field {
        Field::CreatedAt => moment(Some(contact.created_at)),
        Field::UpdatedAt => moment(Some(contact.updated_at)),
        Field::LastContactedAt => moment(contact.last_contacted()),
        Field::LastInteractionAt => moment(contact.last_interaction()),
        Field::LastCalledAt => moment(contact.last_called()),
        Field::LeadScore => contact.score().map(f64::from),
        Field::TotalCalls => Some(f64::from(contact.calls_in_all())),
        Field::Count(count) => Some(contact.facts.counts.get(*count)),
        Field::Birthday => contact.birthday.as_deref().and_then(day_number).map(|day| day as f64),
        Field::Custom(key) => {
            let own = contact.custom_fields.iter().filter(|(known, _)| fold(known) == *key);
            let number = |value: &Value| match value {
                Value::String(text) if is_day => day_number(text).map(|day| day as f64),
                other => other.as_f64(),
            };
            return own.filter_map(|(_, value)| number(value)).collect();
        }
        _other => None,
    };
    one.into_iter().collect()
}

/// Whether a field holds anything.
fn has(contact: &Contact, field: &Field) -> bool {
    let has_called = contact.last_called().is_some() || contact.calls_in_all() > 0;
    match field {
        Field::Name => !contact.is_named_by_channel(),
        Field::CreatedAt | Field::UpdatedAt => true,
        Field::LastContactedAt => contact.last_contacted().is_some(),
        Field::LastInteractionAt => contact.last_interaction().is_some(),
        Field::LastCalledAt => contact.last_called().is_some(),
        Field::LeadScore => contact.score().is_some(),
        Field::TotalCalls | Field::Count(Count::Calls) => contact.calls_in_all() > 0,
        Field::Activities => {
            has_called || contact.last_contacted().is_some() || contact.last_interaction().is_some()
        }
        Field::Count(count) => contact.facts.counts.get(*count) > 0.0,
        Field::Consent => values(contact, field) != ["unknown"],
        Field::Address => !contact.addresses.is_empty(),
        other => !values(contact, other).is_empty(),
    }
}
