//! Previews of imports: what a list would do, and the list itself, kept for a while so that it need
//! not be sent again.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::Mutex;
use uuid::Uuid;

use super::audit::shows_field;
use super::error::Error;
use super::import_preview_rows::PreviewRow;
use super::imports::{ImportOptions, ImportReport};
use super::staged::remove_staged_file;
use super::{App, Cancel};
use crate::domain::access::Caller;
use crate::domain::ids::OrgNumber;
use crate::domain::time::Timestamp;

/// Previews that are worked out at the same time; more are told to come back.
const MOST_AT_ONCE: usize = 2;
/// Lists of one caller that are kept.
const MOST_OF_CALLER: usize = 5;
/// Lists that are kept in all.
const MOST_KEPT: usize = 100;
/// Lists are kept this long, in milliseconds.
const KEEP_MS: i64 = 3_600_000;

/// What a trial finds out beside its counts.
#[derive(Clone, Debug, Default)]
pub struct TrialDetails {
    /// Rows that would change nothing of their contact.
    pub unchanged: u64,
    /// Rows that are asked about.
    pub asked: u64,
    /// Rows that belong to a contact that an earlier row would make.
    pub duplicates_in_file: u64,
    /// How many contacts would get another value, by field.
    pub updates_by_field: BTreeMap<String, u64>,
    /// Rows with what would become of them, where that is kept.
    pub rows: Vec<PreviewRow>,
}

struct KeptUpload {
    org: OrgNumber,
    actor: Arc<str>,
    path: PathBuf,
    source: Option<String>,
    at: Timestamp,
}

/// The previewed lists of a server.
#[derive(Default)]
pub(super) struct Previews {
    kept: Mutex<HashMap<Uuid, KeptUpload>>,
    running: AtomicUsize,
}

/// A list that was previewed.
#[derive(Clone, Debug)]
pub struct PreviewedList {
    /// Where it is.
    pub path: PathBuf,
    /// What the file is called at whoever sent it.
    pub source: Option<String>,
    /// It was all of the body of a request, as scripts send it.
    pub is_body: bool,
}

/// One of the previews that are worked out.
struct Turn<'a>(&'a AtomicUsize);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl App {
    /// Works out what a list would do; `cancel` stops it.
    ///
    /// # Errors
    /// If the caller may not, the list cannot be read, or too many do this.
    pub fn preview_import(
        &self,
        caller: &Caller,
        list: &PreviewedList,
        options: &ImportOptions,
        cancel: &Cancel,
    ) -> Result<ImportReport, Error> {
        if self.previews.running.fetch_add(1, Ordering::Relaxed) >= MOST_AT_ONCE {
            self.previews.running.fetch_sub(1, Ordering::Relaxed);
            return Err(Error::Overloaded("too many previews are worked out; try again later"));
        }
        let _turn = Turn(&self.previews.running);
        self.check_rows(caller, &list.path, options, list.is_body)?;
        let io = |source| crate::engine::Error::Io { path: list.path.clone(), source };
        let input = self.open_staged_file(&list.path).map_err(io)?;
        let options = ImportOptions { dry_run: true, keeps_rows: true, ..options.clone() };
        let mut rejected = std::io::sink();
        let stop = AtomicBool::new(false);
        let mut report = self.import_contacts(
            caller,
            input,
            &options,
            &mut rejected,
            &stop,
            &mut |_progress| stop.store(cancel.is_cancelled(), Ordering::Relaxed),
        )?;
        if cancel.is_cancelled() {
            return Err(crate::engine::Error::Cancelled.into());
        }
        let definitions = self.definitions(caller.organization);
        report.details.updates_by_field.retain(|field, _| shows_field(caller, &definitions, field));
        Ok(report)
    }

    /// Keeps a list that was previewed for an hour, with what is said of its rows; the oldest of the
    /// caller go.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn keep_previewed(
        &self,
        caller: &Caller,
        list: PreviewedList,
        rows: &[PreviewRow],
    ) -> Result<Uuid, Error> {
        let (id, now) = (Uuid::now_v7(), self.partition.now());
        self.write_preview_rows(&rows_path(&list.path), rows)?;
        let mut kept = self.previews.kept.lock();
        let is_own = |one: &KeptUpload| one.org == caller.organization && one.actor == caller.actor;
        let mut ids: Vec<Uuid> = kept.keys().copied().collect();
        // Ids are in the order of time.
        ids.sort_unstable();
        let mut own = kept.values().filter(|one| is_own(one)).count();
        let mut all = kept.len();
        for old in ids {
            let Some(one) = kept.get(&old) else { continue };
            let is_surplus = is_own(one) && own >= MOST_OF_CALLER || all >= MOST_KEPT;
            if is_surplus || is_old(one, now) {
                own -= usize::from(is_own(one));
                all -= 1;
                remove_staged_file(&one.path);
                remove_staged_file(&rows_path(&one.path));
                kept.remove(&old);
            }
        }
        let PreviewedList { path, source, .. } = list;
        let (org, actor) = (caller.organization, Arc::clone(&caller.actor));
        kept.insert(id, KeptUpload { org, actor, path, source, at: now });
        Ok(id)
    }

    /// Says anew what would become of the rows of a list that is kept.
    ///
    /// # Errors
    /// If there is none with this id that is still kept, or it cannot be written.
    pub fn keep_preview_rows(
        &self,
        caller: &Caller,
        id: Uuid,
        rows: &[PreviewRow],
    ) -> Result<(), Error> {
        let list = self.find_previewed(caller, id)?;
        self.write_preview_rows(&rows_path(&list.path), rows)
    }

    /// Where it is said what would become of the rows of a list.
    pub(super) fn preview_rows_of(&self, caller: &Caller, id: Uuid) -> Result<PathBuf, Error> {
        Ok(rows_path(&self.find_previewed(caller, id)?.path))
    }

    /// A list that the caller has previewed.
    ///
    /// # Errors
    /// If there is none with this id that is still kept.
    pub fn find_previewed(&self, caller: &Caller, id: Uuid) -> Result<PreviewedList, Error> {
        let kept = self.previews.kept.lock();
        let own = kept.get(&id).filter(|one| {
            one.org == caller.organization
                && one.actor == caller.actor
                && !is_old(one, self.partition.now())
        });
        let own = own.map(|one| PreviewedList {
            path: one.path.clone(),
            source: one.source.clone(),
            is_body: false,
        });
        own.ok_or_else(|| {
            let detail =
                "is not a list that you have previewed within the last hour: send it again";
            Error::invalid("/upload_id", "reference", detail)
        })
    }

    /// Hands a list over that the caller has previewed, so that it can be imported once.
    ///
    /// # Errors
    /// If there is none with this id that is still kept.
    pub fn take_previewed(&self, caller: &Caller, id: Uuid) -> Result<PreviewedList, Error> {
        let list = self.find_previewed(caller, id)?;
        self.previews.kept.lock().remove(&id);
        remove_staged_file(&rows_path(&list.path));
        Ok(list)
    }
}

/// The file with what would become of the rows of a list.
fn rows_path(list: &Path) -> PathBuf {
    list.with_extension("rows")
}

fn is_old(one: &KeptUpload, now: Timestamp) -> bool {
    now.0.saturating_sub(one.at.0) > KEEP_MS
}
