//! Writing where several machines do: a shared log decides the order, and each machine applies what
//! stands in it.
//!
//! The writer appends its group to the log behind the last group that it has applied. Where
//! another machine came first nothing was written: the writer applies what that machine wrote, and
//! runs its closures again on the newer state. So any machine may write at any time, and being wrong
//! about who else does costs time, never a write.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use parking_lot::Mutex;
use uuid::Uuid;

use super::error::{Error, Rejected};
use super::image::is_image;
use super::options::Options;
use super::partition::Partition;
use super::recovery;
use super::writer::{Group, Needs, Origin, Request, Writer, abort_process, causes, job};
use crate::domain::ids::{ChangeSeq, OrgNumber};
use crate::journal::{
    Chain, FileJournal, Journal, Op, Place, SharedAppended, SharedError, SharedGroup, SharedLog,
    SharedNode, SharedTail,
};
use crate::store::fault::crash_point;
use crate::store::keys;
use crate::vault::Sealer;

/// How long it is tried to learn whether a group was written: longer than servers of the log take to
/// choose another leader.
const PATIENCE: Duration = Duration::from_secs(9);
/// How long between two looks at a log that does not say.
const PAUSE: Duration = Duration::from_millis(20);
/// Bytes of groups that are read at once.
const READ_BYTES: usize = 4 << 20;
/// How often that is done before others have their turn.
const MOST_READS: usize = 16;
/// In the value of an image's mark: it begins.
const BEGINS: u8 = 0;
/// In the value of an image's mark: it is complete.
const COMPLETE: u8 = 1;
/// Groups of others are looked for this often, also where nothing announces one.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Room for what an entry takes in the log besides its values.
const ENTRY_MARGIN: usize = 64 << 10;
/// Who follows other machines; no user and no token is called so.
const ACTOR: &str = "ringdex:cluster";

/// How this machine stands in its cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterStanding {
    /// What this machine is called.
    pub node: String,
    /// The last change that was applied here.
    pub applied: ChangeSeq,
    /// The last change that the log was seen to have.
    pub last: ChangeSeq,
    /// Groups that closures had to run again for, since another machine came first.
    pub conflicts: u64,
    /// Groups that other machines have written.
    pub followed: u64,
    /// Who does what only one machine does, if that is known.
    pub leader: Option<String>,
    /// Whether that is this machine.
    pub is_leading: bool,
    /// Why the log cannot be used at the moment.
    pub trouble: Option<String>,
}

/// What the writer knows of its cluster, for others to read.
#[derive(Debug, Default)]
pub(super) struct Standing {
    place: AtomicU64,
    last: AtomicU64,
    conflicts: AtomicU64,
    followed: AtomicU64,
    trouble: Mutex<Option<String>>,
}

/// The shared log as the writer uses it.
pub(super) struct Cluster {
    pub(super) log: Arc<dyn SharedLog>,
    /// Of the last group that was applied; unknown until the log has been asked.
    place: Option<Place>,
    standing: Arc<Standing>,
}

/// What was agreed on about a group.
pub(super) enum Agreed {
    /// It stands behind the last one that was applied.
    Ours,
    /// These stand there instead.
    Others(Vec<SharedGroup>),
}

/// Why nothing was agreed on.
#[derive(Clone, Debug)]
pub(super) enum NotAgreed {
    /// The group was not written.
    Unreachable(String),
    /// It may have been written, or be written later.
    Unknown,
    /// The log is not what this machine may write.
    Unfit(String),
}

impl From<SharedError> for NotAgreed {
    fn from(error: SharedError) -> Self {
        match error {
            SharedError::Unreachable(why) => Self::Unreachable(why),
            SharedError::Unfit(why) => Self::Unfit(why),
        }
    }
}

impl From<NotAgreed> for Error {
    fn from(error: NotAgreed) -> Self {
        match error {
            NotAgreed::Unreachable(why) => Self::ClusterUnreachable(why),
            NotAgreed::Unknown => Self::OutcomeUnknown,
            NotAgreed::Unfit(why) => Self::WritesStopped(why),
        }
    }
}

impl Cluster {
    pub(super) fn new(log: Arc<dyn SharedLog>, standing: Arc<Standing>) -> Self {
        Self { log, place: None, standing }
    }

    /// The largest group.
    pub(super) fn most_bytes(&self) -> usize {
        self.log.most_bytes()
    }

