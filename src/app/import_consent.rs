//! Consent that a list says: an entry in the ledger of its contact.

use serde_json::{Value, json};

use super::consents::enter;
use super::error::Error;
use super::import_rows::RowOutcome;
use crate::domain::access::Caller;
use crate::domain::consent::{ALL_CHANNELS, ConsentCells, ConsentState, MARKETING, opt_in_of};
use crate::domain::contact::Contact;
use crate::domain::draft::{Draft, Patch};
use crate::domain::ids::ContactId;
use crate::domain::time::Timestamp;
use crate::engine::{Rejected, Tx};

/// How an import came by a consent of which its list does not say how it was given.
const IMPORTED: &str = "imported";

/// What the ledger would say of a contact; nothing if it says so already, or if the contact has
/// refused what the list says that it agreed to.
pub(super) fn news_of(
    contact: &Contact,
    said: &ConsentCells,
    now: Timestamp,
) -> Option<ConsentState> {
    let known = contact.facts.consent.on_channel(MARKETING, ALL_CHANNELS);
    let agrees = opt_in_of(&said.status) == Some(true);
    let has_refused = contact.opt_in == Some(false)
        || known.is_some_and(|known| opt_in_of(&known.status) == Some(false));
    if agrees && has_refused {
        return None;
    }
    let is_known =
        |given: &Option<String>, known: &Option<String>| given.is_none() || given == known;
    let is_same = |known: &ConsentState| {
        known.status == said.status
            && said.date.is_none_or(|date| date == known.date)
            && is_known(&said.kind, &known.kind)
            && is_known(&said.source, &known.source)
            && is_known(&said.basis, &known.basis)
    };
    // What was said at the same moment on one channel is what an export says of it.
    let latest = contact.facts.consent.latest(MARKETING).filter(|_| said.date.is_some());
    if known.into_iter().chain(latest).any(is_same) {
        return None;
    }
    Some(ConsentState {
        purpose: MARKETING.to_owned(),
        channel: ALL_CHANNELS.to_owned(),
        status: said.status.clone(),
        kind: said.kind.clone().or_else(|| Some(IMPORTED.to_owned())),
        date: said.date.unwrap_or(now),
        source: said.source.clone(),
        basis: said.basis.clone(),
        has_evidence: evidence_of(said).is_some(),
    })
}

/// What a list proves: somebody said so then and there.
fn evidence_of(said: &ConsentCells) -> Option<Value> {
    let (date, source) = (said.date?, said.source.as_ref()?);
    Some(json!({"by": IMPORTED, "said_at": date, "source": source}))
}

/// A draft without what the ledger says anyway, so that it is said once.
pub(super) fn without_opt_in(draft: &Draft) -> Draft {
    let mut draft = draft.clone();
    if draft.consent.is_some() {
        draft.opt_in = Patch::Keep;
    }
    draft
}

/// Records what a row says behind what became of it; that is a change as well.
pub(super) fn record(
    tx: &mut Tx<'_>,
    by: &Caller,
    id: ContactId,
    said: &ConsentCells,
    outcome: RowOutcome,
    now: Timestamp,
) -> Result<RowOutcome, Rejected<Error>> {
    if matches!(outcome, RowOutcome::Invalid(_)) {
        return Ok(outcome);
    }
    let org = by.organization;
    let Some(contact) = tx.contact(org, id)?.filter(|one| by.sees(one)) else { return Ok(outcome) };
    let Some(state) = news_of(&contact, said, now) else { return Ok(outcome) };
    enter(tx, by, contact, (state, evidence_of(said)), now)?;
    Ok(if matches!(outcome, RowOutcome::Unchanged) { RowOutcome::Updated } else { outcome })
}
