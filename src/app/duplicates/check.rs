//! Who may be the same person as somebody who is being typed in or has just been created.

use std::cmp::Ordering;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::super::error::Error;
use super::super::{App, authorize};
use super::base::comparable;
use super::live::{Base, Currency, Live, MOST_CANDIDATES};
use crate::dedupe::{
    Check, Counts, Explanation, Frequencies, Options, Prior, Record, Rule, Standard, common_rule,
};
use crate::domain::access::{Caller, FieldRight, Permission};
use crate::domain::contact::Contact;
use crate::domain::draft::Stamp;
use crate::domain::draft_json;
use crate::domain::ids::{ContactId, ContactNumber};
use crate::domain::issue::FieldIssue;
use crate::domain::phone::parse_query;
use crate::engine::lookup::IdentityKind;

/// Candidates of one number or address before a base is built.
const MOST_OF_ONE: usize = 50;
/// How many contacts are assumed where they were never counted: how many others have is nobody's
/// business.
pub(super) const UNKNOWN_BASE: usize = 100_000;
/// How likely a match must be at least, whatever is asked for: who is less likely is somebody else.
const LEAST_LIKELY: f64 = 0.01;
/// Matches that an answer gives unless told.
const MATCHES: usize = 10;
/// Matches that an answer gives at most.
const MOST_MATCHES: usize = 100;

/// A contact that may be the same person.
#[derive(Clone, Debug)]
pub struct DuplicateMatch {
    /// The contact, as the caller sees it.
    pub contact: Arc<Contact>,
    /// Why, and how likely.
    pub explanation: Explanation,
}

/// What a check answers.
#[derive(Clone, Debug)]
pub struct DuplicateCheck {
    /// The likeliest first.
    pub matches: Vec<DuplicateMatch>,
    /// Members of the draft that could not be read, and were not compared.
    pub ignored: Vec<FieldIssue>,
    /// How current the base was that the draft was compared with.
    pub currency: Currency,
}

/// One reason, as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReasonView {
    /// What was compared.
    pub field: &'static str,
    /// The key of the level that was reached.
    pub level: &'static str,
    /// Its weight in bits.
    pub weight: f64,
    /// The level in words.
    pub words: String,
}

/// Why a pair has its score, as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExplanationView {
    /// How likely it is the same person, 0 to 1.
    pub probability: f64,
    /// Match weight in bits; 0 is 50 %.
    pub match_weight: f64,
    /// Bits before anything is compared; with the weights of `why` they make the match weight.
    pub prior: f64,
    /// Code of the rule by which they were compared.
    pub rule: Option<&'static str>,
    /// What was compared.
    pub why: Vec<ReasonView>,
    /// The same in a sentence.
    pub summary: String,
}

impl From<&Explanation> for ExplanationView {
    fn from(explanation: &Explanation) -> Self {
        let reasons = explanation.reasons.iter();
        Self {
            probability: super::rounded(explanation.probability, 6),
            match_weight: super::rounded(explanation.weight, 3),
            prior: super::rounded(explanation.prior, 3),
            rule: explanation.rule,
            why: reasons
                .map(|reason| ReasonView {
                    field: reason.field.as_str(),
                    level: reason.level,
                    weight: super::rounded(reason.bits, 3),
                    words: reason.words.clone(),
                })
                .collect(),
            summary: explanation.to_string(),
        }
    }
}

/// Who is compared: a contact that is there, or one that might be.
pub(in crate::app) struct Subject<'a> {
    pub(in crate::app) contact: &'a Contact,
    /// Its own number, if it is there.
    pub(in crate::app) own: Option<ContactNumber>,
    /// Who has a number or address of its own is named from [`LEAST_LIKELY`] on.
    pub(in crate::app) names_holders: bool,
}

/// The numbers of contacts that are worth comparing, and what led to them.
type Candidates = Vec<(ContactNumber, Option<Rule>)>;
/// A candidate as the caller sees it, and what it is compared by.
type SeenRecord = (Arc<Contact>, Record, Option<Rule>);

