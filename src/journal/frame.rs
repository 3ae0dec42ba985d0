//! The bytes of one entry: a frame with mark, length, checksum, chain and body.
//!
//! ```text
//! frame  mark [4] | body length u32 | crc32 u32 | chain [32] | body
//! body   version u8 | seq | place in group | at | organisation | actor | tx [16] | n | n times op
//!        (sealed from the organisation on where the journal is encrypted, see `sealing`)
//! op     0 key | 1 key value (put) | 2 key value (put of a fresh key)
//! ```
//! Numbers of the frame are little endian, those of the body are varints (time zigzag), byte
//! strings are preceded by their length. The checksum is seeded with the journal's incarnation and
//! covers length, chain and body, so that neither old blocks of another file nor bytes that a user
//! stored can be taken for a frame. The mark is not valid UTF-8, for the same reason.
//!
//! Pure: no files here. Decoding trusts nothing, and old versions decode for ever.

use uuid::Uuid;

use super::error::Damage;
use super::sealing::Sealing;
use super::{Chain, Entry, NewEntry, Op};
use crate::domain::ids::{ChangeSeq, OrgNumber};
use crate::domain::time::Timestamp;
use crate::vault::OVERHEAD_BYTES;

/// The largest body of an entry; larger ones are refused when they are appended.
pub const MAX_BODY_BYTES: usize = 64 << 20;

/// The bytes before the body.
pub(super) const FRAME_HEADER_BYTES: usize = 44;

/// The first bytes of every frame.
pub(super) const MARK: [u8; 4] = [0xff, b'R', b'J', 0xfe];

/// The version of a body that everybody can read.
pub(super) const PLAIN_VERSION: u8 = 1;
/// The version of a body that is sealed.
pub(super) const SEALED_VERSION: u8 = 2;
const DELETE: u8 = 0;
const PUT: u8 = 1;
const PUT_FRESH: u8 = 2;

/// Makes checksums that only frames of one incarnation carry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seed(u32);

impl Seed {
    pub(super) fn of(incarnation: Uuid) -> Self {
        Self(crc32fast::hash(incarnation.as_bytes()))
    }

    fn checksum(self, length: [u8; 4], chain_and_body: &[u8]) -> u32 {
        let mut hasher = crc32fast::Hasher::new_with_initial(self.0);
        hasher.update(&length);
        hasher.update(chain_and_body);
        hasher.finalize()
    }
}

/// What is known of a frame whose checksum matches, without decoding its changes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) seq: ChangeSeq,
    /// How many entries of the same group, and thus of the same write, stand before it.
    pub(super) place: u64,
    pub(super) at: Timestamp,
    pub(super) chain: Chain,
    /// The bytes the whole frame takes.
    pub(super) len: usize,
}

impl Head {
    /// The number of the first entry of its group.
    pub(super) fn group_first(&self) -> u64 {
        self.seq.0.saturating_sub(self.place)
    }
}

/// What the bytes at some place are.
#[derive(Debug)]
pub(super) enum Parsed {
    Frame(Head),
    /// So many bytes are needed in all to tell.
    Needs(usize),
    Bad(Damage),
}

/// The hash over a plain body and everything before it.
pub(super) fn chain_after(previous: &Chain, body: &[u8]) -> Chain {
    let mut hasher = blake3::Hasher::new();
    hasher.update(previous);
    hasher.update(body);
    *hasher.finalize().as_bytes()
}

