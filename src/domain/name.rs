//! Personal names: how one given string and separate first and last names become each other, and
//! what in a name says that two people of one family are not one person.
//!
//! Titles in front (`Dr. med.`, `Mrs`) and suffixes behind (`Jr.`, `PhD`) belong to neither name.
//! Which words they are is in `affix`.

mod affix;

pub use affix::{Gender, Generation};

/// A full name taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SplitName {
    /// Forms of address and titles in front; they stay in the display name only.
    pub title: Option<String>,
    /// Everything before the last name.
    pub first: Option<String>,
    /// The last name.
    pub last: Option<String>,
    /// What follows the last name: `Jr.`, `III`, `PhD`.
    pub suffix: Option<String>,
}

/// Splits a full name.
///
/// `Doe, John` is last name first; otherwise the last word is the last name, together with the
/// particles before it (`Ludwig van Beethoven`); a single word is a first name, but behind a title
/// or before a suffix it is a last name. `Smith, Jr.` and `Miller, PhD` have no first name behind
/// their comma, `Smith, Jr., John` has one, and `Acme, Inc.` is one name.
pub fn split(full: &str) -> SplitName {
    if let Some((_, behind)) = full.rsplit_once(',')
        && affix::is_legal_form(behind)
    {
        return SplitName { last: non_empty(full), ..SplitName::default() };
    }
    let (full, remark) = without_remark(full);
    let (full, suffix) = split_suffix(full, 2);
    let in_brackets = remark.filter(|remark| affix::generation(remark).is_some());
    let suffix = suffix.or_else(|| in_brackets.map(str::to_owned));
    let (title, full) = affix::split_title(full);
    let suffix = |own: Option<String>| match (own, suffix.clone()) {
        (Some(own), Some(behind)) => Some(format!("{own}, {behind}")),
        (own, behind) => own.or(behind),
    };
    if let Some((last, first)) = full.split_once(',') {
        let (last, of_last) = split_suffix(last, 1);
        let (between, first) = suffixes_in_front(first);
        let (first, of_first) = split_suffix(first, 1);
        let (behind_comma, first) = affix::split_title(first);
        let (first, last) = (non_empty(first), non_empty(last));
        if first.is_some() && last.is_some() {
            let title = title.or(behind_comma);
            let own = of_last.or(between).or(of_first);
            return SplitName { title, first, last, suffix: suffix(own) };
        }
    }
    let full = full.trim_matches([',', ' ']);
    let words: Vec<&str> = full.split_whitespace().collect();
    let (first, last) = match words.as_slice() {
        [] => (None, None),
        [only] if title.is_some() || suffix(None).is_some() => (None, Some((*only).to_owned())),
        [only] => (Some((*only).to_owned()), None),
        words => {
            let mut cut = words.len() - 1;
            while cut > 1 && is_particle(words[cut - 1]) {
                cut -= 1;
            }
            if title.is_some() && is_particle(words[0]) {
                cut = 0;
            }
            (non_empty(&words[..cut].join(" ")), non_empty(&words[cut..].join(" ")))
        }
    };
    SplitName { title, first, last, suffix: suffix(None) }
}

/// A name without the brackets behind it, and what is in them: `Bert Huber (Sales)`.
fn without_remark(full: &str) -> (&str, Option<&str>) {
    let full = full.trim();
    let apart = [('(', ')'), ('[', ']')].into_iter().find_map(|(open, close)| {
        let (name, remark) = full.strip_suffix(close)?.rsplit_once(open)?;
        let is_name = name.contains(char::is_alphabetic);
        is_name.then(|| (name.trim_end(), Some(remark.trim())))
    });
    apart.unwrap_or((full, None))
}

/// Suffixes between last and first name: `Jr., John` of `Smith, Jr., John`.
fn suffixes_in_front(name: &str) -> (Option<String>, &str) {
    let mut rest = name.trim();
    let mut found: Vec<&str> = Vec::new();
    while let Some((before, behind)) = rest.split_once(',') {
        if behind.trim().is_empty() || !affix::is_suffix_behind_comma(before, true) {
            break;
        }
        found.push(before.trim());
        rest = behind.trim_start();
    }
    ((!found.is_empty()).then(|| found.join(", ")), rest)
}

