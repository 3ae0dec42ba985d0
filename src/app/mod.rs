//! The use cases: who may do what, checked and normalised before it reaches the engine.
//!
//! Synchronous, and knows neither HTTP nor the files below. Every function takes the caller.

mod access;
mod as_it_was;
mod audit;
mod backups;
mod bulk_actions;
mod bulk_request;
mod bulk_restore;
mod bulk_resume;
mod cards;
mod caught;
mod cluster;
mod consents;
mod contacts;
mod custom_fields;
mod deal_stages;
mod duplicates;
mod erasures;
mod error;
mod exports;
mod facts_recount;
mod feed;
mod health;
mod idempotency;
mod import_checkpoint;
mod import_companies;
mod import_consent;
mod import_edits;
mod import_files;
mod import_jobs;
mod import_limits;
mod import_list;
mod import_match;
mod import_names;
mod import_options;
mod import_preview;
mod import_preview_rows;
mod import_questions;
mod import_references;
mod import_resume;
mod import_rows;
mod import_run;
mod import_templates;
mod import_trial;
mod import_undo;
mod import_undo_entries;
mod import_write;
mod imports;
mod job_list;
mod job_undo;
mod jobs;
mod kept_jobs;
mod lead_scores;
mod likeness;
mod lists;
mod lookup;
mod lookup_block;
mod lookup_throttle;
mod maintenance;
mod memory;
mod merges;
mod number_rereading;
mod organizations;
mod overtaken;
mod own_writes;
mod passwords;
mod people;
mod permissions;
mod personal_data;
mod protection;
mod query;
mod records;
mod references;
mod retention;
mod search;
mod search_json;
mod search_members;
mod secret;
mod sessions;
mod staged;
mod suggest;
mod tags;
mod telephony;
mod tokens;
mod webhooks;
mod write_rules;

pub use access::{Access, Presented, Refusal};
pub use audit::{AuditLine, AuditPage, AuditQuery};
pub use backups::BackupPlan;
pub use bulk_actions::{BulkStart, BulkTrial};
pub use cards::{Card, CardBook, CardChange, CardChanges, CardCondition, CardPut};
pub use cluster::{ClusterNode, ClusterView};
pub use consents::NumberCheck;
pub use contacts::{BulkCreated, BulkItem, Created, Deletion, Precondition};
pub use custom_fields::{FieldChanged, FieldView, Misfitting, Survey};
pub use duplicates::{
    Accuracy, AccuracyBand, AutoMergeDone, AutoMergeRun, AutoMergeUndone, AutoMerged, AutoSkipped,
    Built, Currency, DecisionView, DuplicateCheck, DuplicateEntries, DuplicateMatch, DuplicatePage,
    DuplicateQuery, DuplicateReport, DuplicateRun, Estimate, EstimateFailure, EstimateRow,
    EstimateSource, ExplanationView, FileReportError, FileReportOptions, GroupEntry, ListRun,
    MemberEntry, NumberHolder, NumberKind, PairEntry, ReasonView, ReportFormat, ReportOptions,
    ReportSummary, ReportView, RunList, RunReport, RunState, RunView, SameNumberPage,
    SameNumberQuery, SharedNumber, TieEntry, UndoRefused, duplicate_model, estimate_on_file,
    report_on_file,
};
pub use erasures::ErasurePage;
pub use error::{Error, Noun};
pub use exports::{CardVersion, ContactFormat, ExportFile, ExportFormat, ExportRequest};
pub use feed::{ChangeEvent, Changes, FeedPosition};
pub use idempotency::Idempotency;
pub use import_companies::CompanyMode;
pub use import_jobs::{ImportJob, ImportState, SentList, UndoState};
pub use import_limits::UploadLimit;
pub use import_list::ListForm;
pub use import_preview::{PreviewedList, TrialDetails};
pub use import_preview_rows::{PreviewRow, RowGroup, RowsQuery};
pub use import_templates::OfferedTemplate;
pub use imports::{ImportOptions, ImportProgress, ImportReport, ListMode};
pub use job_list::{JobPage, JobQuery, JobView, WorkState};
pub use jobs::{BulkJob, JobKind, JobState};
pub use likeness::LikelyDuplicate;
pub use lists::MembersChanged;
pub use lookup::{LookupAnswer, LookupResult};
pub use merges::{MergePage, MergeView, Merged, UndoBlock, Undone};
pub use organizations::OrganizationView;
pub use people::{DepartmentView, ProvenUser, QueueView, SavedSearchView, SignOnRules, UserView};
pub use permissions::PermissionsView;
pub use query::Query;
pub use records::{
    Callback, Callbacks, CompaniesMerged, CompaniesUnmerged, DeleteImpact, EventRecord, KeptBack,
    RecordPage, RecordQuery, RecordView, SuggestedCompany, Timeline, TimelineEvent, TimelineQuery,
};
pub use retention::{RetentionStart, RetentionTrial, RuleTrial};
pub use search::{Refresh, SearchAnswer, SearchRequest};
pub use search_members::SEARCH_MEMBERS;
pub use sessions::{NewSession, Session};
pub use staged::{StagedReader, StagedWriter, Unkept};
pub use suggest::{SuggestAnswer, SuggestKind, Suggestion};
pub use tags::{TagChanged, TagPage, TagQuery};
pub use telephony::{
    BookPage, BookQuery, CallReport, DirectoryPage, DirectoryQuery, NameFormat, NameStyle,
    NumberBook, Ringing, Standing, caller_name, standing,
};
pub use tokens::{NewToken, TokenRequest, TokenView};

