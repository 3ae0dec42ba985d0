//! One segment file: its header, and what is kept in memory about its frames.
//!
//! A segment is created under another name, synced and renamed, so that its header is whole or the
//! file is not there. Only the segment that grows stays open; the others are opened when somebody
//! reads them, so that a long journal costs no descriptors. Which segments follow each other is
//! decided in `load`.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

use super::Chain;
use super::error::{Damage, Error, io_error};
use super::frame::Seed;
use super::scan::{Scanner, Step};
use crate::domain::ids::ChangeSeq;
use crate::domain::time::Timestamp;

pub(super) const HEADER_BYTES: usize = 72;
/// How much of a file is read at once where all of it is read.
pub(super) const WALK_CHUNK: usize = 1 << 20;
/// How far apart the places are that the index of a segment remembers.
const INDEX_STEP: u64 = 64 << 10;
const MAGIC: [u8; 8] = *b"RINGJRNL";
/// The version of a segment whose entries everybody can read.
const PLAIN_VERSION: u8 = 1;
/// The version of a segment whose entries are sealed.
const SEALED_VERSION: u8 = 2;

/// What a segment says about images: entries that hold all of the store, so that the journal can
/// bring everything back although it does not reach back to its first entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ImageMark {
    /// Nothing.
    #[default]
    None,
    /// An image begins with its first entry.
    Begins,
    /// The image that began before it is complete.
    Complete,
}

/// The first bytes of a segment: magic, version, what it says about images, two zeros,
/// incarnation, first entry, chain before it, crc32 of all this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) incarnation: Uuid,
    pub(super) first: ChangeSeq,
    pub(super) chain_before: Chain,
    /// Its entries are sealed.
    pub(super) is_sealed: bool,
    pub(super) image: ImageMark,
}

impl Header {
    fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8] = if self.is_sealed { SEALED_VERSION } else { PLAIN_VERSION };
        bytes[9] = match self.image {
            ImageMark::None => 0,
            ImageMark::Begins => 1,
            ImageMark::Complete => 2,
        };
        bytes[12..28].copy_from_slice(self.incarnation.as_bytes());
        bytes[28..36].copy_from_slice(&self.first.0.to_le_bytes());
        bytes[36..68].copy_from_slice(&self.chain_before);
        let checksum = crc32fast::hash(&bytes[..68]);
        bytes[68..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8; HEADER_BYTES]) -> Result<Self, Damage> {
        let mut checksum = [0; 4];
        checksum.copy_from_slice(&bytes[68..]);
        if bytes[..8] != MAGIC || crc32fast::hash(&bytes[..68]) != u32::from_le_bytes(checksum) {
            return Err(Damage::Header);
        }
        let is_sealed = match bytes[8] {
            PLAIN_VERSION => false,
            SEALED_VERSION => true,
            unknown => return Err(Damage::Version(unknown)),
        };
        let (mut incarnation, mut first, mut chain_before) = ([0; 16], [0; 8], [0; 32]);
        incarnation.copy_from_slice(&bytes[12..28]);
        first.copy_from_slice(&bytes[28..36]);
        chain_before.copy_from_slice(&bytes[36..68]);
        let first = ChangeSeq(u64::from_le_bytes(first));
        if first == ChangeSeq::ZERO {
            return Err(Damage::Header);
        }
        let image = match bytes[9] {
            1 => ImageMark::Begins,
            2 => ImageMark::Complete,
            _ => ImageMark::None,
        };
        let incarnation = Uuid::from_bytes(incarnation);
        Ok(Self { incarnation, first, chain_before, is_sealed, image })
    }
}

/// A file as the file system knows it, whatever its name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    fn of(data: &std::fs::Metadata) -> Self {
        Self { device: data.dev(), inode: data.ino() }
    }
}

