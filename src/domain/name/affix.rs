//! Which words before and behind a name are titles and suffixes.
//!
//! Many of them are names as well (`Sen`, `Ma`, `Don`), so most words count only where they are
//! written as titles are: with a point, in capitals, behind a comma.

use crate::domain::text::fold;

/// Which of several people with one name in a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Generation {
    /// The elder: `Sr.`, `d. Ä.`, `père`.
    Senior,
    /// The younger: `Jr.`, `d. J.`, `fils`.
    Junior,
    /// The second, third and so on: `II`, `3rd`.
    Numbered(u8),
}

impl Generation {
    /// The words for it, folded.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Self::Senior => &["sr", "senior"],
            Self::Junior => &["jr", "junior"],
            Self::Numbered(2) => &["ii", "2nd", "second"],
            Self::Numbered(3) => &["iii", "3rd", "third"],
            Self::Numbered(4) => &["iv", "4th", "fourth"],
            Self::Numbered(5) => &["v", "5th", "fifth"],
            Self::Numbered(_) => &[],
        }
    }
}

/// How somebody is addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gender {
    /// `Mr`, `Herr`, `Monsieur`.
    Male,
    /// `Mrs`, `Ms`, `Frau`, `Madame`.
    Female,
}

/// Letters and digits of a word, folded.
fn squeezed(word: &str) -> String {
    let mut out = fold(word);
    out.retain(char::is_alphanumeric);
    out
}

/// The generation that a suffix, or one of several, stands for.
pub(crate) fn generation(suffix: &str) -> Option<Generation> {
    let mut parts = suffix.split([',', ';']);
    parts.find_map(|part| {
        generation_of(part).or_else(|| part.split_whitespace().find_map(generation_of))
    })
}

