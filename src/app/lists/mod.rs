//! Lists of contacts: which there are, what queries mean by them, and how many contacts are in them.
//!
//! Lists are records like others (`records`); who is put on a static one is in `members`.

mod circle;
mod members;

pub use members::MembersChanged;
pub(super) use members::{ImportLists, note_members};

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parking_lot::RwLock;
use serde_json::Value;
use uuid::Uuid;

use super::App;
use super::error::Error;
use super::query::Query;
use super::search::{Refresh, SearchRequest};
use crate::domain::access::{Caller, Sight};
use crate::domain::ids::OrgNumber;
use crate::domain::list::{ContactList, ListBook, ListQuery, list_kind};
use crate::domain::record::{AnyKind, Record, Values};
use crate::domain::text::fold;
use crate::domain::view::Showing;
use crate::engine::{Applied, Error as EngineError, Projection, Stored, codec, keys};
use crate::query::{Condition, Expr, Field, Shape, Warning};

/// Lists that an organisation may have.
const MOST_LISTS: usize = 10_000;
/// Dynamic lists that one query may ask for, also by each other.
const MOST_ASKED: usize = 32;

/// The lists of organisations as they were read; a change of one forgets them.
#[derive(Debug, Default)]
pub(super) struct ListBooks(RwLock<HashMap<OrgNumber, Arc<ListBook>>>);

impl Projection for ListBooks {
    fn follow(&self, _stored: Stored<'_>, applied: &Applied<'_>) -> Result<(), EngineError> {
        if !applied.touches(&[keys::RECORDS]) {
            return Ok(());
        }
        for (key, _) in applied.changes(keys::RECORDS) {
            let org = key.get(1..5).and_then(|org| org.try_into().ok()).map(u32::from_be_bytes);
            if let Some(org) = org.map(OrgNumber)
                && key.starts_with(&keys::records_of(org, list_kind()))
            {
                self.0.write().remove(&org);
            }
        }
        Ok(())
    }
}

