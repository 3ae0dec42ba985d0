//! Which contact a row of an import belongs to: the keys lead to candidates, the comparison by
//! which duplicates are found judges them.

use std::sync::Arc;

use super::App;
use super::duplicates::RowJudge;
use super::error::Error;
use super::import_rows::changes;
use super::import_trial::Trial;
use super::imports::ImportOptions;
use super::merges::survivor_of;
use crate::domain::access::{Caller, FieldRight, OrgSettings, Sight};
use crate::domain::contact::Contact;
use crate::domain::draft::{Draft, Stamp};
use crate::domain::email;
use crate::domain::ids::{ContactId, ContactNumber};
use crate::domain::names::NameTables;
use crate::domain::phone::parse_query;
use crate::engine::lookup::{IdentityKind, Initials, Table};
use crate::import::match_existing::{Likeness, MatchKey, Person};

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
    names: Arc<NameTables>,
}

/// How well a row fits a contact that it may belong to, the better the greater: it says nothing
/// new, it has the same name, it is the likeliest.
#[derive(PartialEq, PartialOrd)]
struct Fit {
    is_known: bool,
    is_same_name: bool,
    weight: f64,
}

/// Whom a row belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowMatch {
    /// To nobody who is known.
    Nobody,
    /// To this contact.
    Same(ContactId),
    /// To nobody who is known, but this contact has the same key and name and is told from it only
    /// by a suffix, a title, a middle name or a birthday.
    Relative(ContactId),
}

/// A candidate: its number, and what is known of its name without reading it.
type Candidate = (ContactNumber, Initials);

/// What a row may belong to: the contacts that are stored and that the importer sees, and in a
/// trial those that earlier rows would have made.
struct Known<'a> {
    matcher: &'a RowMatcher<'a>,
    trial: Option<&'a Trial>,
}

impl Known<'_> {
    fn seen(&self, number: ContactNumber) -> Result<Option<Arc<Contact>>, Error> {
        let caller = self.matcher.caller;
        let contact = match self.trial.and_then(|trial| trial.contact(number)) {
            Some(contact) => Some(contact),
            None => self.matcher.app.partition().peek_contact(caller.organization, number)?,
        };
        Ok(contact.filter(|contact| caller.sees(contact)))
    }

    /// A contact by its id, also if it was merged into another one since.
    fn by_id(&self, id: ContactId) -> Result<Option<Arc<Contact>>, Error> {
        let (app, caller) = (self.matcher.app, self.matcher.caller);
        let read = |id| app.partition().contact(caller.organization, id);
        let Some(found) = read(id)? else { return Ok(None) };
        let found = if found.merged_into.is_some() {
            let by_value = |id| read(id).map(|found| found.map(|found| (*found).clone()));
            read(survivor_of(id, &by_value)?)?
        } else {
            Some(found)
        };
        let found = found.filter(|contact| !contact.is_deleted() && caller.sees(contact));
        Ok(match found {
            Some(found) => self.trial.and_then(|trial| trial.by_id(found.id)).or(Some(found)),
            None => None,
        })
    }

    fn find_identity(&self, kind: IdentityKind, value: &str) -> Vec<Candidate> {
        let org = self.matcher.caller.organization;
        let mut found = self.matcher.app.partition().table().find_identity(org, kind, value);
        if let Some(trial) = self.trial {
            add_new(&mut found, trial.table().find_identity(org, kind, value));
        }
        found
    }

    fn find_phone(&self, number: &str) -> Vec<Candidate> {
        let query = parse_query(number, None);
        let caller = self.matcher.caller;
        let find = |table: &Table, sight: &Sight| -> Vec<Candidate> {
            let found = table.find(caller.organization, &query, sight);
            let found = found.candidates.iter().filter(|one| one.rule.is_same_line());
            found.map(|one| (one.number, one.initials)).collect()
        };
        let mut found = find(self.matcher.app.partition().table(), &caller.sight);
        if let Some(trial) = self.trial {
            add_new(&mut found, find(trial.table(), &Sight::Everything));
        }
        found
    }
}

/// Adds candidates that are not among the others.
fn add_new(found: &mut Vec<Candidate>, others: Vec<Candidate>) {
    let known = found.len();
    for other in others {
        if found[..known].iter().all(|(number, _)| *number != other.0) {
            found.push(other);
        }
    }
}

impl<'a> RowMatcher<'a> {
    pub(super) fn new(
        app: &'a App,
        caller: &'a Caller,
        options: &'a ImportOptions,
        settings: &'a OrgSettings,
    ) -> Result<Self, Error> {
        let judge = app.row_judge(caller, settings)?;
        let names = app.partition().names();
        Ok(Self { app, caller, options, settings, judge, names })
    }

