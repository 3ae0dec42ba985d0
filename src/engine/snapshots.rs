//! Snapshots: images of the store that are written into the journal while the partition serves, and
//! the journal let go of behind them.
//!
//! A snapshot is no file of its own but entries of the journal that put every key (`image`). The
//! writer appends them one part after the other between the writes of callers, so that every part
//! is right at its place, and nothing stands still: replaying from the first of them on gives the
//! store, whatever was written meanwhile. What copies, verifies, seals and replays a journal does
//! all that for snapshots.
//!
//! Older entries are removed only behind a snapshot that was read again and that the store and the
//! index on disk are past; not while a backup, an index or a copy of the store is being made from
//! them; and not before the history that is to be kept has gone by.

use std::time::{Duration, Instant};

use super::cancel::Cancel;
use super::cluster::image_mark;
use super::error::Error;
use super::upkeep::Upkeep;
use crate::domain::ids::ChangeSeq;
use crate::domain::time::Timestamp;
use crate::journal::{self, Journal};
use crate::store::fault::crash_point;
use crate::store::keys;

/// Who marks images for all machines of a cluster; no user and no token is called so.
const MARKER: &str = "ringdex:image-mark";
/// A part of a snapshot is closed when it has so many bytes: about two milliseconds of the writer.
const PART_BYTES: usize = 256 << 10;
/// Snapshots that are due only because of their age are at least so far apart.
const REST: Duration = Duration::from_secs(3_600);

/// When snapshots are taken, and what is kept behind them.
#[derive(Clone, Copy, Debug)]
pub struct SnapshotOptions {
    /// How long the entries before a snapshot are kept: for states to go back to, and for those
    /// who follow changes.
    pub history: Duration,
    /// But no more than so many bytes of them.
    pub history_bytes: u64,
    /// A snapshot is due when the journal has grown by so many bytes and by twice what the store
    /// holds since the last one.
    pub growth_bytes: u64,
    /// How often that is looked at.
    pub every: Duration,
}

impl Default for SnapshotOptions {
    fn default() -> Self {
        Self {
            history: Duration::from_secs(7 * 24 * 3_600),
            history_bytes: 4 << 30,
            growth_bytes: 256 << 20,
            every: Duration::from_secs(30),
        }
    }
}

/// A snapshot that was taken and read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotTaken {
    /// The first entry of it.
    pub from: ChangeSeq,
    /// The last entry of it, or of what was written meanwhile.
    pub through: ChangeSeq,
    /// The size of both, in bytes.
    pub bytes: u64,
    /// How long it took, reading it again included.
    pub took: Duration,
}

impl Upkeep {
    /// Whether the journal is worth shortening.
    pub(super) fn is_snapshot_due(&self) -> bool {
        if self.shared.as_ref().is_some_and(|log| !log.is_leading()) {
            return false;
        }
        let Some(image) = self.journal.image() else { return true };
        let holds = self.store.live_bytes();
        if image.bytes > self.options.growth_bytes + 3 * holds {
            return true;
        }
        // What has been erased is to leave the journal as well one day, however little is written.
        let limit = self.history_begins();
        let reaches_back = self.journal.began().is_some_and(|at| at < limit);
        reaches_back && image.at.is_none_or(|at| at < limit.min(self.before_now(REST)))
    }

    fn history_begins(&self) -> Timestamp {
        self.before_now(self.options.history)
    }

    fn before_now(&self, long: Duration) -> Timestamp {
        let long = i64::try_from(long.as_millis()).unwrap_or(i64::MAX);
        Timestamp(self.clock.now().0.saturating_sub(long))
    }

