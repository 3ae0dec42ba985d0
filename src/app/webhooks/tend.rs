//! The background: notes what is to be sent, and sends it. Each webhook has a thread of its own while
//! it sends, so that a dead one costs the others nothing.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use serde_json::json;
use uuid::Uuid;

use super::kept::{self, Delivery, DeliveryState, HookState, MOST_KEPT};
use super::{KIND, TEST_EVENT, keeper, send};
use crate::app::App;
use crate::app::error::Error;
use crate::app::feed::ChangeEvent;
use crate::domain::ids::{ChangeSeq, OrgNumber};
use crate::domain::record::Record;
use crate::domain::time::Timestamp;
use crate::engine::{Error as EngineError, codec, keys};

/// How often it is looked for what is due.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Webhooks that send at once.
const MOST_AT_ONCE: usize = 32;
/// Deliveries that a webhook sends in a row.
const MOST_IN_A_ROW: usize = 100;
/// Acts that are noted at once.
const MOST_NOTED: usize = 500;
/// With so many that wait nothing more is noted: it waits in the journal.
const MOST_WAITING: usize = 500;
/// How long is waited behind each attempt, in seconds; then it is dead.
const PAUSES: [i64; 8] = [5, 30, 120, 600, 3_600, 6 * 3_600, 12 * 3_600, 24 * 3_600];

/// What the background works with.
#[derive(Default)]
pub(in crate::app) struct Tending {
    is_stopping: AtomicBool,
    wake: Mutex<bool>,
    woken: Condvar,
    /// Webhooks that send now.
    sending: Mutex<HashSet<Uuid>>,
    /// How far each was looked through without anything to note.
    reached: Mutex<HashMap<Uuid, u64>>,
}

impl Tending {
    /// Has it looked at once.
    pub(in crate::app) fn wake(&self) {
        *self.wake.lock() = true;
        self.woken.notify_all();
    }
}

impl App {
    /// Sends what happens to webhooks in the background until [`App::stop_webhooks`].
    ///
    /// # Errors
    /// If no thread is left.
    pub fn tend_webhooks(
        self: &Arc<Self>,
        allows_private: bool,
    ) -> std::io::Result<JoinHandle<()>> {
        let app = Arc::clone(self);
        std::thread::Builder::new().name("webhooks".to_owned()).spawn(move || {
            let agent = send::agent(allows_private);
            let mut threads: Vec<JoinHandle<()>> = Vec::new();
            while !app.webhooks.is_stopping.load(Ordering::Relaxed) {
                threads.retain(|thread| !thread.is_finished());
                // One machine sends what happens on all of them.
                let organizations =
                    if app.is_leading() { app.access().organizations() } else { Vec::new() };
                for organization in organizations {
                    if let Err(error) = app.look(organization.number, &agent, &mut threads) {
                        tracing::error!("webhooks cannot be looked after: {error}");
                    }
                }
                let mut wake = app.webhooks.wake.lock();
                if !*wake {
                    app.webhooks.woken.wait_for(&mut wake, LOOK_EVERY);
                }
                *wake = false;
            }
            for thread in threads {
                let _ = thread.join();
            }
        })
    }

    /// Ends the background; what is being sent is waited for.
    pub fn stop_webhooks(&self) {
        self.webhooks.is_stopping.store(true, Ordering::Relaxed);
        self.webhooks.wake();
    }

    /// Notes what is to be sent, and begins to send what is due.
    fn look(
        self: &Arc<Self>,
        org: OrgNumber,
        agent: &ureq::Agent,
        threads: &mut Vec<JoinHandle<()>>,
    ) -> Result<(), Error> {
        for hook in self.active_hooks(org)? {
            let id = hook.head.id;
            if self.webhooks.sending.lock().contains(&id) {
                continue;
            }
            let Some(state) = self.hook_state(org, id)? else { continue };
            self.note_deliveries(org, &hook, state)?;
            let now = self.partition.now();
            let is_due = |one: &Delivery| is_due(one, now);
            let has_work = self.deliveries_of(org, id)?.iter().any(is_due);
            if !has_work || threads.len() >= MOST_AT_ONCE {
                continue;
            }
            self.webhooks.sending.lock().insert(id);
            let (app, agent) = (Arc::clone(self), agent.clone());
            let thread = std::thread::Builder::new().name("webhook".to_owned()).spawn(move || {
                if let Err(error) = app.send_due(org, &hook, &agent) {
                    tracing::error!(webhook = %id, "a webhook cannot send: {error}");
                }
                app.webhooks.sending.lock().remove(&id);
                // There may be more already.
                app.webhooks.wake();
            });
            match thread {
                Ok(thread) => threads.push(thread),
                Err(error) => {
                    self.webhooks.sending.lock().remove(&id);
                    tracing::error!("no thread is left for webhooks: {error}");
                }
            }
        }
        Ok(())
    }

