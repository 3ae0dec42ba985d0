//! Copying a journal into another directory with its entries sealed otherwise, or not at all.
//!
//! Entries, numbers, incarnation, segments and hash chain stay as they are; every entry is verified
//! on the way. The journal that is copied is not changed.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::error::{Damage, Error, io_error};
use super::frame::{self, MAX_BODY_BYTES};
use super::load::{self, Loaded};
use super::scan::{Scanner, Step};
use super::sealing::Sealing;
use super::segment::{HEADER_BYTES, Header, Segment, WALK_CHUNK};
use super::{Chain, verify};
use crate::vault::Sealer;

/// Copies the journal of `from` into the empty directory `to`, opening entries with `old` and
/// sealing them with `new`; durable when this returns. Answers how many entries there are.
///
/// The journal must not be open.
pub fn rewrite(
    from: &Path,
    to: &Path,
    old: Option<&Sealer>,
    new: Option<&Sealer>,
) -> Result<u64, Error> {
    fs::create_dir_all(to).map_err(io_error("create", to))?;
    let _lock = load::lock(from)?;
    let Loaded { segments, trouble } = load::load(from)?;
    if let Some(trouble) = trouble.filter(|trouble| !trouble.torn) {
        return Err(trouble.into_error());
    }
    let mut entries = 0;
    for segment in &segments {
        entries += rewrite_segment(segment, to, old, new)?;
    }
    Ok(entries)
}

fn rewrite_segment(
    segment: &Segment,
    to: &Path,
    old: Option<&Sealer>,
    new: Option<&Sealer>,
) -> Result<u64, Error> {
    let Segment { handle, header, end, .. } = segment;
    let (file, path) = (&handle.file()?, segment.path());
    let sealing = |sealer: Option<&Sealer>| {
        sealer.map(|sealer| Sealing::new(sealer.clone(), header.incarnation))
    };
    let (old, new) = (sealing(old), sealing(new));
    let target = Segment::create(to, Header { is_sealed: new.is_some(), ..*header })?;
    let damaged = |offset, damage| Error::Damaged { path: path.to_owned(), offset, damage };
    let mut scanner =
        Scanner::new(file, path, segment.seed(), HEADER_BYTES as u64..*end, WALK_CHUNK);
    let (mut room, mut out, mut written) = (Vec::new(), Vec::new(), HEADER_BYTES as u64);
    let mut before: Chain = header.chain_before;
    let mut entries = 0;
    loop {
        let offset = scanner.offset();
        let (head, body) = match scanner.next()? {
            Step::Frame(head, body) => (head, body),
            Step::Bad(damage) => return Err(damaged(offset, damage)),
            Step::End => break,
        };
        let body = frame::open_body(body, &head.chain, old.as_ref(), &mut room)
            .and_then(|body| {
                verify::check_chain(&before, body, &head.chain)?;
                frame::decode(body, head.chain)?;
                Ok::<_, Damage>(body)
            })
            .map_err(|damage| damaged(offset, damage))?;
        frame::encode_body(&mut out, body, &head.chain, segment.seed(), new.as_ref())
            .map_err(|bytes| Error::TooLarge { bytes, limit: MAX_BODY_BYTES })?;
        before = head.chain;
        entries += 1;
        if out.len() >= WALK_CHUNK {
            put(&target, &mut out, &mut written)?;
        }
    }
    put(&target, &mut out, &mut written)?;
    target.handle.file()?.sync_all().map_err(io_error("sync", target.path()))?;
    Ok(entries)
}

fn put(target: &Segment, out: &mut Vec<u8>, written: &mut u64) -> Result<(), Error> {
    let file = target.handle.file()?;
    file.write_all_at(out, *written).map_err(io_error("write", target.path()))?;
    *written += out.len() as u64;
    out.clear();
    Ok(())
}
