//! The columns of exported tables, and what stands in them for a contact.

use std::sync::Arc;

use crate::domain::consent::{MARKETING, status_of};
use crate::domain::contact::Contact;
use crate::domain::contact_rules::jurisdiction;
use crate::domain::custom_field::Definitions;
use crate::domain::facts::Count;
use crate::domain::status::EmailState;
use crate::domain::text::fold;
use crate::domain::time::Timestamp;
use crate::domain::view::Showing;

/// The columns of a CSV if nothing is said.
pub(super) const COLUMNS: &[&str] = &[
    "id",
    "first_name",
    "last_name",
    "suffix",
    "name",
    "phones",
    "emails",
    "company",
    "title",
    "department",
    "role",
    "street",
    "city",
    "region",
    "postal_code",
    "country",
    "birthday",
    "tags",
    "notes",
    "status",
    "do_not_contact",
    "opt_in",
    "email_opt_out",
    "source",
    "assigned_to",
    "visibility",
    "assigned_queue",
    "language",
    "timezone",
    "preferred_channel",
    "external_crm_id",
    "external_crm_provider",
    "created_at",
    "updated_at",
    "last_called_at",
    "last_call_outcome",
];

/// Further columns, for who asks for them.
const MORE_COLUMNS: &[&str] = &[
    "phone",
    "mobile",
    "email",
    "display_name",
    "list",
    "phone_labels",
    "email_labels",
    "linkedin",
    "twitter",
    "facebook",
    "whatsapp",
    "social_profiles",
    "channels",
    "org_department_id",
    "company_id",
    "lifecycle",
    "email_state",
    "blocked",
    "first_channel",
    "lead_score",
    "total_calls",
    "last_contacted_at",
    "last_interaction_at",
    "last_activity_at",
    "consent_status",
    "consent_type",
    "consent_date",
    "consent_source",
    "gdpr_basis",
    "jurisdiction",
    "open_deals",
    "open_deals_value",
    "tasks_open",
    "conversations_open",
    "created_by",
    "updated_by",
    "version",
];

/// Whether a table can have a column of this name.
pub(super) fn is_column(name: &str) -> bool {
    COLUMNS.contains(&name) || MORE_COLUMNS.contains(&name) || name.starts_with("cf.")
}

/// The columns that there are, for people who asked for another one.
pub(super) fn known_columns() -> String {
    let all: Vec<&str> = COLUMNS.iter().chain(MORE_COLUMNS).copied().collect();
    format!("{} or cf.KEY", all.join(", "))
}

/// The columns of a CSV, and what the custom fields among them are.
pub(super) struct Columns {
    pub(super) names: Vec<String>,
    pub(super) definitions: Arc<Definitions>,
    pub(super) lists: Showing,
}

impl Columns {
    /// What stands in a column for a contact.
    pub(super) fn cell(&self, contact: &Contact, column: &str) -> String {
        if column == "list" {
            let names = self.lists.lists.of_contact(contact);
            return written_tags(
                &names.iter().map(|list| list.name.to_owned()).collect::<Vec<_>>(),
            );
        }
        let Some(key) = column.strip_prefix("cf.") else { return cell(contact, column) };
        let has_options = self.definitions.get(&fold(key)).is_some_and(|field| field.declared);
        match contact.custom_fields.get(key) {
            None => String::new(),
            Some(serde_json::Value::Array(options)) if has_options => chosen(options),
            Some(value) => plain(value),
        }
    }
}

