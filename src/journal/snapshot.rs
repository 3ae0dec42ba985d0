//! A journal as it was at one moment: verified, read byte for byte, copied up to a place.
//!
//! For backups. A running server goes on writing behind what is read here; segments only grow, so
//! nothing needs to stand still.

use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use uuid::Uuid;

use super::error::{Damage, Error, io_error};
use super::file::{FileJournal, whole_from};
use super::load::{self, Loaded};
use super::scan::{Scanner, Step};
use super::sealing::Sealing;
use super::segment::{HEADER_BYTES, Header, Segment, Stretch, WALK_CHUNK};
use super::{Verified, verify};
use crate::domain::ids::ChangeSeq;
use crate::domain::time::Timestamp;
use crate::vault::Sealer;

/// The journal of one moment.
#[derive(Debug)]
pub struct Snapshot {
    stretches: Vec<Stretch>,
    sealing: Option<Sealing>,
    newest: Option<Timestamp>,
}

/// Up to where entries are copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// All of them.
    End,
    /// Up to and with this entry.
    Entry(ChangeSeq),
    /// Up to the first that was decided after this time.
    Time(Timestamp),
}

impl Until {
    fn takes(self, seq: ChangeSeq, at: Timestamp) -> bool {
        match self {
            Self::End => true,
            Self::Entry(last) => seq <= last,
            Self::Time(last) => at <= last,
        }
    }
}

/// What was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// The last entry; zero if there is none.
    pub last: ChangeSeq,
    /// When it was decided.
    pub at: Option<Timestamp>,
    /// Whether the copy can bring back everything; see [`FileJournal::whole_from`].
    pub is_whole: bool,
}

impl FileJournal {
    /// Everything that is durable now.
    pub fn snapshot(&self) -> Snapshot {
        self.with_segments(|segments, sealing| Snapshot::new(segments, sealing.cloned()))
    }
}

impl Snapshot {
    /// The journal of a directory that is not open; its checksums and numbering are in order. What
    /// an unfinished write has left at its end is not part of it.
    ///
    /// # Errors
    /// If it is damaged or cannot be read.
    pub fn of(dir: &Path, sealer: Option<&Sealer>) -> Result<Self, Error> {
        let Loaded { segments, trouble } = load::load(dir)?;
        if let Some(trouble) = trouble.filter(|trouble| !trouble.torn) {
            return Err(trouble.into_error());
        }
        let sealing = segments.first().zip(sealer);
        let sealing = sealing.map(|(one, s)| Sealing::new(s.clone(), one.header.incarnation));
        Ok(Self::new(&segments, sealing))
    }

    fn new(segments: &[Segment], sealing: Option<Sealing>) -> Self {
        Self {
            stretches: segments.iter().map(|one| Stretch::of(one, HEADER_BYTES as u64)).collect(),
            sealing,
            newest: segments.iter().rev().find_map(|segment| segment.newest),
        }
    }

    fn header(&self) -> Result<Header, Error> {
        self.stretches.first().map(|stretch| stretch.header).ok_or(Error::Poisoned)
    }

    /// The identity of the journal.
    ///
    /// # Errors
    /// If there is nothing.
    pub fn incarnation(&self) -> Result<Uuid, Error> {
        Ok(self.header()?.incarnation)
    }

    /// Whether its entries are sealed.
    pub fn is_sealed(&self) -> bool {
        self.header().is_ok_and(|header| header.is_sealed)
    }

    /// When the newest entry was decided.
    pub fn newest(&self) -> Option<Timestamp> {
        self.newest
    }

    /// The last entry; one less than the first if there is none.
    pub fn last(&self) -> ChangeSeq {
        self.stretches.last().map_or(ChangeSeq::ZERO, |stretch| stretch.last)
    }

    /// The first of the entries that bring back everything; see [`FileJournal::whole_from`].
    pub fn whole_from(&self) -> Option<ChangeSeq> {
        whole_from(self.stretches.iter().map(|stretch| &stretch.header))
    }

