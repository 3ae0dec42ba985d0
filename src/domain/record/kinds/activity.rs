//! Something that has happened with a contact: a mail, a meeting, a form.

use serde::{Deserialize, Serialize};

use super::names;
use crate::domain::access::Permission;
use crate::domain::facts::{Contribution, Counts};
use crate::domain::issue::FieldIssue;
use crate::domain::record::kind::{Event, Kind, KindInfo, OnErased, Writing};
use crate::domain::record::{FieldInfo, FieldKind, Head};
use crate::domain::time::Timestamp;

/// An activity.
#[derive(Serialize, Deserialize)]
pub(super) struct Activity {
    #[serde(rename = "type")]
    kind: String,
    contact_id: Option<uuid::Uuid>,
    occurred_at: Option<Timestamp>,
    subject: Option<String>,
    data: Option<serde_json::Map<String, serde_json::Value>>,
}

/// What can have happened.
const TYPES: &[&str] =
    &["email_sent", "email_opened", "email_clicked", "meeting", "form_submit", "other"];

impl Kind for Activity {
    const INFO: KindInfo = KindInfo {
        number: 4,
        about: "Something that has happened with a contact: a mail, a meeting, a form.",
        sort: "-occurred_at",
        tells: TYPES,
        ..names!("activity", "activities")
    };

    const FIELDS: &'static [FieldInfo] = &[
        FieldInfo::new("type", FieldKind::Choice(TYPES), "what has happened", r#""meeting""#)
            .required(),
        FieldInfo::contact().required(),
        FieldInfo::new(
            "occurred_at",
            FieldKind::Time,
            "when; now if nothing is said",
            r#""2026-12-30T09:12:00.000Z""#,
        ),
        FieldInfo::new("subject", FieldKind::Text(1_000), "what it was about", r#""Demo""#)
            .searched(),
        FieldInfo::new("data", FieldKind::Object, "whatever else is known", r#"{"minutes": 30}"#),
    ];

    fn facts(&self, head: &Head) -> Contribution {
        let counts = Counts { activities: 1, ..Counts::default() };
        let activity_at = self.occurred_at().or(Some(head.created_at));
        Contribution { counts, activity_at, ..Contribution::default() }
    }

    fn settle(
        &mut self,
        _before: Option<&Self>,
        writing: Writing<'_>,
    ) -> Result<(), Vec<FieldIssue>> {
        self.occurred_at.get_or_insert(writing.now);
        // A meeting may be planned.
        let happened = self.occurred_at.filter(|_| self.kind != "meeting");
        writing.refuse_future("occurred_at", happened)
    }

    fn events(&self, created_at: Timestamp) -> Vec<Event> {
        vec![Event { name: self.kind.clone(), at: self.occurred_at.unwrap_or(created_at) }]
    }

    fn occurred_at(&self) -> Option<Timestamp> {
        self.occurred_at
    }
}
