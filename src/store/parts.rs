//! Values too large for one leaf, kept in parts under keys of their own.
//!
//! ```text
//! key                                   the value, or the head: generation, length, checksum
//! 255 0 | n                             nothing; see `GUARDS`
//! 255 1 | key | generation u64 | n u32  part n
//! 255 2 | key                           this key has parts: 1 while they change, 0 otherwise
//! ```
//! All parts are written before the head and the old ones are removed after it, so whoever reads a
//! head finds its parts, or finds on reading again that the head has changed. sled recovers a
//! prefix of what was written in order, so the same holds after a crash; what a crash leaves
//! behind is found by its mark when the store is opened. Records are scanned below the byte 255
//! and never meet a part.

use super::contents::Contents;
use super::error::Error;
use super::fault::crash_point;
use super::value::{self, Head, Revealed, Stored, Value, is_head, tag_inline, tag_sealed};
use crate::vault::Sealer;

/// Larger values are kept in parts of this size.
///
/// 20 entries of this size, with the longest keys, stay below the 128 KiB at which sled writes a
/// leaf as a blob file.
pub(super) const PART_BYTES: usize = 5 << 10;

/// Keys without a meaning between records and parts: sled writes a leaf anew with every few inserts,
/// and the last records would share theirs with parts of 5 KiB. Without these a copy of a store,
/// which is written in the order of the keys, took 1.8 times the room (592 MB against 337).
const GUARD_SPACE: u8 = 0;
/// More than fit into one leaf, and into those that it is merged with.
pub(super) const GUARDS: u8 = 64;
const PART_SPACE: u8 = 1;
const MARK_SPACE: u8 = 2;
const CLEAN: u8 = 0;
const CHANGING: u8 = 1;

/// Reads a value, whichever way it is kept.
pub(super) fn get(
    tree: &sled::Tree,
    sealer: Option<&Sealer>,
    key: &[u8],
) -> Result<Option<Value>, Error> {
    let mut seen: Option<Head> = None;
    loop {
        let Some(bytes) = tree.get(key)? else { return Ok(None) };
        let stored = Stored::read(bytes).ok_or_else(|| Error::damaged_value(key))?;
        let head = match stored.reveal(sealer, key)? {
            Revealed::Value(value) => return Ok(Some(value)),
            Revealed::Head(head) => head,
        };
        if let Some(bytes) = assemble(tree, key, head)? {
            return Ok(Some(match sealer {
                None => Value::whole(bytes),
                Some(sealer) => value::open(sealer, key, &bytes)?,
            }));
        }
        // Parts vanish only after their head: if that is still there, they were lost.
        if seen == Some(head) {
            return Err(Error::damaged_value(key));
        }
        seen = Some(head);
    }
}

/// Sets a value, whichever way it and the one before it are kept; what the key held before.
pub(super) fn put(
    tree: &sled::Tree,
    sealer: Option<&Sealer>,
    key: &[u8],
    value: &[u8],
    buffer: &mut Vec<u8>,
) -> Result<Contents, Error> {
    let is_small = match sealer {
        Some(sealer) => {
            tag_sealed(sealer, key, value, buffer)?;
            buffer.len() <= PART_BYTES + 1
        }
        None if value.len() <= PART_BYTES => {
            tag_inline(value, buffer);
            true
        }
        None => false,
    };
    if is_small {
        let before = tree.insert(key, buffer.as_slice())?;
        let had_parts = before.as_ref().is_some_and(|before| is_head(before));
        let before = held(tree, sealer, key, before);
        if had_parts {
            crash_point("store.parts.replaced");
            clean(tree, key)?;
        }
        return Ok(before);
    }
    // Parts are pieces of the sealed value, which opens only as a whole.
    let value = if sealer.is_some() { buffer.get(1..).unwrap_or_default() } else { value };
    let Ok(length) = u32::try_from(value.len()) else {
        return Err(Error::ValueTooLarge { bytes: value.len() });
    };
    let head = Head {
        generation: rand::random(),
        length,
        checksum: crc32fast::hash(value),
        is_sealed: sealer.is_some(),
    };
    tree.insert(mark_key(key), &[CHANGING])?;
    for (part, number) in value.chunks(PART_BYTES).zip(0..) {
        tree.insert(part_key(key, head.generation, number), part)?;
        crash_point("store.parts.between");
    }
    let before = tree.insert(key, &head.encode())?;
    crash_point("store.parts.head");
    let before = held(tree, sealer, key, before);
    clean(tree, key)?;
    Ok(before)
}

