//! The one writer thread: runs closures, groups them, appends, applies, acknowledges.

use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::error::{Error, Rejected};
use super::health::Health;
use super::image::is_of_image;
use super::progress::Progress;
use super::record_cache::RecordCache;
use super::room::{Room, Shortage};
use super::scores::Scorer;
use super::trash::Trash;
use super::tx::{ContactChange, GroupView, Numbers, Overlay, Parts, Tx, UsageDelta, Usages};
use super::watch::Watches;
use crate::domain::access::Caller;
use crate::domain::contact::Contact;
use crate::domain::ids::{ChangeSeq, OrgNumber};
use crate::domain::time::Clock;
use crate::journal::MAX_BODY_BYTES;
use crate::journal::{self, Appended, FileJournal, Journal, NewEntry, Op};
use crate::lookup::{Table, TableChange};
use crate::store::fault::crash_point;
use crate::store::{Change, Store};

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
    pub(super) store: Arc<Store>,
    pub(super) table: Arc<Table>,
    pub(super) cards: Arc<RecordCache>,
    pub(super) applied: Arc<Progress>,
    pub(super) contact_count: Arc<AtomicU64>,
    pub(super) trash: Arc<Trash>,
    pub(super) watches: Arc<Watches>,
    pub(super) health: Arc<Health>,
    pub(super) scorer: Option<Arc<dyn Scorer>>,
    pub(super) clock: Clock,
    pub(super) numbers: Numbers,
    pub(super) usages: Usages,
    pub(super) room: Arc<Room>,
}

#[derive(Default)]
struct Group {
    finished: Vec<Box<dyn Job>>,
    entries: Vec<NewEntry>,
    changes: Vec<ContactChange>,
    overlay: Overlay,
    bytes: usize,
    /// What has to be taken back if the group cannot be written.
    numbers_before: Option<Numbers>,
    deltas: Vec<(u32, UsageDelta)>,
}

impl Writer {
    /// Serves requests until nobody can send any more.
    pub(super) fn run(mut self, requests: &Receiver<Request>) {
        while let Ok(first) = requests.recv() {
            let mut group = Group::default();
            let mut next = Some(first);
            while let Some(request) = next {
                let must_wait = match request.needs {
                    Needs::Nothing => false,
                    Needs::Lookup => !group.changes.is_empty(),
                    Needs::Store => !group.entries.is_empty(),
                };
                if must_wait {
                    self.commit(std::mem::take(&mut group));
                }
                self.execute(request, &mut group);
                next = (group.finished.len() < GROUP_WRITES && group.bytes < GROUP_BYTES)
                    .then(|| requests.try_recv().ok())
                    .flatten();
            }
            self.commit(group);
        }
    }

