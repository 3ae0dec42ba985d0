//! Why a use case did not happen.

use uuid::Uuid;

use crate::domain::access::Permission;
use crate::domain::ids::ContactId;
use crate::domain::issue::FieldIssue;
use crate::domain::merge::UndoConflict;
use crate::domain::record::KINDS;
use crate::domain::text::counted;
use crate::engine::{self, Rejected};
use crate::error::{ErrorCode, HasCode};

use super::custom_fields::Survey;
use super::likeness::LikelyDuplicate;
use super::merges::UndoBlock;
use super::records::DeleteImpact;

/// Why a use case did not happen; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller may not do this.
    #[error("you may not {}", .0.in_words())]
    Forbidden(Permission),
    /// The caller may do this, but not to this record, which it sees.
    #[error("{0}")]
    DeniedOnRecord(&'static str),
    /// The caller may do this to single contacts, or to fewer at once.
    #[error(
        "{} would be deleted at once, and your role may delete {most}: select fewer, or ask a manager",
        counted(*total, "contact", "contacts")
    )]
    BulkDeleteLimit {
        /// Contacts selected.
        total: u64,
        /// Most that the role may delete at once.
        most: u64,
    },
    /// An action would change more or fewer contacts than the caller expects.
    #[error(
        "{} selected, not {expected} as expected: look at the selection again with dry_run",
        counted(*total, "contact is", "contacts are")
    )]
    TotalDiffers {
        /// Contacts expected.
        expected: u64,
        /// Contacts selected.
        total: u64,
    },
    /// There is no such record, for this caller.
    #[error("there is no {} with this id", .0.as_str())]
    NotFound(Noun),
    /// No contact that the caller sees has the tag.
    #[error(
        "there is no tag {0:?} on a contact that you see; GET /api/v1/tags lists those that are"
    )]
    TagNotFound(String),
    /// Another record has the name.
    #[error("there is another {} with this name", .0.as_str())]
    NameTaken(Noun),
    /// Something else needs the record.
    #[error("{0}")]
    InUse(String),
    /// Contacts have values of a custom field that a change would not leave as they are.
    #[error("{}", .0.detail)]
    FieldInUse(Box<Survey>),
    /// The contact may not be deleted now.
    #[error("this contact cannot be deleted: {}", .0.join(", "))]
    DeleteBlocked(Vec<&'static str>),
    /// Records would go with a contact that is deleted for good.
    #[error(
        "{} would be deleted with this contact: say `cascade=true` if that is meant",
        list_counts(.0)
    )]
    HasChildren(DeleteImpact),
    /// The contact may not vanish in a merge.
    #[error("contact {id} cannot be merged into another one: {}", reasons.join(", "))]
    MergeBlocked {
        /// The contact.
        id: ContactId,
        /// Why.
        reasons: Vec<&'static str>,
    },
    /// The contact was merged into another one, which the caller sees.
    #[error("this contact was merged into {into}: use that one, or undo the merge")]
    Merged {
        /// The contact that was asked for.
        id: ContactId,
        /// The contact that stands for it now.
        into: ContactId,
        /// The merge that did it.
        merge: Option<Uuid>,
    },
    /// Something cannot come into this state from the one in which it is.
    #[error("{0}")]
    ImpossibleStep(String),
    /// A blocked contact would begin something.
    #[error("this contact is blocked and begins no conversations: unblock it first")]
    ContactBlocked,
    /// Another record is called so.
    #[error("another {0} has the same {1}")]
    SameRecord(&'static str, &'static str),
    /// Contacts have been changed meanwhile.
    #[error("contacts have been changed meanwhile ({}): read them again and decide anew", list_versions(.0))]
    StaleVersions(Vec<(ContactId, u64)>),
    /// A merge cannot be undone before it is said whose some changes are.
    #[error(
        "some fields changed after the merge; decide each in `resolve`: {}",
        .0.iter().map(|conflict| conflict.field.as_str()).collect::<Vec<_>>().join(", ")
    )]
    UndoConflict(Vec<UndoConflict>),
    /// A merge cannot be undone now, or not any more.
    #[error("{}", .0.detail())]
    UndoBlocked(UndoBlock),
    /// The organisation keeps as much as it may.
    #[error("{0}")]
    QuotaExceeded(String),
    /// Address or password is wrong, or the user may not sign in; which of them is not said.
    #[error("address or password is wrong")]
    SignInRefused,
    /// The caller asks more often than it may.
    #[error(
        "you ask for numbers too often for somebody who may not see them in full: try again in {seconds} s"
    )]
    TooOften {
        /// When to try again.
        seconds: u64,
    },
    /// Too many attempts to sign in.
    #[error("too many failed attempts to sign in: try again in {seconds} s")]
    SignInLocked {
        /// When to try again.
        seconds: u64,
    },
    /// There is no such contact, for this caller.
    #[error("there is no contact with this id")]
    ContactNotFound,
    /// There is no such organisation.
    #[error("there is no organisation {0:?}")]
    OrganizationNotFound(String),
    /// An organisation of this name exists.
    #[error("there is an organisation named {0:?} already")]
    OrganizationExists(String),
    /// Another contact has the number.
    #[error("another contact has one of these numbers: {}", .0.first().map_or("", |d| d.display_name.as_str()))]
    PhoneInUse(Vec<LikelyDuplicate>),
    /// What was sent does not fit.
    #[error("{}", describe(.0))]
    Invalid(Vec<FieldIssue>),
    /// The record has been changed meanwhile.
    #[error("the contact has version {current} now: read it again and repeat the change on it")]
    RevisionConflict {
        /// The version it has now.
        current: u64,
    },
    /// The key was used for another request.
    #[error(
        "this Idempotency-Key was used with another body or path: take a new key for a new request"
    )]
    IdempotencyMismatch,
    /// It cannot be told what happened since then.
    #[error("{0}")]
    FeedGone(&'static str),
    /// There is no such import.
    #[error("there is no import with this id")]
    ImportNotFound,
    /// The rows that an import did not take were removed.
    #[error(
        "the rows that this import did not take are no longer kept: the server was started again since"
    )]
    ImportErrorsGone,
    /// The file cannot be read as a table.
    #[error("{0}")]
    FileUnreadable(String),
    /// Something could not be written on this side.
    #[error("{0}")]
    WriteFailed(String),
    /// Too much at once.
    #[error("{0}")]
    Overloaded(&'static str),
    /// The engine could not.
    #[error(transparent)]
    Engine(#[from] engine::Error),
}

fn list_counts(impact: &DeleteImpact) -> String {
    let goes = impact.iter().filter(|(name, count)| **count > 0 && !name.ends_with("_kept"));
    let one = |name: &str| {
        let kind = KINDS.iter().map(|kind| kind.info()).find(|info| info.plural == name);
        kind.map_or(name.to_owned(), |info| info.name.to_owned())
    };
    let counted = goes.map(|(name, count)| match count {
        1 => format!("1 {}", one(name)),
        _ => format!("{count} {name}"),
    });
    counted.collect::<Vec<_>>().join(", ")
}

fn list_versions(versions: &[(ContactId, u64)]) -> String {
    let each = versions.iter().map(|(id, version)| format!("{id} has version {version}"));
    each.collect::<Vec<_>>().join(", ")
}

/// What is not there or has a name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Noun {
    User,
    Department,
    Queue,
    SavedSearch,
    Token,
    Job,
    CustomField,
    Decision,
    Run,
    Report,
    Merge,
    Erasure,
    /// A record of the kind of this name.
    Record(&'static str),
}

impl Noun {
    /// The noun in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Department => "department",
            Self::Queue => "queue",
            Self::SavedSearch => "saved search",
            Self::Token => "token",
            Self::Job => "job",
            Self::CustomField => "custom field",
            Self::Decision => "decision about these contacts",
            Self::Run => "run",
            Self::Report => "report",
            Self::Merge => "merge",
            Self::Erasure => "erasure",
            Self::Record(name) => name,
        }
    }
}

