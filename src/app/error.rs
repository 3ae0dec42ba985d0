//! Why a use case did not happen.

use crate::domain::access::Action;
use crate::domain::issue::FieldIssue;
use crate::engine::{self, Rejected};
use crate::error::{ErrorCode, HasCode};

use super::likeness::LikelyDuplicate;

/// Why a use case did not happen; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller may not do this.
    #[error("this token may not {}", .0.in_words())]
    Forbidden(Action),
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
    /// There is no such import.
    #[error("there is no import with this id")]
    ImportNotFound,
    /// The file cannot be read as a table.
    #[error("{0}")]
    FileUnreadable(String),
    /// Too much at once.
    #[error("{0}")]
    Overloaded(&'static str),
    /// The engine could not.
    #[error(transparent)]
    Engine(#[from] engine::Error),
}

fn describe(issues: &[FieldIssue]) -> String {
    let all: Vec<String> =
        issues.iter().take(3).map(|issue| format!("{}: {}", issue.pointer, issue.detail)).collect();
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
            Self::Forbidden(_) => ErrorCode::Forbidden,
            Self::ContactNotFound => ErrorCode::ContactNotFound,
            Self::OrganizationNotFound(_) => ErrorCode::OrganizationNotFound,
            Self::OrganizationExists(_) => ErrorCode::OrganizationExists,
            Self::PhoneInUse(_) => ErrorCode::PhoneInUse,
            Self::Invalid(_) => ErrorCode::Invalid,
            Self::RevisionConflict { .. } => ErrorCode::RevisionConflict,
            Self::IdempotencyMismatch => ErrorCode::IdempotencyMismatch,
            Self::ImportNotFound => ErrorCode::ImportNotFound,
            Self::FileUnreadable(_) => ErrorCode::FileUnreadable,
            Self::Overloaded(_) => ErrorCode::Overloaded,
            Self::Engine(engine::Error::Closed) => ErrorCode::ShuttingDown,
            Self::Engine(_) => ErrorCode::Internal,
        }
    }
}
