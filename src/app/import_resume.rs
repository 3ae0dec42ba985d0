//! Imports that go on when the server starts again, whether it was stopped or killed: their lists and
//! options are kept until they have ended, and how far they are stands in their checkpoints.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::Error;
use super::import_jobs::{ImportJob, ImportState};
use super::imports::ImportOptions;
use super::kept_jobs::{KeptJob, KeptWork};
use super::staged::remove_staged_file;
use super::{App, import_options};
use crate::domain::access::{Caller, Organization};
use crate::domain::ids::OrgNumber;
use crate::engine::{Error as EngineError, codec, keys};
use crate::priority::{Rank, step_back};

/// What an import needs to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Resume {
    /// The name of its list among the files of imports.
    pub(super) upload: String,
    /// Its options, with what the organisation usually does.
    options: Value,
    /// Where the request came from.
    #[serde(default)]
    address: Option<IpAddr>,
    /// Whether somebody has stopped it.
    #[serde(default)]
    pub(super) is_cancelled: bool,
}

impl Resume {
    /// What an import needs whose list is in a file; nothing if it writes nothing.
    pub(super) fn new(caller: &Caller, file: &Path, options: &ImportOptions) -> Option<Self> {
        if options.dry_run {
            return None;
        }
        let mut said = options.said.as_object().cloned().unwrap_or_default();
        let keys: Vec<&str> = options.match_keys.iter().map(|key| key.as_str()).collect();
        said.insert("on_duplicate".to_owned(), json!(options.on_duplicate.as_str()));
        said.insert("match_keys".to_owned(), json!(keys));
        said.insert("strict".to_owned(), json!(options.strict));
        let upload = file.file_name()?.to_str()?.to_owned();
        let address = caller.address;
        Some(Self { upload, options: Value::Object(said), address, is_cancelled: false })
    }
}

/// An import that is to go on.
struct Resumed {
    id: Uuid,
    org: OrgNumber,
    actor: String,
    has_begun: bool,
    resume: Resume,
    cancel: Arc<AtomicBool>,
}

impl App {
    /// The names of the lists that imports still need.
    pub(super) fn needed_uploads(&self) -> Result<Vec<String>, Error> {
        let mut needed = Vec::new();
        for organization in self.access().organizations() {
            for entry in self.partition.scan(&keys::space_of(keys::JOBS, organization.number)) {
                let kept: KeptJob = codec::decode(entry?.1.as_ref()).map_err(EngineError::from)?;
                if let (KeptWork::Import(job), Some(resume)) = (&kept.work, &kept.resume)
                    && job.finished_at.is_none()
                {
                    needed.push(resume.upload.clone());
                }
            }
        }
        Ok(needed)
    }

    /// Takes over an import that an earlier process has not ended; whether it goes on. Its counts are
    /// those of what is written.
    pub(super) fn restore_unfinished_import(
        &self,
        organization: &Organization,
        kept: &mut KeptJob,
    ) -> Result<bool, Error> {
        let KeptWork::Import(job) = &mut kept.work else { return Ok(false) };
        if job.finished_at.is_some() {
            return Ok(false);
        }
        let org = organization.number;
        let checkpoint = self.import_checkpoint(org, job.id)?;
        if let Some(known) = &checkpoint {
            job.counts = known.counts;
            job.progress.done = known.counts.rows();
        }
        let Some(resume) = &kept.resume else { return Ok(false) };
        if resume.is_cancelled {
            job.finished_at = Some(self.partition.now());
            job.end_entries(self.last_audit_entry(org));
            job.state = ImportState::Cancelled;
            let (id, counts) = (job.id, job.counts);
            if !checkpoint.is_some_and(|known| known.is_told) {
                self.note_import_interrupted(organization, &kept.actor, counts)?;
            }
            kept.resume = None;
            self.note_job(org, kept.clone(), false, None);
            self.forget_checkpoint(org, id);
            return Ok(false);
        }
        Ok(self.imports_folder()?.join(&resume.upload).is_file())
    }

    /// Lets imports go on that an earlier process has not ended: first the one that has begun.
    pub fn resume_imports(self: &Arc<Self>) {
        let mut all = self.import_jobs.to_resume();
        if all.is_empty() {
            return;
        }
        all.sort_unstable_by_key(|one| (!one.has_begun, one.id));
        tracing::info!("{} imports go on", all.len());
        // Before any other can begin.
        self.import_jobs.take_turn();
        let app = Arc::clone(self);
        let work = move || {
            step_back(Rank::Background);
            for one in &all {
                app.resume_import(one);
            }
            app.import_jobs.end_turn();
        };
        match std::thread::Builder::new().name("import".to_owned()).spawn(work) {
            Ok(thread) => self.import_jobs.keep_thread(thread),
            Err(error) => {
                tracing::error!("no thread is left for imports: {error}");
                self.import_jobs.end_turn();
            }
        }
    }

