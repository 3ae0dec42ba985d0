//! Reads the files of `index-schema` and turns them into a tantivy schema with a hash.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tantivy::schema::{
    BytesOptions, Field, IndexRecordOption, JsonObjectOptions, NumericOptions, SchemaBuilder,
    TextFieldIndexing, TextOptions,
};

use super::Error;
use super::cutter::CUTTER_VERSION;
use crate::domain::collation::Collation;
use crate::domain::names::NameTables;

/// The files of a schema, as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    contacts: String,
    nicknames: String,
    titles: String,
    particles: String,
    legal_forms: String,
    readings: String,
}

impl Sources {
    /// Those that are compiled in.
    pub fn builtin() -> Self {
        let text = str::to_owned;
        Self {
            contacts: text(include_str!("../../index-schema/contacts.toml")),
            nicknames: text(include_str!("../../index-schema/nicknames.tsv")),
            titles: text(include_str!("../../index-schema/titles.txt")),
            particles: text(include_str!("../../index-schema/particles.txt")),
            legal_forms: text(include_str!("../../index-schema/legal_forms.txt")),
            readings: text(include_str!("../../index-schema/readings.tsv")),
        }
    }

    /// Those in a folder; files that are not there are those that are compiled in.
    ///
    /// # Errors
    /// If a file is there and cannot be read as text.
    pub fn in_folder(folder: &Path) -> Result<Self, Error> {
        let mut sources = Self::builtin();
        for (name, text) in sources.files() {
            let path = folder.join(name);
            match std::fs::read_to_string(&path) {
                Ok(read) => *text = read,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(Error::io(&path)(error)),
            }
        }
        Ok(sources)
    }

    /// Writes all files into a folder, which is made if need be; those that are there stay.
    ///
    /// # Errors
    /// If one of them is there, or they cannot be written.
    pub fn write_to(mut self, folder: &Path) -> Result<(), Error> {
        std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
        for (name, text) in self.files() {
            let path = folder.join(name);
            let file = std::fs::File::options().write(true).create_new(true).open(&path);
            file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(Error::io(&path))?;
        }
        Ok(())
    }

