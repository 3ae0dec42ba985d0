//! The journal as segment files in one directory of one machine.
//!
//! Appends are serialised by a lock of their own; readers take the lock of the view only to learn
//! where to read, and then read the files by position, never past what has been synced. After a
//! failed write nothing is known about the file's end, so the journal takes no more entries.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use uuid::Uuid;

use super::error::{Damage, Error, io_error};
use super::frame::{self, MAX_BODY_BYTES, Seed};
use super::load::{self, Loaded};
use super::scan::{Scanner, Step};
use super::sealing::Sealing;
use super::segment::{
    HEADER_BYTES, Handle, Header, ImageMark, Segment, Stretch, WALK_CHUNK, sync_directory,
};
use super::verify;
use super::{Appended, Chain, Entry, Journal, NewEntry, Verified};
use crate::domain::ids::ChangeSeq;
use crate::domain::time::Timestamp;
use crate::vault::{self, Sealer};

/// The buffer of the writer is given back after a group that made it larger than this.
const KEEP_BUFFER_BYTES: usize = 4 << 20;
/// No single call of `read` gathers more than this, whatever the caller asks for.
const MOST_READ_BYTES: usize = 64 << 20;
/// How many readers find their place again at once.
const HINTS: usize = 8;

/// How a journal is kept.
#[derive(Clone, Debug)]
pub struct Options {
    /// A new segment is begun when the present one has this size.
    pub segment_bytes: u64,
    /// What seals the entries, if the journal is encrypted.
    pub sealer: Option<Sealer>,
    /// Of which history a journal is that is begun; of a new one if not given. One that is there is
    /// not changed by it.
    pub incarnation: Option<Uuid>,
}

impl Default for Options {
    fn default() -> Self {
        Self { segment_bytes: 64 << 20, sealer: None, incarnation: None }
    }
}

/// A journal in a directory of its own.
#[derive(Debug)]
pub struct FileJournal {
    dir: PathBuf,
    options: Options,
    incarnation: Uuid,
    seed: Seed,
    sealing: Option<Sealing>,
    writer: Mutex<Writer>,
    view: Mutex<View>,
    grown: Condvar,
    trimming: Mutex<()>,
    cut_at_open: u64,
    syncs: AtomicU64,
    _lock: File,
}

/// What only the appending thread needs.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) poisoned: bool,
    buffer: Vec<u8>,
    frames: Vec<Written>,
}

/// A frame that is being written.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) seq: ChangeSeq,
    /// Where it begins in the buffer.
    pub(super) from: usize,
    pub(super) len: usize,
    pub(super) at: Timestamp,
    pub(super) chain: Chain,
}

/// The last entry, as what is written next stands behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) seq: ChangeSeq,
    pub(super) chain: Chain,
}

/// What is durable and can be read; the last segment is the one that grows.
#[derive(Debug)]
struct View {
    segments: Vec<Segment>,
    tail: ChangeSeq,
    hints: [Hint; HINTS],
    next_hint: usize,
}

/// Where a reader stopped, so that it can go on there.
#[derive(Clone, Copy, Debug, Default)]
struct Hint {
    after: ChangeSeq,
    segment: ChangeSeq,
    offset: u64,
}