    fn resume_import(&self, one: &Resumed) {
        let now = self.partition.now();
        let caller = self.access().caller_of_actor(one.org, &one.actor, now);
        let options = import_options::read(&one.resume.options);
        let file = self.imports_folder().map(|folder| folder.join(&one.resume.upload));
        let failure = match (caller, options, file) {
            (Some(caller), Ok(options), Ok(file)) => {
                let mut caller = caller;
                caller.address = one.resume.address;
                let options = ImportOptions { job: Some(one.id), ..options };
                self.run_import_now(one.id, &caller, &file, &options, &one.cancel);
                return;
            }
            (None, _, _) => {
                "who asked for it is gone or may do nothing any more; what was written stays"
                    .to_owned()
            }
            (_, Err(error), _) | (_, _, Err(error)) => error.to_string(),
        };
        self.fail_import(one.id, &failure);
    }

    /// Ends an import that cannot go on.
    fn fail_import(&self, id: Uuid, why: &str) {
        let Some((org, actor, counts)) = self.import_jobs.of(id) else { return };
        if counts.imported + counts.updated > 0
            && let Some(organization) =
                self.access().organizations().into_iter().find(|one| one.number == org)
            && let Err(error) = self.note_import_interrupted(&organization, &actor, counts)
        {
            tracing::error!("the audit log lacks import {id}: {error}");
        }
        let (now, last) = (self.partition.now(), self.last_audit_entry(org));
        self.end_import(id, None, |job: &mut ImportJob| {
            job.finished_at = Some(now);
            job.end_entries(last);
            job.state = ImportState::Failed;
            job.error = Some(why.to_owned());
        });
    }

    /// Keeps how an import has ended, and forgets what it needed to go on before that is shown.
    pub(super) fn end_import(
        &self,
        id: Uuid,
        upload: Option<&Path>,
        change: impl FnOnce(&mut ImportJob),
    ) {
        let resume = self.import_jobs.forget_resume(id);
        let forget = || {
            if let Some((org, ..)) = self.import_jobs.of(id) {
                self.forget_checkpoint(org, id);
            }
            if let (Some(resume), Ok(folder)) = (resume, self.imports_folder()) {
                remove_staged_file(&folder.join(resume.upload));
            }
            if let Some(upload) = upload {
                remove_staged_file(upload);
            }
        };
        self.note_import_and(id, change, forget);
    }

    /// Whether an import ends here because the server does, and goes on with the next one.
    pub(super) fn leaves_import(&self, options: &ImportOptions) -> bool {
        options.job.is_some_and(|id| self.import_jobs.is_left(id))
    }

    /// Whether an import is known that has not ended.
    pub(super) fn is_unfinished_import(&self, id: Uuid) -> bool {
        self.import_jobs.is_unfinished(id)
    }
}

mod jobs {
    //! What is asked of the imports of a server for this.

    use std::thread::JoinHandle;

    use super::super::import_jobs::{ImportJobs, MOST_RUNNING};
    use super::{Arc, Ordering, OrgNumber, Resume, Resumed, Uuid};
    use crate::import::Counts;

    impl ImportJobs {
        pub(super) fn to_resume(&self) -> Vec<Resumed> {
            let jobs = self.jobs.lock();
            let unfinished = jobs.values().filter(|kept| kept.job.finished_at.is_none());
            let resumed = unfinished.filter_map(|kept| {
                Some(Resumed {
                    id: kept.job.id,
                    org: kept.org,
                    actor: kept.actor.to_string(),
                    has_begun: kept.job.audit_entries.is_some(),
                    resume: kept.resume.clone()?,
                    cancel: Arc::clone(&kept.cancel),
                })
            });
            resumed.collect()
        }

        pub(super) fn of(&self, id: Uuid) -> Option<(OrgNumber, String, Counts)> {
            let jobs = self.jobs.lock();
            jobs.get(&id).map(|kept| (kept.org, kept.actor.to_string(), kept.job.counts))
        }

        pub(super) fn forget_resume(&self, id: Uuid) -> Option<Resume> {
            self.jobs.lock().get_mut(&id)?.resume.take()
        }

        pub(super) fn is_unfinished(&self, id: Uuid) -> bool {
            self.jobs.lock().get(&id).is_some_and(|kept| kept.job.finished_at.is_none())
        }

        pub(super) fn is_left(&self, id: Uuid) -> bool {
            let goes_on = |resume: &Resume| !resume.is_cancelled;
            self.is_stopping.load(Ordering::Relaxed)
                && self
                    .jobs
                    .lock()
                    .get(&id)
                    .is_some_and(|kept| kept.resume.as_ref().is_some_and(goes_on))
        }

        pub(in super::super) fn take_turn(&self) {
            let mut running = self.turn.lock();
            while *running >= MOST_RUNNING {
                self.turn_changed.wait(&mut running);
            }
            *running += 1;
        }

        pub(in super::super) fn end_turn(&self) {
            *self.turn.lock() -= 1;
            self.turn_changed.notify_one();
        }

        pub(in super::super) fn keep_thread(&self, thread: JoinHandle<()>) {
            let mut threads = self.threads.lock();
            threads.retain(|thread| !thread.is_finished());
            threads.push(thread);
        }
    }
}