fn describe(issues: &[FieldIssue]) -> String {
    // What is wrong with the whole has no place in it.
    let one = |issue: &FieldIssue| match issue.pointer.as_str() {
        "" => issue.detail.clone(),
        pointer => format!("{pointer}: {}", issue.detail),
    };
    let all: Vec<String> = issues.iter().take(3).map(one).collect();
    match issues.len().saturating_sub(3) {
        0 => all.join("; "),
        more => format!("{}; and {more} more", all.join("; ")),
    }
}

impl Error {
    /// One thing wrong with what was sent.
    pub fn invalid(pointer: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldIssue::new(pointer, code, detail)])
    }
}

impl From<Rejected<Error>> for Error {
    fn from(rejected: Rejected<Error>) -> Self {
        match rejected {
            Rejected::By(error) => error,
            Rejected::Engine(error) => Self::Engine(error),
        }
    }
}

impl HasCode for Error {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Forbidden(_) | Self::DeniedOnRecord(_) | Self::BulkDeleteLimit { .. } => {
                ErrorCode::Forbidden
            }
            Self::TotalDiffers { .. } => ErrorCode::TotalDiffers,
            Self::NotFound(_) | Self::TagNotFound(_) | Self::ImportErrorsGone => {
                ErrorCode::NotFound
            }
            Self::NameTaken(_) | Self::SameRecord(..) => ErrorCode::NameTaken,
            Self::ImpossibleStep(_) => ErrorCode::ImpossibleStep,
            Self::ContactBlocked => ErrorCode::ContactBlocked,
            Self::InUse(_) | Self::FieldInUse(_) => ErrorCode::InUse,
            Self::HasChildren(_) => ErrorCode::HasChildren,
            Self::DeleteBlocked(_) | Self::MergeBlocked { .. } => ErrorCode::DeleteBlocked,
            Self::Merged { .. } => ErrorCode::Merged,
            Self::UndoConflict(_) => ErrorCode::UndoConflict,
            Self::UndoBlocked(_) => ErrorCode::UndoBlocked,
            Self::QuotaExceeded(_) => ErrorCode::QuotaExceeded,
            Self::SignInRefused => ErrorCode::SignInRefused,
            Self::SignInLocked { .. } => ErrorCode::SignInLocked,
            Self::TooOften { .. } => ErrorCode::RateLimited,
            Self::ContactNotFound => ErrorCode::ContactNotFound,
            Self::OrganizationNotFound(_) => ErrorCode::OrganizationNotFound,
            Self::OrganizationExists(_) => ErrorCode::OrganizationExists,
            Self::PhoneInUse(_) => ErrorCode::PhoneInUse,
            Self::Invalid(_) => ErrorCode::Invalid,
            Self::RevisionConflict { .. } | Self::StaleVersions(_) => ErrorCode::RevisionConflict,
            Self::IdempotencyMismatch => ErrorCode::IdempotencyMismatch,
            Self::FeedGone(_) => ErrorCode::ChangesGone,
            Self::ImportNotFound => ErrorCode::ImportNotFound,
            Self::FileUnreadable(_) => ErrorCode::FileUnreadable,
            Self::Overloaded(_) | Self::Engine(engine::Error::Overtaken) => ErrorCode::Overloaded,
            Self::Engine(engine::Error::Cancelled) => ErrorCode::Timeout,
            Self::Engine(engine::Error::Closed) => ErrorCode::ShuttingDown,
            Self::Engine(engine::Error::SearchDown) => ErrorCode::SearchUnavailable,
            Self::Engine(engine::Error::WritesStopped(_)) => ErrorCode::WritesStopped,
            Self::Engine(engine::Error::NoRoom { .. }) => ErrorCode::NoRoom,
            Self::Engine(engine::Error::ClusterUnreachable(_)) => ErrorCode::ClusterUnreachable,
            Self::Engine(engine::Error::OutcomeUnknown) => ErrorCode::OutcomeUnknown,
            Self::Engine(_) | Self::WriteFailed(_) => ErrorCode::Internal,
        }
    }
}