/// A segment file that may be open.
#[derive(Clone, Debug)]
pub(super) struct Handle {
    pub(super) path: PathBuf,
    file: Option<Arc<File>>,
    identity: Identity,
}

impl Handle {
    fn new(path: &Path, file: File) -> Result<Self, Error> {
        let identity = Identity::of(&file.metadata().map_err(io_error("read", path))?);
        Ok(Self { path: path.to_owned(), file: Some(Arc::new(file)), identity })
    }

    /// The file, opened again if it is closed.
    ///
    /// # Errors
    /// [`Error::Displaced`] if it is not there any more, or another file has its name.
    pub(super) fn file(&self) -> Result<Arc<File>, Error> {
        if let Some(file) = &self.file {
            return Ok(Arc::clone(file));
        }
        let opened = OpenOptions::new().read(true).write(true).open(&self.path);
        let file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Error::Displaced { path: self.path.clone() });
            }
            Err(error) => return Err(io_error("open", &self.path)(error)),
        };
        let found = Identity::of(&file.metadata().map_err(io_error("read", &self.path))?);
        if found != self.identity {
            return Err(Error::Displaced { path: self.path.clone() });
        }
        Ok(Arc::new(file))
    }

    /// Fails with [`Error::Displaced`] unless the name still leads to the file: one that was
    /// removed takes writes without a complaint and loses them. Costs one look at the folder.
    pub(super) fn check_in_place(&self) -> Result<(), Error> {
        match std::fs::metadata(&self.path) {
            Ok(data) if Identity::of(&data) == self.identity => Ok(()),
            _ => Err(Error::Displaced { path: self.path.clone() }),
        }
    }
}

/// One segment file with what is known about it up to its last durable frame.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) handle: Handle,
    pub(super) header: Header,
    /// The last entry; one less than the header's first if there is none.
    pub(super) last: ChangeSeq,
    /// When the oldest entry was decided.
    pub(super) oldest: Option<Timestamp>,
    /// When the newest entry was decided.
    pub(super) newest: Option<Timestamp>,
    /// The end of the last frame.
    pub(super) end: u64,
    /// The chain of the last entry, or the one before the first.
    pub(super) chain: Chain,
    /// Some entries and where their frames begin, at least `INDEX_STEP` apart.
    index: Vec<(ChangeSeq, u64)>,
}

/// Where a walk over a segment ended before the end of the file.
#[derive(Debug)]
pub(super) struct Stop {
    pub(super) offset: u64,
    pub(super) damage: Damage,
}

