//! Which contact a row of an import belongs to: the keys lead to candidates, the comparison by
//! which duplicates are found judges them.

use std::sync::Arc;

use super::App;
use super::duplicates::RowJudge;
use super::error::Error;
use super::import_rows::changes;
use super::imports::ImportOptions;
use crate::domain::access::{Caller, FieldRight, OrgSettings};
use crate::domain::contact::Contact;
use crate::domain::draft::{Draft, Stamp};
use crate::domain::email;
use crate::domain::ids::{ContactId, ContactNumber};
use crate::domain::phone::parse_query;
use crate::engine::lookup::{IdentityKind, Initials};
use crate::import::match_existing::{MatchKey, name_of_contact, name_of_draft, names_agree};

/// Candidates that are looked at for one key of a row, of those that the importer sees.
const MOST_CANDIDATES: usize = 100;
/// Up to so many candidates are read also where their initials differ, as those of nicknames do.
const FEW: usize = 8;

/// Matches the rows of one import.
pub(super) struct RowMatcher<'a> {
    app: &'a App,
    caller: &'a Caller,
    options: &'a ImportOptions,
    settings: &'a OrgSettings,
    judge: RowJudge,
}

/// How well a row fits a contact that it may belong to, the better the greater: it says nothing
/// new, it has the same name, it is the likeliest.
#[derive(PartialEq, PartialOrd)]
struct Fit {
    is_known: bool,
    is_same_name: bool,
    weight: f64,
}

/// A candidate: its number, and what is known of its name without reading it.
type Candidate = (ContactNumber, Initials);

impl<'a> RowMatcher<'a> {
    pub(super) fn new(
        app: &'a App,
        caller: &'a Caller,
        options: &'a ImportOptions,
        settings: &'a OrgSettings,
    ) -> Result<Self, Error> {
        let judge = app.row_judge(caller, settings)?;
        Ok(Self { app, caller, options, settings, judge })
    }

    /// The contact that a row belongs to: by external id, then address, then number.
    pub(super) fn find(&self, draft: &Draft) -> Result<Option<ContactId>, Error> {
        let (org, table) = (self.caller.organization, self.app.partition().table());
        let keys = &self.options.match_keys;
        if keys.contains(&MatchKey::ExternalCrmId)
            && let Some(id) = draft.external_crm_id.value()
        {
            let provider = draft.external_crm_provider.value().map(String::as_str);
            for (number, _) in table.find_identity(org, IdentityKind::ExternalId, id) {
                if let Some(contact) = self.seen(number)?
                    && contact.has_external_id(id, provider)
                {
                    return Ok(Some(contact.id));
                }
            }
        }
        // Addresses that the caller does not see: whether somebody has one would be told by the
        // counts.
        let sees_emails = self.caller.fields.emails == FieldRight::Full;
        if keys.contains(&MatchKey::Email) && sees_emails {
            for address in &draft.add_emails {
                let key = email::key(&address.address);
                let has = |contact: &Contact| {
                    contact.emails.iter().any(|other| email::key(&other.address) == key)
                };
                let found = table.find_identity(org, IdentityKind::Email, &address.address);
                if let Some(id) = self.best_same(draft, &found, &has)? {
                    return Ok(Some(id));
                }
            }
        }
        if keys.contains(&MatchKey::Phone) {
            for phone in &draft.add_phones {
                let query = parse_query(&phone.number, None);
                let found = table.find(org, &query, &self.caller.sight);
                let found: Vec<Candidate> = found
                    .candidates
                    .iter()
                    .filter(|candidate| candidate.rule.is_same_line())
                    .map(|candidate| (candidate.number, candidate.initials))
                    .collect();
                if let Some(id) = self.best_same(draft, &found, &|_| true)? {
                    return Ok(Some(id));
                }
            }
        }
        Ok(None)
    }

    fn seen(&self, number: ContactNumber) -> Result<Option<Arc<Contact>>, Error> {
        let contact = self.app.partition().peek_contact(self.caller.organization, number)?;
        Ok(contact.filter(|contact| self.caller.sees(contact)))
    }

    /// The candidate that is the same person: of those whose names agree the one that fits best,
    /// since somebody may have told them apart; else the likeliest of the others.
    fn best_same(
        &self,
        draft: &Draft,
        found: &[Candidate],
        has_key: &dyn Fn(&Contact) -> bool,
    ) -> Result<Option<ContactId>, Error> {
        let name = name_of_draft(draft);
        let by_names = self.options.match_names;
        // Most of the people behind a shared number are told apart without reading their records.
        let initials = Initials::of(&name.0, &name.1);
        let is_likely =
            |(_, other): &&Candidate| !by_names || found.len() <= FEW || !initials.differ(*other);
        let mut looked_at = 0;
        let mut row = None;
        let mut same: Vec<(Arc<Contact>, f64)> = Vec::new();
        let mut likeliest: Option<(f64, ContactId)> = None;
        for (number, _) in found.iter().filter(is_likely) {
            let Some(contact) = self.seen(*number)?.filter(|contact| has_key(contact)) else {
                continue;
            };
            if looked_at == MOST_CANDIDATES {
                break;
            }
            looked_at += 1;
            let agrees = !by_names || names_agree(&name_of_contact(&contact), &name);
            if !agrees && found.len() > FEW {
                continue;
            }
            let row = row.get_or_insert_with(|| self.judge.row(draft));
            let compared = self.judge.compare(row.as_ref(), &contact, found.len());
            let is_other = compared.as_ref().is_some_and(|found| self.judge.contradicts(found));
            if agrees && !(by_names && is_other) {
                same.push((contact, compared.map_or(0.0, |found| found.weight)));
            } else if let Some(compared) =
                compared.filter(|found| !agrees && RowJudge::says_same(found))
                && likeliest.is_none_or(|(best, _)| compared.weight > best)
            {
                likeliest = Some((compared.weight, contact.id));
            }
        }
        let best = match same.as_slice() {
            [] => return Ok(likeliest.map(|(_, id)| id)),
            [(only, _)] => only,
            [(first, _), ..] => {
                let mut best = (first, None);
                for (contact, weight) in &same {
                    let fit = Some(self.fit(draft, &name, contact, *weight));
                    if fit > best.1 {
                        best = (contact, fit);
                    }
                }
                best.0
            }
        };
        Ok(Some(best.id))
    }

    fn fit(&self, draft: &Draft, name: &(String, String), contact: &Contact, weight: f64) -> Fit {
        let now = self.app.partition().now();
        let stamp = Stamp { now, actor: "", settings: self.settings };
        Fit {
            is_known: !changes(draft, contact, stamp),
            is_same_name: name_of_contact(contact) == *name,
            weight,
        }
    }
}
