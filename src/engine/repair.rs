//! Brings journal and store together again by hand, after damage that a start refuses.
//!
//! Only done when asked for: what is cut from the journal may have been acknowledged. Nothing is
//! deleted, everything that is cut is kept beside.

use std::path::{Path, PathBuf};

use super::error::Error;
use super::partition::lock;
use super::recovery::{known_journal, note_journal, open_vault};
use super::rekey;
use crate::journal::{self, FileJournal, Journal, RepairReport};
use crate::store::{self, Store};
use crate::vault::{MasterKey, Room};

/// What repairing a journal has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalRepair {
    /// What was cut.
    pub cut: RepairReport,
    /// The store had changes that the journal lacks: a new journal begins behind this one.
    pub restarted_after: Option<u64>,
    /// Where the files of the old journal are, if a new one was begun.
    pub set_aside: Vec<PathBuf>,
}

/// Cuts a damaged journal at its last good entry; if the store is ahead of that, a new journal is
/// begun behind the store.
///
/// # Errors
/// If the data directory is in use, the key does not fit, or the store cannot be opened either.
pub fn repair_journal(root: &Path, key: Option<&MasterKey>) -> Result<JournalRepair, Error> {
    let _lock = lock(root)?;
    rekey::settle(root)?;
    let vault = open_vault(root, key)?;
    let sealer = |room: Room| vault.as_ref().map(|vault| vault.sealer(room));
    let dir = root.join("journal");
    let mut done = JournalRepair::default();
    let mut journal = None;
    if journal::exists(&dir)? {
        done.cut = journal::repair(&dir)?;
        if journal::exists(&dir)? {
            let options = journal::Options { sealer: sealer(Room::Journal), ..Default::default() };
            let open = FileJournal::open(&dir, options)?;
            journal = Some((open.incarnation(), open.first(), open.tail()));
        }
    }
    if !Store::has_data(&root.join("store")) {
        return Ok(done);
    }
    let options = store::Options { sealer: sealer(Room::Store), ..store::Options::default() };
    let (store, _) = Store::open(&root.join("store"), &options)?;
    let applied = store.applied_seq();
    let known = known_journal(&store)?;
    let incarnation = match journal {
        // Its own journal, or an empty one that an earlier repair has begun.
        Some((found, first, tail))
            if tail >= applied && (known.is_none_or(|known| known == found) || first > tail) =>
        {
            found
        }
        Some((found, ..)) if known.is_some_and(|known| known != found) => {
            return Err(Error::OtherJournal { expected: known.unwrap_or_default(), found });
        }
        _ => {
            let (begun, set_aside) = journal::restart(&dir, applied, vault.is_some())?;
            done.restarted_after = Some(applied.0);
            done.set_aside = set_aside;
            begun
        }
    };
    note_journal(&store, incarnation)?;
    store.checkpoint()?;
    Ok(done)
}
