//! What is kept of a webhook and of what it sends.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::App;
use super::super::error::Error;
use crate::domain::ids::OrgNumber;
use crate::domain::time::Timestamp;
use crate::engine::{Error as EngineError, Tx, codec, keys};

/// Deliveries of a webhook that are kept.
pub(super) const MOST_KEPT: u64 = 1_000;

/// The secret of a webhook, and how far it is.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct HookState {
    pub(super) secret: [u8; 32],
    /// What happened up to here is noted.
    pub(super) position: u64,
    /// The number of the next delivery.
    pub(super) next: u64,
}

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is to be sent.
    Pending,
    /// It arrived.
    Delivered,
    /// It was tried as often as it is; a replay tries again.
    Dead,
}

impl DeliveryState {
    /// Reads a state by its name.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "pending" => Self::Pending,
            "delivered" => Self::Delivered,
            "dead" => Self::Dead,
            _ => return None,
        })
    }
}

/// Something that is sent, without its values.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// Its number.
    pub n: u64,
    /// What happened.
    pub event: String,
    /// To which record.
    pub record_id: Uuid,
    /// How it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub next_at: Option<Timestamp>,
    /// What the other side answered last.
    pub status: Option<u16>,
    /// What went wrong last.
    pub error: Option<String>,
    /// When it happened.
    pub created_at: Timestamp,
    /// When it was tried last.
    pub tried_at: Option<Timestamp>,
    /// Where in the journal it stands.
    pub seq: u64,
    /// Which act of that entry it is.
    pub act: usize,
}

/// A page of deliveries.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the members are those of every list")]
pub struct DeliveryPage {
    pub total: usize,
    pub total_exact: bool,
    pub page: usize,
    pub per_page: usize,
    pub items: Vec<Delivery>,
}

/// Writes down how far a webhook is, and what it is to send; the oldest of that goes.
pub(super) fn put(
    tx: &mut Tx<'_>,
    org: OrgNumber,
    id: Uuid,
    state: HookState,
    noted: &[Delivery],
) -> Result<(), EngineError> {
    tx.put(&keys::hook(org, id), codec::encode(&state)?);
    for one in noted {
        tx.put(&keys::hook_delivery(org, id, one.n), codec::encode(one)?);
        if let Some(old) = one.n.checked_sub(MOST_KEPT) {
            tx.delete(&keys::hook_delivery(org, id, old));
        }
    }
    Ok(())
}

impl App {
    /// What is kept of a webhook.
    pub(super) fn hook_state(&self, org: OrgNumber, id: Uuid) -> Result<Option<HookState>, Error> {
        let Some(bytes) = self.partition.get(&keys::hook(org, id))? else { return Ok(None) };
        Ok(Some(codec::decode(&bytes).map_err(EngineError::from)?))
    }

    /// All deliveries of a webhook that are kept, the oldest first.
    pub(super) fn deliveries_of(&self, org: OrgNumber, id: Uuid) -> Result<Vec<Delivery>, Error> {
        let prefix = keys::hook(org, id);
        let mut all = Vec::new();
        for entry in self.partition.scan(&prefix) {
            let (key, value) = entry?;
            if key.len() > prefix.len() {
                all.push(codec::decode(&value).map_err(EngineError::from)?);
            }
        }
        Ok(all)
    }
}
