//! Listing records of a kind: of a contact or of all, filtered, in an order, page by page.
//!
//! The records of a contact are read by their links, all others by a scan of the kind; what is
//! kept of them at a time is one page, and which of the contacts that were met are seen.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::error::Error;
use super::super::{App, authorize};
use super::channels;
use super::companies::is_company;
use super::filter::{self, Filter};
use crate::domain::access::{Caller, Permission};
use crate::domain::ids::ContactId;
use crate::domain::record::{AnyKind, CONTACT, FieldKind, Record};
use crate::domain::text::{fold, words};
use crate::engine::{Error as EngineError, codec, keys};

/// Records of a page if nothing is said.
const PER_PAGE: usize = 50;
/// Most records of a page.
const MOST_PER_PAGE: usize = 1_000;
/// Pages are counted up to this many records; cursors go on for ever.
const MOST_OFFSET: usize = 10_000;
/// Records are looked through for this long; then the answer is partial and the total a lower bound.
const TIME: Duration = Duration::from_secs(5);
/// Names and values.
type Pairs = Vec<(String, String)>;

/// The member that names a company.
const COMPANY: &str = "company_id";
/// Records between two looks at the clock.
const STEPS: usize = 1_000;

/// Which records are asked for.
#[derive(Clone, Debug, Default)]
pub struct RecordQuery {
    /// Words that begin words of what is searched.
    pub q: String,
    /// Only what is about this contact.
    pub contact: Option<String>,
    /// Only with these values, by field; several values of a field are alternatives, `none` is
    /// nothing.
    pub filters: Vec<(String, String)>,
    /// A tree of conditions, as JSON.
    pub filter: Option<String>,
    /// The order: a field, `-` in front for descending.
    pub sort: Option<String>,
    /// The page, from 1.
    pub page: Option<usize>,
    /// Records of a page.
    pub per_page: Option<usize>,
    /// Begin behind this place.
    pub cursor: Option<String>,
    /// Deleted records instead of the others.
    pub is_trash: bool,
}

/// A page of records.
#[derive(Clone, Debug)]
pub struct RecordPage {
    /// How many there are in all.
    pub total: usize,
    /// Whether that is exact; otherwise it is a lower bound.
    pub total_exact: bool,
    /// The page, from 1.
    pub page: usize,
    /// Records of a page.
    pub per_page: usize,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
    /// The records.
    pub items: Vec<Value>,
}

impl RecordPage {
    /// The page as JSON.
    pub fn into_json(self) -> Value {
        json!({
            "total": self.total,
            "total_exact": self.total_exact,
            "page": self.page,
            "per_page": self.per_page,
            "next_cursor": self.next_cursor,
            "items": self.items,
        })
    }
}

/// The place of a record in an order: nothing sorts behind everything, then the value, then the id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Ascending(bool, String, Uuid),
    Descending(bool, Reverse<String>, Reverse<Uuid>),
}

/// A record at its place, the last of which goes first.
struct Placed(Place, Record);

impl PartialEq for Placed {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Placed {}

impl PartialOrd for Placed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Placed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

/// What a list is sorted by.
struct Order {
    field: String,
    is_descending: bool,
}

impl Order {
    fn of(kind: &dyn AnyKind, name: &str) -> Result<Self, Error> {
        let (field, is_descending) = match name.strip_prefix('-') {
            Some(field) => (field, true),
            None => (name, false),
        };
        let sorts = |one: &FieldKind| {
            !matches!(one, FieldKind::Object | FieldKind::Texts(_) | FieldKind::Earlier)
        };
        let stored = kind.fields().iter().filter(|one| one.is_stored());
        let fields = stored.filter(|one| sorts(&one.kind)).map(|one| one.name);
        let mut names: Vec<&str> = fields.chain(["created_at", "updated_at"]).collect();
        if names.contains(&field) {
            return Ok(Self { field: field.to_owned(), is_descending });
        }
        names.sort_unstable();
        let detail = format!("{name:?} is not a sort: use one of {}", names.join(", "));
        Err(Error::invalid("/sort", "sort", detail))
    }

    fn place(&self, record: &Record) -> Place {
        let text = match self.field.as_str() {
            "created_at" => Some(time_key(record.head.created_at.0)),
            "updated_at" => Some(time_key(record.head.updated_at.0)),
            field => record.values.get(field).and_then(key_of),
        };
        let (is_nothing, text) = (text.is_none(), text.unwrap_or_default());
        self.at(is_nothing, text, record.head.id)
    }

