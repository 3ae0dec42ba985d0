//! Every endpoint, in one table.

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, ResponseError, Route, guard};

use super::error::Problem;
use super::{admin, assets, contacts, export, health, imports, lookup, openapi, search};
use crate::error::ErrorCode;

/// An endpoint.
pub struct Endpoint {
    /// The method.
    pub method: &'static str,
    /// The path, with names in braces.
    pub path: &'static str,
    handler: fn() -> Route,
}

const fn get(path: &'static str, handler: fn() -> Route) -> Endpoint {
    Endpoint { method: "GET", path, handler }
}

const fn post(path: &'static str, handler: fn() -> Route) -> Endpoint {
    Endpoint { method: "POST", path, handler }
}

const fn patch(path: &'static str, handler: fn() -> Route) -> Endpoint {
    Endpoint { method: "PATCH", path, handler }
}

const fn delete(path: &'static str, handler: fn() -> Route) -> Endpoint {
    Endpoint { method: "DELETE", path, handler }
}

/// What answers GET answers HEAD as well, without the body.
fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// Every endpoint. Fixed paths stand before those with names in them.
pub const ROUTES: &[Endpoint] = &[
    get("/healthz", || read().to(health::healthz)),
    get("/readyz", || read().to(health::readyz)),
    get("/metrics", || read().to(health::metrics)),
    get("/openapi.json", || read().to(openapi::serve)),
    get("/api/v1/lookup", || read().to(lookup::lookup)),
    post("/api/v1/lookup/batch", || web::post().to(lookup::lookup_batch)),
    get("/api/v1/contacts", || read().to(search::list)),
    post("/api/v1/contacts", || web::post().to(contacts::create)),
    post("/api/v1/contacts/search", || web::post().to(search::search)),
    post("/api/v1/contacts/bulk", || web::post().to(contacts::create_many)),
    get("/api/v1/contacts/export", || read().to(export::export)),
    get("/api/v1/contacts/{id}", || read().to(contacts::find)),
    patch("/api/v1/contacts/{id}", || web::patch().to(contacts::update)),
    delete("/api/v1/contacts/{id}", || web::delete().to(contacts::delete)),
    post("/api/v1/contacts/{id}/restore", || web::post().to(contacts::restore)),
    post("/api/v1/imports", || web::post().to(imports::create)),
    get("/api/v1/imports/{id}", || read().to(imports::find)),
    get("/api/v1/imports/{id}/errors.csv", || read().to(imports::errors)),
    post("/api/v1/imports/{id}/cancel", || web::post().to(imports::cancel)),
    get("/api/v1/organizations", || read().to(admin::list_organizations)),
    post("/api/v1/organizations", || web::post().to(admin::create_organization)),
    post("/api/v1/tokens", || web::post().to(admin::create_token)),
    patch("/api/v1/settings", || web::patch().to(admin::update_settings)),
    post("/api/v1/admin/check", || web::post().to(admin::check)),
    post("/api/v1/admin/reindex", || web::post().to(admin::reindex)),
    get("/", || read().to(assets::index)),
    get("/pop", || read().to(assets::index)),
    get("/contacts", || read().to(assets::index)),
    get("/contacts/{id}", || read().to(assets::index)),
    get("/docs", || read().to(assets::docs)),
    get("/ui/{hash}/{path:.*}", || read().to(assets::file)),
];

/// Puts the table into an application.
pub(super) fn configure(config: &mut ServiceConfig) {
    let mut paths: Vec<&str> = Vec::new();
    for endpoint in ROUTES {
        if !paths.contains(&endpoint.path) {
            paths.push(endpoint.path);
        }
    }
    for path in paths {
        let mut resource = web::resource(path).default_service(web::to(wrong_method));
        for endpoint in ROUTES.iter().filter(|e| e.path == path) {
            resource = resource.route((endpoint.handler)());
        }
        config.service(resource);
    }
    config.default_service(web::to(no_route));
}

async fn no_route(request: HttpRequest) -> Result<&'static str, Problem> {
    let detail = format!("there is nothing at {}; /docs lists what there is", request.path());
    Err(Problem::new(ErrorCode::RouteNotFound, detail))
}

async fn wrong_method(request: HttpRequest) -> HttpResponse {
    let pattern = request.match_pattern();
    let allowed: Vec<&str> =
        ROUTES.iter().filter(|e| Some(e.path) == pattern.as_deref()).map(|e| e.method).collect();
    let allowed = allowed.join(", ");
    let detail = format!("{} takes {allowed} and not {}", request.path(), request.method());
    let mut response = Problem::new(ErrorCode::MethodNotAllowed, detail).error_response();
    super::answer::put_header(&mut response, "allow", &allowed);
    response
}