impl FileJournal {
    /// Opens the journal of a directory, or begins one, and cuts what a crash left unfinished.
    ///
    /// Reads every segment once. Fails with [`Error::Damaged`] if something is missing or changed
    /// that had been written completely, and with [`Error::Vault`] if it is encrypted and should
    /// not be, or the other way round.
    pub fn open(dir: &Path, options: Options) -> Result<Self, Error> {
        create_directory(dir)?;
        let lock = load::lock(dir)?;
        remove_unfinished(dir)?;
        let Loaded { mut segments, trouble } = load::load(dir)?;
        let is_sealed = options.sealer.is_some();
        if let Some(other) = segments.iter().find(|s| s.header.is_sealed != is_sealed) {
            return Err(Error::Vault(if is_sealed {
                vault::Error::PlainFile(other.path().to_owned())
            } else {
                vault::Error::VaultLost(dir.parent().unwrap_or(dir).to_path_buf())
            }));
        }
        let mut cut_at_open = 0;
        if let Some(trouble) = trouble {
            let Some(segment) = segments.last().filter(|_| trouble.torn) else {
                return Err(trouble.into_error());
            };
            cut_at_open = cut(segment)?;
            tracing::warn!(
                file = %trouble.path.display(), offset = trouble.offset, bytes = cut_at_open,
                last_entry = segment.last.0, reason = %trouble.damage,
                "cut an unfinished write from the end of the journal"
            );
        }
        match segments.last() {
            // What is readable must be durable, also where a crash came between write and sync.
            Some(segment) => {
                let file = segment.handle.file()?;
                file.sync_data().map_err(io_error("sync", segment.path()))?;
            }
            None => segments.push(Segment::create(
                dir,
                Header {
                    incarnation: options.incarnation.unwrap_or_else(Uuid::now_v7),
                    first: ChangeSeq(1),
                    chain_before: [0; 32],
                    is_sealed,
                    image: ImageMark::None,
                },
            )?),
        }
        let (tail, header) = match segments.last() {
            Some(segment) => (segment.last, segment.header),
            None => return Err(Error::Poisoned),
        };
        let sealing = options.sealer.clone();
        Ok(Self {
            dir: dir.to_path_buf(),
            sealing: sealing.map(|sealer| Sealing::new(sealer, header.incarnation)),
            options,
            incarnation: header.incarnation,
            seed: Seed::of(header.incarnation),
            writer: Mutex::new(Writer { poisoned: false, buffer: Vec::new(), frames: Vec::new() }),
            view: Mutex::new(View {
                segments,
                tail,
                hints: [Hint::default(); HINTS],
                next_hint: 0,
            }),
            grown: Condvar::new(),
            trimming: Mutex::new(()),
            cut_at_open,
            syncs: AtomicU64::new(0),
            _lock: lock,
        })
    }

    /// How many bytes of an unfinished write were cut when it was opened.
    pub fn cut_at_open(&self) -> u64 {
        self.cut_at_open
    }

    /// How many groups were written, each with one sync, since it was opened.
    pub fn sync_count(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        &self.dir
    }

    /// The size of all segments in bytes.
    pub fn byte_size(&self) -> u64 {
        self.view.lock().segments.iter().map(|segment| segment.end).sum()
    }

    /// Applies a retention: drops whole segments, oldest first, that hold nothing behind `through`
    /// and are either older than `keep_since` or more than `keep_bytes` altogether.
    ///
    /// Answers the first entry that is kept.
    pub fn trim_to(
        &self,
        through: ChangeSeq,
        keep_bytes: u64,
        keep_since: Timestamp,
    ) -> Result<ChangeSeq, Error> {
        let mut size = self.byte_size();
        self.drop_segments(|segment| {
            let old = segment.newest.is_none_or(|newest| newest < keep_since);
            let dropped = segment.last <= through && (old || size > keep_bytes);
            size = size.saturating_sub(if dropped { segment.end } else { 0 });
            dropped
        })?;
        Ok(self.first())
    }

    /// Drops segments from the oldest on while they are not wanted; never the one that grows.
    fn drop_segments(&self, mut unwanted: impl FnMut(&Segment) -> bool) -> Result<(), Error> {
        // One at a time: files must vanish in their order, or a crash would leave a gap.
        let _one = self.trimming.lock();
        let dropped: Vec<Segment> = {
            let mut view = self.view.lock();
            let closed = view.segments.len().saturating_sub(1);
            let count =
                view.segments[..closed].iter().take_while(|segment| unwanted(segment)).count();
            view.segments.drain(..count).collect()
        };
        for segment in &dropped {
            fs::remove_file(segment.path()).map_err(io_error("remove", segment.path()))?;
        }
        if dropped.is_empty() { Ok(()) } else { sync_directory(&self.dir) }
    }

    /// Writes a group behind the last frame and syncs it.
    fn write(&self, writer: &mut Writer, group: &[NewEntry]) -> Result<ChangeSeq, Error> {
        let sealing = self.sealing.as_ref();
        self.write_frames(writer, |out, frames, end| {
            for (entry, place) in group.iter().zip(0..) {
                let (from, seq) = (out.len(), end.seq.next());
                let chain = frame::encode(out, entry, seq, place, &end.chain, self.seed, sealing)
                    .map_err(|bytes| Error::TooLarge { bytes, limit: MAX_BODY_BYTES })?;
                *end = End { seq, chain };
                frames.push(Written { seq, from, len: out.len() - from, at: entry.at, chain });
            }
            Ok(())
        })
    }

