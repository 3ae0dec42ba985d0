//! The one follower thread: reads the journal behind the writer and keeps the index up with it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use crossbeam_channel::{Receiver, Sender};
use tantivy::IndexReader;

use super::error::Error;
use super::health::Health;
use super::image;
use super::progress::Progress;
use super::tx::Tombstone;
use super::writer::causes;
use crate::domain::contact::Contact;
use crate::domain::ids::ChangeSeq;
use crate::index::{Generations, Mirror, Pace, Schema};
use crate::journal::{Entry, FileJournal, Journal, Op};
use crate::search;
use crate::store::fault::crash_point;
use crate::store::{codec, keys};

/// Bytes of journal that are read at once.
const READ_BYTES: usize = 512 << 10;
/// While there is more to read and nobody waits, changes become visible this often. Every commit
/// writes a segment with dictionaries of its own, so many small ones cost several times more than
/// a few large ones.
const BUSY_COMMIT: Duration = Duration::from_secs(2);
/// While nobody waits and writes come in one by one, changes become visible this often: a commit
/// takes some ten milliseconds of a core, whatever is in it.
const CALM_COMMIT: Duration = Duration::from_millis(50);

/// How often it is looked at whether there are more parts of the index than need be.
const TIDY: Duration = Duration::from_secs(10);
/// With more changes than this in that time merging would take from writing what it needs.
const MOST_CHANGES: u64 = 20_000;

/// What searches are answered from: an index, and the schema it was built with.
pub(super) struct Serving {
    pub(super) reader: IndexReader,
    pub(super) schema: Schema,
    pub(super) pace: Arc<Pace>,
}

impl Serving {
    pub(super) fn of(mirror: &Mirror) -> Self {
        Self { reader: mirror.reader(), schema: mirror.schema().clone(), pace: mirror.pace() }
    }
}

/// A newly built index that is to take over.
pub(super) struct Replacement {
    /// The index, built from the store.
    pub(super) mirror: Mirror,
    /// Its directory.
    pub(super) path: PathBuf,
    /// All changes up to here are in it.
    pub(super) from: ChangeSeq,
    /// Changes up to here may be in it already.
    pub(super) maybe: ChangeSeq,
    /// Told when it serves.
    pub(super) done: Sender<Result<(), Error>>,
}

/// What the follower thread works with.
pub(super) struct Follower {
    pub(super) journal: Arc<FileJournal>,
    pub(super) applied: Arc<Progress>,
    pub(super) visible: Arc<Progress>,
    /// What is in the index, though maybe not committed.
    pub(super) indexed: Arc<Progress>,
    pub(super) serving: Arc<ArcSwap<Serving>>,
    pub(super) search_caches: Arc<search::Caches>,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) health: Arc<Health>,
    /// The folder of the indexes.
    pub(super) root: PathBuf,
    pub(super) generations: Generations,
    /// When it last made changes visible.
    pub(super) committed_at: Instant,
}

impl Follower {
    /// Follows until told to stop; gives the index back, if there is one that is kept up.
    ///
    /// Where that fails searches are refused, for they would silently grow stale, and it waits for
    /// a new index: everything else needs none.
    pub(super) fn run(
        mut self,
        mirror: Mirror,
        replacements: &Receiver<Replacement>,
    ) -> Option<Mirror> {
        let mut mirror = Some(mirror);
        loop {
            let Some(mut serving) = mirror.take() else {
                mirror = Some(self.wait_for_another(replacements)?);
                continue;
            };
            let follow = AssertUnwindSafe(|| self.follow(&mut serving, replacements));
            let reason = match catch_unwind(follow) {
                Ok(Ok(())) => return Some(serving),
                Ok(Err(error)) => causes(&error),
                Err(_panic) => "following it panicked".to_owned(),
            };
            self.give_up(&reason);
            // Its threads may have panicked as well.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(serving)));
        }
    }

    /// Refuses searches, and has the index built anew even if the process ends before that is done.
    fn give_up(&self, reason: &str) {
        // Of a worker that gave up the index only tells that it did.
        let reason = match probe(&self.root) {
            Ok(()) => reason.to_owned(),
            Err(error) => {
                format!("{reason}: nothing can be written to {}: {error}", self.root.display())
            }
        };
        self.health.refuse_searches(format!("it could not be kept up: {reason}"));
        if let Err(error) = Generations::new(&self.root).and_then(|all| all.mark_suspect()) {
            tracing::error!("the search index could not be marked: {error}");
        }
    }