/// The number of small Roman numerals; `None` where they are written in no usual way.
fn roman(word: &str) -> Option<u8> {
    const TENS: [&str; 4] = ["", "x", "xx", "xxx"];
    const ONES: [&str; 10] = ["", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"];
    let tens = TENS.iter().rposition(|tens| word.starts_with(tens))?;
    let ones = ONES.iter().position(|ones| *ones == &word[TENS[tens].len()..])?;
    u8::try_from(tens * 10 + ones).ok()
}

fn generation_of(part: &str) -> Option<Generation> {
    Some(match squeezed(part).as_str() {
        "da" if part.contains('.') => Generation::Senior,
        "dj" if part.contains('.') => Generation::Junior,
        "sr" | "snr" | "sen" | "senior" | "deraltere" | "diealtere" | "pere" | "padre" | "pai"
        | "vader" | "theelder" | "ilvecchio" | "старший" => Generation::Senior,
        "jr" | "jnr" | "jun" | "junior" | "derjungere" | "diejungere" | "fils" | "hijo"
        | "filho" | "figlio" | "zoon" | "syn" | "theyounger" | "ilgiovane" | "младший" => {
            Generation::Junior
        }
        "i" | "1st" => Generation::Numbered(1),
        "ii" | "2nd" => Generation::Numbered(2),
        "iii" | "3rd" => Generation::Numbered(3),
        "iv" | "4th" => Generation::Numbered(4),
        "v" | "5th" => Generation::Numbered(5),
        "vi" | "6th" => Generation::Numbered(6),
        // Kings and ships have higher ones.
        word if part.trim().bytes().all(|byte| b"IVX".contains(&byte)) => {
            Generation::Numbered(roman(word).filter(|number| *number > 6)?)
        }
        _ => return None,
    })
}

/// The gender that a form of address among titles stands for.
pub(super) fn gender(title: &str) -> Option<Gender> {
    title.split_whitespace().find_map(|word| {
        Some(match squeezed(word).as_str() {
            "mr" | "mister" | "herr" | "herrn" | "monsieur" | "senor" | "signor" | "sr" | "dhr"
            | "pan" | "господин" => Gender::Male,
            "mrs" | "ms" | "miss" | "frau" | "madame" | "mme" | "mlle" | "senora" | "sra"
            | "srta" | "signora" | "mevr" | "mevrouw" | "pani" | "госпожа" => Gender::Female,
            _ => return None,
        })
    })
}

/// The last word of a text with what is before it; `d. Ä.` and `der Jüngere` are one word.
pub(super) fn last_word(text: &str) -> Option<(&str, &str)> {
    let (before, word) = text.rsplit_once(char::is_whitespace)?;
    let before = before.trim_end();
    if let Some((earlier, article)) = before.rsplit_once(char::is_whitespace) {
        let both = text[before.len() - article.len()..].trim();
        let is_german = matches!(article, "d." | "der" | "die" | "the" | "il");
        if is_german && generation_of(both).is_some() {
            return Some((earlier.trim_end(), both));
        }
    }
    Some((before, word))
}

/// Whether the word at the end of a name is a suffix, without a comma before it.
pub(super) fn is_suffix(word: &str, before: &str) -> bool {
    let has_point = word.ends_with('.');
    match squeezed(word).as_str() {
        "jr" | "jnr" | "sr" | "snr" | "junior" | "senior" | "derjungere" | "deraltere"
        | "diejungere" | "diealtere" | "theelder" | "theyounger" | "ilvecchio" | "ilgiovane"
        | "старший" | "младший" | "2nd" | "3rd" | "4th" | "5th" => true,
        "jun" | "sen" => has_point,
        "da" | "dj" => word.contains('.'),
        "fils" | "pere" | "hijo" => word.chars().all(char::is_lowercase),
        "ii" | "iii" | "iv" => word.bytes().all(|b| b.is_ascii_uppercase()),
        "vi" | "vii" | "viii" | "ix" | "xi" | "xii" | "xiii" | "xiv" | "xv" | "xvi" => {
            word.bytes().all(|b| b.is_ascii_uppercase()) && before.contains(char::is_lowercase)
        }
        other => {
            let is_shouted = !before.chars().any(char::is_lowercase);
            let letters: String = word.chars().filter(|c| *c != '.').collect();
            let is_word = matches!(other, "mag" | "med" | "bed" | "ret");
            let is_written_so = word.contains('.')
                || [
                    "CSc", "DrSc", "PEng", "PharmD", "PhD", "DPhil", "PsyD", "EdD", "MSc", "BSc",
                    "Esq",
                ]
                .contains(&letters.as_str())
                || letters.len() >= 3
                    && !is_word
                    && letters.bytes().all(|b| b.is_ascii_uppercase());
            let is_short = letters == "MD" && !is_shouted;
            is_degree(other) && (is_short || is_written_so && letters.len() >= 3)
                || has_point && word.matches('.').count() >= 2 && is_degree(other)
        }
    }
}

/// Whether what is behind a comma is a suffix. After a single word (`is_bare`) it may as well be
/// the first name, so only what nobody is called counts.
pub(super) fn is_suffix_behind_comma(text: &str, is_bare: bool) -> bool {
    let text = text.trim();
    let mut count = 0;
    let whole = squeezed(text);
    if generation_of(text).is_some() {
        let is_name =
            matches!(whole.as_str(), "junior" | "senior" | "jun" | "sen" | "i" | "v" | "vi");
        return !(is_bare && is_name && !text.contains('.'));
    }
    let all = text.split_whitespace().all(|word| {
        count += 1;
        let word_is = squeezed(word);
        if generation_of(word).is_some() && word_is.len() > 1 {
            return !is_bare || word.contains('.');
        }
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        let is_capital = word.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase);
        let is_sure = letters >= 3 || word.contains('.');
        is_degree(&word_is) && if is_bare { is_sure } else { is_sure || is_capital }
    });
    all && count > 0
}

