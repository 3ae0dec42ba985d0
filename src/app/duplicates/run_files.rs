//! The files of runs: lists that are to be compared, until their run has ended, and reports, for a
//! while. They outlive a restart, and are sealed like everything else where the directory is.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::App;
use super::super::error::Error;
use super::super::staged::remove_staged_file;
use super::file::FileReportOptions;
use super::report::DuplicateReport;
use super::run_job::{DuplicateRun, RunReport, RunState};
use crate::domain::ids::OrgNumber;
use crate::domain::time::Timestamp;
use crate::engine::Error as EngineError;
use crate::import::parse_mapping;

/// The folder in the data directory.
const FOLDER: &str = "runs";
/// Reports of an organisation that are kept; they hold what contacts hold.
const MOST_REPORTS: usize = 20;
/// Reports are kept this long, in milliseconds.
const KEEP_REPORTS: i64 = 7 * 24 * 3_600_000;
/// How often reports that are too old are looked for, in milliseconds.
const SWEEP_EVERY: u64 = 3_600_000;

/// How the rows of a list are read, as it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunList {
    /// The column that rows are called by; their numbers if there is none.
    pub id_column: Option<String>,
    /// Where columns go: `COLUMN=field`.
    pub map: Vec<String>,
}

impl RunList {
    /// The same for the reader.
    ///
    /// # Errors
    /// If a mapping cannot be read.
    pub fn options(&self) -> Result<FileReportOptions, Error> {
        let id_column = self.id_column.clone();
        let mut options = FileReportOptions { id_column, ..FileReportOptions::default() };
        for (at, text) in self.map.iter().enumerate() {
            let mapping = parse_mapping(text).map_err(|error| {
                Error::invalid(&format!("/map/{at}"), "value", error.to_string())
            })?;
            options.map.columns.push(mapping);
        }
        Ok(options)
    }
}

/// A list that is read as long as its run is wanted.
pub(super) struct CancellableList<'a, R> {
    pub(super) list: R,
    pub(super) is_stopping: &'a dyn Fn() -> bool,
}

impl<R: Read> Read for CancellableList<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if (self.is_stopping)() {
            return Err(io::Error::other("the run was stopped"));
        }
        self.list.read(out)
    }
}

impl App {
    fn runs_folder(&self) -> Result<PathBuf, Error> {
        let folder = self.partition.root().join(FOLDER);
        std::fs::create_dir_all(&folder)
            .map_err(|source| EngineError::Io { path: folder.clone(), source })?;
        Ok(folder)
    }

    /// Where the list of a run is put before the run is started.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn run_list_path(&self, id: Uuid) -> Result<PathBuf, Error> {
        Ok(self.runs_folder()?.join(format!("{id}.list")))
    }

    pub(super) fn run_report_path(&self, id: Uuid) -> Result<PathBuf, Error> {
        Ok(self.runs_folder()?.join(format!("{id}.report")))
    }

    /// Makes sure that the list of a run is still there after a loss of power.
    pub(super) fn keep_run_list(&self, id: Uuid) -> Result<(), Error> {
        let path = self.run_list_path(id)?;
        let io = |source| EngineError::Io { path: path.clone(), source };
        File::open(&path).and_then(|file| file.sync_all()).map_err(io)?;
        Ok(self.sync_runs_folder()?)
    }

    fn sync_runs_folder(&self) -> Result<(), EngineError> {
        let path = self.partition.root().join(FOLDER);
        let synced = File::open(&path).and_then(|folder| folder.sync_all());
        synced.map_err(|source| EngineError::Io { path, source })
    }

    /// Writes the report of a run: it is there as a whole or not at all.
    pub(super) fn write_run_report(
        &self,
        id: Uuid,
        report: RunReport,
        made: &DuplicateReport,
    ) -> Result<(), Error> {
        let path = self.run_report_path(id)?;
        let written =
            self.replace_staged_file(&path, &mut |out| made.write(report.format, report.view, out));
        written.map_err(|source| EngineError::Io { path, source })?;
        Ok(())
    }

    /// Removes what a run that has ended does not need any more.
    pub(super) fn tidy_run(&self, run: &DuplicateRun) {
        let list = run.is_list.then(|| self.run_list_path(run.id));
        let report = (run.state != RunState::Done).then(|| self.run_report_path(run.id));
        list.into_iter().chain(report).flatten().for_each(|path| remove_staged_file(&path));
    }

    /// Removes all files of runs that are not remembered any more.
    pub(super) fn tidy_forgotten_runs(&self, forgotten: &[Uuid]) {
        for id in forgotten {
            let paths = [self.run_list_path(*id), self.run_report_path(*id)];
            paths.into_iter().flatten().for_each(|path| remove_staged_file(&path));
        }
    }

    /// Whether the report of a run has been there for so long that nobody gets it any more.
    pub(super) fn is_report_old(&self, run: &DuplicateRun) -> bool {
        let now = self.partition.now();
        run.finished_at.is_some_and(|at| now.0.saturating_sub(at.0) > KEEP_REPORTS)
    }

    /// Removes the reports of all but the latest runs, and those that have been there for long.
    pub(super) fn forget_old_reports(&self, org: OrgNumber) -> Result<(), Error> {
        let runs = self.all_runs(org)?;
        let with_reports = runs.iter().rev().filter(|run| run.report.is_some());
        for (at, old) in with_reports.enumerate() {
            if at >= MOST_REPORTS || self.is_report_old(old) {
                remove_staged_file(&self.run_report_path(old.id)?);
            }
        }
        Ok(())
    }

    /// Removes the old reports of all organisations and the old rejected rows of imports, from time to
    /// time; `last` is when it did so.
    pub(super) fn sweep_reports(&self, last: &mut Option<Timestamp>) {
        let now = self.partition.now();
        if last.is_some_and(|at| now.0.abs_diff(at.0) < SWEEP_EVERY) {
            return;
        }
        *last = Some(now);
        if let Err(error) = self.clear_rejected_rows() {
            tracing::error!("old rejected rows cannot be removed: {error}");
        }
        for organization in self.access().organizations() {
            if let Err(error) = self.forget_old_reports(organization.number) {
                tracing::error!("old reports of {} cannot be removed: {error}", organization.name);
            }
        }
    }

    /// Removes what a server that did not end in good order has left: files of runs that nobody
    /// knows, lists of runs that have ended, and reports that are old or were not finished.
    pub(super) fn clear_run_files(&self, known: &[DuplicateRun]) -> Result<(), Error> {
        let mut wanted = HashSet::new();
        for run in known {
            if run.finished_at.is_none() {
                wanted.insert(self.run_list_path(run.id)?);
            } else if run.may_have_report() && !self.is_report_old(run) {
                wanted.insert(self.run_report_path(run.id)?);
            }
        }
        let folder = self.runs_folder()?;
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            if !wanted.contains(&entry.path()) {
                remove_staged_file(&entry.path());
            }
        }
        Ok(())
    }
}
