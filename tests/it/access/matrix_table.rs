//! What every route needs, in one table.

use ringdex::domain::access::Permission as P;
use ringdex::domain::record::{AnyKind, KINDS};

/// What a route needs and what it is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    /// Everybody may, without a token.
    Open,
    /// Is there only where single sign-on is configured, with or without a token.
    SingleSignOn,
    /// About the session of a browser: a token has none.
    Session,
    /// Every caller may; what a person and what a machine is answered.
    Caller(u16, u16),
    /// One contact by its id.
    Contact(&'static [P]),
    /// Counts or shows contacts: those that are seen.
    Contacts(P),
    /// Makes contacts.
    Make(P),
    /// One import by its id.
    Import(u16),
    /// A record of the organisation by its id: who may any of these, and what success answers.
    Record(Noun, &'static [P], u16),
    /// Changes a search that somebody else shares: everybody who searches sees it.
    SharedSearch(u16),
    /// As `Whole`, and only for those who see all contacts.
    Everything(&'static [P], u16),
    /// For devices: who may any of these, and what success answers. Refusals are in their formats.
    Device(&'static [P], u16),
    /// Something of the whole organisation.
    Whole(&'static [P], u16),
    /// Records of the kind of this number; tried together.
    OfKind(u8),
}

/// Every route with its rule: those that are written down, and those of the kinds of records.
pub(super) fn table() -> Vec<(&'static str, &'static str, Rule)> {
    let of_kind = |kind: &&'static dyn AnyKind| {
        let (rule, [all, one, restored]) = (Rule::OfKind(kind.info().number), kind.info().paths);
        let routes = [
            ("GET", all),
            ("POST", all),
            ("GET", one),
            ("PATCH", one),
            ("DELETE", one),
            ("POST", restored),
        ];
        routes.map(|(method, path)| (method, path, rule))
    };
    TABLE.iter().copied().chain(KINDS.iter().flat_map(of_kind)).collect()
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Noun {
    User,
    Department,
    Queue,
    Member,
    SavedSearch,
    Token,
    CustomField,
    Merge,
}

const NAMES: &[P] = &[P::Search, P::ManageUsers];
const PEOPLE: &[P] = &[P::ManageUsers];
const READERS: &[P] = &[P::Search, P::View, P::ManageFields];
const MERGERS: &[P] = &[P::Merge];
const IMPORTERS: &[P] = &[P::Import];
const RUNNERS: &[P] = &[P::Merge, P::Import];
const FIELDS: &[P] = &[P::ManageFields];
const TAGGERS: &[P] = &[P::ManageTags];
const BOOK_READERS: &[P] = &[P::Phonebook, P::Search];
const REPORTERS: &[P] = &[P::ReportCalls, P::Edit];
const SETTINGS: &[P] = &[P::ManageSettings];
pub(super) const OPERATE: &[P] = &[P::Operate];

/// The routes that are written down.
const TABLE: &[(&str, &str, Rule)] = &[
    ("GET", "/healthz", Rule::Open),
    ("GET", "/readyz", Rule::Open),
    // Without a token it answers this machine alone, which is where tests run.
    ("GET", "/metrics", Rule::Whole(OPERATE, 200)),
    ("GET", "/openapi.json", Rule::Open),
    ("GET", "/api/v1/lookup", Rule::Contacts(P::Lookup)),
    ("POST", "/api/v1/lookup/batch", Rule::Contacts(P::Lookup)),
    ("GET", "/api/v1/contacts", Rule::Contacts(P::Search)),
    ("GET", "/api/v1/suggest", Rule::Contacts(P::Search)),
    ("POST", "/api/v1/contacts/search", Rule::Contacts(P::Search)),
    ("GET", "/api/v1/contacts/export", Rule::Contacts(P::Export)),
    // Without a format that there is.
    ("POST", "/api/v1/exports", Rule::Whole(&[P::Export], 422)),
    ("GET", "/api/v1/exports/{id}", Rule::Whole(&[P::Export], 404)),
    ("GET", "/api/v1/exports/{id}/file", Rule::Whole(&[P::Export], 404)),
    ("POST", "/api/v1/imports", Rule::Contacts(P::Import)),
    ("POST", "/api/v1/contacts", Rule::Make(P::Create)),
    ("POST", "/api/v1/contacts/bulk", Rule::Make(P::Create)),
    ("POST", "/api/v1/contacts/bulk-actions", Rule::Whole(&[P::Edit], 202)),
    // Without contacts; those that take part are tried where merging is.
    ("POST", "/api/v1/contacts/merge", Rule::Whole(MERGERS, 422)),
    ("GET", "/api/v1/merges", Rule::Whole(MERGERS, 200)),
    ("GET", "/api/v1/merges/{id}", Rule::Record(Noun::Merge, MERGERS, 200)),
    ("POST", "/api/v1/merges/{id}/undo", Rule::Record(Noun::Merge, MERGERS, 200)),
    // The jobs are those that the caller has started.
    ("GET", "/api/v1/jobs", Rule::Caller(200, 200)),
    ("GET", "/api/v1/jobs/{id}", Rule::Caller(404, 404)),
    ("POST", "/api/v1/jobs/{id}/cancel", Rule::Caller(404, 404)),
    ("POST", "/api/v1/jobs/{id}/undo", Rule::Caller(404, 404)),
    ("GET", "/api/v1/contacts/{id}", Rule::Contact(&[P::View])),
    ("PATCH", "/api/v1/contacts/{id}", Rule::Contact(&[P::Edit])),
    ("DELETE", "/api/v1/contacts/{id}", Rule::Contact(&[P::Delete])),
    ("POST", "/api/v1/contacts/{id}/restore", Rule::Contact(&[P::Delete])),
    // Without a list that can be read.
    ("POST", "/api/v1/imports/preview", Rule::Whole(IMPORTERS, 422)),
    ("GET", "/api/v1/imports", Rule::Whole(IMPORTERS, 200)),
    ("GET", "/api/v1/imports/{id}", Rule::Import(200)),
    ("GET", "/api/v1/imports/{id}/errors.csv", Rule::Import(200)),
    ("POST", "/api/v1/imports/{id}/cancel", Rule::Import(200)),
    ("POST", "/api/v1/imports/{id}/undo", Rule::Import(409)),
    ("GET", "/api/v1/imports/{id}/questions", Rule::Import(200)),
    ("POST", "/api/v1/imports/{id}/questions", Rule::Import(422)),
    ("GET", "/api/v1/imports/template.csv", Rule::Whole(IMPORTERS, 200)),
    ("GET", "/api/v1/imports/preview/{upload_id}/rows", Rule::Whole(IMPORTERS, 422)),
    ("PUT", "/api/v1/import-templates/{id}", Rule::Whole(IMPORTERS, 404)),
    ("GET", "/api/v1/organizations", Rule::Whole(SETTINGS, 200)),
    ("POST", "/api/v1/organizations", Rule::Whole(OPERATE, 201)),
    ("GET", "/api/v1/organizations/{id}", Rule::Whole(OPERATE, 200)),
    ("PATCH", "/api/v1/organizations/{id}", Rule::Whole(OPERATE, 200)),
    ("GET", "/api/v1/tokens", Rule::Whole(PEOPLE, 200)),
    ("POST", "/api/v1/tokens", Rule::Whole(PEOPLE, 201)),
    ("GET", "/api/v1/tokens/{id}", Rule::Record(Noun::Token, PEOPLE, 200)),
    ("PATCH", "/api/v1/tokens/{id}", Rule::Record(Noun::Token, PEOPLE, 200)),
    ("DELETE", "/api/v1/tokens/{id}", Rule::Record(Noun::Token, PEOPLE, 204)),
    ("GET", "/api/v1/settings", Rule::Whole(SETTINGS, 200)),
    ("PATCH", "/api/v1/settings", Rule::Whole(SETTINGS, 200)),
    ("POST", "/api/v1/contacts/{id}/erasure", Rule::Contact(&[P::Edit])),
    ("GET", "/api/v1/erasures", Rule::Whole(&[P::Edit], 200)),
    // Without erasures.
    ("GET", "/api/v1/erasures/{id}", Rule::Whole(&[P::Edit], 404)),
    ("POST", "/api/v1/erasures/{id}/approve", Rule::Whole(SETTINGS, 404)),
    ("POST", "/api/v1/erasures/{id}/refuse", Rule::Whole(SETTINGS, 422)),
    ("POST", "/api/v1/retention/runs", Rule::Whole(SETTINGS, 422)),
    ("POST", "/api/v1/lead-score/runs", Rule::Whole(SETTINGS, 202)),
    ("GET", "/api/v1/users", Rule::Whole(NAMES, 200)),
    ("POST", "/api/v1/users", Rule::Whole(PEOPLE, 201)),
    ("GET", "/api/v1/users/{id}", Rule::Record(Noun::User, NAMES, 200)),
    ("PATCH", "/api/v1/users/{id}", Rule::Record(Noun::User, PEOPLE, 200)),
    ("DELETE", "/api/v1/users/{id}", Rule::Record(Noun::User, PEOPLE, 204)),
    ("GET", "/api/v1/contacts/{id}/timeline", Rule::Contact(&[P::View])),
    ("GET", "/api/v1/contacts/{id}/gdpr-export", Rule::Contact(&[P::Export])),
    ("GET", "/api/v1/companies/suggest", Rule::Whole(&[P::View], 422)),
    // Without companies.
    ("POST", "/api/v1/companies/{id}/merge", Rule::Whole(&[P::Merge], 422)),
    ("POST", "/api/v1/companies/{id}/merge/undo", Rule::Whole(&[P::Merge], 404)),
    ("GET", "/api/v1/calls/callbacks", Rule::Whole(&[P::View], 200)),
    ("GET", "/api/v1/health", Rule::Whole(&[P::Import], 200)),
    ("GET", "/api/v1/contacts/{id}/delete-impact", Rule::Contact(&[P::Delete])),
    ("GET", "/api/v1/departments", Rule::Whole(NAMES, 200)),
    ("POST", "/api/v1/departments", Rule::Whole(PEOPLE, 201)),
    ("GET", "/api/v1/departments/{id}", Rule::Record(Noun::Department, NAMES, 200)),
    ("PATCH", "/api/v1/departments/{id}", Rule::Record(Noun::Department, PEOPLE, 200)),
    ("DELETE", "/api/v1/departments/{id}", Rule::Record(Noun::Department, PEOPLE, 204)),
    ("GET", "/api/v1/queues", Rule::Whole(NAMES, 200)),
    ("POST", "/api/v1/queues", Rule::Whole(PEOPLE, 201)),
    ("GET", "/api/v1/queues/{id}", Rule::Record(Noun::Queue, NAMES, 200)),
    ("PATCH", "/api/v1/queues/{id}", Rule::Record(Noun::Queue, PEOPLE, 200)),
    ("DELETE", "/api/v1/queues/{id}", Rule::Record(Noun::Queue, PEOPLE, 204)),
    ("PUT", "/api/v1/queues/{id}/members/{user_id}", Rule::Record(Noun::Member, PEOPLE, 200)),
    ("DELETE", "/api/v1/queues/{id}/members/{user_id}", Rule::Record(Noun::Member, PEOPLE, 200)),
    ("GET", "/api/v1/saved-searches", Rule::Whole(&[P::Search], 200)),
    ("POST", "/api/v1/saved-searches", Rule::Whole(&[P::Search], 201)),
    ("GET", "/api/v1/saved-searches/{id}", Rule::Record(Noun::SavedSearch, &[P::Search], 200)),
    ("PATCH", "/api/v1/saved-searches/{id}", Rule::SharedSearch(200)),
    ("DELETE", "/api/v1/saved-searches/{id}", Rule::SharedSearch(204)),
    ("POST", "/api/v1/duplicates/check", Rule::Contacts(P::Search)),
    ("GET", "/api/v1/duplicates", Rule::Whole(MERGERS, 200)),
    ("GET", "/api/v1/duplicates/dismissals", Rule::Whole(MERGERS, 200)),
    ("POST", "/api/v1/duplicates/dismissals", Rule::Whole(MERGERS, 422)),
    ("DELETE", "/api/v1/duplicates/dismissals", Rule::Whole(MERGERS, 422)),
    ("GET", "/api/v1/duplicates/accuracy", Rule::Everything(MERGERS, 200)),
    ("GET", "/api/v1/duplicates/auto-merges", Rule::Everything(MERGERS, 200)),
    ("POST", "/api/v1/duplicates/auto-merges", Rule::Everything(MERGERS, 422)),
    ("POST", "/api/v1/duplicates/auto-merges/{id}/undo", Rule::Everything(MERGERS, 404)),
    // The runs are those that the caller has started, of who merges or imports.
    ("GET", "/api/v1/duplicates/runs", Rule::Whole(RUNNERS, 200)),
    ("POST", "/api/v1/duplicates/runs", Rule::Whole(MERGERS, 202)),
    ("GET", "/api/v1/duplicates/runs/{id}", Rule::Whole(RUNNERS, 404)),
    ("POST", "/api/v1/duplicates/runs/{id}/cancel", Rule::Whole(RUNNERS, 404)),
    ("GET", "/api/v1/duplicates/runs/{id}/report", Rule::Whole(RUNNERS, 404)),
    ("GET", "/api/v1/custom-fields", Rule::Whole(READERS, 200)),
    ("POST", "/api/v1/custom-fields", Rule::Whole(FIELDS, 201)),
    ("PUT", "/api/v1/custom-fields/order", Rule::Whole(FIELDS, 422)),
    ("POST", "/api/v1/custom-fields/order", Rule::Whole(FIELDS, 422)),
    ("GET", "/api/v1/custom-fields/{id}", Rule::Record(Noun::CustomField, READERS, 200)),
    ("PATCH", "/api/v1/custom-fields/{id}", Rule::Record(Noun::CustomField, FIELDS, 200)),
    // Deleting needs a confirmation.
    ("DELETE", "/api/v1/custom-fields/{id}", Rule::Record(Noun::CustomField, FIELDS, 409)),
    ("PUT", "/api/v1/lists/{id}/members", Rule::Whole(&[P::Edit], 404)),
    ("DELETE", "/api/v1/lists/{id}/members", Rule::Whole(&[P::Edit], 404)),
    ("GET", "/api/v1/contacts/{id}/consents", Rule::Contact(&[P::View])),
    // Without a status.
    ("POST", "/api/v1/contacts/{id}/consents", Rule::Contact(&[P::Edit])),
    ("POST", "/api/v1/dnc/check", Rule::Whole(&[P::Lookup], 422)),
    ("GET", "/api/v1/tags", Rule::Whole(&[P::View], 200)),
    ("GET", "/api/v1/tags/proposals", Rule::Whole(&[P::View], 200)),
    // Without tags; contacts that change are tried where tags are.
    ("POST", "/api/v1/tags/merge", Rule::Whole(TAGGERS, 422)),
    ("POST", "/api/v1/tags/auto-country", Rule::Whole(TAGGERS, 422)),
    ("PATCH", "/api/v1/tags/{tag}", Rule::Whole(TAGGERS, 422)),
    ("DELETE", "/api/v1/tags/{tag}", Rule::Whole(TAGGERS, 404)),
    ("POST", "/api/v1/session", Rule::Session),
    ("GET", "/api/v1/session", Rule::Session),
    ("DELETE", "/api/v1/session", Rule::Caller(204, 204)),
    ("DELETE", "/api/v1/sessions", Rule::Caller(204, 404)),
    ("POST", "/api/v1/me/password", Rule::Caller(422, 422)),
    ("GET", "/api/v1/me/permissions", Rule::Caller(200, 200)),
    ("GET", "/api/v1/setup", Rule::Open),
    // There are users already.
    ("POST", "/api/v1/setup", Rule::Whole(OPERATE, 409)),
    ("GET", "/api/v1/oidc/start", Rule::SingleSignOn),
    ("GET", "/api/v1/oidc/callback", Rule::SingleSignOn),
    ("GET", "/sign-in", Rule::Open),
    ("GET", "/setup", Rule::Open),
    ("GET", "/api/v1/audit", Rule::Whole(&[P::ReadAudit], 200)),
    ("GET", "/api/v1/audit/export", Rule::Whole(&[P::ReadAudit], 200)),
    ("GET", "/api/v1/admin/backup", Rule::Whole(OPERATE, 200)),
    ("POST", "/api/v1/admin/check", Rule::Whole(OPERATE, 200)),
    ("POST", "/api/v1/admin/reindex", Rule::Whole(OPERATE, 200)),
    ("POST", "/api/v1/admin/compact", Rule::Whole(OPERATE, 200)),
    ("GET", "/api/v1/cluster", Rule::Whole(OPERATE, 200)),
    ("GET", "/api/v1/changes", Rule::Whole(&[P::View], 200)),
    // From a place that is none; those who may follow are tried where changes are.
    ("GET", "/api/v1/events", Rule::Whole(&[P::View], 422)),
    ("GET", "/api/v1/webhooks/{id}/deliveries", Rule::Whole(SETTINGS, 404)),
    ("POST", "/api/v1/webhooks/{id}/test", Rule::Whole(SETTINGS, 404)),
    ("POST", "/api/v1/webhooks/{id}/deliveries/{n}/replay", Rule::Whole(SETTINGS, 404)),
    ("GET", "/cid", Rule::Device(&[P::Lookup], 200)),
    ("GET", "/cid/{number}", Rule::Device(&[P::Lookup], 200)),
    ("GET", "/cid/{token}/{number}", Rule::Device(&[P::Lookup], 200)),
    ("GET", "/api/v1/edge/snapshot", Rule::Device(&[P::Phonebook], 200)),
    ("GET", "/integrations/3cx/template.xml", Rule::Caller(200, 200)),
    ("GET", "/integrations/3cx/lookup", Rule::Device(&[P::Lookup], 200)),
    ("GET", "/integrations/3cx/search", Rule::Device(BOOK_READERS, 200)),
    // Without a number.
    ("POST", "/integrations/3cx/journal", Rule::Device(REPORTERS, 422)),
    ("POST", "/integrations/3cx/contacts", Rule::Device(&[P::Create], 422)),
    ("POST", "/integrations/cti/{token}", Rule::Device(REPORTERS, 422)),
    ("GET", "/phonebook/{vendor}.xml", Rule::Device(BOOK_READERS, 200)),
    ("POST", "/phonebook/{vendor}.xml", Rule::Device(BOOK_READERS, 200)),
    ("GET", "/phonebook/grandstream/{token}/phonebook.xml", Rule::Device(BOOK_READERS, 200)),
    ("GET", "/phonebook/grandstream/{token}/gs_phonebook.xml", Rule::Device(BOOK_READERS, 200)),
    ("POST", "/rest/v1/contacts", Rule::Make(P::Create)),
    ("POST", "/functions/v1/search-contacts", Rule::Contacts(P::Search)),
    // Without a list.
    ("POST", "/functions/v1/import-contacts", Rule::Whole(IMPORTERS, 422)),
    ("POST", "/api/crm-contacts/{tenant}/import", Rule::Device(IMPORTERS, 422)),
    ("POST", "/api/crm-contacts/{tenant}/import-preview", Rule::Device(IMPORTERS, 422)),
    ("GET", "/api/crm-contacts/{tenant}/import-errors", Rule::Device(IMPORTERS, 422)),
    ("GET", "/api/crm-import-maps/{tenant}", Rule::Device(IMPORTERS, 200)),
    ("POST", "/api/crm-import-maps/{tenant}", Rule::Device(IMPORTERS, 201)),
    ("GET", "/api/crm-import-maps/{tenant}/{id}", Rule::Device(IMPORTERS, 404)),
    ("PUT", "/api/crm-import-maps/{tenant}/{id}", Rule::Device(IMPORTERS, 404)),
    ("DELETE", "/api/crm-import-maps/{tenant}/{id}", Rule::Device(IMPORTERS, 404)),
    ("GET", "/api/contacts", Rule::Contacts(P::Search)),
    ("POST", "/api/contacts", Rule::Make(P::Create)),
    ("POST", "/api/contacts/bulk", Rule::Make(P::Create)),
    ("POST", "/api/contacts/import/google-sheets", Rule::Whole(IMPORTERS, 422)),
    ("GET", "/api/contacts/{id}", Rule::Contact(&[P::View])),
    ("PUT", "/api/contacts/{id}", Rule::Contact(&[P::Edit])),
    ("DELETE", "/api/contacts/{id}", Rule::Contact(&[P::Delete])),
    ("GET", "/", Rule::Open),
    ("GET", "/pop", Rule::Open),
    ("GET", "/duplicates", Rule::Open),
    ("GET", "/contacts", Rule::Open),
    ("GET", "/contacts/{id}", Rule::Open),
    ("GET", "/companies", Rule::Open),
    ("GET", "/deals", Rule::Open),
    ("GET", "/tasks", Rule::Open),
    ("GET", "/lists", Rule::Open),
    ("GET", "/import", Rule::Open),
    ("GET", "/jobs", Rule::Open),
    ("GET", "/profile", Rule::Open),
    ("GET", "/settings", Rule::Open),
    ("GET", "/import/{id}", Rule::Open),
    ("GET", "/settings/{section}", Rule::Open),
    ("GET", "/docs", Rule::Open),
    ("GET", "/ui/{hash}/{path:.*}", Rule::Open),
];
