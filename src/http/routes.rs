//! Every endpoint, in one table.

use std::sync::LazyLock;

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, ResponseError, Route, guard};

use super::error::Problem;
use super::integrations::{cid, cti, edge, phonebook, three_cx};
use super::source_systems::{contacts_api, crm_contacts, crm_import_maps, edge_functions};
use super::{
    admin, assets, audit, bulk, cluster, companies, consents, contacts, custom_fields,
    duplicate_runs, duplicates, erasures, export, feed, health, import_preview, imports, jobs,
    lists, lookup, merges, oidc, openapi, people, records, search, session, setup, suggest, tags,
    upkeep, webhooks,
};
use crate::domain::record::{AnyKind, KINDS};
use crate::error::ErrorCode;

/// An endpoint.
#[derive(Clone, Copy)]
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

const fn put(path: &'static str, handler: fn() -> Route) -> Endpoint {
    Endpoint { method: "PUT", path, handler }
}

const fn delete(path: &'static str, handler: fn() -> Route) -> Endpoint {
    Endpoint { method: "DELETE", path, handler }
}

/// What answers GET answers HEAD as well, without the body.
fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// Every endpoint: those that are written down, and those of the kinds of records. Fixed paths are
/// in front of those with names in them.
pub static ROUTES: LazyLock<Vec<Endpoint>> = LazyLock::new(|| {
    let of_kind = |kind: &&dyn AnyKind| {
        let [all, one, restored] = kind.info().paths;
        [
            get(all, || read().to(records::list)),
            post(all, || web::post().to(records::create)),
            get(one, || read().to(records::find)),
            patch(one, || web::patch().to(records::update)),
            delete(one, || web::delete().to(records::delete)),
            post(restored, || web::post().to(records::restore)),
        ]
    };
    // What is written down may stand where an id does: /calls/callbacks.
    WRITTEN.iter().copied().chain(KINDS.iter().flat_map(of_kind)).collect()
});