    /// Writes frames that are encoded behind the last one, in one write and one sync.
    pub(super) fn write_frames(
        &self,
        writer: &mut Writer,
        encode: impl FnOnce(&mut Vec<u8>, &mut Vec<Written>, &mut End) -> Result<(), Error>,
    ) -> Result<ChangeSeq, Error> {
        self.rotate_if_full();
        let (handle, start, mut end) = {
            let view = self.view.lock();
            let Some(segment) = view.segments.last() else { return Err(Error::Poisoned) };
            let end = End { seq: segment.last, chain: segment.chain };
            (segment.handle.clone(), segment.end, end)
        };
        handle.check_in_place()?;
        let (file, path) = (handle.file()?, &handle.path);
        writer.buffer.clear();
        writer.frames.clear();
        encode(&mut writer.buffer, &mut writer.frames, &mut end)?;
        if writer.frames.is_empty() {
            return Ok(end.seq);
        }
        // From here on the file may have changed: only success makes the journal usable again.
        writer.poisoned = true;
        if let Err(source) = file.write_all_at(&writer.buffer, start) {
            if matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
                && file.set_len(start).and_then(|()| file.sync_all()).is_ok()
            {
                // What was begun is away again: it is known what the file holds.
                writer.poisoned = false;
                return Err(Error::NoRoom { path: path.clone(), source });
            }
            return Err(io_error("write", path)(source));
        }
        file.sync_data().map_err(io_error("sync", path))?;
        // Once more: what is synced into a file that nobody finds again is lost.
        handle.check_in_place()?;
        self.syncs.fetch_add(1, Ordering::Relaxed);
        let mut view = self.view.lock();
        if let Some(segment) = view.segments.last_mut() {
            for frame in &writer.frames {
                let offset = start + frame.from as u64;
                segment.grow(frame.seq, offset, frame.len, frame.at, frame.chain);
            }
        }
        view.tail = end.seq;
        drop(view);
        writer.poisoned = false;
        self.grown.notify_all();
        if writer.buffer.capacity() > KEEP_BUFFER_BYTES {
            writer.buffer = Vec::new();
        }
        Ok(end.seq)
    }

    /// Begins a new segment if the present one is full; readers are not held up meanwhile.
    ///
    /// Where that fails, for want of descriptors for example, the present one grows on.
    fn rotate_if_full(&self) {
        let is_full = self.view.lock().segments.last().is_some_and(|segment| {
            segment.end >= self.options.segment_bytes && segment.last >= segment.header.first
        });
        if is_full && let Err(error) = self.rotate(ImageMark::None) {
            tracing::warn!("no new journal segment was begun: {error}");
        }
    }

    /// Begins a new segment; in the place of the present one if that has no entry.
    pub(super) fn rotate(&self, image: ImageMark) -> Result<(), Error> {
        let (header, is_empty) = {
            let view = self.view.lock();
            let Some(segment) = view.segments.last() else { return Err(Error::Poisoned) };
            segment.handle.check_in_place()?;
            let header = Header {
                incarnation: self.incarnation,
                first: segment.last.next(),
                chain_before: segment.chain,
                is_sealed: self.sealing.is_some(),
                image,
            };
            (header, segment.last < segment.header.first)
        };
        let segment = Segment::create(&self.dir, header)?;
        let mut view = self.view.lock();
        if is_empty {
            view.segments.pop();
        }
        if let Some(before) = view.segments.last_mut() {
            before.close();
        }
        view.segments.push(segment);
        Ok(())
    }

    /// The first of the entries that bring back everything when they are applied to nothing: the
    /// first entry of all, or that of the newest complete image. `None` if there are none, since
    /// a program before this one has let go of its beginning.
    pub fn whole_from(&self) -> Option<ChangeSeq> {
        whole_from(self.view.lock().segments.iter().map(|segment| &segment.header))
    }

    /// As [`FileJournal::whole_from`], of what was there when an entry was the last one: the first
    /// of the entries that bring back everything as it was behind that.
    pub fn whole_from_as_of(&self, at: ChangeSeq) -> Option<ChangeSeq> {
        let view = self.view.lock();
        let headers = view.segments.iter().map(|segment| &segment.header);
        whole_from(headers.take_while(|header| header.first <= at.next()))
    }

