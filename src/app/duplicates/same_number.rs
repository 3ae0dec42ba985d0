//! Who has the same number, whatever they are called: people of one household, of one switchboard,
//! or one person under two names.

use std::cmp::Reverse;
use std::io::{self, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::App;
use super::super::error::Error;
use super::decision::{Decided, authorize_review};
use super::report::ReportFormat;
use super::text;
use crate::domain::access::{Caller, Sight};
use crate::domain::contact::Contact;
use crate::domain::ids::{ContactId, ContactNumber};
use crate::domain::number_key::NumberKey;

/// From so many contacts on a number is that of a switchboard rather than of a household.
const SWITCHBOARD: usize = 10;
/// Contacts of one number that an answer names.
const MOST_NAMED: usize = 100;
/// Numbers of a page unless told.
const PER_PAGE: usize = 50;
/// Numbers of a page at most.
const MOST_PER_PAGE: usize = 200;

/// Which numbers are wanted.
#[derive(Clone, Debug, Default)]
pub struct SameNumberQuery {
    /// Numbers of a page.
    pub per_page: Option<usize>,
    /// The end of the page before.
    pub cursor: Option<String>,
    /// Only numbers of one contact.
    pub contact: Option<ContactId>,
}

/// What a number is likely to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberKind {
    /// Of a household, or of one person.
    Shared,
    /// Of a firm: at least ten contacts have it.
    Switchboard,
}

/// A contact that has the number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NumberHolder {
    /// The contact.
    pub id: Uuid,
    /// Its name.
    pub display_name: String,
    /// Where it works.
    pub company: Option<String>,
}

/// A number that several contacts have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SharedNumber {
    /// The number.
    pub number: String,
    /// What it is likely to be.
    pub kind: NumberKind,
    /// How many contacts have it.
    pub count: usize,
    /// The contacts, the oldest first; at most a hundred.
    pub contacts: Vec<NumberHolder>,
}

/// A page of numbers that several contacts have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SameNumberPage {
    /// How many numbers there are.
    pub total: usize,
    /// The numbers: those first that most contacts have, switchboards last.
    pub groups: Vec<SharedNumber>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

/// A number by its digits, and whether these have a country code.
type Number = (u64, bool);
/// Where a number stands in the list.
type Rank = (NumberKind, Reverse<usize>, Number);

/// A number and the contacts that have it, by age.
struct Holders {
    number: Number,
    contacts: Vec<u32>,
}

impl Holders {
    fn kind(&self) -> NumberKind {
        let is_switchboard = self.contacts.len() >= SWITCHBOARD;
        if is_switchboard { NumberKind::Switchboard } else { NumberKind::Shared }
    }

    fn rank(&self) -> Rank {
        (self.kind(), Reverse(self.contacts.len()), self.number)
    }

    /// Whether somebody has said of all of them that they are different people, or to be looked at
    /// later.
    fn is_decided(&self, decided: &Decided) -> bool {
        let is_pair_decided = |one: u32, other: u32| {
            decided.apart.contains(&(one, other)) || decided.later.contains(&(one, other))
        };
        let contacts = &self.contacts;
        contacts
            .iter()
            .enumerate()
            .all(|(at, one)| contacts[at + 1..].iter().all(|other| is_pair_decided(*one, *other)))
    }
}

impl App {
    /// A page of the numbers that several of the contacts have that the caller sees. Numbers of
    /// which all contacts were told apart or put aside are not among them.
    ///
    /// Cost: sorts all numbers of the organisation in memory, some 100 ms for a million; reads the
    /// contacts of the page.
    ///
    /// # Errors
    /// If the caller may not merge, does not see phones and e-mails in full, or the cursor does not
    /// fit.
    pub fn list_same_numbers(
        &self,
        caller: &Caller,
        query: &SameNumberQuery,
    ) -> Result<SameNumberPage, Error> {
        authorize_review(caller)?;
        let about = match query.contact {
            Some(id) => Some(self.live_contact(caller, id)?.number.0),
            None => None,
        };
        let behind = match &query.cursor {
            None => None,
            Some(text) => Some(parse_cursor(text).ok_or_else(super::list::wrong_cursor)?),
        };
        let decided = self.decided_numbers(caller.organization)?;
        let mut shared = self.shared_numbers(caller);
        shared.retain(|one| {
            about.is_none_or(|own| one.contacts.contains(&own)) && !one.is_decided(&decided)
        });
        let total = shared.len();
        shared.sort_unstable_by_key(Holders::rank);
        let from = behind.map_or(0, |last| shared.partition_point(|one| one.rank() <= last));
        let per_page = query.per_page.unwrap_or(PER_PAGE).clamp(1, MOST_PER_PAGE);
        let page = &shared[from..shared.len().min(from + per_page)];
        let has_more = from + page.len() < total;
        let next_cursor = page.last().filter(|_| has_more).map(|last| cursor(last.rank()));
        let mut groups = Vec::with_capacity(page.len());
        for one in page {
            groups.extend(self.shared_number(caller, one)?);
        }
        Ok(SameNumberPage { total, groups, next_cursor })
    }