/// Appends the frame of an entry to `out`; answers its chain.
///
/// With `sealing` the body is sealed. `out` is as before if the entry is too large: then the error
/// is the size of its body.
pub(super) fn encode(
    out: &mut Vec<u8>,
    entry: &NewEntry,
    seq: ChangeSeq,
    place: u64,
    previous: &Chain,
    seed: Seed,
    sealing: Option<&Sealing>,
) -> Result<Chain, usize> {
    let start = out.len();
    let payload: usize = entry.ops.iter().map(op_bytes).sum();
    if payload > MAX_BODY_BYTES {
        return Err(payload);
    }
    out.reserve(FRAME_HEADER_BYTES + 64 + OVERHEAD_BYTES + entry.actor.len() + payload);
    out.extend_from_slice(&[0; FRAME_HEADER_BYTES]);
    out.push(PLAIN_VERSION);
    put_varint(out, seq.0);
    put_varint(out, place);
    put_varint(out, zigzag(entry.at.0));
    let head = out.len() - start - FRAME_HEADER_BYTES;
    put_varint(out, u64::from(entry.organization.0));
    put_bytes(out, entry.actor.as_bytes());
    out.extend_from_slice(&entry.tx.to_le_bytes());
    put_varint(out, entry.ops.len() as u64);
    for op in &entry.ops {
        match op {
            Op::Put { key, value, fresh } => {
                out.push(if *fresh { PUT_FRESH } else { PUT });
                put_bytes(out, key);
                put_bytes(out, value);
            }
            Op::Delete { key } => {
                out.push(DELETE);
                put_bytes(out, key);
            }
        }
    }
    let chain = chain_after(previous, &out[start + FRAME_HEADER_BYTES..]);
    close(out, start, head, &chain, seed, sealing)?;
    Ok(chain)
}

/// Appends the frame of a plain body whose chain is known; the error is as that of [`encode`].
pub(super) fn encode_body(
    out: &mut Vec<u8>,
    plain: &[u8],
    chain: &Chain,
    seed: Seed,
    sealing: Option<&Sealing>,
) -> Result<(), usize> {
    let start = out.len();
    out.extend_from_slice(&[0; FRAME_HEADER_BYTES]);
    out.extend_from_slice(plain);
    close(out, start, head_bytes(plain).unwrap_or(0), chain, seed, sealing)
}

/// Seals the body of the last frame, if that is wanted, and fills in the header of the frame.
fn close(
    out: &mut Vec<u8>,
    start: usize,
    head: usize,
    chain: &Chain,
    seed: Seed,
    sealing: Option<&Sealing>,
) -> Result<(), usize> {
    let plain_len = out.len() - start - FRAME_HEADER_BYTES;
    if let Some(sealing) = sealing
        && sealing.seal(out, start + FRAME_HEADER_BYTES, head, chain).is_err()
    {
        out.truncate(start);
        return Err(plain_len);
    }
    let body_len = out.len() - start - FRAME_HEADER_BYTES;
    let Some(length) = u32::try_from(body_len).ok().filter(|_| body_len <= MAX_BODY_BYTES) else {
        out.truncate(start);
        return Err(body_len);
    };
    let frame = &mut out[start..];
    frame[..4].copy_from_slice(&MARK);
    frame[4..8].copy_from_slice(&length.to_le_bytes());
    frame[12..FRAME_HEADER_BYTES].copy_from_slice(chain);
    let checksum = seed.checksum(length.to_le_bytes(), &frame[12..]);
    frame[8..12].copy_from_slice(&checksum.to_le_bytes());
    Ok(())
}

/// The plain body of a frame, which is put into `room` if it was sealed.
pub(super) fn open_body<'a>(
    body: &'a [u8],
    chain: &Chain,
    sealing: Option<&Sealing>,
    room: &'a mut Vec<u8>,
) -> Result<&'a [u8], Damage> {
    let version = body.first().copied().unwrap_or(PLAIN_VERSION);
    let Some(sealing) = sealing else {
        return if version == SEALED_VERSION { Err(Damage::Sealed) } else { Ok(body) };
    };
    if version != SEALED_VERSION {
        return Err(Damage::NotSealed);
    }
    sealing.open(body, head_bytes(body).ok_or(Damage::Body)?, chain, room)?;
    Ok(room)
}

/// How many bytes of a body stand in front of what is sealed.
fn head_bytes(body: &[u8]) -> Option<usize> {
    let mut input = Input(body);
    peek(&mut input)?;
    Some(body.len() - input.0.len())
}

