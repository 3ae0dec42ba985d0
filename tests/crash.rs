//! Kills the engine with SIGKILL at random moments and looks at what is left.
//!
//! The supervisor runs this program again as a child, which opens a data directory, verifies it
//! against the ledger and then writes from several threads. The supervisor notes what the child
//! acknowledges, kills it, and starts the next one on the same directory, so that no directory is
//! ever closed in good order between two kills. Some children die while they still recover.
//!
//! `RINGDEX_CRASH_KILLS=200 cargo test --test crash` is the long run; `RINGDEX_CRASH_SEED` repeats
//! the choices of an earlier run (not its timing). A killed process loses nothing that the kernel
//! already has; `power` puts together what a disk may hold when the power goes as well.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test program that reports on standard output"
)]

#[path = "crash/child.rs"]
mod child;
#[path = "crash/groups.rs"]
mod groups;
#[path = "crash/ledger.rs"]
mod ledger;
#[path = "crash/power.rs"]
mod power;
#[path = "crash/verify.rs"]
mod verify;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use ringdex::app::App;
use ringdex::domain::ids::OrgNumber;
use ringdex::store::fault;
use serde_json::json;
use tempfile::TempDir;

use ledger::{Ledger, Line, Said};

const CHILD: &str = "RINGDEX_CRASH_CHILD";
const SEED: &str = "RINGDEX_CRASH_SEED";
const KILLS: &str = "RINGDEX_CRASH_KILLS";
/// Kills on one data directory; then a new one is begun, so that verifying stays quick.
const KILLS_PER_DIRECTORY: u64 = 25;
const POINTS_PER_DIRECTORY: usize = 6;
/// A child that says nothing for so long hangs.
const PATIENCE: Duration = Duration::from_secs(120);
/// A crash point that is not reached by then never will be.
const REACHED_WITHIN: Duration = Duration::from_secs(60);

/// The crash points of the engine and the store, and at which passage to die.
const POINTS: &[(&str, &[u64])] = &[
    ("writer.journalled", &[1, 40]),
    ("writer.applied", &[3]),
    ("store.apply.begin", &[5]),
    ("store.apply.between", &[30, 171]),
    ("store.apply.noted", &[25]),
    ("store.apply.end", &[12]),
    ("store.parts.between", &[3]),
    ("store.parts.head", &[2]),
    ("store.parts.replaced", &[1]),
    ("store.parts.removed", &[1]),
    ("store.checkpoint.flushed", &[2]),
    ("follower.indexed", &[4]),
    ("follower.committed", &[3]),
    ("reindex.filled", &[1]),
    ("reindex.caught_up", &[1]),
    ("reindex.swapped", &[1]),
    ("reindex.published", &[1]),
    ("snapshot.appended", &[1, 3]),
    ("snapshot.written", &[1, 2]),
    ("snapshot.complete", &[1, 2]),
    ("snapshot.trimmed", &[1, 2]),
    ("compact.copied", &[1]),
    ("compact.ready", &[1, 2]),
    ("compact.marked", &[1, 2]),
    ("compact.exchanged", &[1, 2]),
];

/// Where to die in merges and undos; a write of them has a dozen parts and more.
const MERGING_POINTS: &[&str] = &[
    "writer.journalled:1",
    "writer.journalled:6",
    "writer.applied:3",
    "store.apply.between:2",
    "store.apply.between:5",
    "store.apply.between:13",
    "store.apply.between:40",
    "store.apply.end:4",
    "store.parts.between:2",
    "store.parts.replaced:1",
    "follower.indexed:2",
];

