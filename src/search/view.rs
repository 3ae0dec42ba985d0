//! What is read of a segment, opened once and kept as long as the segment is searched.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use parking_lot::RwLock;
use tantivy::columnar::{BytesColumn, Column, ColumnIndex, StrColumn};
use tantivy::fastfield::AliveBitSet;
use tantivy::index::SegmentId;
use tantivy::{DocId, InvertedIndexReader, Searcher, SegmentReader};

use super::held::HeldLists;
use super::listing::Listings;
use super::meaning::Expansions;
use super::node::Dict;
use super::numbers::Numbers;
use super::word_list::WordList;
use crate::index::Schema;

/// The first sixteen bytes of the keys of a column, in the order of its dictionary.
pub(super) type Halves = Vec<(u64, u64)>;

/// The documents of values are kept of at most so many values for each document of a segment, four
/// bytes each.
const MOST_TIMES: usize = 8;

/// Dictionaries and columns of one segment.
pub(super) struct SegmentView {
    dicts: [Arc<InvertedIndexReader>; Dict::ALL.len()],
    /// The dense contact number.
    pub(super) number: Column<u64>,
    /// The digits behind a leading 1.
    phone_num: Column<u64>,
    numbers: OnceLock<Numbers>,
    pub(super) max_doc: u32,
    columns: RwLock<HashMap<String, Option<Column<u64>>>>,
    texts: RwLock<HashMap<String, Option<StrColumn>>>,
    keys: RwLock<HashMap<String, Option<BytesColumn>>>,
    halves: RwLock<HashMap<String, Arc<Halves>>>,
    /// Of columns that not every document has one value of, the document of each value.
    docs_of_values: RwLock<HashMap<String, Arc<Vec<DocId>>>>,
    ranks: OnceLock<Arc<Vec<u64>>>,
    words: OnceLock<WordList>,
    pub(super) held: HeldLists,
    pub(super) expansions: Expansions,
    pub(super) listings: Listings,
}

/// A segment as of one snapshot: deletes differ from snapshot to snapshot.
#[derive(Clone)]
pub(super) struct Segment {
    pub(super) reader: SegmentReader,
    pub(super) view: Arc<SegmentView>,
}

impl Segment {
    pub(super) fn alive(&self) -> Option<&AliveBitSet> {
        self.reader.alive_bitset()
    }

    /// A column of numbers in an order-keeping form (see [`tantivy::i64_to_u64`] for signed ones);
    /// `None` if no document has a value.
    pub(super) fn column(&self, name: &str) -> tantivy::Result<Option<Column<u64>>> {
        if let Some(column) = self.view.columns.read().get(name) {
            return Ok(column.clone());
        }
        let opened = self.reader.fast_fields().u64_lenient(name)?.map(|(column, _)| column);
        self.view.columns.write().insert(name.to_owned(), opened.clone());
        Ok(opened)
    }

    /// A column of texts; `None` if no document has a value.
    pub(super) fn texts(&self, name: &str) -> tantivy::Result<Option<StrColumn>> {
        if let Some(column) = self.view.texts.read().get(name) {
            return Ok(column.clone());
        }
        let opened = self.reader.fast_fields().str(name)?;
        self.view.texts.write().insert(name.to_owned(), opened.clone());
        Ok(opened)
    }

    /// A column of keys; `None` if no document has one.
    pub(super) fn keys(&self, name: &str) -> tantivy::Result<Option<BytesColumn>> {
        if let Some(column) = self.view.keys.read().get(name) {
            return Ok(column.clone());
        }
        let columns = self.reader.fast_fields();
        let opened = match columns.bytes(name)? {
            // Those of custom fields are texts.
            None => columns.str(name)?.map(BytesColumn::from),
            column => column,
        };
        self.view.keys.write().insert(name.to_owned(), opened.clone());
        Ok(opened)
    }

