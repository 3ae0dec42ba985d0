//! What holds for all operations of the `OpenAPI` document, said in one place.
//!
//! Handlers name what is theirs: statuses, shapes, parameters. What follows from that is added here,
//! so that none of them can forget it.

use utoipa::Modify;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Type;
use utoipa::openapi::server::Server;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Content, Object, Ref, RefOr, Required, Response, ResponseBuilder};

use crate::domain::record::KINDS;

/// Completes the document.
pub(super) struct Completion;

/// The groups of operations, in the order in which somebody who begins needs them.
const TAGS: [(&str, &str); 15] = [
    ("lookup", "Who is calling: people for a number."),
    ("contacts", "Search, create, read, change, delete and export contacts."),
    ("records", "What is about contacts: tasks and so on."),
    ("imports", "Take over lists."),
    ("custom fields", "Fields of your own."),
    ("tags", "The tags of contacts: count, colour, rename, join, remove."),
    ("duplicates", "Contacts that are the same person."),
    ("merging", "Make one contact of several, and undo that."),
    ("people", "Users, departments, queues and saved searches."),
    ("changes", "What has happened, page by page or as it happens."),
    ("telephones", "For telephone systems and desk phones, in their formats."),
    (
        "source systems",
        "Paths of other contact services, for their clients: the same in their words.",
    ),
    ("session", "Sign in and out, and what you may do."),
    ("administration", "Organisations, tokens, settings, audit log, checks."),
    ("operation", "Is it alive, is it ready, how is it doing."),
];

