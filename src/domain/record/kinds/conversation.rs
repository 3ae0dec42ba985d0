//! A conversation with somebody on a channel: what its messages belong to.

use serde::{Deserialize, Serialize};

use super::names;
use crate::domain::access::Permission;
use crate::domain::facts::{Contribution, Counts};
use crate::domain::issue::FieldIssue;
use crate::domain::record::kind::{Kind, KindInfo, OnErased, Writing};
use crate::domain::record::{FieldInfo, FieldKind, Head, Writable};
use crate::domain::time::Timestamp;

/// A conversation.
#[derive(Serialize, Deserialize)]
pub(super) struct Conversation {
    contact_id: Option<uuid::Uuid>,
    channel: Option<String>,
    /// What the person is called on the channel.
    identifier: Option<String>,
    subject: Option<String>,
    status: String,
    /// Who began it.
    direction: Option<String>,
    assigned_to: Option<String>,
    last_message_at: Option<Timestamp>,
}

impl Kind for Conversation {
    const INFO: KindInfo = KindInfo {
        number: 8,
        about: "A conversation with somebody on a channel: by e-mail, WhatsApp, chat and so on.",
        ..names!("conversation", "conversations")
    };

    const FIELDS: &'static [FieldInfo] = &[
        FieldInfo::contact(),
        FieldInfo::new("channel", FieldKind::Text(50), "where it takes place", r#""whatsapp""#),
        FieldInfo::new(
            "identifier",
            FieldKind::Text(320),
            "what the person is called on the channel: a number, an address, a name; a new \
             conversation finds its contact by it, or makes one",
            r#""+12025550170""#,
        )
        .channel(),
        FieldInfo::new("subject", FieldKind::Text(1_000), "what it is about", r#""New order""#)
            .searched(),
        FieldInfo::new(
            "status",
            FieldKind::Choice(&["open", "pending", "resolved", "snoozed"]),
            "how far it is; a message that comes in opens it again",
            r#""open""#,
        )
        .or("open"),
        FieldInfo::new(
            "direction",
            FieldKind::Choice(&["in", "out"]),
            "who began it; who is blocked begins none",
            r#""in""#,
        ),
        FieldInfo::new("assigned_to", FieldKind::User, "who answers", r#""jane@example.com""#),
        FieldInfo::new(
            "last_message_at",
            FieldKind::Time,
            "when the last message was sent",
            r#""2026-11-29T16:20:00.000Z""#,
        )
        .written(Writable::Never),
    ];

    fn settle(
        &mut self,
        _before: Option<&Self>,
        _writing: Writing<'_>,
    ) -> Result<(), Vec<FieldIssue>> {
        let says_whose = self.contact_id.is_some() || self.identifier.is_some();
        if !says_whose && self.channel.is_none() && self.subject.is_none() {
            let detail = "is required: say with whom it is, or the identifier and channel";
            return Err(vec![FieldIssue::new("/contact_id", "required", detail)]);
        }
        if let Some(channel) = &mut self.channel {
            *channel = channel.to_lowercase();
        } else if self.identifier.is_some() {
            let detail = "is required with an identifier: say where the person is called so";
            return Err(vec![FieldIssue::new("/channel", "required", detail)]);
        }
        Ok(())
    }

    fn facts(&self, head: &Head) -> Contribution {
        let counts = Counts {
            conversations: 1,
            conversations_open: i64::from(self.status != "resolved"),
            ..Counts::default()
        };
        // Its messages say when something happened; where there are none, it began.
        let activity_at = self.last_message_at.is_none().then_some(head.created_at);
        Contribution { counts, activity_at, ..Contribution::default() }
    }

    fn title(&self) -> Option<String> {
        let channel = self.channel.as_deref().unwrap_or("a channel");
        self.subject.clone().or_else(|| Some(format!("Conversation on {channel}")))
    }
}
