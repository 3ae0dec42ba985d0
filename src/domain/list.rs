//! Lists of contacts as values: what they are called, and who belongs to them.
//!
//! The members of a static list are facts of the contacts; a dynamic list is a query that is asked
//! anew each time.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::contact::Contact;
use super::record::{Record, kind_by_name};
use super::text::fold;

/// The number of the kind of lists in the store.
pub fn list_kind() -> u8 {
    kind_by_name("list").map_or(0, |kind| kind.info().number)
}

/// A list that is not deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct ContactList {
    /// The public identifier.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// The query of a dynamic list; none for a static one.
    pub query: Option<ListQuery>,
}

/// Who belongs to a dynamic list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListQuery {
    /// Query text.
    pub q: String,
    /// Conditions as a tree.
    pub filter: Option<Map<String, Value>>,
}

impl ContactList {
    /// The list of a record; `None` if that is deleted.
    pub fn of(record: &Record) -> Option<Self> {
        if record.head.deleted_at.is_some() {
            return None;
        }
        let text = |name: &str| record.values.get(name).and_then(Value::as_str);
        let is_dynamic = text("kind") == Some("dynamic");
        let query = is_dynamic.then(|| ListQuery {
            q: text("q").unwrap_or_default().to_owned(),
            filter: record.values.get("filter").and_then(Value::as_object).cloned(),
        });
        Some(Self { id: record.head.id, name: text("name")?.to_owned(), query })
    }
}

/// A list as a contact names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListName<'a> {
    /// The list.
    pub id: Uuid,
    /// What it is called.
    pub name: &'a str,
}

/// The lists of an organisation.
#[derive(Clone, Debug, Default)]
pub struct ListBook {
    all: HashMap<Uuid, ContactList>,
}

impl ListBook {
    /// A book of these lists.
    pub fn new(all: impl Iterator<Item = ContactList>) -> Self {
        Self { all: all.map(|list| (list.id, list)).collect() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// A list by its id.
    pub fn get(&self, id: Uuid) -> Option<&ContactList> {
        self.all.get(&id)
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &ContactList> {
        self.all.values()
    }

    /// Lists by an id, or by a name in whatever case; several may have one name.
    pub fn find(&self, text: &str) -> Vec<&ContactList> {
        if let Some(known) = Uuid::parse_str(text.trim()).ok().and_then(|id| self.get(id)) {
            return vec![known];
        }
        let folded = fold(text.trim());
        self.named(|name| name == folded)
    }

    /// Lists of which the folded name meets something, by name.
    pub fn named(&self, meets: impl Fn(&str) -> bool) -> Vec<&ContactList> {
        let mut found: Vec<&ContactList> =
            self.all.values().filter(|list| meets(&fold(&list.name))).collect();
        found.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        found
    }

    /// The static lists of a contact, by name.
    pub fn of_contact(&self, contact: &Contact) -> Vec<ListName<'_>> {
        let known = contact.facts.lists().filter_map(|id| self.get(id));
        let known = known.filter(|list| list.query.is_none());
        let mut names: Vec<ListName<'_>> =
            known.map(|list| ListName { id: list.id, name: &list.name }).collect();
        names.sort_by(|a, b| (a.name, a.id).cmp(&(b.name, b.id)));
        names
    }
}
