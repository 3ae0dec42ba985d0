//! Notes of several contacts as one text, and what was written into that since.

use crate::domain::contact::Contact;

/// Joins the notes of contacts: all texts are kept, one that stands in another is not repeated.
/// Notes of others say whose they were.
pub(super) fn join(contacts: &[&Contact]) -> Option<String> {
    let texts: Vec<&str> =
        contacts.iter().map(|one| one.notes.as_deref().unwrap_or("").trim()).collect();
    let mut joined: Option<String> = contacts.first().and_then(|first| first.notes.clone());
    for (at, (one, text)) in contacts.iter().zip(&texts).enumerate().skip(1) {
        let is_repeated = texts.iter().enumerate().any(|(other, longer)| {
            other != at && longer.contains(text) && (other < at || longer.len() > text.len())
        });
        if text.is_empty() || is_repeated {
            continue;
        }
        joined = Some(match joined {
            None => (*text).to_owned(),
            Some(before) => format!("{before}{}", section(one, text)),
        });
    }
    joined
}

/// A text behind others, under a line that names its contact.
fn section(one: &Contact, text: &str) -> String {
    format!("\n\n--- from contact {} ---\n{text}", one.id)
}

/// What is left of the notes when those of the contacts that come back are taken out, if they all
/// still stand there as they were written; none if one of them was changed.
pub(super) fn without(
    original: Option<&str>,
    merged: &str,
    now: &str,
    others: &[Contact],
) -> Option<String> {
    let mut left = now.to_owned();
    for other in others {
        let text = other.notes.as_deref().unwrap_or("").trim();
        let section = section(other, text);
        // A text that is alone has no line above it; one that another text holds is not there.
        let is_first = original.is_none() && merged.starts_with(text);
        if text.is_empty() || !is_first && !merged.contains(&section) {
            continue;
        }
        let ends = |behind: &str| behind.is_empty() || behind.starts_with('\n');
        if let Some((before, behind)) = left.split_once(&section).filter(|(_, b)| ends(b)) {
            left = format!("{before}{behind}");
        } else {
            let behind = left.strip_prefix(text).filter(|behind| is_first && ends(behind))?;
            left = behind.into();
        }
    }
    Some(if original.is_none() { left.trim().to_owned() } else { left })
}

/// The text of one of the merged contacts, with what was written before or behind all of it since;
/// none if it was changed in between.
pub(super) fn rebase(original: Option<&str>, merged: &str, now: &str) -> Option<String> {
    let original = original.unwrap_or("");
    let with = if let Some(behind) = now.strip_prefix(merged) {
        if original.is_empty() {
            behind.trim_start().to_owned()
        } else {
            format!("{original}{behind}")
        }
    } else {
        let before = now.strip_suffix(merged)?;
        if original.is_empty() {
            before.trim_end().to_owned()
        } else {
            format!("{before}{original}")
        }
    };
    Some(with)
}
