//! Who is calling from a direct line of which only the switchboard, or other desks, are known.

use std::sync::Arc;
use std::time::Instant;

use super::App;
use super::error::Error;
use super::lookup::{LookupAnswer, LookupResult, MOST_RANKED, phone_label};
use crate::domain::access::Caller;
use crate::domain::contact::Contact;
use crate::domain::phone::{NumberQuery, may_have_desks};
use crate::domain::text::{counted, fold};
use crate::engine::lookup::{Candidate, MOST_DESK, Rule};

/// The contacts behind one switchboard.
pub(super) struct Block {
    company: Option<String>,
    /// The switchboard first.
    members: Vec<(Arc<Contact>, Candidate)>,
}

impl App {
    /// Finds the company of a number that nobody has: one whose switchboard the number continues.
    /// Numbers that only begin alike are neighbours, and mobile numbers have no desks.
    pub(super) fn lookup_block(
        &self,
        caller: &Caller,
        query: &NumberQuery,
    ) -> Result<Option<Block>, Error> {
        if !may_have_desks(&query.digits) {
            return Ok(None);
        }
        for desk in 1..=MOST_DESK {
            let found =
                self.partition.table().find_block(caller.organization, query, &caller.sight, desk);
            let mut members = Vec::new();
            for candidate in found.candidates.iter().take(MOST_RANKED) {
                let contact =
                    self.partition.contact_by_number(caller.organization, candidate.number)?;
                let contact = contact.filter(|contact| caller.sees(contact));
                members.extend(contact.map(|contact| (contact, *candidate)));
            }
            if let Some(block) = Block::of(&query.digits, members) {
                return Ok(Some(block));
            }
        }
        Ok(None)
    }
}

impl Block {
    fn of(digits: &str, mut members: Vec<(Arc<Contact>, Candidate)>) -> Option<Self> {
        members.sort_by_key(|(contact, candidate)| {
            let phone = contact.phones.get(candidate.slot);
            (phone.map_or(usize::MAX, |phone| phone.number.len()), candidate.number)
        });
        let company_of = |contact: &Contact| contact.company.as_deref().map(fold);
        let switchboard = members.iter().find(|(contact, candidate)| {
            contact
                .phones
                .get(candidate.slot)
                .is_some_and(|phone| is_switchboard(phone.digits(), digits))
        });
        let (known, _) = switchboard?;
        let (company, folded) = (known.company.clone(), company_of(known));
        match &folded {
            Some(_) => members.retain(|(contact, _)| company_of(contact) == folded),
            // People without a company have nothing in common but the beginning.
            None => members.truncate(1),
        }
        Some(Self { company, members })
    }

    pub(super) fn answer(
        self,
        caller: &Caller,
        query: NumberQuery,
        limit: usize,
        started: Instant,
    ) -> LookupAnswer {
        let count = self.members.len();
        let whose = self.company.as_deref().unwrap_or("the owner of this switchboard");
        let contacts = counted(count as u64, "contact", "contacts");
        let why = format!("probably {whose}, {contacts} in this block");
        let results =
            self.members.into_iter().take(limit).map(|(contact, candidate)| LookupResult {
                why: why.clone(),
                rule: candidate.rule,
                slot: candidate.slot,
                phone_label: phone_label(caller, &contact, candidate).map(str::to_owned),
                // The company behind the switchboard, not a person.
                last_agent: None,
                contact: caller.shown(contact),
            });
        LookupAnswer {
            origin: None,
            local_time: None,
            query,
            results: results.collect(),
            best: Some(Rule::Block),
            count,
            took_us: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        }
    }
}

/// Whether a number is that of a switchboard which the other continues: `…9018-0` and `…901820`
/// both are for `…901820-999`.
fn is_switchboard(number: &str, continued: &str) -> bool {
    if !may_have_desks(number) {
        return false;
    }
    let mut base = number;
    for _zero in 0..2 {
        if continued.len() > number.len() && continued.starts_with(base) {
            return true;
        }
        match base.strip_suffix('0') {
            Some(shorter) => base = shorter,
            None => return false,
        }
    }
    continued.len() > number.len() && continued.starts_with(base)
}
