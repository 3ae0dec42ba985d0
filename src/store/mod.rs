//! The store: one ordered map of keys and values on disk, kept by sled; nothing else names sled.
//!
//! Place in the flow: the writer thread applies groups that the journal already holds, everybody
//! reads. The store only becomes durable at [`Store::checkpoint`]; what it loses in a crash is
//! applied again from the journal, for which it remembers up to where it got.
//!
//! It does not know what keys and values mean, and it decides nothing: a damaged store is reported,
//! not restored, and after a failed write the engine ends the process.
//!
//! Keys that begin with the byte 255 belong to the store itself; see `parts` for what is there.
//!
//! With a sealer every value is sealed for its key before sled sees it, and opened when it is read;
//! sled's cache and files hold nothing else. Keys stay readable, since they must be in order, and so
//! does the sequence of the last applied change: `keys` says why that gives nobody away.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use crate::domain::ids::ChangeSeq;
use crate::vault::Sealer;

pub mod codec;
mod contents;
mod error;
pub mod fault;
pub mod keys;
mod open;
mod parts;
mod rewrite;
mod scan;
mod value;

pub use contents::Contents;
pub use error::Error;
pub use open::{OpenReport, SetAside};
pub use rewrite::rewrite;
pub use scan::{Scan, Unopened};
pub use value::{Key, Value};

use fault::crash_point;

/// The longest key.
///
/// sled writes nodes above 128 KiB as blob files, which it never syncs. An index node holds up to
/// 320 keys (256 before it splits and 64 that are merged into it), a leaf up to 20 keys and values.
/// With this limit and that of a part, neither gets there; with keys of 1 KiB index nodes did.
pub const MAX_KEY_BYTES: usize = 320;

/// Where the sequence of the last applied change is kept.
const APPLIED_KEY: &[u8] = &[RESERVED, 0];
/// Where it is kept what the store holds, with the sequence of the change for which that is right.
const CONTENTS_KEY: &[u8] = &[RESERVED, 3];
/// The first byte of the keys of the store itself.
const RESERVED: u8 = 0xff;

/// How a store is kept.
#[derive(Clone, Debug)]
pub struct Options {
    /// How much memory sled may use for pages.
    pub cache_bytes: u64,
    /// How often sled writes its buffers out by itself. That only bounds how much is replayed
    /// after the process is killed; durability comes from the journal.
    pub flush_every_ms: Option<u64>,
    /// What seals the values, if the store is encrypted.
    pub sealer: Option<Sealer>,
}

impl Default for Options {
    fn default() -> Self {
        Self { cache_bytes: 512 << 20, flush_every_ms: Some(500), sealer: None }
    }
}

/// One change to apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// Sets a key.
    Put {
        /// The whole key.
        key: &'a [u8],
        /// The whole value.
        value: &'a [u8],
    },
    /// Removes a key, whether it exists or not.
    Delete {
        /// The whole key.
        key: &'a [u8],
    },
}

impl Change<'_> {
    /// Whether the store would take this change.
    ///
    /// To be asked before the change is journalled, for afterwards it has to be applied.
    pub fn check(&self) -> Result<(), Error> {
        let key = match self {
            Self::Put { key, value } => {
                if u32::try_from(value.len()).is_err() {
                    return Err(Error::ValueTooLarge { bytes: value.len() });
                }
                key
            }
            Self::Delete { key } => key,
        };
        if key.len() > MAX_KEY_BYTES {
            return Err(Error::KeyTooLong { bytes: key.len() });
        }
        if key.first() == Some(&RESERVED) {
            return Err(Error::KeyReserved);
        }
        Ok(())
    }
}

/// The store of one partition.
///
/// Reads may run in any number of threads. There is meant to be one writer; if there are several,
/// they wait for each other.
#[derive(Debug)]
pub struct Store {
    files: ArcSwap<Files>,
    sealer: Option<Sealer>,
    applied: AtomicU64,
    /// How many bytes keys and values have.
    live: AtomicU64,
    writer: Mutex<Writer>,
}

/// What a writer works with.
#[derive(Debug, Default)]
struct Writer {
    /// The bytes of one tagged value, used again for the next one.
    buffer: Vec<u8>,
    /// What the store holds, as far as is known.
    contents: Contents,
    /// Whether that is sure, and noted beside the sequence of the last applied change.
    is_sure: bool,
}

/// The database of a directory.
#[derive(Debug)]
struct Files {
    tree: sled::Tree,
    db: sled::Db,
    dir: PathBuf,
    data_file: File,
    _lock: Arc<File>,
}

