//! Writes all of the store into the journal, so that the journal alone can bring everything back.
//!
//! That is needed where a journal does not reach back to its first entry: one that an earlier
//! version has trimmed, and one that was begun behind a store because the one before was damaged.
//! The entries of an image put every key and change nothing; the index does not read them.

use super::error::Error;
use super::start::{StartProgress, StartWork};
use crate::domain::ids::{ChangeSeq, OrgNumber};
use crate::domain::time::Timestamp;
use crate::journal::{Appended, Entry, FileJournal, Journal, NewEntry, Op};
use crate::store::fault::crash_point;
use crate::store::{Store, keys};

/// Who writes images; no user and no token is called so.
const ACTOR: &str = "ringdex:image";
/// An entry of an image is closed when it has so many bytes.
const ENTRY_BYTES: usize = 4 << 20;

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
    let (mut ops, mut bytes, mut done) = (Vec::new(), 0, 0);
    for record in store.scan_prefix(b"") {
        let (key, value) = record?;
        // Which journal a store is written from is not for the journal to say.
        if *key == *keys::JOURNAL {
            continue;
        }
        let (key, value) = (key.to_vec(), value.into_vec());
        // A large value goes into an entry of its own, for it may be as large as an entry can be.
        if !ops.is_empty() && bytes + value.len() > ENTRY_BYTES {
            append(journal, std::mem::take(&mut ops), at)?;
            bytes = 0;
            progress.advance(done);
            crash_point("image.appended");
        }
        bytes += key.len() + value.len();
        ops.push(Op::Put { key, value, fresh: false });
        done += 1;
    }
    append(journal, ops, at)?;
    crash_point("image.written");
    journal.end_image()?;
    store.apply(std::iter::empty(), journal.tail())?;
    progress.end();
    Ok(true)
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
