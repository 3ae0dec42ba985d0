//! What happens between a crash and "ready": journal, store, lookup and index are brought
//! together again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rayon::prelude::*;

use super::applier::as_change;
use super::error::Error;
use super::options::Options;
use super::proof::prove;
use super::repair::settle_journal;
use super::start::{StartProgress, StartWork};
use super::trash::Trash;
use super::tx::{Numbers, Tombstone, Usages};
use super::writer::causes;
use crate::domain::contact::Contact;
use crate::domain::ids::{ChangeSeq, ContactNumber, OrgNumber};
use crate::index::{Generations, Mirror, Schema};
use crate::journal::{self, FileJournal, Journal};
use crate::lookup::{Entry, Table};
use crate::store::{self, Change, Contents, Key, OpenReport, Store, Value, codec, keys};
use crate::vault::{self, MasterKey, Sealer, Vault};

/// Contacts decoded at once while scanning.
const SCAN_BATCH: usize = 20_000;
/// Bytes of stored records from which on a batch takes no more; decoded they are a few times that.
const SCAN_BATCH_BYTES: usize = 16 << 20;
/// A store that nothing was written to yet is smaller.
const BEGUN_STORE_BYTES: u64 = 16 << 10;
/// The length of the key of a contact.
const CONTACT_KEY_BYTES: u64 = 21;
/// Records of the first batch: who only wants to know whether there are many is done with it.
const FIRST_BATCH: usize = 2_048;

/// Opens the vault of a data directory, or begins that of a new one; none without a key.
///
/// # Errors
/// If the key does not fit what is there.
pub(super) fn open_vault(root: &Path, key: Option<&MasterKey>) -> Result<Option<Vault>, Error> {
    match (vault::exists(root), key) {
        (true, Some(key)) => Ok(Some(vault::unlock(root, key)?)),
        (true, None) => Err(vault::Error::KeyNeeded(root.to_owned()).into()),
        (false, None) => Ok(None),
        (false, Some(key)) => {
            let journal = root.join("journal");
            if journal::is_sealed(&journal)? {
                return Err(vault::Error::VaultLost(root.to_owned()).into());
            }
            if journal::exists(&journal)? || Store::has_data(&root.join("store")) {
                return Err(vault::Error::NotEncrypted(root.to_owned()).into());
            }
            Ok(Some(vault::create(root, key)?))
        }
    }
}

/// Opens the journal of a data directory.
pub(super) fn open_journal(
    root: &Path,
    options: journal::Options,
) -> Result<Arc<FileJournal>, Error> {
    let dir = root.join("journal");
    settle_journal(root)?;
    // Asked before a new journal is begun: it would be in the way of the one that is missing.
    if !journal::exists(&dir)? && Store::has_data(&root.join("store")) {
        return Err(Error::Mismatch {
            applied: None,
            journal: "is not there".to_owned(),
            repair: "put its files back, restore a backup, or begin a new journal behind the store with `ringdex check --repair-journal`",
        });
    }
    // An index is only ever made of a journal and a store.
    if !journal::exists(&dir)? && Generations::are_in(&root.join("index")) {
        return Err(Error::HistoryGone(root.to_owned()));
    }
    Ok(Arc::new(FileJournal::open(&dir, options)?))
}

/// A store with what was read from all of it.
pub(super) struct Recovered {
    pub(super) store: Arc<Store>,
    pub(super) table: Arc<Table>,
    pub(super) scanned: Scanned,
}

