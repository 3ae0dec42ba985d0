//! A call as the telephone system tells of it.

use serde::{Deserialize, Serialize};

use super::names;
use crate::domain::access::Permission;
use crate::domain::facts::{Contribution, Counts, LastCall};
use crate::domain::issue::FieldIssue;
use crate::domain::record::kind::{Kind, KindInfo, OnErased, OnSame, Writing};
use crate::domain::record::{FieldInfo, FieldKind, Head, IMPOSSIBLE_STEP, Writable};
use crate::domain::time::Timestamp;

/// A call.
#[derive(Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the members are named as the contract has them")]
pub(super) struct Call {
    call_id: Option<String>,
    number: Option<String>,
    /// The number in E.164, by which it finds its contact.
    e164: Option<String>,
    /// The digits of a number that is none in E.164: internal, short, or of a country nobody knows.
    internal_number: Option<String>,
    contact_id: Option<uuid::Uuid>,
    direction: String,
    status: String,
    outcome: Option<String>,
    started_at: Option<Timestamp>,
    answered_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    duration_s: Option<u64>,
    agent: Option<String>,
    queue: Option<String>,
    campaign: Option<String>,
    notes: Option<String>,
    recording_url: Option<String>,
    conversation_id: Option<uuid::Uuid>,
}

const INITIATED: &str = "INITIATED";
const CONNECTED: &str = "CONNECTED";
const COMPLETED: &str = "COMPLETED";
const MISSED: &str = "MISSED";
const FAILED: &str = "FAILED";

/// How far a call can be, in order.
const STATUSES: &[&str] = &[INITIATED, CONNECTED, COMPLETED, MISSED, FAILED];

/// Whether a call is over in this state.
fn is_over(status: &str) -> bool {
    matches!(status, COMPLETED | MISSED | FAILED)
}

/// Whether a call can come from one state into another.
fn can_become(before: &str, after: &str) -> bool {
    before == after
        || match before {
            INITIATED => true,
            CONNECTED => matches!(after, COMPLETED | FAILED),
            _ => false,
        }
}

impl Kind for Call {
    const INFO: KindInfo = KindInfo {
        number: 7,
        about: "A call: with which number, how far it is, how it ended, who took or made it.",
        sort: "-started_at",
        unique: Some("call_id"),
        on_same: OnSame::Update,
        on_contact_erased: OnErased::Detach,
        ..names!("call", "calls")
    };

