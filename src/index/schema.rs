//! Reads `index-schema/contacts.toml` and turns it into a tantivy schema with a hash.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use tantivy::schema::{
    Field, IndexRecordOption, NumericOptions, SchemaBuilder, TextFieldIndexing, TextOptions,
};

use super::Error;
use super::cutter::CUTTER_VERSION;

const SOURCE: &str = include_str!("../../index-schema/contacts.toml");

#[derive(Deserialize)]
struct File {
    version: u32,
    fields: BTreeMap<String, FieldSpec>,
    scores: Scores,
    limits: Limits,
}

#[derive(Deserialize)]
struct FieldSpec {
    kind: Kind,
    #[serde(default)]
    indexed: bool,
    #[serde(default)]
    fast: bool,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Terms,
    Keyword,
    U64,
}

/// What a word that matches counts, by where it matches.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the fields")]
pub struct Scores {
    pub name: f32,
    pub name_prefix: f32,
    pub email: f32,
    pub email_prefix: f32,
    pub company: f32,
    pub company_prefix: f32,
    pub tag: f32,
    pub tag_prefix: f32,
    pub text: f32,
    pub text_prefix: f32,
    pub phone: f32,
}

/// What bounds the size of documents and queries.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Longest term in bytes.
    pub term_bytes: usize,
    /// Longest note that is indexed, in bytes.
    pub notes_bytes: usize,
    /// Digits of the longest number that is indexed.
    pub phone_digits: usize,
    /// Most words of a query that are looked at.
    pub query_words: usize,
}

/// The fields of the index by name.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "index-schema/contacts.toml says what each is for")]
pub struct Fields {
    pub number: Field,
    pub org: Field,
    pub name: Field,
    pub name_edge: Field,
    pub company: Field,
    pub email: Field,
    pub email_edge: Field,
    pub tag: Field,
    pub text: Field,
    pub title: Field,
    pub notes: Field,
    pub edge: Field,
    pub status: Field,
    pub source: Field,
    pub owner: Field,
    pub cf: Field,
    pub cf_text: Field,
    pub audience: Field,
    pub department: Field,
    pub phone: Field,
    pub phone_num: Field,
    pub created_at: Field,
    pub updated_at: Field,
    pub name_key0: Field,
    pub name_key1: Field,
}

/// The schema of the contact index.
#[derive(Clone)]
pub struct Schema {
    /// The schema in tantivy's terms.
    pub tantivy: tantivy::schema::Schema,
    /// The fields by name.
    pub fields: Fields,
    /// What matches count.
    pub scores: Scores,
    /// What bounds documents and queries.
    pub limits: Limits,
    /// Changes with the file and with the code that cuts terms.
    pub hash: Arc<str>,
}

impl Schema {
    /// Reads the schema file that is compiled in.
    ///
    /// # Errors
    /// If it is wrong, which a unit test excludes.
    pub fn load() -> Result<Self, Error> {
        let file: File = toml::from_str(SOURCE).map_err(|e| Error::Schema(e.to_string()))?;
        let mut builder = SchemaBuilder::default();
        for (name, spec) in &file.fields {
            match spec.kind {
                Kind::Terms => {
                    let indexing = TextFieldIndexing::default()
                        .set_tokenizer(super::cutter::TOKENIZER)
                        .set_fieldnorms(false)
                        .set_index_option(IndexRecordOption::Basic);
                    builder.add_text_field(
                        name,
                        TextOptions::default().set_indexing_options(indexing),
                    );
                }
                Kind::Keyword => {
                    builder.add_text_field(name, TextOptions::default().set_fast("raw"));
                }
                Kind::U64 => {
                    let mut options = NumericOptions::default();
                    if spec.indexed {
                        options = options.set_indexed();
                    }
                    if spec.fast {
                        options = options.set_fast();
                    }
                    builder.add_u64_field(name, options);
                }
            }
        }
        let tantivy = builder.build();
        let field = |name: &str| tantivy.get_field(name).map_err(|e| Error::Schema(e.to_string()));
        let fields = Fields {
            number: field("number")?,
            org: field("org")?,
            name: field("name")?,
            name_edge: field("name_edge")?,
            company: field("company")?,
            email: field("email")?,
            email_edge: field("email_edge")?,
            tag: field("tag")?,
            text: field("text")?,
            title: field("title")?,
            notes: field("notes")?,
            edge: field("edge")?,
            status: field("status")?,
            source: field("source")?,
            owner: field("owner")?,
            cf: field("cf")?,
            cf_text: field("cf_text")?,
            audience: field("audience")?,
            department: field("department")?,
            phone: field("phone")?,
            phone_num: field("phone_num")?,
            created_at: field("created_at")?,
            updated_at: field("updated_at")?,
            name_key0: field("name_key0")?,
            name_key1: field("name_key1")?,
        };
        let mut hasher = blake3::Hasher::new();
        hasher.update(SOURCE.as_bytes());
        hasher.update(&CUTTER_VERSION.to_le_bytes());
        hasher.update(tantivy::version_string().as_bytes());
        let hash = hasher.finalize().to_hex();
        let hash = format!("{}-{}", file.version, &hash[..16]).into();
        Ok(Self { tantivy, fields, scores: file.scores, limits: file.limits, hash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_file_is_complete() {
        let schema = Schema::load().expect("schema");
        assert!(schema.hash.starts_with("2-"));
        assert_eq!(schema.tantivy.fields().count(), 25);
    }
}
