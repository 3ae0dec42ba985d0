//! Errors as `application/problem+json` (RFC 9457); the only place that knows statuses.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Value, json};

use crate::app;
use crate::domain::issue::FieldIssue;
use crate::error::{ErrorCode, HasCode};

/// What would go with a contact; its counts stand beside it as well, as in the delete impact.
const IMPACT: &str = "impact";

/// An answer that says what is wrong.
#[derive(Debug)]
pub(super) struct Problem {
    code: ErrorCode,
    detail: String,
    issues: Vec<FieldIssue>,
    more: Vec<(&'static str, Value)>,
    retry_after: Option<u64>,
    headers: Vec<(&'static str, String)>,
}

impl Problem {
    pub(super) fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            issues: Vec::new(),
            more: Vec::new(),
            retry_after: None,
            headers: Vec::new(),
        }
    }

    /// Says after how many seconds it is worth trying again.
    pub(super) fn retry_after(self, secs: u64) -> Self {
        Self { retry_after: Some(secs), ..self }
    }

    /// Adds a header to the answer.
    pub(super) fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn code(&self) -> ErrorCode {
        self.code
    }

    /// What is wrong, for people.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    pub(super) fn body(&self) -> Value {
        let mut body = json!({
            "type": format!("https://ringdex.dev/problems/{}", self.code.as_str()),
            "title": self.code.title(),
            "status": status(self.code).as_u16(),
            "detail": self.detail,
            "code": self.code.as_str(),
        });
        if !self.issues.is_empty() {
            body["errors"] = json!(self.issues);
        }
        for (key, value) in &self.more {
            body[*key] = value.clone();
            if *key == IMPACT {
                for (name, count) in value.as_object().into_iter().flatten() {
                    body[name] = count.clone();
                }
            }
        }
        body
    }
}

