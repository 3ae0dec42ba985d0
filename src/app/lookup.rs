//! Who is calling: a number to contacts, ranked by what their records say.

use std::sync::Arc;
use std::time::Instant;

use jiff::tz::TimeZone;

use super::error::Error;
use super::{App, authorize};
use crate::domain::access::{Caller, FieldRight, Permission};
use crate::domain::contact::Contact;
use crate::domain::phone::{
    NumberQuery, Origin, Phone, origin_of, parse_outside_line, parse_query, same_line,
};
use crate::domain::place::country::code_or_text;
use crate::domain::time::Timestamp;
use crate::engine::lookup::{Candidate, Rule};

/// Most results of one lookup.
const MOST_RESULTS: usize = 100;
/// Results if nothing is said.
const RESULTS: usize = 5;
/// Records read to rank by; a switchboard number may have thousands of contacts, and reading fifty of
/// them took most of the time of all lookups.
pub(super) const MOST_RANKED: usize = 16;
/// Most numbers of one batch.
const MOST_BATCH: usize = 1_000;

/// One contact of a lookup.
pub struct LookupResult {
    /// The contact.
    pub contact: Arc<Contact>,
    /// Which rule matched.
    pub rule: Rule,
    /// Which of its phones matched; not among them if the caller may not see them.
    pub slot: usize,
    /// The label of the number that matched.
    pub phone_label: Option<String>,
    /// Why, in words.
    pub why: String,
    /// Who took or made the last call, by name.
    pub last_agent: Option<String>,
}

/// What a lookup found.
pub struct LookupAnswer {
    /// The number in all its forms.
    pub query: NumberQuery,
    /// The contacts, best first.
    pub results: Vec<LookupResult>,
    pub(super) best: Option<Rule>,
    /// How many contacts match in all.
    pub count: usize,
    /// What the number tells of where it is from, if nobody is known by it.
    pub origin: Option<Origin>,
    /// The time that it is there, RFC 3339.
    pub local_time: Option<String>,
    /// How long it took, in microseconds.
    pub took_us: u64,
}

impl LookupAnswer {
    /// The best rule that matched, also where no result was asked for.
    pub fn rule(&self) -> Option<Rule> {
        self.best
    }
}

/// Those of one switchboard number who have an extension: it says who it is.
fn having_extension(
    ranked: &[(Arc<Contact>, Candidate)],
    extension: &str,
) -> Vec<(Arc<Contact>, Candidate)> {
    let having = ranked.iter().filter_map(|(contact, candidate)| {
        let number = &contact.phones.get(candidate.slot)?.number;
        let slot = contact
            .phones
            .iter()
            .position(|p| p.number == *number && p.extension.as_deref() == Some(extension))?;
        Some((Arc::clone(contact), Candidate { slot, ..*candidate }))
    });
    having.collect()
}

impl App {
    /// Finds the contacts of a number; a number that nobody has, or text that is no number, finds
    /// none and is no error.
    ///
    /// # Errors
    /// If the caller may not, or a record cannot be read.
    pub fn lookup_number(
        &self,
        caller: &Caller,
        number: &str,
        country: Option<&str>,
        limit: Option<usize>,
    ) -> Result<LookupAnswer, Error> {
        authorize(caller, Permission::Lookup)?;
        self.count_guesses(caller, 1)?;
        let organization = self.organization_of(caller)?;
        let country =
            country.map(code_or_text).or_else(|| organization.settings.default_country.clone());
        self.lookup_in(caller, number, country.as_deref(), limit)
    }

