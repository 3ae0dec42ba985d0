//! How a draft changes the lists of a contact: numbers, addresses, tags, of which none stands there
//! twice.

use std::borrow::Cow;

use super::contact::{Email, is_mobile_label};
use super::draft::{Draft, Patch};
use super::email;
use super::phone::Phone;
use super::text::{fold, one_line};

impl Draft {
    /// `phone` and `mobile` are views of the list: where the list itself is replaced, a view that
    /// only repeats what was shown before is no wish.
    pub(super) fn put_phones(&mut self, phones: &mut Vec<Phone>) {
        let before = phones.clone();
        std::mem::take(&mut self.phones).apply_value(phones);
        unite_phones(phones);
        let is_new_list = *phones != before;
        let primary = before.iter().find(|p| p.primary).or(before.first());
        match std::mem::take(&mut self.phone) {
            Patch::Set(phone) if is_new_list && repeats(primary, &phone) => {}
            Patch::Set(phone) => put_primary(phones, phone, is_new_list),
            Patch::Clear if !is_new_list => {
                let at = phones.iter().position(|p| p.primary).unwrap_or(0);
                if at < phones.len() {
                    phones.remove(at);
                }
            }
            Patch::Keep | Patch::Clear => {}
        }
        let mobile = before.iter().find(|p| is_mobile(p));
        match std::mem::take(&mut self.mobile) {
            Patch::Set(phone) if is_new_list && repeats(mobile, &phone) => {}
            Patch::Set(phone) => put_mobile(phones, phone),
            Patch::Clear if !is_new_list => {
                if let Some(at) = phones.iter().position(is_mobile) {
                    phones.remove(at);
                }
            }
            Patch::Keep | Patch::Clear => {}
        }
        phones.append(&mut self.add_phones);
        unite_phones(phones);
    }

    /// `email` is a view of the list as `phone` is.
    pub(super) fn put_emails(&mut self, emails: &mut Vec<Email>) {
        let before = emails.clone();
        std::mem::take(&mut self.emails).apply_value(emails);
        unite_emails(emails);
        let is_new_list = *emails != before;
        let shown = before.iter().find(|e| e.primary).or(before.first());
        let primary_at = emails.iter().position(|e| e.primary).unwrap_or(0);
        match std::mem::take(&mut self.email) {
            Patch::Set(address)
                if is_new_list
                    && shown.is_some_and(|e| email::key(&e.address) == email::key(&address)) => {}
            Patch::Set(address) => {
                let key = email::key(&address);
                let known = emails.iter().position(|e| email::key(&e.address) == key);
                for entry in emails.iter_mut() {
                    entry.primary = false;
                }
                match (known, emails.get_mut(primary_at)) {
                    (Some(at), _) => emails[at].primary = true,
                    (None, Some(primary)) if !is_new_list => {
                        primary.address = address;
                        primary.primary = true;
                    }
                    (None, _) => emails.insert(0, Email { address, label: None, primary: true }),
                }
            }
            Patch::Clear if !is_new_list && primary_at < emails.len() => {
                emails.remove(primary_at);
            }
            Patch::Keep | Patch::Clear => {}
        }
        emails.append(&mut self.add_emails);
        unite_emails(emails);
    }
}

fn is_mobile(phone: &Phone) -> bool {
    phone.label.as_deref().is_some_and(is_mobile_label)
}

/// Whether a number that is given alone is that of an entry; views do not show extensions.
fn is_shown_as(entry: &Phone, given: &Phone) -> bool {
    entry.number == given.number
        && (given.extension.is_none() || entry.extension == given.extension)
}

fn repeats(shown: Option<&Phone>, given: &Phone) -> bool {
    shown.is_some_and(|entry| is_shown_as(entry, given))
}

/// Takes over how a known number was typed, unless it is only the normalised form sent back.
fn retype(entry: &mut Phone, given: Phone) {
    if given.raw != given.number {
        entry.raw = given.raw;
    }
}

