//! The `OpenAPI` document, made from the handlers.

use actix_web::HttpResponse;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{admin, audit, contacts, export, health, imports, lookup, people, search, session};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ringdex",
        description = "Search-engine-centric contact service: who is calling, and find anyone as you type. Errors are RFC 9457 problem details with a permanent `code`.",
    ),
    paths(
        contacts::create, contacts::find, contacts::update, contacts::delete, contacts::restore, contacts::create_many,
        search::list, search::search, export::export,
        lookup::lookup, lookup::lookup_batch,
        imports::create, imports::find, imports::errors, imports::cancel,
        admin::create_organization, admin::list_organizations, admin::update_organization,
        admin::list_tokens, admin::create_token, admin::find_token, admin::revoke_token,
        admin::read_settings, admin::update_settings,
        people::users::list, people::users::create, people::users::find, people::users::update, people::users::delete,
        people::departments::list, people::departments::create, people::departments::find, people::departments::update, people::departments::delete,
        people::queues::list, people::queues::create, people::queues::find, people::queues::update, people::queues::delete,
        people::add_member, people::remove_member,
        session::sign_in, session::find, session::sign_out, session::sign_out_everywhere, session::change_password,
        session::permissions, audit::list,
        admin::check, admin::reindex,
        health::healthz, health::readyz, health::metrics,
    ),
    security(("token" = [])),
    modifiers(&Security)
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