    /// Fails with [`Error::Displaced`] if any file of it was removed or replaced. Costs one look
    /// at the folder for each of them.
    pub fn check_in_place(&self) -> Result<(), Error> {
        let handles: Vec<Handle> =
            self.view.lock().segments.iter().map(|segment| segment.handle.clone()).collect();
        match handles.iter().find_map(|handle| handle.check_in_place().err()) {
            // One that was let go of meanwhile is not missed.
            Some(Error::Displaced { path }) if self.has(&path) => Err(Error::Displaced { path }),
            _ => Ok(()),
        }
    }

    /// Keeps appending threads away while something is done.
    pub(super) fn without_writers<T>(&self, work: impl FnOnce() -> T) -> T {
        let _writer = self.writer.lock();
        work()
    }

    /// Appends while other threads wait.
    pub(super) fn appending<T>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut writer = self.writer.lock();
        if writer.poisoned { Err(Error::Poisoned) } else { work(&mut writer) }
    }

    /// The last entry and its chain.
    pub(super) fn end(&self) -> End {
        let view = self.view.lock();
        let end = view.segments.last().map(|last| End { seq: last.last, chain: last.chain });
        end.unwrap_or(End { seq: view.tail, chain: [0; 32] })
    }

    pub(super) fn sealing(&self) -> Option<&Sealing> {
        self.sealing.as_ref()
    }

    pub(super) fn seed(&self) -> Seed {
        self.seed
    }

    pub(super) fn with_segments<T>(
        &self,
        look: impl FnOnce(&[Segment], Option<&Sealing>) -> T,
    ) -> T {
        look(&self.view.lock().segments, self.sealing.as_ref())
    }

    fn has(&self, path: &Path) -> bool {
        self.view.lock().segments.iter().any(|segment| segment.path() == path)
    }

    /// Waits for an entry behind `after` and finds out where to read it.
    fn find(&self, after: ChangeSeq, wait: Duration) -> Result<Option<Stretch>, Error> {
        let deadline = Instant::now().checked_add(wait);
        let mut view = self.view.lock();
        while view.tail <= after {
            match deadline {
                Some(deadline) => {
                    let timed_out = self.grown.wait_until(&mut view, deadline).timed_out();
                    if timed_out && view.tail <= after {
                        return Ok(None);
                    }
                }
                None => self.grown.wait(&mut view),
            }
        }
        let wanted = after.next();
        let behind = view.segments.partition_point(|segment| segment.header.first <= wanted);
        let Some(segment) = behind.checked_sub(1).and_then(|at| view.segments.get(at)) else {
            return Err(Error::Trimmed { first: first_of(&view) });
        };
        let hint = view
            .hints
            .iter()
            .find(|hint| hint.after == after && hint.segment == segment.header.first);
        let start = hint.map_or_else(|| segment.offset_near(wanted), |hint| hint.offset);
        Ok(Some(Stretch::of(segment, start)))
    }

    /// Puts another file in the place of the one that grows, to make writing fail.
    #[cfg(test)]
    pub(super) fn replace_file_for_test(&self, file: File) {
        if let Some(segment) = self.view.lock().segments.last_mut() {
            segment.replace_file_for_test(file);
        }
    }

    fn remember(&self, hint: Hint) {
        let mut view = self.view.lock();
        let slot = view.next_hint % HINTS;
        view.hints[slot] = hint;
        view.next_hint = slot + 1;
    }
}

impl Journal for FileJournal {
    fn append(&self, after: ChangeSeq, group: &[NewEntry]) -> Result<Appended, Error> {
        let mut writer = self.writer.lock();
        if writer.poisoned {
            return Err(Error::Poisoned);
        }
        if self.tail() != after {
            return Ok(Appended::Conflict);
        }
        if group.is_empty() {
            return Ok(Appended::At(after));
        }
        self.write(&mut writer, group).map(Appended::At)
    }