    /// The largest entry, so that it fits behind whatever the group has already.
    pub(super) fn most_entry_bytes(&self) -> usize {
        (self.log.most_bytes() / 4 * 3).saturating_sub(ENTRY_MARGIN)
    }

    /// The place behind which the next group is to stand. The first time it is proved that the log
    /// holds the history of here.
    fn place(&mut self, journal: &FileJournal) -> Result<Place, SharedError> {
        if let Some(place) = self.place {
            return Ok(place);
        }
        let (tail, chain) = journal.chain();
        let place = self.log.place_of(tail)?;
        self.prove(journal, place, (tail, chain))?;
        self.move_to(place, tail);
        Ok(place)
    }

    /// Compares the last entry of here with what the log has at its place.
    fn prove(
        &self,
        journal: &FileJournal,
        place: Place,
        (tail, chain): (ChangeSeq, Chain),
    ) -> Result<(), SharedError> {
        let unfit = |error: crate::journal::Error| SharedError::Unfit(error.to_string());
        let groups = self.log.read(Place(place.0.saturating_sub(1)), 1)?;
        let next = self.log.read(place, 1)?;
        let mut found = None;
        for group in groups.iter().chain(&next) {
            found = found.or(journal.chain_in(&group.group.bytes, tail).map_err(unfit)?);
        }
        let is_same = match found {
            Some(there) => there == chain,
            None => self.log.base() == (tail, chain),
        };
        if is_same {
            return Ok(());
        }
        Err(SharedError::Unfit(format!(
            "this machine has {} changes, of which the last is another one than that of the cluster, \
             or none of it: start it with an empty directory, or with a backup of another machine",
            tail.0
        )))
    }

    /// Whether the log still reaches as far as what was applied of it.
    fn check_end(&self, behind: Place) -> Result<(), SharedError> {
        if self.log.tail()?.place >= behind {
            return Ok(());
        }
        Err(SharedError::Unfit(
            "the log of the cluster ends before what this machine has applied of it: it was deleted, \
             or has lost what was acknowledged. Stop the cluster, and start a new one from the \
             directory that has most"
                .to_owned(),
        ))
    }

    /// Has the place asked for anew: what stands in the log is not all here.
    pub(super) fn forget_place(&mut self) {
        self.place = None;
    }

    fn move_to(&mut self, place: Place, last: ChangeSeq) {
        self.place = Some(place);
        self.standing.place.store(place.0, Ordering::Release);
        self.standing.last.fetch_max(last.0, Ordering::AcqRel);
        self.log.note_applied(SharedTail { place, last });
    }

    /// Has a group written behind the last one that was applied.
    fn agree(
        &mut self,
        behind: Place,
        id: Uuid,
        group: &crate::journal::EncodedGroup,
    ) -> Result<Agreed, NotAgreed> {
        let begun = Instant::now();
        let mut is_unknown = false;
        loop {
            match self.log.append(behind, id, group) {
                Ok(SharedAppended::At(place)) => {
                    self.move_to(place, group.last);
                    return Ok(Agreed::Ours);
                }
                Ok(SharedAppended::Unknown) => is_unknown = true,
                Err(error @ SharedError::Unreachable(_)) if !is_unknown => return Err(error.into()),
                Ok(SharedAppended::Conflict) | Err(SharedError::Unreachable(_)) => {}
                Err(error @ SharedError::Unfit(_)) => return Err(error.into()),
            }
            match self.log.read(behind, READ_BYTES) {
                Ok(groups) => match groups.first() {
                    Some(first) if first.id == id => {
                        self.move_to(first.place, group.last);
                        return Ok(Agreed::Ours);
                    }
                    Some(_) => return Ok(Agreed::Others(groups)),
                    None => {}
                },
                Err(error @ SharedError::Unfit(_)) => return Err(error.into()),
                Err(SharedError::Unreachable(_)) => {}
            }
            if let Err(error @ SharedError::Unfit(_)) = self.check_end(behind) {
                return Err(error.into());
            }
            if begun.elapsed() > PATIENCE {
                return Err(NotAgreed::Unknown);
            }
            self.log.wait(behind, PAUSE);
        }
    }
}