    /// Waits for an index that was built anew; `None` once the partition is closing.
    fn wait_for_another(&mut self, replacements: &Receiver<Replacement>) -> Option<Mirror> {
        loop {
            if self.stop.load(Ordering::Acquire) {
                return None;
            }
            let Ok(new) = replacements.recv_timeout(Duration::from_millis(100)) else { continue };
            let from = new.from;
            let replaced = catch_unwind(AssertUnwindSafe(|| self.replace(new, from)));
            if let Ok(Some((mirror, _))) = replaced {
                return Some(mirror);
            }
        }
    }

    /// Follows until told to stop, with everything applied committed.
    fn follow(
        &mut self,
        mirror: &mut Mirror,
        replacements: &Receiver<Replacement>,
    ) -> Result<(), Error> {
        let mut position = mirror.committed();
        let (mut tidied, mut changes) = (Instant::now(), mirror.changes());
        self.warm(mirror);
        loop {
            let is_stopping = self.stop.load(Ordering::Acquire);
            if let Ok(replacement) = replacements.try_recv()
                && let Some((new, at)) = self.replace(replacement, position)
            {
                let old = std::mem::replace(mirror, new);
                position = at;
                // What the old one was still doing is not needed any more.
                if let Err(error) = old.close(Duration::ZERO) {
                    tracing::warn!("the old index: {error}");
                }
            }
            position = self.catch_up(mirror, position, replacements)?;
            if is_stopping {
                return Ok(());
            }
            if tidied.elapsed() >= TIDY {
                let is_quiet = mirror.changes().abs_diff(changes) <= MOST_CHANGES;
                // It commits, so there must be nothing in the index that is not committed; and who
                // does not write must not fail because a disk is full.
                if is_quiet && position == mirror.committed() && mirror.is_untidy()? {
                    match probe(&self.root) {
                        Ok(()) => mirror.tidy()?,
                        Err(error) => tracing::warn!("the index is not tidied up: {error}"),
                    }
                }
                (tidied, changes) = (Instant::now(), mirror.changes());
            }
            if let Some(merged) = mirror.merged()? {
                // What queries need of a large part takes some tenths of a second to read.
                self.search_caches.warm(mirror.schema(), &merged)?;
                mirror.show_merged()?;
            }
            self.applied.wait_until(Duration::from_secs(1), || {
                self.applied.get() > position
                    || self.stop.load(Ordering::Acquire)
                    || !replacements.is_empty()
            });
        }
    }

