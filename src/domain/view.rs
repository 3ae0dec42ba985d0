//! A contact as it is shown: every member of the contract, empty ones as `null`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use uuid::Uuid;

use super::consent::{MARKETING, status_of};
use super::contact::{Address, ChannelId, Contact};
use super::contact_rules::{Allowance, Jurisdiction, jurisdiction, may_call, may_email};
use super::facts::{Count, Counts, LastCall};
use super::lead_score::{LeadScoring, ScorePart};
use super::list::{ListBook, ListName};
use super::status::EmailState;
use super::time::Timestamp;

/// A phone number as it is shown.
#[derive(Serialize)]
#[expect(missing_docs, reason = "the members are those of `Phone`")]
pub struct PhoneView<'a> {
    pub number: &'a str,
    pub raw: &'a str,
    pub label: Option<&'a str>,
    pub primary: bool,
    pub country: Option<&'a str>,
    pub extension: Option<&'a str>,
}

/// An e-mail address as it is shown.
#[derive(Serialize)]
#[expect(missing_docs, reason = "the members are those of `Email`")]
pub struct EmailView<'a> {
    pub address: &'a str,
    pub label: Option<&'a str>,
    pub primary: bool,
}

/// A postal address as it is shown.
#[derive(Serialize)]
#[expect(missing_docs, reason = "the members are those of `Address`")]
pub struct AddressView<'a> {
    pub label: Option<&'a str>,
    pub street: Option<&'a str>,
    pub city: Option<&'a str>,
    pub region: Option<&'a str>,
    pub postal_code: Option<&'a str>,
    pub country: Option<&'a str>,
}

/// Why a contact is a hit.
#[derive(Serialize)]
pub struct MatchView {
    /// The score; 0 where hits are not sorted by relevance.
    pub score: f32,
    /// The reasons.
    pub why: Vec<String>,
    /// Matched ranges by field, in UTF-16 code units.
    pub highlights: BTreeMap<String, Vec<(usize, usize)>>,
    /// Whether only the last steps of a search found it, so that it is perhaps not meant at all.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub weak: bool,
    /// What each part of the query adds to the score, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Vec<ScoreView>>,
}

/// What a part of the query adds to the score.
#[derive(Debug, Serialize)]
pub struct ScoreView {
    /// The part of the query.
    pub part: String,
    /// Where it matched and how.
    pub reason: String,
    /// What that counts.
    pub score: f32,
}

/// What is counted about a contact.
#[derive(Serialize)]
#[expect(missing_docs, reason = "the members are those of `Counts`")]
pub struct CountsView {
    pub open_deals: i64,
    pub open_deals_value: f64,
    pub deals: i64,
    pub tasks_open: i64,
    pub notes: i64,
    pub activities: i64,
    pub conversations_open: i64,
    pub conversations: i64,
    pub messages: i64,
    pub calls: i64,
}

impl CountsView {
    fn of(counts: &Counts) -> Self {
        Self {
            open_deals: counts.open_deals,
            open_deals_value: counts.get(Count::OpenDealsValue),
            deals: counts.deals,
            tasks_open: counts.tasks_open,
            notes: counts.notes,
            activities: counts.activities,
            conversations_open: counts.conversations_open,
            conversations: counts.conversations,
            messages: counts.messages,
            calls: counts.calls,
        }
    }
}