impl Writer {
    /// Has the order of a group decided, where that is not for this machine alone.
    pub(super) fn agree(&mut self, group: &Group) -> Result<Agreed, NotAgreed> {
        let Some(cluster) = &mut self.cluster else { return Ok(Agreed::Ours) };
        let unfit = |error: crate::journal::Error| NotAgreed::Unfit(error.to_string());
        let encoded = self.journal.encode_group(&group.entries).map_err(unfit)?;
        let id = group.entries.first().map_or(0, |entry| entry.tx);
        let agreed = cluster
            .place(&self.journal)
            .map_err(NotAgreed::from)
            .and_then(|behind| cluster.agree(behind, Uuid::from_u128(id), &encoded));
        *cluster.standing.trouble.lock() = agreed.as_ref().err().map(|error| match error {
            NotAgreed::Unreachable(why) | NotAgreed::Unfit(why) => why.clone(),
            NotAgreed::Unknown => "it does not say whether a write was taken".to_owned(),
        });
        crash_point("cluster.agreed");
        agreed
    }

    /// Takes over what others wrote in the place of a group; answers its requests, which run again.
    pub(super) fn give_way(&mut self, group: Group, others: Vec<SharedGroup>) -> Vec<Request> {
        let requests = self.take_back(group);
        if let Some(cluster) = &self.cluster {
            cluster.standing.conflicts.fetch_add(1, Ordering::Relaxed);
        }
        match self.take_groups(others) {
            Ok(()) => requests,
            Err(error) => {
                for request in requests {
                    request.job.finish(Err(repeated(&error)));
                }
                Vec::new()
            }
        }
    }

    /// Takes over what other machines have written.
    pub(super) fn follow_others(&mut self) -> Result<(), Error> {
        for _ in 0..MOST_READS {
            let Some(cluster) = &mut self.cluster else { return Ok(()) };
            let read = cluster.place(&self.journal).and_then(|place| {
                let groups = cluster.log.read(place, READ_BYTES)?;
                if groups.is_empty() {
                    cluster.check_end(place)?;
                }
                Ok(groups)
            });
            *cluster.standing.trouble.lock() = read.as_ref().err().map(ToString::to_string);
            let groups = match read {
                Ok(groups) => groups,
                Err(SharedError::Unreachable(why)) => return Err(Error::ClusterUnreachable(why)),
                Err(SharedError::Unfit(why)) => {
                    self.health.stop_writes(&why);
                    return Err(Error::WritesStopped(why));
                }
            };
            if groups.is_empty() {
                break;
            }
            self.take_groups(groups)?;
        }
        Ok(())
    }

    /// Takes groups over that follow what was applied.
    fn take_groups(&mut self, groups: Vec<SharedGroup>) -> Result<(), Error> {
        for SharedGroup { place, group, .. } in groups {
            self.room.check(group.bytes.len()).map_err(|shortage| shortage.error())?;
            let entries = match self.journal.append_encoded(&group.bytes) {
                Ok(entries) => entries,
                Err(error) if error.is_no_room() => return Err(error.into()),
                Err(error) => {
                    let reason = format!(
                        "the history of the cluster does not continue that of here: {error}"
                    );
                    self.health.stop_writes(&reason);
                    return Err(Error::WritesStopped(reason));
                }
            };
            crash_point("cluster.journalled");
            // It is in the journal: only a start applies it as a whole.
            let foreign = match self.applier.foreign(&entries, &mut self.numbers) {
                Ok(foreign) => foreign,
                Err(error) => abort_process(&format!(
                    "what another machine wrote cannot be read: {}",
                    causes(&error)
                )),
            };
            for (org, delta) in foreign.usages {
                self.usages.entry(org).or_default().add(delta);
            }
            if !foreign.contacts.is_empty() {
                self.others = group.last;
            }
            let changing = entries.iter().filter(|entry| !is_image(entry));
            let writes = changing.map(|entry| entry.ops.as_slice()).collect();
            self.take_over(writes, &foreign.contacts, self.journal.tail());
            if let Some(cluster) = &mut self.cluster {
                cluster.move_to(place, group.last);
                cluster.standing.followed.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }
}

/// The same error once more, for each of those who wait.
fn repeated(error: &Error) -> Error {
    if let Error::NoRoom { path, free, needed } = error {
        return Error::NoRoom { path: path.clone(), free: *free, needed: *needed };
    }
    Error::WritesStopped(error.to_string())
}

/// What writes say of an image of the store that is taken for all machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ImageSays {
    /// One begins.
    Begins,
    /// The one that has begun last is complete.
    IsComplete,
}

/// The value of the mark of an image.
pub(super) fn image_mark(id: Uuid, is_complete: bool) -> Vec<u8> {
    [&[if is_complete { COMPLETE } else { BEGINS }], id.as_bytes().as_slice()].concat()
}

impl Writer {
    /// What writes that are about to be applied say of an image. Two machines that take one at once
    /// leave none: a range that two of them share would not hold all there is.
    pub(super) fn image_says(&self, writes: &[&[Op]]) -> Option<ImageSays> {
        self.cluster.as_ref()?;
        let is_mark = |op: &&Op| op.key() == keys::IMAGE_MARK;
        let mark = writes.iter().copied().flatten().rfind(is_mark)?;
        let Op::Put { value, .. } = mark else { return None };
        match value.split_first()? {
            (&BEGINS, _) => Some(ImageSays::Begins),
            (&COMPLETE, id) => {
                let begun = self.applier.store.get(keys::IMAGE_MARK).ok()??;
                let is_same = begun.as_ref().split_first() == Some((&BEGINS, id));
                is_same.then_some(ImageSays::IsComplete)
            }
            _ => None,
        }
    }

