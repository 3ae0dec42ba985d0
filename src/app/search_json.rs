//! A search answer as JSON, the same for HTTP and the command line.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::search::SearchAnswer;
use crate::domain::text::fold;
use crate::domain::view::ContactView;
use crate::engine::search::Facet;
use crate::query::Warning;

#[derive(Serialize)]
struct SearchBody<'a, C: Serialize> {
    total: usize,
    total_exact: bool,
    page: usize,
    per_page: usize,
    next_cursor: Option<&'a str>,
    took_us: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stale: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warning_details: Vec<WarningBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    did_you_mean: Option<&'a str>,
    /// Whether the counts are those of the whole result.
    #[serde(skip_serializing_if = "Option::is_none")]
    facets_exact: Option<bool>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    facets: BTreeMap<&'a str, FacetBody<'a>>,
    contacts: Vec<C>,
}

/// What was not understood, and where it stands in the query, in UTF-16 code units.
#[derive(Serialize)]
struct WarningBody<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<&'a str>,
    start: usize,
    end: usize,
}

#[derive(Serialize)]
struct FacetBody<'a> {
    distinct: usize,
    values: Vec<FacetValue<'a>>,
}

#[derive(Serialize)]
struct FacetValue<'a> {
    value: &'a str,
    count: u64,
}

impl SearchAnswer {
    /// The answer as JSON. `q` is the query text that it answers.
    ///
    /// # Errors
    /// None that a record can cause.
    pub fn into_json(self, q: &str) -> Result<Vec<u8>, serde_json::Error> {
        to_json(q, self)
    }
}

fn to_json(q: &str, mut answer: SearchAnswer) -> Result<Vec<u8>, serde_json::Error> {
    let matches: Vec<_> = answer.contacts.iter_mut().map(|(_, matched)| matched.take()).collect();
    let shown = answer.contacts.iter().zip(matches);
    let lists = &answer.lists;
    let shown = shown.map(|((contact, _), matched)| ContactView {
        matched,
        ..ContactView::with(contact, lists)
    });
    if answer.fields.is_empty() {
        let contacts: Vec<ContactView<'_>> = shown.collect();
        return serde_json::to_vec(&body(q, &answer, contacts));
    }
    let fields = &answer.fields;
    let contacts: Result<Vec<Value>, _> = shown.map(|contact| sparse(&contact, fields)).collect();
    serde_json::to_vec(&body(q, &answer, contacts?))
}

/// A contact with its id and the members that were asked for.
fn sparse(contact: &ContactView<'_>, fields: &[String]) -> Result<Value, serde_json::Error> {
    let mut whole = serde_json::to_value(contact)?;
    let keys: Vec<String> =
        fields.iter().filter_map(|name| name.strip_prefix("cf.")).map(fold).collect();
    if let Value::Object(members) = &mut whole {
        let is_asked = |name: &str| fields.iter().any(|field| field == name);
        if !is_asked("custom_fields")
            && let Some(Value::Object(values)) = members.get_mut("custom_fields")
        {
            values.retain(|key, _| keys.contains(&fold(key)));
        }
        members.retain(|name, _| {
            name == "id" || is_asked(name) || name == "custom_fields" && !keys.is_empty()
        });
    }
    Ok(whole)
}

fn body<'a, C: Serialize>(
    q: &str,
    answer: &'a SearchAnswer,
    contacts: Vec<C>,
) -> SearchBody<'a, C> {
    SearchBody {
        total: answer.total,
        total_exact: answer.total_exact,
        page: answer.page,
        per_page: answer.per_page,
        next_cursor: answer.next_cursor.as_deref(),
        took_us: answer.took_us,
        stale: answer.stale,
        partial: answer.partial,
        warnings: answer.warnings.iter().map(|warning| warning.message.as_str()).collect(),
        warning_details: answer.warnings.iter().map(|warning| detail(q, warning)).collect(),
        did_you_mean: answer.did_you_mean.as_deref(),
        facets_exact: (!answer.facets.is_empty()).then_some(answer.total_exact),
        facets: answer.facets.iter().map(|(name, facet)| (name.as_str(), counts(facet))).collect(),
        contacts,
    }
}

fn detail<'a>(q: &str, warning: &'a Warning) -> WarningBody<'a> {
    let (start, end) = warning.utf16_span(q);
    let suggestion = warning.suggestion.as_deref();
    WarningBody { message: &warning.message, suggestion, start, end }
}

fn counts(facet: &Facet) -> FacetBody<'_> {
    FacetBody {
        distinct: facet.distinct,
        values: facet
            .values
            .iter()
            .map(|(value, count)| FacetValue { value, count: *count })
            .collect(),
    }
}
