//! The permanent, machine-readable error codes. `http` alone knows which status each one has.

/// A code that callers may rely on for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The request is no well-formed request of its kind.
    Malformed,
    /// No valid token was given.
    Unauthorized,
    /// The token does not allow this.
    Forbidden,
    /// There is no such path.
    RouteNotFound,
    /// The path does not take this method.
    MethodNotAllowed,
    /// There is no such contact, for this caller.
    ContactNotFound,
    /// There is no such organisation.
    OrganizationNotFound,
    /// There is no such import.
    ImportNotFound,
    /// An organisation of this name exists.
    OrganizationExists,
    /// Another contact has this number, and the organisation does not allow that.
    PhoneInUse,
    /// What was sent does not fit; `errors` says where.
    Invalid,
    /// The file cannot be read as a table.
    FileUnreadable,
    /// An action would be done to more or fewer contacts than the caller expects.
    TotalDiffers,
    /// The record has been changed since the version that `If-Match` names.
    RevisionConflict,
    /// The `Idempotency-Key` was used with another request.
    IdempotencyMismatch,
    /// It cannot be told what happened since a place of the change feed.
    ChangesGone,
    /// There is no such record, for this caller.
    NotFound,
    /// Another record of the kind has this name.
    NameTaken,
    /// Something else needs the record.
    InUse,
    /// The contact may not be deleted now; `reasons` says why.
    DeleteBlocked,
    /// Something cannot come into this state from the one in which it is.
    ImpossibleStep,
    /// The contact is blocked, so it begins no conversations.
    ContactBlocked,
    /// Records would go with a contact that is deleted for good; `impact` counts them.
    HasChildren,
    /// The contact was merged into another one; `merged_into` says which.
    Merged,
    /// A merge cannot be undone before `conflicts` are resolved.
    UndoConflict,
    /// A merge cannot be undone now, or not any more; `reason` says why.
    UndoBlocked,
    /// The organisation keeps as much as it may.
    QuotaExceeded,
    /// The token was valid and has ended.
    TokenExpired,
    /// Address or password is wrong.
    SignInRefused,
    /// Too many failed attempts to sign in.
    SignInLocked,
    /// A request with a session cookie lacks the page's own token.
    CsrfMissing,
    /// The body is too large.
    PayloadTooLarge,
    /// The body is of a type that is not taken here.
    UnsupportedMediaType,
    /// The fields of the head are too large.
    HeadersTooLarge,
    /// The body comes too slowly.
    BodyTooSlow,
    /// This token or address sends too many requests.
    RateLimited,
    /// Too much at once; come back later.
    Overloaded,
    /// It took longer than requests of this kind may take.
    Timeout,
    /// The server is starting.
    Starting,
    /// The server is shutting down.
    ShuttingDown,
    /// The search index is being built anew; everything else works.
    SearchUnavailable,
    /// Nothing can be written before somebody repairs the server's files.
    WritesStopped,
    /// There is too little room on the disk for changes; they are taken again when there is more.
    NoRoom,
    /// Nothing was written, since the log of the cluster does not answer.
    ClusterUnreachable,
    /// The log of the cluster took a change and did not say what became of it.
    OutcomeUnknown,
    /// A defect or a failure on this side.
    Internal,
}

impl ErrorCode {
    /// All codes.
    pub const ALL: [Self; 46] = [
        Self::Malformed,
        Self::Unauthorized,
        Self::Forbidden,
        Self::RouteNotFound,
        Self::MethodNotAllowed,
        Self::ContactNotFound,
        Self::OrganizationNotFound,
        Self::ImportNotFound,
        Self::OrganizationExists,
        Self::PhoneInUse,
        Self::Invalid,
        Self::FileUnreadable,
        Self::TotalDiffers,
        Self::RevisionConflict,
        Self::IdempotencyMismatch,
        Self::ChangesGone,
        Self::NotFound,
        Self::NameTaken,
        Self::InUse,
        Self::DeleteBlocked,
        Self::ImpossibleStep,
        Self::ContactBlocked,
        Self::HasChildren,
        Self::Merged,
        Self::UndoConflict,
        Self::UndoBlocked,
        Self::QuotaExceeded,
        Self::TokenExpired,
        Self::SignInRefused,
        Self::SignInLocked,
        Self::CsrfMissing,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::HeadersTooLarge,
        Self::BodyTooSlow,
        Self::RateLimited,
        Self::Overloaded,
        Self::Timeout,
        Self::Starting,
        Self::ShuttingDown,
        Self::SearchUnavailable,
        Self::WritesStopped,
        Self::NoRoom,
        Self::ClusterUnreachable,
        Self::OutcomeUnknown,
        Self::Internal,
    ];

