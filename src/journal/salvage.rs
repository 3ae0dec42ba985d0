//! Reading what is left of a damaged journal: every entry that can still be read, in order, on both
//! sides of the damage, and which are missing in between.
//!
//! Segments that are whole are read as always; a damaged one is searched for frames whose checksum
//! matches. The hash chain is followed wherever the entry before could be read: an entry that does
//! not follow from it was changed, and it and all behind it are told but not trusted. Behind a gap
//! there is nothing to follow from, and the checksum alone speaks for an entry.
//!
//! Changes nothing. What becomes of the entries is for the engine to decide.

use std::fs::File;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::error::{Damage, Error, io_error};
use super::file::whole_from;
use super::frame::{self, Seed};
use super::load;
use super::repair::header_incarnation;
use super::scan::{Scanner, Step};
use super::sealing::Sealing;
use super::segment::{HEADER_BYTES, Header, Segment, WALK_CHUNK, header_of};
use super::{Chain, Entry, verify};
use crate::domain::ids::ChangeSeq;
use crate::domain::time::Timestamp;
use crate::vault::{self, Sealer};

/// What a walk over a damaged journal meets.
#[derive(Debug)]
pub enum Salvaged {
    /// An entry that can be read.
    Entry(Entry),
    /// Entries that cannot be read, in front of the one that comes next.
    Gap(Gap),
    /// An entry that can be read, but it or one before it was changed after it was written.
    Unproven(Entry),
}

/// Entries that are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The first of them.
    pub from: ChangeSeq,
    /// The last of them.
    pub to: ChangeSeq,
    /// When the last readable entry before them was decided.
    pub after: Option<Timestamp>,
    /// When the first readable entry behind them was decided.
    pub before: Option<Timestamp>,
}

/// A frame that was found in a damaged segment.
#[derive(Clone, Copy, Debug)]
struct Place {
    seq: ChangeSeq,
    offset: u64,
    length: u64,
}

/// How a segment file is read.
#[derive(Debug)]
enum Part {
    /// From the beginning to the end.
    Whole(PathBuf),
    /// Frame by frame, where they were found.
    Broken(PathBuf, Vec<Place>),
}

/// A journal as far as it can be read.
#[derive(Debug)]
pub struct Salvage {
    parts: Vec<Part>,
    incarnation: Option<Uuid>,
    sealing: Option<Sealing>,
    whole_from: Option<ChangeSeq>,
    first: Option<ChangeSeq>,
    ends_unreadable: bool,
    /// What is wrong, one message per place; empty if nothing is.
    pub problems: Vec<String>,
    _lock: File,
}

impl Salvage {
    /// Looks at the journal of a directory, which must not be open.
    ///
    /// # Errors
    /// If the operating system refuses, or its files are encrypted and should not be, or the other
    /// way round.
    pub fn of(dir: &Path, sealer: Option<&Sealer>) -> Result<Self, Error> {
        let lock = load::lock(dir)?;
        let paths = load::list_segments(dir)?;
        let headers: Vec<Option<Header>> = paths.iter().map(|path| header_of(path)).collect();
        // Without the key, or with one too many, nothing could be read and all would seem lost.
        for (path, header) in paths.iter().zip(&headers) {
            if header.is_some_and(|header| header.is_sealed != sealer.is_some()) {
                return Err(Error::Vault(match sealer {
                    Some(_) => vault::Error::PlainFile(path.clone()),
                    None => vault::Error::VaultLost(dir.parent().unwrap_or(dir).to_path_buf()),
                }));
            }
        }
        let named = |path: &PathBuf| {
            path.file_stem().and_then(|stem| stem.to_str()?.parse().ok()).map(ChangeSeq)
        };
        // The name says it where the header does not.
        let first = paths.first().and_then(|path| {
            headers[0].as_ref().map(|header| header.first).or_else(|| named(path))
        });
        let told = || paths.iter().find_map(|path| header_incarnation(&File::open(path).ok()?));
        let known = headers.iter().flatten().next().map(|header| header.incarnation);
        let incarnation = known.or_else(told);
        let mut salvage = Self {
            parts: Vec::with_capacity(paths.len()),
            incarnation,
            sealing: sealer.zip(incarnation).map(|(s, id)| Sealing::new(s.clone(), id)),
            whole_from: whole_from(headers.iter().flatten())
                .or(first.filter(|first| *first == ChangeSeq(1))),
            first,
            ends_unreadable: false,
            problems: Vec::new(),
            _lock: lock,
        };
        if let Some(incarnation) = incarnation {
            let last = paths.len().saturating_sub(1);
            for (at, path) in paths.iter().enumerate() {
                // Frames of elsewhere, which a confused disk may have written here, do not count.
                let next = headers[at + 1..].iter().flatten().next().map(|header| header.first);
                salvage.look_at(path, incarnation, next, at == last)?;
            }
        }
        Ok(salvage)
    }