    pub(super) fn lookup_in(
        &self,
        caller: &Caller,
        number: &str,
        country: Option<&str>,
        limit: Option<usize>,
    ) -> Result<LookupAnswer, Error> {
        let started = Instant::now();
        let limit = limit.unwrap_or(RESULTS).min(MOST_RESULTS);
        let mut query = parse_query(number, country);
        let find = |query: &NumberQuery| {
            self.partition.table().find(caller.organization, query, &caller.sight)
        };
        let mut found = find(&query);
        if found.candidates.is_empty()
            && let Some(outside) = parse_outside_line(number, country)
        {
            let behind = find(&outside);
            if !behind.candidates.is_empty() {
                (query, found) = (outside, behind);
            }
        }
        let shows_digits = caller.fields.phones == FieldRight::Full;
        if !shows_digits {
            // Common endings would tell the digits that are hidden, a few at a time.
            found.candidates.retain(|candidate| candidate.rule.is_same_line());
            if found.candidates.is_empty() {
                found.total = 0;
            }
        } else if found.candidates.is_empty()
            && let Some(block) = self.lookup_block(caller, &query)?
        {
            return Ok(block.answer(caller, query, limit, started));
        }
        let mut ranked: Vec<(Arc<Contact>, Candidate)> = Vec::new();
        // Who of a switchboard has an extension only the records say.
        let most = if query.extension.is_some() { usize::MAX } else { limit.max(MOST_RANKED) };
        for candidate in found.candidates.iter().take(most) {
            let contact =
                self.partition.contact_by_number(caller.organization, candidate.number)?;
            let contact = contact.filter(|contact| caller.sees(contact));
            ranked.extend(contact.map(|contact| (contact, *candidate)));
        }
        let mut count = found.total;
        if let Some(extension) = &query.extension {
            let having = having_extension(&ranked, extension);
            if !having.is_empty() {
                ranked = having;
                count = ranked.len();
            }
        }
        // Stable: what the table ranked before stays where the records say nothing.
        ranked.sort_by_key(|(contact, candidate)| {
            let recency = contact.last_called().max(contact.last_contacted_at);
            (candidate.rule, usize::MAX - candidate.common_digits, std::cmp::Reverse(recency))
        });
        let best = ranked.first().map(|(_, candidate)| candidate.rule);
        ranked.truncate(limit);
        let results = ranked
            .into_iter()
            .map(|(contact, candidate)| LookupResult {
                why: why(phone_label(caller, &contact, candidate), &query, &contact, candidate),
                rule: candidate.rule,
                slot: candidate.slot,
                phone_label: phone_label(caller, &contact, candidate).map(str::to_owned),
                last_agent: self.last_agent(caller, &contact),
                contact: caller.shown(contact),
            })
            .collect();
        let origin = query.e164.as_deref().filter(|_| count == 0);
        let origin = origin.map(|_| origin_of(&query.digits, query.country.as_deref()));
        let local_time = origin.and_then(|origin| time_in(origin.timezone?, self.partition.now()));
        Ok(LookupAnswer {
            origin,
            local_time,
            query,
            results,
            best,
            count,
            took_us: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        })
    }

    /// Who took or made the last call with a contact, by name.
    pub(super) fn last_agent(&self, caller: &Caller, contact: &Contact) -> Option<String> {
        let agent = contact.facts.last_call.as_ref()?.agent.as_deref()?;
        let user = self.access().find_user(caller.organization, agent);
        Some(user.map_or_else(|| agent.to_owned(), |user| user.name.clone()))
    }

    /// Looks many numbers up.
    ///
    /// # Errors
    /// If there are too many, or the caller may not.
    pub fn lookup_numbers(
        &self,
        caller: &Caller,
        numbers: &[String],
        country: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Vec<LookupAnswer>, Error> {
        authorize(caller, Permission::Lookup)?;
        if caller.fields.phones != FieldRight::Full {
            // A thousand guesses at once would bring out the digits that are hidden.
            return Err(Error::DeniedOnRecord(
                "you may look up one number at a time, since you may not see numbers in full",
            ));
        }
        if numbers.len() > MOST_BATCH {
            return Err(Error::invalid(
                "/numbers",
                "too_many",
                format!("has {} numbers; at most {MOST_BATCH} go into one request", numbers.len()),
            ));
        }
        numbers.iter().map(|number| self.lookup_number(caller, number, country, limit)).collect()
    }
}

/// The time that it is in a time zone.
fn time_in(timezone: &str, now: Timestamp) -> Option<String> {
    let now = jiff::Timestamp::from_millisecond(now.0).ok()?;
    let there = now.to_zoned(TimeZone::get(timezone).ok()?);
    Some(there.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

/// The label of the number that matched, if the caller may see that much of it.
pub(super) fn phone_label<'a>(
    caller: &Caller,
    contact: &'a Contact,
    candidate: Candidate,
) -> Option<&'a str> {
    let phone = contact.phones.get(candidate.slot)?;
    phone.label.as_deref().filter(|_| caller.fields.phones != FieldRight::Hidden)
}

fn why(
    label: Option<&str>,
    query: &NumberQuery,
    contact: &Contact,
    candidate: Candidate,
) -> String {
    let label = label.map_or(String::new(), |label| format!("{label} "));
    match candidate.rule {
        Rule::Exact => format!("same {label}number"),
        Rule::National => format!("same national {label}number, country code not stated"),
        Rule::Renumbered => {
            let stored = contact.phones.get(candidate.slot).map_or("", Phone::digits);
            let change = same_line(&query.digits, stored).unwrap_or("a new numbering plan");
            format!("same {label}number before or after {change}")
        }
        Rule::Suffix | Rule::Block => {
            format!("last {} digits of the {label}number", candidate.common_digits)
        }
        Rule::Extension => format!("same internal {label}extension"),
    }
}
