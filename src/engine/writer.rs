//! The one writer thread: runs closures, groups them, appends, applies, acknowledges.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::applier::{Applier, NotApplied, as_change};
use super::cluster::{Agreed, Cluster, NotAgreed};
use super::error::{Error, Rejected};
use super::health::Health;
use super::image::is_of_image;
use super::room::{Room, Shortage};
use super::scores::Scorer;
use super::tx::{ContactChange, GroupView, Numbers, Overlay, Parts, Tx, UsageDelta, Usages};
use crate::domain::access::Caller;
use crate::domain::ids::{ChangeSeq, OrgNumber};
use crate::domain::time::Clock;
use crate::journal::{self, FileJournal, Journal, MAX_BODY_BYTES, NewEntry, Op};
use crate::store::fault::crash_point;

/// Most writes that share one sync.
const GROUP_WRITES: usize = 256;
/// A group is closed when its values have this many bytes.
const GROUP_BYTES: usize = 8 << 20;
/// What an operation takes in the journal besides key and value, at most.
const OP_OVERHEAD: usize = 32;

/// A write that waits for its turn. It may run more than once.
pub(super) trait Job: Send {
    /// Runs the closure; whether it wants its changes kept.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Tells the caller.
    fn finish(self: Box<Self>, outcome: Result<ChangeSeq, Error>);
}

/// Who makes a write and from where, for journal and audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The user or token.
    pub actor: Arc<str>,
    /// Where the request comes from, if over the network.
    pub address: Option<IpAddr>,
}

impl From<&str> for Origin {
    fn from(actor: &str) -> Self {
        Self { actor: actor.into(), address: None }
    }
}

impl From<&Caller> for Origin {
    fn from(caller: &Caller) -> Self {
        Self { actor: Arc::clone(&caller.actor), address: caller.address }
    }
}

/// A job with what the journal notes about it.
pub(super) struct Request {
    pub(super) job: Box<dyn Job>,
    pub(super) org: OrgNumber,
    pub(super) origin: Origin,
    pub(super) needs: Needs,
}

/// What must have been applied before a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// Nothing: it sees what the group has changed.
    Nothing,
    /// Changes of contacts, for the closure reads the lookup table.
    Lookup,
    /// Everything, for the closure goes over the store itself.
    Store,
    /// Everything, and what other machines of the cluster have written until now.
    Others,
}

/// A job made of a closure.
struct ClosureJob<F, T, E> {
    run: F,
    outcome: Option<Result<T, Rejected<E>>>,
    reply: Sender<Result<(T, ChangeSeq), Rejected<E>>>,
}

impl<F, T, E> Job for ClosureJob<F, T, E>
where
    F: FnMut(&mut Tx<'_>) -> Result<T, Rejected<E>> + Send,
    T: Send,
    E: Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let outcome = (self.run)(tx);
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn finish(self: Box<Self>, outcome: Result<ChangeSeq, Error>) {
        let answer = match (outcome, self.outcome) {
            (Err(error), _) => Err(Rejected::Engine(error)),
            (Ok(_), None) => Err(Rejected::Engine(Error::Closed)),
            (Ok(_), Some(Err(rejected))) => Err(rejected),
            (Ok(seq), Some(Ok(value))) => Ok((value, seq)),
        };
        // A caller that has gone away does not want to know.
        let _ = self.reply.send(answer);
    }
}

/// The answer that a write will have.
pub(super) type Reply<T, E> = Receiver<Result<(T, ChangeSeq), Rejected<E>>>;