    fn files(&mut self) -> [(&'static str, &mut String); 6] {
        [
            ("contacts.toml", &mut self.contacts),
            ("nicknames.tsv", &mut self.nicknames),
            ("titles.txt", &mut self.titles),
            ("particles.txt", &mut self.particles),
            ("legal_forms.txt", &mut self.legal_forms),
            ("readings.tsv", &mut self.readings),
        ]
    }
}

#[derive(Deserialize)]
struct File {
    version: u32,
    fields: BTreeMap<String, FieldSpec>,
    #[serde(default)]
    sort: SortSpec,
    scores: Scores,
    ladder: Ladder,
    limits: Limits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SortSpec {
    language: String,
}

impl Default for SortSpec {
    fn default() -> Self {
        Self { language: "und".to_owned() }
    }
}

#[derive(Debug, Deserialize)]
struct FieldSpec {
    kind: Kind,
    #[serde(default)]
    indexed: bool,
    #[serde(default)]
    fast: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Terms,
    Keyword,
    Columns,
    Bytes,
    U64,
}

/// For schemas from before it was told from the name itself.
fn name_folded() -> f32 {
    9.9
}

/// What a word that matches counts, by where it matches.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the fields")]
pub struct Scores {
    pub name: f32,
    #[serde(default = "name_folded")]
    pub name_folded: f32,
    pub name_accents: f32,
    pub name_spelling: f32,
    pub name_prefix: f32,
    pub name_nickname: f32,
    pub name_nickname_far: f32,
    pub name_initial: f32,
    pub name_initial_far: f32,
    pub given_initial: f32,
    pub name_sound: f32,
    pub name_one_edit: f32,
    pub name_two_edits: f32,
    pub name_edit_length: f32,
    pub name_inside: f32,
    pub email: f32,
    pub email_prefix: f32,
    pub email_edit: f32,
    pub company: f32,
    pub company_whole: f32,
    pub company_prefix: f32,
    pub company_edit: f32,
    pub tag: f32,
    pub tag_prefix: f32,
    pub text: f32,
    pub text_prefix: f32,
    pub phone: f32,
    pub phone_ending: f32,
    pub phone_whole: f32,
    pub identifier: f32,
}

/// When the looser steps of the ladder are taken, and how far they reach.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    /// With fewer hits, names that are said for each other or sound alike are added.
    pub enough: usize,
    /// Letters of the shortest code by which a word alone sounds like others; one less is enough
    /// beside other words, and one less with typos.
    pub sound_letters: usize,
    /// Most different words that a typo or a part of a word stands for, per segment.
    pub most_expansions: usize,
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
    /// Milliseconds after which a search answers with what it has.
    pub time_budget_ms: u64,
}

/// The fields of the index by name.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "index-schema/contacts.toml says what each is for")]
pub struct Fields {
    pub number: Field,
    pub org: Field,
    pub word: Field,
    pub like: Field,
    pub email: Field,
    pub value: Field,
    pub cf: Field,
    pub cf_columns: Field,
    pub phone: Field,
    pub phone_num: Field,
    pub audience: Field,
    pub department: Field,
    pub status_value: Field,
    pub source_value: Field,
    pub owner_value: Field,
    pub queue_value: Field,
    pub tag_value: Field,
    pub company_value: Field,
    pub country_value: Field,
    pub city_value: Field,
    pub created_at: Field,
    pub updated_at: Field,
    pub last_contacted_at: Field,
    pub last_interaction_at: Field,
    pub last_called_at: Field,
    pub birthday: Field,
    pub lead_score: Field,
    pub total_calls: Field,
    pub rank: Field,
    pub letter: Field,
    pub name_key0: Field,
    pub name_key1: Field,
    pub name_key: Field,
    pub last_key: Field,
    pub first_key: Field,
    pub company_key: Field,
    pub status_key: Field,
    pub source_key: Field,
    pub owner_key: Field,
    pub queue_key: Field,
    pub country_key: Field,
    pub city_key: Field,
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
    /// When looser steps are taken.
    pub ladder: Ladder,
    /// What bounds documents and queries.
    pub limits: Limits,
    /// What is known of names.
    pub names: Arc<NameTables>,
    /// The order of names and other texts.
    pub collation: Arc<Collation>,
    /// Changes with what documents are made of: the fields, the code that cuts terms, what is known
    /// of names, the limits of texts. What matches count is no part of it.
    pub hash: Arc<str>,
    /// What it was read from.
    pub sources: Arc<Sources>,
}

impl Schema {
    /// The schema that is compiled in.
    ///
    /// # Errors
    /// If it is wrong, which a unit test excludes.
    pub fn load() -> Result<Self, Error> {
        Self::of(&Sources::builtin())
    }

