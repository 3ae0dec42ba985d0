//! What a document tells of its contact, to be compared with the record.
//!
//! Documents hold no text, only terms; times, name key and numbers are readable by document and
//! change with nearly every change of a contact.

use tantivy::columnar::Column;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, Searcher, TERMINATED, Term};

use super::Error;
use super::document::phone_numbers;
use super::schema::Schema;
use crate::domain::contact::Contact;
use crate::domain::ids::ContactNumber;
use crate::domain::text::sort_key;

/// The readable values of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    created_at: u64,
    updated_at: u64,
    name_key: (u64, u64),
    phone_numbers: Vec<u64>,
}

impl Fingerprint {
    /// What the document of a contact must tell.
    pub fn of(schema: &Schema, contact: &Contact) -> Self {
        let mut phone_numbers = phone_numbers(contact, schema.limits.phone_digits);
        phone_numbers.sort_unstable();
        Self {
            created_at: contact.created_at.0.unsigned_abs(),
            updated_at: contact.updated_at.0.unsigned_abs(),
            name_key: sort_key(&contact.display_name),
            phone_numbers,
        }
    }

    /// What the documents of a contact tell; there must be one, or none if it is deleted.
    ///
    /// # Errors
    /// If the index files cannot be read.
    pub fn find(
        schema: &Schema,
        searcher: &Searcher,
        number: ContactNumber,
    ) -> Result<Vec<Self>, Error> {
        let term = Term::from_field_u64(schema.fields.number, u64::from(number.0));
        let mut found = Vec::new();
        for segment in searcher.segment_readers() {
            let postings = segment
                .inverted_index(schema.fields.number)?
                .read_postings(&term, IndexRecordOption::Basic)
                .map_err(tantivy::TantivyError::from)?;
            let Some(mut postings) = postings else { continue };
            let column = |name: &str| segment.fast_fields().u64(name);
            while postings.doc() != TERMINATED {
                let doc = postings.doc();
                if segment.alive_bitset().is_none_or(|alive| alive.is_alive(doc)) {
                    let first = |column: &Column<u64>| column.first(doc).unwrap_or(0);
                    let mut phone_numbers: Vec<u64> =
                        column("phone_num")?.values_for_doc(doc).collect();
                    phone_numbers.sort_unstable();
                    found.push(Self {
                        created_at: first(&column("created_at")?),
                        updated_at: first(&column("updated_at")?),
                        name_key: (first(&column("name_key0")?), first(&column("name_key1")?)),
                        phone_numbers,
                    });
                }
                postings.advance();
            }
        }
        Ok(found)
    }
}
