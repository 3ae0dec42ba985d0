//! Webhooks: what happens is sent to other systems, signed, again and again until it arrives.
//!
//! A webhook acts for who made it, and is told what the change feed tells that person now. What is to
//! be sent is noted beside it (`Z`), without the values: these are read when it is sent.

mod address;
mod kept;
mod send;
mod tend;

pub use address::is_public;
pub use kept::{Delivery, DeliveryPage, DeliveryState};
pub(super) use tend::Tending;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use uuid::Uuid;

use super::error::{Error, Noun};
use super::records::RecordView;
use super::{App, authorize};
use crate::domain::access::{Caller, Permission};
use crate::domain::ids::OrgNumber;
use crate::domain::record::{AnyKind, Record, kind_by_name};
use crate::engine::{Error as EngineError, Rejected, codec, keys};
use kept::HookState;

/// The name of the kind.
const KIND: &str = "webhook";
/// What is told by a call that only tries whether one arrives.
const TEST_EVENT: &str = "webhook.test";
/// Deliveries of a page, at most.
const MOST_PER_PAGE: usize = 1_000;

fn webhooks() -> Result<&'static dyn AnyKind, Error> {
    kind_by_name(KIND).ok_or_else(|| Error::WriteFailed("there are no webhooks".to_owned()))
}

/// Who writes down what becomes of deliveries.
fn keeper(org: OrgNumber) -> Caller {
    Caller::operator(org, "webhooks")
}

impl App {
    /// Gives a webhook that was just made its secret, which is shown in this answer and never again.
    pub(super) fn begin_webhook(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        made: &mut RecordView,
    ) -> Result<(), Error> {
        if kind.info().name != KIND {
            return Ok(());
        }
        let org = caller.organization;
        let position = self.partition.applied_seq();
        let state = HookState { secret: rand::random(), position: position.0, next: 1 };
        self.keep_hook(org, made.id, &state)?;
        made.json["secret"] = json!(format!("whsec_{}", STANDARD.encode(state.secret)));
        self.webhooks.wake();
        Ok(())
    }

    fn keep_hook(&self, org: OrgNumber, id: Uuid, state: &HookState) -> Result<(), Error> {
        let bytes = codec::encode(state).map_err(EngineError::from)?;
        self.partition.write::<_, Error>(org, &keeper(org), false, move |tx| {
            tx.put(&keys::hook(org, id), bytes.clone());
            Ok(())
        })?;
        Ok(())
    }

    /// A webhook that the caller may see.
    fn seen_hook(&self, caller: &Caller, id: Uuid) -> Result<RecordView, Error> {
        authorize(caller, Permission::ManageSettings)?;
        self.find_record(caller, webhooks()?, id)
    }

    /// What was sent and is to be sent by a webhook, the newest first.
    ///
    /// # Errors
    /// If there is none for this caller.
    pub fn list_deliveries(
        &self,
        caller: &Caller,
        id: Uuid,
        state: Option<DeliveryState>,
        (page, per_page): (Option<usize>, Option<usize>),
    ) -> Result<DeliveryPage, Error> {
        self.seen_hook(caller, id)?;
        let mut all = self.deliveries_of(caller.organization, id)?;
        all.retain(|one| state.is_none_or(|state| one.state == state));
        all.reverse();
        let per_page = per_page.unwrap_or(50).clamp(1, MOST_PER_PAGE);
        let page = page.unwrap_or(1).max(1);
        let total = all.len();
        let skipped = (page - 1).saturating_mul(per_page);
        let items = all.into_iter().skip(skipped).take(per_page).collect();
        Ok(DeliveryPage { total, total_exact: true, page, per_page, items })
    }

    /// Sends something again, at once.
    ///
    /// # Errors
    /// If there is no such delivery for this caller.
    pub fn replay_delivery(&self, caller: &Caller, id: Uuid, n: u64) -> Result<Delivery, Error> {
        self.seen_hook(caller, id)?;
        let (org, now) = (caller.organization, self.partition.now());
        let written = self.partition.write::<_, Error>(org, caller, false, move |tx| {
            let key = keys::hook_delivery(org, id, n);
            let Some(bytes) = tx.get(&key)? else {
                return Err(Rejected::By(Error::NotFound(Noun::Record("delivery"))));
            };
            let known: Delivery = codec::decode(&bytes).map_err(EngineError::from)?;
            let again = Delivery {
                state: DeliveryState::Pending,
                attempts: 0,
                next_at: Some(now),
                ..known
            };
            tx.put(&key, codec::encode(&again).map_err(EngineError::from)?);
            Ok(again)
        })?;
        self.webhooks.wake();
        Ok(written.value)
    }

    /// Sends a call that tells nothing but that it is one, once: whether it arrives is seen in the list
    /// of what was sent.
    ///
    /// # Errors
    /// If there is no such webhook for this caller, it is not active, or one is on its way already.
    pub fn test_webhook(&self, caller: &Caller, id: Uuid) -> Result<Delivery, Error> {
        let seen = self.seen_hook(caller, id)?;
        if seen.json["active"] != json!(true) {
            let why = "a webhook that is not active sends nothing: make it active first";
            return Err(Error::ImpossibleStep(why.to_owned()));
        }
        let (org, now) = (caller.organization, self.partition.now());
        let is_under_way =
            |one: &Delivery| one.event == TEST_EVENT && one.state == DeliveryState::Pending;
        if self.deliveries_of(org, id)?.iter().any(is_under_way) {
            let why = "a test call is on its way already: look at what became of it first";
            return Err(Error::ImpossibleStep(why.to_owned()));
        }
        let written = self.partition.write::<_, Error>(org, caller, false, move |tx| {
            let key = keys::hook(org, id);
            let Some(bytes) = tx.get(&key)? else {
                return Err(Rejected::By(Error::NotFound(Noun::Record(KIND))));
            };
            let state: HookState = codec::decode(&bytes).map_err(EngineError::from)?;
            let one = Delivery {
                n: state.next,
                event: TEST_EVENT.to_owned(),
                record_id: id,
                state: DeliveryState::Pending,
                attempts: 0,
                next_at: Some(now),
                status: None,
                error: None,
                created_at: now,
                tried_at: None,
                seq: 0,
                act: 0,
            };
            kept::put(
                tx,
                org,
                id,
                HookState { next: state.next + 1, ..state },
                std::slice::from_ref(&one),
            )?;
            Ok(one)
        })?;
        self.webhooks.wake();
        Ok(written.value)
    }

    /// All webhooks of an organisation that are to send.
    fn active_hooks(&self, org: OrgNumber) -> Result<Vec<Record>, Error> {
        let number = webhooks()?.info().number;
        let all: Result<Vec<Record>, EngineError> =
            self.partition.records_back(org, number).collect();
        let is_active = |hook: &Record| {
            hook.head.deleted_at.is_none() && hook.values.get("active") == Some(&json!(true))
        };
        Ok(all?.into_iter().filter(is_active).collect())
    }
}
