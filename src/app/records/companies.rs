//! Companies and the contacts that belong to them: what a company counts, and that both are called
//! alike.

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::App;
use super::super::error::Error;
use crate::domain::access::Caller;
use crate::domain::ids::ContactId;
use crate::domain::record::{AnyKind, Record, kind_by_number};
use crate::engine::{Rejected, Tx, keys};

/// Most links of a company that are counted; above that the counts are lower bounds.
const MOST_COUNTED: usize = 20_000;
/// Most contacts that are changed with their company in one write.
const MOST_CHANGED: usize = 2_000;

/// Whether a kind is that of companies.
pub(super) fn is_company(kind: &dyn AnyKind) -> bool {
    kind.info().name == "company"
}

impl App {
    /// Puts in what a company counts, as far as the caller sees it: contacts, open deals, and what
    /// they are worth. Cost: reads what is linked to it.
    pub(super) fn add_counts_of_company(
        &self,
        caller: &Caller,
        shown: &mut Value,
    ) -> Result<(), Error> {
        let org = caller.organization;
        let id = shown.get("id").and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok());
        let Some(id) = id else { return Ok(()) };
        let (mut contacts, mut deals, mut value) = (0_u64, 0_u64, 0.0_f64);
        let prefix = keys::links_of(org, id);
        for entry in self.partition.scan(&prefix).take(MOST_COUNTED) {
            let Some((_, _, number, id)) = keys::parse_link(&entry?.0) else { continue };
            let Some(kind) = kind_by_number(number) else {
                let seen = self.partition.contact(org, ContactId(id))?;
                contacts += u64::from(seen.is_some_and(|contact| caller.sees(&contact)));
                continue;
            };
            let Some(deal) = self.partition.record(org, number, id)? else { continue };
            let is_seen = match deal.contact() {
                Some(contact) => self.contact_that_stands_for(caller, contact)?.is_some(),
                None => true,
            };
            let counts = kind.facts(&deal).counts;
            if is_seen && deal.head.deleted_at.is_none() && counts.open_deals > 0 {
                deals += 1;
                value += deal.values.get("amount").and_then(Value::as_f64).unwrap_or(0.0);
            }
        }
        shown["contacts_count"] = json!(contacts);
        shown["open_deals"] = json!(deals);
        shown["open_deals_value"] = json!((value * 100.0).round() / 100.0);
        Ok(())
    }
}

/// Gives the contacts of a company its new name, where theirs was the one before; takes the company
/// off them if it is deleted for good.
pub(super) fn tell_contacts(
    tx: &mut Tx<'_>,
    before: &Record,
    after: Option<&Record>,
    actor: &str,
) -> Result<(), Rejected<Error>> {
    let name =
        |record: &Record| record.values.get("name").and_then(Value::as_str).map(str::to_owned);
    let (was, is) = (name(before), after.map(name));
    if is.as_ref() == Some(&was) {
        return Ok(());
    }
    let (org, id) = (before.head.organization, before.head.id);
    let contacts = tx.contacts_of_company(org, id, MOST_CHANGED + 1)?;
    if contacts.len() > MOST_CHANGED {
        let detail = format!(
            "more than {MOST_CHANGED} contacts belong to this company: take it off some first"
        );
        return Err(Rejected::By(Error::invalid("/name", "too_many", detail)));
    }
    for contact in contacts {
        let Some(known) = tx.contact(org, contact)? else { continue };
        let mut next = known.clone();
        match &is {
            Some(is) if next.company == was => next.company.clone_from(is),
            Some(_) => continue,
            None => next.company_id = None,
        }
        next.version += 1;
        next.updated_at = after.map_or(next.updated_at, |after| after.head.updated_at);
        next.updated_by = Some(actor.to_owned());
        tx.replace_contact(org, known, next)?;
    }
    Ok(())
}
