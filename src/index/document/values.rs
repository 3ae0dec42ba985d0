//! Whole values by field, and which fields there are.

use std::borrow::Cow;

use super::Draft;
use crate::domain::consent::{MARKETING, status_of};
use crate::domain::facts::Count;
use crate::domain::place::Place;
use crate::domain::status::{Lifecycle, Status};
use crate::domain::text::for_each_word;
use crate::query::Field;

/// The code before the values of a field; `None` for fields that have no whole values there.
pub fn value_code(field: &Field) -> Option<&'static str> {
    Some(match field {
        Field::FirstName => "fn",
        Field::LastName => "ln",
        Field::Name => "nm",
        Field::Phone => "ph",
        Field::Email => "em",
        Field::Company => "co",
        Field::CompanyId => "cx",
        Field::Title => "ti",
        Field::Notes => "no",
        Field::Address => "ad",
        Field::Tag => "t",
        Field::List => "ml",
        Field::Status => "st",
        Field::Source => "so",
        Field::Owner => "ow",
        Field::Queue => "qu",
        Field::OwningDepartment => "od",
        Field::Department => "de",
        Field::Role => "ro",
        Field::Visibility => "vi",
        Field::Country => "cy",
        Field::City => "ci",
        Field::PostalCode => "pc",
        Field::Language => "la",
        Field::Timezone => "tz",
        Field::PreferredChannel => "pr",
        Field::Channel => "ch",
        Field::FirstChannel => "fc",
        Field::ExternalId => "xi",
        Field::ExternalProvider => "xp",
        Field::LastCallOutcome => "lo",
        Field::OptIn => "oi",
        Field::Consent => "cn",
        Field::Birthday => "bd",
        Field::CreatedAt => "cr",
        Field::UpdatedAt => "up",
        Field::LastContactedAt => "lc",
        Field::LastInteractionAt => "li",
        Field::LastCalledAt => "ld",
        Field::LeadScore => "ls",
        Field::TotalCalls => "tc",
        Field::Activities => "ac",
        Field::Count(Count::Deals) => "#d",
        Field::Count(Count::OpenDeals) => "#o",
        Field::Count(Count::OpenDealsValue) => "#v",
        Field::Count(Count::TasksOpen) => "#t",
        Field::Count(Count::Notes) => "#n",
        Field::Count(Count::ActivityRecords) => "#a",
        Field::Count(Count::Calls) => "#k",
        Field::Count(Count::Conversations) => "#c",
        Field::Count(Count::ConversationsOpen) => "#p",
        Field::Count(Count::Messages) => "#m",
        Field::Custom(_) => return None,
    })
}

/// The code before the words of a company, without those that say little.
pub const COMPANY_WORDS: &str = "cw";

/// The form of a value in which it is looked for: contacts of earlier versions have countries,
/// languages and time zones in whatever words they were written.
pub fn normal<'a>(field: &Field, value: &'a str) -> Cow<'a, str> {
    const PLACES: [(Field, Place); 3] = [
        (Field::Country, Place::Country),
        (Field::Language, Place::Language),
        (Field::Timezone, Place::Timezone),
    ];
    let place = PLACES.iter().find(|(known, _)| known == field);
    let normal = place.and_then(|(_, place)| place.normal(value));
    normal.map_or(Cow::Borrowed(value), Cow::Owned)
}

