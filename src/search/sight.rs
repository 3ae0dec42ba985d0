//! The part of every query that leaves out what its caller may not see.
//!
//! Documents carry their audience and department as small numbers of a dictionary per segment.
//! What the caller may see is looked up there once per segment; then every match costs one read
//! of a column, before it is counted or ranked.

use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocId, SegmentReader, TantivyError};

use crate::domain::access::Sight;
use crate::domain::ids::OrgNumber;
use crate::index::org_prefix;

/// What a caller sees, in the words of the index.
pub(super) struct SightTerms {
    audiences: Vec<String>,
    wall: Option<Vec<String>>,
    whole_departments: Vec<String>,
}

impl SightTerms {
    /// Nothing where everything is seen.
    pub(super) fn of(org: OrgNumber, sight: &Sight) -> Option<Self> {
        let Sight::Rules(rules) = sight else { return None };
        let prefix = org_prefix(org);
        let prefixed = |names: &[String]| -> Vec<String> {
            names.iter().map(|name| format!("{prefix}{name}")).collect()
        };
        Some(Self {
            audiences: prefixed(&rules.audiences()),
            wall: rules.wall.as_deref().map(prefixed),
            whole_departments: prefixed(&rules.whole_departments),
        })
    }

    /// The filter of one segment; none where it would let everything through.
    pub(super) fn filter(&self, reader: &SegmentReader) -> tantivy::Result<Option<SightFilter>> {
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
        let Some(ord) = self.values.first(doc) else { return false };
        let (word, bit) = place(ord);
        self.wanted.get(word).is_some_and(|wanted| wanted & bit != 0)
    }
}

#[inline]
fn place(ord: u64) -> (usize, u64) {
    (usize::try_from(ord / 64).unwrap_or(usize::MAX), 1 << (ord % 64))
}
