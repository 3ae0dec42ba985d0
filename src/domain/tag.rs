//! Tags as values: which spellings are one tag, which are probably meant as one, and what renaming
//! and joining make of the tags of a contact.

use serde::{Deserialize, Serialize};

use super::calling_code;
use super::contact::Contact;
use super::draft::{Draft, MAX_TAG, Patch};
use super::phone::Phone;
use super::place::country;
use super::text::fold;

/// Characters that people put between the letters and words of a tag, or leave out.
const BETWEEN: &[char] = &['.', ',', '-', '_', '/', ':', '’', '\''];

/// Colours that go by a name, as CSS has them.
const NAMED: &[(&str, &str)] = &[
    ("red", "#ff0000"),
    ("orange", "#ffa500"),
    ("yellow", "#ffff00"),
    ("green", "#008000"),
    ("teal", "#008080"),
    ("blue", "#0000ff"),
    ("purple", "#800080"),
    ("pink", "#ffc0cb"),
    ("brown", "#a52a2a"),
    ("gray", "#808080"),
    ("grey", "#808080"),
    ("black", "#000000"),
    ("white", "#ffffff"),
];

/// What is kept of a tag beside the contacts that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagStyle {
    /// The tag as it was written.
    pub tag: String,
    /// Its colour, `#rrggbb`.
    pub color: String,
}

/// A tag as it is kept: without blanks around it; `None` if it cannot be one.
pub fn read(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = !text.is_empty()
        && text.chars().count() <= MAX_TAG
        && !text.chars().any(char::is_control)
        && !fold(text).is_empty();
    fits.then(|| text.to_owned())
}

/// What tags have in common that were probably meant as one: `VIP`, `vip` and `V.I.P.`, `High
/// Priority` and `high-priority`. Signs that make a difference stay: `C`, `C++`, `C#`.
pub fn likeness(tag: &str) -> String {
    let folded = fold(tag);
    let like: String =
        folded.chars().filter(|c| !c.is_whitespace() && !BETWEEN.contains(c)).collect();
    if like.is_empty() { folded } else { like }
}

/// A colour as `#rrggbb`, from that, `#rgb`, or one of a few names.
pub fn read_color(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    if let Some((_, color)) = NAMED.iter().find(|(name, _)| *name == text) {
        return Some((*color).to_owned());
    }
    let digits = text.strip_prefix('#')?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    match digits.len() {
        6 => Some(text),
        3 => Some(digits.chars().fold("#".to_owned(), |out, c| out + &c.to_string().repeat(2))),
        _ => None,
    }
}

/// The name of the country of a contact's number, the primary one first: by its area where that is
/// known, else the main country of its calling code. `None` without an international number.
pub fn country_of(phones: &[Phone]) -> Option<String> {
    let known = |phone: &Phone| {
        let code = phone.country.as_deref().and_then(country::code);
        code.or_else(|| calling_code::region(phone.number.strip_prefix('+')?))
    };
    let first = phones.iter().filter(|phone| phone.primary);
    let code = first.chain(phones).find_map(known)?;
    country::short_name(code)
}

/// A change of the tags of many contacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TagChange {
    /// Tags in whatever spelling become one, or go.
    Join {
        /// The folded tags.
        from: Vec<String>,
        /// The tag in their place.
        into: Option<String>,
    },
    /// The name of the country of the number is added.
    Country,
}

impl TagChange {
    /// What it changes of a contact; `None` if nothing.
    ///
    /// The other tags stay as they are and where they are, and none stands there twice. It is a
    /// change like any other, so the tag for do-not-contact takes the fact along.
    pub fn draft(&self, contact: &Contact) -> Option<Draft> {
        match self {
            Self::Join { from, into } => {
                let tags = joined(&contact.tags, from, into.as_deref());
                (tags != contact.tags).then(|| Draft { tags: Patch::Set(tags), ..Draft::default() })
            }
            Self::Country => {
                let name = country_of(&contact.phones)?;
                let folded = fold(&name);
                let is_new = contact.tags.iter().all(|tag| fold(tag) != folded);
                is_new.then(|| Draft { add_tags: vec![name], ..Draft::default() })
            }
        }
    }
}

fn joined(tags: &[String], from: &[String], into: Option<&str>) -> Vec<String> {
    let target = into.map(fold);
    let mut out: Vec<String> = Vec::with_capacity(tags.len());
    let mut is_placed = false;
    for tag in tags {
        let folded = fold(tag);
        if !from.contains(&folded) && target.as_ref() != Some(&folded) {
            out.push(tag.clone());
        } else if let Some(into) = into.filter(|_| !is_placed) {
            is_placed = true;
            out.push(into.to_owned());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(tags: &[&str]) -> Vec<String> {
        tags.iter().map(|tag| (*tag).to_owned()).collect()
    }

    #[test]
    fn spellings_of_one_tag_are_alike_and_others_are_not() {
        for (one, other) in [
            ("VIP", "vip"),
            ("VIP", "V.I.P."),
            ("Q4-Campaign", "q4 campaign"),
            ("Café", "CAFE"),
            ("High_Priority", "high priority"),
        ] {
            assert_eq!(likeness(one), likeness(other), "{one} {other}");
        }
        for (one, other) in [("C", "C++"), ("C#", "C"), ("...", "---"), ("VIP", "VIP2")] {
            assert_ne!(likeness(one), likeness(other), "{one} {other}");
        }
    }

    #[test]
    fn joining_keeps_other_tags_their_order_and_no_tag_twice() {
        let tags = texts(&["A", "vip", "B", "V.I.P.", "C"]);
        let from = texts(&["vip", "v.i.p."]);
        assert_eq!(joined(&tags, &from, Some("VIP")), texts(&["A", "VIP", "B", "C"]));
        assert_eq!(joined(&tags, &from, None), texts(&["A", "B", "C"]));
        assert_eq!(joined(&tags, &texts(&["c"]), Some("a")), texts(&["a", "vip", "B", "V.I.P."]));
        assert_eq!(joined(&tags, &texts(&["x"]), Some("y")), tags);
    }

    #[test]
    fn colours_are_read_from_digits_and_names() {
        assert_eq!(read_color("#FF8800").as_deref(), Some("#ff8800"));
        assert_eq!(read_color("#f80").as_deref(), Some("#ff8800"));
        assert_eq!(read_color(" Red ").as_deref(), Some("#ff0000"));
        for text in ["", "#", "ff8800", "#ff88", "#gggggg", "reddish", "#é12"] {
            assert_eq!(read_color(text), None, "{text}");
        }
    }

    #[test]
    fn the_country_is_that_of_the_number_or_of_its_calling_code() {
        let phone = |number: &str, country: Option<&str>| Phone {
            number: number.to_owned(),
            raw: number.to_owned(),
            country: country.map(str::to_owned),
            ..Phone::default()
        };
        let name = |phones: &[Phone]| country_of(phones);
        assert_eq!(name(&[phone("+4930901820", Some("DE"))]).as_deref(), Some("Germany"));
        assert_eq!(name(&[phone("+15551234567", None)]).as_deref(), Some("United States"));
        assert_eq!(name(&[phone("+1234567890", None)]).as_deref(), Some("United States"));
        assert_eq!(name(&[phone("4711", None)]), None);
        assert_eq!(name(&[]), None);
    }
}
