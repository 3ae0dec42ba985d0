//! What may be sold to somebody.

use serde::{Deserialize, Serialize};

use super::names;
use crate::domain::access::Permission;
use crate::domain::facts::{Contribution, Counts};
use crate::domain::issue::FieldIssue;
use crate::domain::record::kind::{Event, Kind, KindInfo, OnErased, Writing};
use crate::domain::record::{FieldInfo, FieldKind, Head, Writable};
use crate::domain::time::Timestamp;

/// A deal.
#[derive(Serialize, Deserialize)]
pub(super) struct Deal {
    title: String,
    contact_id: Option<uuid::Uuid>,
    company_id: Option<uuid::Uuid>,
    stage: Option<String>,
    status: String,
    amount: Option<f64>,
    currency: Option<String>,
    expected_close: Option<String>,
    owner: Option<String>,
    /// When it was won or lost.
    closed_at: Option<Timestamp>,
}

impl Kind for Deal {
    const INFO: KindInfo = KindInfo {
        number: 3,
        about: "What may be sold to somebody: how much, how far it is, and whose it is.",
        tells: &["deal_created", "deal_won", "deal_lost"],
        tells_earlier: true,
        ..names!("deal", "deals")
    };

    const FIELDS: &'static [FieldInfo] = &[
        FieldInfo::new("title", FieldKind::Text(500), "what it is about", r#""200 seats""#)
            .required()
            .searched(),
        FieldInfo::contact(),
        FieldInfo::new(
            "company_id",
            FieldKind::Record("company"),
            "the company that buys",
            r#""018f0000-0000-7000-8000-000000000001""#,
        ),
        FieldInfo::new("stage", FieldKind::Text(100), "how far it is", r#""Proposal""#),
        FieldInfo::new(
            "status",
            FieldKind::Choice(&["open", "won", "lost"]),
            "open, won or lost",
            r#""open""#,
        )
        .or("open"),
        FieldInfo::new("amount", FieldKind::Amount, "what it is worth", "12500.5"),
        FieldInfo::new("currency", FieldKind::Currency, "of the amount, as ISO 4217", r#""EUR""#),
        FieldInfo::new(
            "expected_close",
            FieldKind::Day,
            "when it is expected to be decided",
            r#""2026-12-31""#,
        ),
        FieldInfo::new("owner", FieldKind::User, "whose it is", r#""jane@example.com""#),
        FieldInfo::new(
            "closed_at",
            FieldKind::Time,
            "when it was won or lost",
            r#""2026-12-30T09:12:00.000Z""#,
        )
        .written(Writable::Never),
    ];

    fn settle(
        &mut self,
        before: Option<&Self>,
        writing: Writing<'_>,
    ) -> Result<(), Vec<FieldIssue>> {
        let is_decided = self.status != "open";
        let is_known = before.is_some_and(|before| before.status == self.status);
        if !is_decided {
            self.closed_at = None;
        } else if !is_known {
            self.closed_at = Some(writing.now);
        }
        Ok(())
    }

    fn facts(&self, _head: &Head) -> Contribution {
        let is_open = i64::from(self.status == "open");
        let cents = (self.amount.unwrap_or(0.0) * 100.0).round();
        #[expect(clippy::cast_possible_truncation, reason = "amounts are bounded")]
        let cents = cents as i64;
        let counts = Counts {
            deals: 1,
            open_deals: is_open,
            open_deals_cents: is_open * cents,
            ..Counts::default()
        };
        Contribution { counts, ..Contribution::default() }
    }

    fn events(&self, created_at: Timestamp) -> Vec<Event> {
        let mut events = vec![Event { name: "deal_created".to_owned(), at: created_at }];
        if let Some(at) = self.closed_at {
            events.push(Event { name: format!("deal_{}", self.status), at });
        }
        events
    }

    fn occurred_at(&self) -> Option<Timestamp> {
        self.closed_at
    }
}
