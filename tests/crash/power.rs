//! Cuts the power: a child works below a recorder of its writes and syncs, the disk is put together as
//! it may be after a cut at some instant, and what opens it must find everything acknowledged.
//!
//! `RINGDEX_POWER_CUTS=200 cargo test --test crash power` is the long run.

#[path = "power/commands.rs"]
mod commands;
#[path = "power/disk.rs"]
mod disk;

use std::path::Path;
use std::process::Command;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant, SystemTime};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt, SeedableRng};
use tempfile::TempDir;

use crate::ledger::{Ledger, Line, Said};
use crate::{Arena, Moment, PATIENCE, Running, Totals};
use disk::{Bytes, Disk, Event, Names};

const CUTS: &str = "RINGDEX_POWER_CUTS";
/// Cuts on one data directory one after the other.
const CUTS_IN_A_ROW: u64 = 12;
/// Other instants of a recording that are only looked at.
const LOOKS: u64 = 2;

/// The recorder, built for this machine.
struct Recorder {
    folder: TempDir,
}

impl Recorder {
    fn build() -> Result<Self, String> {
        let folder = TempDir::new().map_err(|error| error.to_string())?;
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crash/power/recorder.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O2", "-o"])
            .args([folder.path().join("recorder.so"), source])
            .output()
            .map_err(|error| format!("no C compiler: {error}"))?;
        if built.status.success() {
            return Ok(Self { folder });
        }
        Err(String::from_utf8_lossy(&built.stderr).into_owned())
    }

    /// Has a command note what it does to a folder.
    fn stand_before(&self, command: &mut Command, folder: &Path, trace: &Path) {
        command
            .env("LD_PRELOAD", self.folder.path().join("recorder.so"))
            .env("POWER_ROOT", folder)
            .env("POWER_TRACE", trace);
    }
}

/// Cuts while everything is written that the kills are tried with, snapshots, compactions and new
/// indexes among it, and while what was cut before is opened.
pub(crate) fn power_cuts() -> Result<String, String> {
    cut_again_and_again(false, 1)
}

/// The same with everything on the disk sealed, a third as often.
pub(crate) fn power_cuts_of_an_encrypted_directory() -> Result<String, String> {
    cut_again_and_again(true, 3)
}

/// Cuts while commands give a directory a key, take it away, and make a new directory.
pub(crate) fn power_cuts_of_commands() -> Result<String, String> {
    with_recorder(|recorder, cuts, rng| {
        let times = cuts.div_ceil(20);
        let rekeys = commands::rekeys(recorder, times, rng)?;
        let first_starts = commands::first_starts(recorder, times, rng)?;
        Ok(format!("{rekeys} cuts of new keys, {first_starts} of first starts"))
    })
}

fn with_recorder(
    test: impl FnOnce(&Recorder, u64, &mut StdRng) -> Result<String, String>,
) -> Result<String, String> {
    if !cfg!(target_os = "linux") {
        return Ok("SKIPPED: the recorder stands in front of the C library of Linux".to_owned());
    }
    let recorder = match Recorder::build() {
        Ok(recorder) => recorder,
        Err(trouble) if std::env::var("CI").is_ok_and(|ci| ci == "true") => return Err(trouble),
        Err(trouble) => return Ok(format!("SKIPPED: {trouble}")),
    };
    let cuts: u64 = std::env::var(CUTS).map_or(20, |text| text.parse().unwrap());
    let seed =
        std::env::var(crate::SEED).map_or_else(|_| rand::random(), |text| text.parse().unwrap());
    println!("{CUTS}={cuts} {}={seed}", crate::SEED);
    test(&recorder, cuts, &mut StdRng::seed_from_u64(seed))
}

fn cut_again_and_again(is_encrypted: bool, part: u64) -> Result<String, String> {
    with_recorder(|recorder, cuts, rng| {
        let cuts = cuts.div_ceil(part);
        cut_in_rows(recorder, cuts, is_encrypted, rng)
    })
}

fn cut_in_rows(
    recorder: &Recorder,
    cuts: u64,
    is_encrypted: bool,
    rng: &mut StdRng,
) -> Result<String, String> {
    let mut totals = Totals::default();
    let (mut done, mut rebuilt) = (0, 0);
    while done < cuts {
        let mut arena = Arena::new(is_encrypted);
        arena.is_cut = true;
        let mut in_a_row = 0;
        while in_a_row < CUTS_IN_A_ROW && done < cuts {
            let looks = LOOKS.min(cuts - done - 1);
            arena.cut(recorder, looks, rng, &mut totals).map_err(|failure| arena.keep(&failure))?;
            done += looks + 1;
            in_a_row += looks + 1;
        }
        arena
            .round(Moment::Never, rng.random(), None, &mut totals)
            .map_err(|failure| arena.keep(&failure))?;
        rebuilt += u64::from(arena.root.path().join("data/store.unreadable-1").exists());
    }
    Ok(format!("{done} cuts, {totals}, {rebuilt} stores set aside"))
}

