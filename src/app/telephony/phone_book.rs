//! The phone book of devices: contacts that can be called, in the order of their names.

use std::fmt::Write as _;
use std::sync::Arc;

use super::super::error::Error;
use super::super::query::Query;
use super::super::search::{Refresh, SearchRequest};
use super::super::{App, authorize_any};
use crate::domain::access::{Caller, Permission, Permissions};
use crate::domain::contact::Contact;
use crate::domain::phone::keypad_digit;
use crate::domain::text::{fold, words};

/// Most contacts that are looked through for one page.
const MOST_READ: usize = 10_000;
/// Contacts that are read at once.
const AT_ONCE: usize = 1_000;
/// Beginnings of names that are searched for at once; what is typed behind them is compared. A
/// query has room for as many words.
const MOST_BEGINNINGS: usize = 27;

/// What of a phone book is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BookQuery {
    /// What was typed: letters, or digits of a number.
    pub q: String,
    /// Whether the digits that were typed stand for letters on their keys.
    pub is_keypad: bool,
    /// Only contacts of this list.
    pub list: Option<String>,
    /// Only names that begin with this letter.
    pub letter: Option<String>,
    /// Contacts that are left out at the beginning.
    pub offset: usize,
    /// Most contacts.
    pub limit: usize,
}

/// A part of a phone book.
#[derive(Clone, Debug, Default)]
pub struct BookPage {
    /// The contacts, each with a number that the caller may see.
    pub contacts: Vec<Arc<Contact>>,
    /// Whether there are more behind them.
    pub has_more: bool,
}

impl App {
    /// Reads a part of the phone book.
    ///
    /// # Errors
    /// If the caller may not, or there is no such list.
    pub fn phone_book(&self, caller: &Caller, asked: &BookQuery) -> Result<BookPage, Error> {
        authorize_any(caller, &[Permission::Phonebook, Permission::Search])?;
        let by = caller.with(Permissions::of(&[Permission::Search]));
        let keys = keys_of(asked);
        let letter = asked.letter.as_deref().map(fold).filter(|letter| !letter.is_empty());
        let (wanted, mut skipped) = (asked.limit.min(MOST_READ), 0);
        let is_by_name = keys.is_some() || asked.q.trim().is_empty();
        let mut request = book_request(asked, keys.as_deref());
        let mut page = BookPage::default();
        let mut read = 0;
        while read < MOST_READ {
            let found = self.search_contacts(&by, &request)?;
            read += AT_ONCE;
            for (contact, _) in found.contacts {
                if let Some(letter) = &letter
                    && !begins_with(&contact, letter)
                {
                    if is_by_name {
                        // Behind the last name of a letter there are no more of it.
                        return Ok(page);
                    }
                    continue;
                }
                let is_meant = keys.as_deref().is_none_or(|keys| is_on_keys(&contact, keys));
                if !is_meant || !contact.phones.iter().any(|phone| can_be_dialled(&phone.number)) {
                    continue;
                }
                if skipped < asked.offset {
                    skipped += 1;
                    continue;
                }
                if page.contacts.len() == wanted {
                    page.has_more = true;
                    return Ok(page);
                }
                page.contacts.push(contact);
            }
            let Some(next) = found.next_cursor else { break };
            request.cursor = Some(next);
        }
        Ok(page)
    }
}

fn book_request(asked: &BookQuery, keys: Option<&str>) -> SearchRequest {
    let mut q = match keys {
        Some(keys) => letters_of(keys),
        None => asked.q.trim().to_owned(),
    };
    let is_search = !q.is_empty();
    if is_search {
        q = format!("{q} ");
    }
    q.push_str("has:phone");
    let by_name = !is_search || keys.is_some();
    SearchRequest {
        query: Query { q, list: asked.list.clone(), ..Query::default() },
        sort: by_name.then(|| "name".to_owned()),
        start: asked.letter.clone().filter(|letter| by_name && !letter.is_empty()),
        per_page: Some(if keys.is_some() {
            AT_ONCE
        } else {
            AT_ONCE.min(asked.offset + asked.limit + 50)
        }),
        refresh: Refresh::Never,
        ..SearchRequest::default()
    }
}

/// Whether a number can be dialled: one that the caller may not see is not a number any more.
fn can_be_dialled(number: &str) -> bool {
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'+')
}

/// The keys that were typed, if they stand for letters.
fn keys_of(asked: &BookQuery) -> Option<String> {
    let q = asked.q.trim();
    let is_keys = asked.is_keypad && !q.is_empty() && q.bytes().all(|b| (b'2'..=b'9').contains(&b));
    is_keys.then(|| q.to_owned())
}

/// A query for names that begin with letters on these keys.
fn letters_of(keys: &str) -> String {
    let mut beginnings = vec![String::new()];
    for key in keys.chars() {
        let on_key: Vec<char> = ('a'..='z').filter(|c| keypad_digit(*c) == Some(key)).collect();
        if beginnings.len() * on_key.len() > MOST_BEGINNINGS {
            break;
        }
        let longer = beginnings.iter().flat_map(|known| {
            on_key.iter().map(move |c| {
                let mut longer = known.clone();
                longer.push(*c);
                longer
            })
        });
        beginnings = longer.collect();
    }
    let mut query = String::from("(");
    for (at, beginning) in beginnings.iter().enumerate() {
        let or = if at > 0 { " OR " } else { "" };
        // Writing to a string cannot fail.
        let _ = write!(query, "{or}name:{beginning}*");
    }
    query.push(')');
    query
}

/// Whether a word of a name begins with letters on these keys.
fn is_on_keys(contact: &Contact, keys: &str) -> bool {
    let begins = |word: &str| {
        let mut letters = word.chars().map(keypad_digit);
        keys.chars().all(|key| letters.next().flatten() == Some(key))
    };
    words(&contact.display_name).iter().any(|word| begins(&word.text))
}

/// Whether a contact stands below a letter.
fn begins_with(contact: &Contact, letter: &str) -> bool {
    fold(&contact.display_name).starts_with(letter)
}
