//! What a document tells of its contact, to be compared with the record.
//!
//! Documents hold no text, only terms; times, name key and numbers are readable by document and
//! change with nearly every change of a contact.

use std::sync::Arc;

use tantivy::columnar::{Column, StrColumn};
use tantivy::fastfield::AliveBitSet;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, InvertedIndexReader, Searcher, SegmentReader, TERMINATED, Term};

use super::Error;
use super::document::{phone_numbers, sort_key};
use super::schema::Schema;
use super::space::Space;
use crate::domain::access::SightKey;
use crate::domain::collation::halves;
use crate::domain::contact::Contact;
use crate::domain::ids::{ContactNumber, OrgNumber};

/// The readable values of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    created_at: u64,
    updated_at: u64,
    name_key: (u64, u64),
    phone_numbers: Vec<u64>,
    audience: String,
}

impl Fingerprint {
    /// What the document of a contact must tell.
    pub fn of(schema: &Schema, org: OrgNumber, contact: &Contact) -> Self {
        let space = Space::of(org, contact).map_or_else(String::new, Space::prefix);
        let mut phone_numbers = phone_numbers(contact, schema.limits.phone_digits);
        phone_numbers.sort_unstable();
        Self {
            created_at: contact.created_at.0.unsigned_abs(),
            updated_at: contact.updated_at.0.unsigned_abs(),
            name_key: sort_key(&schema.collation, contact).map_or((0, 0), |key| halves(&key)),
            audience: format!("{space}{}", SightKey::of(contact).audience()),
            phone_numbers,
        }
    }
}

/// Reads fingerprints out of one snapshot.
pub struct FingerprintReader {
    schema: Schema,
    segments: Vec<Segment>,
}

struct Segment {
    terms: Arc<InvertedIndexReader>,
    alive: Option<AliveBitSet>,
    created_at: Column<u64>,
    updated_at: Column<u64>,
    name_key0: Option<Column<u64>>,
    name_key1: Option<Column<u64>>,
    phone_numbers: Column<u64>,
    audience: Option<StrColumn>,
}

impl FingerprintReader {
    /// Opens what is needed of every segment.
    ///
    /// # Errors
    /// If the index files cannot be read.
    pub fn open(schema: &Schema, searcher: &Searcher) -> Result<Self, Error> {
        let open = |reader: &SegmentReader| -> tantivy::Result<Segment> {
            let column = |name: &str| reader.fast_fields().u64(name);
            Ok(Segment {
                terms: reader.inverted_index(schema.fields.number)?,
                alive: reader.alive_bitset().cloned(),
                created_at: column("created_at")?,
                updated_at: column("updated_at")?,
                // None of its contacts need have a name.
                name_key0: column("name_key0").ok(),
                name_key1: column("name_key1").ok(),
                phone_numbers: column("phone_num")?,
                audience: reader.fast_fields().str("audience")?,
            })
        };
        let segments: tantivy::Result<Vec<Segment>> =
            searcher.segment_readers().iter().map(open).collect();
        Ok(Self { schema: schema.clone(), segments: segments? })
    }

    /// What the document of a contact should tell.
    pub fn expected(&self, org: OrgNumber, contact: &Contact) -> Fingerprint {
        Fingerprint::of(&self.schema, org, contact)
    }

    /// What the documents of a contact tell; there must be one, or none if it is deleted.
    ///
    /// # Errors
    /// If the index files cannot be read.
    pub fn find(&self, number: ContactNumber) -> Result<Vec<Fingerprint>, Error> {
        let term = Term::from_field_u64(self.schema.fields.number, u64::from(number.0));
        let mut found = Vec::new();
        for segment in &self.segments {
            let postings = segment
                .terms
                .read_postings(&term, IndexRecordOption::Basic)
                .map_err(tantivy::TantivyError::from)?;
            let Some(mut postings) = postings else { continue };
            while postings.doc() != TERMINATED {
                let doc = postings.doc();
                if segment.alive.as_ref().is_none_or(|alive| alive.is_alive(doc)) {
                    found.push(segment.fingerprint(doc));
                }
                postings.advance();
            }
        }
        Ok(found)
    }
}

impl Segment {
    fn fingerprint(&self, doc: DocId) -> Fingerprint {
        let first = |column: &Column<u64>| column.first(doc).unwrap_or(0);
        let half = |column: &Option<Column<u64>>| column.as_ref().map_or(0, first);
        let mut phone_numbers: Vec<u64> = self.phone_numbers.values_for_doc(doc).collect();
        phone_numbers.sort_unstable();
        Fingerprint {
            created_at: first(&self.created_at),
            updated_at: first(&self.updated_at),
            name_key: (half(&self.name_key0), half(&self.name_key1)),
            phone_numbers,
            audience: self.audience(doc).unwrap_or_default(),
        }
    }

    /// Who may see it, with the space in front.
    fn audience(&self, doc: DocId) -> Option<String> {
        let column = self.audience.as_ref()?;
        let mut text = String::new();
        column.ord_to_str(column.ords().first(doc)?, &mut text).ok()?;
        Some(text)
    }
}
