//! Consent: what somebody agreed to or refused, as an append-only ledger and as its outcome.
//!
//! Every entry of a contact holds the hash of the one before, so that none can be changed or left
//! out later without showing. The facts of the contact hold the outcome and the end of the chain.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::time::Timestamp;

/// The purpose of which `opt_in` is a view.
pub const MARKETING: &str = "marketing";
/// The purposes.
pub const PURPOSES: &[&str] = &[MARKETING, "service", "profiling", "recording"];
/// Every channel.
pub const ALL_CHANNELS: &str = "all";
/// The channels.
pub const CHANNELS: &[&str] = &[ALL_CHANNELS, "phone", "email", "sms", "whatsapp", "post"];
/// What somebody said.
pub const STATUSES: &[&str] = &["opted_in", "opted_out", "pending", "unknown"];
/// How.
pub const TYPES: &[&str] = &["explicit", "implied", "imported"];
/// The legal bases.
pub const BASES: &[&str] = &["consent", "legitimate_interest", "contract"];

/// What the ledger says last about a purpose on a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentState {
    /// What for.
    pub purpose: String,
    /// Where.
    pub channel: String,
    /// `opted_in`, `opted_out`, `pending` or `unknown`.
    pub status: String,
    /// `explicit`, `implied` or `imported`.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// When it was said.
    pub date: Timestamp,
    /// Where it comes from: a web form, a trade show.
    #[serde(default)]
    pub source: Option<String>,
    /// The legal basis.
    #[serde(default)]
    pub basis: Option<String>,
    /// Whether something proves it.
    #[serde(default)]
    pub has_evidence: bool,
}

/// What a row of a list says about consent to marketing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentCells {
    /// One of [`STATUSES`].
    pub status: String,
    /// One of [`TYPES`].
    pub kind: Option<String>,
    /// When it was said.
    pub date: Option<Timestamp>,
    /// Where it comes from.
    pub source: Option<String>,
    /// One of [`BASES`].
    pub basis: Option<String>,
}

/// An entry of a ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConsentEntry {
    /// Its number in the ledger of its contact, from 1.
    pub seq: u32,
    /// The public identifier.
    pub id: Uuid,
    /// What it says.
    pub state: ConsentState,
    /// What proves it.
    #[serde(default)]
    pub evidence: Option<Value>,
    /// When it was written.
    pub recorded_at: Timestamp,
    /// Who wrote it.
    pub recorded_by: String,
    /// The hash of the entry before, in hexadecimal; nothing for the first.
    pub previous: String,
}

impl ConsentEntry {
    /// The hash of the entry, in hexadecimal; over all that it says and the one before.
    pub fn hash(&self) -> String {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        blake3::hash(&bytes).to_hex().to_string()
    }
}

/// The outcome of a ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConsentFacts {
    /// How many entries there are.
    pub seq: u32,
    /// The hash of the last one.
    pub hash: String,
    /// What was said last, by purpose and channel, the latest at the end.
    pub states: Vec<ConsentState>,
}

impl ConsentFacts {
    /// Whether nothing was ever said.
    pub fn is_none(&self) -> bool {
        self.seq == 0
    }

    /// What was said last about a purpose, on whatever channel.
    pub fn latest(&self, purpose: &str) -> Option<&ConsentState> {
        self.states.iter().rfind(|state| state.purpose == purpose)
    }

    /// What holds for a purpose on a channel: the last word about it, or about every channel.
    pub fn on_channel(&self, purpose: &str, channel: &str) -> Option<&ConsentState> {
        self.states.iter().rfind(|state| {
            state.purpose == purpose && [channel, ALL_CHANNELS].contains(&state.channel.as_str())
        })
    }

    /// Takes an entry over.
    pub fn take(&mut self, entry: &ConsentEntry) {
        let is_same = |state: &ConsentState| {
            (&state.purpose, &state.channel) == (&entry.state.purpose, &entry.state.channel)
        };
        self.states.retain(|state| !is_same(state));
        self.states.push(entry.state.clone());
        self.seq = entry.seq;
        self.hash = entry.hash();
    }
}

/// What `opt_in` says for a status.
pub fn opt_in_of(status: &str) -> Option<bool> {
    match status {
        "opted_in" => Some(true),
        "opted_out" => Some(false),
        _ => None,
    }
}

/// The status that `opt_in` stands for.
pub fn status_of(opt_in: Option<bool>) -> &'static str {
    match opt_in {
        Some(true) => "opted_in",
        Some(false) => "opted_out",
        None => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_counts_by_channel_and_for_all() {
        let mut facts = ConsentFacts::default();
        let mut say = |channel: &str, status: &str| {
            let state = ConsentState {
                purpose: MARKETING.to_owned(),
                channel: channel.to_owned(),
                status: status.to_owned(),
                kind: None,
                date: Timestamp(1),
                source: None,
                basis: None,
                has_evidence: false,
            };
            let entry = ConsentEntry {
                seq: facts.seq + 1,
                id: Uuid::nil(),
                state,
                evidence: None,
                recorded_at: Timestamp(1),
                recorded_by: "user:1".to_owned(),
                previous: facts.hash.clone(),
            };
            facts.take(&entry);
            let on =
                |channel: &str| facts.on_channel(MARKETING, channel).map(|one| one.status.clone());
            (on("phone").unwrap_or_default(), on("email").unwrap_or_default())
        };
        assert_eq!(say("all", "opted_in"), ("opted_in".into(), "opted_in".into()));
        assert_eq!(say("email", "opted_out"), ("opted_in".into(), "opted_out".into()));
        assert_eq!(say("all", "opted_in"), ("opted_in".into(), "opted_in".into()));
        assert_eq!((facts.seq, facts.states.len()), (3, 2));
    }
}