    fn at(&self, is_nothing: bool, text: String, id: Uuid) -> Place {
        if self.is_descending {
            Place::Descending(is_nothing, Reverse(text), Reverse(id))
        } else {
            Place::Ascending(is_nothing, text, id)
        }
    }

    fn encode(&self, place: &Place) -> String {
        let (is_nothing, text, id) = match place {
            Place::Ascending(is_nothing, text, id)
            | Place::Descending(is_nothing, Reverse(text), Reverse(id)) => (is_nothing, text, id),
        };
        URL_SAFE_NO_PAD.encode(json!([self.field, is_nothing, text, id]).to_string())
    }

    fn decode(&self, cursor: &str) -> Result<Place, Error> {
        let read = || {
            let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
            let (field, is_nothing, text, id): (String, bool, String, Uuid) =
                serde_json::from_slice(&bytes).ok()?;
            (field == self.field).then(|| self.at(is_nothing, text, id))
        };
        read().ok_or_else(|| {
            let detail = "is not a cursor from an earlier answer with the same sort";
            Error::invalid("/cursor", "cursor", detail)
        })
    }
}

fn time_key(at: i64) -> String {
    format!("{:020}", i128::from(at) - i128::from(i64::MIN))
}

/// What a value sorts by; nothing for `null`.
fn key_of(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
        Value::Bool(flag) => u8::from(*flag).to_string(),
        Value::Number(number) => format!("{:020.2}", number.as_f64().unwrap_or(0.0)),
        // Times are written so that their texts sort.
        Value::String(text) => fold(text),
    })
}

/// What is asked for, ready to be compared.
struct ListingRequest {
    /// Whether words are looked for in numbers and addresses, too.
    sees_channels: bool,
    words: Vec<String>,
    filters: Vec<(&'static str, Vec<Value>)>,
    tree: Option<Filter>,
    is_trash: bool,
}

impl ListingRequest {
    fn meets(&self, kind: &dyn AnyKind, record: &Record) -> bool {
        record.head.deleted_at.is_some() == self.is_trash
            && self.filters.iter().all(|(name, allowed)| {
                record.values.get(*name).is_some_and(|value| allowed.contains(value))
            })
            && (self.words.is_empty() || self.has_words(kind, record, &self.words))
            && self
                .tree
                .as_ref()
                .is_none_or(|tree| tree.meets(record, &|words| self.has_words(kind, record, words)))
    }

    /// Whether every word begins a word of what is searched.
    fn has_words(&self, kind: &dyn AnyKind, record: &Record, wanted: &[String]) -> bool {
        let searched = kind.fields().iter().filter(|field| field.is_searched);
        let searched = searched.filter(|field| self.sees_channels || field.channel.is_none());
        let texts = searched.filter_map(|field| record.values.get(field.name)?.as_str());
        let known: Vec<String> = texts.flat_map(words).map(|word| word.text).collect();
        wanted.iter().all(|word| known.iter().any(|known| known.starts_with(word.as_str())))
    }
}

impl App {
    /// Lists records.
    ///
    /// # Errors
    /// If a field, a value, the order, the page or the cursor is none, or the caller may not.
    pub fn list_records(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        query: &RecordQuery,
    ) -> Result<RecordPage, Error> {
        authorize(caller, kind.info().view)?;
        if query.is_trash {
            authorize(caller, Permission::Delete)?;
        }
        let (filters, company) = company_of(kind, &query.filters)?;
        let wanted = ListingRequest {
            sees_channels: channels::are_seen(caller),
            words: words(&query.q).into_iter().map(|word| word.text).collect(),
            filters: self.record_filters(caller, kind, &filters)?,
            tree: match &query.filter {
                Some(text) => Some(filter::read(self, caller, kind, text)?),
                None => None,
            },
            is_trash: query.is_trash,
        };
        let sort = query.sort.as_deref().unwrap_or(kind.info().sort);
        let asked = query.filters.iter().map(|(name, _)| name.as_str());
        let mut in_tree = Vec::new();
        wanted.tree.iter().for_each(|tree| tree.fields(&mut in_tree));
        let asked = asked.chain([sort.trim_start_matches('-')]).chain(in_tree);
        channels::refuse_guesses(caller, kind, asked)?;
        let order = Order::of(kind, query.sort.as_deref().unwrap_or(kind.info().sort))?;
        let after = query.cursor.as_deref().map(|cursor| order.decode(cursor)).transpose()?;
        let (page, per_page, offset) = page_of(query)?;
        let offset = if after.is_some() { 0 } else { offset };
        let keep = offset + per_page + 1;
        let (mut kept, mut total, started) = (BinaryHeap::new(), 0_usize, Instant::now());
        let mut looked_at = 0_usize;
        let mut seen: HashMap<Uuid, Option<ContactId>> = HashMap::new();
        let mut companies: HashMap<ContactId, bool> = HashMap::new();
        let is_whole = self.each_record(caller, kind, query.contact.as_deref(), &mut |record| {
            looked_at += 1;
            if wanted.meets(kind, &record)
                && self.sees_record(caller, &record, &mut seen)?
                && self.is_of_company(caller, &record, company, &seen, &mut companies)?
            {
                total += 1;
                let place = order.place(&record);
                if after.as_ref().is_none_or(|after| place > *after) {
                    kept.push(Placed(place, record));
                    if kept.len() > keep {
                        kept.pop();
                    }
                }
            }
            Ok(!looked_at.is_multiple_of(STEPS) || started.elapsed() < TIME)
        })?;
        let mut kept = kept.into_sorted_vec();
        kept.drain(..offset.min(kept.len()));
        let has_more = kept.len() > per_page;
        kept.truncate(per_page);
        let next_cursor = kept.last().filter(|_| has_more).map(|last| order.encode(&last.0));
        let mut items = Vec::with_capacity(kept.len());
        for Placed(_, mut record) in kept {
            if let Some(now) = record.contact().and_then(|contact| seen.get(&contact)) {
                record.values.insert(CONTACT.to_owned(), json!(now));
            }
            channels::hide(caller, kind, &mut record.values);
            items.push(self.with_derived(caller, kind, record.to_json())?);
        }
        Ok(RecordPage { total, total_exact: is_whole, page, per_page, next_cursor, items })
    }

