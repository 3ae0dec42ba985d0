//! A shared log in a stream of NATS `JetStream`, which replicates it by Raft.
//!
//! One message is one group. Safety is the comparison of the stream's last sequence with the one that
//! a message expects, in one step with appending it; nothing else is relied on. What its clients do
//! not promise is not used: groups are read by sequence (direct get) and never by a consumer, which
//! may begin anew somewhere or skip; an acknowledgement counts only for the place that was meant; and
//! whatever is not an acknowledgement or a clear refusal is unknown, so that the same bytes are sent
//! again to the same place.
//!
//! The history is named in the stream's metadata by whoever creates it. Each message says behind
//! which entry its group stands and where it ends, and its frames carry the hash chain, so another
//! history is found out before anything of it is applied.

mod connect;
mod lease;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::connection::State;
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::{PublishMessage, StreamMessage};
use async_nats::jetstream::stream::{DirectGetErrorKind, Stream};
use async_nats::jetstream::{self, Context};
use async_nats::{Client, HeaderMap};
use futures_util::future::join_all;
use parking_lot::{Condvar, Mutex};
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::shared::{
    Place, SharedAppended, SharedError, SharedGroup, SharedLog, SharedNode, SharedTail,
};
use super::{Chain, EncodedGroup};
use crate::domain::ids::ChangeSeq;
use crate::vault::Sealer;

pub use connect::JetStreamOptions;

/// How long the log is waited for: an acknowledgement, or a message.
const ANSWER: Duration = Duration::from_secs(2);
/// How long a single message is waited for, which may be large and the line slow.
const LONG_ANSWER: Duration = Duration::from_secs(30);
/// Messages that are asked for at once.
const AT_ONCE: u64 = 16;
/// What a message takes besides its frames, at most.
const MESSAGE_MARGIN: usize = 16 << 10;
/// The entry behind which a group stands.
const AFTER: &str = "Ringdex-After";
/// The last entry of a group.
const LAST: &str = "Ringdex-Last";
/// What the group is called.
const ID: &str = "Nats-Msg-Id";
/// The frames of a group are sealed.
const SEALED: &str = "Ringdex-Sealed";
/// Refusals that the server decides on before it offers a message to the others: it lacks resources,
/// has no `JetStream`, the message is too large. After all others the message may be there.
const CERTAIN_REFUSALS: [u64; 3] = [10_023, 10_039, 10_054];

/// What is known of the log without asking it.
#[derive(Debug, Default)]
struct Seen {
    /// The last place that something was heard of, here or from others.
    place: u64,
    /// The last group that was asked for.
    tail: SharedTail,
    /// What this machine has, as it tells others.
    own: SharedTail,
}

/// What the log and its background work share.
#[derive(Debug, Default)]
struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
    lease: Mutex<lease::Lease>,
}

impl Shared {
    fn hear(&self, place: u64) {
        let mut seen = self.seen.lock();
        if place > seen.place {
            seen.place = place;
            self.changed.notify_all();
        }
    }

    fn note_own(&self, own: SharedTail) {
        let mut seen = self.seen.lock();
        seen.own = own;
        seen.place = seen.place.max(own.place.0);
    }
}

/// A stream of `JetStream` as a shared log.
pub struct JetStreamLog {
    /// Runs what talks to the servers; gone only while this is dropped.
    runtime: Option<Runtime>,
    client: Client,
    context: Context,
    stream: Stream<()>,
    options: JetStreamOptions,
    incarnation: Uuid,
    /// The entry that the stream begins behind.
    base: (ChangeSeq, Chain),
    most_bytes: usize,
    sealer: Option<Sealer>,
    shared: Arc<Shared>,
}

impl fmt::Debug for JetStreamLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JetStreamLog").field("options", &self.options).finish_non_exhaustive()
    }
}