pub use webhooks::{Delivery, DeliveryPage, DeliveryState, is_public};

// What interfaces need of the layers below; they reach them through here only.
pub use crate::engine::lookup::Rule;
pub use crate::engine::{Cancel, StartProgress, StartWork, Stats};
pub use crate::import::delimiter::Delimiter;
pub use crate::import::match_existing::{MatchKey, OnDuplicate};
pub use crate::import::{Error as ImportError, default_for, parse_mapping};

use std::path::Path;

use crate::domain::access::{Caller, Permission};
use crate::engine::{Options, Partition, Projection, Scorer};

use own_writes::OwnWrites;

/// The application: one partition, and who may use it.
pub struct App {
    partition: Partition,
    access: std::sync::Arc<Access>,
    own_writes: OwnWrites,
    /// Held while a contact gets numbers where these must be unique.
    number_gate: parking_lot::Mutex<()>,
    /// Held while a contact is found or made by what somebody is called on a channel.
    channel_gate: parking_lot::Mutex<()>,
    import_jobs: import_jobs::ImportJobs,
    previews: import_preview::Previews,
    bulk_jobs: jobs::BulkJobs,
    list_books: std::sync::Arc<lists::ListBooks>,
    foreign_jobs: std::sync::Arc<cluster::ForeignJobs>,
    cluster: cluster::Tending,
    backups: backups::BackupState,
    memory: memory::MemoryState,
    sessions: std::sync::Arc<sessions::Sessions>,
    guesses: lookup_throttle::LookupThrottle,
    duplicates: duplicates::LiveDuplicates,
    webhooks: webhooks::Tending,
    lead_scorer: std::sync::Arc<lead_scores::LeadScorer>,
    retention_runs: retention::RetentionRuns,
}

impl App {
    /// Opens a data directory.
    ///
    /// # Errors
    /// See [`Partition::open`].
    pub fn open(root: &Path, options: Options) -> Result<Self, Error> {
        let lead_scorer = std::sync::Arc::new(lead_scores::LeadScorer::default());
        let scorer: std::sync::Arc<dyn Scorer> = lead_scorer.clone();
        let access = std::sync::Arc::new(Access::default());
        let sessions = std::sync::Arc::new(sessions::Sessions::default());
        let list_books = std::sync::Arc::new(lists::ListBooks::default());
        let foreign_jobs = std::sync::Arc::new(cluster::ForeignJobs::default());
        let mut projections: Vec<std::sync::Arc<dyn Projection>> =
            vec![access.clone(), sessions.clone(), list_books.clone()];
        if options.shared.is_some() {
            projections.push(foreign_jobs.clone());
        }
        let options = Options { scorer: Some(scorer), projections, ..options };
        let partition = Partition::open(root, options)?;
        access.read(partition.stored())?;
        sessions.read(partition.stored())?;
        let app = Self {
            partition,
            access,
            own_writes: OwnWrites::default(),
            number_gate: parking_lot::Mutex::default(),
            channel_gate: parking_lot::Mutex::default(),
            import_jobs: import_jobs::ImportJobs::default(),
            previews: import_preview::Previews::default(),
            bulk_jobs: jobs::BulkJobs::default(),
            list_books,
            foreign_jobs,
            cluster: cluster::Tending::default(),
            backups: backups::BackupState::default(),
            memory: memory::MemoryState::default(),
            sessions,
            guesses: lookup_throttle::LookupThrottle::default(),
            duplicates: duplicates::LiveDuplicates::default(),
            webhooks: webhooks::Tending::default(),
            lead_scorer,
            retention_runs: retention::RetentionRuns::default(),
        };
        app.read_lead_rules();
        // The metadata of phone numbers is loaded on first use, which no caller should wait for.
        let _ = crate::domain::phone::parse_query("030 901820", Some("DE"));
        app.clear_uploads()?;
        Ok(app)
    }

    /// Who may use it.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// The time.
    pub fn now(&self) -> crate::domain::time::Timestamp {
        self.partition.now()
    }

    /// The engine, for benches and recovery tests; use cases are the functions of this type.
    pub fn partition(&self) -> &Partition {
        &self.partition
    }
}

/// Refuses what a caller may do by none of several rights; the first is named.
pub(crate) fn authorize_any(caller: &Caller, permissions: &[Permission]) -> Result<(), Error> {
    match permissions {
        [first, ..] if !permissions.iter().any(|one| caller.may(*one)) => {
            Err(Error::Forbidden(*first))
        }
        _ => Ok(()),
    }
}

/// Refuses what a caller may not do.
pub(crate) fn authorize(caller: &Caller, permission: Permission) -> Result<(), Error> {
    if caller.may(permission) { Ok(()) } else { Err(Error::Forbidden(permission)) }
}