pub(super) fn add(draft: &mut Draft<'_>) {
    let contact = draft.contact;
    let mut terms = draft.terms();
    let mut present: Vec<Field> = Vec::with_capacity(16);

    let mut whole = |field: Field, value: &str| {
        if let Some(code) = value_code(&field) {
            terms.value(code, value);
        }
        if !present.contains(&field) {
            present.push(field);
        }
    };
    let shown = contact.shown_status();
    whole(Field::Status, shown.as_str());
    // What is put away can be blocked as well, and is found by either.
    if contact.fields.status.lifecycle == Lifecycle::Archived && shown != Status::Archived {
        whole(Field::Status, Status::Archived.as_str());
    }
    whole(Field::Visibility, contact.visibility.as_str());
    for (field, value) in [
        (Field::Company, &contact.company),
        (Field::Title, &contact.title),
        (Field::Source, &contact.source),
        (Field::Owner, &contact.assigned_to),
        (Field::Queue, &contact.assigned_queue),
        (Field::OwningDepartment, &contact.org_department_id),
        (Field::Department, &contact.department),
        (Field::Role, &contact.role),
        (Field::Country, &contact.country),
        (Field::Language, &contact.language),
        (Field::Timezone, &contact.timezone),
        (Field::PreferredChannel, &contact.preferred_channel),
        (Field::FirstChannel, &contact.first_channel),
        (Field::ExternalId, &contact.external_crm_id),
        (Field::ExternalProvider, &contact.external_crm_provider),
        (Field::Birthday, &contact.birthday),
    ] {
        if let Some(value) = value {
            whole(field.clone(), &normal(&field, value));
        }
    }
    if let Some(company) = contact.company_id {
        whole(Field::CompanyId, &company.to_string());
    }
    if let Some(outcome) = contact.outcome_of_last_call() {
        whole(Field::LastCallOutcome, outcome);
    }
    let company = contact.company.as_deref().map(|name| draft.schema.names.without_noise(name));
    if let Some(agreed) = contact.opt_in {
        whole(Field::OptIn, if agreed { "true" } else { "false" });
    }
    for tag in &contact.tags {
        whole(Field::Tag, tag);
    }
    for list in contact.facts.lists() {
        whole(Field::List, &list.to_string());
    }
    for channel in &contact.channels {
        whole(Field::Channel, &channel.channel);
    }
    for address in &contact.addresses {
        for (field, value) in [
            (Field::Country, &address.country),
            (Field::City, &address.city),
            (Field::PostalCode, &address.postal_code),
        ] {
            if let Some(value) = value {
                whole(field.clone(), &normal(&field, value));
            }
        }
    }
    for (field, name) in
        [(Field::FirstName, &contact.first_name), (Field::LastName, &contact.last_name)]
    {
        if let Some(name) = name {
            for_each_word(name, |word, _, _| whole(field.clone(), word));
        }
    }

    let has_called = contact.last_called().is_some() || contact.calls_in_all() > 0;
    let counts = &contact.facts.counts;
    for (field, is_there) in [
        (Field::Name, !contact.is_named_by_channel()),
        (Field::Phone, !contact.phones.is_empty()),
        (Field::Email, !contact.emails.is_empty()),
        (Field::Notes, contact.notes.is_some()),
        (Field::Address, !contact.addresses.is_empty()),
        (Field::LastContactedAt, contact.last_contacted().is_some()),
        (Field::LastInteractionAt, contact.last_interaction().is_some()),
        (Field::LastCalledAt, contact.last_called().is_some()),
        (Field::LeadScore, contact.score().is_some()),
        (Field::TotalCalls, contact.calls_in_all() > 0),
        (
            Field::Activities,
            has_called
                || contact.last_contacted().is_some()
                || contact.last_interaction().is_some(),
        ),
    ] {
        if is_there && !present.contains(&field) {
            present.push(field);
        }
    }
    let counted = Count::ALL.into_iter().filter(|count| counts.get(*count) > 0.0);
    present.extend(counted.map(Field::Count));
    let known = contact.facts.consent.latest(MARKETING).map(|state| state.status.as_str());
    let consent = known.unwrap_or_else(|| status_of(contact.opt_in));
    if let Some(code) = value_code(&Field::Consent) {
        terms.value(code, consent);
    }
    if consent != "unknown" {
        present.push(Field::Consent);
    }
    if let Some(company) = company.filter(|words| words.contains(' ')) {
        terms.value(COMPANY_WORDS, &company);
    }
    for field in &present {
        if let Some(code) = value_code(field) {
            terms.value("has", code);
        }
    }
    draft.put(draft.schema.fields.value, &terms);
}
