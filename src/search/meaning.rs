//! What words of queries stand for, and which lists that is in a segment, both remembered: people
//! ask for the same names again and again, and every keystroke asks for all words but the last one
//! as they were.
//!
//! A word is looked up in all spellings, nicknames and sounds; making these takes automata and codes
//! of sounds, and finding them walks through dictionaries.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::held::least_of_long;
use super::lists::{List, Scored};
use super::node::Source;
use crate::index::{Schema, Sources, Space};

/// Words that are remembered, some kilobytes each.
const MOST_WORDS: usize = 4_096;
/// The lists of a word are kept joined if they have at most one document in so many of a segment,
/// or few.
const RARE: u32 = 64;
const FEW: u32 = 512;
/// Short lists of a word of which so many are joined when they are asked about again: opening each of
/// them takes longer than finding a document in all.
const MANY_SHORT: usize = 4;
/// Bytes of lists that are remembered for each document of a segment, and at least.
const BYTES_A_DOCUMENT: u64 = 16;
const LEAST_BYTES: u64 = 1 << 20;

/// What a condition on words stands for.
#[derive(Debug)]
pub(super) struct Meaning {
    /// By which segments remember the lists; none for what is not worth it.
    id: Option<u64>,
    pub(super) sources: Vec<Source>,
}

impl From<Vec<Source>> for Meaning {
    fn from(sources: Vec<Source>) -> Self {
        Self { id: None, sources }
    }
}

/// The words that were asked for lately, by all that decides what they stand for.
pub(super) struct Meanings {
    current: ArcSwap<Known>,
    made: AtomicU64,
}

/// The words of one schema: another one counts otherwise, and knows other names.
struct Known {
    schema: Option<Arc<Sources>>,
    words: Cache<Box<[u8]>, Arc<Meaning>>,
}

impl Known {
    fn of(schema: Option<Arc<Sources>>) -> Self {
        Self { schema, words: Cache::new(MOST_WORDS) }
    }

    fn is_of(&self, schema: &Schema) -> bool {
        self.schema.as_ref().is_some_and(|sources| Arc::ptr_eq(sources, &schema.sources))
    }
}

impl Default for Meanings {
    fn default() -> Self {
        Self { current: ArcSwap::from_pointee(Known::of(None)), made: AtomicU64::new(0) }
    }
}

impl Meanings {
    /// Forgets all of them.
    pub(super) fn clear(&self) {
        self.current.load().words.clear();
    }

    /// What a word stands for; made if it is not remembered. `key` is all that decides it beside
    /// the schema.
    pub(super) fn get(
        &self,
        schema: &Schema,
        key: &[u8],
        make: impl FnOnce() -> Vec<Source>,
    ) -> Arc<Meaning> {
        let mut current = self.current.load_full();
        if !current.is_of(schema) {
            current = Arc::new(Known::of(Some(Arc::clone(&schema.sources))));
            self.current.store(Arc::clone(&current));
        }
        if let Some(known) = current.words.get(key) {
            return known;
        }
        // One that was forgotten and is made again is another one: nothing is ever mixed up.
        let id = self.made.fetch_add(1, Ordering::Relaxed);
        let made = Arc::new(Meaning { id: Some(id), sources: make() });
        current.words.insert(key.into(), Arc::clone(&made));
        made
    }
}

/// The lists of a word in a segment.
pub(super) struct Expanded {
    /// The long ones first.
    pub(super) lists: Vec<List>,
    /// How many of them are long, of which bits are kept (`held`).
    long: usize,
    /// Whether words were left out since there are too many.
    pub(super) is_cut: bool,
    /// How many documents its lists have in all, those that several have as often.
    documents: usize,
    /// Whether its lists, once they are joined, stay so.
    keeps_joined: bool,
    joined: OnceLock<Box<[Scored]>>,
    /// Whether its short lists, once they are joined, stay so.
    keeps_short: bool,
    was_probed: AtomicBool,
    short: OnceLock<Box<[Scored]>>,
}

/// The long lists of a word, and the documents of its short ones in order.
pub(super) struct Apart<'a> {
    pub(super) long: &'a [List],
    pub(super) short: &'a [Scored],
}

impl Expanded {
    /// Some lists; what is joined of them is only kept if they are remembered (`stays`).
    pub(super) fn of(mut lists: Vec<List>, is_cut: bool, stays: bool, limits: &Limits) -> Self {
        lists.sort_by_key(|list| list.len() < limits.least_long);
        let long = lists.partition_point(|list| list.len() >= limits.least_long);
        let documents = |lists: &[List]| lists.iter().map(List::len).sum::<usize>();
        let (all, of_short) = (documents(&lists), documents(&lists[long..]));
        Self {
            long,
            is_cut,
            documents: all,
            keeps_joined: stays && all <= limits.most_joined,
            joined: OnceLock::new(),
            keeps_short: stays
                && lists.len() - long >= MANY_SHORT
                && of_short <= limits.most_joined,
            was_probed: AtomicBool::new(false),
            short: OnceLock::new(),
            lists,
        }
    }