/// Takes suffixes from the end of a name, as long as so many words are left: `Smith Jr.` is
/// `Smith` and `Jr.`.
///
/// Behind a comma more words count as suffixes than without one, since `MA` and `V` may be names.
pub fn split_suffix(name: &str, least_words: usize) -> (&str, Option<String>) {
    let mut rest = name.trim();
    let mut found: Vec<&str> = Vec::new();
    while let Some((before, behind)) = rest.rsplit_once(',') {
        let is_bare = before.split_whitespace().nth(1).is_none();
        if before.trim().is_empty() || !affix::is_suffix_behind_comma(behind, is_bare) {
            break;
        }
        found.push(behind.trim());
        rest = before.trim_end();
    }
    while let Some((before, word)) = affix::last_word(rest) {
        if before.split_whitespace().count() < least_words || !affix::is_suffix(word, before) {
            break;
        }
        found.push(word);
        rest = before;
    }
    found.reverse();
    let suffix = found.join(", ");
    (rest, (!suffix.is_empty()).then_some(suffix))
}

/// Whether a text is nothing but a form of address: `Mrs.`, `Herr Dr.`.
pub fn is_salutation(text: &str) -> bool {
    let is_form = |word: &str| {
        affix::gender(word).is_some() || word.trim_end_matches('.').eq_ignore_ascii_case("dr")
    };
    let mut words = text.split_whitespace().peekable();
    words.peek().is_some() && words.all(is_form)
}

/// Whether a text is nothing but forms of address and titles: `Mrs.`, `Herr Prof. Dr.`, `Countess`.
pub fn is_form_of_address(text: &str) -> bool {
    let words = text.split_whitespace().count();
    let of_title = |title: String| title.split_whitespace().count() == words;
    is_salutation(text) || split(&format!("{text} Ada Lovelace")).title.is_some_and(of_title)
}

/// Joins the parts of a name into a display name; `None` if first and last name are missing.
pub fn join(first: Option<&str>, last: Option<&str>, suffix: Option<&str>) -> Option<String> {
    let name = match (first, last) {
        (Some(first), Some(last)) => format!("{first} {last}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => return None,
    };
    Some(match suffix {
        None => name,
        Some(suffix) if affix::generation(suffix).is_some() => format!("{name} {suffix}"),
        Some(suffix) => format!("{name}, {suffix}"),
    })
}

/// The parts of a name that tell people of one family apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Given names without titles.
    pub first: String,
    /// The last name without suffixes.
    pub last: String,
    /// Which of those who bear the name.
    pub generation: Option<Generation>,
    /// Whether the person is addressed as a man or a woman.
    pub gender: Option<Gender>,
}

impl Identity {
    /// Reads the parts of a name, also where titles and suffixes were written into the names.
    pub fn of(
        display: Option<&str>,
        first: Option<&str>,
        last: Option<&str>,
        suffix: Option<&str>,
    ) -> Self {
        let display = display.unwrap_or_default();
        let shown_gender = || affix::split_title(display).0.and_then(|title| affix::gender(&title));
        if first.is_none() && last.is_none() {
            let split = split(display);
            return Self {
                generation: suffix.or(split.suffix.as_deref()).and_then(affix::generation),
                gender: split.title.as_deref().and_then(affix::gender),
                first: split.first.unwrap_or_default(),
                last: split.last.unwrap_or_default(),
            };
        }
        let (title, given) = affix::split_title(first.unwrap_or_default());
        let family = last.unwrap_or_default();
        let (mut given, mut family, mut own_suffix) = {
            let (rest, own) = split_suffix(family, 1);
            (given.to_owned(), rest.to_owned(), own)
        };
        // Records from before suffixes were told from last names: `John Smith` and `Jr.`.
        if own_suffix.is_none() && affix::is_suffix_behind_comma(&family, false) {
            let whole = split(&given);
            own_suffix = Some(std::mem::take(&mut family));
            family = whole.last.unwrap_or_default();
            given = whole.first.unwrap_or_default();
        }
        Self {
            generation: suffix
                .and_then(affix::generation)
                .or_else(|| own_suffix.as_deref().and_then(affix::generation))
                .or_else(|| split_suffix(display, 2).1.as_deref().and_then(affix::generation)),
            gender: title.as_deref().and_then(affix::gender).or_else(shown_gender),
            first: given,
            last: family,
        }
    }
}