impl Arena {
    /// Lets a child work, cuts the power, and leaves what the disk held then.
    fn cut(
        &mut self,
        recorder: &Recorder,
        looks: u64,
        rng: &mut StdRng,
        totals: &mut Totals,
    ) -> Result<(), String> {
        let (data, base) = (self.root.path().join("data"), self.root.path().join("base"));
        let trace = self.root.path().join("trace");
        let _ = std::fs::remove_dir_all(&base);
        let _ = std::fs::remove_file(&trace);
        copy(&data, &base);
        let said = self.record(recorder, &trace, rng, totals)?;
        for Said { line, .. } in &said {
            totals.acknowledged += if let Line::BatchAck { ids, .. } = line {
                ids.len() as u64
            } else {
                u64::from(matches!(line, Line::Ack { .. } | Line::Counted))
            };
            totals.reindexed += u64::from(matches!(line, Line::Reindexed));
        }
        // A child that was killed before it did anything has left no trace.
        let bytes = match std::fs::read(&trace) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            read => read.map_err(|error| error.to_string())?,
        };
        let events = disk::parse(&bytes);
        for _ in 0..looks {
            let side = TempDir::new().map_err(|error| error.to_string())?;
            let at = instant(&events, rng);
            let how = cut_at(at, (&base, &data), &side.path().join("data"), &events, rng);
            let mut side = Self { root: side, ledger: self.ledger_at(at, &said), ..*self };
            side.round(Moment::Never, rng.random(), None, totals)
                .map_err(|failure| side.keep(&format!("{how}: {failure}")))?;
        }
        let at = instant(&events, rng);
        std::fs::remove_dir_all(&data).map_err(|error| error.to_string())?;
        cut_at(at, (&base, &data), &data, &events, rng);
        self.ledger = self.ledger_at(at, &said);
        Ok(())
    }

    /// Runs a child below the recorder and kills it; everything that it said.
    fn record(
        &mut self,
        recorder: &Recorder,
        trace: &Path,
        rng: &mut StdRng,
        totals: &mut Totals,
    ) -> Result<Vec<Said>, String> {
        let mut command = self.command(rng.random());
        recorder.stand_before(&mut command, &self.root.path().join("data"), trace);
        let is_early = rng.random_bool(0.3);
        let delay =
            Duration::from_micros(rng.random_range(0..if is_early { 500_000 } else { 1_500_000 }));
        let mut child = Running::start(command);
        let mut deadline = is_early.then(|| Instant::now() + delay);
        let (mut said, mut is_killed) = (Vec::new(), false);
        loop {
            let wait = deadline.map_or(PATIENCE, |at| at.saturating_duration_since(Instant::now()));
            match child.lines.recv_timeout(wait) {
                Ok(Said { line: Line::Failed(failure), .. }) => return Err(failure),
                Ok(line) => {
                    if matches!(line.line, Line::Verified) {
                        totals.verified += 1;
                        deadline = deadline.or_else(|| Some(Instant::now() + delay));
                    }
                    said.push(line);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) if deadline.is_some() && !is_killed => {
                    child.process.kill().map_err(|error| error.to_string())?;
                    is_killed = true;
                    deadline = Some(Instant::now() + PATIENCE);
                }
                Err(RecvTimeoutError::Timeout) => return Err("the child says nothing".to_owned()),
            }
        }
        let status = child.process.wait().map_err(|error| error.to_string())?;
        if is_killed { Ok(said) } else { Err(format!("the child ended with {status}")) }
    }

    /// What was known at an instant.
    fn ledger_at(&self, at: u64, said: &[Said]) -> Ledger {
        let in_time = || said.iter().take_while(|said| said.at <= at);
        let mut ledger = if in_time().any(|said| matches!(said.line, Line::Verified)) {
            Ledger::load(&self.root.path().join("ledger.verified.json"))
        } else {
            self.ledger.clone()
        };
        for said in in_time() {
            ledger.note(&said.line);
        }
        ledger
    }
}

/// Puts the disk together as it may be after a cut, of what the folder held before and where it is; how
/// that was done.
fn cut_at(
    at: u64,
    (base, root): (&Path, &Path),
    to: &Path,
    events: &[Event],
    rng: &mut StdRng,
) -> String {
    let names = *[Names::Ordered, Names::Ordered, Names::Strict, Names::All].choose(rng).unwrap();
    let bytes = *[Bytes::Mixed, Bytes::Mixed, Bytes::Dropped, Bytes::Pages, Bytes::Torn]
        .choose(rng)
        .unwrap();
    let disk = Disk::at(at, base, root, events);
    disk.write(to, rng, names, bytes);
    // Whoever starts behind a cut starts on a machine that was started anew.
    let mark = to.join("index/BOOT");
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    if std::fs::read_to_string(&mark).is_ok_and(|mark| mark.trim() == boot.trim()) {
        disk::write_file(&mark, b"another start of the machine");
    }
    let into = events.iter().filter(|event| event.begun < at).count();
    format!("cut behind record {into} of {}, names {names:?}, bytes {bytes:?}", events.len())
}

/// When to cut: anywhere, or just beside a sync or a change of names.
fn instant(events: &[Event], rng: &mut StdRng) -> u64 {
    let happened: Vec<&Event> = events.iter().filter(|event| event.begun > 0).collect();
    let (Some(first), Some(last)) = (happened.first(), happened.last()) else { return now() };
    if rng.random_bool(0.5) {
        return rng.random_range(first.begun..=last.done);
    }
    let wanted: &[u8] = if rng.random_bool(0.5) { b"RUCD" } else { b"SL" };
    let close: Vec<&&Event> =
        happened.iter().filter(|event| wanted.contains(&event.kind)).collect();
    match close.choose(rng) {
        Some(event) => event.done + u64::from(rng.random_bool(0.5)),
        None => last.done,
    }
}

/// Nanoseconds of the real-time clock, as the recorder notes them.
#[expect(clippy::disallowed_methods, reason = "a recording has the time of the machine")]
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    u64::try_from(since.as_nanos()).unwrap()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
