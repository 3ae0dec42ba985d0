//! The web interface: pages that are revalidated, files that are kept for ever.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use actix_web::{HttpRequest, HttpResponse, web};

use super::error::Problem;
use crate::error::ErrorCode;
use crate::ui;

fn page(request: &HttpRequest, page: Result<ui::Page, ui::Error>) -> Result<HttpResponse, Problem> {
    let page = page.map_err(|error| {
        tracing::error!("{error}");
        Problem::new(ErrorCode::Internal, "the page is missing from this build")
    })?;
    let known = request.headers().get(IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    let mut response = if known == Some(page.etag.as_str()) {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((ETAG, page.etag.clone()))
        .insert_header((CACHE_CONTROL, page.cache_control))
        .insert_header((CONTENT_SECURITY_POLICY, page.content_security_policy));
    if known == Some(page.etag.as_str()) {
        return Ok(response.finish());
    }
    Ok(response.insert_header((CONTENT_TYPE, page.content_type)).body(page.body))
}

/// The page of every view.
pub(super) async fn index(request: HttpRequest) -> Result<HttpResponse, Problem> {
    page(&request, ui::index_html())
}

/// The reference of the API.
pub(super) async fn docs(request: HttpRequest) -> Result<HttpResponse, Problem> {
    page(&request, ui::docs_html())
}

/// A file of the interface.
pub(super) async fn file(
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (_, name) = path.into_inner();
    let Some(asset) = ui::asset(&name) else {
        return Err(Problem::new(ErrorCode::RouteNotFound, "there is no such file"));
    };
    let known = request.headers().get(IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    if known == Some(asset.etag.as_str()) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, asset.etag)).finish());
    }
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, asset.content_type))
        .insert_header((CACHE_CONTROL, asset.cache_control))
        .insert_header((ETAG, asset.etag));
    if let Some(encoding) = asset.content_encoding {
        response.insert_header((CONTENT_ENCODING, encoding));
    }
    Ok(response.body(asset.bytes.into_owned()))
}