    fn execute(&mut self, mut request: Request, group: &mut Group) {
        if let Some(reason) = self.health.writes_stopped() {
            request.job.finish(Err(Error::WritesStopped(reason.to_owned())));
            return;
        }
        let view = GroupView { entries: &group.entries, overlay: &group.overlay };
        let scoring = (self.scorer.as_deref(), self.clock.now());
        let mut tx = Tx::new(&self.store, view, self.numbers, &self.usages, scoring);
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
            if let Err(error) = check_size(&ops, &request.origin.actor) {
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
        group.finished.push(request.job);
    }

    /// Makes a group durable, then readable, then known to its callers.
    fn commit(&mut self, group: Group) {
        if !group.entries.is_empty()
            && let Err(shortage) = self.room.check(group.bytes)
        {
            return self.refuse(group, &shortage);
        }
        let before = self.journal.tail();
        let seq = if group.entries.is_empty() {
            before
        } else {
            match self.journal.append(before, &group.entries) {
                Ok(Appended::At(seq)) => seq,
                Ok(Appended::Conflict | Appended::Unknown) => {
                    abort_process("the journal was written by somebody else")
                }
                // Nothing is at stake but what is not acknowledged, and what is there can be read.
                Err(error @ journal::Error::Displaced { .. }) => {
                    return self.stop(group, &error.to_string());
                }
                Err(error) if error.is_no_room() => {
                    let path = self.journal.directory().to_owned();
                    let needed = group.bytes as u64;
                    return self.refuse(group, &Shortage { path, free: 0, needed });
                }
                Err(error) => {
                    abort_process(&format!("the journal cannot be written: {}", causes(&error)))
                }
            }
        };
        if !group.entries.is_empty() {
            crash_point("writer.journalled");
            // An image repeats what the store has.
            let changing = group.entries.iter().filter(|entry| !is_of_image(entry));
            let changes = changing.flat_map(|entry| entry.ops.iter().map(as_change));
            if let Err(error) = self.store.apply(changes, seq) {
                abort_process(&format!("the store cannot be written: {}", causes(&error)));
            }
            crash_point("writer.applied");
            mirror_changes(&self.table, &self.trash, &group.changes);
            for change in &group.changes {
                if let Some(before) = &change.before {
                    self.cards.invalidate(before.number);
                }
                let (was, is) = (is_live(change.before.as_ref()), is_live(change.after.as_ref()));
                if is && !was {
                    self.contact_count.fetch_add(1, Ordering::Relaxed);
                } else if was && !is {
                    self.contact_count.fetch_sub(1, Ordering::Relaxed);
                }
            }
            self.watches.note(&group.changes);
            self.applied.set(seq);
        }
        for job in group.finished {
            job.finish(Ok(seq));
        }
    }

    /// Tells those who wait that there is no room; everything is as before the group.
    fn refuse(&mut self, group: Group, shortage: &Shortage) {
        if let Some(numbers) = group.numbers_before {
            self.numbers = numbers;
        }
        for (org, delta) in group.deltas {
            self.usages.entry(org).or_default().add(delta.reversed());
        }
        for job in group.finished {
            job.finish(Err(shortage.error()));
        }
    }

    /// Writes nothing any more, and tells those who wait.
    fn stop(&self, group: Group, reason: &str) {
        self.health.stop_writes(reason);
        for job in group.finished {
            job.finish(Err(Error::WritesStopped(reason.to_owned())));
        }
    }
}

fn is_live(contact: Option<&Contact>) -> bool {
    contact.is_some_and(|c| !c.is_deleted())
}

fn mirror_changes(table: &Table, trash: &Trash, changes: &[ContactChange]) {
    let mut live: Vec<TableChange<'_>> = Vec::with_capacity(changes.len());
    for change in changes {
        // Of facts only the directory holds something: whom nobody may call.
        if change.is_of_facts {
            if let Some(after) = change.after.as_ref().filter(|after| !after.is_deleted()) {
                table.directory().set(change.org, after);
            }
            continue;
        }
        let alive =
            |contact: &'_ Option<Contact>| contact.as_ref().is_some_and(|c| !c.is_deleted());
        match (&change.before, &change.after) {
            (_, Some(after)) if alive(&change.after) => {
                table.directory().set(change.org, after);
            }
            (Some(before), _) => table.directory().remove(before.number),
            (None, _) => {}
        }
        match (&change.before, &change.after) {
            (_, Some(after)) => trash.set(change.org, after),
            (Some(before), None) => trash.remove(before.number),
            (None, None) => {}
        }
        live.push(TableChange {
            org: change.org,
            before: change.before.as_ref().filter(|c| !c.is_deleted()),
            after: change.after.as_ref().filter(|c| !c.is_deleted()),
        });
    }
    // The same contact twice in one group must be taken over in order.
    let mut seen = std::collections::HashSet::new();
    let mut start = 0;
    for at in 0..live.len() {
        let number = live[at].before.or(live[at].after).map(|c| c.number);
        if let Some(number) = number
            && !seen.insert(number)
        {
            table.apply(&live[start..at]);
            seen.clear();
            seen.insert(number);
            start = at;
        }
    }
    table.apply(&live[start..]);
}

pub(super) fn as_change(op: &Op) -> Change<'_> {
    match op {
        Op::Put { key, value, .. } => Change::Put { key, value },
        Op::Delete { key } => Change::Delete { key },
    }
}

/// Refuses what journal or store would not take: afterwards the process would have to end.
fn check_size(ops: &[Op], actor: &str) -> Result<(), Error> {
    for op in ops {
        as_change(op).check()?;
    }
    let bytes = ops.iter().map(|op| op_bytes(op) + OP_OVERHEAD).sum::<usize>() + actor.len() + 128;
    if bytes > MAX_BODY_BYTES {
        return Err(Error::TooLarge { bytes, limit: MAX_BODY_BYTES });
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