impl App {
    /// The lists of an organisation.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn lists(&self, org: OrgNumber) -> Result<Arc<ListBook>, Error> {
        if let Some(known) = self.list_books.0.read().get(&org) {
            return Ok(Arc::clone(known));
        }
        // Read under the lock, so that whoever changes a list meanwhile forgets this, too.
        let mut books = self.list_books.0.write();
        let mut all = Vec::new();
        for entry in self.partition.scan(&keys::records_of(org, list_kind())) {
            let record: Record = codec::decode(&entry?.1).map_err(EngineError::from)?;
            all.extend(ContactList::of(&record));
        }
        let book = Arc::new(ListBook::new(all.into_iter()));
        books.insert(org, Arc::clone(&book));
        Ok(book)
    }

    /// What showing contacts of an organisation takes beside them.
    ///
    /// # Errors
    /// If its lists cannot be read.
    pub fn showing(&self, org: OrgNumber) -> Result<Showing, Error> {
        let (lists, scoring) = (self.lists(org)?, self.scoring_of(org));
        Ok(Showing { lists, scoring, now: self.partition.now() })
    }

    /// Refuses what cannot be a list: a query that is not understood, or too many of them.
    pub(super) fn check_list(
        &self,
        caller: &Caller,
        kind: &'static dyn AnyKind,
        id: Option<Uuid>,
        values: &Values,
    ) -> Result<(), Error> {
        if kind.info().number != list_kind() {
            return Ok(());
        }
        if id.is_none() && self.lists(caller.organization)?.len() >= MOST_LISTS {
            let detail = format!("there are {MOST_LISTS} lists already: delete some first");
            return Err(Error::InUse(detail));
        }
        let text = values.get("q").and_then(Value::as_str).unwrap_or_default();
        if !text.is_empty() {
            self.refuse_vague_query(caller, &Query::from(text), "/q")?;
        }
        let filter = values.get("filter").filter(|filter| filter.is_object());
        if let Some(filter) = filter {
            let query = Query { filter: Some(filter.clone()), ..Query::default() };
            self.understand(caller, &query)?;
        }
        self.refuse_circle(caller, id, values)
    }

    /// How many contacts of a list the caller sees, archived ones left out as in every list.
    pub(super) fn list_count(
        &self,
        caller: &Caller,
        shown: &Value,
    ) -> Result<Option<usize>, Error> {
        let id = shown["id"].as_str().and_then(|id| Uuid::parse_str(id).ok());
        let Some(id) = id else { return Ok(None) };
        let query = (shown["kind"] == "dynamic").then(|| ListQuery {
            q: shown["q"].as_str().unwrap_or_default().to_owned(),
            filter: shown["filter"].as_object().cloned(),
        });
        let list = ContactList { id, name: String::new(), query };
        let mut resolver = Resolver::new(self, caller, self.lists(caller.organization)?);
        let members = resolver.members(&list)?;
        let request = SearchRequest {
            conditions: Some(members),
            per_page: Some(0),
            refresh: Refresh::Own,
            ..SearchRequest::default()
        };
        match self.search_contacts(caller, &request) {
            Ok(found) => Ok(Some(found.total)),
            // Who reads contacts and may not search them.
            Err(Error::Forbidden(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether contacts are on a static list, also archived ones. Who does not see all is told yes.
    pub(super) fn has_members(&self, caller: &Caller, list: Uuid) -> Result<bool, Error> {
        if caller.sight != Sight::Everything {
            return Ok(true);
        }
        let list = ContactList { id: list, name: String::new(), query: None };
        let mut resolver = Resolver::new(self, caller, self.lists(caller.organization)?);
        let request = SearchRequest {
            conditions: Some(resolver.members(&list)?),
            with_archived: true,
            per_page: Some(0),
            refresh: Refresh::Wait,
            ..SearchRequest::default()
        };
        Ok(self.search_contacts(caller, &request)?.total > 0)
    }

    /// Refuses conditions that name a list that there is not. `at` points to them.
    pub(super) fn refuse_unknown_lists(
        &self,
        caller: &Caller,
        expr: &Expr,
        at: &str,
    ) -> Result<(), Error> {
        for condition in expr.conditions() {
            if let Condition::Value { field: Field::List, value, is_prefix: false } = condition
                && self.lists(caller.organization)?.find(value).is_empty()
            {
                let name: String = value.chars().take(100).collect();
                let detail = format!("there is no list {name:?}; GET /api/v1/lists has all");
                return Err(Error::invalid(at, "list", detail));
            }
        }
        Ok(())
    }

    /// One list by id or name.
    ///
    /// # Errors
    /// If there is none, or several have the name. `at` points to it.
    pub(super) fn list_named(
        &self,
        caller: &Caller,
        text: &str,
        at: &str,
    ) -> Result<ContactList, Error> {
        let book = self.lists(caller.organization)?;
        match book.find(text).as_slice() {
            [one] => Ok((*one).clone()),
            [] => {
                let name: String = text.chars().take(100).collect();
                let detail = format!("there is no list {name:?}; GET /api/v1/lists has all");
                Err(Error::invalid(at, "list", detail))
            }
            several => {
                let detail = format!("{} lists are called so: name one by its id", several.len());
                Err(Error::invalid(at, "list", detail))
            }
        }
    }

    /// A query with the members of lists in place of what names them. A list that there is not has
    /// no members.
    pub(super) fn with_lists_resolved(
        &self,
        caller: &Caller,
        expr: Expr,
        warnings: &mut Vec<Warning>,
    ) -> Result<Expr, Error> {
        if !expr.conditions().any(asks_lists) {
            return Ok(expr);
        }
        let mut resolver = Resolver::new(self, caller, self.lists(caller.organization)?);
        let resolved = resolver.expr(expr)?;
        warnings.extend(resolver.unknown.drain(..).map(|name| Warning {
            message: format!("there is no list {name:?}"),
            suggestion: None,
            start: 0,
            end: 0,
        }));
        warnings.extend(resolver.circular.iter().filter_map(|id| {
            let name = &resolver.book.get(*id)?.name;
            let message = format!(
                "the list {name:?} asks for itself, so nobody is on it: change what it asks for"
            );
            Some(Warning { message, suggestion: None, start: 0, end: 0 })
        }));
        if resolver.is_too_much {
            return Err(Error::invalid(
                "/q",
                "too_many",
                format!("asks for more than {MOST_ASKED} dynamic lists"),
            ));
        }
        Ok(resolved)
    }
}

fn asks_lists(condition: &Condition) -> bool {
    matches!(
        condition,
        Condition::Value { field: Field::List, .. }
            | Condition::Contains { field: Field::List, .. }
            | Condition::Has { field: Field::List }
            | Condition::Word { field: Some(Field::List), .. }
    )
}

/// A condition on the members of a static list.
pub(super) fn is_on(list: Uuid) -> Expr {
    let value = list.to_string();
    Expr::Is(Condition::Value { field: Field::List, value, is_prefix: false })
}

/// Puts members in the place of lists.
struct Resolver<'a> {
    app: &'a App,
    caller: &'a Caller,
    book: Arc<ListBook>,
    /// The dynamic lists that are being resolved, each asked for by the one before.
    open: Vec<Uuid>,
    /// Those that ask for themselves: nobody is on them, from wherever one looks.
    circular: HashSet<Uuid>,
    asked: usize,
    is_too_much: bool,
    unknown: Vec<String>,
}

impl<'a> Resolver<'a> {
    fn new(app: &'a App, caller: &'a Caller, book: Arc<ListBook>) -> Self {
        Self {
            app,
            caller,
            book,
            open: Vec::new(),
            circular: HashSet::new(),
            asked: 0,
            is_too_much: false,
            unknown: Vec::new(),
        }
    }

    fn expr(&mut self, expr: Expr) -> Result<Expr, Error> {
        Ok(match expr {
            Expr::All(parts) => Expr::all(self.each(parts)?),
            Expr::Any(parts) => Expr::any(self.each(parts)?),
            Expr::Not(inner) => self.expr(*inner)?.negate(),
            Expr::Is(condition) if asks_lists(&condition) => self.condition(&condition)?,
            Expr::Is(_) => expr,
        })
    }

    fn each(&mut self, parts: Vec<Expr>) -> Result<Vec<Expr>, Error> {
        parts.into_iter().map(|part| self.expr(part)).collect()
    }

    fn condition(&mut self, condition: &Condition) -> Result<Expr, Error> {
        let book = Arc::clone(&self.book);
        let found = lists_meant(&book, condition);
        if let Condition::Value { value, is_prefix: false, .. } = condition
            && found.is_empty()
        {
            self.unknown.push(value.chars().take(100).collect());
        }
        let members: Result<Vec<Expr>, Error> =
            found.into_iter().map(|list| self.members(list)).collect();
        Ok(Expr::any(members?))
    }

    /// Who belongs to a list.
    fn members(&mut self, list: &ContactList) -> Result<Expr, Error> {
        let Some(query) = &list.query else { return Ok(is_on(list.id)) };
        self.asked += 1;
        self.is_too_much |= self.asked > MOST_ASKED;
        if let Some(at) = self.open.iter().position(|open| *open == list.id) {
            self.circular.extend(&self.open[at..]);
        }
        if self.is_too_much || self.circular.contains(&list.id) {
            return Ok(Expr::any(Vec::new()));
        }
        self.open.push(list.id);
        let members = match self.app.understand(self.caller, &query_of(query)) {
            Ok(understood) => self.expr(understood.expr)?,
            // What it asks for is not there any more: a custom field, another list.
            Err(Error::Invalid(_)) => Expr::any(Vec::new()),
            Err(error) => return Err(error),
        };
        self.open.pop();
        Ok(if self.circular.contains(&list.id) { Expr::any(Vec::new()) } else { members })
    }
}

/// The lists that a condition asks for.
fn lists_meant<'b>(book: &'b ListBook, condition: &Condition) -> Vec<&'b ContactList> {
    match condition {
        Condition::Value { value, is_prefix: false, .. } => book.find(value),
        Condition::Value { value, .. } => {
            let begin = fold(value);
            book.named(|name| name.starts_with(&begin))
        }
        Condition::Contains { text, .. } => {
            let part = fold(text);
            book.named(|name| name.contains(&part))
        }
        Condition::Word { text, shape, .. } => {
            let is_prefix = *shape == Shape::Prefix;
            book.named(|name| {
                name.split_whitespace()
                    .any(|word| word == text || is_prefix && word.starts_with(text.as_str()))
            })
        }
        Condition::Has { .. } => book.iter().filter(|list| list.query.is_none()).collect(),
        Condition::Address { .. }
        | Condition::Dotted { .. }
        | Condition::Digits { .. }
        | Condition::Keypad { .. }
        | Condition::Range { .. } => Vec::new(),
    }
}

/// What a dynamic list asks for, in words as they are written: who belongs to a list must not hang on
/// a typo.
fn query_of(query: &ListQuery) -> Query {
    Query {
        q: query.q.clone(),
        filter: query.filter.clone().map(Value::Object),
        is_strict: true,
        ..Query::default()
    }
}