    /// The documents with a value between two, in order; one of several such values stands several
    /// times.
    pub(super) fn docs_between(
        &self,
        name: &str,
        column: &Column<u64>,
        values: &RangeInclusive<u64>,
    ) -> Vec<DocId> {
        let mut rows = Vec::new();
        let all = 0..column.values.num_vals();
        column.values.get_row_ids_for_value_range(values.clone(), all, &mut rows);
        if !matches!(column.index, ColumnIndex::Full) {
            let docs = self.docs_of_values(name, column);
            for row in &mut rows {
                *row = docs.get(*row as usize).copied().unwrap_or(*row);
            }
        }
        rows
    }

    /// The document of each value of a column. Cost: the first time reads what documents there are,
    /// some ten nanoseconds each.
    fn docs_of_values(&self, name: &str, column: &Column<u64>) -> Arc<Vec<DocId>> {
        if let Some(docs) = self.view.docs_of_values.read().get(name) {
            return Arc::clone(docs);
        }
        let mut docs = Vec::with_capacity(column.values.num_vals() as usize);
        for doc in 0..self.view.max_doc {
            docs.extend(column.index.value_row_ids(doc).map(|_| doc));
        }
        let docs = Arc::new(docs);
        let mut all = self.view.docs_of_values.write();
        let held: usize = all.values().map(|known| known.len()).sum();
        if held + docs.len() > self.view.max_doc as usize * MOST_TIMES {
            all.clear();
        }
        all.insert(name.to_owned(), Arc::clone(&docs));
        docs
    }

    /// What orders hits of the same score, decoded: it is read for most documents of large results.
    pub(super) fn ranks(&self) -> tantivy::Result<Arc<Vec<u64>>> {
        if let Some(ranks) = self.view.ranks.get() {
            return Ok(Arc::clone(ranks));
        }
        let column = self.column("rank")?;
        let rank = |doc| column.as_ref().and_then(|column| column.first(doc)).unwrap_or(0);
        let make = || Arc::new((0..self.view.max_doc).map(rank).collect());
        Ok(Arc::clone(self.view.ranks.get_or_init(make)))
    }

    /// The first bytes of the keys of a column. Cost: the first time reads its dictionary, some
    /// tens of nanoseconds a key.
    pub(super) fn halves(
        &self,
        name: &str,
        column: &BytesColumn,
        of: impl Fn(&[u8]) -> (u64, u64),
    ) -> tantivy::Result<Arc<Halves>> {
        if let Some(halves) = self.view.halves.read().get(name) {
            return Ok(Arc::clone(halves));
        }
        let mut all = Vec::with_capacity(column.num_terms());
        let mut stream = column.dictionary().stream()?;
        while stream.advance() {
            all.push(of(stream.key()));
        }
        let all = Arc::new(all);
        self.view.halves.write().insert(name.to_owned(), Arc::clone(&all));
        Ok(all)
    }
}

impl SegmentView {
    fn open(schema: &Schema, reader: &SegmentReader) -> tantivy::Result<Self> {
        let field = |dict: Dict| schema.tantivy.get_field(dict.name());
        let mut dicts = Vec::with_capacity(Dict::ALL.len());
        for dict in Dict::ALL {
            dicts.push(reader.inverted_index(field(dict)?)?);
        }
        let dicts = dicts.try_into().map_err(|_count| {
            tantivy::TantivyError::InternalError("dictionaries are missing".to_owned())
        })?;
        Ok(Self {
            dicts,
            number: reader.fast_fields().u64("number")?,
            phone_num: reader.fast_fields().u64("phone_num")?,
            numbers: OnceLock::new(),
            max_doc: reader.max_doc(),
            columns: RwLock::default(),
            texts: RwLock::default(),
            keys: RwLock::default(),
            halves: RwLock::default(),
            docs_of_values: RwLock::default(),
            ranks: OnceLock::new(),
            words: OnceLock::new(),
            held: HeldLists::new(reader.max_doc()),
            expansions: Expansions::new(reader.max_doc()),
            listings: Listings::default(),
        })
    }

    /// All phone numbers, read when they are first asked for.
    pub(super) fn numbers(&self) -> &Numbers {
        self.numbers.get_or_init(|| Numbers::of_column(&self.phone_num, self.max_doc))
    }