/// Reads the frame at the beginning of `bytes`.
pub(super) fn parse(bytes: &[u8], seed: Seed) -> Parsed {
    let Some((header, rest)) = bytes.split_at_checked(FRAME_HEADER_BYTES) else {
        let shared = bytes.len().min(MARK.len());
        return if bytes[..shared] == MARK[..shared] {
            Parsed::Needs(FRAME_HEADER_BYTES)
        } else {
            Parsed::Bad(Damage::Mark)
        };
    };
    let mut header = Input(header);
    let (Some(mark), Some(length), Some(checksum), Some(chain)) =
        (header.array::<4>(), header.array::<4>(), header.array::<4>(), header.array::<32>())
    else {
        return Parsed::Bad(Damage::Mark);
    };
    if mark != MARK {
        return Parsed::Bad(Damage::Mark);
    }
    let body_len = u32::from_le_bytes(length) as usize;
    if body_len > MAX_BODY_BYTES {
        return Parsed::Bad(Damage::Short);
    }
    let Some(body) = rest.get(..body_len) else {
        return Parsed::Needs(FRAME_HEADER_BYTES + body_len);
    };
    if seed.checksum(length, &bytes[12..FRAME_HEADER_BYTES + body_len])
        != u32::from_le_bytes(checksum)
    {
        return Parsed::Bad(Damage::Checksum);
    }
    match peek(&mut Input(body)) {
        Some((seq, place, at)) => {
            Parsed::Frame(Head { seq, place, at, chain, len: FRAME_HEADER_BYTES + body_len })
        }
        None => Parsed::Bad(Damage::Body),
    }
}

fn op_bytes(op: &Op) -> usize {
    match op {
        Op::Put { key, value, .. } => 1 + 10 + key.len() + value.len(),
        Op::Delete { key } => 1 + 5 + key.len(),
    }
}

fn peek(input: &mut Input<'_>) -> Option<(ChangeSeq, u64, Timestamp)> {
    if !matches!(input.byte()?, PLAIN_VERSION | SEALED_VERSION) {
        return None;
    }
    Some((ChangeSeq(input.varint()?), input.varint()?, Timestamp(unzigzag(input.varint()?))))
}

/// Decodes the whole plain body of a frame.
pub(super) fn decode(body: &[u8], chain: Chain) -> Result<Entry, Damage> {
    if body.first() != Some(&PLAIN_VERSION) {
        return Err(Damage::Body);
    }
    decode_body(body, chain).ok_or(Damage::Body)
}

fn decode_body(body: &[u8], chain: Chain) -> Option<Entry> {
    let mut input = Input(body);
    let (seq, _, at) = peek(&mut input)?;
    let after = ChangeSeq(seq.0.checked_sub(1)?);
    let organization = OrgNumber(u32::try_from(input.varint()?).ok()?);
    let actor = std::str::from_utf8(input.bytes()?).ok()?.to_owned();
    let tx = u128::from_le_bytes(input.array()?);
    let count = usize::try_from(input.varint()?).ok()?;
    // Every change takes at least two bytes: a damaged count cannot ask for much memory.
    if count > input.0.len() / 2 {
        return None;
    }
    let mut ops = Vec::with_capacity(count);
    for _ in 0..count {
        ops.push(match input.byte()? {
            DELETE => Op::Delete { key: input.bytes()?.to_vec() },
            kind @ (PUT | PUT_FRESH) => Op::Put {
                key: input.bytes()?.to_vec(),
                value: input.bytes()?.to_vec(),
                fresh: kind == PUT_FRESH,
            },
            _ => return None,
        });
    }
    input.0.is_empty().then_some(Entry { seq, after, chain, at, organization, actor, tx, ops })
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

/// The bytes that are still to be decoded.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return None;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.varint()?).ok()?;
        self.take(length)
    }
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