/// Opens the store, brings it up to the journal and reads all of it.
///
/// A store that cannot be read, or that the journal has left behind, is set aside and built anew
/// if the journal can bring everything back.
pub(super) fn open_store(
    root: &Path,
    journal: &FileJournal,
    options: &store::Options,
    progress: &StartProgress,
) -> Result<Recovered, Error> {
    let dir = root.join("store");
    let reason = match try_open_store(&dir, journal, options, progress) {
        Err(error) if is_damage(&error) => causes(&error),
        opened => return opened,
    };
    if journal.whole_from().is_none() {
        return Err(Error::StoreLost { reason, first: journal.first().0 });
    }
    // A journal without an entry makes nothing of a store that had something. One that the first
    // start was still making when the power went had nothing.
    if journal.tail() == ChangeSeq::ZERO && Store::data_bytes(&dir) > BEGUN_STORE_BYTES {
        return Err(Error::JournalEmpty { reason });
    }
    let aside = free_name(&dir);
    std::fs::rename(&dir, &aside).map_err(|source| Error::Io { path: dir.clone(), source })?;
    tracing::error!(
        "the store cannot be read ({reason}); it is kept as {} and built anew from the journal",
        aside.display()
    );
    let recovered = try_open_store(&dir, journal, options, progress)?;
    tracing::warn!("the store was built anew from {} journal entries", journal.tail());
    Ok(recovered)
}

fn try_open_store(
    dir: &Path,
    journal: &FileJournal,
    options: &store::Options,
    progress: &StartProgress,
) -> Result<Recovered, Error> {
    let (store, report) = Store::open(dir, options)?;
    let store = Arc::new(store);
    // A damaged store can make sled panic where it should refuse.
    let read = catch_unwind(AssertUnwindSafe(|| {
        let replayed = replay(journal, &store, &report, progress)?;
        if replayed > 0 {
            tracing::info!("replayed {replayed} journal entries into the store");
        }
        let table = Arc::new(Table::default());
        let (scanned, contents) = fill_table(&store, &table)?;
        prove(&store, journal, report.noted, contents)?;
        Ok((table, scanned))
    }));
    let (table, scanned) = read.unwrap_or(Err(Error::Defect("reading the store")))?;
    Ok(Recovered { store, table, scanned })
}

/// Whether it is the bytes of the store that are not as they should be.
pub(super) fn is_damage(error: &Error) -> bool {
    if let Error::Store(error) = error {
        return error.is_damage();
    }
    if matches!(error, Error::StoreBehind { .. }) {
        return true;
    }
    let newer = matches!(error, Error::Codec(codec::CodecError::UnknownVersion(_)));
    matches!(error, Error::Codec(_) | Error::Defect(_)) && !newer
}

/// The first name of the kind `store.unreadable-1` that is not taken.
fn free_name(dir: &Path) -> PathBuf {
    let mut number = 1;
    loop {
        let candidate = dir.with_extension(format!("unreadable-{number}"));
        if !candidate.exists() {
            return candidate;
        }
        number += 1;
    }
}

/// Applies what the journal has and the store lacks.
///
/// # Errors
/// If the two cannot belong together: then something was lost that replay cannot bring back, and
/// starting as if nothing had happened would lose it for good.
pub(super) fn replay(
    journal: &FileJournal,
    store: &Store,
    report: &OpenReport,
    progress: &StartProgress,
) -> Result<u64, Error> {
    let (applied, first, last) = (store.applied_seq(), journal.first(), journal.tail());
    if let Some(aside) = &report.set_aside {
        tracing::warn!(
            "the store did not open at first ({}); a copy is at {}",
            aside.reason,
            aside.copy.display()
        );
    }
    let found = journal.incarnation();
    match known_journals(store)?[..] {
        [known] if known == found => {}
        ref known => match known.first() {
            Some(expected) if !known.contains(&found) => {
                return Err(Error::OtherJournal { expected: *expected, found });
            }
            // None yet, or one of two that a repair was exchanging.
            _ => note_journals(store, &[found])?,
        },
    }
    if applied > last {
        return Err(Error::Mismatch {
            applied: Some(applied.0),
            journal: format!("ends at {last}"),
            repair: "the journal was cut or replaced; put the missing segments back, restore a backup, or begin a new journal behind the store with `ringdex check --repair-journal`",
        });
    }
    let is_empty = applied == ChangeSeq::ZERO && last > ChangeSeq::ZERO;
    let mut at = match (journal.whole_from(), report.noted) {
        (Some(from), _) if is_empty => ChangeSeq(from.0 - 1),
        // Whatever has been applied since may have got lost in between.
        (_, Some((noted, _))) if noted < applied && noted.next() >= first => noted,
        _ => applied,
    };
    if at.next() < first {
        return Err(Error::StoreBehind { applied: applied.0, first: first.0 });
    }
    if is_empty {
        progress.begin(StartWork::RebuildStore, last.0 - at.0);
        tracing::warn!(
            "the store is empty; it is built anew from the journal, which ends at entry {last}"
        );
    }
    let begun = at;
    while at < last {
        let entries = journal.read(at, 8 << 20, Duration::ZERO)?;
        let Some(end) = entries.last() else { break };
        at = end.seq;
        store.apply(entries.iter().flat_map(|entry| entry.ops.iter().map(as_change)), at)?;
        progress.advance(at.0 - begun.0);
    }
    progress.end();
    Ok(at.0 - begun.0)
}

