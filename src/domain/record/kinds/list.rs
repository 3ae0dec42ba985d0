//! A list of contacts: picked one by one, or whoever meets a query.

use serde::{Deserialize, Serialize};

use super::names;
use crate::domain::access::Permission;
use crate::domain::issue::FieldIssue;
use crate::domain::record::kind::{Kind, KindInfo, OnErased, Writing};
use crate::domain::record::{FieldInfo, FieldKind, Writable};

/// A list. Its members are facts of the contacts.
#[derive(Serialize, Deserialize)]
pub(super) struct List {
    name: String,
    kind: String,
    q: Option<String>,
    filter: Option<serde_json::Map<String, serde_json::Value>>,
    description: Option<String>,
}

impl Kind for List {
    const INFO: KindInfo = KindInfo {
        number: 6,
        about: "A list of contacts: picked one by one (static), or whoever meets a query (dynamic).",
        sort: "name",
        ..names!("list", "lists")
    };

    const FIELDS: &'static [FieldInfo] = &[
        FieldInfo::new("name", FieldKind::Text(200), "what it is called", r#""Hot leads""#)
            .required()
            .searched(),
        FieldInfo::new(
            "kind",
            FieldKind::Choice(&["static", "dynamic"]),
            "whether contacts are picked, or whoever meets the query belongs to it; stays as it is",
            r#""dynamic""#,
        )
        .or("static"),
        FieldInfo::new(
            "q",
            FieldKind::Prose(10_000),
            "query text, of a dynamic list",
            r#""tag:hot""#,
        ),
        FieldInfo::new(
            "filter",
            FieldKind::Object,
            "conditions as a JSON tree, of a dynamic list",
            r#"{"field": "status", "op": "is", "value": "active"}"#,
        ),
        FieldInfo::new(
            "description",
            FieldKind::Prose(10_000),
            "what it is for",
            r#""Call first""#,
        )
        .searched(),
        FieldInfo::new("count", FieldKind::Count, "how many contacts you see in it", "12")
            .written(Writable::Derived),
    ];

    fn settle(
        &mut self,
        before: Option<&Self>,
        _writing: Writing<'_>,
    ) -> Result<(), Vec<FieldIssue>> {
        if before.is_some_and(|before| before.kind != self.kind) {
            let detail = "stays as it is: make another list";
            return Err(vec![FieldIssue::new("/kind", "fixed", detail)]);
        }
        let asks = self.q.is_some() || self.filter.as_ref().is_some_and(|all| !all.is_empty());
        match (self.kind.as_str(), asks) {
            ("dynamic", false) => {
                let detail = "is required, or filter: a dynamic list is who meets them";
                Err(vec![FieldIssue::new("/q", "required", detail)])
            }
            ("static", true) => {
                let at = if self.q.is_some() { "/q" } else { "/filter" };
                let detail = "is only of dynamic lists: the members of a static one are picked";
                Err(vec![FieldIssue::new(at, "not_allowed", detail)])
            }
            _ => Ok(()),
        }
    }
}