impl Store {
    /// Opens the store of a directory, or begins one.
    ///
    /// The report says what was found: a store that had been there and comes up empty must be
    /// noticed by comparing [`OpenReport::applied`] with the journal.
    pub fn open(dir: &Path, options: &Options) -> Result<(Self, OpenReport), Error> {
        open::open(dir, options)
    }

    /// Whether a directory holds a store with anything in it, without opening it.
    pub fn has_data(dir: &Path) -> bool {
        Self::data_bytes(dir) > 0
    }

    /// The size of the file with the records of the store in a folder, in bytes; 0 if there is none.
    pub fn data_bytes(dir: &Path) -> u64 {
        open::data_bytes(dir)
    }

    /// Reads one value.
    pub fn get(&self, key: &[u8]) -> Result<Option<Value>, Error> {
        if key.first() == Some(&RESERVED) {
            return Err(Error::KeyReserved);
        }
        parts::get(&self.files.load().tree, self.sealer.as_ref(), key)
    }

    /// Whether a key exists; cheaper than reading a large value.
    pub fn contains(&self, key: &[u8]) -> Result<bool, Error> {
        if key.first() == Some(&RESERVED) {
            return Err(Error::KeyReserved);
        }
        Ok(self.files.load().tree.contains_key(key)?)
    }

