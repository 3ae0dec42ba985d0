//! All contacts of a space in one order, for pages of the whole list.
//!
//! A list without conditions is what people look at first and page through. Where a segment holds
//! many contacts of an organisation its documents are put into the order once, in the background;
//! until that is done, and for what listings are not made for, all documents are gone through. Of
//! searches with many hits the first page is picked out of them as well.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering as Atomic};
use std::time::Duration;

use parking_lot::Mutex;
use quick_cache::sync::Cache;
use tantivy::DocId;
use tantivy::fastfield::AliveBitSet;

use super::budget::Budget;
use super::execute::{Context, Found, find};
use super::lists::Terms;
use super::node::Node;
use super::order::{CustomSort, Key, Order};
use super::sort::{Sort, SortField};
use super::view::Segment;
use crate::index::Space;

/// With fewer documents going through all of them takes no time to speak of.
const LEAST: usize = 4_000;
/// Most listings of a segment, of all its organisations together; four bytes a document each.
const MOST: usize = 24;
/// Longer than any takes.
const TIME: Duration = Duration::from_secs(300);

/// The documents of a space in a segment, deleted ones among them, in an order.
#[derive(Default)]
pub(super) struct Listing {
    docs: Vec<DocId>,
    /// How many of them are not deleted where so many of the segment are not: what is deleted in a
    /// segment only grows.
    counted: Mutex<Option<(usize, usize)>>,
}

/// What a listing is of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ListingKey {
    space: Space,
    field: SortField,
    is_descending: bool,
    custom: Option<CustomSort>,
}

/// The listings of a segment; those that were not looked at for long make room for others.
pub(super) struct Listings(Cache<ListingKey, Arc<Listing>>);

impl Default for Listings {
    fn default() -> Self {
        Self(Cache::new(MOST))
    }
}

impl Listings {
    /// Forgets all of them.
    pub(super) fn clear(&self) {
        self.0.clear();
    }
}

/// Makes one listing at a time.
#[derive(Clone, Default)]
pub(super) struct Lister {
    is_busy: Arc<AtomicBool>,
}

/// What is to be listed.
#[derive(Clone)]
pub(super) struct ListingRequest {
    pub(super) space: Space,
    pub(super) sort: Sort,
    pub(super) custom: Option<CustomSort>,
    /// Longest term in bytes.
    pub(super) most_bytes: usize,
}

impl Lister {
    /// The listing of a segment, if there is one; else it may be there soon.
    pub(super) fn get(&self, segment: &Segment, wanted: &ListingRequest) -> Option<Arc<Listing>> {
        let is_custom = matches!(wanted.sort.field, SortField::Custom(_));
        // By a custom field that nobody has there is no order.
        if (segment.view.max_doc as usize) < LEAST || is_custom && wanted.custom.is_none() {
            return None;
        }
        let of = wanted.of();
        if let Some(known) = segment.view.listings.0.get(&of) {
            return (!known.docs.is_empty()).then_some(known);
        }
        if self.is_busy.swap(true, Atomic::AcqRel) {
            return None;
        }
        let busy = Busy(Arc::clone(&self.is_busy));
        let (segment, wanted) = (segment.clone(), wanted.clone());
        let begun = std::thread::Builder::new().name("listing".to_owned()).spawn(move || {
            let _busy = busy;
            match Listing::of(&segment, &wanted) {
                Ok(listing) => segment.view.listings.0.insert(of, Arc::new(listing)),
                Err(error) => tracing::warn!("a list could not be put into its order: {error}"),
            }
        });
        if let Err(error) = begun {
            tracing::warn!("a list could not be put into its order: {error}");
        }
        None
    }
}

struct Busy(Arc<AtomicBool>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.store(false, Atomic::Release);
    }
}

impl ListingRequest {
    fn of(&self) -> ListingKey {
        ListingKey {
            space: self.space,
            field: self.sort.field.clone(),
            is_descending: self.sort.is_descending,
            custom: self.custom,
        }
    }
}

impl Listing {
    /// Reads the keys of all documents and sorts them: about half a microsecond each. Empty if there
    /// are only a few.
    fn of(segment: &Segment, wanted: &ListingRequest) -> tantivy::Result<Self> {
        let prefix = wanted.space.prefix();
        let budget = Budget::new(TIME);
        let terms = Terms {
            view: &segment.view,
            space: wanted.space,
            prefix: &prefix,
            most_expansions: 0,
            most_bytes: wanted.most_bytes,
            budget: &budget,
        };
        let docs: Vec<DocId> =
            match find(&Context { segment, terms, budget: &budget }, &Node::Everything)? {
                Found::Every => (0..segment.view.max_doc).collect(),
                Found::Some(docs) => docs.into_iter().map(|(doc, _)| doc).collect(),
            };
        if docs.len() < LEAST {
            return Ok(Self::default());
        }
        let order = Order::of(&wanted.sort, wanted.custom, wanted.space, segment)?;
        let mut keyed: Vec<(Key, DocId)> =
            docs.into_iter().map(|doc| (key_of(segment, &order, doc), doc)).collect();
        keyed.sort_unstable_by(|(a, one), (b, other)| {
            a[..3]
                .cmp(&b[..3])
                .then_with(|| {
                    if order.is_open(a) {
                        order.ranks(*one).cmp(&order.ranks(*other))
                    } else {
                        std::cmp::Ordering::Equal
                    }
                })
                .then(a[3].cmp(&b[3]))
        });
        let docs = keyed.into_iter().map(|(_, doc)| doc).collect();
        Ok(Self { docs, ..Self::default() })
    }

    /// All of the documents.
    pub(super) fn docs(&self) -> &[DocId] {
        &self.docs
    }

    /// The documents from the first on that meets a condition, as all behind it do.
    pub(super) fn from(&self, is_behind: impl Fn(DocId) -> bool) -> &[DocId] {
        &self.docs[self.docs.partition_point(|doc| !is_behind(*doc))..]
    }

    /// How many of the documents are not deleted.
    pub(super) fn count(&self, alive: Option<&AliveBitSet>, max_doc: u32) -> usize {
        match alive {
            None => self.docs.len(),
            Some(alive) if self.docs.len() == max_doc as usize => alive.num_alive_docs(),
            Some(alive) => {
                let of_segment = alive.num_alive_docs();
                let mut counted = self.counted.lock();
                match *counted {
                    Some((known, count)) if known == of_segment => count,
                    _ => {
                        let count = self.docs.iter().filter(|doc| alive.is_alive(**doc)).count();
                        *counted = Some((of_segment, count));
                        count
                    }
                }
            }
        }
    }
}

/// What a document sorts by.
pub(super) fn key_of(segment: &Segment, order: &Order, doc: DocId) -> Key {
    let number = segment.view.number.first(doc).unwrap_or(0);
    let leading = order.leading(doc, 0.0);
    let second = order.second(doc, || number);
    [leading, second.value, order.third(doc, second), number]
}

#[cfg(test)]
#[path = "listing_tests.rs"]
mod tests;