/// A contact as it is shown.
#[derive(Serialize)]
#[expect(missing_docs, reason = "the members are those of `Contact`")]
#[expect(clippy::struct_excessive_bools, reason = "independent facts of a record")]
pub struct ContactView<'a> {
    pub id: Uuid,
    pub version: u64,
    pub display_name: &'a str,
    pub name: &'a str,
    pub first_name: Option<&'a str>,
    pub last_name: Option<&'a str>,
    pub suffix: Option<&'a str>,
    /// The primary number.
    pub phone: Option<&'a str>,
    /// The first mobile number.
    pub mobile: Option<&'a str>,
    /// The primary address.
    pub email: Option<&'a str>,
    pub phones: Vec<PhoneView<'a>>,
    pub emails: Vec<EmailView<'a>>,
    pub company: Option<&'a str>,
    pub company_id: Option<Uuid>,
    pub title: Option<&'a str>,
    pub department: Option<&'a str>,
    pub role: Option<&'a str>,
    pub addresses: Vec<AddressView<'a>>,
    pub birthday: Option<&'a str>,
    pub social_profiles: &'a BTreeMap<String, String>,
    pub channels: &'a [ChannelId],
    pub country: Option<&'a str>,
    pub language: Option<&'a str>,
    pub timezone: Option<&'a str>,
    pub preferred_channel: Option<&'a str>,
    pub tags: &'a [String],
    pub custom_fields: &'a BTreeMap<String, serde_json::Value>,
    pub notes: Option<&'a str>,
    pub status: &'static str,
    pub lifecycle: &'static str,
    pub email_state: &'static str,
    pub blocked: bool,
    pub do_not_contact: bool,
    pub source: Option<&'a str>,
    pub first_channel: Option<&'a str>,
    pub assigned_to: Option<&'a str>,
    pub visibility: &'static str,
    pub assigned_queue: Option<&'a str>,
    pub org_department_id: Option<&'a str>,
    pub external_crm_id: Option<&'a str>,
    pub external_crm_provider: Option<&'a str>,
    pub opt_in: Option<bool>,
    pub email_opt_out: bool,
    pub lead_score: Option<u8>,
    /// Which rules give it; empty where they are not known.
    pub lead_score_why: Vec<ScorePart<'a>>,
    pub last_contacted_at: Option<Timestamp>,
    pub last_interaction_at: Option<Timestamp>,
    pub last_called_at: Option<Timestamp>,
    pub last_call_outcome: Option<&'a str>,
    pub total_calls: u32,
    pub last_activity_at: Option<Timestamp>,
    pub last_call: Option<&'a LastCall>,
    pub counts: CountsView,
    /// The static lists that it is on; empty where their names are not known.
    pub lists: Vec<ListName<'a>>,
    pub consent: BTreeMap<&'a str, ConsentView<'a>>,
    /// Whether it may be called now; nothing where the time is not asked for.
    pub may_call: Option<Allowance>,
    pub may_email: Allowance,
    /// Under whose rules it is reached.
    pub jurisdiction: Option<Jurisdiction>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub system_critical: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub in_active_campaign: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// When it was deleted; only of contacts in the trash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    pub created_by: Option<&'a str>,
    /// The user who created it, if it was one.
    pub created_by_user_id: Option<&'a str>,
    pub updated_by: Option<&'a str>,
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    pub matched: Option<MatchView>,
}

/// The members of a contact that can be asked for one by one.
pub const MEMBERS: &[&str] = &[
    "id",
    "version",
    "display_name",
    "name",
    "first_name",
    "last_name",
    "suffix",
    "phone",
    "mobile",
    "email",
    "phones",
    "emails",
    "company",
    "company_id",
    "title",
    "department",
    "role",
    "addresses",
    "birthday",
    "social_profiles",
    "channels",
    "country",
    "language",
    "timezone",
    "preferred_channel",
    "tags",
    "custom_fields",
    "notes",
    "status",
    "lifecycle",
    "email_state",
    "blocked",
    "do_not_contact",
    "source",
    "first_channel",
    "assigned_to",
    "visibility",
    "assigned_queue",
    "org_department_id",
    "external_crm_id",
    "external_crm_provider",
    "opt_in",
    "email_opt_out",
    "lead_score",
    "lead_score_why",
    "last_contacted_at",
    "last_interaction_at",
    "last_called_at",
    "last_call_outcome",
    "total_calls",
    "last_activity_at",
    "last_call",
    "counts",
    "lists",
    "consent",
    "may_call",
    "may_email",
    "jurisdiction",
    "system_critical",
    "in_active_campaign",
    "created_at",
    "updated_at",
    "deleted_at",
    "created_by",
    "created_by_user_id",
    "updated_by",
    "match",
];