    /// Looks at one file.
    fn look_at(
        &mut self,
        path: &Path,
        incarnation: Uuid,
        next: Option<ChangeSeq>,
        is_last: bool,
    ) -> Result<(), Error> {
        let mut tell = |offset: u64, damage: &Damage| {
            self.problems.push(format!("{} at byte {offset}: {damage}", path.display()));
        };
        let from = match Segment::open(path) {
            Ok((segment, _)) if segment.header.incarnation != incarnation => {
                tell(0, &Damage::Incarnation);
                self.ends_unreadable = is_last;
                return Ok(());
            }
            Ok((segment, None)) => {
                let follows = next.is_none_or(|next| segment.last.next() == next);
                if !follows {
                    let found = next.unwrap_or_default();
                    tell(segment.end, &Damage::Sequence { expected: segment.last.next(), found });
                }
                self.parts.push(Part::Whole(path.to_owned()));
                return Ok(());
            }
            Ok((segment, Some(stop))) => {
                if is_last && load::is_torn(&segment, stop.offset)? {
                    // What an unfinished write has left was never acknowledged.
                    self.parts.push(Part::Whole(path.to_owned()));
                    return Ok(());
                }
                tell(stop.offset, &stop.damage);
                HEADER_BYTES as u64
            }
            Err(Error::Damaged { offset, damage, .. }) => {
                tell(offset, &damage);
                0
            }
            Err(error) => return Err(error),
        };
        let least = header_of(path).map_or(ChangeSeq::ZERO, |header| header.first);
        let mut places = find_frames(path, from, Seed::of(incarnation))?;
        places.retain(|place| place.seq >= least && next.is_none_or(|next| place.seq < next));
        let length = std::fs::metadata(path).map_err(io_error("read", path))?.len();
        let end = places.iter().map(|place| place.offset + place.length).max().unwrap_or(0);
        self.ends_unreadable = is_last && end < length;
        self.parts.push(Part::Broken(path.to_owned(), places));
        Ok(())
    }

    /// Whether anything is wrong with it.
    pub fn is_damaged(&self) -> bool {
        !self.problems.is_empty()
    }

    /// Whether there are bytes behind the last readable entry that cannot be read: nobody knows how
    /// many entries that were.
    pub fn ends_unreadable(&self) -> bool {
        self.ends_unreadable
    }

    /// The identity of the journal, if any of its files tells it.
    pub fn incarnation(&self) -> Option<Uuid> {
        self.incarnation
    }

    /// The first of the entries that bring back everything; see
    /// [`super::FileJournal::whole_from`].
    pub fn whole_from(&self) -> Option<ChangeSeq> {
        self.whole_from
    }

    /// The first entry that is kept, if there is a file.
    pub fn first(&self) -> Option<ChangeSeq> {
        self.first
    }