/// Removes a value, whichever way it is kept; what the key held before.
pub(super) fn delete(
    tree: &sled::Tree,
    sealer: Option<&Sealer>,
    key: &[u8],
) -> Result<Contents, Error> {
    let before = tree.remove(key)?;
    let had_parts = before.as_ref().is_some_and(|before| is_head(before));
    let before = held(tree, sealer, key, before);
    if had_parts {
        crash_point("store.parts.removed");
        clean(tree, key)?;
    }
    Ok(before)
}

/// What a key held before a change, to be asked while the parts of that are still there. What
/// cannot be read counts nothing, and so it is noticed at the next start.
fn held(
    tree: &sled::Tree,
    sealer: Option<&Sealer>,
    key: &[u8],
    before: Option<sled::IVec>,
) -> Contents {
    let Some(stored) = before.and_then(Stored::read) else { return Contents::default() };
    match stored.reveal(sealer, key) {
        Ok(Revealed::Value(value)) => Contents::of(key, &value),
        Ok(Revealed::Head(head)) => match (assemble(tree, key, head), sealer) {
            (Ok(Some(bytes)), None) => Contents::of(key, &bytes),
            (Ok(Some(bytes)), Some(sealer)) => value::open(sealer, key, &bytes)
                .map_or_else(|_| Contents::default(), |value| Contents::of(key, &value)),
            (Ok(None) | Err(_), _) => Contents::default(),
        },
        Err(_) => Contents::default(),
    }
}

/// Keeps records and parts in leaves of their own.
pub(super) fn guard(tree: &sled::Tree) -> Result<(), Error> {
    let key = |number: u8| [super::RESERVED, GUARD_SPACE, number];
    // The last one is written last.
    if tree.contains_key(key(GUARDS))? {
        return Ok(());
    }
    for number in 1..=GUARDS {
        tree.insert(key(number), &[])?;
    }
    Ok(())
}

/// Removes what a crash has left of values that were being changed; answers how many keys.
pub(super) fn sweep(tree: &sled::Tree) -> Result<u64, Error> {
    let mut swept = 0;
    for found in tree.scan_prefix([super::RESERVED, MARK_SPACE]) {
        let (mark, state) = found?;
        let key = &mark[2..];
        let has_head = tree.get(key)?.is_some_and(|bytes| is_head(&bytes));
        if !has_head || state.as_ref() != [CLEAN] {
            clean(tree, key)?;
            swept += 1;
        }
    }
    Ok(swept)
}

/// Removes all parts of a key that its head does not name, and brings its mark in order.
fn clean(tree: &sled::Tree, key: &[u8]) -> Result<(), Error> {
    let head = match tree.get(key)?.map(Stored::read) {
        Some(Some(Stored::Head(head))) => Some(head),
        Some(Some(Stored::Value(_) | Stored::Sealed(_))) | None => None,
        Some(None) => return Err(Error::damaged_value(key)),
    };
    let prefix = part_prefix(key);
    for found in tree.scan_prefix(&prefix).keys() {
        let part = found?;
        // A longer key has its parts under the same prefix; their length tells them apart.
        let Some((generation, _)) = part[prefix.len()..].split_first_chunk::<8>() else { continue };
        let is_of_this_key = part.len() == prefix.len() + 12;
        if is_of_this_key && head.map(|head| head.generation.to_be_bytes()) != Some(*generation) {
            tree.remove(part)?;
        }
    }
    if head.is_some() {
        tree.insert(mark_key(key), &[CLEAN])?;
    } else {
        tree.remove(mark_key(key))?;
    }
    Ok(())
}

/// Puts a value together; `None` if a part is missing or does not belong to it.
fn assemble(tree: &sled::Tree, key: &[u8], head: Head) -> Result<Option<Vec<u8>>, Error> {
    let length = head.length as usize;
    let mut bytes = Vec::new();
    let mut number = 0;
    while bytes.len() < length {
        let Some(part) = tree.get(part_key(key, head.generation, number))? else {
            return Ok(None);
        };
        if part.is_empty() || part.len() > length - bytes.len() {
            return Ok(None);
        }
        if number == 0 {
            // The length is believed only as far as there is a first part.
            bytes.reserve_exact(length.min(part.len() << 8));
        }
        bytes.extend_from_slice(&part);
        number += 1;
    }
    Ok((crc32fast::hash(&bytes) == head.checksum).then_some(bytes))
}

fn part_prefix(key: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 + key.len() + 12);
    bytes.extend_from_slice(&[super::RESERVED, PART_SPACE]);
    bytes.extend_from_slice(key);
    bytes
}

fn part_key(key: &[u8], generation: u64, number: u32) -> Vec<u8> {
    let mut bytes = part_prefix(key);
    bytes.extend_from_slice(&generation.to_be_bytes());
    bytes.extend_from_slice(&number.to_be_bytes());
    bytes
}

fn mark_key(key: &[u8]) -> Vec<u8> {
    [&[super::RESERVED, MARK_SPACE], key].concat()
}