fn main() -> ExitCode {
    if let Some(root) = std::env::var_os(CHILD) {
        let seed = std::env::var(SEED).unwrap().parse().unwrap();
        child::run(Path::new(&root), seed);
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::read();
    let tests: [(&str, Test); 7] = [
        ("kills_at_named_points", kills_at_named_points),
        ("kills_at_random_moments", kills_at_random_moments),
        ("kills_of_merges_and_undos", kills_of_merges_and_undos),
        ("kills_of_an_encrypted_directory", kills_of_an_encrypted_directory),
        ("power_cuts", power::power_cuts),
        ("power_cuts_of_an_encrypted_directory", power::power_cuts_of_an_encrypted_directory),
        ("power_cuts_of_commands", power::power_cuts_of_commands),
    ];
    if arguments.list {
        for (name, _) in tests {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    let started = Instant::now();
    let wanted: Vec<_> = tests.iter().filter(|(name, _)| arguments.wants(name)).collect();
    println!("\nrunning {} tests", wanted.len());
    let mut failed = 0;
    for (name, test) in &wanted {
        match test() {
            Ok(summary) => println!("test {name} ... ok ({summary})"),
            Err(failure) => {
                failed += 1;
                println!("test {name} ... FAILED\n{failure}");
            }
        }
    }
    println!(
        "\ntest result: {}. {} passed; {failed} failed; 0 ignored; 0 measured; {} filtered out; finished in {:.2}s\n",
        if failed == 0 { "ok" } else { "FAILED" },
        wanted.len() - failed,
        tests.len() - wanted.len(),
        started.elapsed().as_secs_f64(),
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A test; it answers with a summary or with what is wrong.
type Test = fn() -> Result<String, String>;

/// What of the arguments of the usual test harness is understood.
#[derive(Default)]
struct Arguments {
    list: bool,
    exact: bool,
    filters: Vec<String>,
    skips: Vec<String>,
}

impl Arguments {
    fn read() -> Self {
        let mut read = Self::default();
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--list" => read.list = true,
                "--exact" => read.exact = true,
                "--skip" => read.skips.extend(arguments.next()),
                "--test-threads" | "--format" | "--color" | "--logfile" => {
                    arguments.next();
                }
                // Other switches change how results look, not what is run.
                switch if switch.starts_with('-') => {}
                filter => read.filters.push(filter.to_owned()),
            }
        }
        read
    }

    fn wants(&self, name: &str) -> bool {
        let fits =
            |filter: &String| if self.exact { name == filter } else { name.contains(filter) };
        (self.filters.is_empty() || self.filters.iter().any(fits)) && !self.skips.iter().any(fits)
    }
}

fn kills_at_random_moments() -> Result<String, String> {
    let kills: u64 = std::env::var(KILLS).map_or(20, |text| text.parse().unwrap());
    let seed: u64 =
        std::env::var(SEED).map_or_else(|_| rand::random(), |text| text.parse().unwrap());
    println!("{KILLS}={kills} {SEED}={seed}");
    kill(kills, seed, false)
}

/// The same with everything on the disk sealed, a quarter as often.
fn kills_of_an_encrypted_directory() -> Result<String, String> {
    let kills: u64 = std::env::var(KILLS).map_or(20, |text| text.parse().unwrap());
    kill(kills.div_ceil(4), rand::random(), true)
}

/// Kills while contacts are merged and merges undone, and nothing else is done: also between the
/// parts of one write.
fn kills_of_merges_and_undos() -> Result<String, String> {
    let mut totals = Totals::default();
    let mut arena = Arena::new(false);
    arena.is_merging = true;
    let points: &[&str] = if cfg!(debug_assertions) { MERGING_POINTS } else { &[] };
    for (plan, seed) in points.iter().zip(0..) {
        arena
            .round(Moment::AtPoint, seed, Some(plan), &mut totals)
            .map_err(|failure| arena.keep(&format!("{plan}: {failure}")))?;
    }
    let mut rng = StdRng::seed_from_u64(rand::random());
    for _ in 0..6 {
        let moment = Moment::AfterVerified(Duration::from_micros(rng.random_range(0..60_000)));
        arena
            .round(moment, rng.random(), None, &mut totals)
            .map_err(|failure| arena.keep(&failure))?;
    }
    arena.round(Moment::Never, 0, None, &mut totals).map_err(|failure| arena.keep(&failure))?;
    Ok(format!("{} points and 6 kills, {totals}", points.len()))
}

fn kill(kills: u64, seed: u64, is_encrypted: bool) -> Result<String, String> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut totals = Totals::default();
    let mut done = 0;
    while done < kills {
        let mut arena = Arena::new(is_encrypted);
        for _ in 0..KILLS_PER_DIRECTORY.min(kills - done) {
            let moment = match rng.random_range(0..10) {
                // While it opens and verifies, which takes a few hundred milliseconds.
                0..2 => Moment::AfterStart(Duration::from_micros(rng.random_range(0..300_000))),
                // In the first writes, and later.
                2..5 => Moment::AfterVerified(Duration::from_micros(rng.random_range(0..20_000))),
                5..9 => Moment::AfterVerified(Duration::from_micros(rng.random_range(0..400_000))),
                // Long enough for an index to be rebuilt.
                _ => Moment::AfterVerified(Duration::from_micros(rng.random_range(0..3_000_000))),
            };
            arena
                .round(moment, rng.random(), None, &mut totals)
                .map_err(|failure| arena.keep(&failure))?;
            done += 1;
        }
        // The last look, closed in good order and looked at once more.
        for _ in 0..2 {
            arena
                .round(Moment::Never, rng.random(), None, &mut totals)
                .map_err(|failure| arena.keep(&failure))?;
        }
    }
    Ok(format!("{done} kills, {totals}"))
}

fn kills_at_named_points() -> Result<String, String> {
    if !cfg!(debug_assertions) {
        return Ok("SKIPPED: crash points exist in debug builds only".to_owned());
    }
    let mut totals = Totals::default();
    let plans: Vec<String> = POINTS
        .iter()
        .flat_map(|(point, counts)| counts.iter().map(move |count| format!("{point}:{count}")))
        .collect();
    for some in plans.chunks(POINTS_PER_DIRECTORY) {
        let mut arena = Arena::new(false);
        for (plan, seed) in some.iter().zip(0..) {
            arena
                .round(Moment::AtPoint, seed, Some(plan), &mut totals)
                .map_err(|failure| arena.keep(&format!("{plan}: {failure}")))?;
        }
        arena.round(Moment::Never, 0, None, &mut totals).map_err(|failure| arena.keep(&failure))?;
    }
    Ok(format!("{} points, {totals}", plans.len()))
}

/// When a child dies.
#[derive(Clone, Copy, Debug)]
enum Moment {
    AfterStart(Duration),
    AfterVerified(Duration),
    /// By itself, at a crash point.
    AtPoint,
    /// Not at all: it is asked to end.
    Never,
}

#[derive(Default)]
struct Totals {
    acknowledged: u64,
    verified: u64,
    reindexed: u64,
}

impl std::fmt::Display for Totals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { acknowledged, verified, reindexed } = self;
        write!(
            f,
            "{acknowledged} writes acknowledged, {reindexed} reindexes, verified {verified} times"
        )
    }
}