impl Segment {
    /// Makes a new segment, durable under its name when this returns.
    pub(super) fn create(dir: &Path, header: Header) -> Result<Self, Error> {
        let path = dir.join(format!("{:016}.log", header.first.0));
        let unfinished = path.with_extension("new");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&unfinished)
            .map_err(io_error("create", &unfinished))?;
        file.write_all(&header.encode()).map_err(io_error("write", &unfinished))?;
        file.sync_all().map_err(io_error("sync", &unfinished))?;
        std::fs::rename(&unfinished, &path).map_err(io_error("create", &path))?;
        sync_directory(dir)?;
        Ok(Self::empty(Handle::new(&path, file)?, header))
    }

    fn empty(handle: Handle, header: Header) -> Self {
        Self {
            handle,
            header,
            last: ChangeSeq(header.first.0.saturating_sub(1)),
            oldest: None,
            newest: None,
            end: HEADER_BYTES as u64,
            chain: header.chain_before,
            index: Vec::new(),
        }
    }

    /// Opens a segment and reads all of it up to the first frame that is not in order.
    pub(super) fn open(path: &Path) -> Result<(Self, Option<Stop>), Error> {
        let file =
            OpenOptions::new().read(true).write(true).open(path).map_err(io_error("open", path))?;
        let length = file.metadata().map_err(io_error("read", path))?.len();
        let header = read_header(&file, path, length)?;
        let mut segment = Self::empty(Handle::new(path, file)?, header);
        let file = segment.handle.file()?;
        let range = segment.end..length;
        let mut scanner = Scanner::new(&file, path, segment.seed(), range, WALK_CHUNK);
        let stop = loop {
            let offset = scanner.offset();
            match scanner.next()? {
                Step::End => break None,
                Step::Bad(damage) => break Some(Stop { offset, damage }),
                Step::Frame(head, _) => {
                    let expected = segment.last.next();
                    if head.seq != expected {
                        let damage = Damage::Sequence { expected, found: head.seq };
                        break Some(Stop { offset, damage });
                    }
                    segment.grow(head.seq, offset, head.len, head.at, head.chain);
                }
            }
        };
        Ok((segment, stop))
    }

    /// Its file.
    pub(super) fn path(&self) -> &Path {
        &self.handle.path
    }

    /// Lets go of the file; it is opened again for whoever reads it.
    pub(super) fn close(&mut self) {
        self.handle.file = None;
    }

    /// Puts another file in the place of the own one, to make writing fail.
    #[cfg(test)]
    pub(super) fn replace_file_for_test(&mut self, file: File) {
        self.handle.file = Some(Arc::new(file));
    }

    /// What the checksums of its frames are seeded with.
    pub(super) fn seed(&self) -> Seed {
        Seed::of(self.header.incarnation)
    }

    /// Takes note of a frame behind the last one.
    pub(super) fn grow(
        &mut self,
        seq: ChangeSeq,
        offset: u64,
        len: usize,
        at: Timestamp,
        chain: Chain,
    ) {
        if self.index.last().is_none_or(|(_, indexed)| offset - indexed >= INDEX_STEP) {
            self.index.push((seq, offset));
        }
        self.last = seq;
        self.end = offset + len as u64;
        self.oldest = Some(self.oldest.map_or(at, |oldest| oldest.min(at)));
        self.newest = self.newest.max(Some(at));
        self.chain = chain;
    }

    /// A place at or not far before the frame of an entry.
    pub(super) fn offset_near(&self, seq: ChangeSeq) -> u64 {
        let behind = self.index.partition_point(|(indexed, _)| *indexed <= seq);
        match behind.checked_sub(1).and_then(|at| self.index.get(at)) {
            Some((_, offset)) => *offset,
            None => HEADER_BYTES as u64,
        }
    }
}

/// A stretch of a segment, readable without the lock of the view.
#[derive(Debug)]
pub(super) struct Stretch {
    pub(super) handle: Handle,
    pub(super) header: Header,
    pub(super) range: std::ops::Range<u64>,
    /// The last entry of it.
    pub(super) last: ChangeSeq,
}

impl Stretch {
    /// What is durable of a segment from an offset on.
    pub(super) fn of(segment: &Segment, start: u64) -> Self {
        Self {
            handle: segment.handle.clone(),
            header: segment.header,
            range: start..segment.end,
            last: segment.last,
        }
    }
}

/// The header of the segment file of this name, if it can be read and is whole.
pub(super) fn header_of(path: &Path) -> Option<Header> {
    let file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    read_header(&file, path, length).ok()
}

/// Reads the header of a segment file.
pub(super) fn read_header(file: &File, path: &Path, length: u64) -> Result<Header, Error> {
    let damaged = |damage| Error::Damaged { path: path.to_path_buf(), offset: 0, damage };
    if length < HEADER_BYTES as u64 {
        return Err(damaged(Damage::Header));
    }
    let mut bytes = [0; HEADER_BYTES];
    file.read_exact_at(&mut bytes, 0).map_err(io_error("read", path))?;
    Header::decode(&bytes).map_err(damaged)
}

/// Makes created, renamed and removed files of a directory durable.
pub(super) fn sync_directory(dir: &Path) -> Result<(), Error> {
    File::open(dir).and_then(|file| file.sync_all()).map_err(io_error("sync", dir))
}
