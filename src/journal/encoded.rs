//! Groups of entries as bytes that another machine's journal takes over as they are.
//!
//! They are the frames that the journal itself would write, with their numbers and their chain, but
//! never sealed: so whoever takes them over proves by the chain that both histories are the same up
//! to there.

use std::cmp::Ordering;

use super::error::{Damage, Error};
use super::file::{End, FileJournal, Written};
use super::frame::{self, MAX_BODY_BYTES, Parsed};
use super::verify::check_chain;
use super::{Appended, Chain, Entry, Journal, NewEntry};
use crate::domain::ids::ChangeSeq;

/// A group as it stands behind the last entry of a journal.
#[derive(Clone, Debug)]
pub struct EncodedGroup {
    /// The entry that it stands behind.
    pub after: ChangeSeq,
    /// Its last entry.
    pub last: ChangeSeq,
    /// The frames.
    pub bytes: Vec<u8>,
}

impl FileJournal {
    /// The last entry, and the hash over it and everything before it.
    pub fn chain(&self) -> (ChangeSeq, Chain) {
        let end = self.end();
        (end.seq, end.chain)
    }

    /// Encodes a group as it will stand behind the last entry, without writing it.
    ///
    /// # Errors
    /// If an entry is too large.
    pub fn encode_group(&self, group: &[NewEntry]) -> Result<EncodedGroup, Error> {
        let mut end = self.end();
        let after = end.seq;
        let mut bytes = Vec::new();
        for (entry, place) in group.iter().zip(0..) {
            let seq = end.seq.next();
            let chain = frame::encode(&mut bytes, entry, seq, place, &end.chain, self.seed(), None)
                .map_err(|bytes| Error::TooLarge { bytes, limit: MAX_BODY_BYTES })?;
            end = End { seq, chain };
        }
        Ok(EncodedGroup { after, last: end.seq, bytes })
    }

    /// The hash over an entry and everything before it, as an encoded group has it; `None` if it does
    /// not hold the entry.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the group is none of this history.
    pub fn chain_in(&self, bytes: &[u8], seq: ChangeSeq) -> Result<Option<Chain>, Error> {
        let mut at = 0;
        while at < bytes.len() {
            let damage = match frame::parse(&bytes[at..], self.seed()) {
                Parsed::Frame(head) if head.seq == seq => return Ok(Some(head.chain)),
                Parsed::Frame(head) => {
                    at += head.len;
                    continue;
                }
                Parsed::Needs(_) => Damage::Short,
                Parsed::Bad(damage) => damage,
            };
            let path = self.directory().to_owned();
            return Err(Error::Damaged { path, offset: at as u64, damage });
        }
        Ok(None)
    }

    /// Takes a group over that another journal of the same history has encoded, with one write and
    /// one sync; answers its entries without those that are here already, since a crash came
    /// between them.
    ///
    /// # Errors
    /// [`Error::Damaged`] if it does not continue what is here: then nothing is written.
    pub fn append_encoded(&self, bytes: &[u8]) -> Result<Vec<Entry>, Error> {
        let damaged = |offset: usize, damage| Error::Damaged {
            path: self.directory().to_owned(),
            offset: offset as u64,
            damage,
        };
        self.appending(|writer| {
            let end = self.end();
            let (mut entries, mut at, mut last) = (Vec::new(), 0, end);
            let (mut holds_end, mut is_before) = (false, false);
            // Each body with where it stands, its chain and its time.
            let mut bodies = Vec::new();
            while at < bytes.len() {
                let head = match frame::parse(&bytes[at..], self.seed()) {
                    Parsed::Frame(head) => head,
                    Parsed::Needs(_) => return Err(damaged(at, Damage::Short)),
                    Parsed::Bad(damage) => return Err(damaged(at, damage)),
                };
                let body = &bytes[at + frame::FRAME_HEADER_BYTES..at + head.len];
                match head.seq.cmp(&end.seq) {
                    Ordering::Less => is_before = true,
                    Ordering::Equal if head.chain == end.chain => holds_end = true,
                    Ordering::Equal => {
                        let (expected, found) = (Box::new(end.chain), Box::new(head.chain));
                        return Err(damaged(at, Damage::Chain { expected, found }));
                    }
                    Ordering::Greater => {
                        let (expected, found) = (last.seq.next(), head.seq);
                        if found != expected {
                            return Err(damaged(at, Damage::Sequence { expected, found }));
                        }
                        check_chain(&last.chain, body, &head.chain).map_err(|d| damaged(at, d))?;
                        entries.push(frame::decode(body, head.chain).map_err(|d| damaged(at, d))?);
                        bodies.push((body, head));
                        last = End { seq: head.seq, chain: head.chain };
                    }
                }
                at += head.len;
            }
            // What stands before the end belongs to the group that a crash has cut, or to another
            // history.
            if is_before && !holds_end {
                let damage = Damage::Sequence { expected: end.seq.next(), found: last.seq };
                return Err(damaged(0, damage));
            }
            self.write_frames(writer, |out, frames, end| {
                for (body, head) in bodies {
                    let from = out.len();
                    frame::encode_body(out, body, &head.chain, self.seed(), self.sealing())
                        .map_err(|bytes| Error::TooLarge { bytes, limit: MAX_BODY_BYTES })?;
                    let (seq, chain) = (head.seq, head.chain);
                    frames.push(Written { seq, from, len: out.len() - from, at: head.at, chain });
                    *end = End { seq, chain };
                }
                Ok(())
            })?;
            Ok(entries)
        })
    }

