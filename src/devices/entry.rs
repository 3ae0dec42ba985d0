//! An entry of a phone book.

use crate::domain::contact::{Contact, is_mobile_label};

/// What kind of line a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// A mobile phone.
    Mobile,
    /// At work, or of no kind that is known.
    Work,
    /// At home.
    Home,
    /// Something else: fax, assistant.
    Other,
}

impl LineKind {
    /// The kind of a label.
    pub fn of(label: Option<&str>) -> Self {
        let Some(label) = label.map(|label| label.trim().to_lowercase()) else { return Self::Work };
        let is_one = |words: &[&str]| words.iter().any(|word| label.contains(word));
        if is_mobile_label(&label) || is_one(&["mobile", "cell", "whatsapp"]) {
            Self::Mobile
        } else if is_one(&["home", "private", "privat"]) {
            Self::Home
        } else if is_one(&["fax", "pager", "other", "assistant"]) {
            Self::Other
        } else {
            Self::Work
        }
    }

    /// The word that displays show.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mobile => "Mobile",
            Self::Work => "Work",
            Self::Home => "Home",
            Self::Other => "Other",
        }
    }
}

/// A number of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The number as it is dialled.
    pub number: String,
    /// What kind of line it is.
    pub kind: LineKind,
}

/// Somebody in a phone book.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The name to show.
    pub name: String,
    /// First name; empty where there is none.
    pub first_name: String,
    /// Last name, or the whole name where there is neither.
    pub last_name: String,
    /// Company; empty where there is none.
    pub company: String,
    /// E-mail addresses.
    pub emails: Vec<String>,
    /// Numbers, the one to call first in front.
    pub lines: Vec<Line>,
    /// Whether the entry is to stand out.
    pub is_vip: bool,
    /// Whether its calls are refused.
    pub is_blocked: bool,
}

impl Entry {
    /// The entry of a contact, with the numbers that can be dialled.
    pub fn of(contact: &Contact, is_vip: bool, is_blocked: bool) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let is_number =
            |n: &str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit() || b == b'+');
        let mut phones: Vec<_> = contact.phones.iter().filter(|p| is_number(&p.number)).collect();
        phones.sort_by_key(|phone| !phone.primary);
        let lines = phones.into_iter().map(|phone| Line {
            number: phone.number.clone(),
            kind: LineKind::of(phone.label.as_deref()),
        });
        let (first_name, mut last_name) = (text(&contact.first_name), text(&contact.last_name));
        if first_name.is_empty() && last_name.is_empty() {
            last_name.clone_from(&contact.display_name);
        }
        Self {
            name: contact.display_name.clone(),
            first_name,
            last_name,
            company: text(&contact.company),
            emails: contact.emails.iter().map(|email| email.address.clone()).collect(),
            lines: lines.collect(),
            is_vip,
            is_blocked,
        }
    }
}
