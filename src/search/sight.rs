//! The part of every query that leaves out what its caller may not see.
//!
//! Documents carry their audience and department as small numbers of a dictionary per segment.
//! What the caller may see is looked up there once per segment and remembered; then every match
//! costs one read of a column, before it is counted or ranked.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::Cache;
use rustc_hash::FxBuildHasher;
use tantivy::columnar::{Column, StrColumn};
use tantivy::index::SegmentId;
use tantivy::{DocId, Searcher, SegmentReader, TantivyError};

use super::lists::Scored;
use crate::domain::access::Sight;
use crate::index::Space;

/// Filters that are remembered: a few thousand callers times large segments.
const MOST_FILTERS: usize = 16_384;

/// What a caller sees, in the words of the index.
pub(super) struct SightTerms {
    audiences: Vec<String>,
    wall: Option<Vec<String>>,
    whole_departments: Vec<String>,
    /// All of it as one text, to remember filters by.
    key: Arc<str>,
}

impl SightTerms {
    /// Nothing where everything is seen.
    pub(super) fn of(space: Space, sight: &Sight) -> Option<Self> {
        let Sight::Rules(rules) = sight else { return None };
        let prefix = space.prefix();
        let prefixed = |names: &[String]| -> Vec<String> {
            names.iter().map(|name| format!("{prefix}{name}")).collect()
        };
        let audiences = prefixed(&rules.audiences());
        let wall = rules.wall.as_deref().map(prefixed);
        let whole_departments = prefixed(&rules.whole_departments);
        // No term holds a NUL, so different sights never make the same text.
        let mut key = audiences.join("\0");
        for part in [wall.as_deref().unwrap_or_default(), &whole_departments] {
            key.push_str("\0\0");
            key.push_str(&part.join("\0"));
        }
        if wall.is_some() {
            key.push_str("\0\0wall");
        }
        Some(Self { audiences, wall, whole_departments, key: key.into() })
    }

    fn filter(&self, reader: &SegmentReader) -> tantivy::Result<Option<SightFilter>> {
        let column = |name: &str| -> tantivy::Result<StrColumn> {
            reader.fast_fields().str(name)?.ok_or_else(|| {
                TantivyError::InternalError(format!("the index has no column {name}"))
            })
        };
        let audience = Members::of(&column("audience")?, &self.audiences)?;
        if audience.is_all && self.wall.is_none() {
            return Ok(None);
        }
        let (mut wall, mut whole) = (None, None);
        if self.wall.is_some() || !self.whole_departments.is_empty() {
            let department = column("department")?;
            if let Some(names) = &self.wall {
                wall = Some(Members::of(&department, names)?);
            }
            if !self.whole_departments.is_empty() {
                whole = Some(Members::of(&department, &self.whole_departments)?);
            }
        }
        Ok(Some(SightFilter { audience, wall, whole }))
    }
}

/// The filters of callers and segments that were searched lately.
pub(super) struct SightFilters {
    filters: Cache<(SegmentId, Arc<str>), Option<Arc<SightFilter>>>,
    /// The snapshot for which filters of segments that are gone were dropped last.
    swept: AtomicU64,
}

impl Default for SightFilters {
    fn default() -> Self {
        Self { filters: Cache::new(MOST_FILTERS), swept: AtomicU64::new(0) }
    }
}

impl SightFilters {
    /// Forgets all of them.
    pub(super) fn clear(&self) {
        self.filters.clear();
    }

    /// The filter of one segment; none where it would let everything through.
    pub(super) fn get(
        &self,
        terms: &SightTerms,
        reader: &SegmentReader,
    ) -> tantivy::Result<Option<Arc<SightFilter>>> {
        // Nothing in a segment changes but what is deleted, which is no matter of sight.
        let key = (reader.segment_id(), Arc::clone(&terms.key));
        self.filters.get_or_insert_with(&key, || Ok(terms.filter(reader)?.map(Arc::new)))
    }