    /// The code as it stands in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::RouteNotFound => "route_not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::ContactNotFound => "contact_not_found",
            Self::OrganizationNotFound => "organization_not_found",
            Self::ImportNotFound => "import_not_found",
            Self::OrganizationExists => "organization_exists",
            Self::PhoneInUse => "phone_in_use",
            Self::Invalid => "invalid",
            Self::FileUnreadable => "file_unreadable",
            Self::TotalDiffers => "total_differs",
            Self::RevisionConflict => "revision_conflict",
            Self::IdempotencyMismatch => "idempotency_mismatch",
            Self::ChangesGone => "changes_gone",
            Self::NotFound => "not_found",
            Self::NameTaken => "name_taken",
            Self::InUse => "in_use",
            Self::DeleteBlocked => "delete_blocked",
            Self::ImpossibleStep => "impossible_step",
            Self::ContactBlocked => "contact_blocked",
            Self::HasChildren => "has_children",
            Self::Merged => "merged",
            Self::UndoConflict => "undo_conflict",
            Self::UndoBlocked => "undo_blocked",
            Self::QuotaExceeded => "quota_exceeded",
            Self::TokenExpired => "token_expired",
            Self::SignInRefused => "sign_in_refused",
            Self::SignInLocked => "sign_in_locked",
            Self::CsrfMissing => "csrf_missing",
            Self::PayloadTooLarge => "payload_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::HeadersTooLarge => "headers_too_large",
            Self::BodyTooSlow => "body_too_slow",
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::Timeout => "timeout",
            Self::Starting => "starting",
            Self::ShuttingDown => "shutting_down",
            Self::SearchUnavailable => "search_unavailable",
            Self::WritesStopped => "writes_stopped",
            Self::NoRoom => "no_room",
            Self::ClusterUnreachable => "cluster_unreachable",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Internal => "internal",
        }
    }

    /// What the code means, in a few words that do not depend on the case.
    pub fn title(self) -> &'static str {
        match self {
            Self::Malformed => "The request is malformed",
            Self::Unauthorized => "A valid token is needed",
            Self::Forbidden => "This caller may not do that",
            Self::RouteNotFound => "There is nothing at this path",
            Self::MethodNotAllowed => "This path does not take that method",
            Self::ContactNotFound => "There is no such contact",
            Self::OrganizationNotFound => "There is no such organisation",
            Self::ImportNotFound => "There is no such import",
            Self::OrganizationExists => "An organisation of this name exists",
            Self::PhoneInUse => "Another contact has this number",
            Self::Invalid => "Some values do not fit",
            Self::FileUnreadable => "The file cannot be read",
            Self::TotalDiffers => "Another number of contacts is selected than expected",
            Self::RevisionConflict => "The record has been changed meanwhile",
            Self::ChangesGone => "What happened since then is not known",
            Self::IdempotencyMismatch => "The idempotency key was used for another request",
            Self::NotFound => "There is no such record",
            Self::NameTaken => "Another record has this name",
            Self::InUse => "Something else needs this record",
            Self::DeleteBlocked => "This contact cannot be deleted",
            Self::ImpossibleStep => "It cannot come into this state",
            Self::ContactBlocked => "The contact is blocked",
            Self::HasChildren => "Records would be deleted with this contact",
            Self::Merged => "This contact was merged into another one",
            Self::UndoConflict => "Some fields changed after the merge",
            Self::UndoBlocked => "This merge cannot be undone",
            Self::QuotaExceeded => "The quota is used up",
            Self::TokenExpired => "The token has ended",
            Self::SignInRefused => "Signing in was refused",
            Self::SignInLocked => "Signing in is locked for a while",
            Self::CsrfMissing => "The request does not come from our own page",
            Self::PayloadTooLarge => "The body is too large",
            Self::UnsupportedMediaType => "This type of body is not taken here",
            Self::HeadersTooLarge => "The header fields are too large",
            Self::BodyTooSlow => "The body comes too slowly",
            Self::RateLimited => "Too many requests",
            Self::Overloaded => "The server has too much to do",
            Self::Timeout => "This took too long",
            Self::Starting => "The server is starting",
            Self::ShuttingDown => "The server is shutting down",
            Self::SearchUnavailable => "Searching is not possible for the moment",
            Self::WritesStopped => "The server takes no changes",
            Self::NoRoom => "The disk of the server is full",
            Self::ClusterUnreachable => "The cluster takes no changes for the moment",
            Self::OutcomeUnknown => "It is not known whether this was written",
            Self::Internal => "Something failed on the server",
        }
    }
}

/// Implemented by the errors of every layer that callers can see.
pub trait HasCode {
    /// The permanent code.
    fn code(&self) -> ErrorCode;
}