/// Which journal the store was written from; two while a repair exchanges it.
pub(super) fn known_journals(store: &Store) -> Result<Vec<uuid::Uuid>, Error> {
    let Some(bytes) = store.get(keys::JOURNAL)? else { return Ok(Vec::new()) };
    let known = bytes.chunks(16).map(|id| uuid::Uuid::from_slice(id).unwrap_or_default());
    Ok(known.collect())
}

/// Writes down which journal the store is written from.
pub(super) fn note_journals(store: &Store, journals: &[uuid::Uuid]) -> Result<(), Error> {
    let value: Vec<u8> = journals.iter().flat_map(|id| *id.as_bytes()).collect();
    let change = Change::Put { key: keys::JOURNAL, value: &value };
    Ok(store.apply([change], store.applied_seq())?)
}

/// Calls a function with every stored contact and what its record holds, deleted ones included,
/// in batches decoded in parallel, until there are no more or it answers that it wants no more.
pub(super) fn for_each_contact(
    store: &Store,
    prefix: &[u8],
    mut each: impl FnMut(Vec<(OrgNumber, Contact, Contents)>) -> Result<bool, Error>,
) -> Result<(), Error> {
    let mut scan = store.scan_prefix(prefix);
    let mut most = FIRST_BATCH;
    loop {
        let (mut raw, mut bytes) = (Vec::new(), 0);
        while raw.len() < most
            && bytes < SCAN_BATCH_BYTES
            && let Some(record) = scan.next_unopened()
        {
            let record = record?;
            bytes += record.bytes();
            raw.push(record);
        }
        if raw.is_empty() {
            return Ok(());
        }
        let decoded: Result<Vec<_>, Error> = raw
            .into_par_iter()
            .filter_map(|record| {
                let (org, _) = keys::parse_contact(record.key())?;
                let decode = |(key, value): (Key, Value)| {
                    let contact = codec::decode::<Contact>(&value).map_err(Error::from)?;
                    Ok((org, contact, Contents::of(&key, &value)))
                };
                store
                    .open_record(record)
                    .map_err(Error::from)
                    .transpose()
                    .map(|r| r.and_then(decode))
            })
            .collect();
        if !each(decoded?)? {
            return Ok(());
        }
        most = SCAN_BATCH;
    }
}

/// What a scan of the store yields besides the lookup table.
pub(super) struct Scanned {
    pub(super) numbers: Numbers,
    pub(super) live: u64,
    pub(super) trash: Trash,
    pub(super) usages: Usages,
}