    /// Whether the caller sees a record, and the contact that it is about now.
    fn sees_record(
        &self,
        caller: &Caller,
        record: &Record,
        seen: &mut HashMap<Uuid, Option<ContactId>>,
    ) -> Result<bool, Error> {
        let Some(contact) = record.contact() else { return Ok(true) };
        if let Some(known) = seen.get(&contact) {
            return Ok(known.is_some());
        }
        let now = self.contact_that_stands_for(caller, contact)?;
        seen.insert(contact, now);
        Ok(now.is_some())
    }

    /// Whether a record is about somebody who belongs to a company, or is that company.
    fn is_of_company(
        &self,
        caller: &Caller,
        record: &Record,
        company: Option<Uuid>,
        seen: &HashMap<Uuid, Option<ContactId>>,
        known: &mut HashMap<ContactId, bool>,
    ) -> Result<bool, Error> {
        let Some(company) = company else { return Ok(true) };
        let Some(contact) = record.contact() else { return Ok(record.head.id == company) };
        let Some(contact) = seen.get(&contact).copied().flatten() else { return Ok(false) };
        if let Some(is_of) = known.get(&contact) {
            return Ok(*is_of);
        }
        let found = self.partition.contact(caller.organization, contact)?;
        let is_of = found.is_some_and(|found| found.company_id == Some(company));
        known.insert(contact, is_of);
        Ok(is_of)
    }

