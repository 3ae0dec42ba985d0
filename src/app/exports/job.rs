//! Exports in the background: a file that is made by a job and fetched when it is there.
//!
//! Files wait a week, outlive a restart, and are sealed where the directory is. Each holds what its
//! maker saw, and is for the maker alone, as long as that sees the same.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::super::error::{Error, Noun};
use super::super::idempotency::Idempotency;
use super::super::job_list::JobView;
use super::super::jobs::{BulkJob, JobKind, JobState};
use super::super::staged::{StagedWriter, remove_staged_file};
use super::super::{App, authorize};
use super::ExportRequest;
use super::columns::{is_column, known_columns};
use crate::domain::access::{Caller, Permission};
use crate::domain::ids::OrgNumber;
use crate::domain::time::Timestamp;
use crate::engine::{Cancel, Error as EngineError};

/// What the name of a file ends in.
pub(in crate::app) const FILE: &str = ".export";
/// Files are kept this long, in milliseconds.
const KEEP_MS: i64 = 7 * 24 * 3_600_000;
/// Files of an organisation that are kept; the oldest make room.
const MOST_FILES: usize = 20;
/// Bytes of a file.
const MOST_BYTES: u64 = 4 << 30;
/// Bytes that are written at once.
const CHUNK: usize = 64 * 1024;

/// The file of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportFile {
    /// The end of its name.
    pub format: String,
    /// The media type.
    pub content_type: String,
    /// How long it is, once it is whole.
    pub bytes: u64,
    /// When it goes, once it is whole.
    pub expires_at: Option<Timestamp>,
    /// What was asked for.
    #[serde(default)]
    pub options: Value,
    /// What its maker saw, as a hash.
    #[serde(default)]
    pub seen: String,
}

/// Writes as long as the job is wanted and the file is not too large.
struct Watched<'a> {
    app: &'a App,
    job: Uuid,
    bytes: u64,
    out: StagedWriter,
}

impl Write for Watched<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.app.is_stopping_job(self.job) {
            return Err(io::Error::other("it was stopped"));
        }
        self.bytes += bytes.len() as u64;
        if self.bytes > MOST_BYTES {
            let most = MOST_BYTES >> 30;
            let detail =
                format!("a file has at most {most} GiB: select less, or fetch it directly");
            return Err(io::Error::other(detail));
        }
        self.out.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Which contacts and fields a caller sees, as a hash.
fn seen_by(caller: &Caller) -> String {
    let seen = format!("{:?} {:?}", caller.sight, caller.fields);
    blake3::hash(seen.as_bytes()).to_hex().to_string()
}

impl App {
    /// Makes the file of an export in the background; `options` are what was asked for. For a
    /// request that was sent before its job is given, and `true`.
    ///
    /// # Errors
    /// If the caller may not, what is asked for does not fit, or too much runs.
    pub fn start_export(
        self: &Arc<Self>,
        caller: &Caller,
        request: ExportRequest,
        options: Value,
        idempotency: Option<Idempotency>,
    ) -> Result<(JobView, bool), Error> {
        self.check_export(caller, &request)?;
        self.clear_exports()?;
        let mut job = BulkJob::new(JobKind::Export, Uuid::now_v7(), self.partition.now());
        job.export = Some(Box::new(ExportFile {
            format: request.format.extension().to_owned(),
            content_type: request.format.content_type().to_owned(),
            bytes: 0,
            expires_at: None,
            options,
            seen: seen_by(caller),
        }));
        if let Some(known) = self.keep_job(caller, &job, idempotency)? {
            return Ok((self.view_job(caller, known.id)?, true));
        }
        let (by, id) = (caller.clone(), job.id);
        let started = self.run_job(id, move |app| {
            let made = app.make_export(&by, id, &request);
            if made.is_err() {
                remove_staged_file(&app.export_path(id)?);
            }
            made
        });
        if let Err(error) = started {
            self.forget_answer(caller, idempotency);
            return Err(error);
        }
        Ok((self.view_job(caller, id)?, false))
    }

    /// Refuses an export that cannot be, before it begins.
    fn check_export(&self, caller: &Caller, request: &ExportRequest) -> Result<(), Error> {
        authorize(caller, Permission::Export)?;
        if !request.allow_partial {
            self.refuse_vague_query(caller, &request.query, "/q")?;
        }
        let advice = "if that is meant, leave query, filter and saved search out";
        self.refuse_empty_query(caller, &request.query, "", advice)?;
        if request.format.has_columns()
            && let Some(column) = request.columns.iter().find(|column| !is_column(column))
        {
            let detail = format!("there is no column {column:?}: use {}", known_columns());
            return Err(Error::invalid("/columns", "column", detail));
        }
        for (at, id) in request.ids.iter().flatten().enumerate() {
            if self.live_contact(caller, *id).is_err() {
                let detail = format!("there is no contact {id}");
                return Err(Error::invalid(&format!("/ids/{at}"), "reference", detail));
            }
        }
        Ok(())
    }

