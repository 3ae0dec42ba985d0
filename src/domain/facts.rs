//! What follows for a contact from the records about it: counts, the last call, the last activity.
//!
//! Facts are stored with the contact, so that lookups, searches and lists have them without
//! another read. They are derived by the write that changes a record, never sent by anybody, and
//! change neither the version of the contact nor when it was updated: a call that ends never makes
//! an agent's edit stale.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::consent::ConsentFacts;
use super::contact::Contact;
use super::lead_score::LeadScore;
use super::time::Timestamp;

/// By which rules facts follow from records: where these change, the facts of organisations that were
/// kept by earlier ones are worked out anew. From 1 on conversations without messages are an activity.
pub const RULES: u32 = 1;

/// Something about a contact that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Count {
    /// Deals.
    Deals,
    /// Deals that are neither won nor lost.
    OpenDeals,
    /// What open deals are worth, in units of their currencies.
    OpenDealsValue,
    /// Tasks that are to be done.
    TasksOpen,
    /// Notes.
    Notes,
    /// Activities: meetings, e-mails and so on.
    ActivityRecords,
    /// Calls.
    Calls,
    /// Conversations.
    Conversations,
    /// Conversations that are not resolved.
    ConversationsOpen,
    /// Messages.
    Messages,
}

impl Count {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Deals,
        Self::OpenDeals,
        Self::OpenDealsValue,
        Self::TasksOpen,
        Self::Notes,
        Self::ActivityRecords,
        Self::Calls,
        Self::Conversations,
        Self::ConversationsOpen,
        Self::Messages,
    ];

    /// The name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deals => "deals",
            Self::OpenDeals => "open_deals",
            Self::OpenDealsValue => "open_deals_value",
            Self::TasksOpen => "tasks_open",
            Self::Notes => "notes",
            Self::ActivityRecords => "activities",
            Self::Calls => "calls",
            Self::Conversations => "conversations",
            Self::ConversationsOpen => "conversations_open",
            Self::Messages => "messages",
        }
    }
}

/// How many records of which sort there are; money in hundredths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the names are those of `Count`")]
pub struct Counts {
    #[serde(skip_serializing_if = "is_zero")]
    pub deals: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub open_deals: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub open_deals_cents: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub tasks_open: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub notes: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub activities: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub calls: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub conversations: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub conversations_open: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub messages: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl Counts {
    /// Adds others, or takes them away.
    pub fn add(&mut self, other: &Self, is_plus: bool) {
        let Self {
            deals,
            open_deals,
            open_deals_cents,
            tasks_open,
            notes,
            activities,
            calls,
            conversations,
            conversations_open,
            messages,
        } = other;
        let sum = |own: &mut i64, other: &i64| {
            *own = if is_plus {
                own.saturating_add(*other)
            } else {
                own.saturating_sub(*other).max(0)
            };
        };
        sum(&mut self.deals, deals);
        sum(&mut self.open_deals, open_deals);
        sum(&mut self.open_deals_cents, open_deals_cents);
        sum(&mut self.tasks_open, tasks_open);
        sum(&mut self.notes, notes);
        sum(&mut self.activities, activities);
        sum(&mut self.calls, calls);
        sum(&mut self.conversations, conversations);
        sum(&mut self.conversations_open, conversations_open);
        sum(&mut self.messages, messages);
    }

    /// One of them, as it is shown.
    #[expect(clippy::cast_precision_loss, reason = "counts and amounts stay far below 2^53")]
    pub fn get(&self, count: Count) -> f64 {
        match count {
            Count::Deals => self.deals as f64,
            Count::OpenDeals => self.open_deals as f64,
            Count::OpenDealsValue => self.open_deals_cents as f64 / 100.0,
            Count::TasksOpen => self.tasks_open as f64,
            Count::Notes => self.notes as f64,
            Count::ActivityRecords => self.activities as f64,
            Count::Calls => self.calls as f64,
            Count::Conversations => self.conversations as f64,
            Count::ConversationsOpen => self.conversations_open as f64,
            Count::Messages => self.messages as f64,
        }
    }
}

/// A call, as far as it is shown beside a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastCall {
    /// When it began.
    pub at: Timestamp,
    /// The record of the call.
    pub id: Uuid,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The user who took or made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// `in` or `out`.
    pub direction: String,
    /// How far it is or was: `COMPLETED`.
    pub status: String,
}

/// What one record adds to the facts of its contact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contribution {
    /// What it counts.
    pub counts: Counts,
    /// The call that it is.
    pub call: Option<LastCall>,
    /// When it happened, if it is something that happened between the contact and the house.
    pub activity_at: Option<Timestamp>,
    /// The static lists of a contact that was merged.
    pub lists: Vec<Uuid>,
}

