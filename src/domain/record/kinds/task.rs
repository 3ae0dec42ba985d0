//! Something that is to be done, by somebody and until some time.

use serde::{Deserialize, Serialize};

use super::names;
use crate::domain::access::Permission;
use crate::domain::facts::{Contribution, Counts};
use crate::domain::issue::FieldIssue;
use crate::domain::record::kind::{Kind, KindInfo, OnErased, Writing};
use crate::domain::record::{FieldInfo, FieldKind, Head, Writable};
use crate::domain::time::Timestamp;

/// A task.
#[derive(Serialize, Deserialize)]
pub(super) struct Task {
    title: String,
    contact_id: Option<uuid::Uuid>,
    due_at: Option<Timestamp>,
    status: String,
    assigned_to: Option<String>,
    notes: Option<String>,
    /// When it was done.
    done_at: Option<Timestamp>,
}

impl Kind for Task {
    const INFO: KindInfo = KindInfo {
        number: 1,
        about: "What is to be done, by whom and until when.",
        sort: "due_at",
        ..names!("task", "tasks")
    };

    const FIELDS: &'static [FieldInfo] = &[
        FieldInfo::new("title", FieldKind::Text(500), "what is to be done", r#""Call back""#)
            .required()
            .searched(),
        FieldInfo::contact(),
        FieldInfo::new("due_at", FieldKind::Time, "until when", r#""2026-12-31T17:00:00.000Z""#),
        FieldInfo::new("status", FieldKind::Choice(&["open", "done"]), "open or done", r#""open""#)
            .or("open"),
        FieldInfo::new("assigned_to", FieldKind::User, "who does it", r#""jane@example.com""#),
        FieldInfo::new("notes", FieldKind::Prose(10_000), "more about it", r#""Ask for Max""#)
            .searched(),
        FieldInfo::new(
            "done_at",
            FieldKind::Time,
            "when it was done",
            r#""2026-12-30T09:12:00.000Z""#,
        )
        .written(Writable::Never),
    ];

    fn settle(
        &mut self,
        before: Option<&Self>,
        writing: Writing<'_>,
    ) -> Result<(), Vec<FieldIssue>> {
        let was_done = before.is_some_and(|before| before.status == "done");
        match self.status == "done" {
            true if !was_done => self.done_at = Some(writing.now),
            true => {}
            false => self.done_at = None,
        }
        Ok(())
    }

    fn facts(&self, _head: &Head) -> Contribution {
        let counts = Counts { tasks_open: i64::from(self.status == "open"), ..Counts::default() };
        Contribution { counts, ..Contribution::default() }
    }

    fn occurred_at(&self) -> Option<Timestamp> {
        self.done_at.or(self.due_at)
    }
}