    /// The earliest entry up to which a copy can bring back everything, and when it was decided.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn whole_until(&self) -> Result<(ChangeSeq, Option<Timestamp>), Error> {
        let mut headers: Vec<Header> = Vec::new();
        for stretch in &self.stretches {
            headers.push(stretch.header);
            if whole_from(headers.iter()).is_none() {
                continue;
            }
            let (file, path) = (stretch.handle.file()?, &stretch.handle.path);
            let seed = super::frame::Seed::of(stretch.header.incarnation);
            let mut scanner = Scanner::new(&file, path, seed, stretch.range.clone(), WALK_CHUNK);
            if let Step::Frame(head, _) = scanner.next()? {
                return Ok((head.seq, Some(head.at)));
            }
        }
        Ok((self.last(), self.newest))
    }

    /// Reads everything and follows the hash chain, which takes the key of an encrypted journal.
    ///
    /// # Errors
    /// At the first entry that is not in order.
    pub fn verify(&self) -> Result<Verified, Error> {
        let seed = super::frame::Seed::of(self.incarnation()?);
        verify::verify(&self.stretches, seed, self.sealing.as_ref())
    }

    /// Names and sizes of its files, in their order.
    pub fn files(&self) -> impl Iterator<Item = (String, u64)> {
        self.stretches.iter().map(|stretch| {
            let name = stretch.handle.path.file_name().unwrap_or_default();
            (name.to_string_lossy().into_owned(), stretch.range.end)
        })
    }

    /// Reads one of its files piece by piece.
    ///
    /// # Errors
    /// If it cannot be read, or the function says so.
    pub fn read(
        &self,
        file: usize,
        each: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), Error> {
        let Some(Stretch { handle, range, .. }) = self.stretches.get(file) else { return Ok(()) };
        let (open, path) = (handle.file()?, &handle.path);
        let mut buffer = vec![0; WALK_CHUNK];
        let mut at = 0;
        while at < range.end {
            let size = usize::try_from(range.end - at).unwrap_or(WALK_CHUNK).min(WALK_CHUNK);
            open.read_exact_at(&mut buffer[..size], at).map_err(io_error("read", path))?;
            each(&buffer[..size]).map_err(io_error("copy", path))?;
            at += size as u64;
        }
        Ok(())
    }

    /// Copies entries into a new journal in an empty directory, durably. Frames are taken over as
    /// they are, so that this takes no key.
    ///
    /// # Errors
    /// If something cannot be read or written.
    pub fn copy_until(&self, to: &Path, until: Until) -> Result<Copied, Error> {
        std::fs::create_dir_all(to).map_err(io_error("create", to))?;
        let mut copied = Copied::default();
        let mut headers: Vec<Header> = Vec::new();
        for stretch in &self.stretches {
            // One that has no entry to be taken over may still say that an image is complete.
            let follows = headers.is_empty() || stretch.header.first == copied.last.next();
            if !follows {
                break;
            }
            headers.push(stretch.header);
            if !copy_stretch(stretch, to, until, &mut copied)? {
                break;
            }
        }
        copied.is_whole = whole_from(headers.iter()).is_some();
        Ok(copied)
    }
}

/// Copies a segment; whether all of it was taken.
fn copy_stretch(
    stretch: &Stretch,
    to: &Path,
    until: Until,
    copied: &mut Copied,
) -> Result<bool, Error> {
    let Stretch { handle, header, range, .. } = stretch;
    let (file, path) = (handle.file()?, &handle.path);
    let target = Segment::create(to, *header)?;
    copied.last = copied.last.max(target.last);
    let seed = target.seed();
    let mut scanner = Scanner::new(&file, path, seed, range.clone(), WALK_CHUNK);
    let mut end = range.start;
    let is_all = loop {
        let offset = scanner.offset();
        match scanner.next()? {
            Step::Frame(head, _) if until.takes(head.seq, head.at) => {
                copied.last = head.seq;
                copied.at = Some(head.at);
                end = offset + head.len as u64;
            }
            Step::Frame(..) => break false,
            Step::End => break true,
            Step::Bad(damage) => return Err(damaged(path, offset, damage)),
        }
    };
    copy_bytes(&file, path, &target, range.start..end)?;
    target.handle.file()?.sync_all().map_err(io_error("sync", target.path()))?;
    Ok(is_all)
}

fn damaged(path: &Path, offset: u64, damage: Damage) -> Error {
    Error::Damaged { path: path.to_owned(), offset, damage }
}

fn copy_bytes(
    from: &std::fs::File,
    path: &Path,
    target: &Segment,
    range: Range<u64>,
) -> Result<(), Error> {
    let file = target.handle.file()?;
    let mut buffer = vec![0; WALK_CHUNK];
    let mut at = range.start;
    while at < range.end {
        let size = usize::try_from(range.end - at).unwrap_or(WALK_CHUNK).min(WALK_CHUNK);
        from.read_exact_at(&mut buffer[..size], at).map_err(io_error("read", path))?;
        file.write_all_at(&buffer[..size], at).map_err(io_error("write", target.path()))?;
        at += size as u64;
    }
    Ok(())
}