fn is_particle(word: &str) -> bool {
    // Only lower-case particles: "Van Morrison" is a first and a last name.
    matches!(
        word,
        "van"
            | "von"
            | "der"
            | "den"
            | "de"
            | "del"
            | "della"
            | "di"
            | "da"
            | "dos"
            | "das"
            | "du"
            | "la"
            | "le"
            | "ter"
            | "ten"
            | "te"
            | "zu"
            | "zum"
            | "zur"
            | "bin"
            | "ibn"
            | "al"
            | "el"
            | "af"
            | "av"
    )
}

fn non_empty(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_names_split() {
        let check = |full: &str, first: Option<&str>, last: Option<&str>| {
            let got = split(full);
            assert_eq!((got.first.as_deref(), got.last.as_deref()), (first, last), "{full:?}");
            assert_eq!((got.title, got.suffix), (None, None), "{full:?}");
        };
        check("John Doe", Some("John"), Some("Doe"));
        check("Doe, John", Some("John"), Some("Doe"));
        check("  Anna Maria   Schmidt ", Some("Anna Maria"), Some("Schmidt"));
        check("Ludwig van Beethoven", Some("Ludwig"), Some("van Beethoven"));
        check("Maria de la Cruz", Some("Maria"), Some("de la Cruz"));
        check("van Beethoven", Some("van"), Some("Beethoven"));
        check("Madonna", Some("Madonna"), None);
        check("Doe,", Some("Doe"), None);
        check("Иван Доу", Some("Иван"), Some("Доу"));
        check("", None, None);
        check(" , ", None, None);
    }

    #[test]
    fn titles_and_suffixes_belong_to_neither_name() {
        for (full, title, first, last, suffix) in [
            ("John Smith, Jr.", "", "John", "Smith", "Jr."),
            ("John Smith Jr.", "", "John", "Smith", "Jr."),
            ("John Smith Jr", "", "John", "Smith", "Jr"),
            ("John Smith III", "", "John", "Smith", "III"),
            ("John Smith, III", "", "John", "Smith", "III"),
            ("John Smith, V", "", "John", "Smith", "V"),
            ("Smith, John", "", "John", "Smith", ""),
            ("Smith, John, Jr.", "", "John", "Smith", "Jr."),
            ("Smith, John Jr.", "", "John", "Smith", "Jr."),
            ("Smith Jr., John", "", "John", "Smith", "Jr."),
            ("Smith, Jr.", "", "", "Smith", "Jr."),
            ("Smith, Dr. John", "Dr.", "John", "Smith", ""),
            ("Walter Miller, PhD", "", "Walter", "Miller", "PhD"),
            ("Walter Miller PhD", "", "Walter", "Miller", "PhD"),
            ("Walter Miller Jr., M.D., Ph.D.", "", "Walter", "Miller", "Jr., M.D., Ph.D."),
            ("Miller, Walter, MBA", "", "Walter", "Miller", "MBA"),
            ("Anna Weber, Dipl.-Ing.", "", "Anna", "Weber", "Dipl.-Ing."),
            ("Dr. med. Anna Weber", "Dr. med.", "Anna", "Weber", ""),
            ("Herr Prof. Dr. Max von Stein", "Herr Prof. Dr.", "Max", "von Stein", ""),
            ("Mrs Smith", "Mrs", "", "Smith", ""),
            ("Frau von Stein", "Frau", "", "von Stein", ""),
            ("Mr. John Smith Sr.", "Mr.", "John", "Smith", "Sr."),
            ("Sr. Juan Perez", "Sr.", "Juan", "Perez", ""),
            ("Johann Strauss d. Ä.", "", "Johann", "Strauss", "d. Ä."),
            ("Johann Strauss d.J.", "", "Johann", "Strauss", "d.J."),
            ("Johann Strauss der Jüngere", "", "Johann", "Strauss", "der Jüngere"),
            ("Alexandre Dumas fils", "", "Alexandre", "Dumas", "fils"),
            ("Alexandre Dumas père", "", "Alexandre", "Dumas", "père"),
            ("Juan Pérez hijo", "", "Juan", "Pérez", "hijo"),
            ("Smith, Jr., John", "", "John", "Smith", "Jr."),
            ("Smith, Jr., Dr. John", "Dr.", "John", "Smith", "Jr."),
            ("Miller, PhD, Walter", "", "Walter", "Miller", "PhD"),
            ("Miller, III, MBA, Walter", "", "Walter", "Miller", "III, MBA"),
            ("Jane Roe, P.Eng.", "", "Jane", "Roe", "P.Eng."),
            ("Jane Roe P.Eng", "", "Jane", "Roe", "P.Eng"),
            ("Ing. Jan Novák, CSc.", "Ing.", "Jan", "Novák", "CSc."),
            ("doc. MUDr. Jan Novák CSc.", "doc. MUDr.", "Jan", "Novák", "CSc."),
            ("Mgr. Eva Malá, Ph.D., DrSc.", "Mgr.", "Eva", "Malá", "Ph.D., DrSc."),
            ("Ann Lee, PharmD", "", "Ann", "Lee", "PharmD"),
            ("Ann Lee, FRICS", "", "Ann", "Lee", "FRICS"),
            ("Acme, Inc.", "", "", "Acme, Inc.", ""),
            ("Smith, Miller and Sons, Ltd", "", "", "Smith, Miller and Sons, Ltd", ""),
            ("Weber, GmbH & Co. KG", "", "", "Weber, GmbH & Co. KG", ""),
            ("Acme, Pty Ltd", "", "", "Acme, Pty Ltd", ""),
            ("Smith, Co", "", "Co", "Smith", ""),
            ("Smith, A.B.", "", "A.B.", "Smith", ""),
            // Names that look like suffixes or titles.
            ("Amartya Kumar Sen", "", "Amartya Kumar", "Sen", ""),
            ("Jack Ma", "", "Jack", "Ma", ""),
            ("Naoto Ii", "", "Naoto", "Ii", ""),
            ("Suresh Kumar V", "", "Suresh Kumar", "V", ""),
            ("Junior Santos", "", "Junior", "Santos", ""),
            ("Carlos Junior", "", "Carlos", "Junior", ""),
            ("Martinez, Junior", "", "Junior", "Martinez", ""),
            ("Wong, Ma", "", "Ma", "Wong", ""),
            ("Don Johnson", "", "Don", "Johnson", ""),
            ("Ing-Marie Berg", "", "Ing-Marie", "Berg", ""),
            ("Doctor", "", "Doctor", "", ""),
            ("Mr", "", "Mr", "", ""),
        ] {
            let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            let expect = SplitName {
                title: text(title),
                first: text(first),
                last: text(last),
                suffix: text(suffix),
            };
            assert_eq!(split(full), expect, "{full:?}");
        }
    }

    #[test]
    fn parts_of_a_name_join() {
        for (first, last, suffix, expect) in [
            ("John", "Smith", "Jr.", "John Smith Jr."),
            ("Walter", "Miller", "PhD", "Walter Miller, PhD"),
            ("Walter", "Miller", "", "Walter Miller"),
        ] {
            let suffix = (!suffix.is_empty()).then_some(suffix);
            assert_eq!(join(Some(first), Some(last), suffix).as_deref(), Some(expect));
        }
        assert_eq!(join(None, None, Some("Jr.")), None);
    }

    #[test]
    fn what_tells_a_family_apart_is_read_wherever_it_was_written() {
        let junior = Some(Generation::Junior);
        for (display, first, last, suffix) in [
            ("John Smith Jr.", None, None, None),
            ("John Smith Jr.", Some("John Smith"), Some("Jr."), None),
            ("John Smith Jr.", Some("John"), Some("Smith Jr."), None),
            ("John Smith, Junior", Some("John"), Some("Smith"), None),
            ("", Some("Mr. John"), Some("Smith"), Some("jr")),
        ] {
            let identity = Identity::of(Some(display), first, last, suffix);
            assert_eq!((identity.first.as_str(), identity.last.as_str()), ("John", "Smith"));
            assert_eq!(identity.generation, junior, "{display} {first:?} {last:?}");
        }
        let mrs = Identity::of(Some("Mrs. J. Smith"), None, None, None);
        assert_eq!((mrs.first.as_str(), mrs.gender), ("J.", Some(Gender::Female)));
        let of_parts = Identity::of(Some("Frau J. Smith"), Some("J."), Some("Smith"), None);
        assert_eq!(of_parts, mrs);
    }
}