    /// Notes what happened since the last time, as far as it is for this webhook.
    fn note_deliveries(
        &self,
        org: OrgNumber,
        hook: &Record,
        state: HookState,
    ) -> Result<(), Error> {
        let id = hook.head.id;
        let reached = self.webhooks.reached.lock().get(&id).copied().unwrap_or_default();
        let after = ChangeSeq(state.position.max(reached));
        if self.partition.applied_seq() <= after {
            return Ok(());
        }
        let waiting = self.deliveries_of(org, id)?;
        let waiting = waiting.iter().filter(|one| one.state == DeliveryState::Pending).count();
        if waiting >= MOST_WAITING {
            return Ok(());
        }
        let now = self.partition.now();
        let maker = self.access().caller_of_actor(org, &hook.head.created_by, now);
        // Nobody is told anything any more for whom it would be.
        let Some(maker) = maker else { return Ok(()) };
        let wanted = wanted_of(hook);
        let Some(part) = self.partition.acts_after(org, after, MOST_NOTED)? else {
            // Another history, or one that has been let go of: it begins where that is now.
            tracing::warn!(
                webhook = %id,
                "the journal does not reach back to where this webhook was: what came since is not \
                 sent; GET /api/v1/contacts has all there is"
            );
            let position = self.partition.applied_seq().0;
            return self.keep_hook(org, id, &HookState { position, ..state });
        };
        let showing = self.showing(org)?;
        let mut noted = Vec::new();
        for entry in &part.entries {
            for (at, act) in entry.acts.iter().enumerate() {
                let Some(event) = self.event_of(&maker, entry, act, "", &showing)? else {
                    continue;
                };
                if event.is_wanted(&wanted) {
                    noted.push(Delivery {
                        n: state.next + noted.len() as u64,
                        event: event.event.to_owned(),
                        record_id: act.id,
                        state: DeliveryState::Pending,
                        attempts: 0,
                        next_at: Some(now),
                        status: None,
                        error: None,
                        created_at: entry.at,
                        tried_at: None,
                        seq: entry.seq.0,
                        act: at,
                    });
                }
            }
        }
        self.webhooks.reached.lock().insert(id, part.through.0);
        // Its own writes move the journal on as well: a place that only grew is not worth one.
        if noted.is_empty() && part.through.0 - state.position < MOST_KEPT {
            return Ok(());
        }
        let through = part.through.0;
        self.partition.write::<_, Error>(org, &keeper(org), false, move |tx| {
            let Some(bytes) = tx.get(&keys::hook(org, id))? else { return Ok(()) };
            let state: HookState = codec::decode(&bytes).map_err(EngineError::from)?;
            // A test call may have taken a number meanwhile.
            let numbers = state.next..;
            let noted: Vec<Delivery> =
                numbers.zip(&noted).map(|(n, one)| Delivery { n, ..one.clone() }).collect();
            let next = state.next + noted.len() as u64;
            let state = HookState { position: through, next, ..state };
            Ok(kept::put(tx, org, id, state, &noted)?)
        })?;
        Ok(())
    }