    /// The schema that some files describe.
    ///
    /// # Errors
    /// Says what is wrong in which file; also fields that the program needs and that are not there.
    pub fn of(sources: &Sources) -> Result<Self, Error> {
        let wrong = |e: toml::de::Error| Error::Schema(format!("contacts.toml: {e}"));
        let file: File = toml::from_str(&sources.contacts).map_err(wrong)?;
        let names = NameTables::parse(
            &sources.nicknames,
            &sources.titles,
            &sources.particles,
            &sources.legal_forms,
        )
        .and_then(|names| names.with_readings(&sources.readings))
        .map_err(Error::Schema)?;
        let collation = Collation::of(&file.sort.language)
            .map_err(|error| Error::Schema(format!("contacts.toml: sort: {error}")))?;
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
                Kind::Columns => {
                    builder.add_json_field(name, JsonObjectOptions::default().set_fast("raw"));
                }
                Kind::Bytes => {
                    builder.add_bytes_field(name, BytesOptions::default().set_fast());
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
            word: field("word")?,
            like: field("like")?,
            email: field("email")?,
            value: field("value")?,
            cf: field("cf")?,
            cf_columns: field("cf_columns")?,
            phone: field("phone")?,
            phone_num: field("phone_num")?,
            audience: field("audience")?,
            department: field("department")?,
            status_value: field("status_value")?,
            source_value: field("source_value")?,
            owner_value: field("owner_value")?,
            queue_value: field("queue_value")?,
            tag_value: field("tag_value")?,
            company_value: field("company_value")?,
            country_value: field("country_value")?,
            city_value: field("city_value")?,
            created_at: field("created_at")?,
            updated_at: field("updated_at")?,
            last_contacted_at: field("last_contacted_at")?,
            last_interaction_at: field("last_interaction_at")?,
            last_called_at: field("last_called_at")?,
            birthday: field("birthday")?,
            lead_score: field("lead_score")?,
            total_calls: field("total_calls")?,
            rank: field("rank")?,
            letter: field("letter")?,
            name_key0: field("name_key0")?,
            name_key1: field("name_key1")?,
            name_key: field("name_key")?,
            last_key: field("last_key")?,
            first_key: field("first_key")?,
            company_key: field("company_key")?,
            status_key: field("status_key")?,
            source_key: field("source_key")?,
            owner_key: field("owner_key")?,
            queue_key: field("queue_key")?,
            country_key: field("country_key")?,
            city_key: field("city_key")?,
        };
        let hash = hash_of(&file, sources);
        Ok(Self {
            tantivy,
            fields,
            scores: file.scores,
            ladder: file.ladder,
            limits: file.limits,
            names: Arc::new(names),
            collation: Arc::new(collation),
            hash,
            sources: Arc::new(sources.clone()),
        })
    }

    /// Whether an index of another schema can be searched by this program: it has the same fields,
    /// and its terms are cut by the same code.
    pub fn has_layout_of(&self, hash: &str) -> bool {
        layout(&self.hash).is_some_and(|own| layout(hash) == Some(own))
    }

    /// This schema with what matches count, and when, of another one.
    #[must_use]
    pub fn with_scores_of(&self, other: &Self) -> Self {
        let Limits { query_words, time_budget_ms, .. } = other.limits;
        let limits = Limits { query_words, time_budget_ms, ..self.limits };
        Self { scores: other.scores, ladder: other.ladder, limits, ..self.clone() }
    }
}

/// The part of a hash that stands for fields and code.
fn layout(hash: &str) -> Option<&str> {
    hash.rsplit_once('-').map(|(layout, _)| layout)
}

fn hash_of(file: &File, sources: &Sources) -> Arc<str> {
    let mut layout = blake3::Hasher::new();
    layout.update(format!("{:?}", file.fields).as_bytes());
    layout.update(&CUTTER_VERSION.to_le_bytes());
    layout.update(tantivy::version_string().as_bytes());
    let mut words = blake3::Hasher::new();
    for text in [
        &file.sort.language,
        &sources.nicknames,
        &sources.titles,
        &sources.particles,
        &sources.legal_forms,
        &sources.readings,
    ] {
        words.update(&(text.len() as u64).to_le_bytes());
        words.update(text.as_bytes());
    }
    let Limits { term_bytes, notes_bytes, phone_digits, query_words: _, time_budget_ms: _ } =
        file.limits;
    for limit in [term_bytes, notes_bytes, phone_digits] {
        words.update(&(limit as u64).to_le_bytes());
    }
    let [layout, words] = [layout, words].map(|hasher| hasher.finalize().to_hex());
    format!("{}-{}-{}", file.version, &layout[..16], &words[..16]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_file_is_complete() {
        let schema = Schema::load().expect("schema");
        assert!(schema.hash.starts_with("6-"));
        assert_eq!(schema.tantivy.fields().count(), 42);
    }
}
