//! A message of a conversation.

use serde::{Deserialize, Serialize};

use super::names;
use crate::domain::access::Permission;
use crate::domain::facts::{Contribution, Counts};
use crate::domain::issue::FieldIssue;
use crate::domain::record::kind::{Kind, KindInfo, OnErased, OnSame, Writing};
use crate::domain::record::{FieldInfo, FieldKind, Head, Writable};
use crate::domain::time::Timestamp;

/// A message.
#[derive(Serialize, Deserialize)]
pub(super) struct Message {
    conversation_id: Option<uuid::Uuid>,
    /// That of the conversation.
    contact_id: Option<uuid::Uuid>,
    direction: String,
    text: String,
    sent_at: Option<Timestamp>,
    channel_message_id: Option<String>,
}

impl Kind for Message {
    const INFO: KindInfo = KindInfo {
        number: 9,
        about: "A message of a conversation, from the person or to the person.",
        sort: "-sent_at",
        unique: Some("channel_message_id"),
        unique_within: Some("conversation_id"),
        on_same: OnSame::Keep,
        owner: Some("conversation_id"),
        ..names!("message", "messages")
    };

    const FIELDS: &'static [FieldInfo] = &[
        FieldInfo::new(
            "conversation_id",
            FieldKind::Record("conversation"),
            "the conversation that it belongs to",
            r#""018f0000-0000-7000-8000-000000000002""#,
        )
        .required(),
        FieldInfo::contact().written(Writable::Never),
        FieldInfo::new("direction", FieldKind::Choice(&["in", "out"]), "who wrote it", r#""in""#)
            .or("in"),
        FieldInfo::new("text", FieldKind::Prose(100_000), "what it says", r#""Is it there yet?""#)
            .required()
            .searched(),
        FieldInfo::new(
            "sent_at",
            FieldKind::Time,
            "when it was sent; now if nothing is said",
            r#""2026-11-29T16:20:00.000Z""#,
        ),
        FieldInfo::new(
            "channel_message_id",
            FieldKind::Text(500),
            "what the channel calls it; the same again is the same message",
            r#""wamid.17""#,
        ),
    ];

    fn settle(
        &mut self,
        _before: Option<&Self>,
        writing: Writing<'_>,
    ) -> Result<(), Vec<FieldIssue>> {
        self.sent_at.get_or_insert(writing.now);
        writing.refuse_future("sent_at", self.sent_at)
    }

    fn facts(&self, head: &Head) -> Contribution {
        Contribution {
            counts: Counts { messages: 1, ..Counts::default() },
            activity_at: self.occurred_at().or(Some(head.created_at)),
            ..Contribution::default()
        }
    }

    fn occurred_at(&self) -> Option<Timestamp> {
        self.sent_at
    }
}
