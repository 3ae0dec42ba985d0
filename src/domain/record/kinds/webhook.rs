//! A webhook: where what happens is sent.

use serde::{Deserialize, Serialize};

use super::names;
use crate::domain::access::Permission;
use crate::domain::issue::FieldIssue;
use crate::domain::record::kind::{Kind, KindInfo, OnErased, Writing};
use crate::domain::record::{FieldInfo, FieldKind};

/// Most names of events.
const MOST_EVENTS: usize = 50;

/// A webhook. Its secret is kept elsewhere.
#[derive(Serialize, Deserialize)]
pub(super) struct Webhook {
    name: Option<String>,
    url: String,
    events: Option<Vec<String>>,
    active: bool,
}

impl Kind for Webhook {
    const INFO: KindInfo = KindInfo {
        number: 10,
        about: "A webhook: where what happens is sent. Its secret is shown once, when it is made.",
        view: Permission::ManageSettings,
        edit: Permission::ManageSettings,
        ..names!("webhook", "webhooks")
    };

    const FIELDS: &'static [FieldInfo] = &[
        FieldInfo::new("name", FieldKind::Text(200), "what it is for", r#""CRM""#).searched(),
        FieldInfo::new(
            "url",
            FieldKind::Link,
            "where it is sent, by POST",
            r#""https://crm.example.com/hooks/ringdex""#,
        )
        .required(),
        FieldInfo::new(
            "events",
            FieldKind::Texts(100),
            "what is sent: contact.updated, contact.*, call.created; everything if nothing is said",
            r#"["contact.*","call.created"]"#,
        ),
        FieldInfo::new("active", FieldKind::Flag, "whether anything is sent", "false").or("true"),
    ];

    fn settle(&mut self, _: Option<&Self>, _: Writing<'_>) -> Result<(), Vec<FieldIssue>> {
        let events = self.events.as_deref().unwrap_or_default();
        if events.len() > MOST_EVENTS {
            let detail = format!("has {} names; at most {MOST_EVENTS}", events.len());
            return Err(vec![FieldIssue::new("/events", "too_many", detail)]);
        }
        let is_name = |name: &String| {
            let is_word = |word: &str| {
                !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
            };
            name == "*"
                || name
                    .split_once('.')
                    .is_some_and(|(kind, what)| is_word(kind) && (what == "*" || is_word(what)))
        };
        let wrong = events.iter().enumerate().find(|(_, name)| !is_name(name));
        wrong.map_or(Ok(()), |(at, name)| {
            let detail = format!("{name:?} is not an event; use contact.updated, contact.* or *");
            Err(vec![FieldIssue::new(format!("/events/{at}"), "value", detail)])
        })
    }
}
