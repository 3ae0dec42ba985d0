//! Languages as BCP 47 tags, or by name.

use std::collections::HashMap;
use std::sync::LazyLock;

use icu_locale_core::LanguageIdentifier;
use isolang::Language;

use super::country;
use crate::domain::text::fold;

/// Codes of ISO 639-2/B, and old ones of ISO 639-1, with the ones of BCP 47.
const OTHER_CODES: [(&str, &str); 25] = [
    ("alb", "sq"),
    ("arm", "hy"),
    ("baq", "eu"),
    ("bur", "my"),
    ("chi", "zh"),
    ("cze", "cs"),
    ("dut", "nl"),
    ("fre", "fr"),
    ("geo", "ka"),
    ("ger", "de"),
    ("gre", "el"),
    ("ice", "is"),
    ("mac", "mk"),
    ("mao", "mi"),
    ("may", "ms"),
    ("per", "fa"),
    ("rum", "ro"),
    ("slo", "sk"),
    ("tib", "bo"),
    ("wel", "cy"),
    ("iw", "he"),
    ("in", "id"),
    ("ji", "yi"),
    ("jw", "jv"),
    ("mo", "ro"),
];

/// What languages are called beside their names in ISO 639.
const NAMES: [(&str, &str); 33] = [
    ("greek", "el"),
    ("punjabi", "pa"),
    ("farsi", "fa"),
    ("mandarin", "zh"),
    ("simplified chinese", "zh-Hans"),
    ("traditional chinese", "zh-Hant"),
    ("cantonese", "yue"),
    ("flemish", "nl"),
    ("castilian", "es"),
    ("norwegian bokmal", "nb"),
    ("slovene", "sl"),
    ("kurdish", "ku"),
    ("sinhalese", "si"),
    ("burmese", "my"),
    ("khmer", "km"),
    ("gaelic", "gd"),
    ("irish gaelic", "ga"),
    ("american english", "en-US"),
    ("british english", "en-GB"),
    ("us english", "en-US"),
    ("uk english", "en-GB"),
    ("brazilian portuguese", "pt-BR"),
    ("swiss german", "gsw"),
    ("englisch", "en"),
    ("franzosisch", "fr"),
    ("spanisch", "es"),
    ("italienisch", "it"),
    ("anglais", "en"),
    ("allemand", "de"),
    ("espagnol", "es"),
    ("ingles", "en"),
    ("aleman", "de"),
    ("frances", "fr"),
];

/// Tags by name, see [`key`].
static BY_NAME: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let mut tags = HashMap::new();
    let mut add = |name: &str, tag: &'static str| {
        // Names of ISO 639 say more in brackets.
        let name = name.split(" (").next().unwrap_or(name);
        let key = key(name);
        if !key.is_empty() {
            tags.entry(key).or_insert(tag);
        }
    };
    for (name, tag) in NAMES {
        add(name, tag);
    }
    let (common, others): (Vec<Language>, Vec<Language>) =
        isolang::languages().partition(|language| language.to_639_1().is_some());
    for language in common.into_iter().chain(others) {
        let tag = language.to_639_1().unwrap_or_else(|| language.to_639_3());
        add(language.to_name(), tag);
        if let Some(name) = language.to_autonym() {
            add(name, tag);
        }
    }
    tags
});

/// A name without case, accents, spaces and punctuation.
fn key(name: &str) -> String {
    let mut key = fold(name);
    key.retain(char::is_alphanumeric);
    key
}

/// The BCP 47 tag, in its usual letter case, of a language that is given by tag or name: `de`,
/// `EN_us`, `deu`, `German`, `English (United States)`.
pub(super) fn tag(text: &str) -> Option<String> {
    let text = text.trim();
    of_tag(&text.replace('_', "-")).or_else(|| of_name(text))
}

fn of_tag(text: &str) -> Option<String> {
    let (primary, rest) = text.split_at(text.find('-').unwrap_or(text.len()));
    let primary = primary.to_ascii_lowercase();
    let primary = known_primary(&primary)?;
    let tag: LanguageIdentifier = format!("{primary}{rest}").parse().ok()?;
    Some(tag.to_string())
}

/// The shortest code of a language.
fn known_primary(code: &str) -> Option<&str> {
    if let Some((_, tag)) = OTHER_CODES.iter().find(|(other, _)| *other == code) {
        return Some(tag);
    }
    match code.len() {
        2 => Language::from_639_1(code).map(|_| code),
        3 => Language::from_639_3(code).map(|language| language.to_639_1().unwrap_or(code)),
        _ => None,
    }
}

fn of_name(text: &str) -> Option<String> {
    let by_name = |name: &str| BY_NAME.get(&key(name)).copied();
    if let Some(tag) = by_name(text) {
        return Some(tag.to_owned());
    }
    let (name, region) = text.strip_suffix(')')?.split_once('(')?;
    let (tag, region) = (by_name(name)?, country::code(region)?);
    (!tag.contains('-')).then(|| format!("{tag}-{region}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_read_from_its_tag_and_names() {
        for (text, expected) in [
            ("de", "de"),
            ("DE", "de"),
            ("de-DE", "de-DE"),
            ("de_at", "de-AT"),
            ("EN-us", "en-US"),
            ("zh-hans-cn", "zh-Hans-CN"),
            ("es-419", "es-419"),
            ("deu", "de"),
            ("ger", "de"),
            ("gsw", "gsw"),
            ("iw", "he"),
            ("German", "de"),
            ("german", "de"),
            ("Deutsch", "de"),
            ("Français", "fr"),
            ("English", "en"),
            ("English (United States)", "en-US"),
            ("English (UK)", "en-GB"),
            ("Spanish", "es"),
            ("Greek", "el"),
            ("Swahili", "sw"),
            ("Norwegian", "no"),
            ("Brazilian Portuguese", "pt-BR"),
        ] {
            assert_eq!(tag(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "xx", "x", "Klingonish", "de-", "de--DE", "12", "en-toolongsubtag", "jp"] {
            assert_eq!(tag(text), None, "{text}");
        }
    }
}