    /// Reads what queries need of the index as it was opened; else the first who asks for a name
    /// with a typo would wait while all words are read.
    fn warm(&self, mirror: &Mirror) {
        let searcher = mirror.searcher();
        let read = || self.search_caches.warm(mirror.schema(), &searcher);
        match catch_unwind(AssertUnwindSafe(read)) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.health.doubt_search(causes(&error)),
            Err(_panic) => self.health.doubt_search("it could not be read".to_owned()),
        }
    }

    fn catch_up(
        &mut self,
        mirror: &mut Mirror,
        mut position: ChangeSeq,
        replacements: &Receiver<Replacement>,
    ) -> Result<ChangeSeq, Error> {
        let mut uncommitted_since: Option<Instant> = None;
        // Under constant writes there is always more; a new index must not wait for the end of it.
        while replacements.is_empty() {
            let applied = self.applied.get();
            if applied > position {
                let entries = self.journal.read(position, READ_BYTES, Duration::ZERO)?;
                for entry in entries.iter().take_while(|entry| entry.seq <= applied) {
                    index_entry(mirror, entry, true)?;
                    position = entry.seq;
                }
                crash_point("follower.indexed");
                uncommitted_since.get_or_insert_with(Instant::now);
                self.indexed.set(position);
            }
            let Some(since) = uncommitted_since else { break };
            let is_behind = self.applied.get() > position;
            let pause = if is_behind {
                BUSY_COMMIT.saturating_sub(since.elapsed())
            } else {
                CALM_COMMIT.saturating_sub(self.committed_at.elapsed())
            };
            let is_stopping = self.stop.load(Ordering::Acquire) && !is_behind;
            if pause.is_zero() || self.is_awaited(position) || is_stopping {
                self.commit(mirror, position)?;
                uncommitted_since = None;
            } else if !is_behind {
                self.applied.wait_until(pause, || {
                    self.applied.get() > position
                        || self.is_awaited(position)
                        || self.stop.load(Ordering::Acquire)
                        || !replacements.is_empty()
                });
            }
        }
        Ok(position)
    }

    /// Whether somebody waits for what is in the index but not committed.
    fn is_awaited(&self, position: ChangeSeq) -> bool {
        let wanted = self.visible.wanted();
        wanted > self.visible.get() && wanted <= position
    }

    fn commit(&mut self, mirror: &mut Mirror, through: ChangeSeq) -> Result<(), Error> {
        mirror.commit(through)?;
        self.committed_at = Instant::now();
        crash_point("follower.committed");
        self.visible.set(through);
        Ok(())
    }

    /// Brings a new index up to the old one and lets it take over; it is given back with the change
    /// that it reaches to. Where that fails whoever has built it is told, and nothing changes.
    fn replace(&mut self, new: Replacement, position: ChangeSeq) -> Option<(Mirror, ChangeSeq)> {
        let Replacement { mut mirror, path, from, maybe, done } = new;
        let at = match self.bring_up(&mut mirror, (from, maybe), position) {
            Ok(at) => at,
            Err(error) => {
                let _ = done.send(Err(error));
                return None;
            }
        };
        crash_point("reindex.caught_up");
        self.serving.store(Arc::new(Serving::of(&mirror)));
        self.visible.set(at);
        self.indexed.set(at);
        crash_point("reindex.swapped");
        let published = self.generations.publish(&path, mirror.schema());
        // One that had failed is gone.
        let published = published.and_then(|()| self.generations.mark_open());
        crash_point("reindex.published");
        self.health.allow_searches();
        let _ = done.send(published.map_err(Error::from));
        Some((mirror, at))
    }

    /// Brings into an index what has changed since it was begun.
    fn bring_up(
        &self,
        mirror: &mut Mirror,
        (from, maybe): (ChangeSeq, ChangeSeq),
        position: ChangeSeq,
    ) -> Result<ChangeSeq, Error> {
        let mut at = from;
        // The old index answers while the new one catches up with what it shows. What the scan saw
        // of later changes is met again, and must not become double.
        while at < position.max(maybe) {
            for entry in self.journal.read(at, READ_BYTES, Duration::ZERO)? {
                if entry.seq > position.max(maybe) {
                    break;
                }
                index_entry(mirror, &entry, entry.seq > maybe)?;
                at = entry.seq;
            }
        }
        mirror.commit(at)?;
        Ok(at)
    }
}

/// Brings the changes of one entry into an index.
pub(super) fn index_entry(mirror: &Mirror, entry: &Entry, trust_fresh: bool) -> Result<(), Error> {
    // It puts what is there already.
    if image::is_image(entry) {
        return Ok(());
    }
    for op in &entry.ops {
        let Op::Put { key, value, fresh } = op else { continue };
        match key.first() {
            Some(&keys::CONTACTS) => {
                let Some((org, _)) = keys::parse_contact(key) else { continue };
                let contact: Contact = codec::decode(value)?;
                mirror.upsert(org, &contact, *fresh && trust_fresh)?;
            }
            Some(&keys::TOMBSTONES) => {
                let tombstone: Tombstone = codec::decode(value)?;
                mirror.delete(tombstone.number);
            }
            _ => {}
        }
    }
    Ok(())
}

/// Tries whether something can be written into a directory.
#[expect(clippy::disallowed_methods, reason = "it is removed at once")]
fn probe(root: &Path) -> std::io::Result<()> {
    const PROBE_BYTES: usize = 1 << 20;
    let path = root.join("probe.tmp");
    let written = std::fs::write(&path, vec![0; PROBE_BYTES]);
    // It may not be there.
    let _ = std::fs::remove_file(&path);
    written
}
