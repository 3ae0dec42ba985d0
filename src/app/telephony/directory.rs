//! The contacts as a directory that devices search: LDAP.

use std::sync::Arc;

use serde_json::Value;

use super::super::error::Error;
use super::super::query::Query;
use super::super::search::{MOST_PER_PAGE, Refresh, SearchRequest};
use super::super::{App, authorize_any};
use crate::domain::access::{Caller, Permission, Permissions};
use crate::domain::contact::Contact;
use crate::domain::ids::ContactId;
use crate::query::meets;

/// What of the directory is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DirectoryQuery {
    /// A filter in JSON; everybody if not given.
    pub filter: Option<Value>,
    /// What was typed to find a name by: looked for as on a page, typos and all, where nobody meets the
    /// filter.
    pub typed: Option<String>,
    /// Most contacts, at most a thousand.
    pub limit: usize,
    /// Where to begin, from an earlier page.
    pub cursor: Option<String>,
}

/// A page of the directory.
#[derive(Clone, Debug, Default)]
pub struct DirectoryPage {
    /// The contacts as the caller sees them, in the order of their names.
    pub contacts: Vec<Arc<Contact>>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// Most contacts that may be meant by a name that nobody has.
const MOST_MISSPELT: usize = 50;
/// Who may search the directory.
const READERS: [Permission; 2] = [Permission::Phonebook, Permission::Search];

impl App {
    /// The name of the caller's organisation, under which its directory stands.
    ///
    /// # Errors
    /// If there is none any more.
    pub fn directory_name(&self, caller: &Caller) -> Result<String, Error> {
        Ok(self.organization_of(caller)?.name.clone())
    }

    /// Searches the directory.
    ///
    /// # Errors
    /// If the caller may not, or the filter or the cursor is none.
    pub fn search_directory(
        &self,
        caller: &Caller,
        asked: &DirectoryQuery,
    ) -> Result<DirectoryPage, Error> {
        authorize_any(caller, &READERS)?;
        let by = caller.with(Permissions::of(&[Permission::Search]));
        let found = self.search_contacts(
            &by,
            &SearchRequest {
                query: Query { filter: asked.filter.clone(), ..Query::default() },
                sort: Some("name".to_owned()),
                per_page: Some(asked.limit.min(MOST_PER_PAGE)),
                cursor: asked.cursor.clone(),
                refresh: Refresh::Never,
                ..SearchRequest::default()
            },
        )?;
        if let Some(typed) = &asked.typed
            && found.contacts.is_empty()
            && asked.cursor.is_none()
        {
            return self.search_misspelt(&by, typed, asked.limit);
        }
        let contacts = found.contacts.into_iter().map(|(contact, _)| contact).collect();
        Ok(DirectoryPage { contacts, next: found.next_cursor })
    }

    /// Who may be meant by a name that nobody has, the likeliest first.
    fn search_misspelt(
        &self,
        by: &Caller,
        typed: &str,
        limit: usize,
    ) -> Result<DirectoryPage, Error> {
        let fields = vec!["name".to_owned()];
        let found = self.search_contacts(
            by,
            &SearchRequest {
                query: Query { q: typed.to_owned(), fields, ..Query::default() },
                per_page: Some(limit.min(MOST_MISSPELT)),
                refresh: Refresh::Never,
                ..SearchRequest::default()
            },
        )?;
        let contacts = found.contacts.into_iter().map(|(contact, _)| contact).collect();
        Ok(DirectoryPage { contacts, next: None })
    }

    /// One entry of the directory, if it meets a filter.
    ///
    /// # Errors
    /// If the caller may not, or the filter is none.
    pub fn directory_entry(
        &self,
        caller: &Caller,
        id: ContactId,
        filter: Option<Value>,
    ) -> Result<Option<Arc<Contact>>, Error> {
        authorize_any(caller, &READERS)?;
        let contact = match self.live_contact(caller, id) {
            Ok(contact) => caller.shown(contact),
            Err(Error::ContactNotFound | Error::Merged { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let query = Query { filter, ..Query::default() };
        let asked = self.understand(caller, &query)?.expr;
        Ok(meets(&asked, &contact, &|_, _| Vec::new()).then_some(contact))
    }
}