/// An answer that says what is wrong: status, name, description, and a header with its own.
type Refusal = (&'static str, &'static str, &'static str, Option<(&'static str, &'static str)>);

/// What any request to the API may be answered.
const EVERYWHERE: [Refusal; 4] = [
    (
        "401",
        "Unauthorized",
        "No valid token or session says who asks.",
        Some(("WWW-Authenticate", "The scheme to use: Bearer.")),
    ),
    ("403", "Forbidden", "The caller may not do this.", None),
    ("429", "RateLimited", "This token or address sends too many requests.", Some(RETRY_AFTER)),
    ("503", "Overloaded", "There is too much to do, or it took too long.", Some(RETRY_AFTER)),
];

/// What a request with a body may be answered besides.
const WITH_BODY: [Refusal; 3] = [
    ("400", "Malformed", "The body or a parameter cannot be read.", None),
    ("413", "TooLarge", "The body is larger than this path takes, after decompression.", None),
    (
        "415",
        "UnsupportedMediaType",
        "The body has a media type or a Content-Encoding that this path does not take.",
        Some(("Accept-Encoding", "What bodies may be compressed with.")),
    ),
];

const RETRY_AFTER: (&str, &str) =
    ("Retry-After", "After how many seconds it is worth trying again.");

/// Answers that are text, with their media types.
const TEXTS: &[(&str, &[&str])] = &[
    ("/healthz", &["text/plain"]),
    ("/readyz", &["text/plain"]),
    ("/metrics", &["text/plain"]),
    ("/api/crm-contacts/{tenant}/import-errors", &["text/csv"]),
    ("/api/v1/events", &["text/event-stream"]),
    ("/cid", &["text/plain"]),
    ("/api/v1/edge/snapshot", &["text/plain"]),
    ("/cid/{number}", &["text/plain"]),
    ("/cid/{token}/{number}", &["text/plain"]),
    ("/integrations/3cx/template.xml", &["application/xml"]),
    ("/phonebook/{vendor}.xml", &["text/xml"]),
    ("/phonebook/grandstream/{token}/phonebook.xml", &["text/xml"]),
    ("/phonebook/grandstream/{token}/gs_phonebook.xml", &["text/xml"]),
    (
        "/api/v1/contacts/export",
        &[
            "text/csv",
            "application/x-ndjson",
            "text/vcard",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ],
    ),
    (
        "/api/v1/exports/{id}/file",
        &[
            "text/csv",
            "application/x-ndjson",
            "text/vcard",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ],
    ),
    ("/api/v1/imports/template.csv", &["text/csv"]),
    ("/api/v1/audit/export", &["application/x-ndjson", "text/csv"]),
    ("/api/v1/imports/{id}/errors.csv", &["text/csv"]),
    ("/api/v1/duplicates/runs/{id}/report", &["text/csv", "application/x-ndjson", "text/html"]),
];

/// Records whose answers carry their version as an `ETag`.
const VERSIONED: [&str; 6] = [
    "/api/v1/contacts",
    "/api/v1/custom-fields",
    "/api/v1/departments",
    "/api/v1/queues",
    "/api/v1/saved-searches",
    "/api/v1/users",
];

/// Operations that take an `Idempotency-Key`.
const REPEATABLE: [&str; 10] = [
    "/api/v1/companies/{id}/merge",
    "/api/v1/exports",
    "/api/v1/contacts",
    "/api/v1/contacts/bulk",
    "/api/v1/contacts/bulk-actions",
    "/api/v1/imports",
    "/api/v1/contacts/merge",
    "/api/v1/merges/{id}/undo",
    "/api/v1/duplicates/auto-merges",
    "/api/v1/duplicates/auto-merges/{id}/undo",
];

/// Lists whose entries are thinned by `fields`, besides those of records.
const SPARSE: [&str; 19] = [
    "/api/v1/lookup",
    "/api/v1/suggest",
    "/api/v1/audit",
    "/api/v1/contacts/{id}/timeline",
    "/api/v1/custom-fields",
    "/api/v1/departments",
    "/api/v1/duplicates/auto-merges",
    "/api/v1/duplicates/dismissals",
    "/api/v1/duplicates/runs",
    "/api/v1/imports",
    "/api/v1/jobs",
    "/api/v1/merges",
    "/api/v1/organizations",
    "/api/v1/queues",
    "/api/v1/saved-searches",
    "/api/v1/tags",
    "/api/v1/tags/proposals",
    "/api/v1/tokens",
    "/api/v1/users",
];

impl Modify for Completion {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        document.servers = Some(vec![Server::new("/")]);
        let tags = TAGS.iter();
        document.tags = Some(
            tags.map(|(name, about)| {
                TagBuilder::new().name(*name).description(Some(*about)).build()
            })
            .collect(),
        );
        if let Some(components) = &mut document.components {
            for (_, name, description, header) in EVERYWHERE.iter().chain(&WITH_BODY) {
                let answer = problem(description, *header);
                components.responses.insert((*name).to_owned(), answer.into());
            }
        }
        for (path, item) in &mut document.paths.paths {
            let operations = [
                ("GET", &mut item.get),
                ("PUT", &mut item.put),
                ("POST", &mut item.post),
                ("PATCH", &mut item.patch),
                ("DELETE", &mut item.delete),
            ];
            for (method, operation) in operations {
                if let Some(operation) = operation {
                    complete(path, method, operation);
                }
            }
        }
    }
}