    /// Its long lists, and the documents of its short ones in order, if they are worth joining: from
    /// the second time on that it is asked about.
    pub(super) fn apart<E>(
        &self,
        join: impl FnOnce(&[List]) -> Result<Vec<Scored>, E>,
        is_whole: impl FnOnce() -> bool,
    ) -> Result<Option<Apart<'_>>, E> {
        if !self.keeps_short || !self.was_probed.swap(true, Ordering::Relaxed) {
            return Ok(None);
        }
        let (long, short) = self.lists.split_at(self.long);
        if self.short.get().is_none() {
            let joined = join(short)?;
            if is_whole() {
                let _ = self.short.set(joined.into_boxed_slice());
            }
        }
        Ok(self.short.get().map(|short| Apart { long, short }))
    }

    /// How many documents its lists have in all, those that several have as often.
    pub(super) fn documents(&self) -> usize {
        self.documents
    }

    fn documents_of_short(&self) -> usize {
        self.lists[self.long..].iter().map(List::len).sum()
    }

    /// Its documents in order, with what they count.
    pub(super) fn joined<E>(
        &self,
        join: impl FnOnce(&[List]) -> Result<Vec<Scored>, E>,
        is_whole: impl FnOnce() -> bool,
    ) -> Result<Vec<Scored>, E> {
        if let Some(known) = self.joined.get() {
            return Ok(known.to_vec());
        }
        let joined = join(&self.lists)?;
        if self.keeps_joined && is_whole() {
            let _ = self.joined.set(joined.clone().into_boxed_slice());
        }
        Ok(joined)
    }
}

/// What the lists of a word take, with those joined that may yet be.
#[derive(Clone)]
struct Size;

impl Weighter<(u64, Space), Arc<Expanded>> for Size {
    fn weight(&self, _: &(u64, Space), expanded: &Arc<Expanded>) -> u64 {
        let joined = if expanded.keeps_joined { expanded.documents } else { 0 };
        let short = if expanded.keeps_short { expanded.documents_of_short() } else { 0 };
        let lists = expanded.lists.len() * size_of::<List>();
        (192 + lists + (joined + short) * size_of::<Scored>()) as u64
    }
}

/// The lists of the words that were asked for lately, of one segment.
pub(super) struct Expansions {
    known: Cache<(u64, Space), Arc<Expanded>, Size>,
    limits: Limits,
}

/// What is kept joined of a segment.
pub(super) struct Limits {
    /// Documents of a word whose lists are.
    pub(super) most_joined: usize,
    /// Documents of a list that is long.
    pub(super) least_long: usize,
}

impl Expansions {
    /// Memory: at most 16 bytes a document, or a megabyte.
    pub(super) fn new(max_doc: u32) -> Self {
        let bytes = (u64::from(max_doc) * BYTES_A_DOCUMENT).max(LEAST_BYTES);
        let words = usize::try_from(bytes / 4_096).unwrap_or(MOST_WORDS).min(MOST_WORDS);
        Self {
            known: Cache::with_weighter(words, bytes, Size),
            limits: Limits {
                most_joined: (max_doc / RARE).max(FEW) as usize,
                least_long: least_of_long(max_doc),
            },
        }
    }

    /// Forgets all of them.
    pub(super) fn clear(&self) {
        self.known.clear();
    }

    /// The lists of a word; `find` looks them up and says whether all of them were found, whether
    /// some were left out since there are too many.
    pub(super) fn get<E>(
        &self,
        space: Space,
        meaning: &Meaning,
        find: impl FnOnce(&[Source]) -> Result<Looked, E>,
    ) -> Result<Arc<Expanded>, E> {
        let place = meaning.id.map(|id| (id, space));
        if let Some(known) = place.and_then(|place| self.known.get(&place)) {
            return Ok(known);
        }
        let Looked { lists, is_cut, is_whole } = find(&meaning.sources)?;
        let stays = place.filter(|_| is_whole);
        let expanded = Arc::new(Expanded::of(lists, is_cut, stays.is_some(), &self.limits));
        if let Some(place) = stays {
            self.known.insert(place, Arc::clone(&expanded));
        }
        Ok(expanded)
    }
}

/// What looking a word up has found.
pub(super) struct Looked {
    pub(super) lists: Vec<List>,
    /// Whether some were left out since there are too many.
    pub(super) is_cut: bool,
    /// Whether the time sufficed to look everywhere.
    pub(super) is_whole: bool,
}

#[cfg(test)]
#[path = "meaning_tests.rs"]
mod tests;
