//! What the tests share: an application in a directory of its own, closed and opened at will.
//!
//! Nothing here asserts what a test is about; a step that cannot fail in a sound program panics.

pub(crate) mod process;
pub(crate) mod ranking;
pub(crate) mod records;
pub(crate) mod server;
mod watchdog;

use std::path::{Path, PathBuf};
use std::time::Duration;

use ringdex::app::{Access, App, Refresh, SearchAnswer, SearchRequest};
use ringdex::domain::access::Caller;
use ringdex::domain::contact::Contact;
use ringdex::domain::ids::OrgNumber;
use ringdex::domain::time::{Clock, Timestamp};
use ringdex::engine::Options;
use serde_json::Value;
use tempfile::TempDir;

/// An application on a temporary directory, with the organisations 1 `default` and 2 `second`.
pub(crate) struct TestApp {
    app: Option<App>,
    options: Options,
    /// Removed last.
    dir: TempDir,
}

impl TestApp {
    /// With small buffers, and a clock that stands still until it is moved.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// With other options.
    pub(crate) fn with(change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options {
            store_cache_bytes: 8 << 20,
            index_writer_bytes: 16 << 20,
            cards: 100,
            checkpoint_every: Duration::from_secs(600),
            clock: Clock::fixed(Timestamp(1_700_000_000_000)),
            ..Options::default()
        };
        change(&mut options);
        watchdog::watch();
        let dir = TempDir::new().unwrap();
        let app = App::open(&dir.path().join("data"), options.clone()).unwrap();
        app.bootstrap(Some("admin")).unwrap();
        // Another machine of its cluster may have made it.
        if app.access().find_organization("second").is_none() {
            app.create_organization(&operator(1), "second", None).unwrap();
        }
        Self { dir, options, app: Some(app) }
    }

    /// A copy of a closed one, closed as well.
    pub(crate) fn copy(&self) -> Self {
        assert!(self.app.is_none(), "only what is closed can be copied");
        self.copy_as_it_is()
    }

    /// A copy of its files as they are now, also while it is open: what a kill would leave.
    pub(crate) fn copy_as_it_is(&self) -> Self {
        let dir = TempDir::new().unwrap();
        copy_directory(&self.root(), &dir.path().join("data"));
        Self { app: None, options: self.options.clone(), dir }
    }

    pub(crate) fn app(&self) -> &App {
        self.app.as_ref().expect("it is open")
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.options.clock
    }

    /// The data directory.
    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Closes it in good order.
    pub(crate) fn close(&mut self) {
        self.app = None;
    }

    /// Opens it again; what it says if it refuses, with all causes.
    pub(crate) fn open(&mut self) -> Result<(), String> {
        self.close();
        match App::open(&self.root(), self.options.clone()) {
            Ok(app) => {
                self.app = Some(app);
                Ok(())
            }
            Err(error) => Err(causes(&error)),
        }
    }

    /// Opens the directory, which is closed, with other options.
    pub(crate) fn open_with(&self, change: impl FnOnce(&mut Options)) -> Result<App, String> {
        assert!(self.app.is_none(), "it is open");
        let mut options = self.options.clone();
        change(&mut options);
        App::open(&self.root(), options).map_err(|error| causes(&error))
    }

    pub(crate) fn restart(&mut self) {
        self.open().unwrap();
    }

    pub(crate) fn create(&self, org: u32, body: &Value) -> Contact {
        let created = self.app().create_contact(&operator(org), body, None).unwrap();
        created.contact.as_ref().clone()
    }

    /// A search that sees everything acknowledged.
    pub(crate) fn search(&self, org: u32, request: SearchRequest) -> SearchAnswer {
        let request = SearchRequest { refresh: Refresh::Wait, ..request };
        let answer = self.app().search_contacts(&operator(org), &request).unwrap();
        assert!(!answer.stale, "the index does not catch up");
        answer
    }
}

/// Somebody who may do everything, for one organisation.
pub(crate) fn operator(org: u32) -> Caller {
    Access::operator_of(OrgNumber(org))
}

/// An error with everything that led to it.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

pub(crate) fn copy_directory(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_directory(&entry.path(), &target);
        } else {
            match std::fs::copy(entry.path(), target) {
                // Files of an index that is open come and go.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                copied => drop(copied.unwrap()),
            }
        }
    }
}

/// Files directly in a directory whose names fit, sorted.
pub(crate) fn files(dir: &Path, fits: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && path.file_name().unwrap().to_str().is_some_and(&fits))
        .collect();
    paths.sort();
    paths
}

/// The files of the journal of a data directory, oldest first.
pub(crate) fn segments(root: &Path) -> Vec<PathBuf> {
    files(&root.join("journal"), |name| Path::new(name).extension().is_some_and(|e| e == "log"))
}
