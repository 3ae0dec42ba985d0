//! Which contact a row of an import belongs to: the keys lead to candidates, the comparison by
//! which duplicates are found judges them.

use std::sync::Arc;

use super::App;
use super::duplicates::RowJudge;
use super::error::Error;
use super::imports::ImportOptions;
use crate::domain::access::{Caller, FieldRight, OrgSettings};
use crate::domain::contact::Contact;
use crate::domain::draft::Draft;
use crate::domain::email;
use crate::domain::ids::{ContactId, ContactNumber};
use crate::domain::phone::parse_query;
use crate::engine::lookup::{IdentityKind, Initials, Rule};
use crate::import::match_existing::{MatchKey, name_of_contact, name_of_draft, names_agree};

/// Candidates that are looked at for one key of a row.
const MOST_CANDIDATES: usize = 100;
/// Up to so many candidates are read also where their initials differ, as those of nicknames do.
const FEW: usize = 8;

/// Matches the rows of one import.
pub(super) struct RowMatcher<'a> {
    app: &'a App,
    caller: &'a Caller,
    options: &'a ImportOptions,
    judge: RowJudge,
}

/// A candidate: its number, and what is known of its name without reading it.
type Candidate = (ContactNumber, Initials);

impl<'a> RowMatcher<'a> {
    pub(super) fn new(
        app: &'a App,
        caller: &'a Caller,
        options: &'a ImportOptions,
        settings: &OrgSettings,
    ) -> Result<Self, Error> {
        let judge = app.row_judge(caller, settings)?;
        Ok(Self { app, caller, options, judge })
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
                if let Some(id) = self.first_same(draft, &found, &has)? {
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
                    .filter(|candidate| candidate.rule != Rule::Suffix)
                    .map(|candidate| (candidate.number, candidate.initials))
                    .collect();
                if let Some(id) = self.first_same(draft, &found, &|_| true)? {
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

    /// The first candidate that is the same person: those whose names agree, else the likeliest of
    /// the others.
    fn first_same(
        &self,
        draft: &Draft,
        found: &[Candidate],
        has_key: &dyn Fn(&Contact) -> bool,
    ) -> Result<Option<ContactId>, Error> {
        let name = name_of_draft(draft);
        // Most of the people behind a shared number are told apart without reading their records.
        let initials = Initials::of(&name.0, &name.1);
        let is_likely = |(_, other): &&Candidate| {
            !self.options.match_names || found.len() <= FEW || !initials.differ(*other)
        };
        let mut row = None;
        let mut likeliest: Option<(f64, ContactId)> = None;
        for (number, _) in found.iter().filter(is_likely).take(MOST_CANDIDATES) {
            let Some(contact) = self.seen(*number)?.filter(|contact| has_key(contact)) else {
                continue;
            };
            if !self.options.match_names {
                return Ok(Some(contact.id));
            }
            let agrees = names_agree(&name_of_contact(&contact), &name);
            if !agrees && found.len() > FEW {
                continue;
            }
            let row = row.get_or_insert_with(|| self.judge.row(draft));
            let compared = self.judge.compare(row.as_ref(), &contact, found.len());
            if agrees && compared.as_ref().is_none_or(|found| !self.judge.contradicts(found)) {
                return Ok(Some(contact.id));
            }
            if let Some(compared) = compared.filter(|found| !agrees && RowJudge::says_same(found))
                && likeliest.is_none_or(|(best, _)| compared.weight > best)
            {
                likeliest = Some((compared.weight, contact.id));
            }
        }
        Ok(likeliest.map(|(_, id)| id))
    }
}