impl App {
    /// Who may be the same person as a draft, for forms while somebody types: what cannot be read
    /// yet is left out. With an `id` the draft is a change to that contact, which is left out as
    /// well.
    ///
    /// Cost: at most 64 comparisons, each with a read of a contact.
    ///
    /// # Errors
    /// If the caller may not search, or does not see the contact with the `id`.
    pub fn check_duplicates(
        &self,
        caller: &Caller,
        body: &Value,
        least: Option<f64>,
        most: Option<usize>,
    ) -> Result<DuplicateCheck, Error> {
        authorize(caller, Permission::Search)?;
        let settings = self.organization_of(caller)?.settings.clone();
        let Value::Object(members) = body else {
            return Err(Error::invalid("", "type", "the body must be a JSON object"));
        };
        let mut members = members.clone();
        let known = match members.remove("id") {
            None | Some(Value::Null) => None,
            Some(id) => {
                let id = id.as_str().and_then(|id| id.parse::<ContactId>().ok());
                let id =
                    id.ok_or_else(|| Error::invalid("/id", "id", "is not an id of a contact"))?;
                Some(self.live_contact(caller, id)?)
            }
        };
        let mut ignored = Vec::new();
        let mut body = Value::Object(members);
        let draft = loop {
            let issues = match draft_json::parse(&body, &settings) {
                Ok(draft) => break draft,
                Err(issues) => issues,
            };
            let Some(members) = body.as_object_mut() else { return Err(Error::Invalid(issues)) };
            let before = members.len();
            for issue in &issues {
                let name = issue.pointer.split('/').nth(1).unwrap_or_default();
                members.remove(&name.replace("~1", "/").replace("~0", "~"));
            }
            if members.len() == before {
                return Err(Error::Invalid(issues));
            }
            ignored.extend(issues);
        };
        let stamp =
            Stamp { now: self.partition.now(), actor: caller.actor.as_ref(), settings: &settings };
        let made = match &known {
            Some(known) => draft
                .apply(known, stamp)
                .map(|changed| changed.unwrap_or_else(|| known.as_ref().clone())),
            None => draft.create(ContactId::generate(), ContactNumber(u32::MAX), stamp),
        };
        let live = self.live_duplicates(caller.organization);
        if known.is_some() {
            // Somebody may have told it apart from others just now; of a new one nobody has.
            self.take_decisions(&live)?;
        }
        let Ok(contact) = made else {
            // There is no name, number or address yet.
            let currency = live.currency();
            return Ok(DuplicateCheck { matches: Vec::new(), ignored, currency });
        };
        let subject = Subject {
            contact: &contact,
            own: known.map(|known| known.number),
            names_holders: false,
        };
        let most = most.unwrap_or(MATCHES).min(MOST_MATCHES);
        let matches = self.likely_same(caller, &subject, least, most)?;
        Ok(DuplicateCheck { matches, ignored, currency: live.currency() })
    }

    /// Contacts that may be the same person as one, the likeliest first; at least as likely as
    /// `least`, or as the model says is worth a look, and in no case less likely than one in a
    /// hundred. Fields that the caller does not see in full are not compared.
    pub(in crate::app) fn likely_same(
        &self,
        caller: &Caller,
        subject: &Subject<'_>,
        least: Option<f64>,
        most: usize,
    ) -> Result<Vec<DuplicateMatch>, Error> {
        let live = self.live_duplicates(caller.organization);
        self.ready_duplicates(&live, 0)?;
        let Some(weighing) = live.base.read().as_ref().map(|base| Arc::clone(&base.weighing))
        else {
            return self.likely_same_unbuilt(caller, subject, least, most);
        };
        let standard = &weighing.tools.standard;
        let record = record_of(caller, subject.contact, standard);
        let candidates = {
            let base = live.base.read();
            base.as_ref().map(|base| candidates_in(base, subject, &record)).unwrap_or_default()
        };
        let seen = self.seen_records(caller, subject.own, candidates, standard)?;
        // Keys of contacts that have changed since are still in the table.
        let seen = seen.into_iter().filter_map(|(contact, other, _)| {
            let rule = common_rule(&record, &other, &weighing.options)?;
            Some((contact, other, Some(rule)))
        });
        let least = Least::new(&weighing.options, least, subject.names_holders);
        Ok(best(&weighing.check(), &weighing.options, &record, seen.collect(), &least, most))
    }

    /// As [`App::likely_same`], while contacts are being compared for the first time: by numbers
    /// and addresses alone.
    fn likely_same_unbuilt(
        &self,
        caller: &Caller,
        subject: &Subject<'_>,
        least: Option<f64>,
        most: usize,
    ) -> Result<Vec<DuplicateMatch>, Error> {
        let (tools, options) = self.duplicate_tools(caller.organization)?;
        let (org, table) = (caller.organization, self.partition.table());
        let mut candidates: Candidates = Vec::new();
        if caller.fields.phones == FieldRight::Full {
            for phone in &subject.contact.phones {
                let query = parse_query(&phone.number, None);
                let found = table.find(org, &query, &caller.sight).candidates;
                let strong = found.iter().filter(|found| found.rule.is_same_line());
                candidates.extend(strong.take(MOST_OF_ONE).map(|c| (c.number, Some(Rule::Phone))));
            }
        }
        if caller.fields.emails == FieldRight::Full && options.use_email {
            for address in &subject.contact.emails {
                let found = table.find_identity(org, IdentityKind::Email, &address.address);
                let found = found.into_iter().take(MOST_OF_ONE);
                candidates.extend(found.map(|(number, _)| (number, Some(Rule::Email))));
            }
        }
        candidates.sort_unstable_by_key(|(number, rule)| (number.0, *rule));
        candidates.dedup_by_key(|(number, _)| *number);
        let record = record_of(caller, subject.contact, &tools.standard);
        let seen = self.seen_records(caller, subject.own, candidates, &tools.standard)?;
        let mut all: Vec<Record> = seen.iter().map(|(_, record, _)| record.clone()).collect();
        all.push(record.clone());
        let settings = &tools.model.settings;
        let counts = Frequencies::count(&all, settings.holders_grouped).in_base_of(UNKNOWN_BASE);
        let check = Check::new(&tools.model, &counts, Prior::start(settings), &options);
        let least = Least::new(&options, least, subject.names_holders);
        Ok(best(&check, &options, &record, seen, &least, most))
    }