fn put_primary(phones: &mut Vec<Phone>, mut phone: Phone, keeps_others: bool) {
    let primary_at = phones.iter().position(|p| p.primary).unwrap_or(0);
    // Of several extensions of one number the primary one is meant.
    let known = phones
        .get(primary_at)
        .filter(|p| is_shown_as(p, &phone))
        .map(|_| primary_at)
        .or_else(|| phones.iter().position(|p| is_shown_as(p, &phone)));
    for entry in phones.iter_mut() {
        entry.primary = false;
    }
    match (known, phones.get_mut(primary_at)) {
        (Some(at), _) => {
            retype(&mut phones[at], phone);
            phones[at].primary = true;
        }
        (None, Some(primary)) if !keeps_others => {
            phone.label = primary.label.take();
            phone.primary = true;
            *primary = phone;
        }
        (None, _) => {
            phone.primary = true;
            phones.insert(0, phone);
        }
    }
}

fn put_mobile(phones: &mut Vec<Phone>, mut phone: Phone) {
    let mobile_at = phones.iter().position(is_mobile);
    let known = mobile_at
        .filter(|at| is_shown_as(&phones[*at], &phone))
        .or_else(|| phones.iter().position(|p| is_shown_as(p, &phone)));
    match (known, mobile_at) {
        (Some(at), Some(mobile)) if at == mobile => retype(&mut phones[at], phone),
        (Some(at), mobile) => {
            phones[at].label = Some("mobile".to_owned());
            retype(&mut phones[at], phone);
            if let Some(mobile) = mobile {
                phones.remove(mobile);
            }
        }
        (None, Some(mobile)) => {
            phone.label = phones[mobile].label.take();
            phone.primary = phones[mobile].primary;
            phones[mobile] = phone;
        }
        (None, None) => {
            phone.label = Some("mobile".to_owned());
            phones.push(phone);
        }
    }
}

fn same_phone(a: &Phone, b: &Phone) -> bool {
    a.number == b.number && a.extension == b.extension
}

fn unite_phones(phones: &mut Vec<Phone>) {
    let mut at = 0;
    while at < phones.len() {
        let (before, rest) = phones.split_at_mut(at);
        if let Some(first) = before.iter_mut().find(|p| same_phone(p, &rest[0])) {
            first.primary |= rest[0].primary;
            if first.label.is_none() {
                first.label = rest[0].label.take();
            }
            phones.remove(at);
        } else {
            at += 1;
        }
    }
    mark_one_primary(phones, |p| &mut p.primary);
}

fn unite_emails(emails: &mut Vec<Email>) {
    let mut at = 0;
    while at < emails.len() {
        let (before, rest) = emails.split_at_mut(at);
        let key = email::key(&rest[0].address);
        if let Some(first) = before.iter_mut().find(|e| email::key(&e.address) == key) {
            first.primary |= rest[0].primary;
            if first.label.is_none() {
                first.label = rest[0].label.take();
            }
            emails.remove(at);
        } else {
            at += 1;
        }
    }
    mark_one_primary(emails, |e| &mut e.primary);
}

fn mark_one_primary<T>(entries: &mut [T], flag: impl Fn(&mut T) -> &mut bool) {
    let chosen = entries.iter_mut().position(|entry| *flag(entry)).unwrap_or(0);
    for (at, entry) in entries.iter_mut().enumerate() {
        *flag(entry) = at == chosen;
    }
}

pub(super) fn has_tag(tags: &[String], tag: &str) -> bool {
    let folded = fold(tag);
    !folded.is_empty() && tags.iter().any(|t| fold(t) == folded)
}

pub(super) fn unite_tags(tags: &mut Vec<String>) {
    for tag in &mut *tags {
        if let Cow::Owned(line) = one_line(tag) {
            *tag = line;
        }
    }
    let mut seen = std::collections::HashSet::new();
    tags.retain(|tag| seen.insert(fold(tag)));
}
