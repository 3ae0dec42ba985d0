//! Reading everything again: checksums, numbering, the hash chain, and that every entry decodes.
//!
//! The chain finds what a checksum cannot: an entry that was changed by somebody who knew how to
//! write a frame. Only the whole rest of the journal rewritten would pass, and then the chain of
//! the last entry differs from any that was written down elsewhere. Changes nothing.

use super::error::{Damage, Error};
use super::frame::{self, Seed};
use super::scan::{Scanner, Step};
use super::sealing::Sealing;
use super::segment::{Stretch, WALK_CHUNK};
use super::{Chain, Verified};
use crate::domain::ids::ChangeSeq;

/// Checks all segments in their order.
pub(super) fn verify(
    stretches: &[Stretch],
    seed: Seed,
    sealing: Option<&Sealing>,
) -> Result<Verified, Error> {
    let Some(header) = stretches.first().map(|stretch| stretch.header) else {
        return Err(Error::Poisoned);
    };
    let mut verified = Verified {
        first: header.first,
        last: ChangeSeq(header.first.0 - 1),
        entries: 0,
        bytes: 0,
        chain: header.chain_before,
    };
    for stretch in stretches {
        verify_stretch(stretch, seed, sealing, &mut verified)?;
    }
    Ok(verified)
}

/// Checks the chain of an entry against that of the one before.
pub(super) fn check_chain(before: &Chain, body: &[u8], found: &Chain) -> Result<(), Damage> {
    let expected = frame::chain_after(before, body);
    if expected == *found {
        Ok(())
    } else {
        Err(Damage::Chain { expected: Box::new(expected), found: Box::new(*found) })
    }
}

/// Checks one segment against what the segments before it have led to.
fn verify_stretch(
    stretch: &Stretch,
    seed: Seed,
    sealing: Option<&Sealing>,
    verified: &mut Verified,
) -> Result<(), Error> {
    let Stretch { handle, header, range, last } = stretch;
    let (file, path) = (&handle.file()?, &handle.path);
    let damaged = |offset, damage| Error::Damaged { path: path.clone(), offset, damage };
    if header.chain_before != verified.chain {
        let expected = Box::new(verified.chain);
        let found = Box::new(header.chain_before);
        return Err(damaged(0, Damage::Chain { expected, found }));
    }
    let mut scanner = Scanner::new(file, path, seed, range.clone(), WALK_CHUNK);
    let mut room = Vec::new();
    loop {
        let offset = scanner.offset();
        let expected = verified.last.next();
        let (head, body) = match scanner.next()? {
            Step::Frame(head, body) => (head, body),
            Step::Bad(damage) => return Err(damaged(offset, damage)),
            Step::End if verified.last == *last => return Ok(()),
            Step::End => {
                let damage = Damage::Sequence { expected, found: ChangeSeq::ZERO };
                return Err(damaged(offset, damage));
            }
        };
        if head.seq != expected {
            return Err(damaged(offset, Damage::Sequence { expected, found: head.seq }));
        }
        frame::open_body(body, &head.chain, sealing, &mut room)
            .and_then(|body| {
                check_chain(&verified.chain, body, &head.chain)?;
                frame::decode(body, head.chain)
            })
            .map_err(|damage| damaged(offset, damage))?;
        verified.last = head.seq;
        verified.chain = head.chain;
        verified.entries += 1;
        verified.bytes += head.len as u64;
    }
}