    /// Appends a group of which it is known that it stands behind the last entry.
    ///
    /// # Errors
    /// As [`Journal::append`]; [`Error::Poisoned`] if it does not stand there.
    pub fn append_agreed(&self, after: ChangeSeq, group: &[NewEntry]) -> Result<ChangeSeq, Error> {
        match self.append(after, group)? {
            Appended::At(seq) => Ok(seq),
            Appended::Conflict | Appended::Unknown => Err(Error::Poisoned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::entry;
    use super::super::{Options, Verified};
    use super::*;

    fn journal(dir: &tempfile::TempDir, incarnation: uuid::Uuid) -> FileJournal {
        let options = Options { incarnation: Some(incarnation), ..Options::default() };
        FileJournal::open(dir.path(), options).unwrap()
    }

    fn verified(journal: &FileJournal) -> Verified {
        journal.verify().unwrap()
    }

    #[test]
    fn a_journal_that_takes_groups_over_has_the_same_chain() {
        let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let incarnation = uuid::Uuid::now_v7();
        let (one, other) = (journal(&ours, incarnation), journal(&theirs, incarnation));
        for size in [1, 3, 2] {
            let group: Vec<NewEntry> = (0_u64..size).map(entry).collect();
            let encoded = one.encode_group(&group).unwrap();
            assert_eq!(one.append_agreed(encoded.after, &group).unwrap(), encoded.last);
            assert_eq!(other.append_encoded(&encoded.bytes).unwrap().len(), group.len());
            // Once more is no harm.
            assert!(other.append_encoded(&encoded.bytes).unwrap().is_empty());
        }
        assert_eq!(verified(&one).chain, verified(&other).chain);
        assert_eq!(other.tail(), ChangeSeq(6));
    }

    #[test]
    fn the_rest_of_a_group_is_taken_over_behind_a_torn_write() {
        let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let incarnation = uuid::Uuid::now_v7();
        let (one, other) = (journal(&ours, incarnation), journal(&theirs, incarnation));
        let group: Vec<NewEntry> = (0_u64..3).map(entry).collect();
        let encoded = one.encode_group(&group).unwrap();
        one.append_agreed(ChangeSeq::ZERO, &group).unwrap();
        let Parsed::Frame(first) = frame::parse(&encoded.bytes, other.seed()) else {
            panic!("the first frame is whole")
        };
        assert_eq!(other.append_encoded(&encoded.bytes[..first.len]).unwrap().len(), 1);
        assert_eq!(other.append_encoded(&encoded.bytes).unwrap().len(), 2);
        assert_eq!(verified(&one).chain, verified(&other).chain);
    }

    #[test]
    fn another_history_is_refused_and_nothing_is_written() {
        let dirs: Vec<_> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
        let incarnation = uuid::Uuid::now_v7();
        let (one, fork) = (journal(&dirs[0], incarnation), journal(&dirs[1], incarnation));
        one.append_agreed(ChangeSeq::ZERO, &[entry(1)]).unwrap();
        fork.append_agreed(ChangeSeq::ZERO, &[entry(2)]).unwrap();
        let next = one.encode_group(&[entry(3)]).unwrap();
        let refused = fork.append_encoded(&next.bytes).unwrap_err();
        assert!(
            matches!(refused, Error::Damaged { damage: Damage::Chain { .. }, .. }),
            "{refused}"
        );
        assert_eq!(fork.tail(), ChangeSeq(1));
        // A gap, another incarnation, and bytes that end early.
        one.append_agreed(ChangeSeq(1), &[entry(3)]).unwrap();
        let later = one.encode_group(&[entry(4)]).unwrap();
        assert!(fork.append_encoded(&later.bytes).is_err());
        let stranger = journal(&dirs[2], uuid::Uuid::now_v7());
        assert!(stranger.append_encoded(&next.bytes).is_err());
        assert!(one.append_encoded(&later.bytes[..later.bytes.len() - 1]).is_err());
        assert_eq!(one.tail(), ChangeSeq(2));
    }
}