impl JetStreamLog {
    /// Runs something that talks to the servers and waits for it, whatever thread this is.
    fn ask<T: Send + 'static>(
        &self,
        what: impl Future<Output = T> + Send + 'static,
        at_most: Duration,
    ) -> Result<T, SharedError> {
        let silent = || SharedError::Unreachable("no answer in time".to_owned());
        let Some(runtime) = &self.runtime else { return Err(silent()) };
        let (reply, answer) = crossbeam_channel::bounded(1);
        runtime.spawn(async move {
            let _ = reply.send(what.await);
        });
        answer.recv_timeout(at_most).map_err(|_timeout| silent())
    }

    fn check_connected(&self) -> Result<(), SharedError> {
        match self.client.connection_state() {
            State::Connected => Ok(()),
            State::Pending | State::Disconnected => {
                let servers = self.options.servers.join(", ");
                Err(SharedError::Unreachable(format!("not connected to {servers}")))
            }
        }
    }

    fn subject(&self) -> String {
        self.options.subject("log")
    }

    /// The sequences of the first and the last message.
    fn ends(&self) -> Result<(u64, u64), SharedError> {
        self.check_connected()?;
        let stream = self.stream.clone();
        let info = self.ask(async move { stream.get_info().await }, ANSWER)?;
        let info = info.map_err(|error| SharedError::Unreachable(error.to_string()))?;
        Ok((info.state.first_sequence, info.state.last_sequence))
    }

    /// One message; `None` if there is none with that sequence on the server that answered.
    fn message(&self, sequence: u64) -> Result<Option<StreamMessage>, SharedError> {
        let stream = self.stream.clone();
        let got = self.ask(async move { stream.direct_get(sequence).await }, ANSWER)?;
        match got {
            Ok(message) => Ok(Some(message)),
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
            Err(error) => Err(SharedError::Unreachable(error.to_string())),
        }
    }

    /// A message that must be there: other servers may not have it yet.
    fn known_message(&self, sequence: u64) -> Result<StreamMessage, SharedError> {
        let begun = Instant::now();
        loop {
            if let Some(message) = self.message(sequence)? {
                return Ok(message);
            }
            if begun.elapsed() > ANSWER {
                return Err(SharedError::Unreachable(format!("message {sequence} does not come")));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn group_of(&self, message: &StreamMessage) -> Result<SharedGroup, SharedError> {
        let place = message.sequence;
        let unfit = |what: &str| {
            SharedError::Unfit(format!(
                "message {place} of stream {} {what}: something else writes there, or another \
                 version",
                self.options.stream_name()
            ))
        };
        let number = |name| header(&message.headers, name).and_then(|text| text.parse().ok());
        let (Some(after), Some(last)) = (number(AFTER), number(LAST)) else {
            return Err(unfit("does not say which entries it holds"));
        };
        let id = header(&message.headers, ID).and_then(|id| Uuid::parse_str(id).ok());
        let id = id.ok_or_else(|| unfit("has no name"))?;
        let is_sealed = header(&message.headers, SEALED).is_some();
        let bytes = match (&self.sealer, is_sealed) {
            (None, false) => message.payload.to_vec(),
            (Some(sealer), true) => sealer
                .open(&self.place_name(after), &message.payload)
                .map_err(|_broken| unfit("is sealed with another key or was changed"))?,
            (None, true) => {
                return Err(unfit("is sealed, and this machine was started without a key"));
            }
            (Some(_), false) => {
                return Err(unfit("is not sealed, and this machine was started with a key"));
            }
        };
        let group = EncodedGroup { after: ChangeSeq(after), last: ChangeSeq(last), bytes };
        Ok(SharedGroup { place: Place(place), id, group })
    }

    /// What sealed frames are bound to.
    fn place_name(&self, after: u64) -> Vec<u8> {
        [self.incarnation.as_bytes().as_slice(), &after.to_be_bytes()].concat()
    }

    fn publish(&self, behind: Place, id: Uuid, group: &EncodedGroup) -> Option<PublishMessage> {
        let mut headers = HeaderMap::new();
        headers.insert(AFTER, group.after.0.to_string());
        headers.insert(LAST, group.last.0.to_string());
        let payload = match &self.sealer {
            None => group.bytes.clone(),
            Some(sealer) => {
                headers.insert(SEALED, "1");
                sealer.seal(&self.place_name(group.after.0), &group.bytes).ok()?
            }
        };
        let message = PublishMessage::build().headers(headers).payload(payload.into());
        Some(message.expected_last_sequence(behind.0).message_id(id.to_string()))
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(async_nats::HeaderValue::as_str)
}

/// What a failed publication means.
fn outcome_of(error: &jetstream::context::PublishError) -> Result<SharedAppended, SharedError> {
    let refusal = std::error::Error::source(error)
        .and_then(|source| source.downcast_ref::<jetstream::Error>());
    match error.kind() {
        PublishErrorKind::WrongLastSequence => Ok(SharedAppended::Conflict),
        PublishErrorKind::StreamNotFound => Err(SharedError::Unreachable(
            "the stream of the cluster is not there, or its servers have no majority".to_owned(),
        )),
        PublishErrorKind::MaxPayloadExceeded => Err(SharedError::Unreachable(error.to_string())),
        PublishErrorKind::Other
            if refusal.is_some_and(|told| CERTAIN_REFUSALS.contains(&told.error_code().0)) =>
        {
            Err(SharedError::Unreachable(
                refusal.map_or_else(|| error.to_string(), ToString::to_string),
            ))
        }
        PublishErrorKind::WrongLastMessageId
        | PublishErrorKind::TimedOut
        | PublishErrorKind::BrokenPipe
        | PublishErrorKind::MaxAckPending
        | PublishErrorKind::Other => Ok(SharedAppended::Unknown),
    }
}

impl SharedLog for JetStreamLog {
    fn incarnation(&self) -> Uuid {
        self.incarnation
    }

    fn base(&self) -> (ChangeSeq, Chain) {
        self.base
    }

    fn note_applied(&self, tail: SharedTail) {
        self.shared.note_own(tail);
    }

    fn append(
        &self,
        behind: Place,
        id: Uuid,
        group: &EncodedGroup,
    ) -> Result<SharedAppended, SharedError> {
        // A client without a connection keeps messages to send them later.
        self.check_connected()?;
        let Some(message) = self.publish(behind, id, group) else {
            return Err(SharedError::Unfit("a group cannot be sealed".to_owned()));
        };
        let (context, client) = (self.context.clone(), self.client.clone());
        let (subject, announcing) = (self.subject(), self.options.subject("at"));
        let sent = self.ask(
            async move {
                let ack = context.send_publish(subject, message).await?.await?;
                let place = ack.sequence.to_string();
                // Others wake up at once; without it they look from time to time.
                let _ = client.publish(announcing, place.into()).await;
                Ok(ack)
            },
            ANSWER * 2,
        );
        let ack = match sent {
            Err(_silent) => return Ok(SharedAppended::Unknown),
            Ok(Err(error)) => return outcome_of(&error),
            Ok(Ok(ack)) => ack,
        };
        if ack.sequence != behind.0 + 1 {
            // One that was sent before, if it is a duplicate; whoever reads finds out.
            return Ok(SharedAppended::Unknown);
        }
        Ok(SharedAppended::At(Place(ack.sequence)))
    }

    fn read(&self, behind: Place, most_bytes: usize) -> Result<Vec<SharedGroup>, SharedError> {
        self.check_connected()?;
        let mut groups: Vec<SharedGroup> = Vec::new();
        let mut bytes = 0;
        let mut at_once = AT_ONCE;
        while bytes < most_bytes {
            let next = behind.0 + 1 + groups.len() as u64;
            let known = self.shared.seen.lock().place;
            let count = known.saturating_sub(next - 1).clamp(1, at_once);
            let stream = self.stream.clone();
            let got = self.ask(
                async move {
                    let one = |sequence| stream.direct_get(sequence);
                    join_all((next..next + count).map(one)).await
                },
                if count == 1 { LONG_ANSWER } else { ANSWER },
            );
            let got = match got {
                Ok(got) => got,
                // A slow line: one after the other, and what has come is not thrown away.
                Err(_) if count > 1 => {
                    at_once = 1;
                    continue;
                }
                Err(_) if !groups.is_empty() => break,
                Err(error) => return Err(error),
            };
            let mut is_end = false;
            for message in got {
                match message {
                    Ok(message) if bytes < most_bytes => {
                        let group = self.group_of(&message)?;
                        bytes += group.group.bytes.len();
                        self.shared.hear(group.place.0);
                        groups.push(group);
                    }
                    Ok(_) => {}
                    Err(error) if error.kind() == DirectGetErrorKind::NotFound => {
                        is_end = true;
                        break;
                    }
                    Err(_) if !groups.is_empty() => {
                        is_end = true;
                        break;
                    }
                    Err(error) => return Err(SharedError::Unreachable(error.to_string())),
                }
            }
            if is_end {
                break;
            }
        }
        if groups.is_empty() && self.shared.seen.lock().place > behind.0 {
            let (first, _) = self.ends()?;
            if first > behind.0 + 1 {
                return Err(gone(first, behind));
            }
        }
        Ok(groups)
    }

    fn place_of(&self, tail: ChangeSeq) -> Result<Place, SharedError> {
        let (first, last) = self.ends()?;
        self.shared.hear(last);
        if last == 0 {
            return Ok(Place(0));
        }
        if first > last {
            return Err(SharedError::Unfit(format!(
                "stream {} has let go of all its messages: restore a backup of another machine here",
                self.options.stream_name()
            )));
        }
        let end_of = |sequence| self.group_of(&self.known_message(sequence)?);
        // The last message that holds nothing behind the tail, by halving.
        let (mut low, mut high) = (first, last + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if end_of(middle)?.group.last <= tail { low = middle + 1 } else { high = middle }
        }
        let place = Place(low - 1);
        if low > last {
            let end = end_of(last)?.group.last;
            if end < tail {
                return Err(SharedError::Unfit(format!(
                    "it ends at entry {end}, and this machine has entries up to {tail}: it has lost \
                     what was acknowledged. Stop the cluster, and start a new one from this directory"
                )));
            }
        } else if end_of(low)?.group.after > tail {
            return Err(gone(low, place));
        }
        Ok(place)
    }

    fn tail(&self) -> Result<SharedTail, SharedError> {
        let (_, last) = self.ends()?;
        self.shared.hear(last);
        {
            let seen = self.shared.seen.lock();
            if let Some(known) = [seen.tail, seen.own].into_iter().find(|at| at.place.0 == last) {
                return Ok(known);
            }
        }
        let group = self.group_of(&self.known_message(last)?)?;
        let tail = SharedTail { place: Place(last), last: group.group.last };
        self.shared.seen.lock().tail = tail;
        Ok(tail)
    }

    fn wait(&self, behind: Place, at_most: Duration) {
        let deadline = Instant::now() + at_most;
        let mut seen = self.shared.seen.lock();
        while seen.place <= behind.0 {
            if self.shared.changed.wait_until(&mut seen, deadline).timed_out() {
                break;
            }
        }
    }

    fn most_bytes(&self) -> usize {
        self.most_bytes
    }

    fn is_leading(&self) -> bool {
        self.shared.lease.lock().is_held()
    }

    fn leader(&self) -> Option<String> {
        self.shared.lease.lock().holder()
    }

    fn nodes(&self) -> Result<Vec<SharedNode>, SharedError> {
        self.check_connected()?;
        let (context, bucket) = (self.context.clone(), self.options.bucket_name());
        self.ask(lease::nodes(context, bucket), ANSWER)?
    }
}

/// What follows is not kept any more.
fn gone(first: u64, behind: Place) -> SharedError {
    SharedError::Unfit(format!(
        "it has let go of what follows message {behind} (it goes on at {first}): restore a backup of \
         another machine into an empty directory, and start with that",
        behind = behind.0
    ))
}

impl Drop for JetStreamLog {
    fn drop(&mut self) {
        if self.is_leading() {
            // Somebody else need not wait until the lease has run out.
            let (context, bucket) = (self.context.clone(), self.options.bucket_name());
            let _ = self.ask(lease::give_back(context, bucket), Duration::from_millis(500));
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