/// The endpoints that are written down.
const WRITTEN: &[Endpoint] = &[
    get("/healthz", || read().to(health::healthz)),
    get("/readyz", || read().to(health::readyz)),
    get("/metrics", || read().to(health::metrics)),
    get("/openapi.json", || read().to(openapi::serve)),
    get("/api/v1/lookup", || read().to(lookup::lookup)),
    get("/api/v1/suggest", || read().to(suggest::suggest)),
    post("/api/v1/lookup/batch", || web::post().to(lookup::lookup_batch)),
    get("/api/v1/contacts", || read().to(search::list)),
    post("/api/v1/contacts", || web::post().to(contacts::create)),
    post("/api/v1/contacts/search", || web::post().to(search::search)),
    post("/api/v1/contacts/bulk", || web::post().to(contacts::create_many)),
    post("/api/v1/contacts/bulk-actions", || web::post().to(bulk::start)),
    post("/api/v1/contacts/merge", || web::post().to(merges::merge)),
    get("/api/v1/merges", || read().to(merges::list)),
    get("/api/v1/merges/{id}", || read().to(merges::find)),
    post("/api/v1/merges/{id}/undo", || web::post().to(merges::undo)),
    get("/api/v1/jobs", || read().to(jobs::list)),
    get("/api/v1/jobs/{id}", || read().to(jobs::find)),
    post("/api/v1/jobs/{id}/cancel", || web::post().to(jobs::cancel)),
    post("/api/v1/jobs/{id}/undo", || web::post().to(jobs::undo)),
    get("/api/v1/contacts/export", || read().to(export::export)),
    post("/api/v1/exports", || web::post().to(export::create)),
    get("/api/v1/exports/{id}", || read().to(export::find)),
    get("/api/v1/exports/{id}/file", || read().to(export::fetch)),
    get("/api/v1/contacts/{id}", || read().to(contacts::find)),
    patch("/api/v1/contacts/{id}", || web::patch().to(contacts::update)),
    delete("/api/v1/contacts/{id}", || web::delete().to(contacts::delete)),
    get("/api/v1/contacts/{id}/timeline", || read().to(contacts::timeline)),
    get("/api/v1/contacts/{id}/gdpr-export", || read().to(contacts::personal_data)),
    get("/api/v1/contacts/{id}/delete-impact", || read().to(contacts::delete_impact)),
    get("/api/v1/contacts/{id}/consents", || read().to(consents::list)),
    post("/api/v1/contacts/{id}/consents", || web::post().to(consents::record)),
    post("/api/v1/dnc/check", || web::post().to(consents::check)),
    post("/api/v1/contacts/{id}/restore", || web::post().to(contacts::restore)),
    post("/api/v1/imports", || web::post().to(imports::create)),
    post("/api/v1/imports/preview", || web::post().to(import_preview::preview)),
    get("/api/v1/imports/preview/{upload_id}/rows", || read().to(import_preview::rows)),
    get("/api/v1/imports", || read().to(imports::list)),
    get("/api/v1/imports/template.csv", || read().to(imports::template)),
    put("/api/v1/import-templates/{id}", || web::put().to(imports::replace_template)),
    get("/api/v1/imports/{id}", || read().to(imports::find)),
    get("/api/v1/imports/{id}/errors.csv", || read().to(imports::errors)),
    post("/api/v1/imports/{id}/cancel", || web::post().to(imports::cancel)),
    get("/api/v1/imports/{id}/questions", || read().to(imports::questions)),
    post("/api/v1/imports/{id}/questions", || web::post().to(imports::answer)),
    post("/api/v1/imports/{id}/undo", || web::post().to(imports::undo)),
    get("/api/v1/organizations", || read().to(admin::list_organizations)),
    post("/api/v1/organizations", || web::post().to(admin::create_organization)),
    get("/api/v1/organizations/{id}", || read().to(admin::find_organization)),
    patch("/api/v1/organizations/{id}", || web::patch().to(admin::update_organization)),
    get("/api/v1/companies/suggest", || read().to(records::suggest_companies)),
    post("/api/v1/companies/{id}/merge", || web::post().to(companies::merge)),
    post("/api/v1/companies/{id}/merge/undo", || web::post().to(companies::undo)),
    get("/api/v1/calls/callbacks", || read().to(records::callbacks)),
    post("/api/v1/contacts/{id}/erasure", || web::post().to(erasures::request)),
    get("/api/v1/erasures", || read().to(erasures::list)),
    get("/api/v1/erasures/{id}", || read().to(erasures::find)),
    post("/api/v1/erasures/{id}/approve", || web::post().to(erasures::approve)),
    post("/api/v1/erasures/{id}/refuse", || web::post().to(erasures::refuse)),
    post("/api/v1/retention/runs", || web::post().to(upkeep::run_retention)),
    post("/api/v1/lead-score/runs", || web::post().to(upkeep::score_leads)),
    get("/api/v1/health", || read().to(health::figures)),
    get("/api/v1/tokens", || read().to(admin::list_tokens)),
    post("/api/v1/tokens", || web::post().to(admin::create_token)),
    get("/api/v1/tokens/{id}", || read().to(admin::find_token)),
    patch("/api/v1/tokens/{id}", || web::patch().to(admin::update_token)),
    delete("/api/v1/tokens/{id}", || web::delete().to(admin::revoke_token)),
    get("/api/v1/settings", || read().to(admin::read_settings)),
    patch("/api/v1/settings", || web::patch().to(admin::update_settings)),
    get("/api/v1/users", || read().to(people::users::list)),
    post("/api/v1/users", || web::post().to(people::users::create)),
    get("/api/v1/users/{id}", || read().to(people::users::find)),
    patch("/api/v1/users/{id}", || web::patch().to(people::users::update)),
    delete("/api/v1/users/{id}", || web::delete().to(people::users::delete)),
    get("/api/v1/custom-fields", || read().to(custom_fields::list)),
    post("/api/v1/custom-fields", || web::post().to(custom_fields::create)),
    put("/api/v1/custom-fields/order", || web::put().to(custom_fields::order)),
    post("/api/v1/custom-fields/order", || web::post().to(custom_fields::order_by_post)),
    get("/api/v1/custom-fields/{id}", || read().to(custom_fields::find)),
    patch("/api/v1/custom-fields/{id}", || web::patch().to(custom_fields::update)),
    delete("/api/v1/custom-fields/{id}", || web::delete().to(custom_fields::delete)),
    post("/api/v1/duplicates/check", || web::post().to(duplicates::check)),
    get("/api/v1/duplicates", || read().to(duplicates::list)),
    get("/api/v1/duplicates/dismissals", || read().to(duplicates::dismissals)),
    post("/api/v1/duplicates/dismissals", || web::post().to(duplicates::dismiss)),
    delete("/api/v1/duplicates/dismissals", || web::delete().to(duplicates::withdraw)),
    get("/api/v1/duplicates/accuracy", || read().to(duplicates::accuracy)),
    get("/api/v1/duplicates/auto-merges", || read().to(duplicates::auto_merges)),
    post("/api/v1/duplicates/auto-merges", || web::post().to(duplicates::auto_merge)),
    post("/api/v1/duplicates/auto-merges/{id}/undo", || {
        web::post().to(duplicates::undo_auto_merge)
    }),
    get("/api/v1/duplicates/runs", || read().to(duplicate_runs::list)),
    post("/api/v1/duplicates/runs", || web::post().to(duplicate_runs::start)),
    get("/api/v1/duplicates/runs/{id}", || read().to(duplicate_runs::find)),
    post("/api/v1/duplicates/runs/{id}/cancel", || web::post().to(duplicate_runs::cancel)),
    get("/api/v1/duplicates/runs/{id}/report", || read().to(duplicate_runs::report)),
    put("/api/v1/lists/{id}/members", || web::put().to(lists::add)),
    delete("/api/v1/lists/{id}/members", || web::delete().to(lists::remove)),
    get("/api/v1/tags", || read().to(tags::list)),
    get("/api/v1/tags/proposals", || read().to(tags::proposals)),
    post("/api/v1/tags/merge", || web::post().to(tags::merge)),
    post("/api/v1/tags/auto-country", || web::post().to(tags::auto_country)),
    patch("/api/v1/tags/{tag}", || web::patch().to(tags::update)),
    delete("/api/v1/tags/{tag}", || web::delete().to(tags::delete)),
    get("/api/v1/departments", || read().to(people::departments::list)),
    post("/api/v1/departments", || web::post().to(people::departments::create)),
    get("/api/v1/departments/{id}", || read().to(people::departments::find)),
    patch("/api/v1/departments/{id}", || web::patch().to(people::departments::update)),
    delete("/api/v1/departments/{id}", || web::delete().to(people::departments::delete)),
    get("/api/v1/queues", || read().to(people::queues::list)),
    post("/api/v1/queues", || web::post().to(people::queues::create)),
    get("/api/v1/queues/{id}", || read().to(people::queues::find)),
    patch("/api/v1/queues/{id}", || web::patch().to(people::queues::update)),
    delete("/api/v1/queues/{id}", || web::delete().to(people::queues::delete)),
    put("/api/v1/queues/{id}/members/{user_id}", || web::put().to(people::add_member)),
    delete("/api/v1/queues/{id}/members/{user_id}", || web::delete().to(people::remove_member)),
    get("/api/v1/saved-searches", || read().to(people::saved_searches::list)),
    post("/api/v1/saved-searches", || web::post().to(people::saved_searches::create)),
    get("/api/v1/saved-searches/{id}", || read().to(people::saved_searches::find)),
    patch("/api/v1/saved-searches/{id}", || web::patch().to(people::saved_searches::update)),
    delete("/api/v1/saved-searches/{id}", || web::delete().to(people::saved_searches::delete)),
    post("/api/v1/session", || web::post().to(session::sign_in)),
    get("/api/v1/session", || read().to(session::find)),
    delete("/api/v1/session", || web::delete().to(session::sign_out)),
    delete("/api/v1/sessions", || web::delete().to(session::sign_out_everywhere)),
    post("/api/v1/me/password", || web::post().to(session::change_password)),
    get("/api/v1/me/permissions", || read().to(session::permissions)),
    get("/api/v1/oidc/start", || read().to(oidc::start)),
    get("/api/v1/oidc/callback", || read().to(oidc::callback)),
    get("/api/v1/setup", || read().to(setup::find)),
    post("/api/v1/setup", || web::post().to(setup::set_up)),
    get("/api/v1/audit", || read().to(audit::list)),
    get("/api/v1/audit/export", || read().to(audit::export)),
    get("/api/v1/admin/backup", || read().to(admin::back_up)),
    post("/api/v1/admin/check", || web::post().to(admin::check)),
    post("/api/v1/admin/reindex", || web::post().to(admin::reindex)),
    post("/api/v1/admin/compact", || web::post().to(admin::compact)),
    get("/api/v1/cluster", || read().to(cluster::read)),
    post("/rest/v1/contacts", || web::post().to(edge_functions::create)),
    post("/functions/v1/search-contacts", || web::post().to(edge_functions::search)),
    post("/functions/v1/import-contacts", || web::post().to(edge_functions::import)),
    post("/api/crm-contacts/{tenant}/import", || web::post().to(crm_contacts::import)),
    post("/api/crm-contacts/{tenant}/import-preview", || web::post().to(crm_contacts::preview)),
    get("/api/crm-contacts/{tenant}/import-errors", || read().to(crm_contacts::errors)),
    get("/api/crm-import-maps/{tenant}", || read().to(crm_import_maps::list)),
    post("/api/crm-import-maps/{tenant}", || web::post().to(crm_import_maps::create)),
    get("/api/crm-import-maps/{tenant}/{id}", || read().to(crm_import_maps::find)),
    put("/api/crm-import-maps/{tenant}/{id}", || web::put().to(crm_import_maps::replace)),
    delete("/api/crm-import-maps/{tenant}/{id}", || web::delete().to(crm_import_maps::delete)),
    get("/api/contacts", || read().to(contacts_api::list)),
    post("/api/contacts", || web::post().to(contacts_api::create)),
    post("/api/contacts/bulk", || web::post().to(contacts_api::create_many)),
    post("/api/contacts/import/google-sheets", || web::post().to(contacts_api::import_sheet)),
    get("/api/contacts/{id}", || read().to(contacts_api::find)),
    put("/api/contacts/{id}", || web::put().to(contacts_api::update)),
    delete("/api/contacts/{id}", || web::delete().to(contacts_api::delete)),
    get("/api/v1/changes", || read().to(feed::list)),
    get("/api/v1/events", || web::get().to(feed::follow)),
    get("/api/v1/webhooks/{id}/deliveries", || read().to(webhooks::deliveries)),
    post("/api/v1/webhooks/{id}/test", || web::post().to(webhooks::test)),
    post("/api/v1/webhooks/{id}/deliveries/{n}/replay", || web::post().to(webhooks::replay)),
    get("/cid", || read().to(cid::by_query)),
    get("/cid/{number}", || read().to(cid::by_path)),
    get("/cid/{token}/{number}", || read().to(cid::by_token_and_path)),
    get("/api/v1/edge/snapshot", || read().to(edge::snapshot)),
    get("/integrations/3cx/template.xml", || read().to(three_cx::template)),
    get("/integrations/3cx/lookup", || read().to(three_cx::find)),
    get("/integrations/3cx/search", || read().to(three_cx::search)),
    post("/integrations/3cx/journal", || web::post().to(three_cx::journal)),
    post("/integrations/3cx/contacts", || web::post().to(three_cx::create)),
    post("/integrations/cti/{token}", || web::post().to(cti::take)),
    get("/phonebook/{vendor}.xml", || read().to(phonebook::read)),
    post("/phonebook/{vendor}.xml", || web::post().to(phonebook::read_by_post)),
    get("/phonebook/grandstream/{token}/phonebook.xml", || read().to(phonebook::grandstream)),
    get("/phonebook/grandstream/{token}/gs_phonebook.xml", || {
        read().to(phonebook::old_grandstream)
    }),
    get("/", || read().to(assets::index)),
    get("/pop", || read().to(assets::index)),
    get("/duplicates", || read().to(assets::index)),
    get("/contacts", || read().to(assets::index)),
    get("/contacts/{id}", || read().to(assets::index)),
    get("/companies", || read().to(assets::index)),
    get("/deals", || read().to(assets::index)),
    get("/tasks", || read().to(assets::index)),
    get("/lists", || read().to(assets::index)),
    get("/import", || read().to(assets::index)),
    get("/jobs", || read().to(assets::index)),
    get("/profile", || read().to(assets::index)),
    get("/import/{id}", || read().to(assets::index)),
    get("/settings", || read().to(assets::index)),
    get("/settings/{section}", || read().to(assets::index)),
    get("/sign-in", || read().to(assets::index)),
    get("/setup", || read().to(assets::index)),
    get("/docs", || read().to(assets::docs)),
    get("/ui/{hash}/{path:.*}", || read().to(assets::file)),
];

/// Puts the table into an application.
pub(super) fn configure(config: &mut ServiceConfig) {
    let mut paths: Vec<&str> = Vec::new();
    for endpoint in ROUTES.iter() {
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
    super::dav::configure(config);
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
