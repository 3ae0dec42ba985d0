//! Repairing a damaged journal by hand: everything from the first damage on is saved aside and cut.
//!
//! Entries behind the damage may have been acknowledged, so this is never done without being asked
//! for. Whether the store has applied them already is for the engine to find out.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::error::{Error, io_error};
use super::file::cut;
use super::frame::Seed;
use super::load::{self, DamagedPlace, Loaded};
use super::scan::Scanner;
use super::segment::{HEADER_BYTES, Header, ImageMark, Segment, WALK_CHUNK, sync_directory};
use crate::domain::ids::ChangeSeq;

/// What a repair has cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepairReport {
    /// What was wrong, one message per place; empty if nothing was.
    pub problems: Vec<String>,
    /// How many bytes were cut.
    pub bytes_cut: u64,
    /// How many entries among them could still be read; damaged ones come on top.
    pub entries_cut: u64,
    /// The last entry that is left.
    pub last: ChangeSeq,
    /// Where the cut bytes are kept.
    pub saved: Vec<PathBuf>,
}

/// Cuts a journal at its last good frame; does nothing if it would open as it is.
///
/// The journal must not be open. Damaged segments at the very beginning, whose header cannot be
/// read, are set aside without touching the ones that follow.
pub fn repair(dir: &Path) -> Result<RepairReport, Error> {
    let _lock = load::lock(dir)?;
    let mut report = RepairReport::default();
    loop {
        let Loaded { segments, trouble } = load::load(dir)?;
        let last = segments.last();
        report.last = last.map_or(ChangeSeq::ZERO, |segment| segment.last);
        let Some(trouble) = trouble.filter(|trouble| !trouble.torn) else { return Ok(report) };
        let DamagedPlace { path, offset, damage, whole_file, later, .. } = trouble;
        report.problems.push(format!("{} at byte {offset}: {damage}", path.display()));
        let incarnation = last.map(|segment| segment.header.incarnation);
        report.entries_cut += count_entries(&path, offset, incarnation, report.last)?;
        if whole_file {
            set_aside(&path, &mut report)?;
        } else if let Some(segment) = last {
            save_tail(&path, segment.end, &mut report)?;
            report.bytes_cut += cut(segment)?;
        }
        if !segments.is_empty() {
            // Newest first: a crash in between must not leave a gap that looks whole.
            for path in later.iter().rev() {
                report.entries_cut += count_entries(path, 0, incarnation, report.last)?;
                set_aside(path, &mut report)?;
            }
        }
        sync_directory(dir)?;
    }
}

/// Sets all of a journal aside and begins a new one, with an identity of its own, whose first
/// entry follows `after`; answers that identity and where the old files are.
///
/// For a store that has changes which the journal has lost. The journal must not be open. With
/// `is_sealed` the entries of the new one will be sealed.
pub fn restart(
    dir: &Path,
    after: ChangeSeq,
    is_sealed: bool,
) -> Result<(Uuid, Vec<PathBuf>), Error> {
    fs::create_dir_all(dir).map_err(io_error("create", dir))?;
    let _lock = load::lock(dir)?;
    let mut report = RepairReport::default();
    for path in load::list_segments(dir)?.iter().rev() {
        set_aside(path, &mut report)?;
    }
    sync_directory(dir)?;
    let incarnation = Uuid::now_v7();
    let image = ImageMark::None;
    let header =
        Header { incarnation, first: after.next(), chain_before: [0; 32], is_sealed, image };
    Segment::create(dir, header)?;
    Ok((incarnation, report.saved))
}

/// How many whole frames a file holds from a place on.
fn count_entries(
    path: &Path,
    offset: u64,
    incarnation: Option<Uuid>,
    mut last: ChangeSeq,
) -> Result<u64, Error> {
    let file = File::open(path).map_err(io_error("open", path))?;
    let length = file.metadata().map_err(io_error("read", path))?.len();
    let incarnation = match incarnation {
        Some(incarnation) => incarnation,
        None => match header_incarnation(&file) {
            Some(incarnation) => incarnation,
            None => return Ok(0),
        },
    };
    let range = offset..length;
    let mut scanner = Scanner::new(&file, path, Seed::of(incarnation), range, WALK_CHUNK);
    let mut count = 0;
    while let Some(found) = scanner.resync(last)? {
        last = found.seq;
        count += 1;
    }
    Ok(count)
}

/// The incarnation as the header tells it, even if the header's checksum does not match.
pub(super) fn header_incarnation(file: &File) -> Option<Uuid> {
    let mut header = [0; HEADER_BYTES];
    file.read_exact_at(&mut header, 0).ok()?;
    Uuid::from_slice(&header[12..28]).ok()
}

/// Copies the end of a file to a new file beside it, durably.
fn save_tail(path: &Path, from: u64, report: &mut RepairReport) -> Result<(), Error> {
    let saved = free_name(path);
    let mut source = File::open(path).map_err(io_error("open", path))?;
    io::Seek::seek(&mut source, io::SeekFrom::Start(from)).map_err(io_error("read", path))?;
    let mut target = File::create_new(&saved).map_err(io_error("create", &saved))?;
    io::copy(&mut source, &mut target).map_err(io_error("write", &saved))?;
    target.sync_all().map_err(io_error("sync", &saved))?;
    report.saved.push(saved);
    Ok(())
}

fn set_aside(path: &Path, report: &mut RepairReport) -> Result<(), Error> {
    let saved = free_name(path);
    report.bytes_cut += fs::metadata(path).map_err(io_error("read", path))?.len();
    fs::rename(path, &saved).map_err(io_error("rename", path))?;
    report.saved.push(saved);
    Ok(())
}

/// The first name of the kind `0001.log.damaged`, `0001.log.damaged-2` that is not taken.
fn free_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".damaged");
    let mut candidate = PathBuf::from(&name);
    let mut number = 1;
    while candidate.exists() {
        number += 1;
        let mut numbered = name.clone();
        numbered.push(format!("-{number}"));
        candidate = PathBuf::from(numbered);
    }
    candidate
}