    /// The words of names and companies, read when they are first asked for.
    pub(super) fn words(&self) -> tantivy::Result<&WordList> {
        if let Some(words) = self.words.get() {
            return Ok(words);
        }
        let read = WordList::of(self.dict(Dict::Word))?;
        Ok(self.words.get_or_init(|| read))
    }

    pub(super) fn dict(&self, dict: Dict) -> &InvertedIndexReader {
        &self.dicts[dict as usize]
    }
}

/// The views of the segments that are searched.
pub(super) struct Views {
    current: ArcSwap<Snapshot>,
}

struct Snapshot {
    generation: Option<u64>,
    segments: HashMap<SegmentId, Arc<SegmentView>>,
}

impl Default for Views {
    fn default() -> Self {
        let empty = Snapshot { generation: None, segments: HashMap::new() };
        Self { current: ArcSwap::from_pointee(empty) }
    }
}

impl Views {
    /// Opens the segments of a snapshot that is to be searched soon.
    pub(super) fn warm(&self, schema: &Schema, searcher: &Searcher) -> tantivy::Result<()> {
        let mut opened = Vec::new();
        for reader in searcher.segment_readers() {
            let known = self.current.load().segments.get(&reader.segment_id()).cloned();
            let view = match known {
                Some(view) => view,
                None => Arc::new(SegmentView::open(schema, reader)?),
            };
            view.words()?;
            view.numbers();
            opened.push((reader.segment_id(), view));
        }
        // A search may meanwhile have put another snapshot there.
        self.current.rcu(|current| {
            let mut segments = current.segments.clone();
            segments.extend(opened.iter().cloned());
            Snapshot { generation: current.generation, segments }
        });
        Ok(())
    }

    /// Forgets the lists that were found, put in order or into bits for searches that may come again.
    pub(super) fn let_go(&self) {
        for view in self.current.load().segments.values() {
            view.held.clear();
            view.expansions.clear();
            view.listings.clear();
        }
    }

    /// The segments of a snapshot. Cost: nothing to speak of, except for a new snapshot, of which
    /// new segments are opened.
    pub(super) fn of(&self, schema: &Schema, searcher: &Searcher) -> tantivy::Result<Vec<Segment>> {
        let generation = searcher.generation().generation_id();
        let current = self.current.load();
        // The readers of two indexes count their snapshots alike.
        let is_known = |reader: &SegmentReader| current.segments.contains_key(&reader.segment_id());
        let is_new = current.generation != Some(generation)
            || !searcher.segment_readers().iter().all(is_known);
        let mut segments = Vec::with_capacity(searcher.segment_readers().len());
        for reader in searcher.segment_readers() {
            let view = match current.segments.get(&reader.segment_id()) {
                Some(view) => Arc::clone(view),
                None => Arc::new(SegmentView::open(schema, reader)?),
            };
            segments.push(Segment { reader: reader.clone(), view });
        }
        if is_new {
            let known = segments
                .iter()
                .map(|segment| (segment.reader.segment_id(), Arc::clone(&segment.view)))
                .collect();
            self.current
                .store(Arc::new(Snapshot { generation: Some(generation), segments: known }));
        }
        Ok(segments)
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::domain::contact::Contact;
    use crate::domain::ids::{ChangeSeq, ContactNumber, OrgNumber};
    use crate::index::Mirror;

    #[test]
    fn the_segments_of_an_index_that_took_over_are_kept() {
        let dir = TempDir::new().unwrap();
        let open = |name: &str| {
            let schema = Schema::load().unwrap();
            let mut mirror = Mirror::open(&dir.path().join(name), schema, 16 << 20, None).unwrap();
            let mut contact = Contact::decoy();
            contact.number = ContactNumber(1);
            mirror.upsert(OrgNumber(1), &contact, true).unwrap();
            mirror.commit(ChangeSeq(1)).unwrap();
            mirror
        };
        let views = Views::default();
        for mirror in [open("gen-1"), open("gen-2")] {
            let view = || {
                let segments = views.of(mirror.schema(), &mirror.searcher()).unwrap();
                Arc::clone(&segments[0].view)
            };
            assert!(Arc::ptr_eq(&view(), &view()), "opened anew for every search");
        }
    }
}
