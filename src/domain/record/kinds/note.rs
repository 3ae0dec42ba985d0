//! What somebody has written down about a contact.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::names;
use crate::domain::access::Permission;
use crate::domain::facts::{Contribution, Counts};
use crate::domain::issue::FieldIssue;
use crate::domain::record::kind::{Kind, KindInfo, OnErased, Writing};
use crate::domain::record::{FieldInfo, FieldKind, Head, Writable};
use crate::domain::time::Timestamp;

/// Most earlier texts that are kept.
const MOST_EARLIER: usize = 100;

/// A note.
#[derive(Serialize, Deserialize)]
pub(super) struct Note {
    text: String,
    contact_id: Option<uuid::Uuid>,
    pinned: bool,
    /// Who wrote it.
    author: Option<String>,
    /// When the text was changed last.
    edited_at: Option<Timestamp>,
    /// Earlier texts, the oldest first.
    history: Option<Vec<Value>>,
}

impl Kind for Note {
    const INFO: KindInfo = KindInfo {
        number: 2,
        about: "What somebody has written down about a contact.",
        ..names!("note", "notes")
    };

    const FIELDS: &'static [FieldInfo] = &[
        FieldInfo::new("text", FieldKind::Prose(100_000), "what it says", r#""Prefers e-mail""#)
            .required()
            .searched(),
        FieldInfo::contact().required(),
        FieldInfo::new("pinned", FieldKind::Flag, "whether it stays on top", "false").or("false"),
        FieldInfo::new("author", FieldKind::Text(500), "who wrote it", r#""user:1""#)
            .written(Writable::Never),
        FieldInfo::new(
            "edited_at",
            FieldKind::Time,
            "when the text was changed last",
            r#""2026-12-30T09:12:00.000Z""#,
        )
        .written(Writable::Never),
        FieldInfo::new("history", FieldKind::Earlier, "earlier texts, the oldest first", "[]")
            .written(Writable::Never),
    ];

    fn facts(&self, _head: &Head) -> Contribution {
        let counts = Counts { notes: 1, ..Counts::default() };
        Contribution { counts, ..Contribution::default() }
    }

    fn settle(
        &mut self,
        before: Option<&Self>,
        writing: Writing<'_>,
    ) -> Result<(), Vec<FieldIssue>> {
        let Some(before) = before else {
            self.author = Some(writing.actor.to_owned());
            return Ok(());
        };
        if before.text != self.text {
            let since = before.edited_at;
            let earlier =
                serde_json::json!({"text": before.text, "since": since, "until": writing.now});
            let history = self.history.get_or_insert_default();
            history.push(earlier);
            let many = history.len().saturating_sub(MOST_EARLIER);
            history.drain(..many);
            self.edited_at = Some(writing.now);
        }
        Ok(())
    }
}