    /// The numbers that several contacts have which the caller sees.
    fn shared_numbers(&self, caller: &Caller) -> Vec<Holders> {
        let table = self.partition.table();
        let mut held: Vec<(Number, u32)> = Vec::new();
        table.for_each_phone_of(caller.organization, |contact, key, is_e164| {
            held.push(((key.0, is_e164), contact.0));
        });
        if caller.sight != Sight::Everything {
            let mut seer = table.directory().seer(&caller.sight);
            held.retain(|(_, contact)| seer.sees(ContactNumber(*contact)));
        }
        held.sort_unstable();
        held.dedup();
        let shared = held.chunk_by(|one, other| one.0 == other.0).filter(|all| all.len() > 1);
        shared
            .map(|all| Holders {
                number: all[0].0,
                contacts: all.iter().map(|(_, contact)| *contact).collect(),
            })
            .collect()
    }

    /// A number with the contacts that still have it.
    fn shared_number(
        &self,
        caller: &Caller,
        holders: &Holders,
    ) -> Result<Option<SharedNumber>, Error> {
        let mut number = None;
        let mut contacts = Vec::new();
        for contact in holders.contacts.iter().take(MOST_NAMED) {
            let contact =
                self.partition.peek_contact(caller.organization, ContactNumber(*contact))?;
            let Some(contact) = contact.filter(|contact| caller.sees(contact)) else { continue };
            let shown: Arc<Contact> = caller.shown(contact);
            let has = |key: u64| {
                let mut phones = shown.phones.iter();
                phones.find(|phone| NumberKey::from_digits(phone.digits()).0 == key)
            };
            if let Some(phone) = has(holders.number.0) {
                number.get_or_insert_with(|| phone.number.clone());
                contacts.push(NumberHolder {
                    id: shown.id.0,
                    display_name: shown.display_name.clone(),
                    company: shown.company.clone(),
                });
            }
        }
        let (kind, count) = (holders.kind(), holders.contacts.len());
        Ok(number.filter(|_| contacts.len() > 1).map(|number| SharedNumber {
            number,
            kind,
            count,
            contacts,
        }))
    }
}

impl SameNumberPage {
    /// Writes numbers for spreadsheets or programs; pages for people are not written.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(
        numbers: &[SharedNumber],
        format: ReportFormat,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        match format {
            ReportFormat::Csv => text::same_numbers_csv(numbers, out),
            ReportFormat::JsonLines => text::same_numbers_json(numbers, out),
            ReportFormat::Html => Err(io::Error::other("numbers are not written as a page")),
        }
    }
}

fn cursor((kind, Reverse(count), (key, is_e164)): Rank) -> String {
    let is_switchboard = u8::from(kind == NumberKind::Switchboard);
    format!("{is_switchboard}.{count:x}.{key:x}.{}", u8::from(is_e164))
}

fn parse_cursor(text: &str) -> Option<Rank> {
    let parts: Vec<u64> =
        text.split('.').map(|part| u64::from_str_radix(part, 16).ok()).collect::<Option<_>>()?;
    let [is_switchboard, count, key, is_e164] = parts[..] else { return None };
    let kind = if is_switchboard == 1 { NumberKind::Switchboard } else { NumberKind::Shared };
    Some((kind, Reverse(usize::try_from(count).ok()?), (key, is_e164 == 1)))
}
