//! Cuts the power while a command rewrites a closed directory, or makes a new one.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use tempfile::TempDir;

use super::disk::{self, Event};
use super::{Recorder, copy, cut_at, instant};
use crate::{Arena, Moment, Totals, child};

/// Cuts of each command.
const CUTS: u64 = 4;

/// A closed directory gets a key, another one loses it: behind a cut it opens with one of both states,
/// and has everything.
pub(super) fn rekeys(recorder: &Recorder, times: u64, rng: &mut StdRng) -> Result<u64, String> {
    for was_encrypted in [false, true] {
        let mut totals = Totals::default();
        let mut arena = Arena::new(was_encrypted);
        let work = Moment::AfterVerified(Duration::from_millis(300));
        for moment in [work, Moment::Never] {
            arena.round(moment, rng.random(), None, &mut totals)?;
        }
        let (data, base) = (arena.root.path().join("data"), arena.root.path().join("base"));
        let key = arena.root.path().join("key");
        child::key().save(&key).map_err(|error| error.to_string())?;
        copy(&data, &base);
        let mut command = ringdex(&data);
        command.arg("rekey");
        if was_encrypted {
            command.arg("--decrypt").arg("--encryption-key-file").arg(&key);
        } else {
            command.arg("--new-encryption-key-file").arg(&key);
        }
        let trace = run_recorded(command, recorder, arena.root.path(), &data)?;
        let events = disk::parse(&trace);
        for _ in 0..CUTS * times {
            let side = TempDir::new().map_err(|error| error.to_string())?;
            let at = instant(&events, rng);
            let how = cut_at(at, (&base, &data), &side.path().join("data"), &events, rng);
            let ledger = arena.ledger.clone();
            let mut side = Arena {
                root: side,
                is_cut: true,
                ledger,
                is_encrypted: was_encrypted,
                is_merging: false,
            };
            let opened =
                side.round(Moment::Never, rng.random(), None, &mut totals).or_else(|first| {
                    side.is_encrypted = !was_encrypted;
                    let second = side.round(Moment::Never, rng.random(), None, &mut totals);
                    second.map_err(|second| {
                        format!("{how}: {first}\nand in the other state: {second}")
                    })
                });
            opened.map_err(|failure| side.keep(&failure))?;
        }
    }
    Ok(2 * CUTS * times)
}

/// A directory is made: behind a cut the same command works.
pub(super) fn first_starts(
    recorder: &Recorder,
    times: u64,
    rng: &mut StdRng,
) -> Result<u64, String> {
    let root = TempDir::new().map_err(|error| error.to_string())?;
    let (data, base) = (root.path().join("data"), root.path().join("base"));
    for folder in [&data, &base] {
        std::fs::create_dir(folder).map_err(|error| error.to_string())?;
    }
    let create = |data: &Path| {
        let mut command = ringdex(data);
        command.args(["contact", "create", "name=Jane Doe", "phone=+12025550123"]);
        command
    };
    let trace = run_recorded(create(&data), recorder, root.path(), &data)?;
    let events: Vec<Event> = disk::parse(&trace);
    for _ in 0..CUTS * times {
        let side = TempDir::new().map_err(|error| error.to_string())?;
        let image = side.path().join("data");
        let how = cut_at(instant(&events, rng), (&base, &data), &image, &events, rng);
        let mut check = ringdex(&image);
        check.arg("check");
        for command in [create(&image), check] {
            succeed(command).map_err(|failure| format!("first start, {how}: {failure}"))?;
        }
    }
    Ok(CUTS * times)
}

fn ringdex(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringdex"));
    command.arg("--data-dir").arg(data);
    command
}

fn run_recorded(
    mut command: Command,
    recorder: &Recorder,
    root: &Path,
    data: &Path,
) -> Result<Vec<u8>, String> {
    let trace = root.join("trace");
    recorder.stand_before(&mut command, data, &trace);
    succeed(command)?;
    std::fs::read(&trace).map_err(|error| error.to_string())
}

fn succeed(mut command: Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    Err(format!("{command:?} ended with {}: {out}{err}", output.status))
}