impl<'a> ContactView<'a> {
    /// Shows a contact; copies nothing but the lists of its entries.
    pub fn of(contact: &'a Contact) -> Self {
        Self {
            id: contact.id.0,
            version: contact.version,
            display_name: &contact.display_name,
            name: &contact.display_name,
            first_name: contact.first_name.as_deref(),
            last_name: contact.last_name.as_deref(),
            suffix: contact.suffix.as_deref(),
            phone: contact.primary_phone().map(|p| p.number.as_str()),
            mobile: contact.mobile_phone().map(|p| p.number.as_str()),
            email: contact.primary_email().map(|e| e.address.as_str()),
            phones: contact
                .phones
                .iter()
                .map(|p| PhoneView {
                    number: &p.number,
                    raw: &p.raw,
                    label: p.label.as_deref(),
                    primary: p.primary,
                    country: p.country.as_deref(),
                    extension: p.extension.as_deref(),
                })
                .collect(),
            emails: contact
                .emails
                .iter()
                .map(|e| EmailView {
                    address: &e.address,
                    label: e.label.as_deref(),
                    primary: e.primary,
                })
                .collect(),
            company: contact.company.as_deref(),
            company_id: contact.company_id,
            title: contact.title.as_deref(),
            department: contact.department.as_deref(),
            role: contact.role.as_deref(),
            addresses: contact.addresses.iter().map(address_view).collect(),
            birthday: contact.birthday.as_deref(),
            social_profiles: &contact.fields.social_profiles,
            channels: &contact.fields.channels,
            country: contact.country.as_deref(),
            language: contact.language.as_deref(),
            timezone: contact.timezone.as_deref(),
            preferred_channel: contact.preferred_channel.as_deref(),
            tags: &contact.fields.tags,
            custom_fields: &contact.fields.custom_fields,
            notes: contact.notes.as_deref(),
            status: contact.shown_status().as_str(),
            blocked: contact.fields.status.blocked,
            lifecycle: contact.fields.status.lifecycle.as_str(),
            email_state: contact.fields.status.email.as_str(),
            do_not_contact: contact.fields.status.do_not_contact,
            source: contact.source.as_deref(),
            first_channel: contact.first_channel.as_deref(),
            assigned_to: contact.assigned_to.as_deref(),
            visibility: contact.visibility.as_str(),
            assigned_queue: contact.assigned_queue.as_deref(),
            org_department_id: contact.org_department_id.as_deref(),
            external_crm_id: contact.external_crm_id.as_deref(),
            external_crm_provider: contact.external_crm_provider.as_deref(),
            opt_in: contact.opt_in,
            email_opt_out: contact.fields.status.email == EmailState::Unsubscribed,
            lead_score: contact.score(),
            lead_score_why: Vec::new(),
            last_contacted_at: contact.last_contacted(),
            last_interaction_at: contact.last_interaction(),
            last_called_at: contact.last_called(),
            last_call_outcome: contact.outcome_of_last_call(),
            total_calls: contact.calls_in_all(),
            last_activity_at: contact.facts.last_activity_at,
            last_call: contact.facts.last_call.as_ref(),
            counts: CountsView::of(&contact.facts.counts),
            lists: Vec::new(),
            consent: consent_of(contact),
            may_call: None,
            may_email: may_email(contact),
            jurisdiction: jurisdiction(contact),
            system_critical: contact.system_critical,
            in_active_campaign: contact.in_active_campaign,
            created_at: contact.created_at,
            updated_at: contact.updated_at,
            deleted_at: contact.deleted_at,
            created_by: contact.created_by.as_deref(),
            created_by_user_id: contact.created_by.as_deref().and_then(user_in),
            updated_by: contact.updated_by.as_deref(),
            matched: None,
        }
    }
}

/// What showing contacts takes beside them.
#[derive(Clone, Debug)]
pub struct Showing {
    /// The lists of the organisation.
    pub lists: Arc<ListBook>,
    /// The rules by which it scores contacts.
    pub scoring: Arc<LeadScoring>,
    /// The time.
    pub now: Timestamp,
}

/// What holds for one purpose.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the members are those of `ConsentState`")]
pub struct ConsentView<'a> {
    pub status: &'a str,
    #[serde(rename = "type")]
    pub kind: Option<&'a str>,
    pub channel: Option<&'a str>,
    pub date: Option<Timestamp>,
    pub source: Option<&'a str>,
    pub basis: Option<&'a str>,
    /// Whether something proves it.
    pub evidence: bool,
    /// Whether somebody is said to agree, and nothing proves it.
    pub unproven: bool,
}

/// What is known of the consent of a contact, by purpose; of marketing always something.
fn consent_of(contact: &Contact) -> BTreeMap<&str, ConsentView<'_>> {
    let mut all = BTreeMap::new();
    for state in &contact.facts.consent.states {
        let view = ConsentView {
            status: &state.status,
            kind: state.kind.as_deref(),
            channel: Some(&state.channel),
            date: Some(state.date),
            source: state.source.as_deref(),
            basis: state.basis.as_deref(),
            evidence: state.has_evidence,
            unproven: state.status == "opted_in" && !state.has_evidence,
        };
        // The states are in the order in which they were said.
        all.insert(state.purpose.as_str(), view);
    }
    all.entry(MARKETING).or_insert_with(|| ConsentView {
        status: status_of(contact.opt_in),
        kind: None,
        channel: None,
        date: None,
        source: None,
        basis: None,
        evidence: false,
        unproven: contact.opt_in == Some(true),
    });
    all
}

impl<'a> ContactView<'a> {
    /// Shows a contact with what does not stand in it: the names of its lists, and what may be done
    /// now.
    pub fn with(contact: &'a Contact, showing: &'a Showing) -> Self {
        Self {
            lists: showing.lists.of_contact(contact),
            lead_score_why: (contact.facts.lead_score.as_ref())
                .map(|score| showing.scoring.explain(score))
                .unwrap_or_default(),
            may_call: Some(may_call(contact, showing.now)),
            ..Self::of(contact)
        }
    }
}

/// The id of the user in the name of an actor.
fn user_in(actor: &str) -> Option<&str> {
    actor.strip_prefix("user:")?.split(['/', ' ']).next()
}

fn address_view(address: &Address) -> AddressView<'_> {
    AddressView {
        label: address.label.as_deref(),
        street: address.street.as_deref(),
        city: address.city.as_deref(),
        region: address.region.as_deref(),
        postal_code: address.postal_code.as_deref(),
        country: address.country.as_deref(),
    }
}