    /// The records of those candidates that the caller sees, as it sees them.
    fn seen_records(
        &self,
        caller: &Caller,
        own: Option<ContactNumber>,
        candidates: Candidates,
        standard: &Standard,
    ) -> Result<Vec<SeenRecord>, Error> {
        let mut seen = Vec::with_capacity(candidates.len());
        for (number, rule) in candidates {
            if Some(number) == own {
                continue;
            }
            let contact = self.partition.peek_contact(caller.organization, number)?;
            let Some(contact) = contact.filter(|contact| caller.sees(contact)) else { continue };
            let shown = caller.shown(contact);
            let record = record_of(caller, &shown, standard);
            seen.push((shown, record, rule));
        }
        Ok(seen)
    }

    /// How likely two contacts are the same person, if they were found worth a look.
    pub(super) fn known_probability(
        &self,
        live: &Live,
        one: ContactId,
        other: ContactId,
    ) -> Result<Option<f64>, Error> {
        let number = |id| self.partition.contact(live.org, id).map(|c| c.map(|c| c.number.0));
        let (Some(one), Some(other)) = (number(one)?, number(other)?) else { return Ok(None) };
        let base = live.base.read();
        let Some(base) = base.as_ref() else { return Ok(None) };
        let near = base.graph.near(one).iter().find(|near| near.other == other);
        Ok(near.map(|near| crate::dedupe::probability(f64::from(near.weight))))
    }
}

/// A contact in the form in which it is compared for a caller.
fn record_of(caller: &Caller, contact: &Contact, standard: &Standard) -> Record {
    Record::of(&comparable(contact, &caller.fields), standard)
}

/// Whom a record is worth comparing with, without those that it was told apart from.
fn candidates_in(base: &Base, subject: &Subject<'_>, record: &Record) -> Candidates {
    let is_apart = |number: u32| {
        subject
            .own
            .is_some_and(|own| base.graph.apart().contains(&(own.0.min(number), own.0.max(number))))
    };
    base.keys
        .candidates(record, &base.weighing.options, MOST_CANDIDATES)
        .into_iter()
        .filter(|(number, _)| !is_apart(*number))
        .map(|(number, rule)| (ContactNumber(number), Some(rule)))
        .collect()
}

/// What is worth naming.
struct Least {
    weight: f64,
    /// The weight for those that have the same number or address.
    of_holders: f64,
}

impl Least {
    fn new(options: &Options, probability: Option<f64>, names_holders: bool) -> Self {
        let least = super::bits_of(LEAST_LIKELY);
        let weight = probability.map_or(options.keep, super::bits_of).max(least);
        Self { weight, of_holders: if names_holders { least } else { weight } }
    }

    fn admits(&self, weight: f64, rule: Option<Rule>) -> bool {
        let is_holder = matches!(rule, Some(Rule::Phone | Rule::Email));
        weight >= if is_holder { self.of_holders.min(self.weight) } else { self.weight }
    }
}

/// The likeliest of some records.
fn best<C: Counts>(
    check: &Check<'_, C>,
    options: &Options,
    record: &Record,
    seen: Vec<SeenRecord>,
    least: &Least,
    most: usize,
) -> Vec<DuplicateMatch> {
    let weighed = seen.into_iter().map(|(contact, other, rule)| {
        let weight = check.weight(record, &other);
        (contact, other, rule, weight)
    });
    let mut found: Vec<_> = weighed
        .filter(|(_, other, rule, weight)| {
            least.admits(*weight, *rule) && options.accepts(record, other)
        })
        .collect();
    found.sort_by(|one, other| {
        let by_age = || -> Ordering { one.0.number.cmp(&other.0.number) };
        other.3.total_cmp(&one.3).then_with(by_age)
    });
    found.truncate(most);
    found
        .into_iter()
        .map(|(contact, other, rule, _)| DuplicateMatch {
            contact,
            explanation: check.explain(record, &other, rule),
        })
        .collect()
}
