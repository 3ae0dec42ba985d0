//! Other spellings of the same name: umlauts written out, Latin letters for other scripts, words
//! written together.

use super::super::text::fold;
use super::script::latins;

/// Calls a function with every other folded spelling of a word of a name, given as written and
/// folded. `Müller`: `mueller`; `Mueller`: `muller`; `Иван`: `ivan`.
pub fn spellings(written: &str, folded: &str, mut each: impl FnMut(&str)) {
    if folded.is_ascii() {
        if !written.is_ascii()
            && let Some(expanded) = written_out(written)
            && expanded != folded
        {
            each(&expanded);
        }
        if let Some(short) = collapsed(folded) {
            each(&short);
        }
        return;
    }
    for other in latins(folded) {
        each(&other);
    }
}

/// `mueller` to `muller`: what a word looks like to somebody who leaves the dots of umlauts away;
/// `None` if there is nothing to leave away.
pub fn collapsed(folded: &str) -> Option<String> {
    let bytes = folded.as_bytes();
    if !folded.is_ascii() || bytes.len() < 4 {
        return None;
    }
    let mut out = String::with_capacity(bytes.len());
    let mut is_changed = false;
    for (at, byte) in bytes.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| bytes[at]);
        let earlier = at.checked_sub(2).map(|at| bytes[at]);
        let is_written_out = *byte == b'e'
            && matches!(before, Some(b'a' | b'o' | b'u'))
            && !matches!(earlier, Some(b'a' | b'e' | b'i' | b'o' | b'u' | b'q'));
        if is_written_out {
            is_changed = true;
        } else {
            out.push(char::from(*byte));
        }
    }
    is_changed.then_some(out)
}

/// Neighbouring words of one part of a name written together, two and two and all at once:
/// `mary ann` as `maryann`, `van der berg` as `vander`, `derberg`, `vanderberg`.
pub fn joined(words: &[String], mut each: impl FnMut(&str)) {
    if !(2..=4).contains(&words.len()) {
        return;
    }
    for pair in words.windows(2) {
        each(&pair.concat());
    }
    if words.len() > 2 {
        each(&words.concat());
    }
}

/// `Müller` as `mueller`; `None` if it has no umlauts.
fn written_out(written: &str) -> Option<String> {
    let mut out = String::with_capacity(written.len() + 2);
    let mut is_changed = false;
    let composed: String = unicode_normalization::UnicodeNormalization::nfc(written).collect();
    for c in composed.chars() {
        let long = match c {
            'ä' | 'Ä' | 'æ' | 'Æ' => "ae",
            'ö' | 'Ö' | 'ø' | 'Ø' | 'œ' | 'Œ' => "oe",
            'ü' | 'Ü' => "ue",
            'å' | 'Å' => "aa",
            other => {
                out.push(other);
                continue;
            }
        };
        is_changed = true;
        out.push_str(long);
    }
    is_changed.then(|| fold(&out))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(written: &str, expect: &[&str]) {
        let mut got = Vec::new();
        spellings(written, &fold(written), |text| got.push(text.to_owned()));
        assert_eq!(got, expect, "{written}");
    }

    #[test]
    fn umlauts_and_scripts_have_other_spellings() {
        check("Müller", &["mueller"]);
        check("Mu\u{308}ller", &["mueller"]);
        check("Mueller", &["muller"]);
        check("Muller", &[]);
        check("Bauer", &[]);
        check("Søren", &["soeren"]);
        check("Åse", &["aase"]);
        check("José", &[]);
        check("Иван", &["ivan"]);
        check("Παπαδόπουλος", &["papadopoulos"]);
        check("王", &["wang"]);
    }

    #[test]
    fn words_are_written_together() {
        let words = ["van", "der", "berg"].map(str::to_owned);
        let mut got = Vec::new();
        joined(&words, |text| got.push(text.to_owned()));
        assert_eq!(got, ["vander", "derberg", "vanderberg"]);
    }
}