/// Makes a job of a closure.
pub(super) fn job<T, E>(
    run: impl FnMut(&mut Tx<'_>) -> Result<T, Rejected<E>> + Send + 'static,
) -> (Box<dyn Job>, Reply<T, E>)
where
    T: Send + 'static,
    E: Send + 'static,
{
    let (reply, answer) = bounded(1);
    (Box::new(ClosureJob { run, outcome: None, reply }), answer)
}

/// What a write answers.
#[derive(Clone, Copy, Debug)]
pub struct Written<T> {
    /// What the closure gave back.
    pub value: T,
    /// The sequence that covers the write.
    pub seq: ChangeSeq,
}

/// A write that is on its way.
pub struct PendingWrite<T, E>(pub(super) Reply<T, E>);

impl<T, E> PendingWrite<T, E> {
    /// Waits until it is durable and readable.
    ///
    /// # Errors
    /// What the closure said, or that the engine is shutting down.
    pub fn wait(self) -> Result<Written<T>, Rejected<E>> {
        match self.0.recv() {
            Ok(Ok((value, seq))) => Ok(Written { value, seq }),
            Ok(Err(rejected)) => Err(rejected),
            Err(_) => Err(Rejected::Engine(Error::Closed)),
        }
    }
}

/// What the writer thread works with.
pub(super) struct Writer {
    pub(super) journal: Arc<FileJournal>,
    pub(super) applier: Applier,
    /// The log that decides the order of writes, where there are several machines.
    pub(super) cluster: Option<Cluster>,
    pub(super) health: Arc<Health>,
    pub(super) scorer: Option<Arc<dyn Scorer>>,
    pub(super) clock: Clock,
    pub(super) numbers: Numbers,
    pub(super) usages: Usages,
    /// The last change of contacts that another machine has made.
    pub(super) others: ChangeSeq,
    pub(super) room: Arc<Room>,
}

#[derive(Default)]
pub(super) struct Group {
    /// Requests that have run, in order.
    pub(super) done: Vec<Request>,
    pub(super) entries: Vec<NewEntry>,
    changes: Vec<ContactChange>,
    overlay: Overlay,
    bytes: usize,
    /// What has to be taken back if the group cannot be written.
    numbers_before: Option<Numbers>,
    deltas: Vec<(u32, UsageDelta)>,
}

impl Group {
    fn must_be_written_for(&self, needs: Needs) -> bool {
        match needs {
            Needs::Nothing => false,
            Needs::Lookup => !self.changes.is_empty(),
            Needs::Store => !self.entries.is_empty(),
            Needs::Others => !self.done.is_empty(),
        }
    }
}

impl Writer {
    /// Serves requests until nobody can send any more.
    pub(super) fn run(mut self, requests: &Receiver<Request>) {
        // What has to wait for the group before it, or to run again.
        let mut waiting: VecDeque<Request> = VecDeque::new();
        while let Some(first) = waiting.pop_front().or_else(|| requests.recv().ok()) {
            let mut group = Group::default();
            let mut next = Some(first);
            while let Some(request) = next {
                if group.must_be_written_for(request.needs) {
                    waiting.push_front(request);
                    break;
                }
                self.execute(request, &mut group);
                next = (group.done.len() < GROUP_WRITES && group.bytes < self.group_bytes())
                    .then(|| waiting.pop_front().or_else(|| requests.try_recv().ok()))
                    .flatten();
            }
            for again in self.commit(group).into_iter().rev() {
                waiting.push_front(again);
            }
        }
    }

    /// A group is closed when its values have so many bytes.
    fn group_bytes(&self) -> usize {
        self.cluster
            .as_ref()
            .map_or(GROUP_BYTES, |cluster| GROUP_BYTES.min(cluster.most_bytes() / 4))
    }

    fn execute(&mut self, mut request: Request, group: &mut Group) {
        if let Some(reason) = self.health.writes_stopped() {
            request.job.finish(Err(Error::WritesStopped(reason.to_owned())));
            return;
        }
        if request.needs == Needs::Others
            && let Err(error) = self.follow_others()
        {
            request.job.finish(Err(error));
            return;
        }
        let view = GroupView { entries: &group.entries, overlay: &group.overlay };
        let scoring = (self.scorer.as_deref(), self.clock.now());
        let mut tx =
            Tx::new(&self.applier.store, view, self.numbers, &self.usages, self.others, scoring);
        let ran = catch_unwind(AssertUnwindSafe(|| request.job.run(&mut tx)));
        let Ok(keep) = ran else {
            // One caller's trouble; nothing of its write was kept.
            request.job.finish(Err(Error::Defect("a write")));
            return;
        };
        let at = self.clock.now();
        if keep && let Err(error) = tx.seal_audit(request.org, at, &request.origin) {
            request.job.finish(Err(error));
            return;
        }
        let Parts { ops, mut changes, own, numbers, deltas } = tx.into_parts();
        if keep {
            let limit = self.cluster.as_ref().map_or(MAX_BODY_BYTES, Cluster::most_entry_bytes);
            if let Err(error) = check_size(&ops, &request.origin.actor, limit) {
                request.job.finish(Err(error));
                return;
            }
            group.numbers_before.get_or_insert(self.numbers);
            self.numbers = numbers;
            for (org, delta) in deltas {
                self.usages.entry(org).or_default().add(delta);
                group.deltas.push((org, delta));
            }
            if !ops.is_empty() {
                group.bytes += ops.iter().map(op_bytes).sum::<usize>();
                group.overlay.add(group.entries.len(), own);
                group.changes.append(&mut changes);
                group.entries.push(NewEntry {
                    at,
                    organization: request.org,
                    actor: request.origin.actor.as_ref().to_owned(),
                    tx: uuid::Uuid::now_v7().as_u128(),
                    ops,
                });
            }
        }
        group.done.push(request);
    }

    /// Makes a group durable, then readable, then known to its callers; answers requests that have
    /// to run again, since another machine wrote first.
    fn commit(&mut self, group: Group) -> Vec<Request> {
        if group.entries.is_empty() {
            let seq = self.journal.tail();
            finish(group, seq);
            return Vec::new();
        }
        if let Err(shortage) = self.room.check(group.bytes) {
            self.refuse(group, || shortage.error());
            return Vec::new();
        }
        match self.agree(&group) {
            Ok(Agreed::Ours) => {}
            Ok(Agreed::Others(groups)) => return self.give_way(group, groups),
            Err(error) => {
                if let NotAgreed::Unfit(reason) = &error {
                    self.health.stop_writes(reason);
                }
                self.refuse(group, move || error.clone().into());
                return Vec::new();
            }
        }
        let is_agreed = self.cluster.is_some();
        let seq = match self.journal.append_agreed(self.journal.tail(), &group.entries) {
            Ok(seq) => seq,
            // It is the cluster's already, and is taken over from there when there is room.
            Err(error) if is_agreed && error.is_no_room() => {
                if let Some(cluster) = &mut self.cluster {
                    cluster.forget_place();
                }
                self.refuse(group, || Error::OutcomeUnknown);
                return Vec::new();
            }
            // Or at the next start.
            Err(error) if is_agreed => {
                abort_process(&format!("the journal cannot be written: {}", causes(&error)))
            }
            // Nothing is at stake but what is not acknowledged, and what is there can be read.
            Err(error @ journal::Error::Displaced { .. }) => {
                self.stop(group, &error.to_string());
                return Vec::new();
            }
            Err(error) if error.is_no_room() => {
                let path = self.journal.directory().to_owned();
                let needed = group.bytes as u64;
                let shortage = Shortage { path, free: 0, needed };
                self.refuse(group, || shortage.error());
                return Vec::new();
            }
            Err(error) => {
                abort_process(&format!("the journal cannot be written: {}", causes(&error)))
            }
        };
        crash_point("writer.journalled");
        // An image repeats what the store has.
        let changing = group.entries.iter().filter(|entry| !is_of_image(entry));
        let writes = changing.map(|entry| entry.ops.as_slice()).collect();
        self.take_over(writes, &group.changes, seq);
        finish(group, seq);
        Vec::new()
    }

    /// Applies what is in the journal.
    pub(super) fn take_over(&self, writes: Vec<&[Op]>, changes: &[ContactChange], seq: ChangeSeq) {
        let says = self.image_says(&writes);
        match self.applier.apply(writes, changes, seq) {
            Ok(()) => self.mark_image(says),
            Err(NotApplied::Store(error)) => {
                abort_process(&format!("the store cannot be written: {}", causes(&error)))
            }
            Err(NotApplied::Projection(error)) => abort_process(&format!(
                "what follows from writes cannot be read: {}",
                causes(&error)
            )),
        }
    }

    /// Takes back what a group has used up that is not written, and gives its requests back.
    pub(super) fn take_back(&mut self, group: Group) -> Vec<Request> {
        if let Some(numbers) = group.numbers_before {
            // What others have reserved meanwhile stays reserved.
            self.numbers = Numbers { known: numbers.known.max(self.numbers.known), ..numbers };
        }
        for (org, delta) in group.deltas {
            self.usages.entry(org).or_default().add(delta.reversed());
        }
        group.done
    }

    /// Tells those who wait why it was not written; everything is as before the group.
    fn refuse(&mut self, group: Group, error: impl Fn() -> Error) {
        for request in self.take_back(group) {
            request.job.finish(Err(error()));
        }
    }

    /// Writes nothing any more, and tells those who wait.
    fn stop(&self, group: Group, reason: &str) {
        self.health.stop_writes(reason);
        for request in group.done {
            request.job.finish(Err(Error::WritesStopped(reason.to_owned())));
        }
    }
}

/// Tells those who wait that their writes are done.
fn finish(group: Group, seq: ChangeSeq) {
    for request in group.done {
        request.job.finish(Ok(seq));
    }
}

/// Refuses what journal or store would not take: afterwards the process would have to end.
fn check_size(ops: &[Op], actor: &str, limit: usize) -> Result<(), Error> {
    for op in ops {
        as_change(op).check()?;
    }
    let bytes = ops.iter().map(|op| op_bytes(op) + OP_OVERHEAD).sum::<usize>() + actor.len() + 128;
    if bytes > limit {
        return Err(Error::TooLarge { bytes, limit });
    }
    Ok(())
}

fn op_bytes(op: &Op) -> usize {
    match op {
        Op::Put { key, value, .. } => key.len() + value.len(),
        Op::Delete { key } => key.len(),
    }
}

/// An error with everything that led to it.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

/// Runs a thread's work; if it panics the process ends, for without that thread nothing is right.
pub(super) fn abort_on_panic<T>(who: &str, work: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_panic| abort_process(&format!("{who} failed unexpectedly")))
}

/// Ends the process: after a failed write nothing may be acknowledged, and only a restart knows
/// what is on disk.
pub(super) fn abort_process(reason: &str) -> ! {
    tracing::error!("{reason}; ending at once, start again to recover");
    #[expect(clippy::print_stderr, reason = "the last words of the process")]
    {
        eprintln!("ringdex: {reason}; ending at once, start again to recover");
    }
    std::process::abort()
}