/// Fills the lookup table from the store; answers also what the store holds.
pub(super) fn fill_table(store: &Store, table: &Table) -> Result<(Scanned, Contents), Error> {
    let (mut phones, mut identities): (Vec<Entry>, Vec<Entry>) = (Vec::new(), Vec::new());
    let mut highest = 0;
    let mut live = 0;
    let trash = Trash::default();
    let mut usages = Usages::new();
    let mut contents = Contents::default();
    for_each_contact(store, &[keys::CONTACTS], |batch| {
        for (org, contact, record) in &batch {
            contents += *record;
            let usage = usages.entry(org.0).or_default();
            usage.contacts += 1;
            usage.bytes += record.bytes.saturating_sub(CONTACT_KEY_BYTES);
            highest = highest.max(contact.number.0);
            if contact.is_deleted() {
                trash.set(*org, contact);
                continue;
            }
            live += 1;
            table.directory().set(*org, contact);
            crate::lookup::phone_entries(*org, contact, &mut phones);
            crate::lookup::identity_entries(*org, contact, &mut identities);
        }
        Ok(true)
    })?;
    table.fill(phones, identities);
    // The rest is read so that damage shows now and not when somebody needs it.
    let before = store.scan_range(&[], &[keys::CONTACTS]);
    for entry in before.chain(store.scan_range(&[keys::CONTACTS + 1], &[u8::MAX])) {
        let (key, value) = entry?;
        contents += Contents::of(&key, &value);
        match key.first() {
            Some(&keys::TOMBSTONES) => {
                let tombstone: Tombstone = codec::decode(&value)?;
                highest = highest.max(tombstone.number.0);
            }
            Some(&(keys::MERGES | keys::RECORDS)) => {
                let org = key.get(1..5).and_then(|org| org.try_into().ok());
                let org = org.map_or(0, u32::from_be_bytes);
                usages.entry(org).or_default().bytes += value.len() as u64;
            }
            Some(_) | None => {}
        }
    }
    let reserved = match store.get(keys::NEXT_CONTACT_NUMBER)? {
        Some(bytes) => bytes.as_ref().try_into().map_or(0, u32::from_be_bytes),
        None => 0,
    };
    let numbers = Numbers::behind(highest.max(reserved));
    Ok((Scanned { numbers, live, trash, usages }, contents))
}

/// An index that has been opened.
pub(super) struct OpenIndex {
    pub(super) generations: Generations,
    pub(super) mirror: Mirror,
    /// Whether the schema has changed since it was built. It serves nevertheless.
    pub(super) is_outdated: bool,
    /// Its files have not been looked at yet.
    pub(super) is_unverified: bool,
}

/// Opens the index that served last if it can be trusted and searched, else builds one from the
/// store.
pub(super) fn open_index(
    root: &Path,
    wanted: &dyn Fn() -> Result<Schema, Error>,
    (store, findable): (&Arc<Store>, u64),
    journal: &FileJournal,
    options: &Options,
    sealer: Option<&Sealer>,
) -> Result<OpenIndex, Error> {
    let generations = Generations::new(root)?;
    let current = generations.current();
    let built_with = current.as_ref().and_then(|current| current.sources.as_ref());
    let schema = match (wanted(), built_with) {
        (Ok(schema), _) => schema,
        // A mistake in a table of names must not keep calls from being answered.
        (Err(error), built_with) => {
            tracing::error!("{error}; the search goes on as before");
            built_with.map_or_else(Schema::load, Schema::of)?
        }
    };
    if let Some(current) = current {
        let state = (store.as_ref(), findable, journal);
        match try_open(&generations, &current, &schema, state, options, sealer) {
            Ok((mirror, is_unverified)) => {
                generations.sweep(Some(&current.path))?;
                generations.mark_open()?;
                let is_outdated = mirror.schema().hash != schema.hash;
                return Ok(OpenIndex { generations, mirror, is_outdated, is_unverified });
            }
            Err(reason) => tracing::warn!("the search index is built anew: {reason}"),
        }
    }
    // Nothing answers from them, and they may take the room that the new one needs.
    let path = generations.fresh()?;
    generations.sweep(Some(&path))?;
    generations.mark_open()?;
    let applied = store.applied_seq();
    let mut mirror = Mirror::open(&path, schema, options.index_writer_bytes, sealer)?;
    let progress = &options.start;
    progress.begin(StartWork::BuildIndex, findable);
    fill_index(store, &mirror, &mut |done| {
        progress.advance(done);
        Ok(())
    })?;
    mirror.commit(applied)?;
    progress.end();
    generations.publish(&path, mirror.schema())?;
    Ok(OpenIndex { generations, mirror, is_outdated: false, is_unverified: false })
}

