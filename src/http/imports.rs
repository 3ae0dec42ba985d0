//! Imports over HTTP: upload, follow, fetch what was not taken.

use std::str::FromStr;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::StreamExt;
use serde_json::Value;
use uuid::Uuid;

use super::answer;
use super::auth::Authenticated;
use super::body;
use super::coding::{Coding, Decompressor, Fault};
use super::error::Problem;
use super::schema;
use super::search::query_of;
use super::state::State;
use crate::app::{Error, ImportError, ImportOptions, MatchKey, OnDuplicate, Unkept, parse_mapping};
use crate::domain::access::Permission;
use crate::error::ErrorCode;

/// Imports a list in the background. The body is the file, a table or a contact as JSON a line.
/// `options` is a JSON object with `mapping` (`{"COLUMN": "field"}`, `#3` is the third column; or
/// `map`, an array of `COLUMN=field`), `on_duplicate`, `match_keys`, `match_names`,
/// `default_country`, `tags`, `delimiter`, `encoding`, `header`, `tag_separator`, `strict`,
/// `dry_run`.
#[utoipa::path(post, path = "/api/v1/imports", operation_id = "create_import", tag = "imports",
    params(("options" = Option<String>, Query, description = "a JSON object")),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 202, body = schema::ImportJob), (status = 403, body = schema::Problem), (status = 413, body = schema::Problem), (status = 422, body = schema::Problem)))]
pub(super) async fn create(
    request: HttpRequest,
    state: web::Data<State>,
    caller: Authenticated,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    if !caller.0.may(Permission::Import) {
        return Err(Error::Forbidden(Permission::Import).into());
    }
    let kind = request.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim().to_lowercase();
    if !matches!(
        kind.as_str(),
        "" | "text/csv"
            | "text/plain"
            | "text/tab-separated-values"
            | "application/octet-stream"
            | "application/jsonl"
            | "application/x-ndjson"
    ) {
        return Err(Problem::new(
            ErrorCode::UnsupportedMediaType,
            format!("this path takes the list itself as text/csv, not {kind}"),
        ));
    }
    let query = query_of(&request)?;
    if let Some(unknown) = query.keys().find(|name| *name != "options") {
        let detail = "is no member here: everything goes into options, a JSON object";
        return Err(Error::invalid(&format!("/{unknown}"), "unknown_member", detail).into());
    }
    let options = match query.get("options").filter(|text| !text.is_empty()) {
        None => ImportOptions::default(),
        Some(text) => {
            let value: Value = serde_json::from_str(text).map_err(|error| {
                Problem::new(ErrorCode::Malformed, format!("options is no valid JSON: {error}"))
            })?;
            parse_options(&value)?
        }
    };
    state.app.check_import(&caller.0, &options)?;
    let path = state
        .app
        .imports_folder()
        .map_err(Problem::from)?
        .join(format!("{}.upload", Uuid::now_v7()));
    let unkept = receive(&request, payload, &state, &path).await?;
    let app = std::sync::Arc::clone(&state.app);
    let job = app.start_import(&caller.0, path, options)?;
    unkept.keep();
    let mut response = answer::json(StatusCode::ACCEPTED, &job);
    answer::put_header(&mut response, "location", &format!("/api/v1/imports/{}", job.id));
    Ok(response)
}

/// Writes a body to a file, piece by piece. The file goes unless it is kept, also when whoever sends
/// it hangs up.
pub(super) async fn receive(
    request: &HttpRequest,
    mut payload: web::Payload,
    state: &State,
    path: &std::path::Path,
) -> Result<Unkept, Problem> {
    let most_bytes = state.limits.upload_bytes;
    let too_large = || {
        Problem::new(
            ErrorCode::PayloadTooLarge,
            format!("an uploaded file has at most {most_bytes} bytes"),
        )
    };
    let failed = |error: std::io::Error| {
        tracing::error!("an upload cannot be kept: {error}");
        Problem::new(ErrorCode::Internal, "the upload cannot be kept")
    };
    let refuse = |fault| match fault {
        Fault::TooLarge => too_large(),
        Fault::Garbled(error) => body::garbled(&error),
        Fault::Out(error) => failed(error),
    };
    let coding = Coding::of(request)?;
    let declared = request
        .headers()
        .get("content-length")
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.parse::<u64>().ok());
    if declared.is_some_and(|bytes| bytes > most_bytes) {
        return Err(too_large());
    }
    let unkept = Unkept::new(path.to_owned());
    let file = state.app.create_staged_file(path).map_err(failed)?;
    let mut file = Decompressor::new(coding, file, most_bytes);
    let stopped = |_blocking| Problem::new(ErrorCode::Internal, "the upload cannot be kept");
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| body::unreadable(&error))?;
        file = web::block(move || file.write(&chunk).map(|()| file))
            .await
            .map_err(stopped)?
            .map_err(refuse)?;
    }
    let mut file = web::block(move || file.finish()).await.map_err(stopped)?.map_err(refuse)?;
    file.finish().map_err(failed)?;
    Ok(unkept)
}

