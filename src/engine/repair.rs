//! Brings journal and store together again by hand, after damage that a start refuses.
//!
//! Only done when asked for: what cannot be read may have been acknowledged. Entries behind the
//! damage that can be read and that the store lacks are applied to it; what is lost is named, and
//! nothing is deleted: the files of the old journal stay beside the new one.
//!
//! 1. A store that cannot be read, or that may hold a part of an entry which cannot be read, is
//!    built anew beside the old one where the journal reaches back far enough.
//! 2. Readable entries are applied, in order, and the store is synced.
//! 3. A new journal is prepared in `journal.new`, with an image of the store, and takes the place
//!    of the old one by two renames. [`settle_journal`] finishes that after a crash.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::applier::as_change;
use super::cluster;
use super::error::Error;
use super::image;
use super::lock::lock;
use super::recovery::{is_damage, known_journals, note_journals, open_vault};
use super::rekey;
use super::start::StartProgress;
use super::writer::causes;
use crate::domain::ids::ChangeSeq;
use crate::domain::time::{Clock, Timestamp};
use crate::journal::{self, Entry, FileJournal, Gap, Salvage, Salvaged};
use crate::store::fault::crash_point;
use crate::store::{self, Store, keys};
use crate::vault::{KeyPurpose, MasterKey, Vault};

/// Where a new journal is prepared.
const JOURNAL_ASIDE: &str = "journal.new";
/// Where a store is built anew.
const STORE_ASIDE: &str = "store.new";
/// Most records that are named for one entry.
const MOST_NAMED: usize = 8;

/// What repairing a journal has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalRepair {
    /// What was wrong, one message per place; empty if nothing was.
    pub problems: Vec<String>,
    /// How many readable entries the store lacked and has now.
    pub replayed: u64,
    /// Every write that is lost, or may be.
    pub lost: Vec<LostWrites>,
    /// The store was built anew.
    pub store_rebuilt: bool,
    /// A new journal begins behind this change of the store.
    pub restarted_after: Option<u64>,
    /// Where the old files are.
    pub set_aside: Vec<PathBuf>,
}

/// Writes that a repair could not bring back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LostWrites {
    /// Entries that cannot be read.
    Unreadable(Gap),
    /// What followed the last readable entry, if anything did.
    Behind(ChangeSeq),
    /// An entry that can be read but was changed since it was written, or follows one that was.
    Unproven {
        /// Its number.
        seq: ChangeSeq,
        /// When it was decided.
        at: Timestamp,
        /// Who did it.
        actor: String,
        /// What it changed.
        changes: Vec<String>,
    },
    /// An entry that cannot be read and of which the store may hold a part.
    Half(ChangeSeq),
}

impl std::fmt::Display for LostWrites {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(Gap { from, to, after, before }) => {
                if from == to {
                    write!(f, "entry {from} cannot be read and is lost")?;
                } else {
                    write!(f, "entries {from} to {to} cannot be read and are lost")?;
                }
                match (after, before) {
                    (Some(after), Some(before)) => {
                        write!(f, "; written between {after} and {before}")
                    }
                    (Some(after), None) => write!(f, "; written after {after}"),
                    (None, Some(before)) => write!(f, "; written before {before}"),
                    (None, None) => Ok(()),
                }
            }
            Self::Behind(last) => {
                write!(f, "what followed entry {last}, if anything did, cannot be read and is lost")
            }
            Self::Unproven { seq, at, actor, changes } => write!(
                f,
                "entry {seq} of {at} by {actor} was not taken over, since it or one before it was \
                 altered: {}",
                changes.join(", ")
            ),
            Self::Half(seq) => write!(
                f,
                "entry {seq} cannot be read, and the store may hold a part of what it changed"
            ),
        }
    }
}

/// What a look at all entries of a journal has found.
#[derive(Debug, Default)]
struct Findings {
    gaps: Vec<Gap>,
    unproven: Vec<LostWrites>,
    first_unproven: Option<ChangeSeq>,
    /// The last entry that can be read and is proven.
    last: ChangeSeq,
    /// The last entry that can be read.
    end: ChangeSeq,
}

