//! The shapes of searches, completions and saved searches, for the `OpenAPI` document only.

use serde_json::Value;
use utoipa::ToSchema;

use super::Contact;

#[derive(ToSchema)]
pub(in crate::http) struct SearchInput {
    pub q: Option<String>,
    /// Conditions as a tree, see docs/query-language.md.
    pub filter: Option<Value>,
    /// The id or name of a saved search, which must match as well.
    pub saved_search: Option<String>,
    pub sort: Option<String>,
    pub page: Option<usize>,
    pub per_page: Option<usize>,
    pub cursor: Option<String>,
    /// Begin at this letter or text, in orders by name.
    pub start: Option<String>,
    pub status: Option<String>,
    /// Tags that contacts must have, see `tag_mode`.
    pub tag: Option<Vec<String>>,
    /// The same.
    pub tags: Option<Vec<String>>,
    /// A day, month, range or age as in the query language; likewise every other field of it.
    pub created: Option<String>,
    /// From this day on; likewise with other dates and numbers.
    pub created_from: Option<String>,
    /// Until the end of this day.
    pub created_to: Option<String>,
    /// Only these members of each contact, beside its id.
    pub only: Option<Vec<String>>,
    /// The fields into which plain words of `q` look.
    pub fields: Option<Vec<String>>,
    /// `any`, `all` or `none` of the tags.
    pub tag_mode: Option<String>,
    pub tag_contains: Option<String>,
    pub owner: Option<String>,
    pub queue: Option<String>,
    pub department: Option<String>,
    pub source: Option<String>,
    pub company: Option<String>,
    /// Fields whose values are counted over the whole result.
    pub facets: Option<Vec<String>>,
    pub facet_values: Option<usize>,
    /// Stop after so many matches; the total is then a lower bound.
    pub total_limit: Option<usize>,
    /// Say what each part of the query adds to the score.
    pub explain: Option<bool>,
    /// `wait` or `false`.
    pub refresh: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct SearchAnswer {
    pub total: usize,
    pub total_exact: bool,
    pub page: usize,
    pub per_page: usize,
    pub next_cursor: Option<String>,
    pub took_us: u64,
    /// Present and true if own writes are not seen yet.
    pub stale: Option<bool>,
    /// Present and true if the time was over before everything was looked at.
    pub partial: Option<bool>,
    pub warnings: Option<Vec<String>>,
    pub warning_details: Option<Vec<SearchWarning>>,
    /// The query with the words that were probably meant.
    pub did_you_mean: Option<String>,
    /// Beside facets: whether they count the whole result. With `total_limit`, and where the time
    /// was over, they count what was looked at.
    pub facets_exact: Option<bool>,
    /// By the names that were asked for.
    pub facets: Option<std::collections::BTreeMap<String, Facet>>,
    pub contacts: Vec<Contact>,
}

#[derive(ToSchema)]
pub(in crate::http) struct SearchWarning {
    pub message: String,
    /// What to put in place of the span.
    pub suggestion: Option<String>,
    /// Where it stands in the query, in UTF-16 code units.
    pub start: usize,
    pub end: usize,
}

#[derive(ToSchema)]
pub(in crate::http) struct Facet {
    /// How many different values there are.
    pub distinct: usize,
    /// The most frequent first.
    pub values: Vec<FacetValue>,
}

#[derive(ToSchema)]
pub(in crate::http) struct FacetValue {
    pub value: String,
    pub count: u64,
}

#[derive(ToSchema)]
pub(in crate::http) struct Suggestion {
    /// name, company, tag, city, source.
    pub kind: String,
    pub text: String,
    /// How many contacts that you see have it; of names, how many of those that come first.
    pub count: u64,
    /// The contact, if it is the name of only one of those.
    pub id: Option<uuid::Uuid>,
}

#[derive(ToSchema)]
pub(in crate::http) struct SuggestAnswer {
    pub suggestions: Vec<Suggestion>,
    pub took_us: u64,
}

#[derive(ToSchema)]
pub(in crate::http) struct SavedSearchInput {
    /// Unique among the searches of the owner.
    pub name: Option<String>,
    /// Query text.
    pub q: Option<String>,
    /// A filter tree; both must match if there is query text as well.
    pub filter: Option<Value>,
    /// As of the search.
    pub sort: Option<String>,
    /// Names of columns, in their order.
    pub columns: Option<Vec<String>>,
    /// Whether everybody in the organisation sees it.
    pub shared: Option<bool>,
}

#[derive(ToSchema)]
pub(in crate::http) struct SavedSearch {
    pub id: uuid::Uuid,
    pub name: String,
    pub q: Option<String>,
    pub filter: Option<Value>,
    pub sort: Option<String>,
    pub columns: Vec<String>,
    pub shared: bool,
    /// `user:ID`, or the token.
    pub owner: String,
    /// Whether you may change it.
    pub editable: bool,
    pub version: u64,
    pub created_at: String,
    pub updated_at: String,
    /// Who made it.
    pub created_by: Option<String>,
}

#[derive(ToSchema)]
pub(in crate::http) struct SavedSearchList {
    pub total: usize,
    pub total_exact: bool,
    pub page: usize,
    pub per_page: usize,
    pub next_cursor: Option<String>,
    pub items: Vec<SavedSearch>,
    /// The same as `items`.
    pub saved_searches: Vec<SavedSearch>,
}
