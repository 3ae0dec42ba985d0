//! Whether a store holds what was written into it.
//!
//! The store notes with every change what it holds (see [`Contents`]), and a start reads all of it.
//! After a clean end the two must agree. After a crash some changes had begun that were not noted:
//! then the journal says what the keys that they touched had held before, if it reaches back.

use std::collections::HashMap;
use std::time::Duration;

use super::error::Error;
use super::image::is_image;
use crate::domain::ids::ChangeSeq;
use crate::journal::{Entry, FileJournal, Journal, Op};
use crate::store::{Contents, Store};

/// About so many bytes of entries are read at once.
const READ_BYTES: usize = 8 << 20;

/// What a key held when the store noted what it held, and what it holds now.
#[derive(Default)]
struct Touched {
    before: Contents,
    after: Contents,
}

/// Compares what was found in a store, which is up to the journal, with what ought to be in it;
/// `noted` is from before it was brought up to the journal. From now on the store keeps account.
///
/// Cost: nothing after a clean end; after a crash in the middle of a write one more reading of the
/// journal.
///
/// # Errors
/// If the store lacks something or has too much, which counts as damage.
pub(super) fn prove(
    store: &Store,
    journal: &FileJournal,
    noted: Option<(ChangeSeq, Contents)>,
    found: Contents,
) -> Result<(), Error> {
    if let Some((at, contents)) = noted
        && found != store.contents()
        && let Some(expected) = expected(journal, at, contents)?
        && found != expected
    {
        return Err(crate::store::Error::Altered { path: store.directory() }.into());
    }
    Ok(store.settle_contents(found)?)
}

/// What a store holds that held `contents` at a place and has been brought up to the journal; `None`
/// if the journal cannot tell.
fn expected(
    journal: &FileJournal,
    at: ChangeSeq,
    contents: Contents,
) -> Result<Option<Contents>, Error> {
    if at.next() < journal.first() {
        // What has been written since without noting it, by an earlier version or a repair, is not
        // there any more.
        return Ok(None);
    }
    let mut touched: HashMap<Vec<u8>, Touched> = HashMap::new();
    read(journal, at, journal.tail(), |entry| {
        if is_image(&entry) {
            return;
        }
        for op in entry.ops {
            let after = held(&op);
            let (Op::Put { key, .. } | Op::Delete { key }) = op;
            touched.entry(key).or_default().after = after;
        }
    })?;
    if touched.is_empty() {
        return Ok(Some(contents));
    }
    // An image that was begun and not complete does not say what was there.
    let Some(from) = journal.whole_from_as_of(at) else { return Ok(None) };
    read(journal, ChangeSeq(from.0.saturating_sub(1)), at, |entry| {
        for op in &entry.ops {
            if let Some(touched) = touched.get_mut(op.key()) {
                touched.before = held(op);
            }
        }
    })?;
    let changed = touched.values().fold(contents, |sum, key| sum + key.after - key.before);
    Ok(Some(changed))
}

fn held(op: &Op) -> Contents {
    match op {
        Op::Put { key, value, .. } => Contents::of(key, value),
        Op::Delete { .. } => Contents::default(),
    }
}

/// Calls a function with the entries behind a place, up to another.
fn read(
    journal: &FileJournal,
    mut at: ChangeSeq,
    through: ChangeSeq,
    mut each: impl FnMut(Entry),
) -> Result<(), Error> {
    while at < through {
        let entries = journal.read(at, READ_BYTES, Duration::ZERO)?;
        let Some(last) = entries.last().map(|entry| entry.seq) else { break };
        entries.into_iter().filter(|entry| entry.seq <= through).for_each(&mut each);
        at = last;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::journal;
    use crate::store::{self, Change};

    /// A store whose last changes nobody noted, and a journal that begins behind them.
    #[test]
    fn what_a_journal_does_not_tell_any_more_is_believed_and_noted() {
        let dir = TempDir::new().unwrap();
        let (at, options) = (dir.path().join("store"), store::Options::default());
        let put = |value| Change::Put { key: b"a", value };
        let (store, _) = Store::open(&at, &options).unwrap();
        store.apply([put(b"1")], ChangeSeq(1)).unwrap();
        drop(store);
        // As a repair does, that applies what a damaged journal still had.
        let (store, report) = Store::open(&at, &options).unwrap();
        store.apply([put(b"22")], ChangeSeq(2)).unwrap();
        store.apply([], ChangeSeq(5)).unwrap();
        drop((store, report));
        let begun = dir.path().join("journal");
        journal::restart(&begun, ChangeSeq(5), false).unwrap();
        let journal = FileJournal::open(&begun, journal::Options::default()).unwrap();

        let (store, report) = Store::open(&at, &options).unwrap();
        assert_eq!(report.noted.unwrap().0, ChangeSeq(1));
        let found = Contents::of(b"a", b"22");
        prove(&store, &journal, report.noted, found).unwrap();
        drop(store);
        let (store, report) = Store::open(&at, &options).unwrap();
        assert_eq!(report.noted, Some((ChangeSeq(5), found)));
        // From now on it is known what there ought to be.
        let other = Contents::of(b"a", b"1");
        assert!(prove(&store, &journal, report.noted, other).is_err());
    }
}