    /// Takes a snapshot, reads it again and lets go of what is behind it; `None` if nothing was
    /// written since the last one. In the background half of the time is left to others.
    ///
    /// Cost: reads the store and writes as much as it holds.
    ///
    /// # Errors
    /// If the partition closes, it is cancelled, or something cannot be read or written. Then
    /// everything is as before.
    pub(super) fn take_snapshot(
        &self,
        cancel: &Cancel,
        in_background: bool,
    ) -> Result<Option<SnapshotTaken>, Error> {
        let taking = self.taking.lock();
        let begun = Instant::now();
        // One that is given up half way would have taken the room of what callers write.
        self.room.check_work(self.store.live_bytes())?;
        let id = uuid::Uuid::now_v7();
        let begun_at = match &self.shared {
            None => self.journal.begin_image()?,
            // All machines mark it at the same place.
            Some(_) => Some(self.say_of_image(id, false)?.next()),
        };
        let Some(from) = begun_at else {
            drop(taking);
            self.trim()?;
            return Ok(None);
        };
        let mut next = Some(Vec::new());
        let mut through = from;
        while let Some(key) = next {
            let part = Instant::now();
            if cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            (next, through) = self.append(key)?;
            crash_point("snapshot.appended");
            if in_background && self.pause(part.elapsed()) {
                return Err(Error::Closed);
            }
        }
        crash_point("snapshot.written");
        if self.shared.is_some() {
            // Other machines believe what is said of it.
            self.journal.verify_from(from)?;
            through = self.say_of_image(id, true)?;
        } else {
            self.journal.end_image()?;
        }
        crash_point("snapshot.complete");
        let verified = self.journal.verify_from(from)?;
        drop(taking);
        let taken = SnapshotTaken {
            from,
            through: verified.last.max(through),
            bytes: verified.bytes,
            took: begun.elapsed(),
        };
        tracing::info!(
            "a snapshot of {} bytes was taken and read again in {:.1} s",
            taken.bytes,
            taken.took.as_secs_f64()
        );
        self.trim()?;
        Ok(Some(taken))
    }

    /// Says to all machines of a cluster that an image begins or is complete.
    fn say_of_image(&self, id: uuid::Uuid, is_complete: bool) -> Result<ChangeSeq, Error> {
        let ((), seq) = self.in_writer_as(MARKER, move |tx| {
            tx.put(keys::IMAGE_MARK, image_mark(id, is_complete));
            Ok(())
        })?;
        Ok(seq)
    }

    /// Has the writer append the part that begins with a key; where the next one begins.
    fn append(&self, key: Vec<u8>) -> Result<(Option<Vec<u8>>, ChangeSeq), Error> {
        self.in_writer(move |tx| tx.image_part(&key, PART_BYTES))
    }

    /// Removes what is not needed any more from the beginning of the journal.
    ///
    /// # Errors
    /// If the store cannot be synced, or a file cannot be removed.
    pub(super) fn trim(&self) -> Result<(), Error> {
        let (Some(_taking), Some(_nobody_reads)) =
            (self.taking.try_lock(), self.reading.try_write())
        else {
            return Ok(());
        };
        let Some(image) = self.journal.image() else { return Ok(()) };
        if image.from <= self.journal.first() {
            return Ok(());
        }
        let keep_bytes = image.bytes.saturating_add(self.options.history_bytes);
        let keep_since = self.history_begins();
        let is_worth_it = self.journal.byte_size() > keep_bytes
            || self.journal.oldest().is_some_and(|oldest| oldest < keep_since);
        if !is_worth_it {
            return Ok(());
        }
        let safe = self.store.checkpoint()?.min(self.visible.get());
        let through = safe.min(ChangeSeq(image.from.0 - 1));
        let before = self.journal.byte_size();
        self.journal.trim_to(through, keep_bytes, keep_since)?;
        crash_point("snapshot.trimmed");
        let gone = before.saturating_sub(self.journal.byte_size());
        if gone > 0 {
            tracing::info!("the journal let go of {gone} bytes behind its snapshot");
        }
        Ok(())
    }

    /// The newest snapshot, or the beginning of a whole journal.
    pub(super) fn newest(&self) -> Option<journal::Image> {
        self.journal.image()
    }
}