    /// The contact that a row belongs to: by external id, then address, then number.
    pub(super) fn find(
        &self,
        id: Option<ContactId>,
        draft: &Draft,
        trial: Option<&Trial>,
    ) -> Result<RowMatch, Error> {
        let person = Person::of_draft(draft);
        let mut relative = RowMatch::Nobody;
        let known = Known { matcher: self, trial };
        if let Some(id) = id
            && let Some(contact) = known.by_id(id)?
        {
            return Ok(RowMatch::Same(contact.id));
        }
        let keys = &self.options.match_keys;
        if keys.contains(&MatchKey::ExternalCrmId)
            && let Some(id) = draft.external_crm_id.value()
        {
            let provider = draft.external_crm_provider.value().map(String::as_str);
            for (number, _) in known.find_identity(IdentityKind::ExternalId, id) {
                if let Some(contact) = known.seen(number)?
                    && contact.has_external_id(id, provider)
                {
                    return Ok(RowMatch::Same(contact.id));
                }
            }
        }
        // Addresses and numbers that the caller does not see: whether somebody has one would be
        // told by the counts.
        let sees_emails = self.caller.fields.emails == FieldRight::Full;
        let sees_phones = self.caller.fields.phones == FieldRight::Full;
        if keys.contains(&MatchKey::Email) && sees_emails {
            for address in &draft.add_emails {
                let key = email::key(&address.address);
                let has = |contact: &Contact| {
                    contact.emails.iter().any(|other| email::key(&other.address) == key)
                };
                let found = known.find_identity(IdentityKind::Email, &address.address);
                match self.best_same(draft, &person, &found, &known, &has)? {
                    RowMatch::Nobody => {}
                    RowMatch::Relative(id) => relative = RowMatch::Relative(id),
                    same @ RowMatch::Same(_) => return Ok(same),
                }
            }
        }
        if keys.contains(&MatchKey::Phone) && sees_phones {
            for phone in &draft.add_phones {
                let found = known.find_phone(&phone.number);
                match self.best_same(draft, &person, &found, &known, &|_| true)? {
                    RowMatch::Nobody => {}
                    RowMatch::Relative(id) => relative = RowMatch::Relative(id),
                    same @ RowMatch::Same(_) => return Ok(same),
                }
            }
        }
        Ok(relative)
    }

    /// Whether a row could be an earlier one of `others` that share a key with it.
    pub(super) fn could_be(
        &self,
        (person, draft): (&Person, &Draft),
        (other, other_draft): (&Person, &Draft),
        others: usize,
    ) -> bool {
        match person.likeness(other, &self.names) {
            Likeness::Same => true,
            Likeness::Relatives => false,
            Likeness::Different => {
                others <= FEW
                    && !person.contradicts(other)
                    && person.may_be(other, &self.names)
                    && self
                        .judge
                        .compare_rows(draft, other_draft)
                        .is_some_and(|found| RowJudge::says_same(&found))
            }
        }
    }

    /// The candidate that is the same person: of those whose names agree the one that fits best,
    /// since somebody may have told them apart; else the likeliest of the others.
    fn best_same(
        &self,
        draft: &Draft,
        person: &Person,
        found: &[Candidate],
        known: &Known<'_>,
        has_key: &dyn Fn(&Contact) -> bool,
    ) -> Result<RowMatch, Error> {
        let by_names = self.options.match_names;
        // Most of the people behind a shared number are told apart without reading their records.
        let initials = Initials::of(&person.first, &person.last);
        let is_likely =
            |(_, other): &&Candidate| !by_names || found.len() <= FEW || !initials.differ(*other);
        let mut looked_at = 0;
        let mut row = None;
        let mut same: Vec<(Arc<Contact>, f64)> = Vec::new();
        let mut likeliest: Option<(f64, ContactId)> = None;
        let mut relative = RowMatch::Nobody;
        for (number, _) in found.iter().filter(is_likely) {
            let Some(contact) = known.seen(*number)?.filter(|contact| has_key(contact)) else {
                continue;
            };
            if looked_at == MOST_CANDIDATES {
                break;
            }
            looked_at += 1;
            let other = Person::of_contact(&contact);
            let likeness =
                if by_names { person.likeness(&other, &self.names) } else { Likeness::Same };
            if likeness == Likeness::Relatives {
                relative = RowMatch::Relative(contact.id);
                continue;
            }
            let agrees = likeness == Likeness::Same;
            let may_be = || !person.contradicts(&other) && person.may_be(&other, &self.names);
            if !agrees && (found.len() > FEW || !may_be()) {
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
            [] => return Ok(likeliest.map_or(relative, |(_, id)| RowMatch::Same(id))),
            [(only, _)] => only,
            [(first, _), ..] => {
                let mut best = (first, None);
                for (contact, weight) in &same {
                    let fit = Some(self.fit(draft, person, contact, *weight));
                    if fit > best.1 {
                        best = (contact, fit);
                    }
                }
                best.0
            }
        };
        Ok(RowMatch::Same(best.id))
    }

    fn fit(&self, draft: &Draft, person: &Person, contact: &Contact, weight: f64) -> Fit {
        let now = self.app.partition().now();
        let stamp = Stamp { now, actor: "", settings: self.settings };
        Fit {
            is_known: !changes(draft, contact, stamp),
            is_same_name: Person::of_contact(contact).is_namesake(person),
            weight,
        }
    }
}