/// Academic degrees and professional titles that are written behind names, squeezed.
fn is_degree(word: &str) -> bool {
    matches!(
        word,
        "phd"
            | "dphil"
            | "md"
            | "do"
            | "dds"
            | "dmd"
            | "dvm"
            | "dsc"
            | "psyd"
            | "pharmd"
            | "csc"
            | "drsc"
            | "artd"
            | "peng"
            | "ceng"
            | "ieng"
            | "pgeo"
            | "rph"
            | "dnp"
            | "aprn"
            | "crna"
            | "lmft"
            | "lpc"
            | "faia"
            | "riba"
            | "frics"
            | "mrics"
            | "frs"
            | "fcca"
            | "acca"
            | "cissp"
            | "edd"
            | "jd"
            | "esq"
            | "esquire"
            | "cpa"
            | "cfa"
            | "cfp"
            | "pmp"
            | "mba"
            | "emba"
            | "rn"
            | "np"
            | "pa"
            | "pac"
            | "lcsw"
            | "msw"
            | "mph"
            | "pe"
            | "ma"
            | "ms"
            | "msc"
            | "meng"
            | "med"
            | "mphil"
            | "ba"
            | "bs"
            | "bsc"
            | "beng"
            | "bed"
            | "llb"
            | "llm"
            | "lld"
            | "dipl"
            | "dipling"
            | "diplkfm"
            | "diplkffr"
            | "diplpsych"
            | "diplinf"
            | "diplbetrw"
            | "mag"
            | "bakk"
            | "obe"
            | "mbe"
            | "cbe"
            | "kbe"
            | "qc"
            | "kc"
            | "mp"
            | "frcs"
            | "frcp"
            | "facs"
            | "ret"
            | "usn"
            | "usmc"
            | "usaf"
    )
}

/// Whether what is behind a comma is the legal form of a company.
pub(super) fn is_legal_form(text: &str) -> bool {
    let mut is_sure = false;
    let all = text.split_whitespace().all(|word| match squeezed(word).as_str() {
        "inc" | "incorporated" | "llc" | "llp" | "lllp" | "ltd" | "limited" | "corp"
        | "corporation" | "company" | "plc" | "pllc" | "gmbh" | "mbh" | "kgaa" | "ohg" | "gbr"
        | "sarl" | "eurl" | "sprl" | "bvba" | "srl" | "aps" | "pty" | "pvt" | "cic" => {
            is_sure = true;
            true
        }
        "co" => {
            is_sure |= word.ends_with('.');
            true
        }
        "kg" | "ag" | "lp" | "" | "and" | "und" | "pte" => true,
        _ => false,
    });
    all && is_sure
}

/// Takes titles from the front of a name, as long as a word is left; gives them and the rest.
pub(super) fn split_title(name: &str) -> (Option<String>, &str) {
    let name = name.trim();
    let mut rest = name;
    let mut has_title = false;
    while let Some((word, behind)) = rest.split_once(char::is_whitespace) {
        if behind.trim().is_empty() || !is_title(word, has_title) {
            break;
        }
        has_title = true;
        rest = behind.trim_start();
    }
    let title = name[..name.len() - rest.len()].trim();
    ((!title.is_empty()).then(|| title.to_owned()), rest)
}

fn is_title(word: &str, follows_title: bool) -> bool {
    let has_point = word.ends_with('.');
    match squeezed(word).as_str() {
        "mr" | "mrs" | "ms" | "mx" | "miss" | "mister" | "dr" | "drs" | "prof" | "professor"
        | "herr" | "herrn" | "frau" | "monsieur" | "madame" | "mme" | "mlle" | "senor"
        | "senora" | "dhr" | "mevr" | "mevrouw" | "господин" | "госпожа" => true,
        "sr" | "sra" | "srta" | "ing" | "mag" | "mgr" | "bc" | "doc" | "mudr" | "mvdr" | "judr"
        | "phdr" | "rndr" | "paeddr" | "thdr" | "arch" | "rev" | "hon" | "dipl" | "dipling"
        | "diplkfm" | "pd" | "doz" | "sig" | "sigra" | "sigrina" | "dott" | "dottssa" | "avv"
        | "geom" | "rag" | "lic" | "engr" | "capt" | "lt" | "sgt" | "cpl" | "col" | "maj"
        | "gen" | "cmdr" | "adm" | "univprof" | "ddr" | "msgr" | "ks" | "inz" => has_point,
        "med" | "rer" | "nat" | "phil" | "jur" | "iur" | "oec" | "pol" | "dent" | "vet" | "hc"
        | "habil" | "mult" | "theol" | "techn" | "agr" => follows_title && has_point,
        _ => false,
    }
}
