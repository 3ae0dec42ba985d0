//! A company: what is known of it beside the people who work there.

use serde::{Deserialize, Serialize};

use super::names;
use crate::domain::access::Permission;
use crate::domain::email;
use crate::domain::issue::{FieldIssue, shorten};
use crate::domain::phone::{self, ValidationLevel};
use crate::domain::record::kind::{Kind, KindInfo, OnErased, Writing};
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

    fn settle(
        &mut self,
        before: Option<&Self>,
        _writing: Writing<'_>,
    ) -> Result<(), Vec<FieldIssue>> {
        let mut issues = Vec::new();
        // What was kept before it was looked at may stay.
        if self.domain != before.and_then(|before| before.domain.clone())
            && let Some(text) = &self.domain
        {
            let host = host_of(text);
            if host.is_none() {
                let detail = format!("{:?} is not a domain such as acme.example", shorten(text));
                issues.push(FieldIssue::new("/domain", "domain", detail));
            }
            self.domain = host;
        }
        let known = before.and_then(|before| before.phones.as_deref()).unwrap_or_default();
        for (index, number) in self.phones.iter().flatten().enumerate() {
            if !known.contains(number)
                && let Err(error) = phone::parse(number, None, ValidationLevel::Shape)
            {
                let pointer = format!("/phones/{index}");
                let detail = format!("{:?} {error}", shorten(number));
                issues.push(FieldIssue::new(pointer, error.code(), detail));
            }
        }
        let known = before.and_then(|before| before.emails.as_deref()).unwrap_or_default();
        for (index, address) in self.emails.iter_mut().flatten().enumerate() {
            if known.contains(address) {
                continue;
            }
            if let Some(read) = email::parse(address) {
                *address = read;
            } else {
                let detail = format!("{:?} is not an e-mail address", shorten(address));
                issues.push(FieldIssue::new(format!("/emails/{index}"), "email_shape", detail));
            }
        }
        if issues.is_empty() { Ok(()) } else { Err(issues) }
    }
}

/// The host of a domain, an address on the web or one of mail, in lower case.
fn host_of(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (_, rest) = text.split_once("://").unwrap_or(("", &text));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host).trim_end_matches('.');
    email::parse(&format!("x@{host}")).map(|_| host.to_owned())
}
