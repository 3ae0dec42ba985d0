//! The one follower thread: reads the journal behind the writer and keeps the index up with it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use crossbeam_channel::{Receiver, Sender};
use tantivy::IndexReader;

use super::error::Error;
use super::image;
use super::progress::Progress;
use super::tx::Tombstone;
use super::writer::{causes, die};
use crate::domain::contact::Contact;
use crate::domain::ids::ChangeSeq;
use crate::index::{Generations, Mirror, Schema};
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
}

impl Serving {
    pub(super) fn of(mirror: &Mirror) -> Self {
        Self { reader: mirror.reader(), schema: mirror.schema().clone() }
    }
}

/// A newly built index that is to take over.
pub(super) struct Replacement {
    /// The index, built from the store.
    pub(super) mirror: Mirror,
    /// Its directory.
    pub(super) path: std::path::PathBuf,
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
    pub(super) generations: Generations,
    pub(super) mirror: Mirror,
    /// When it last made changes visible.
    pub(super) committed_at: Instant,
}

impl Follower {
    /// Follows until told to stop; if that fails the process ends, for searches would silently
    /// grow stale. The index is then built anew at the next start, since it may be the cause.
    pub(super) fn run_or_die(self, replacements: &Receiver<Replacement>, root: &Path) -> Mirror {
        let reason = match catch_unwind(AssertUnwindSafe(|| self.run(replacements, root))) {
            Ok(Ok(mirror)) => return mirror,
            Ok(Err(error)) => causes(&error),
            Err(_panic) => "it panicked".to_owned(),
        };
        // Of a worker that gave up the index only tells that it did.
        let reason = match probe(root) {
            Ok(()) => reason,
            Err(error) => {
                format!("{reason}: nothing can be written to {}: {error}", root.display())
            }
        };
        if let Err(error) = Generations::new(root).and_then(|all| all.mark_suspect()) {
            tracing::error!("the search index could not be marked: {error}");
        }
        die(&format!("the search index cannot be kept up: {reason}"))
    }

    /// Follows until told to stop; gives the index back, with everything applied committed.
    fn run(mut self, replacements: &Receiver<Replacement>, root: &Path) -> Result<Mirror, Error> {
        let mut position = self.mirror.committed();
        let (mut tidied, mut changes) = (Instant::now(), self.mirror.changes());
        self.warm();
        loop {
            let is_stopping = self.stop.load(Ordering::Acquire);
            if let Ok(replacement) = replacements.try_recv() {
                position = self.replace(replacement, position)?;
            }
            position = self.catch_up(position, replacements)?;
            if is_stopping {
                return Ok(self.mirror);
            }
            if tidied.elapsed() >= TIDY {
                let is_quiet = self.mirror.changes().abs_diff(changes) <= MOST_CHANGES;
                // It commits, so there must be nothing in the index that is not committed; and who
                // does not write must not fail because a disk is full.
                if is_quiet && position == self.mirror.committed() && self.mirror.is_untidy()? {
                    match probe(root) {
                        Ok(()) => self.mirror.tidy()?,
                        Err(error) => tracing::warn!("the index is not tidied up: {error}"),
                    }
                }
                (tidied, changes) = (Instant::now(), self.mirror.changes());
            }
            if let Some(merged) = self.mirror.merged()? {
                // What queries need of a large part takes some tenths of a second to read.
                self.search_caches.warm(self.mirror.schema(), &merged)?;
                self.mirror.show_merged()?;
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
    fn warm(&self) {
        let searcher = self.mirror.searcher();
        let read = || self.search_caches.warm(self.mirror.schema(), &searcher);
        // Who searches is told that the index is damaged.
        match catch_unwind(AssertUnwindSafe(read)) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!("the index cannot be read: {}", causes(&error)),
            Err(_panic) => tracing::error!("the index cannot be read"),
        }
    }

    fn catch_up(
        &mut self,
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
                    index_entry(&self.mirror, entry, true)?;
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
                self.commit(position)?;
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

    fn commit(&mut self, through: ChangeSeq) -> Result<(), Error> {
        self.mirror.commit(through)?;
        self.committed_at = Instant::now();
        crash_point("follower.committed");
        self.visible.set(through);
        Ok(())
    }

    fn replace(&mut self, new: Replacement, position: ChangeSeq) -> Result<ChangeSeq, Error> {
        let Replacement { mut mirror, path, from, maybe, done } = new;
        let mut at = from;
        // The old index answers while the new one catches up with what it shows.
        while at < position {
            for entry in self.journal.read(at, READ_BYTES, Duration::ZERO)? {
                if entry.seq > position {
                    break;
                }
                index_entry(&mirror, &entry, entry.seq > maybe)?;
                at = entry.seq;
            }
        }
        // What the scan saw of later changes is met again, and must not become double.
        while at < maybe {
            for entry in self.journal.read(at, READ_BYTES, Duration::ZERO)? {
                if entry.seq > maybe {
                    break;
                }
                index_entry(&mirror, &entry, false)?;
                at = entry.seq;
            }
        }
        let at = at.max(position);
        mirror.commit(at)?;
        crash_point("reindex.caught_up");
        self.serving.store(Arc::new(Serving::of(&mirror)));
        let old = std::mem::replace(&mut self.mirror, mirror);
        self.visible.set(at);
        self.indexed.set(at);
        old.close()?;
        crash_point("reindex.swapped");
        let published = self.generations.publish(&path, self.mirror.schema());
        crash_point("reindex.published");
        let _ = done.send(published.map_err(Error::from));
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
                if contact.is_deleted() {
                    mirror.delete(contact.number);
                } else {
                    mirror.upsert(org, &contact, *fresh && trust_fresh)?;
                }
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