    /// Calls a function with everything behind `after` that can be read or is missing, in order.
    /// Memory is that of one entry and of the places of the frames of damaged segments.
    ///
    /// # Errors
    /// What the function says, or that the operating system refuses.
    pub fn walk<E: From<Error>>(
        &self,
        after: ChangeSeq,
        mut each: impl FnMut(Salvaged) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut walk = Walk {
            seed: Seed::of(self.incarnation.unwrap_or_default()),
            sealing: self.sealing.as_ref(),
            after,
            last: self.first.map_or(ChangeSeq::ZERO, |first| ChangeSeq(first.0 - 1)),
            at: None,
            chain: None,
            is_forged: false,
            unopened: None,
        };
        for part in &self.parts {
            match part {
                Part::Whole(path) => {
                    let file = File::open(path).map_err(io_error("open", path))?;
                    let end = file.metadata().map_err(io_error("read", path))?.len();
                    let range = HEADER_BYTES as u64..end;
                    let mut scanner = Scanner::new(&file, path, walk.seed, range, WALK_CHUNK);
                    while let Step::Frame(head, body) = scanner.next()? {
                        walk.meet(&head, body, &mut each)?;
                    }
                }
                Part::Broken(path, places) => {
                    let file = File::open(path).map_err(io_error("open", path))?;
                    for place in places {
                        let range = place.offset..place.offset + place.length;
                        let chunk = usize::try_from(place.length).unwrap_or(WALK_CHUNK);
                        let mut scanner = Scanner::new(&file, path, walk.seed, range, chunk);
                        if let Step::Frame(head, body) = scanner.next()? {
                            walk.meet(&head, body, &mut each)?;
                        }
                    }
                }
            }
        }
        // Then it is not the entries that are at fault: they belong to another key.
        if let (Some(_), None, Some(part)) = (walk.unopened, walk.at, self.parts.first()) {
            let (Part::Whole(path) | Part::Broken(path, _)) = part;
            let damage = Damage::Sealed;
            return Err(Error::Damaged { path: path.clone(), offset: 0, damage }.into());
        }
        match walk.unopened.filter(|seq| *seq > walk.last.max(after)) {
            Some(to) => each(Salvaged::Gap(Gap {
                from: walk.last.max(after).next(),
                to,
                after: walk.at,
                before: None,
            })),
            None => Ok(()),
        }
    }
}

/// How far a walk has come.
struct Walk<'a> {
    seed: Seed,
    sealing: Option<&'a Sealing>,
    after: ChangeSeq,
    last: ChangeSeq,
    /// When the last entry was decided.
    at: Option<Timestamp>,
    /// The chain of the last entry, if it could be read.
    chain: Option<Chain>,
    is_forged: bool,
    /// The last entry that was found and could not be opened or understood.
    unopened: Option<ChangeSeq>,
}

impl Walk<'_> {
    fn meet<E: From<Error>>(
        &mut self,
        head: &frame::Head,
        body: &[u8],
        each: &mut impl FnMut(Salvaged) -> Result<(), E>,
    ) -> Result<(), E> {
        if head.seq <= self.last {
            return Ok(());
        }
        let mut room = Vec::new();
        // One that was sealed with another key, or cannot be understood, is as good as missing.
        let opened = frame::open_body(body, &head.chain, self.sealing, &mut room)
            .and_then(|body| Ok((body, frame::decode(body, head.chain)?)));
        let Ok((body, entry)) = opened else {
            self.unopened = self.unopened.max(Some(head.seq));
            return Ok(());
        };
        let expected = self.last.next();
        if head.seq > expected {
            self.chain = None;
            let from = expected.max(self.after.next());
            let to = ChangeSeq(head.seq.0 - 1);
            if from <= to {
                each(Salvaged::Gap(Gap { from, to, after: self.at, before: Some(head.at) }))?;
            }
        } else if let Some(before) = &self.chain {
            self.is_forged |= verify::check_chain(before, body, &head.chain).is_err();
        }
        self.last = head.seq;
        self.at = Some(head.at);
        self.chain = Some(head.chain);
        if head.seq <= self.after {
            return Ok(());
        }
        each(if self.is_forged { Salvaged::Unproven(entry) } else { Salvaged::Entry(entry) })
    }
}

/// All frames of a file from a place on whose checksum matches, in the order of their numbers.
fn find_frames(path: &Path, from: u64, seed: Seed) -> Result<Vec<Place>, Error> {
    let file = File::open(path).map_err(io_error("open", path))?;
    let end = file.metadata().map_err(io_error("read", path))?.len();
    let mut scanner = Scanner::new(&file, path, seed, from..end, WALK_CHUNK);
    let mut places = Vec::new();
    loop {
        let offset = scanner.offset();
        match scanner.next()? {
            Step::Frame(head, _) => {
                places.push(Place { seq: head.seq, offset, length: head.len as u64 });
            }
            Step::End => break,
            // Stays in front of the frame that it finds.
            Step::Bad(_) => {
                if scanner.resync(ChangeSeq::ZERO)?.is_none() {
                    break;
                }
            }
        }
    }
    places.sort_unstable_by_key(|place| place.seq);
    places.dedup_by_key(|place| place.seq);
    Ok(places)
}

#[cfg(test)]
#[path = "salvage_tests.rs"]
mod tests;
