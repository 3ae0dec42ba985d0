//! Asking the index, and fetching the records that it names.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tantivy::Searcher;

use super::error::Error;
use super::follower::Serving;
use super::partition::Partition;
use super::record_cache::RecordCache;
use super::writer::causes;
use crate::domain::contact::Contact;
use crate::search::{self, Hit, Request as SearchRequest};

/// A page of records.
pub struct SearchPage {
    /// The records with their hits, in order.
    pub contacts: Vec<(Arc<Contact>, Hit)>,
    /// How many there are in all.
    pub total: usize,
    /// Whether the total is exact, and the order that of all hits.
    pub is_exact: bool,
    /// Whether the time was over before everything was looked at.
    pub is_partial: bool,
    /// Where the next page begins, if there are more behind this one; also where contacts of this
    /// page have vanished meanwhile.
    pub next: Option<search::Cursor>,
    /// How far down the ladder the search went.
    pub step: search::Step,
    /// The counts that were asked for.
    pub facets: BTreeMap<search::FacetField, search::Facet>,
}

impl Partition {
    /// Runs a search and fetches the records of its page.
    pub fn search(&self, request: &SearchRequest<'_>) -> Result<SearchPage, Error> {
        let hits = self.ask_index(|serving, searcher| {
            search::run(&serving.schema, searcher, self.search_caches(), request)
        })?;
        let mut contacts = Vec::with_capacity(hits.hits.len());
        for hit in hits.hits {
            // A contact that was deleted after the snapshot is not shown any more.
            // Kept beside other pages, for people turn them and search again.
            let contact = if request.space.is_trash() {
                self.trashed(request.space.org(), hit.number)?
            } else {
                self.contact_of_number(
                    request.space.org(),
                    hit.number,
                    Some(RecordCache::put_page),
                )?
            };
            // Nor one that the caller has lost sight of since.
            if let Some(contact) = contact.filter(|contact| request.sight.sees(contact)) {
                contacts.push((contact, hit));
            }
        }
        Ok(SearchPage {
            contacts,
            total: hits.total,
            is_exact: hits.is_exact,
            is_partial: hits.is_partial,
            next: hits.next,
            step: hits.step,
            facets: hits.facets,
        })
    }

    /// Completes values that contacts have.
    pub fn suggest(
        &self,
        request: &search::SuggestRequest<'_>,
    ) -> Result<Vec<search::Completion>, Error> {
        self.ask_index(|serving, searcher| {
            search::suggest(&serving.schema, searcher, self.search_caches(), request)
        })
    }

    /// Asks the index something. Where it fails its files are looked at, and a new one is built if
    /// they are damaged; until that serves nothing is answered, for it could be wrong.
    fn ask_index<T>(
        &self,
        ask: impl FnOnce(&Serving, &Searcher) -> Result<T, search::Error>,
    ) -> Result<T, Error> {
        if self.health().is_search_down() {
            return Err(Error::SearchDown);
        }
        let serving = self.serving().load();
        serving.pace.search();
        let searcher = serving.reader.searcher();
        // Damaged index files can make tantivy panic where it should refuse.
        let answer = catch_unwind(AssertUnwindSafe(|| ask(&serving, &searcher)))
            .map_err(|_panic| Error::IndexUnreadable)
            .and_then(|answer| answer.map_err(Error::from));
        if let Err(error) = &answer {
            self.health().doubt_search(format!("a search failed: {}", causes(error)));
        }
        answer
    }

    /// Why a contact is a hit; `compared` is for all hits of the same search.
    pub fn explain(
        &self,
        expr: &crate::query::Expr,
        contact: &Contact,
        step: search::Step,
        compared: &search::Compared,
    ) -> search::Explanation {
        search::explain(&self.serving().load().schema, expr, contact, step, compared)
    }

    /// The limits of queries.
    pub fn limits(&self) -> crate::index::Limits {
        self.serving().load().schema.limits
    }
}