    /// Applies changes in their order and then notes that everything up to `applied` is applied.
    ///
    /// Every single key changes at once, the group does not: a reader may see some of it before the
    /// rest. After a crash some of it may be there although `applied` is not; applying the same
    /// changes again makes it whole.
    ///
    /// Plain inserts and not sled's batch, because the batch locks every reader out for its length:
    /// with groups of 256 records (500 bytes and 4 index keys each) on two cores, a `get` beside it
    /// took at the 99th percentile 21 to 28 us with inserts and 15 to 24 ms with batches at full
    /// speed (17,000 to 23,000 records/s either way), and at the 99.9th percentile 0.3 ms against
    /// 12 ms at 3,000 records/s.
    ///
    /// After an error the state is unknown; the process must end.
    pub fn apply<'a>(
        &self,
        changes: impl IntoIterator<Item = Change<'a>>,
        applied: ChangeSeq,
    ) -> Result<(), Error> {
        let mut writer = self.writer.lock();
        crash_point("store.apply.begin");
        let files = self.files.load();
        let sealer = self.sealer.as_ref();
        if !writer.is_sure && applied == self.applied_seq() {
            // The journal does not have this change, so what was noted cannot be brought up to it.
            files.tree.remove(CONTENTS_KEY)?;
        }
        for change in changes {
            change.check()?;
            match change {
                Change::Put { key, value } => {
                    let before = parts::put(&files.tree, sealer, key, value, &mut writer.buffer)?;
                    writer.contents += Contents::of(key, value);
                    writer.contents -= before;
                }
                Change::Delete { key } => {
                    writer.contents -= parts::delete(&files.tree, sealer, key)?;
                }
            }
            crash_point("store.apply.between");
        }
        if writer.is_sure {
            note_contents(&files.tree, applied, writer.contents)?;
        }
        crash_point("store.apply.noted");
        files.tree.insert(APPLIED_KEY, &applied.0.to_be_bytes())?;
        self.live.store(writer.contents.bytes, Ordering::Relaxed);
        self.applied.store(applied.0, Ordering::Release);
        crash_point("store.apply.end");
        Ok(())
    }

    /// The last change that is applied and can be read.
    pub fn applied_seq(&self) -> ChangeSeq {
        ChangeSeq(self.applied.load(Ordering::Acquire))
    }

    /// How many bytes keys and values have, without what the database needs around them.
    pub fn live_bytes(&self) -> u64 {
        self.live.load(Ordering::Relaxed)
    }

    /// What the store holds, going by what was noted when it was opened and has been applied since.
    ///
    /// After a crash in the middle of [`Store::apply`] it is wrong by what that had already done.
    pub fn contents(&self) -> Contents {
        self.writer.lock().contents
    }

    /// Says what the store holds, after all of it was read; from now on that is noted with every
    /// change. Nothing may be applied meanwhile.
    ///
    /// # Errors
    /// If it cannot be noted.
    pub fn settle_contents(&self, contents: Contents) -> Result<(), Error> {
        let mut writer = self.writer.lock();
        let files = self.files.load();
        note_contents(&files.tree, self.applied_seq(), contents)?;
        writer.contents = contents;
        writer.is_sure = true;
        self.live.store(contents.bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Puts the files of another store, which has the same records, in the place of its own; nobody
    /// may write meanwhile. Readers that have begun go on in the old ones.
    pub fn exchange(&self, other: Self) -> OldFiles {
        let mut writer = self.writer.lock();
        *writer = other.writer.into_inner();
        self.live.store(writer.contents.bytes, Ordering::Relaxed);
        OldFiles(self.files.swap(other.files.into_inner()))
    }

    /// Where its files are.
    pub fn directory(&self) -> PathBuf {
        self.files.load().dir.clone()
    }

    /// Goes over all keys that begin with a prefix, in their order.
    ///
    /// It is not a snapshot: changes made meanwhile may be seen or not, each key as a whole.
    pub fn scan_prefix(&self, prefix: &[u8]) -> Scan {
        Scan::prefix(&self.files.load().tree, self.sealer.as_ref(), prefix)
    }

    /// Goes over all keys from `from` up to and without `to`, in their order.
    ///
    /// It is not a snapshot: changes made meanwhile may be seen or not, each key as a whole.
    pub fn scan_range(&self, from: &[u8], to: &[u8]) -> Scan {
        Scan::range(&self.files.load().tree, self.sealer.as_ref(), from, to)
    }

    /// Opens a record of [`Scan::next_unopened`]; `None` if it was deleted meanwhile.
    pub fn open_record(&self, record: Unopened) -> Result<Option<(Key, Value)>, Error> {
        record.open(&self.files.load().tree, self.sealer.as_ref())
    }

    /// Makes everything that is applied survive a power loss; answers up to where that is at least.
    ///
    /// `flush` alone does not: it only asks the system to begin writing.
    pub fn checkpoint(&self) -> Result<ChangeSeq, Error> {
        let applied = self.applied_seq();
        let files = self.files.load_full();
        files.db.flush()?;
        crash_point("store.checkpoint.flushed");
        files.data_file.sync_data().map_err(error::io_error("sync", &files.dir))?;
        File::open(&files.dir)
            .and_then(|dir| dir.sync_all())
            .map_err(error::io_error("sync", &files.dir))?;
        Ok(applied)
    }

    /// The size of all files of the store in bytes; files that cannot be read count nothing.
    pub fn size_on_disk(&self) -> u64 {
        fn size(dir: &Path) -> u64 {
            let Ok(entries) = fs::read_dir(dir) else { return 0 };
            entries
                .flatten()
                .map(|entry| match entry.metadata() {
                    Ok(data) if data.is_dir() => size(&entry.path()),
                    Ok(data) => data.len(),
                    Err(_) => 0,
                })
                .sum()
        }
        size(&self.files.load().dir)
    }
}

/// The files that a store has had before others took their place.
#[derive(Debug)]
pub struct OldFiles(Arc<Files>);

impl OldFiles {
    /// Whether somebody still reads from them.
    pub fn is_read(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// Closes them, as far as nobody reads from them; where they are.
    pub fn close(self) -> PathBuf {
        self.0.dir.clone()
    }
}

/// Reads the sequence of the last applied change.
fn read_applied(tree: &sled::Tree) -> Result<ChangeSeq, Error> {
    match tree.get(APPLIED_KEY)? {
        None => Ok(ChangeSeq::ZERO),
        Some(bytes) => match <[u8; 8]>::try_from(bytes.as_ref()) {
            Ok(bytes) => Ok(ChangeSeq(u64::from_be_bytes(bytes))),
            Err(_) => Err(Error::damaged_value(APPLIED_KEY)),
        },
    }
}

/// Reads what the store held, and at which sequence that was right.
fn read_contents(tree: &sled::Tree) -> Result<Option<(ChangeSeq, Contents)>, Error> {
    let Some(bytes) = tree.get(CONTENTS_KEY)? else { return Ok(None) };
    let read = bytes.split_first_chunk::<8>().and_then(|(seq, rest)| {
        Some((ChangeSeq(u64::from_be_bytes(*seq)), Contents::decode(rest)?))
    });
    read.map(Some).ok_or_else(|| Error::damaged_value(CONTENTS_KEY))
}

fn note_contents(tree: &sled::Tree, at: ChangeSeq, contents: Contents) -> Result<(), Error> {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&at.0.to_be_bytes());
    bytes[8..].copy_from_slice(&contents.encode());
    tree.insert(CONTENTS_KEY, &bytes)?;
    Ok(())
}

#[cfg(test)]
#[cfg(debug_assertions)]
mod crash_tests;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod sealed_tests;
#[cfg(test)]
mod tests;