    /// Marks in the journal what was said of an image, behind the entry that says it.
    pub(super) fn mark_image(&self, says: Option<ImageSays>) {
        let marked = match says {
            None => return,
            Some(ImageSays::Begins) => self.journal.begin_image().map(drop),
            Some(ImageSays::IsComplete) => self.journal.end_image(),
        };
        // Without the mark the journal only cannot let go of what is older.
        if let Err(error) = marked {
            tracing::warn!("an image is not marked in the journal: {error}");
        }
    }
}

/// The thread that has the writer take over what other machines write.
pub(super) struct OthersFollower {
    pub(super) log: Arc<dyn SharedLog>,
    pub(super) standing: Arc<Standing>,
    pub(super) requests: Sender<Request>,
    pub(super) stop: Arc<AtomicBool>,
}

impl OthersFollower {
    /// Follows until the partition closes.
    pub(super) fn run(&self) {
        while !self.stop.load(Ordering::Acquire) {
            let place = Place(self.standing.place.load(Ordering::Acquire));
            self.log.wait(place, LOOK_EVERY);
            match follow(&self.requests) {
                Ok(_) => {}
                Err(Error::Closed) => return,
                // It is said in the standing; the next look is due soon enough.
                Err(_) => std::thread::sleep(LOOK_EVERY),
            }
        }
    }
}

/// Has the writer take over what other machines have written; the last change that is applied then.
fn follow(requests: &Sender<Request>) -> Result<ChangeSeq, Error> {
    let (job, answer) = job(|_| Ok::<(), Rejected<std::convert::Infallible>>(()));
    let origin = Origin::from(ACTOR);
    let request = Request { job, org: OrgNumber(0), origin, needs: Needs::Others };
    requests.send(request).map_err(|_closed| Error::Closed)?;
    match answer.recv() {
        Ok(Ok(((), seq))) => Ok(seq),
        Ok(Err(Rejected::Engine(error))) => Err(error),
        Err(_) => Err(Error::Closed),
    }
}

/// What says that a directory is one machine of a cluster.
const MARK: &str = "CLUSTER";

/// Whether a data directory has been one machine of a cluster.
pub fn is_member(root: &Path) -> bool {
    root.join(MARK).is_file()
}

/// Opens the journal of a directory, which holds the history of the cluster if it is in one.
///
/// # Errors
/// If it holds another one, or cannot be opened.
pub(super) fn open_history(
    root: &Path,
    options: &Options,
    sealer: Option<Sealer>,
) -> Result<Arc<FileJournal>, Error> {
    let wanted = options.shared.as_ref().map(|log| log.incarnation());
    let journal_options = crate::journal::Options {
        segment_bytes: options.journal_segment_bytes,
        sealer,
        incarnation: wanted,
    };
    let journal = recovery::open_journal(root, journal_options)?;
    let here = journal.incarnation();
    match wanted {
        Some(there) if there != here => Err(Error::OtherHistory { here, there }),
        _ => Ok(journal),
    }
}

/// Notes that a directory is one machine of a cluster if it is; else answers why nothing may be
/// written into it by one machine alone, if that is so.
///
/// # Errors
/// If that cannot be noted.
pub(super) fn settle(root: &Path, options: &Options) -> Result<Option<String>, Error> {
    if options.shared.is_none() {
        return Ok(refusal(root));
    }
    let path = root.join(MARK);
    if !path.exists() {
        let node = options.node.as_deref().unwrap_or_default();
        let written = std::fs::File::create(&path).and_then(|mut file| {
            file.write_all(format!("{node}\n").as_bytes())?;
            file.sync_all()
        });
        written.map_err(|source| Error::Io { path, source })?;
    }
    Ok(None)
}

/// Why nothing may be written into a directory by one machine alone, if that is so.
pub(super) fn refusal(root: &Path) -> Option<String> {
    root.join(MARK).is_file().then(|| {
        format!(
            "{} is one machine of a cluster: start it with --cluster, or work through one of the \
             servers with --server. To go on with this machine alone, remove the file {MARK}",
            root.display()
        )
    })
}

/// Refuses to work on the files of a directory that is one machine of a cluster.
///
/// # Errors
/// [`Error::WritesStopped`] if it is one.
pub(super) fn refuse_member(root: &Path) -> Result<(), Error> {
    refusal(root).map_or(Ok(()), |why| Err(Error::WritesStopped(why)))
}

impl Partition {
    /// Takes over everything that other machines had written when it was called.
    ///
    /// # Errors
    /// If the log of the cluster does not answer, or does not continue what is here.
    pub fn catch_up(&self) -> Result<(), Error> {
        let (Some((log, standing)), Some(requests)) = (self.shared(), self.requests()) else {
            return Ok(());
        };
        let last = log.tail().map_err(NotAgreed::from)?;
        loop {
            follow(requests)?;
            if standing.place.load(Ordering::Acquire) >= last.place.0 {
                return Ok(());
            }
        }
    }

