//! Contact to document.

mod columns;
mod custom;
mod names;
mod phones;
mod values;

use tantivy::TantivyDocument;
use tantivy::schema::Field;

use super::cutter::{Place, Terms};
use super::schema::Schema;
use super::space::Space;
use crate::domain::contact::{Address, Contact};
use crate::domain::place::country;

pub use columns::DAYS_BEFORE_1970;
pub(super) use columns::sort_key;
pub use custom::{Column, column_name, count_key};
pub(crate) use custom::{ordered, text_as_key};
pub(super) use phones::phone_numbers;
pub use values::{COMPANY_WORDS, normal as normal_value, value_code};

/// What the country of an address is called, if it is known.
pub fn country_names(address: &Address) -> &'static [&'static str] {
    let code = address.country.as_deref().and_then(country::code);
    code.map_or(&[], country::names)
}

/// A document in the making.
struct Draft<'a> {
    schema: &'a Schema,
    space: Space,
    prefix: &'a str,
    contact: &'a Contact,
    document: TantivyDocument,
}

impl<'a> Draft<'a> {
    fn terms(&self) -> Terms<'a> {
        Terms::new(self.prefix, self.schema.limits.term_bytes)
    }

    fn put(&mut self, field: Field, terms: &Terms<'_>) {
        if !terms.as_str().is_empty() {
            self.document.add_text(field, terms.as_str());
        }
    }
}

/// Makes the document of a contact.
pub(super) fn document(schema: &Schema, space: Space, contact: &Contact) -> TantivyDocument {
    let prefix = space.prefix();
    let mut draft =
        Draft { schema, space, prefix: &prefix, contact, document: TantivyDocument::new() };
    let fields = schema.fields;

    let mut everything = draft.terms();
    everything.whole("");
    draft.put(fields.org, &everything);

    let mut words = draft.terms();
    names::add(&mut draft, &mut words);
    add_words(&draft, &mut words);
    custom::add(&mut draft, &mut words);
    draft.put(fields.word, &words);

    if !contact.emails.is_empty() {
        let mut email = draft.terms();
        for address in &contact.emails {
            email.email(&address.address);
        }
        draft.put(fields.email, &email);
    }
    phones::add(&mut draft);
    values::add(&mut draft);
    columns::add(&mut draft);
    draft.document
}

/// The words of everything but names, addresses of e-mail and custom fields.
fn add_words(draft: &Draft<'_>, words: &mut Terms<'_>) {
    let contact = draft.contact;
    if let Some(company) = &contact.company {
        words.words(company, Place::Company);
        words.edges(company, super::cutter::EDGE, Place::OtherEdge);
    }
    for tag in &contact.tags {
        words.words(tag, Place::Tag);
        words.edges(tag, super::cutter::EDGE, Place::OtherEdge);
    }
    if let Some(title) = &contact.title {
        words.words(title, Place::Title);
    }
    if let Some(notes) = &contact.notes {
        let mut end = notes.len().min(draft.schema.limits.notes_bytes);
        while !notes.is_char_boundary(end) {
            end -= 1;
        }
        words.words(&notes[..end], Place::Notes);
    }
    for value in
        [&contact.department, &contact.role, &contact.external_crm_id].into_iter().flatten()
    {
        words.words(value, Place::Text);
    }
    if let Some(id) = &contact.external_crm_id {
        words.identifier(id, Place::Identifier);
    }
    for address in &contact.addresses {
        for part in [
            &address.street,
            &address.city,
            &address.region,
            &address.postal_code,
            &address.country,
        ]
        .into_iter()
        .flatten()
        {
            words.words(part, Place::Address);
        }
        // A country is kept as its code, and people write its name.
        for name in country_names(address) {
            words.words(name, Place::Address);
        }
    }
    for channel in &contact.channels {
        words.words(&channel.identifier, Place::Text);
        words.identifier(&channel.identifier, Place::ChannelIdentifier);
    }
    for profile in contact.social_profiles.values() {
        words.words(profile, Place::Text);
    }
}