    /// Calls a function with every record of a kind, or with those that are about a contact, until
    /// it answers that it wants no more; whether all were seen.
    fn each_record(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        contact: Option<&str>,
        each: &mut dyn FnMut(Record) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        let (org, number) = (caller.organization, kind.info().number);
        let Some(contact) = contact else {
            for entry in self.partition.scan(&keys::records_of(org, number)) {
                if !each(codec::decode(&entry?.1).map_err(EngineError::from)?)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        };
        let id = Uuid::parse_str(contact).map_err(|_not_an_id| {
            let detail = format!("{contact:?} is not the id of a contact");
            Error::invalid("/contact_id", "id", detail)
        })?;
        // Who does not see the contact learns nothing, not even that there is none.
        let Some(now) = self.contact_that_stands_for(caller, id)? else { return Ok(true) };
        for one in self.all_that_are(caller, now)? {
            for found in self.partition.records_about(org, one, Some(number)) {
                if !each(found?.1)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Reads filters: each names a field, and its values are alternatives.
    fn record_filters(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        given: &[(String, String)],
    ) -> Result<Vec<(&'static str, Vec<Value>)>, Error> {
        let mut filters: Vec<(&'static str, Vec<Value>)> = Vec::new();
        for (name, text) in given {
            let mut stored = kind.fields().iter().filter(|field| field.is_stored());
            let Some(field) = stored.clone().find(|field| field.name == name) else {
                let known: Vec<&str> = stored.by_ref().map(|field| field.name).collect();
                let detail = format!(
                    "is not known here; known are q, filter, sort, page, per_page, cursor, deleted, {}",
                    known.join(", ")
                );
                return Err(Error::invalid(&format!("/{name}"), "unknown_member", detail));
            };
            let mut values = Vec::new();
            for text in text.split(',').map(str::trim).filter(|text| !text.is_empty()) {
                values.push(self.filter_value(caller, field.name, field.kind, text)?);
            }
            match filters.iter_mut().find(|(known, _)| *known == field.name) {
                Some((_, known)) => known.extend(values),
                None => filters.push((field.name, values)),
            }
        }
        Ok(filters)
    }

    pub(super) fn filter_value(
        &self,
        caller: &Caller,
        name: &str,
        kind: FieldKind,
        text: &str,
    ) -> Result<Value, Error> {
        let misfit = |detail: String| Error::invalid(&format!("/{name}"), "value", detail);
        Ok(match kind {
            _ if text == "none" => Value::Null,
            FieldKind::User | FieldKind::Agent if text == "me" => json!(caller.user),
            FieldKind::Agent => match self.access().find_user(caller.organization, text) {
                Some(user) => json!(user.id),
                None => json!(text),
            },
            FieldKind::User => match self.access().find_user(caller.organization, text) {
                Some(user) => json!(user.id),
                None => {
                    return Err(misfit(format!("{text:?} is not a user of this organisation")));
                }
            },
            FieldKind::Choice(words) if !words.contains(&text) => {
                return Err(misfit(format!(
                    "{text:?} is not allowed here; use one of {}",
                    words.join(", ")
                )));
            }
            FieldKind::Flag => match text {
                "true" => json!(true),
                "false" => json!(false),
                _ => return Err(misfit(format!("{text:?} must be true or false"))),
            },
            FieldKind::Amount | FieldKind::Count => match text.parse::<f64>() {
                Ok(number) if kind == FieldKind::Amount => json!(number),
                Ok(_) => text.parse::<u64>().map_or(Value::Null, |number| json!(number)),
                Err(_) => return Err(misfit(format!("{text:?} must be a number"))),
            },
            FieldKind::Text(_)
            | FieldKind::Prose(_)
            | FieldKind::Choice(_)
            | FieldKind::Time
            | FieldKind::Day
            | FieldKind::Contact
            | FieldKind::Texts(_)
            | FieldKind::Record(_)
            | FieldKind::Link
            | FieldKind::Currency
            | FieldKind::Earlier
            | FieldKind::Object => json!(text),
        })
    }
}

/// Splits off the company that is asked for where records have no such field: their contacts
/// belong to it.
fn company_of(
    kind: &dyn AnyKind,
    given: &[(String, String)],
) -> Result<(Pairs, Option<Uuid>), Error> {
    let is_field = kind.fields().iter().any(|field| field.name == COMPANY);
    if is_field || !kind.is_about_contacts() && !is_company(kind) {
        return Ok((given.to_vec(), None));
    }
    let (named, others): (Vec<_>, Vec<_>) =
        given.iter().cloned().partition(|(name, _)| name == COMPANY);
    let Some((_, text)) = named.last() else { return Ok((others, None)) };
    let company = Uuid::parse_str(text).map_err(|_not_an_id| {
        let detail = format!("{text:?} is not the id of a company");
        Error::invalid("/company_id", "id", detail)
    })?;
    Ok((others, Some(company)))
}

/// The page, how many records it has, and how many are before it.
fn page_of(query: &RecordQuery) -> Result<(usize, usize, usize), Error> {
    let per_page = query.per_page.unwrap_or(PER_PAGE);
    if per_page > MOST_PER_PAGE {
        let detail = format!("is {per_page}; at most {MOST_PER_PAGE} records go on a page");
        return Err(Error::invalid("/per_page", "range", detail));
    }
    let page = query.page.unwrap_or(1);
    let offset = page.saturating_sub(1).saturating_mul(per_page);
    if page == 0 || offset > MOST_OFFSET {
        let detail = format!(
            "is {page}; pages count from 1 and reach {MOST_OFFSET} records, a cursor reaches all"
        );
        return Err(Error::invalid("/page", "range", detail));
    }
    Ok((page, per_page, offset))
}