fn parse_options(value: &Value) -> Result<ImportOptions, Problem> {
    let Value::Object(members) = value else {
        return Err(Error::invalid("/options", "type", "must be a JSON object").into());
    };
    let mut options = ImportOptions::default();
    let wrong = |key: &str, detail: &str| -> Problem {
        Error::invalid(&format!("/options/{key}"), "type", detail).into()
    };
    let texts = |key: &str, value: &Value| -> Result<Vec<String>, Problem> {
        value
            .as_array()
            .and_then(|all| all.iter().map(|v| v.as_str().map(str::to_owned)).collect())
            .ok_or_else(|| wrong(key, "must be an array of strings"))
    };
    for (key, value) in members.iter().filter(|(_, value)| !value.is_null()) {
        match key.as_str() {
            "map" => {
                for text in texts(key, value)? {
                    let mapping = parse_mapping(&text).map_err(|e| wrong(key, &e.to_string()))?;
                    options.map.columns.push(mapping);
                }
            }
            "match_keys" => {
                options.match_keys = texts(key, value)?
                    .iter()
                    .map(|text| {
                        MatchKey::parse(text)
                            .ok_or_else(|| wrong(key, "use phone, email, external_crm_id"))
                    })
                    .collect::<Result<_, _>>()?;
            }
            "tags" => options.tags = texts(key, value)?,
            "on_duplicate" => {
                options.on_duplicate = value
                    .as_str()
                    .and_then(OnDuplicate::parse)
                    .ok_or_else(|| wrong(key, "use update, skip, create or ask"))?;
            }
            "default_country" => {
                let country = value.as_str().ok_or_else(|| wrong(key, "must be a country code"))?;
                options.default_country = Some(country.to_uppercase());
            }
            "match_names" => {
                options.match_names =
                    value.as_bool().ok_or_else(|| wrong(key, "must be true or false"))?;
            }
            "dry_run" => {
                options.dry_run =
                    value.as_bool().ok_or_else(|| wrong(key, "must be true or false"))?;
            }
            "mapping" => {
                let members = value
                    .as_object()
                    .ok_or_else(|| wrong(key, "must be an object of columns and fields"))?;
                for (column, field) in members {
                    let field = field.as_str().ok_or_else(|| wrong(key, "fields are strings"))?;
                    let target =
                        field.parse().map_err(|e: ImportError| wrong(key, &e.to_string()))?;
                    options.map.columns.push((column.clone(), target));
                }
            }
            "delimiter" => options.read.delimiter = Some(parsed(key, value)?),
            "encoding" => options.read.encoding = Some(parsed(key, value)?),
            "header" => {
                options.read.has_header =
                    value.as_bool().ok_or_else(|| wrong(key, "must be true or false"))?;
            }
            "tag_separator" => {
                let mut letters = value.as_str().unwrap_or_default().chars();
                let (Some(separator), None) = (letters.next(), letters.next()) else {
                    return Err(wrong(key, "must be one character"));
                };
                options.map.tag_separator = Some(separator);
            }
            "strict" => {
                options.strict =
                    value.as_bool().ok_or_else(|| wrong(key, "must be true or false"))?;
            }
            _ => return Err(wrong(key, "is not an option of an import")),
        }
    }
    Ok(options)
}

fn parsed<T: FromStr<Err = ImportError>>(key: &str, value: &Value) -> Result<T, Problem> {
    let text = value.as_str().unwrap_or_default();
    text.parse().map_err(|error: ImportError| {
        Error::invalid(&format!("/options/{key}"), "value", error.to_string()).into()
    })
}

fn import_id(text: &str) -> Result<Uuid, Problem> {
    text.parse().map_err(|_not_a_uuid| Error::ImportNotFound.into())
}

/// How an import stands.
#[utoipa::path(get, path = "/api/v1/imports/{id}", operation_id = "find_import", tag = "imports",
    params(("id" = String, Path, description = "the id of the import")),
    responses((status = 200, body = schema::ImportJob), (status = 404, body = schema::Problem)))]
pub(super) async fn find(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let job = state.app.find_import(&caller.0, import_id(&path)?)?;
    Ok(answer::json(StatusCode::OK, &job))
}

/// The rows that an import did not take, as CSV with row, column, value, reason and what to do. They
/// are kept until the server is started again; `errors_url` of the import is null then.
#[utoipa::path(get, path = "/api/v1/imports/{id}/errors.csv", operation_id = "list_import_errors", tag = "imports",
    params(("id" = String, Path, description = "the id of the import")),
    responses((status = 200, description = "the file"), (status = 404, body = schema::Problem)))]
pub(super) async fn errors(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = import_id(&path)?;
    let bytes = web::block(move || state.app.import_errors(&caller.0, id))
        .await
        .map_err(|_blocking| Problem::new(ErrorCode::Internal, "the file cannot be read"))??;
    Ok(HttpResponse::Ok().content_type("text/csv; charset=utf-8").body(bytes))
}

/// Stops an import between two writes; what was written stays.
#[utoipa::path(post, path = "/api/v1/imports/{id}/cancel", operation_id = "cancel_import", tag = "imports",
    params(("id" = String, Path, description = "the id of the import")),
    responses((status = 200, body = schema::ImportJob), (status = 404, body = schema::Problem)))]
pub(super) async fn cancel(
    state: web::Data<State>,
    caller: Authenticated,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let job = state.app.cancel_import(&caller.0, import_id(&path)?)?;
    Ok(answer::json(StatusCode::OK, &job))
}
