//! Copying a store into another directory with its values sealed otherwise, or not at all.
//!
//! Goes through the records and not the files, so the copy is also free of what sled leaves behind.
//! The store that is copied is not changed.

use std::path::Path;

use super::error::Error;
use super::value::{Key, Value};
use super::{Change, Options, Store};
use crate::vault::Sealer;

/// Records that are written at once.
const BATCH: usize = 1_000;

/// Copies the store of `from` into the empty directory `to`, opening values with `old` and sealing
/// them with `new`; durable when this returns. Answers how many records there are.
///
/// # Errors
/// If a store is in use, a value does not open, or the copy cannot be written.
pub fn rewrite(
    from: &Path,
    to: &Path,
    old: Option<&Sealer>,
    new: Option<&Sealer>,
) -> Result<u64, Error> {
    let options = |sealer: Option<&Sealer>| Options {
        cache_bytes: 64 << 20,
        sealer: sealer.cloned(),
        ..Options::default()
    };
    let (source, _) = Store::open(from, &options(old))?;
    let (target, _) = Store::open(to, &options(new))?;
    let applied = source.applied_seq();
    let mut records = 0;
    let mut scan = source.scan_prefix(b"");
    loop {
        let batch: Vec<(Key, Value)> = scan.by_ref().take(BATCH).collect::<Result<_, _>>()?;
        let changes = batch.iter().map(|(key, value)| Change::Put { key, value });
        target.apply(changes, applied)?;
        if batch.is_empty() {
            break;
        }
        records += batch.len() as u64;
    }
    target.checkpoint()?;
    Ok(records)
}