    fn read(
        &self,
        after: ChangeSeq,
        max_bytes: usize,
        wait: Duration,
    ) -> Result<Vec<Entry>, Error> {
        let Some(Stretch { handle, header, range, .. }) = self.find(after, wait)? else {
            return Ok(Vec::new());
        };
        let file = match handle.file() {
            Err(Error::Displaced { .. }) if self.first() > after.next() => {
                return Err(Error::Trimmed { first: self.first() });
            }
            opened => opened?,
        };
        let path = &handle.path;
        let max_bytes = max_bytes.min(MOST_READ_BYTES);
        let damaged = |offset, damage| Error::Damaged { path: path.clone(), offset, damage };
        let chunk = max_bytes.min(WALK_CHUNK);
        let mut scanner = Scanner::new(&file, path, self.seed, range, chunk);
        let mut entries: Vec<Entry> = Vec::new();
        let mut bytes = 0;
        let mut expected = None;
        let mut room = Vec::new();
        while entries.is_empty() || bytes < max_bytes {
            let offset = scanner.offset();
            let (head, body) = match scanner.next()? {
                Step::End => break,
                Step::Bad(damage) => return Err(damaged(offset, damage)),
                Step::Frame(head, body) => (head, body),
            };
            let wanted = expected.unwrap_or(head.seq);
            if head.seq != wanted {
                let damage = Damage::Sequence { expected: wanted, found: head.seq };
                return Err(damaged(offset, damage));
            }
            expected = Some(head.seq.next());
            if head.seq <= after {
                continue;
            }
            let body = frame::open_body(body, &head.chain, self.sealing.as_ref(), &mut room)
                .map_err(|damage| damaged(offset, damage))?;
            if let Some(before) = entries.last() {
                verify::check_chain(&before.chain, body, &head.chain)
                    .map_err(|damage| damaged(offset, damage))?;
            }
            bytes += head.len;
            entries
                .push(frame::decode(body, head.chain).map_err(|damage| damaged(offset, damage))?);
        }
        if entries.first().is_none_or(|entry| entry.after != after) {
            let found = entries.first().map_or(ChangeSeq::ZERO, |entry| entry.seq);
            let damage = Damage::Sequence { expected: after.next(), found };
            return Err(damaged(scanner.offset(), damage));
        }
        if let Some(entry) = entries.last() {
            let offset = scanner.offset();
            self.remember(Hint { after: entry.seq, segment: header.first, offset });
        }
        Ok(entries)
    }

    fn tail(&self) -> ChangeSeq {
        self.view.lock().tail
    }

    fn first(&self) -> ChangeSeq {
        first_of(&self.view.lock())
    }

    fn trim(&self, through: ChangeSeq) -> Result<(), Error> {
        self.drop_segments(|segment| segment.last <= through)
    }

    fn incarnation(&self) -> Uuid {
        self.incarnation
    }

    fn verify(&self) -> Result<Verified, Error> {
        let stretches: Vec<Stretch> = self
            .view
            .lock()
            .segments
            .iter()
            .map(|segment| Stretch::of(segment, HEADER_BYTES as u64))
            .collect();
        verify::verify(&stretches, self.seed, self.sealing.as_ref())
    }
}

/// Makes a directory, durable in the one above it.
fn create_directory(dir: &Path) -> Result<(), Error> {
    if dir.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(dir).map_err(io_error("create", dir))?;
    match dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => sync_directory(parent),
        None => Ok(()),
    }
}

/// The first of the entries that bring everything back, as the segments of a journal tell.
pub(super) fn whole_from<'a>(headers: impl Iterator<Item = &'a Header>) -> Option<ChangeSeq> {
    let (mut whole, mut begun) = (None, None);
    for (header, at) in headers.zip(0..) {
        if at == 0 && header.first == ChangeSeq(1) {
            whole = Some(header.first);
        }
        match header.image {
            ImageMark::Begins => begun = Some(header.first),
            ImageMark::Complete => whole = begun.take().or(whole),
            ImageMark::None => {}
        }
    }
    whole
}

fn first_of(view: &View) -> ChangeSeq {
    view.segments.first().map_or(ChangeSeq(1), |segment| segment.header.first)
}

/// Cuts a segment behind its last good frame; answers how many bytes that were.
pub(super) fn cut(segment: &Segment) -> Result<u64, Error> {
    let (file, path) = (segment.handle.file()?, segment.path());
    let length = file.metadata().map_err(io_error("read", path))?.len();
    file.set_len(segment.end).map_err(io_error("cut", path))?;
    file.sync_all().map_err(io_error("sync", path))?;
    Ok(length.saturating_sub(segment.end))
}

/// Removes segments whose creation a crash has interrupted; they hold no entry.
fn remove_unfinished(dir: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(dir).map_err(io_error("list", dir))? {
        let path = entry.map_err(io_error("list", dir))?.path();
        if path.extension().is_some_and(|extension| extension == "new") {
            fs::remove_file(&path).map_err(io_error("remove", &path))?;
        }
    }
    Ok(())
}
