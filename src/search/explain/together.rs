//! Words that are written together, apart, or in other letters than they were asked for.

use super::super::step::Step;
use super::Explainer;
use super::Explanation;
use super::ScorePart;
use super::mark::{mark, push};
use crate::domain::names::{latin, sounds, sounds_together};
use crate::query::{Condition, Expr, Shape};

impl Explainer<'_> {
    /// Words that are written together in the one and apart in the other.
    pub(super) fn joined(&self, out: &mut Explanation, parts: &[Expr]) {
        let plain = |part: &Expr| match part {
            Expr::Is(Condition::Word { text, shape, .. }) if *shape != Shape::Exact => {
                Some(text.clone())
            }
            _ => None,
        };
        let asked: Vec<Option<String>> = parts.iter().map(plain).collect();
        for shown in self.fields().names() {
            let (part, key, original, words) =
                (shown.part, shown.key, shown.original, shown.words());
            for pair in asked.windows(2) {
                let [Some(one), Some(other)] = pair else { continue };
                let both = format!("{one}{other}");
                let reasons = out.why.len();
                for word in words.iter().filter(|word| word.text == both) {
                    push(&mut out.why, format!("{} written together", part.name()));
                    mark(out, key, original, word.start, word.end);
                }
                let mut is_read = false;
                self.schema.names.readings(original, |reading| is_read |= reading == both);
                if is_read {
                    push(&mut out.why, format!("{} in Latin letters", part.name()));
                    mark(out, key, original, 0, original.len());
                }
                let is_told = out.parts.iter().any(|told| told.part == *one || told.part == *other);
                if let Some(reason) = out.why.get(reasons).filter(|_| !is_told) {
                    let score = self.schema.scores.name_spelling * 2.0;
                    out.parts.push(ScorePart { part: both, reason: reason.clone(), score });
                }
            }
        }
    }

    /// A word of the query that is several words of a name written together, or a name in Latin
    /// letters; whether it is any of these.
    pub(super) fn otherwise(&self, out: &mut Explanation, text: &str, shape: Shape) -> bool {
        let is_met =
            |other: &str| other == text || shape == Shape::Prefix && other.starts_with(text);
        let asked = sounds(text);
        for shown in self.fields().names() {
            let (part, key, original, words) =
                (shown.part, shown.key, shown.original, shown.words());
            let mut reason = None;
            self.schema.names.readings(original, |reading| {
                if is_met(reading) {
                    reason = Some(("in Latin letters", 0, original.len()));
                }
            });
            for from in 0..words.len() {
                let mut together = words[from].text.clone();
                let mut written = latin(&together);
                for (last, word) in words.iter().enumerate().skip(from + 1) {
                    together.push_str(&word.text);
                    written.push_str(&latin(&word.text));
                    let how = if is_met(&together) {
                        "written together"
                    } else if is_met(&written) {
                        "in Latin letters"
                    } else if self.step >= Step::Near
                        && last == from + 1
                        && sounds_together(&words[from].text, &words[last].text).meet(&asked, 1)
                    {
                        "sounds like"
                    } else {
                        continue;
                    };
                    reason.get_or_insert((how, words[from].start, word.end));
                }
            }
            let Some((how, start, end)) = reason else { continue };
            let reason = format!("{} {how}", part.name());
            push(&mut out.why, reason.clone());
            mark(out, key, original, start, end);
            let scores = self.schema.scores;
            let score = if how == "sounds like" { scores.name_sound } else { scores.name_spelling };
            out.parts.push(ScorePart { part: text.to_owned(), reason, score });
            return true;
        }
        false
    }

    /// Words of the query that are the whole name of the company.
    pub(super) fn whole_company(&self, out: &mut Explanation, parts: &[Expr]) {
        let Some(company) = &self.contact.company else { return };
        let plain = |part: &Expr| match part {
            Expr::Is(Condition::Word { text, shape, .. }) if *shape != Shape::Exact => {
                Some(text.clone())
            }
            _ => None,
        };
        let Some(asked) = parts.iter().map(plain).collect::<Option<Vec<String>>>() else { return };
        let names = &self.schema.names;
        let asked = names.without_noise(&asked.join(" "));
        let words = asked.split(' ').count();
        if words > 1 && asked == names.without_noise(company) {
            let reason = "company whole name".to_owned();
            push(&mut out.why, reason.clone());
            let score = (0..words).map(|_| self.schema.scores.company_whole).sum();
            out.parts.push(ScorePart { part: asked, reason, score });
        }
    }
}