    fn make_export(&self, caller: &Caller, id: Uuid, request: &ExportRequest) -> Result<(), Error> {
        let path = self.export_path(id)?;
        let failed = |source| Error::Engine(EngineError::Io { path: path.clone(), source });
        let out = self.create_staged_file(&path).map_err(failed)?;
        let watched = Watched { app: self, job: id, bytes: 0, out };
        let mut out = BufWriter::with_capacity(CHUNK, watched);
        let flag = self.cancel_of_job(id);
        let cancel = Cancel::when(move || flag.load(Ordering::Relaxed));
        let done = self.export_contacts(caller, request, &cancel, &mut out, &mut |done| {
            self.update_job(id, |job| (job.total, job.changed) = (job.total.max(done), done));
        })?;
        out.flush().map_err(failed)?;
        let watched = out.get_mut();
        watched.out.finish().map_err(failed)?;
        let (bytes, now) = (watched.bytes, self.partition.now());
        self.note_bulk_job(id, |job| {
            (job.total, job.changed) = (done, done);
            if let Some(file) = &mut job.export {
                (file.bytes, file.expires_at) = (bytes, Some(now.plus_ms(KEEP_MS)));
            }
        });
        Ok(())
    }

    fn export_path(&self, id: Uuid) -> Result<PathBuf, Error> {
        Ok(self.imports_folder()?.join(format!("{id}{FILE}")))
    }

    /// Whether the file of an export can be fetched.
    pub(in crate::app) fn has_export(&self, job: &BulkJob) -> bool {
        let is_current = |file: &ExportFile| file.expires_at > Some(self.partition.now());
        job.state == JobState::Done
            && job.export.as_ref().is_some_and(|file| is_current(file))
            && self.export_path(job.id).is_ok_and(|path| path.exists())
    }

    /// How an export stands.
    ///
    /// # Errors
    /// If there is none with this id for this caller.
    pub fn find_export(&self, caller: &Caller, id: Uuid) -> Result<JobView, Error> {
        authorize(caller, Permission::Export)?;
        let found = self.view_job(caller, id)?;
        if found.kind == JobKind::Export { Ok(found) } else { Err(Error::NotFound(Noun::Job)) }
    }

    /// The file of an export, and where it is.
    ///
    /// # Errors
    /// If there is none with this id for this caller, it is not there any more, or the caller sees
    /// something else than when it was made.
    pub fn export_file(&self, caller: &Caller, id: Uuid) -> Result<(ExportFile, PathBuf), Error> {
        self.find_export(caller, id)?;
        let job = self.find_job(caller, id)?;
        if !self.has_export(&job) {
            return Err(Error::NotFound(Noun::Report));
        }
        let file = job.export.ok_or(Error::NotFound(Noun::Report))?;
        if file.seen != seen_by(caller) {
            return Err(Error::DeniedOnRecord(
                "what you see has changed since this file was made: start a new export",
            ));
        }
        Ok((*file, self.export_path(id)?))
    }

    /// Removes files that are old, of jobs that are not remembered, and the oldest where there are
    /// many.
    pub(in crate::app) fn clear_exports(&self) -> Result<(), Error> {
        let folder = self.imports_folder()?;
        let mut kept: Vec<(OrgNumber, Uuid, PathBuf)> = Vec::new();
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.file_name().and_then(|name| name.to_str());
            let Some(id) = name.and_then(|name| name.strip_suffix(FILE)) else { continue };
            let job = id.parse().ok().and_then(|id| self.job_with_organization(id));
            match job {
                Some((org, job)) if job.state == JobState::Running || self.has_export(&job) => {
                    kept.push((org, job.id, path));
                }
                _ => remove_staged_file(&path),
            }
        }
        // Ids are in the order of time: the newest first.
        kept.sort_unstable_by_key(|(org, id, _)| (org.0, std::cmp::Reverse(*id)));
        let (mut of, mut count) = (None, 0);
        for (org, _, path) in kept {
            count = if of == Some(org) { count + 1 } else { 1 };
            of = Some(org);
            // With room for one that is about to be made.
            if count >= MOST_FILES {
                remove_staged_file(&path);
            }
        }
        Ok(())
    }
}
