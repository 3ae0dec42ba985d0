//! The `OpenAPI` document, made from the handlers.

use actix_web::HttpResponse;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::integrations::{cid, cti, edge, phonebook, three_cx};
use super::openapi_complete::Completion;
use super::openapi_examples::Examples;
use super::openapi_records::RecordPaths;
use super::source_systems::{contacts_api, crm_contacts, crm_import_maps, edge_functions};
use super::{
    admin, audit, bulk, cluster, companies, consents, contacts, custom_fields, duplicate_runs,
    duplicates, erasures, export, feed, health, import_preview, imports, jobs, lists, lookup,
    merges, oidc, people, records, search, session, setup, suggest, tags, upkeep, webhooks,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ringdex",
        description = "Search-engine-centric contact service: who is calling, and find anyone as you type. Errors are RFC 9457 problem details with a permanent `code`.",
    ),
    paths(
        contacts::create, contacts::find, contacts::update, contacts::delete, contacts::delete_impact, contacts::timeline, records::callbacks, records::suggest_companies, companies::merge, companies::undo, contacts::personal_data, contacts::restore, contacts::create_many,
        consents::list, consents::record, consents::check,
        merges::merge, merges::list, merges::find, merges::undo,
        bulk::start, jobs::list, jobs::find, jobs::cancel, jobs::undo,
        search::list, search::search, export::export, export::create, export::find, export::fetch,
        lookup::lookup, lookup::lookup_batch, suggest::suggest,
        imports::create, import_preview::preview, imports::list, imports::find, imports::errors, imports::cancel,
        imports::undo, imports::questions, imports::answer, imports::template, imports::replace_template, import_preview::rows,
        admin::create_organization, admin::list_organizations, admin::find_organization, admin::update_organization,
        admin::list_tokens, admin::create_token, admin::find_token, admin::update_token, admin::revoke_token,
        admin::read_settings, admin::update_settings, upkeep::score_leads, upkeep::run_retention,
        erasures::request, erasures::list, erasures::find, erasures::approve, erasures::refuse,
        custom_fields::list, custom_fields::create, custom_fields::find, custom_fields::update, custom_fields::delete,
        custom_fields::order, custom_fields::order_by_post,
        duplicates::check, duplicates::list, duplicates::dismiss, duplicates::dismissals, duplicates::withdraw,
        duplicates::auto_merge, duplicates::auto_merges, duplicates::undo_auto_merge, duplicates::accuracy,
        duplicate_runs::start, duplicate_runs::list, duplicate_runs::find, duplicate_runs::cancel, duplicate_runs::report,
        lists::add, lists::remove,
        tags::list, tags::proposals, tags::update, tags::merge, tags::delete, tags::auto_country,
        people::users::list, people::users::create, people::users::find, people::users::update, people::users::delete,
        people::departments::list, people::departments::create, people::departments::find, people::departments::update, people::departments::delete,
        people::queues::list, people::queues::create, people::queues::find, people::queues::update, people::queues::delete,
        people::saved_searches::list, people::saved_searches::create, people::saved_searches::find, people::saved_searches::update, people::saved_searches::delete,
        people::add_member, people::remove_member,
        session::sign_in, session::find, session::sign_out, session::sign_out_everywhere, session::change_password,
        session::permissions, setup::find, setup::set_up, oidc::start, oidc::callback,
        feed::list, feed::follow, webhooks::deliveries, webhooks::test, webhooks::replay,
        cid::by_query, cid::by_path, cid::by_token_and_path, three_cx::template, three_cx::find, three_cx::search, three_cx::journal, three_cx::create, cti::take,
        edge::snapshot, phonebook::read, phonebook::read_by_post, phonebook::grandstream, phonebook::old_grandstream,
        edge_functions::create, edge_functions::search, edge_functions::import,
        crm_contacts::import, crm_contacts::preview, crm_contacts::errors,
        crm_import_maps::list, crm_import_maps::create, crm_import_maps::find, crm_import_maps::replace, crm_import_maps::delete,
        contacts_api::list, contacts_api::create, contacts_api::create_many, contacts_api::find, contacts_api::update, contacts_api::delete, contacts_api::import_sheet,
        audit::list, audit::export,
        admin::back_up, admin::check, admin::compact, admin::reindex, cluster::read,
        health::healthz, health::readyz, health::figures, health::metrics,
    ),
    security(("token" = [])),
    modifiers(&Security, &RecordPaths, &Completion, &Examples)
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        if let Some(components) = &mut document.components {
            components.add_security_scheme("token", SecurityScheme::Http(scheme));
        }
    }
}

/// The document as pretty-printed JSON.
pub fn document() -> String {
    Document::openapi().to_pretty_json().unwrap_or_default()
}

/// Serves the document.
pub(super) async fn serve() -> HttpResponse {
    static TEXT: std::sync::LazyLock<String> = std::sync::LazyLock::new(document);
    HttpResponse::Ok().content_type("application/json").body(TEXT.as_str())
}
