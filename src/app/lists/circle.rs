//! Dynamic lists that would ask for themselves, by whatever way: refused when one is made or changed.

use std::collections::HashSet;

use serde_json::Value;
use uuid::Uuid;

use super::super::App;
use super::super::error::Error;
use super::{asks_lists, lists_meant, query_of};
use crate::domain::access::Caller;
use crate::domain::list::{ContactList, ListBook, ListQuery};
use crate::domain::record::Values;

impl App {
    /// Refuses a dynamic list whose query names the list itself, at once or through other lists.
    /// Cost: reads the query of each list on the way.
    pub(super) fn refuse_circle(
        &self,
        caller: &Caller,
        id: Option<Uuid>,
        values: &Values,
    ) -> Result<(), Error> {
        let text = |name: &str| values.get(name).and_then(Value::as_str).unwrap_or_default();
        if text("kind") != "dynamic" {
            return Ok(());
        }
        let query = ListQuery {
            q: text("q").to_owned(),
            filter: values.get("filter").and_then(Value::as_object).cloned(),
        };
        let known = self.lists(caller.organization)?;
        let own = id.unwrap_or_default();
        let list = ContactList { id: own, name: text("name").to_owned(), query: Some(query) };
        let others = known.iter().filter(|one| one.id != own).cloned();
        let book = ListBook::new(others.chain([list.clone()]));
        let Some(way) = self.way_back(caller, &book, &list)? else { return Ok(()) };
        let is_same_query = known.get(own).is_some_and(|known| known.query == list.query);
        let at = match &list.query {
            _ if is_same_query => "/name",
            Some(query) if !query.q.is_empty() => "/q",
            _ => "/filter",
        };
        let detail = if way.is_empty() {
            "names this list itself: a list cannot depend on who is on it".to_owned()
        } else {
            format!(
                "would ask for this list itself by way of {}: take the list out of one of the \
                 queries",
                way.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
            )
        };
        Err(Error::invalid(at, "circular_list", detail))
    }

    /// The names of the lists by which a list asks for itself; none if it does not.
    fn way_back(
        &self,
        caller: &Caller,
        book: &ListBook,
        list: &ContactList,
    ) -> Result<Option<Vec<String>>, Error> {
        let mut seen: HashSet<Uuid> = HashSet::new();
        let mut left = vec![(list.clone(), Vec::new())];
        while let Some((at, way)) = left.pop() {
            for next in self.asked_by(caller, book, &at)? {
                if next.id == list.id {
                    return Ok(Some(way));
                }
                if next.query.is_some() && seen.insert(next.id) {
                    let way = way.iter().cloned().chain([next.name.clone()]).collect();
                    left.push((next, way));
                }
            }
        }
        Ok(None)
    }

    /// The lists that a list asks for.
    fn asked_by(
        &self,
        caller: &Caller,
        book: &ListBook,
        list: &ContactList,
    ) -> Result<Vec<ContactList>, Error> {
        let Some(query) = &list.query else { return Ok(Vec::new()) };
        let understood = match self.understand(caller, &query_of(query)) {
            Ok(understood) => understood,
            // What it asks for is not there any more, so nobody is on it.
            Err(Error::Invalid(_)) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let asked = understood.expr.conditions().filter(|one| asks_lists(one));
        Ok(asked.flat_map(|one| lists_meant(book, one)).cloned().collect())
    }
}