    const FIELDS: &'static [FieldInfo] = &[
        FieldInfo::new(
            "call_id",
            FieldKind::Text(250),
            "what the telephone system calls it; the same again is news of the same call",
            r#""1764433200.17""#,
        ),
        FieldInfo::new(
            "number",
            FieldKind::Text(200),
            "the number of the other side, in any form; its contact is found by it",
            r#""+12025550170""#,
        )
        .number()
        .searched(),
        FieldInfo::new("e164", FieldKind::Text(40), "the number in E.164", r#""+12025550170""#)
            .number()
            .written(Writable::Never),
        FieldInfo::new(
            "internal_number",
            FieldKind::Text(40),
            "the digits of a number that has no E.164 form, by which it finds its contact",
            r#""204""#,
        )
        .number()
        .written(Writable::Never),
        FieldInfo::contact(),
        FieldInfo::new("direction", FieldKind::Choice(&["in", "out"]), "who called", r#""in""#)
            .or("in"),
        FieldInfo::new(
            "status",
            FieldKind::Choice(STATUSES),
            "how far it is; no call comes back from where it has ended",
            r#""COMPLETED""#,
        )
        .or(INITIATED),
        FieldInfo::new(
            "outcome",
            FieldKind::Text(100),
            "how it ended: completed, no-answer, voicemail, busy and so on",
            r#""voicemail""#,
        )
        .searched(),
        FieldInfo::new(
            "started_at",
            FieldKind::Time,
            "when it began; now if nothing is said",
            r#""2026-11-29T16:20:00.000Z""#,
        ),
        FieldInfo::new(
            "answered_at",
            FieldKind::Time,
            "when it was taken",
            r#""2026-11-29T16:20:08.000Z""#,
        ),
        FieldInfo::new(
            "ended_at",
            FieldKind::Time,
            "when it ended",
            r#""2026-11-29T16:23:13.000Z""#,
        ),
        FieldInfo::new(
            "duration_s",
            FieldKind::Count,
            "how long they talked, in seconds; worked out from the times if nothing is said",
            "185",
        ),
        FieldInfo::new("agent", FieldKind::Agent, "who took or made it", r#""jane@example.com""#),
        FieldInfo::new("queue", FieldKind::Text(200), "the queue that it came in by", r#""Sales""#),
        FieldInfo::new("campaign", FieldKind::Text(200), "what it was made for", r#""Q4""#),
        FieldInfo::new(
            "notes",
            FieldKind::Prose(10_000),
            "what was said",
            r#""Wants the new price list""#,
        )
        .searched(),
        FieldInfo::new(
            "recording_url",
            FieldKind::Link,
            "where it can be listened to",
            r#""https://pbx.example.com/recordings/17""#,
        ),
        FieldInfo::new(
            "conversation_id",
            FieldKind::Record("conversation"),
            "the conversation that it belongs to",
            r#""018f0000-0000-7000-8000-000000000002""#,
        ),
    ];

    fn settle(
        &mut self,
        before: Option<&Self>,
        writing: Writing<'_>,
    ) -> Result<(), Vec<FieldIssue>> {
        for (field, at) in [
            ("started_at", self.started_at),
            ("answered_at", self.answered_at),
            ("ended_at", self.ended_at),
        ] {
            writing.refuse_future(field, at)?;
        }
        let is_of_nothing =
            self.call_id.is_none() && self.number.is_none() && self.contact_id.is_none();
        if before.is_none() && is_of_nothing {
            let detail = "is required: say which number it is with, or the call_id or contact_id";
            return Err(vec![FieldIssue::new("/number", "required", detail)]);
        }
        if let Some(before) = before
            && !can_become(&before.status, &self.status)
        {
            // News that comes late says when it was; what came later stands.
            if !(writing.is_news && can_become(&self.status, &before.status)) {
                let detail = format!(
                    "is {} and cannot become {}: a call that has ended stays so",
                    before.status, self.status
                );
                return Err(vec![FieldIssue::new("/status", IMPOSSIBLE_STEP, detail)]);
            }
            self.status.clone_from(&before.status);
        }
        self.settle_times(before, writing)?;
        if is_over(&self.status) && self.outcome.is_none() {
            let outcome = match self.status.as_str() {
                COMPLETED => "completed",
                MISSED => "no-answer",
                _ => "failed",
            };
            self.outcome = Some(outcome.to_owned());
        }
        Ok(())
    }

    fn facts(&self, head: &Head) -> Contribution {
        let at = self.occurred_at().unwrap_or(head.created_at);
        Contribution {
            counts: Counts { calls: 1, ..Counts::default() },
            call: Some(LastCall {
                at,
                id: head.id,
                outcome: self.outcome.clone(),
                agent: self.agent.clone(),
                direction: self.direction.clone(),
                status: self.status.clone(),
            }),
            activity_at: Some(at),
            lists: Vec::new(),
        }
    }

    fn number_of_caller(&self) -> Option<String> {
        self.e164.clone().or_else(|| self.internal_number.clone())
    }

    fn title(&self) -> Option<String> {
        let direction = if self.direction == "in" { "Incoming" } else { "Outgoing" };
        let how = self.outcome.clone().unwrap_or_else(|| self.status.to_lowercase());
        let long = self.duration_s.filter(|seconds| *seconds > 0);
        let long = long.map_or(String::new(), |s| format!(", {}:{:02} min", s / 60, s % 60));
        Some(format!("{direction} call, {how}{long}"))
    }

    fn occurred_at(&self) -> Option<Timestamp> {
        self.started_at
    }
}

impl Call {
    /// Puts in what the times and the state tell that was not said.
    fn settle_times(
        &mut self,
        before: Option<&Self>,
        writing: Writing<'_>,
    ) -> Result<(), Vec<FieldIssue>> {
        let seconds = |from: Timestamp, to: Timestamp| u64::try_from((to.0 - from.0) / 1000).ok();
        let talked = |call: &Self| {
            let long = call.duration_s.and_then(|s| i64::try_from(s).ok())?.checked_mul(1000)?;
            let from = call.answered_at.or(call.started_at)?;
            from.0.checked_add(long).map(Timestamp)
        };
        if self.started_at.is_none() {
            let known = [self.answered_at, self.ended_at].into_iter().flatten().min();
            self.started_at = Some(known.unwrap_or(writing.now));
        }
        // When a call began was assumed if nobody said it, and gives way to what is known.
        let first = [self.answered_at, self.ended_at].into_iter().flatten().min();
        if before.is_some_and(|before| before.started_at == self.started_at)
            && writing.is_news
            && first.is_some()
            && first < self.started_at
        {
            self.started_at = first;
        }
        let has_changed = before.is_none_or(|before| before.status != self.status);
        if self.status == CONNECTED && self.answered_at.is_none() && has_changed {
            self.answered_at = Some(writing.now.max(self.started_at.unwrap_or(writing.now)));
        }
        if is_over(&self.status) && self.ended_at.is_none() {
            let now = writing.now.max(self.started_at.unwrap_or(writing.now));
            self.ended_at = Some(talked(self).unwrap_or(now));
        }
        for (name, from, to) in [
            ("answered_at", self.started_at, self.answered_at),
            ("ended_at", self.answered_at.or(self.started_at), self.ended_at),
        ] {
            if let (Some(from), Some(to)) = (from, to)
                && to < from
            {
                let detail = format!("{to} is before the call began or was taken, {from}");
                return Err(vec![FieldIssue::new(format!("/{name}"), "range", detail)]);
            }
        }
        let is_worked_out = before.is_some_and(|before| {
            let known = before.answered_at.zip(before.ended_at);
            let known = known.and_then(|(from, to)| seconds(from, to));
            known.is_some() && known == before.duration_s && self.duration_s == known
        });
        if (self.duration_s.is_none() || is_worked_out)
            && let (Some(from), Some(to)) = (self.answered_at, self.ended_at)
        {
            self.duration_s = seconds(from, to);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_go_on_and_end() {
        for (before, after, can) in [
            (INITIATED, CONNECTED, true),
            (INITIATED, MISSED, true),
            (INITIATED, COMPLETED, true),
            (CONNECTED, COMPLETED, true),
            (CONNECTED, FAILED, true),
            (CONNECTED, MISSED, false),
            (CONNECTED, INITIATED, false),
            (COMPLETED, CONNECTED, false),
            (MISSED, CONNECTED, false),
            (MISSED, MISSED, true),
        ] {
            assert_eq!(can_become(before, after), can, "{before} {after}");
        }
    }
}