fn complete(path: &str, method: &str, operation: &mut Operation) {
    let known = &mut operation.responses.responses;
    let has_body = operation.request_body.is_some();
    if path.starts_with("/api/") {
        let with_body = WITH_BODY.iter().filter(|_| has_body);
        for (status, name, _, _) in EVERYWHERE.iter().chain(with_body) {
            known
                .entry((*status).to_owned())
                .or_insert_with(|| Ref::from_response_name(*name).into());
        }
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body
        && body.description.is_none()
    {
        let about = if path == "/api/v1/imports" { "the list" } else { "what is asked for" };
        body.description = Some(about.to_owned());
    }
    let has_condition = known.contains_key("412");
    for (status, answer) in known.iter_mut() {
        let RefOr::T(answer) = answer else { continue };
        if answer.description.is_empty() {
            meaning(status).clone_into(&mut answer.description);
        }
        if status.as_str() >= "400" {
            name_problems(answer);
        }
        let text = TEXTS.iter().find(|(known, _)| status == "200" && *known == path);
        if let Some((_, kinds)) = text {
            for kind in *kinds {
                let schema = Some(Object::with_type(Type::String));
                answer.content.insert((*kind).to_owned(), Content::new(schema).into());
            }
        }
        if has_etag(path, method, status) {
            let about = "The version of the record, for If-Match and If-None-Match.";
            answer.headers.insert("ETag".to_owned(), header(about, Type::String).into());
        }
    }
    if has_condition {
        let about = "the ETag that the request is based on, several with commas, or *";
        parameter(operation, "If-Match", about);
    }
    let is_list = KINDS.iter().any(|kind| kind.info().paths[0] == path) || SPARSE.contains(&path);
    if method == "GET" && is_list {
        let fields = ParameterBuilder::new()
            .name("fields")
            .parameter_in(ParameterIn::Query)
            .required(Required::False)
            .description(Some("only these members of the entries, separated by commas"))
            .schema(Some(Object::with_type(Type::String)));
        operation.parameters.get_or_insert_default().push(fields.build().into());
    }
    let is_of_kind = KINDS.iter().any(|kind| kind.info().paths[0] == path);
    if method == "POST" && (REPEATABLE.contains(&path) || is_of_kind) {
        let about = "a key of this request: sent again with it, the request is done only once";
        parameter(operation, "Idempotency-Key", about);
    }
}

/// What a status means where the handler says no more.
fn meaning(status: &str) -> &'static str {
    match status {
        "200" => "Done.",
        "201" => "Created; Location says where.",
        "202" => "Accepted; it is done in the background.",
        "204" => "Done; there is nothing to say.",
        "303" => "See the address in Location.",
        "304" => "Unchanged since the version that If-None-Match names.",
        "400" => "The request cannot be read.",
        "401" => "No valid token or session says who asks.",
        "403" => "The caller may not do this.",
        "404" => "There is no such thing, or the caller may not see it.",
        "409" => "It conflicts with what is there; `code` says how.",
        "412" => "The record has been changed since the version that If-Match names.",
        "413" => "The body is larger than this path takes.",
        "415" => "The body has a media type that this path does not take.",
        "422" => "What was sent does not fit; `errors` says where and why.",
        "429" => "Too many requests.",
        "503" => "There is too much to do, or it took too long.",
        _ => "See `detail`.",
    }
}

/// Problems have a media type of their own (RFC 9457).
fn name_problems(answer: &mut Response) {
    let content = std::mem::take(&mut answer.content);
    answer.content = content
        .into_iter()
        .map(|(kind, content)| {
            let kind = if kind == "application/json" { PROBLEM.to_owned() } else { kind };
            (kind, content)
        })
        .collect();
}

const PROBLEM: &str = "application/problem+json";

fn has_etag(path: &str, method: &str, status: &str) -> bool {
    let is_of_kind = |path: &str| KINDS.iter().any(|kind| kind.info().paths[0] == path);
    let is_record =
        |path: Option<&str>| path.is_some_and(|path| VERSIONED.contains(&path) || is_of_kind(path));
    if KINDS.iter().any(|kind| kind.info().paths[2] == path) {
        return status == "200";
    }
    match (method, status) {
        ("POST", "201") => is_record(Some(path)),
        ("GET" | "PATCH", "200") => is_record(path.strip_suffix("/{id}")),
        ("POST", "200") => matches!(
            path,
            "/api/v1/contacts/merge" | "/api/v1/merges/{id}/undo" | "/api/v1/contacts/{id}/restore"
        ),
        _ => false,
    }
}

fn parameter(operation: &mut Operation, name: &str, about: &str) {
    let known = operation.parameters.get_or_insert_default();
    let is_known = known.iter().any(|known| matches!(known, RefOr::T(known) if known.name == name));
    if !is_known {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(about))
            .schema(Some(Object::with_type(Type::String)))
            .build();
        known.push(parameter.into());
    }
}

fn header(about: &str, kind: Type) -> Header {
    HeaderBuilder::new().schema(Some(Object::with_type(kind))).description(Some(about)).build()
}

/// An answer that says what is wrong.
fn problem(description: &str, with: Option<(&str, &str)>) -> Response {
    let mut answer = ResponseBuilder::new()
        .description(description)
        .content(PROBLEM, Content::new(Some(Ref::from_schema_name("Problem"))));
    if let Some((name, about)) = with {
        let kind = if name == "Retry-After" { Type::Integer } else { Type::String };
        answer = answer.header(name, header(about, kind));
    }
    answer.build()
}