/// What follows for a contact from the records about it and about those that were merged into it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Grows with each change of the facts, so that who keeps a copy notices.
    pub revision: u32,
    /// How many records of which sort there are.
    pub counts: Counts,
    /// The last call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_call: Option<LastCall>,
    /// When something last happened between the contact and the house.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_activity_at: Option<Timestamp>,
    /// The static lists to which it was added.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub own_lists: Vec<Uuid>,
    /// The static lists of contacts that were merged into it, one entry for each of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub merged_lists: Vec<Uuid>,
    /// What its ledger of consent comes to.
    #[serde(skip_serializing_if = "ConsentFacts::is_none")]
    pub consent: ConsentFacts,
    /// What the rules of the organisation give it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead_score: Option<LeadScore>,
}

impl Facts {
    /// Whether there are none and never were.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether these say the same, whatever they said before.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let Self {
            revision: _,
            counts,
            last_call,
            last_activity_at,
            own_lists,
            merged_lists,
            consent,
            lead_score,
        } = self;
        (counts, last_call, last_activity_at)
            == (&other.counts, &other.last_call, &other.last_activity_at)
            && (own_lists, merged_lists) == (&other.own_lists, &other.merged_lists)
            && (consent, lead_score) == (&other.consent, &other.lead_score)
    }

    /// The static lists of the contact, its own and those of contacts that were merged into it.
    pub fn lists(&self) -> impl Iterator<Item = Uuid> {
        let merged = self.merged_lists.iter().enumerate();
        let merged = merged.filter(|(at, id)| {
            !self.own_lists.contains(id) && !self.merged_lists[..*at].contains(id)
        });
        self.own_lists.iter().copied().chain(merged.map(|(_, id)| *id))
    }

    /// Puts the contact on a static list, or takes it off; whether that changes anything.
    pub fn set_list(&mut self, list: Uuid, is_member: bool) -> bool {
        let was_member = self.own_lists.contains(&list) || self.merged_lists.contains(&list);
        if was_member == is_member {
            return false;
        }
        if is_member {
            self.own_lists.push(list);
        } else {
            self.own_lists.retain(|known| *known != list);
            self.merged_lists.retain(|known| *known != list);
        }
        true
    }

    /// The lists that one that is merged brings along: one entry for each person on them.
    pub fn all_lists(&self) -> Vec<Uuid> {
        self.own_lists.iter().chain(&self.merged_lists).copied().collect()
    }

    /// Takes lists that merged contacts have brought along, and gives others.
    pub fn move_lists(&mut self, was: &[Uuid], is: &[Uuid]) {
        for list in was {
            if let Some(at) = self.merged_lists.iter().position(|known| known == list) {
                self.merged_lists.remove(at);
            }
        }
        self.merged_lists.extend(is);
    }

    /// These facts with what of others follows from no records: lists, consent and the score.
    #[must_use]
    pub fn with_own_of(self, other: &Self) -> Self {
        Self {
            consent: other.consent.clone(),
            lead_score: other.lead_score.clone(),
            own_lists: other.own_lists.clone(),
            merged_lists: other.merged_lists.clone(),
            ..self
        }
    }

    /// Takes the later of two calls, and of two activities.
    pub fn take_latest(&mut self, call: Option<&LastCall>, activity: Option<Timestamp>) {
        if let Some(call) = call
            && self
                .last_call
                .as_ref()
                .is_none_or(|known| (known.at, known.id) <= (call.at, call.id))
        {
            self.last_call = Some(call.clone());
        }
        self.last_activity_at = self.last_activity_at.max(activity);
    }
}

impl Contact {
    /// How promising it is, from 0 to 100.
    pub fn score(&self) -> Option<u8> {
        self.facts.lead_score.as_ref().map_or(self.lead_score, |known| Some(known.score))
    }

    /// When the person was last called or called.
    pub fn last_called(&self) -> Option<Timestamp> {
        self.last_called_at.max(self.facts.last_call.as_ref().map(|call| call.at))
    }

    /// How the last call ended.
    pub fn outcome_of_last_call(&self) -> Option<&str> {
        match &self.facts.last_call {
            Some(call) if Some(call.at) >= self.last_called_at => call.outcome.as_deref(),
            _ => self.last_call_outcome.as_deref(),
        }
    }

    /// How many calls there were.
    pub fn calls_in_all(&self) -> u32 {
        let known = u32::try_from(self.facts.counts.calls).unwrap_or(u32::MAX);
        self.total_calls.saturating_add(known)
    }

    /// When somebody last had contact with the person: as it is said, or by a call, a message or
    /// another activity.
    pub fn last_contacted(&self) -> Option<Timestamp> {
        self.last_contacted_at.max(self.facts.last_activity_at)
    }

    /// When something last happened between the person and the house.
    pub fn last_interaction(&self) -> Option<Timestamp> {
        self.last_interaction_at.max(self.facts.last_activity_at)
    }
}
