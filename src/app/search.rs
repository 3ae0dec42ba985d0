//! Searching and listing contacts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error::Error;
use super::{App, authorize};
use crate::domain::access::{Caller, FieldRight, Permission};
use crate::domain::contact::Contact;
use crate::domain::status::Status;
use crate::domain::text::fold;
use crate::domain::view::MatchView;
use crate::engine::search::{self, Cursor, Sort};

/// How long a caller's search waits for its own writes.
const OWN_WRITES_WAIT: Duration = Duration::from_secs(1);
/// How long a search waits that asks to see everything.
const REFRESH_WAIT: Duration = Duration::from_secs(10);
/// Most contacts of a page.
pub(crate) const MOST_PER_PAGE: usize = 1_000;
/// Contacts of a page if nothing is said.
const PER_PAGE: usize = 50;
/// Pages are counted up to this many contacts; cursors go on for ever.
const MOST_OFFSET: usize = 1_000_000;
/// Longest query text that is looked at, in bytes.
const MOST_QUERY_BYTES: usize = 4_096;

/// Which writes a search must see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refresh {
    /// The caller's own.
    #[default]
    Own,
    /// All that are acknowledged.
    Wait,
    /// Whatever is visible.
    Never,
}

/// A search.
#[derive(Clone, Debug, Default)]
pub struct SearchRequest {
    /// The query text.
    pub q: String,
    /// The order; by relevance with a query, newest first without.
    pub sort: Option<String>,
    /// The page, from 1.
    pub page: Option<usize>,
    /// Contacts of a page.
    pub per_page: Option<usize>,
    /// Begin behind this place.
    pub cursor: Option<String>,
    /// Only contacts with this status.
    pub status: Option<String>,
    /// Which writes to see.
    pub refresh: Refresh,
}

/// A page of contacts.
pub struct SearchAnswer {
    /// The contacts with why they match.
    pub contacts: Vec<(Arc<Contact>, Option<MatchView>)>,
    /// How many there are in all, exactly.
    pub total: usize,
    /// The page, from 1.
    pub page: usize,
    /// Contacts of a page.
    pub per_page: usize,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
    /// Whether writes that should be seen are not yet.
    pub stale: bool,
    /// What was not understood as it may have been meant.
    pub warnings: Vec<String>,
    /// How long it took, in microseconds.
    pub took_us: u64,
}