/// One data directory with what is known about it.
struct Arena {
    root: TempDir,
    is_encrypted: bool,
    is_merging: bool,
    /// Whether the power is cut, which may tear anything that is not synced.
    is_cut: bool,
    ledger: Ledger,
}

impl Arena {
    fn new(is_encrypted: bool) -> Self {
        let root = TempDir::new().unwrap();
        let app = App::open(&root.path().join("data"), child::options(is_encrypted)).unwrap();
        app.bootstrap(None).unwrap();
        let operator = child::caller(OrgNumber(1));
        app.create_organization(&operator, "second", None).unwrap();
        let body = json!({"name": "Counter", "external_crm_id": "a-counter", "custom_fields": {"count": 0}});
        let counter = app.create_contact(&operator, &body, None).unwrap().contact.id;
        Self {
            root,
            is_encrypted,
            is_merging: false,
            is_cut: false,
            ledger: Ledger {
                counter_id: Some(counter),
                groups: groups::begin(&app),
                ..Ledger::default()
            },
        }
    }

    /// Leaves the directory in place for whoever looks for the cause.
    fn keep(&mut self, failure: &str) -> String {
        self.root.disable_cleanup(true);
        format!("{failure}\nthe data directory is kept: {}", self.root.path().display())
    }

    /// What runs the next child.
    fn command(&mut self, seed: u64) -> Command {
        self.ledger.round += 1;
        self.ledger.save(&self.root.path().join("ledger.json"));
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env(CHILD, self.root.path()).env(SEED, seed.to_string());
        if self.is_encrypted {
            command.env(child::ENCRYPTED, "1");
        }
        if self.is_merging {
            command.env(child::MERGING, "1");
        }
        command
    }