/// A value of a custom field as a cell of a table; what is neither text nor number is JSON.
pub(in crate::app) fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn cell(contact: &Contact, column: &str) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let address = contact.addresses.first();
    let part = |pick: fn(&crate::domain::contact::Address) -> &Option<String>| {
        address.and_then(|a| pick(a).clone()).unwrap_or_default()
    };
    match column {
        "id" => contact.id.to_string(),
        "name" | "display_name" => contact.display_name.clone(),
        "first_name" => text(&contact.first_name),
        "last_name" => text(&contact.last_name),
        "suffix" => text(&contact.suffix),
        "phone" => contact.primary_phone().map(written_phone).unwrap_or_default(),
        "mobile" => contact.mobile_phone().map(written_phone).unwrap_or_default(),
        "phones" => join(contact.phones.iter().map(written_phone), " | "),
        "email" => contact.primary_email().map(|e| e.address.clone()).unwrap_or_default(),
        "emails" => join(contact.emails.iter().map(|e| e.address.clone()), " | "),
        "company" => text(&contact.company),
        "title" => text(&contact.title),
        "department" => text(&contact.department),
        "role" => text(&contact.role),
        "street" => part(|a| &a.street),
        "city" => part(|a| &a.city),
        "region" => part(|a| &a.region),
        "postal_code" => part(|a| &a.postal_code),
        "country" => contact.country.clone().unwrap_or_else(|| part(|a| &a.country)),
        "birthday" => text(&contact.birthday),
        "tags" => written_tags(&contact.tags),
        "notes" => text(&contact.notes),
        "status" => contact.shown_status().as_str().to_owned(),
        "do_not_contact" => yes(contact.fields.status.do_not_contact),
        "opt_in" => contact.opt_in.map(|agreed| agreed.to_string()).unwrap_or_default(),
        "email_opt_out" => yes(contact.fields.status.email == EmailState::Unsubscribed),
        "source" => text(&contact.source),
        "assigned_to" => text(&contact.assigned_to),
        "visibility" => contact.visibility.as_str().to_owned(),
        "assigned_queue" => text(&contact.assigned_queue),
        "language" => text(&contact.language),
        "timezone" => text(&contact.timezone),
        "preferred_channel" => text(&contact.preferred_channel),
        "external_crm_id" => text(&contact.external_crm_id),
        "external_crm_provider" => text(&contact.external_crm_provider),
        "phone_labels" => labels(contact.phones.iter().map(|phone| phone.label.as_deref())),
        "email_labels" => labels(contact.emails.iter().map(|email| email.label.as_deref())),
        "linkedin" | "twitter" | "facebook" => {
            contact.social_profiles.get(column).cloned().unwrap_or_default()
        }
        "social_profiles" if contact.social_profiles.is_empty() => String::new(),
        "social_profiles" => serde_json::to_string(&contact.social_profiles).unwrap_or_default(),
        "whatsapp" => {
            let own = contact.channels.iter().filter(|one| one.channel == "whatsapp");
            join(own.map(|one| one.identifier.clone()), " | ")
        }
        "channels" => {
            let all = contact.channels.iter();
            join(all.map(|one| format!("{}:{}", one.channel, one.identifier)), " | ")
        }
        "org_department_id" => text(&contact.org_department_id),
        "company_id" => contact.company_id.map(|id| id.to_string()).unwrap_or_default(),
        "lifecycle" => contact.fields.status.lifecycle.as_str().to_owned(),
        "email_state" => contact.fields.status.email.as_str().to_owned(),
        "blocked" => yes(contact.fields.status.blocked),
        "first_channel" => text(&contact.first_channel),
        "lead_score" => contact.score().map(|score| score.to_string()).unwrap_or_default(),
        "total_calls" => contact.calls_in_all().to_string(),
        "last_contacted_at" => time(contact.last_contacted()),
        "last_interaction_at" => time(contact.last_interaction()),
        "last_activity_at" => time(contact.facts.last_activity_at),
        "created_by" => text(&contact.created_by),
        "updated_by" => text(&contact.updated_by),
        "version" => contact.version.to_string(),
        "created_at" => contact.created_at.to_string(),
        "updated_at" => contact.updated_at.to_string(),
        "last_called_at" => contact.last_called().map(|t| t.to_string()).unwrap_or_default(),
        _ => derived(contact, column),
    }
}

/// What follows from records about a contact, and from where it lives.
fn derived(contact: &Contact, column: &str) -> String {
    match column {
        "consent_status" | "consent_type" | "consent_date" | "consent_source" | "gdpr_basis" => {
            consent(contact, column)
        }
        "jurisdiction" => {
            jurisdiction(contact).map_or_else(String::new, |law| law.country.to_owned())
        }
        "open_deals" => contact.facts.counts.open_deals.to_string(),
        "open_deals_value" => contact.facts.counts.get(Count::OpenDealsValue).to_string(),
        "tasks_open" => contact.facts.counts.tasks_open.to_string(),
        "conversations_open" => contact.facts.counts.conversations_open.to_string(),
        "last_call_outcome" => contact.outcome_of_last_call().unwrap_or_default().to_owned(),
        _ => String::new(),
    }
}

/// What was said last about marketing, in the words that an import reads.
fn consent(contact: &Contact, column: &str) -> String {
    let Some(said) = contact.facts.consent.latest(MARKETING) else {
        let is_said = column == "consent_status" && contact.opt_in.is_some();
        return if is_said { status_of(contact.opt_in).to_owned() } else { String::new() };
    };
    match column {
        "consent_status" => said.status.clone(),
        "consent_type" => said.kind.clone().unwrap_or_default(),
        "consent_date" => said.date.to_string(),
        "consent_source" => said.source.clone().unwrap_or_default(),
        _ => said.basis.clone().unwrap_or_default(),
    }
}

/// Several options as an import reads them; as JSON where one of them holds what separates them.
fn chosen(options: &[serde_json::Value]) -> String {
    let texts: Option<Vec<&str>> = options.iter().map(serde_json::Value::as_str).collect();
    match texts {
        Some(texts)
            if !texts.iter().any(|text| text.contains(['|', ';']) || text.contains(":::")) =>
        {
            join(texts.into_iter().map(str::to_owned), " | ")
        }
        _ => serde_json::Value::from(options.to_vec()).to_string(),
    }
}

/// The labels of numbers or addresses in their order, if there are any.
fn labels<'a>(labels: impl Iterator<Item = Option<&'a str>>) -> String {
    let all: Vec<String> = labels.map(|label| label.unwrap_or_default().to_owned()).collect();
    if all.iter().all(String::is_empty) { String::new() } else { all.join(" | ") }
}

fn time(at: Option<Timestamp>) -> String {
    at.map(|at| at.to_string()).unwrap_or_default()
}

/// `true`, or nothing.
fn yes(fact: bool) -> String {
    if fact { "true".to_owned() } else { String::new() }
}

/// The tags in a form in which an import finds each of them: where one holds what usually separates
/// tags, three colons do.
fn written_tags(tags: &[String]) -> String {
    if tags.iter().any(|tag| tag.contains([',', ';', '|', '\n'])) {
        let mut all = join(tags.iter().cloned(), " ::: ");
        if tags.len() == 1 {
            all.push_str(" ::: ");
        }
        return all;
    }
    join(tags.iter().cloned(), ", ")
}

fn written_phone(phone: &crate::domain::phone::Phone) -> String {
    match &phone.extension {
        Some(extension) => format!("{} x{extension}", phone.number),
        None => phone.number.clone(),
    }
}

fn join(parts: impl Iterator<Item = String>, separator: &str) -> String {
    parts.collect::<Vec<_>>().join(separator)
}