fn try_open(
    generations: &Generations,
    current: &crate::index::Current,
    schema: &Schema,
    (store, findable, journal): (&Store, u64, &FileJournal),
    options: &Options,
    sealer: Option<&Sealer>,
) -> Result<(Mirror, bool), String> {
    let built_with = match &current.sources {
        _ if current.schema_hash == *schema.hash => schema.clone(),
        Some(sources) if schema.has_layout_of(&current.schema_hash) => {
            let built_with = Schema::of(sources).map_err(|error| error.to_string())?;
            if *built_with.hash != current.schema_hash {
                return Err("it is not known what it was built with".to_owned());
            }
            built_with.with_scores_of(schema)
        }
        _ => return Err("its fields or the way its terms are cut have changed".to_owned()),
    };
    if generations.is_suspect() {
        return Err("it had failed".to_owned());
    }
    if !current.path.join("meta.json").is_file() {
        return Err("its files are gone".to_owned());
    }
    if generations.is_list_altered(&current.path) {
        return Err("the list of its files was altered".to_owned());
    }
    let is_large = size_of(&current.path) > options.verified_index_bytes;
    let is_unverified = is_large && generations.is_trusted();
    // Damaged files can make tantivy panic where it should refuse.
    let opened = catch_unwind(AssertUnwindSafe(|| {
        let mirror = Mirror::open(&current.path, built_with, options.index_writer_bytes, sealer)
            .map_err(|e| e.to_string())?;
        if !is_unverified {
            let damaged = mirror.damaged_files().map_err(|e| e.to_string())?;
            if !damaged.is_empty() {
                return Err(format!("damaged files: {}", damaged.join(", ")));
            }
        }
        Ok(mirror)
    }));
    let mirror = opened.unwrap_or_else(|_| Err("its files are damaged".to_owned()))?;
    if mirror.committed() > store.applied_seq() {
        return Err("it is ahead of the store".to_owned());
    }
    if mirror.committed().next() < journal.first() {
        return Err("the journal no longer reaches back to it".to_owned());
    }
    let documents = mirror.searcher().num_docs();
    if mirror.committed() == store.applied_seq() && documents != findable {
        return Err(format!("documents in it: {documents}, contacts to be found: {findable}"));
    }
    Ok((mirror, is_unverified))
}

/// The size of the files of a directory in bytes; what cannot be read counts nothing.
fn size_of(dir: &Path) -> u64 {
    let files = std::fs::read_dir(dir).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|data| data.len()).sum()
}

/// Puts every contact of the store into an empty index; ends early when `progress` says so.
pub(super) fn fill_index(
    store: &Store,
    mirror: &Mirror,
    progress: &mut dyn FnMut(u64) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut done = 0;
    for_each_contact(store, &[keys::CONTACTS], |batch| {
        for (org, contact, _) in &batch {
            mirror.upsert(*org, contact, true)?;
        }
        done += batch.len() as u64;
        progress(done)?;
        Ok(true)
    })
}

/// The number that a directory entry of a contact must have.
pub(super) fn directory_matches(table: &Table, org: OrgNumber, contact: &Contact) -> bool {
    let number: ContactNumber = contact.number;
    table.directory().get(number) == Some((org, contact.id))
}