    fn round(
        &mut self,
        moment: Moment,
        seed: u64,
        point: Option<&str>,
        totals: &mut Totals,
    ) -> Result<(), String> {
        let mut command = self.command(seed);
        match point {
            Some(point) => command.env(fault::VARIABLE, point),
            None => command.env_remove(fault::VARIABLE),
        };
        let mut child = Running::start(command);
        let mut deadline = match moment {
            Moment::AfterStart(delay) => Some(Instant::now() + delay),
            Moment::AfterVerified(_) | Moment::AtPoint | Moment::Never => None,
        };
        let mut failures: Vec<String> = Vec::new();
        let mut killed = false;
        loop {
            let wait = deadline.map_or(PATIENCE, |at| at.saturating_duration_since(Instant::now()));
            let line = match child.lines.recv_timeout(wait) {
                Ok(said) => said.line,
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    if deadline.is_none() || killed {
                        child.process.kill().unwrap();
                        return Err(format!("the child said nothing for {PATIENCE:?}"));
                    }
                    child.process.kill().unwrap();
                    killed = true;
                    deadline = Some(Instant::now() + PATIENCE);
                    continue;
                }
            };
            totals.acknowledged += self.ledger.note(&line);
            match line {
                Line::Failed(failure) => failures.push(failure),
                Line::Reindexed => totals.reindexed += 1,
                Line::Verified => {
                    totals.verified += 1;
                    self.ledger = Ledger::load(&self.root.path().join("ledger.verified.json"));
                    match moment {
                        Moment::AfterVerified(delay) => deadline = Some(Instant::now() + delay),
                        Moment::Never => drop(child.process.stdin.take()),
                        Moment::AtPoint => deadline = Some(Instant::now() + REACHED_WITHIN),
                        Moment::AfterStart(_) => {}
                    }
                }
                Line::Intent { .. }
                | Line::Ack { .. }
                | Line::Batch { .. }
                | Line::BatchAck { .. }
                | Line::Group { .. }
                | Line::Count
                | Line::Counted
                | Line::NotCounted => {}
            }
        }
        let status = child.process.wait().unwrap();
        if !failures.is_empty() {
            return Err(failures.join("\n"));
        }
        let as_meant = match moment {
            Moment::AfterStart(_) | Moment::AfterVerified(_) => killed,
            Moment::AtPoint if killed => return Err(format!("not reached in {REACHED_WITHIN:?}")),
            Moment::AtPoint => !status.success(),
            Moment::Never => status.success(),
        };
        if !as_meant {
            return Err(format!("{moment:?}: the child ended with {status}"));
        }
        // A kill tears nothing, so whoever doubts the store after one is wrong.
        if !self.is_cut && self.root.path().join("data/store.unreadable-1").exists() {
            return Err("a store that is whole was set aside".to_owned());
        }
        Ok(())
    }
}

/// A child with its lines.
struct Running {
    process: Child,
    lines: Receiver<Said>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a child");
        let mut out = BufReader::new(process.stdout.take().expect("piped"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let mut line = Vec::new();
            // A line without its end was being written when the child died.
            while out.read_until(b'\n', &mut line).is_ok_and(|read| read > 0)
                && line.ends_with(b"\n")
            {
                let parsed = serde_json::from_slice(&line).unwrap_or_else(|error| {
                    let trouble = format!("no line: {error}: {}", line.escape_ascii());
                    Said { at: 0, line: Line::Failed(trouble) }
                });
                if sender.send(parsed).is_err() {
                    return;
                }
                line.clear();
            }
        });
        Self { process, lines }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Only if a round ended early; a child that has ended is not hurt.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