    /// Sends what is due, in order.
    fn send_due(&self, org: OrgNumber, hook: &Record, agent: &ureq::Agent) -> Result<(), Error> {
        let id = hook.head.id;
        let Some(state) = self.hook_state(org, id)? else { return Ok(()) };
        let url = hook.values.get("url").and_then(|url| url.as_str()).unwrap_or_default();
        let due = self.deliveries_of(org, id)?;
        let now = self.partition.now();
        for one in due.into_iter().filter(|one| is_due(one, now)).take(MOST_IN_A_ROW) {
            if self.webhooks.is_stopping.load(Ordering::Relaxed) {
                return Ok(());
            }
            let message = format!("msg_{}_{}", id.simple(), one.n);
            let event = self.event_to_send(org, hook, &one)?;
            let sent = match &event {
                Some(event) => {
                    send::send(agent, url, (&message, &state.secret), event, self.partition.now())
                }
                None => Err("there is nothing to tell any more".to_owned()),
            };
            // A test call is made once: whoever makes it looks at what becomes of it.
            let is_repeated = event.is_some() && one.event != TEST_EVENT;
            let after = tried(&one, sent, is_repeated, self.partition.now());
            let has_failed = after.state != DeliveryState::Delivered;
            let n = one.n;
            self.partition.write::<_, Error>(org, &keeper(org), false, move |tx| {
                let key = keys::hook_delivery(org, id, n);
                if tx.get(&key)?.is_some() {
                    tx.put(&key, codec::encode(&after).map_err(EngineError::from)?);
                }
                Ok(())
            })?;
            if has_failed && event.is_some() {
                // What follows would fail as well.
                return Ok(());
            }
        }
        Ok(())
    }

    /// What is to be sent, as its maker sees it now.
    fn event_to_send(
        &self,
        org: OrgNumber,
        hook: &Record,
        one: &Delivery,
    ) -> Result<Option<ChangeEvent>, Error> {
        let now = self.partition.now();
        let maker = self.access().caller_of_actor(org, &hook.head.created_by, now);
        let Some(maker) = maker else { return Ok(None) };
        if one.event == TEST_EVENT {
            return Ok(Some(ChangeEvent {
                id: String::new(),
                event: TEST_EVENT,
                at: one.created_at,
                by: hook.head.created_by.clone(),
                kind: KIND,
                record_id: hook.head.id,
                gone: false,
                merged_into: None,
                data: json!({ "id": hook.head.id, "name": hook.values.get("name") }),
            }));
        }
        let before = ChangeSeq(one.seq.saturating_sub(1));
        let part = self.partition.acts_after(org, before, 1)?.unwrap_or_default();
        let entry = part.entries.iter().find(|entry| entry.seq.0 == one.seq);
        let Some((entry, act)) = entry.and_then(|entry| Some((entry, entry.acts.get(one.act)?)))
        else {
            return Ok(None);
        };
        let showing = self.showing(org)?;
        let place = format!("{}.{}", one.seq, one.act);
        self.event_of(&maker, entry, act, &place, &showing)
    }
}

fn is_due(one: &Delivery, now: Timestamp) -> bool {
    one.state == DeliveryState::Pending && one.next_at.is_none_or(|at| at <= now)
}

fn wanted_of(hook: &Record) -> Vec<String> {
    let events = hook.values.get("events").and_then(|events| events.as_array());
    let names = events.into_iter().flatten().filter_map(|name| name.as_str());
    names.map(str::to_owned).collect()
}

/// A delivery behind an attempt.
fn tried(one: &Delivery, sent: Result<u16, String>, is_repeated: bool, now: Timestamp) -> Delivery {
    let attempts = one.attempts + 1;
    let (status, error) = match sent {
        Ok(status) if (200..300).contains(&status) => (Some(status), None),
        Ok(status) => (Some(status), Some(format!("the answer was {status}"))),
        Err(error) => (None, Some(error.chars().take(300).collect())),
    };
    let pause = usize::try_from(attempts).ok().and_then(|n| PAUSES.get(n - 1));
    let (state, next_at) = match (&error, pause) {
        (None, _) => (DeliveryState::Delivered, None),
        (Some(_), Some(seconds)) if is_repeated => {
            (DeliveryState::Pending, Some(now.plus_ms(seconds * 1_000)))
        }
        (Some(_), _) => (DeliveryState::Dead, None),
    };
    Delivery { attempts, status, error, state, next_at, tried_at: Some(now), ..one.clone() }
}
