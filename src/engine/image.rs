//! Writes all of the store into the journal, so that the journal alone can bring everything back.
//!
//! That is needed where a journal does not reach back to its first entry: one that an earlier
//! version has trimmed, and one that was begun behind a store because the one before was damaged.
//! `snapshots` does the same while the partition serves. The entries of an image put every key and
//! change nothing; neither the store nor the index reads them, except where one is built anew.

use std::iter::Peekable;

use super::error::Error;
use super::options::Options;
use super::start::{StartProgress, StartWork};
use super::writer::causes;
use crate::domain::ids::{ChangeSeq, OrgNumber};
use crate::domain::time::Timestamp;
use crate::journal::{Appended, Entry, FileJournal, Journal, NewEntry, Op};
use crate::store::fault::crash_point;
use crate::store::{self, Key, Scan, Store, Value, keys};

/// Who writes images; no user and no token is called so.
pub(super) const ACTOR: &str = "ringdex:image";
/// An entry of an image is closed when it has so many bytes.
const ENTRY_BYTES: usize = 4 << 20;

/// Whether an entry that is being written belongs to an image.
pub(super) fn is_of_image(entry: &NewEntry) -> bool {
    entry.organization == OrgNumber(0) && entry.actor == ACTOR
}

/// Whether an entry belongs to an image.
pub(super) fn is_image(entry: &Entry) -> bool {
    entry.organization == OrgNumber(0) && entry.actor == ACTOR
}

/// Completes a journal that cannot bring back all of a store; the store must be brought up to it
/// and nobody may write. Answers whether that was needed.
///
/// A crash before the end leaves a journal as incomplete as before.
pub(super) fn complete(
    journal: &FileJournal,
    store: &Store,
    at: Timestamp,
    progress: &StartProgress,
) -> Result<bool, Error> {
    let tail = journal.tail();
    if journal.whole_from().is_some() || tail != store.applied_seq() {
        return Ok(false);
    }
    progress.begin(StartWork::CompleteJournal, 0);
    journal.begin_image()?;
    let mut scan = store.scan_prefix(b"").peekable();
    let mut done = 0;
    loop {
        let ops = next_part(&mut scan, ENTRY_BYTES)?;
        if ops.is_empty() {
            break;
        }
        done += ops.len() as u64;
        append(journal, ops, at)?;
        progress.advance(done);
        crash_point("image.appended");
    }
    crash_point("image.written");
    journal.end_image()?;
    store.apply(std::iter::empty(), journal.tail())?;
    progress.end();
    Ok(true)
}

/// As [`complete`], for a partition that opens: it goes on where that fails.
pub(super) fn complete_or_say(journal: &FileJournal, store: &Store, options: &Options) {
    match complete(journal, store, options.clock.now(), &options.start) {
        Ok(false) => {}
        Ok(true) => tracing::warn!(
            "the journal did not reach back to its beginning; it was completed from the store"
        ),
        // The next start tries again; until then it is no worse than before.
        Err(error) => tracing::error!("the journal is not complete: {}", causes(&error)),
    }
}

/// The next records of a scan as operations of one entry, about so many bytes; none at its end. A
/// large value goes into an entry of its own, for it may be as large as an entry can be.
pub(super) fn next_part(
    scan: &mut Peekable<Scan>,
    most_bytes: usize,
) -> Result<Vec<Op>, store::Error> {
    let (mut ops, mut bytes) = (Vec::new(), 0);
    let size = |record: &Result<(Key, Value), store::Error>| {
        record.as_ref().map_or(0, |(key, value)| key.len() + value.len())
    };
    while let Some(record) = scan.next_if(|next| ops.is_empty() || bytes + size(next) <= most_bytes)
    {
        bytes += size(&record);
        let (key, value) = record?;
        // Which journal a store is written from is not for the journal to say.
        if *key != *keys::JOURNAL {
            ops.push(Op::Put { key: key.to_vec(), value: value.into_vec(), fresh: false });
        }
    }
    Ok(ops)
}

fn append(journal: &FileJournal, ops: Vec<Op>, at: Timestamp) -> Result<ChangeSeq, Error> {
    let entry = NewEntry {
        at,
        organization: OrgNumber(0),
        actor: ACTOR.to_owned(),
        tx: uuid::Uuid::now_v7().as_u128(),
        ops,
    };
    match journal.append(journal.tail(), &[entry])? {
        Appended::At(seq) => Ok(seq),
        Appended::Conflict | Appended::Unknown => Err(Error::Defect("completing the journal")),
    }
}