impl Findings {
    /// Reads all entries; those that are not proven are told if they are behind `applied`.
    fn of(salvage: &Salvage, applied: ChangeSeq) -> Result<Self, Error> {
        let mut found = Self::default();
        salvage.walk(ChangeSeq::ZERO, |one| -> Result<(), Error> {
            match one {
                Salvaged::Gap(gap) => found.gaps.push(gap),
                Salvaged::Entry(entry) => {
                    found.last = entry.seq;
                    found.end = entry.seq;
                }
                Salvaged::Unproven(entry) => {
                    found.end = entry.seq;
                    found.first_unproven.get_or_insert(entry.seq);
                    if entry.seq > applied {
                        found.unproven.push(told(entry));
                    }
                }
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// What checksums alone do not find.
    fn problems(&self) -> Option<String> {
        match (self.first_unproven, self.gaps.first()) {
            (Some(seq), _) => Some(format!("entry {seq}, or one before it, was altered")),
            (None, Some(gap)) => Some(format!("entry {} cannot be read", gap.from)),
            (None, None) => None,
        }
    }

    /// Whether an entry is missing or not to be trusted.
    fn lacks(&self, seq: ChangeSeq) -> bool {
        self.gaps.iter().any(|gap| gap.from <= seq && seq <= gap.to)
            || self.first_unproven.is_some_and(|first| first <= seq && seq <= self.end)
    }

    /// Whether all entries from one up to another can be read.
    fn has_all(&self, from: ChangeSeq, to: ChangeSeq) -> bool {
        to <= self.last && !self.gaps.iter().any(|gap| gap.from <= to && from <= gap.to)
    }

    /// What is missing behind a change.
    fn lost_behind(self, applied: ChangeSeq) -> impl Iterator<Item = LostWrites> {
        let gaps = self.gaps.into_iter().filter(move |gap| gap.to > applied).map(move |gap| {
            LostWrites::Unreadable(Gap { from: gap.from.max(applied.next()), ..gap })
        });
        gaps.chain(self.unproven)
    }
}

/// Repairs a damaged journal, and puts a new one behind a store that has changes which the
/// journal has lost. Does nothing to a journal that is whole and reaches as far as the store.
///
/// # Errors
/// If the data directory is in use, the key does not fit, or the store cannot be read and the
/// journal does not bring it back.
pub fn repair_journal(root: &Path, key: Option<&MasterKey>) -> Result<JournalRepair, Error> {
    let _lock = lock(root)?;
    cluster::refuse_member(root)?;
    rekey::settle(root)?;
    settle_journal(root)?;
    let vault = open_vault(root, key)?;
    let dir = root.join("journal");
    let mut done = JournalRepair::default();
    let store = readable_store(root, vault.as_ref());
    let applied = match &store {
        Ok(Some(store)) => store.applied_seq(),
        _ => ChangeSeq::ZERO,
    };
    if !journal::exists(&dir)? {
        if let Some(store) = store? {
            replace_journal(root, &store, vault.as_ref(), &mut done)?;
        }
        return Ok(done);
    }
    let sealer = vault.as_ref().map(|vault| vault.sealer(KeyPurpose::Journal));
    let salvage = Salvage::of(&dir, sealer.as_ref())?;
    let findings = Findings::of(&salvage, applied)?;
    if let Ok(Some(store)) = &store {
        refuse_other_journal(&salvage, &findings, store)?;
    }
    done.problems.clone_from(&salvage.problems);
    if done.problems.is_empty() {
        done.problems.extend(findings.problems());
    }
    let store = if done.problems.is_empty() {
        match store {
            Ok(Some(store)) if applied > findings.end => store,
            // It is whole, and a start brings the store up to it, or builds it anew.
            _ => return Ok(done),
        }
    } else {
        bring_up(root, vault.as_ref(), (&salvage, findings), store, &mut done)?
    };
    drop(salvage);
    crash_point("repair.applied");
    replace_journal(root, &store, vault.as_ref(), &mut done)?;
    Ok(done)
}

/// Opens the store and reads all of it; none if there is nothing.
fn readable_store(root: &Path, vault: Option<&Vault>) -> Result<Option<Store>, Error> {
    let dir = root.join("store");
    if !Store::has_data(&dir) {
        return Ok(None);
    }
    let read = catch_unwind(AssertUnwindSafe(|| -> Result<Store, Error> {
        let (store, _) = Store::open(&dir, &store_options(vault))?;
        store.scan_prefix(b"").try_for_each(|record| record.map(drop))?;
        Ok(store)
    }));
    read.unwrap_or(Err(Error::Defect("reading the store"))).map(Some)
}

fn store_options(vault: Option<&Vault>) -> store::Options {
    store::Options {
        sealer: vault.map(|vault| vault.sealer(KeyPurpose::Store)),
        ..store::Options::default()
    }
}

/// Brings a store up to everything that can be read of a damaged journal.
fn bring_up(
    root: &Path,
    vault: Option<&Vault>,
    (salvage, findings): (&Salvage, Findings),
    store: Result<Option<Store>, Error>,
    done: &mut JournalRepair,
) -> Result<Store, Error> {
    let whole_from = salvage.whole_from();
    let mut applied = ChangeSeq::ZERO;
    let store = match (store, whole_from) {
        (Ok(Some(store)), _) if !findings.lacks(store.applied_seq().next()) => {
            applied = store.applied_seq();
            store
        }
        // Without the entry itself nobody knows which part of it is there.
        (Ok(Some(store)), Some(from)) if findings.has_all(from, store.applied_seq()) => {
            applied = store.applied_seq();
            drop(store);
            rebuild_store(root, vault, salvage, from, done)?
        }
        (Ok(Some(store)), _) => {
            applied = store.applied_seq();
            done.lost.push(LostWrites::Half(applied.next()));
            store
        }
        (Ok(None), Some(from)) => rebuild_store(root, vault, salvage, from, done)?,
        (Err(error), Some(from)) if is_damage(&error) => {
            tracing::error!("the store cannot be read: {}", causes(&error));
            rebuild_store(root, vault, salvage, from, done)?
        }
        (Err(error), _) => return Err(error),
        (Ok(None), None) => {
            let first = salvage.first().unwrap_or_default().0;
            return Err(Error::StoreLost { reason: "it is not there".to_owned(), first });
        }
    };
    done.replayed += apply_readable(salvage, &store, store.applied_seq())?;
    // Numbers that were given once are not given again.
    if store.applied_seq() < findings.end {
        store.apply(std::iter::empty(), findings.end)?;
    }
    let end = applied.max(findings.end);
    done.lost.extend(findings.lost_behind(applied));
    if salvage.ends_unreadable() {
        done.lost.push(LostWrites::Behind(end));
    }
    // The index may hold documents of what is lost.
    remove(&root.join("index"))?;
    store.checkpoint()?;
    Ok(store)
}

/// Builds a store from all readable entries, and puts it in the place of the old one, which is
/// kept.
fn rebuild_store(
    root: &Path,
    vault: Option<&Vault>,
    salvage: &Salvage,
    from: ChangeSeq,
    done: &mut JournalRepair,
) -> Result<Store, Error> {
    let (dir, new) = (root.join("store"), root.join(STORE_ASIDE));
    remove(&new)?;
    let (store, _) = Store::open(&new, &store_options(vault))?;
    done.replayed = apply_readable(salvage, &store, ChangeSeq(from.0 - 1))?;
    note_journals(&store, salvage.incarnation().as_slice())?;
    store.checkpoint()?;
    drop(store);
    crash_point("repair.store_built");
    if dir.exists() {
        let kept = free_name(&dir, "unreadable");
        std::fs::rename(&dir, &kept).map_err(io(&dir))?;
        done.set_aside.push(kept);
    }
    std::fs::rename(&new, &dir).map_err(io(&dir))?;
    sync_directory(root)?;
    done.store_rebuilt = true;
    Ok(Store::open(&dir, &store_options(vault))?.0)
}

/// Applies all readable and proven entries behind a change; how many.
fn apply_readable(salvage: &Salvage, store: &Store, after: ChangeSeq) -> Result<u64, Error> {
    let mut count = 0;
    salvage.walk(after, |one| -> Result<(), Error> {
        if let Salvaged::Entry(entry) = one {
            store.apply(entry.ops.iter().map(as_change), entry.seq)?;
            count += 1;
        }
        Ok(())
    })?;
    Ok(count)
}

/// Begins a new journal behind the store, complete from its first entry, and puts it in the place
/// of the old one, which is kept.
fn replace_journal(
    root: &Path,
    store: &Store,
    vault: Option<&Vault>,
    done: &mut JournalRepair,
) -> Result<(), Error> {
    let (dir, new) = (root.join("journal"), root.join(JOURNAL_ASIDE));
    remove(&new)?;
    let after = store.applied_seq();
    let (begun, _) = journal::restart(&new, after, vault.is_some())?;
    let sealer = vault.map(|vault| vault.sealer(KeyPurpose::Journal));
    let journal = FileJournal::open(&new, journal::Options { sealer, ..Default::default() })?;
    let now = Clock::system().now();
    image::complete(&journal, store, now, &StartProgress::default())?;
    drop(journal);
    // Until the renames are done either may be there.
    let mut known = known_journals(store)?;
    known.truncate(1);
    known.insert(0, begun);
    note_journals(store, &known)?;
    store.checkpoint()?;
    crash_point("repair.journal_built");
    if dir.exists() {
        let kept = free_name(&dir, "damaged");
        std::fs::rename(&dir, &kept).map_err(io(&dir))?;
        sync_directory(root)?;
        done.set_aside.push(kept);
    }
    crash_point("repair.journal_moved");
    std::fs::rename(&new, &dir).map_err(io(&dir))?;
    sync_directory(root)?;
    note_journals(store, &[begun])?;
    store.checkpoint()?;
    done.restarted_after = Some(after.0);
    Ok(())
}

/// Finishes or takes back the exchange of a journal that a crash has interrupted; the directory
/// must be locked.
pub(super) fn settle_journal(root: &Path) -> Result<(), Error> {
    let (dir, new) = (root.join("journal"), root.join(JOURNAL_ASIDE));
    if !new.exists() {
        return Ok(());
    }
    // The old one goes away only when the new one is complete.
    let is_complete = journal::is_whole(&new)?;
    if is_complete && !journal::exists(&dir)? {
        remove(&dir)?;
        std::fs::rename(&new, &dir).map_err(io(&dir))?;
    } else {
        remove(&new)?;
    }
    sync_directory(root)
}

/// Refuses a directory that holds the journal of another store. One without entries is nobody's:
/// an earlier repair has begun it.
fn refuse_other_journal(
    salvage: &Salvage,
    findings: &Findings,
    store: &Store,
) -> Result<(), Error> {
    let known = known_journals(store)?;
    let is_empty = findings.end == ChangeSeq::ZERO && !salvage.is_damaged();
    match (known.first(), salvage.incarnation()) {
        (Some(expected), Some(found)) if !known.contains(&found) && !is_empty => {
            Err(Error::OtherJournal { expected: *expected, found })
        }
        _ => Ok(()),
    }
}

/// An entry that is not taken over, in words.
fn told(entry: Entry) -> LostWrites {
    let named: BTreeSet<String> = entry.ops.iter().filter_map(|op| keys::name(op.key())).collect();
    let mut changes: Vec<String> = named.into_iter().collect();
    if changes.len() > MOST_NAMED {
        let more = changes.len() - MOST_NAMED;
        changes.truncate(MOST_NAMED);
        changes.push(format!("and {more} more"));
    }
    LostWrites::Unproven { seq: entry.seq, at: entry.at, actor: entry.actor, changes }
}

/// The first name of the kind `store.unreadable-1` that is not taken.
fn free_name(dir: &Path, kind: &str) -> PathBuf {
    let mut number = 1;
    loop {
        let candidate = dir.with_extension(format!("{kind}-{number}"));
        if !candidate.exists() {
            return candidate;
        }
        number += 1;
    }
}

fn remove(dir: &Path) -> Result<(), Error> {
    if dir.exists() { std::fs::remove_dir_all(dir).map_err(io(dir)) } else { Ok(()) }
}

fn sync_directory(dir: &Path) -> Result<(), Error> {
    std::fs::File::open(dir).and_then(|file| file.sync_all()).map_err(io(dir))
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { path, source }
}
