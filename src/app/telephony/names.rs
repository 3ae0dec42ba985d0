//! The name of a caller as one line for displays.

use deunicode::deunicode;

use crate::domain::contact::Contact;
use crate::domain::text::{fold, visible};

/// Characters of a name if nothing is said.
const CHARACTERS: usize = 40;
/// Most bytes of a name: some telephone systems read no more than a kilobyte.
const MOST_BYTES: usize = 1_000;

/// Which names a display shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameFormat {
    /// The name to show.
    #[default]
    Display,
    /// The company; the name where there is none.
    Company,
    /// The last name first.
    LastFirst,
    /// The name, and the company behind it.
    NameCompany,
}

impl NameFormat {
    /// Reads a format by its name.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "display" | "name" | "first_last" => Self::Display,
            "company" => Self::Company,
            "last_first" => Self::LastFirst,
            "name_company" => Self::NameCompany,
            _ => return None,
        })
    }
}

/// How a caller is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameStyle {
    /// Which names.
    pub format: NameFormat,
    /// Whether only letters of old trunks may be in it.
    pub is_ascii: bool,
    /// Most characters, 40 if nothing is said.
    pub most: Option<usize>,
    /// The marks to put in front: `vip`, `dnc`, `blocked`.
    pub marks: Vec<String>,
}

/// What stands out about a contact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// It has a tag with the word VIP.
    pub is_vip: bool,
    /// It may not be called.
    pub is_dnc: bool,
    /// It may not call.
    pub is_blocked: bool,
}

/// What stands out about a contact.
pub fn standing(contact: &Contact) -> Standing {
    let says_vip =
        |tag: &String| fold(tag).split(|c: char| !c.is_alphanumeric()).any(|w| w == "vip");
    Standing {
        is_vip: contact.tags.iter().any(says_vip),
        is_dnc: contact.fields.status.do_not_contact,
        is_blocked: contact.fields.status.blocked,
    }
}

/// A contact as one line: no quotes, no control characters, no line break, no longer than wanted.
pub fn caller_name(contact: &Contact, style: &NameStyle) -> String {
    let display = contact.display_name.as_str();
    let name = match (style.format, contact.company.as_deref()) {
        (NameFormat::Company, Some(company)) => company.to_owned(),
        (NameFormat::NameCompany, Some(company)) if company != display => {
            format!("{display} ({company})")
        }
        (NameFormat::LastFirst, _) => match (&contact.last_name, &contact.first_name) {
            (Some(last), Some(first)) => format!("{last} {first}"),
            (Some(one), None) | (None, Some(one)) => one.clone(),
            (None, None) => display.to_owned(),
        },
        _ => display.to_owned(),
    };
    let shown = standing(contact);
    let marks = [("blocked", shown.is_blocked), ("dnc", shown.is_dnc), ("vip", shown.is_vip)];
    let wanted = |mark: &str| style.marks.iter().any(|wanted| wanted.eq_ignore_ascii_case(mark));
    let mark = marks.into_iter().find(|(mark, is_so)| *is_so && wanted(mark));
    let mark = mark.map_or(String::new(), |(mark, _)| format!("[{}] ", mark.to_uppercase()));
    one_line(&format!("{mark}{name}"), style.is_ascii, style.most)
}

/// A text as one line for a display.
fn one_line(text: &str, is_ascii: bool, most: Option<usize>) -> String {
    let visible = visible(text);
    let text = if is_ascii { deunicode(&visible) } else { visible.into_owned() };
    let text: String =
        text.chars().map(|c| if c.is_control() || c == '"' { ' ' } else { c }).collect();
    let most = most.filter(|most| *most > 0).unwrap_or(CHARACTERS);
    let mut line = String::new();
    for (at, word) in text.split_whitespace().enumerate() {
        if at > 0 {
            line.push(' ');
        }
        line.push_str(word);
    }
    let end = line.char_indices().map(|(at, c)| at + c.len_utf8()).take(most);
    let end = end.take_while(|end| *end <= MOST_BYTES).last().unwrap_or(0);
    line.truncate(end);
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_short_line() {
        for (text, is_ascii, most, expected) in [
            ("Jane\r\n \"JD\"\tDoe\u{0}", false, None, "Jane JD Doe"),
            ("Zoë Müller-Łoś 山田", true, None, "Zoe Muller-Los Shan Tian"),
            ("Zoë Müller", false, Some(5), "Zoë M"),
            ("Zoë Müller", false, Some(4), "Zoë"),
            ("\u{200b}\u{202e}x", false, None, "x"),
            ("", true, None, ""),
        ] {
            assert_eq!(one_line(text, is_ascii, most), expected, "{text:?}");
        }
        assert_eq!(one_line(&"x".repeat(90), false, None).len(), CHARACTERS);
        assert_eq!(one_line(&"山".repeat(2_000), false, Some(2_000)).len(), 999);
    }
}