/// The status of every code.
pub(super) fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::Malformed => StatusCode::BAD_REQUEST,
        ErrorCode::Unauthorized | ErrorCode::TokenExpired | ErrorCode::SignInRefused => {
            StatusCode::UNAUTHORIZED
        }
        ErrorCode::Forbidden | ErrorCode::QuotaExceeded | ErrorCode::CsrfMissing => {
            StatusCode::FORBIDDEN
        }
        ErrorCode::RouteNotFound
        | ErrorCode::ContactNotFound
        | ErrorCode::NotFound
        | ErrorCode::OrganizationNotFound
        | ErrorCode::ImportNotFound => StatusCode::NOT_FOUND,
        ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::OrganizationExists
        | ErrorCode::PhoneInUse
        | ErrorCode::NameTaken
        | ErrorCode::InUse
        | ErrorCode::TotalDiffers
        | ErrorCode::DeleteBlocked
        | ErrorCode::ImpossibleStep
        | ErrorCode::ContactBlocked
        | ErrorCode::HasChildren
        | ErrorCode::Merged
        | ErrorCode::UndoConflict
        | ErrorCode::UndoBlocked => StatusCode::CONFLICT,
        ErrorCode::Invalid | ErrorCode::FileUnreadable | ErrorCode::IdempotencyMismatch => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        ErrorCode::ChangesGone => StatusCode::GONE,
        ErrorCode::RevisionConflict => StatusCode::PRECONDITION_FAILED,
        ErrorCode::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        ErrorCode::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
        ErrorCode::RateLimited | ErrorCode::SignInLocked => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::Overloaded
        | ErrorCode::Timeout
        | ErrorCode::Starting
        | ErrorCode::ShuttingDown
        | ErrorCode::SearchUnavailable
        | ErrorCode::ClusterUnreachable
        | ErrorCode::OutcomeUnknown
        | ErrorCode::WritesStopped => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::NoRoom => StatusCode::INSUFFICIENT_STORAGE,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<app::Error> for Problem {
    fn from(error: app::Error) -> Self {
        let code = error.code();
        let mut problem = Self::new(code, error.to_string());
        if code == ErrorCode::Internal {
            // The cause is for the log, not for the caller.
            tracing::error!("request failed: {error}");
            "the server could not do this; its log says why".clone_into(&mut problem.detail);
        }
        if code == ErrorCode::WritesStopped {
            // Which files those are is for the operator, in the log and at /readyz.
            "nothing is written until the server's files are repaired; what is there can be read"
                .clone_into(&mut problem.detail);
        }
        if code == ErrorCode::NoRoom {
            // Where that is, is for the operator, in the log and at /readyz.
            "the disk of the server is full: nothing was changed; what is there can be read, and \
             changes are taken again as soon as there is room"
                .clone_into(&mut problem.detail);
            problem.retry_after = Some(30);
        }
        if code == ErrorCode::ClusterUnreachable {
            // What is not reached is for the operator, in the log and at /readyz.
            "nothing was changed, since the log of the cluster does not answer; what is there can be \
             read, and changes are taken again by themselves"
                .clone_into(&mut problem.detail);
            problem.retry_after = Some(2);
        }
        if let app::Error::PhoneInUse(duplicates) = &error {
            problem.more.push(("duplicates", json!(duplicates)));
        }
        if let app::Error::DeleteBlocked(reasons) = &error {
            problem.more.push(("reasons", json!(reasons)));
        }
        if let app::Error::HasChildren(impact) = &error {
            problem.more.push((IMPACT, json!(impact)));
        }
        put_merging(&mut problem, &error);
        if let app::Error::FieldInUse(survey) = &error {
            problem.more.push(("contacts", json!(survey.contacts)));
            problem.more.push(("misfits", json!(survey.misfits)));
            problem.more.push(("examples", json!(survey.examples)));
            problem.more.push(("options", json!(survey.options)));
        }
        if let app::Error::SignInLocked { seconds } | app::Error::TooOften { seconds } = &error {
            problem.more.push(("retry_after", json!(seconds)));
            problem.retry_after = Some(*seconds);
        }
        if let app::Error::RevisionConflict { current } = &error {
            problem.more.push(("version", json!(current)));
        }
        if let app::Error::Invalid(issues) = error {
            problem.issues = issues;
        }
        problem
    }
}

/// What a program needs to go on where merging or undoing is refused.
fn put_merging(problem: &mut Problem, error: &app::Error) {
    let more = &mut problem.more;
    if let app::Error::MergeBlocked { id, reasons } = error {
        more.extend([("id", json!(id)), ("reasons", json!(reasons))]);
    }
    if let app::Error::Merged { id, into, merge } = error {
        more.extend([("id", json!(id)), ("merged_into", json!(into)), ("merge_id", json!(merge))]);
    }
    if let app::Error::StaleVersions(versions) = error {
        let current: serde_json::Map<String, Value> =
            versions.iter().map(|(id, version)| (id.to_string(), json!(version))).collect();
        more.push(("versions", Value::Object(current)));
    }
    if let app::Error::UndoConflict(conflicts) = error {
        more.push(("conflicts", json!(conflicts)));
    }
    if let app::Error::UndoBlocked(block) = error {
        more.push(("reason", json!(block.reason())));
        more.extend(block.merge().map(|id| ("merge_id", json!(id))));
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        status(self.code)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((CONTENT_TYPE, "application/problem+json"));
        let is_busy = self.status_code() == StatusCode::SERVICE_UNAVAILABLE;
        if let Some(secs) = self.retry_after.or(is_busy.then_some(1)) {
            response.insert_header((RETRY_AFTER, secs));
        }
        if matches!(self.code, ErrorCode::Unauthorized | ErrorCode::TokenExpired) {
            response.insert_header((WWW_AUTHENTICATE, "Bearer"));
        }
        for (name, value) in &self.headers {
            response.insert_header((*name, value.as_str()));
        }
        response.body(self.body().to_string())
    }
}
