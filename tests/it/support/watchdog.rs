//! Ends the run when a test hangs, and says which: without this nobody learns it, since the run
//! neither ends nor names what it waits for.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// No test takes this long, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20 * 60);
const EVERY: Duration = Duration::from_secs(10);

/// A test that has begun.
struct Begun {
    name: String,
    /// Its place in the list of running threads.
    thread: PathBuf,
    at: Instant,
}

static BEGUN: Mutex<Vec<Begun>> = Mutex::new(Vec::new());
/// Never told anything: it lasts as long as the process.
static WATCH: LazyLock<Sender<()>> = LazyLock::new(|| {
    let (sender, never) = channel();
    std::thread::spawn(move || {
        while never.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
            look();
        }
    });
    sender
});

/// Watches the test that runs on this thread, until the thread ends.
pub(crate) fn watch() {
    // Elsewhere than on Linux nobody tells whether a thread still runs.
    let Ok(thread) = std::fs::read_link("/proc/thread-self") else { return };
    LazyLock::force(&WATCH);
    let current = std::thread::current();
    let name = current.name().unwrap_or("a thread of a test").to_owned();
    let mut begun = BEGUN.lock().unwrap_or_else(PoisonError::into_inner);
    if !begun.iter().any(|one| one.thread == thread && one.name == name) {
        begun.push(Begun { name, thread, at: Instant::now() });
    }
}

fn look() {
    let mut begun = BEGUN.lock().unwrap_or_else(PoisonError::into_inner);
    begun.retain(|one| Path::new("/proc").join(&one.thread).exists());
    let hanging: Vec<&str> =
        begun.iter().filter(|one| one.at.elapsed() > PATIENCE).map(|one| &*one.name).collect();
    if !hanging.is_empty() {
        // Not by a macro: what threads of a test print is kept until it ends.
        let told = format!(
            "\nafter {PATIENCE:?} still not done: {}\nthe threads of the process and what they wait for:\n{}\n",
            hanging.join(", "),
            threads()
        );
        let _ = std::io::stderr().write_all(told.as_bytes());
        std::process::exit(101);
    }
}

/// A line for each thread: its name, its state, and where in the kernel it is.
fn threads() -> String {
    let mut lines = Vec::new();
    for entry in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let read = |name| std::fs::read_to_string(entry.path().join(name)).unwrap_or_default();
        let status = read("status");
        let state = status.lines().find(|line| line.starts_with("State:")).unwrap_or_default();
        lines.push(format!("{} {} {}", read("comm").trim(), state, read("wchan").trim()));
    }
    lines.sort();
    lines.join("\n")
}