    /// Lets go of segments that a snapshot no longer has, or their files would stay; whether the
    /// snapshot is another one than before.
    pub(super) fn sweep(&self, searcher: &Searcher) -> bool {
        let ids: Vec<SegmentId> =
            searcher.segment_readers().iter().map(SegmentReader::segment_id).collect();
        let snapshot = FxBuildHasher.hash_one(&ids);
        if self.swept.swap(snapshot, Ordering::Relaxed) == snapshot {
            return false;
        }
        self.filters.retain(|(segment, _), _| ids.contains(segment));
        true
    }
}

/// Which documents of a segment a caller sees.
pub(super) struct SightFilter {
    audience: Members,
    wall: Option<Members>,
    whole: Option<Members>,
}

impl SightFilter {
    /// Whether a document is seen.
    #[inline]
    pub(super) fn sees(&self, doc: DocId) -> bool {
        self.wall.as_ref().is_none_or(|wall| wall.has(doc))
            && (self.audience.has(doc) || self.whole.as_ref().is_some_and(|whole| whole.has(doc)))
    }

    /// Leaves out what is not seen. Cheaper than asking one by one.
    pub(super) fn retain(&self, block: &mut Vec<Scored>) {
        if self.wall.is_some() || self.whole.is_some() {
            block.retain(|(doc, _)| self.sees(*doc));
            return;
        }
        let docs: Vec<DocId> = block.iter().map(|(doc, _)| *doc).collect();
        let mut values = vec![None; docs.len()];
        self.audience.values.first_vals(&docs, &mut values);
        let mut values = values.into_iter();
        block.retain(|_| values.next().flatten().is_some_and(|ord| self.audience.wants(ord)));
    }
}

/// The documents whose value in a column is one of some values.
struct Members {
    values: Column<u64>,
    /// One bit a value of the dictionary.
    wanted: Vec<u64>,
    is_all: bool,
}

impl Members {
    fn of(column: &StrColumn, names: &[String]) -> tantivy::Result<Self> {
        let dictionary = column.dictionary();
        let count = dictionary.num_terms();
        let mut wanted = vec![0_u64; count.div_ceil(64).max(1)];
        let mut found = 0;
        for name in names {
            if let Some(ord) = dictionary.term_ord(name.as_bytes())? {
                let (word, bit) = place(ord);
                if let Some(word) = wanted.get_mut(word)
                    && *word & bit == 0
                {
                    *word |= bit;
                    found += 1;
                }
            }
        }
        Ok(Self { values: column.ords().clone(), wanted, is_all: found == count })
    }

    #[inline]
    fn has(&self, doc: DocId) -> bool {
        self.values.first(doc).is_some_and(|ord| self.wants(ord))
    }

    #[inline]
    fn wants(&self, ord: u64) -> bool {
        let (word, bit) = place(ord);
        self.wanted.get(word).is_some_and(|wanted| wanted & bit != 0)
    }
}

#[inline]
fn place(ord: u64) -> (usize, u64) {
    (usize::try_from(ord / 64).unwrap_or(usize::MAX), 1 << (ord % 64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::SightRules;
    use crate::domain::ids::OrgNumber;

    #[test]
    fn different_sights_are_remembered_apart() {
        let key = |rules: SightRules| {
            SightTerms::of(Space::live(OrgNumber(1)), &Sight::Rules(rules)).map(|terms| terms.key)
        };
        let name = || vec!["x".to_owned()];
        let keys = [
            key(SightRules::default()),
            key(SightRules { queues: name(), ..SightRules::default() }),
            key(SightRules { owner: name(), ..SightRules::default() }),
            key(SightRules { wall: Some(name()), ..SightRules::default() }),
            key(SightRules { wall: Some(Vec::new()), ..SightRules::default() }),
            key(SightRules { whole_departments: name(), ..SightRules::default() }),
            SightTerms::of(Space::live(OrgNumber(2)), &Sight::Rules(SightRules::default()))
                .map(|t| t.key),
        ];
        for (at, one) in keys.iter().enumerate() {
            assert!(keys[..at].iter().all(|other| other != one), "{at}");
        }
        assert!(SightTerms::of(Space::live(OrgNumber(1)), &Sight::Everything).is_none());
    }
}
