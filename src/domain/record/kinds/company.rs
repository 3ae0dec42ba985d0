//! A company: what is known of it beside the people who work there.

use serde::{Deserialize, Serialize};

use super::names;
use crate::domain::access::Permission;
use crate::domain::record::kind::{Kind, KindInfo, OnErased};
use crate::domain::record::{FieldInfo, FieldKind, MERGED_INTO, Writable};

/// A company.
#[derive(Serialize, Deserialize)]
pub(super) struct Company {
    name: String,
    domain: Option<String>,
    phones: Option<Vec<String>>,
    emails: Option<Vec<String>>,
    address: Option<serde_json::Map<String, serde_json::Value>>,
    website: Option<String>,
    industry: Option<String>,
    owner: Option<String>,
    tags: Option<Vec<String>>,
    custom_fields: Option<serde_json::Map<String, serde_json::Value>>,
    notes: Option<String>,
    /// The company into which it went; it is deleted since.
    merged_into: Option<uuid::Uuid>,
}

impl Kind for Company {
    const INFO: KindInfo = KindInfo {
        number: 5,
        about: "A company: what is known of it beside the people who work there.",
        sort: "name",
        derived: &[
            ("contacts_count", "how many contacts belong to it, as far as you see them"),
            ("open_deals", "how many of its deals are open"),
            ("open_deals_value", "what these are worth"),
        ],
        ..names!("company", "companies")
    };

    const FIELDS: &'static [FieldInfo] = &[
        FieldInfo::new("name", FieldKind::Text(500), "what it is called", r#""Acme Inc""#)
            .required()
            .searched(),
        FieldInfo::new("domain", FieldKind::Text(253), "of its addresses", r#""acme.example""#)
            .searched(),
        FieldInfo::new("phones", FieldKind::Texts(200), "its numbers", r#"["+12025550100"]"#),
        FieldInfo::new("emails", FieldKind::Texts(320), "its addresses", r#"["hi@acme.example"]"#),
        FieldInfo::new("address", FieldKind::Object, "where it is", r#"{"city": "Berlin"}"#),
        FieldInfo::new("website", FieldKind::Text(2_000), "its page", r#""https://acme.example""#),
        FieldInfo::new("industry", FieldKind::Text(200), "what it does", r#""Logistics""#),
        FieldInfo::new("owner", FieldKind::User, "who looks after it", r#""jane@example.com""#),
        FieldInfo::new("tags", FieldKind::Texts(100), "words to find it by", r#"["vip"]"#),
        FieldInfo::new("custom_fields", FieldKind::Object, "more about it", r#"{"size": 12}"#),
        FieldInfo::new("notes", FieldKind::Prose(100_000), "more about it", r#""Since 1998""#)
            .searched(),
        FieldInfo::new(
            MERGED_INTO,
            FieldKind::Text(36),
            "the company into which it went, if it did",
            r#""018f0000-0000-7000-8000-000000000000""#,
        )
        .written(Writable::Never),
    ];
}