    /// Brings a partition that was just opened up to its cluster. Where that does not answer, what is
    /// here is served as it is; a machine that has nothing yet has nothing to serve.
    pub(super) fn join_others(&self) -> Result<(), Error> {
        match self.catch_up() {
            Err(error @ Error::NoRoom { .. }) if self.applied_seq() > ChangeSeq::ZERO => {
                tracing::error!("what others have written is not taken over: {error}");
                Ok(())
            }
            Err(Error::ClusterUnreachable(why)) if self.applied_seq() > ChangeSeq::ZERO => {
                tracing::error!("the log of the cluster does not answer, reads go on: {why}");
                Ok(())
            }
            joined => joined,
        }
    }

    /// The last change that is durable here, and the hash over it and everything before it: two
    /// machines of a cluster with the same change have the same hash.
    pub fn history_end(&self) -> (ChangeSeq, Chain) {
        self.journal().chain()
    }

    /// How this machine stands in its cluster, if it is in one.
    pub fn cluster(&self) -> Option<ClusterStanding> {
        let (log, standing) = self.shared()?;
        let applied = self.applied_seq();
        let mut trouble = standing.trouble.lock().clone();
        let last = match log.tail() {
            Ok(tail) => tail.last.0,
            Err(error) => {
                trouble.get_or_insert_with(|| error.to_string());
                0
            }
        };
        Some(ClusterStanding {
            node: self.node().unwrap_or_default().to_owned(),
            applied,
            last: ChangeSeq(last.max(standing.last.load(Ordering::Acquire)).max(applied.0)),
            conflicts: standing.conflicts.load(Ordering::Relaxed),
            followed: standing.followed.load(Ordering::Relaxed),
            leader: log.leader(),
            is_leading: log.is_leading(),
            trouble,
        })
    }

    /// What is wrong between this machine and its cluster, as far as it is known without asking.
    pub fn cluster_trouble(&self) -> Option<String> {
        let (_, standing) = self.shared()?;
        let trouble = standing.trouble.lock().clone();
        trouble
            .map(|why| format!("nothing can be written and what others write is not seen: {why}"))
    }

    /// The machines of the cluster, as they tell of themselves.
    ///
    /// # Errors
    /// If the log of the cluster does not answer.
    pub fn cluster_nodes(&self) -> Result<Vec<SharedNode>, Error> {
        let Some((log, _)) = self.shared() else { return Ok(Vec::new()) };
        Ok(log.nodes().map_err(NotAgreed::from)?)
    }

    /// What this machine is called, in a cluster.
    pub fn node(&self) -> Option<&str> {
        self.node_name().map(AsRef::as_ref)
    }

    /// Whether this machine is to do what only one machine of a cluster does. One machine alone is.
    pub fn is_leading(&self) -> bool {
        self.shared().is_none_or(|(log, _)| log.is_leading())
    }
}