impl App {
    /// Searches the contacts of the caller's organisation.
    ///
    /// # Errors
    /// If sort, page, cursor or status are none; never because of the query text.
    pub fn search_contacts(
        &self,
        caller: &Caller,
        request: &SearchRequest,
    ) -> Result<SearchAnswer, Error> {
        authorize(caller, Permission::Search)?;
        let started = Instant::now();
        let mut end = request.q.len().min(MOST_QUERY_BYTES);
        while !request.q.is_char_boundary(end) {
            end -= 1;
        }
        let mut query = search::parse(&request.q[..end], self.partition.limits().query_words);
        if end < request.q.len() {
            query.warnings.push(format!("only the first {MOST_QUERY_BYTES} bytes were looked at"));
        }
        if query.clauses.is_empty() && query.warnings.is_empty() && !request.q.trim().is_empty() {
            query.warnings.push("there is nothing in the query to search for".to_owned());
        }
        if caller.fields.phones != FieldRight::Full && query.has_digits() {
            query.warnings.push(
                "numbers are not searched, since you may not see them; look a whole number up instead".to_owned(),
            );
        }
        let sort = match request.sort.as_deref().filter(|s| !s.is_empty()) {
            Some(name) => Sort::parse(name).ok_or_else(|| {
                Error::invalid(
                    "/sort",
                    "sort",
                    format!("{name:?} is no sort: use relevance, name, created_at or updated_at, with - for descending"),
                )
            })?,
            None if query.clauses.is_empty() => Sort::CreatedDescending,
            None => Sort::Relevance,
        };
        let per_page = request.per_page.unwrap_or(PER_PAGE);
        // No contacts at all is a way to ask for the total alone.
        if per_page > MOST_PER_PAGE {
            return Err(Error::invalid(
                "/per_page",
                "range",
                format!("is {per_page}; at most {MOST_PER_PAGE} contacts go on a page"),
            ));
        }
        let page = request.page.unwrap_or(1);
        let offset = page.saturating_sub(1).saturating_mul(per_page);
        if page == 0 || offset > MOST_OFFSET {
            return Err(Error::invalid(
                "/page",
                "range",
                format!(
                    "is {page}; pages count from 1 and reach {MOST_OFFSET} contacts, a cursor reaches all"
                ),
            ));
        }
        let after = match request.cursor.as_deref().filter(|c| !c.is_empty()) {
            None => None,
            Some(text) => {
                let cursor = Cursor::decode(text).ok_or_else(|| {
                    Error::invalid("/cursor", "cursor", "is none of the cursors that answers carry")
                })?;
                // Taken in another order it would begin anew, and a walk would never end.
                if !sort.made(&cursor) {
                    return Err(Error::invalid(
                        "/cursor",
                        "cursor",
                        "belongs to another sort: repeat query and sort of the answer it comes from",
                    ));
                }
                Some(cursor)
            }
        };
        let status = match request.status.as_deref().filter(|s| !s.is_empty()) {
            None => None,
            Some(text) => Some(Status::parse(text).ok_or_else(|| {
                let all = Status::ALL.map(Status::as_str).join(", ");
                Error::invalid(
                    "/status",
                    "status",
                    format!("{text:?} is no status: use one of {all}"),
                )
            })?),
        };
        let stale = self.wait_for_writes(caller, request.refresh);
        let found = self.partition.search(&search::Request {
            org: caller.organization,
            query: &query,
            owners: &self.owner_names(caller, &query),
            sight: &caller.sight,
            fields: &caller.fields,
            status,
            sort,
            after,
            offset: if after.is_some() { 0 } else { offset },
            limit: per_page,
        })?;
        let next_cursor = found.next.map(Cursor::encode);
        let contacts = found
            .contacts
            .into_iter()
            .map(|(contact, hit)| {
                // Explained as it is shown: reasons and marks tell nothing of hidden fields.
                let contact = caller.shown(contact);
                let explanation = search::explain(&query, &contact, found.is_relaxed);
                let matched = MatchView {
                    score: hit.score,
                    why: explanation.why,
                    highlights: explanation.highlights,
                };
                (contact, Some(matched))
            })
            .collect();
        Ok(SearchAnswer {
            contacts,
            total: found.total,
            page,
            per_page,
            next_cursor,
            stale,
            warnings: query.warnings,
            took_us: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        })
    }

    /// The names under which contacts are assigned to the people whom a query names as owners.
    fn owner_names(
        &self,
        caller: &Caller,
        query: &search::ParsedQuery,
    ) -> BTreeMap<String, Vec<String>> {
        let mut names = BTreeMap::new();
        for owner in query.owners() {
            let given = if owner == "me" {
                caller.user.and_then(|id| self.access().user(id))
            } else {
                self.access().find_user(caller.organization, owner)
            };
            if let Some(user) = given {
                let all = [&user.id.to_string(), &user.email, &user.name].map(|name| fold(name));
                names.insert(fold(owner), all.to_vec());
            }
        }
        names
    }

    /// Waits as a search asks; whether what it should see is still missing.
    fn wait_for_writes(&self, caller: &Caller, refresh: Refresh) -> bool {
        let (seq, at_most) = match refresh {
            Refresh::Never => return false,
            Refresh::Own => (self.own_writes.last(caller), OWN_WRITES_WAIT),
            Refresh::Wait => (self.partition.applied_seq(), REFRESH_WAIT),
        };
        !self.partition.wait_visible(seq, at_most)
    }
}
