//! What a row says about consent: what was agreed to, how, when, where, and on which basis.

use super::super::issue::IssueCode;
use super::super::map::MappedValue;
use super::super::target::ConsentPart;
use super::Checker;
use super::fact::boolean;
use crate::domain::consent::{BASES, ConsentCells, TYPES, opt_in_of};
use crate::domain::date::{self, Century, Day};
use crate::domain::draft::{Draft, MAX_TEXT, Patch};
use crate::domain::text::fold;
use crate::domain::time::{Timestamp, day_number};

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

impl Checker<'_> {
    pub(super) fn consent_part(
        &mut self,
        value: &MappedValue<'_>,
        part: ConsentPart,
        text: &str,
        draft: &mut Draft,
    ) {
        let word = fold(text).replace([' ', '-'], "_");
        let known = |words: &[&str]| {
            let found = words.iter().find(|one| word.starts_with(**one));
            found.map(|one| (*one).to_owned())
        };
        let read = match part {
            ConsentPart::Status => status(&word, text),
            ConsentPart::Type => known(TYPES),
            ConsentPart::Basis => known(BASES),
            ConsentPart::Source => self.text(value, text, MAX_TEXT).map(Into::into),
            ConsentPart::Date => {
                let date = self.time(value, text);
                if let Some(date) = date {
                    draft.consent.get_or_insert_default().date = Some(date);
                    return;
                }
                None
            }
        };
        let Some(read) = read else {
            let (reason, what) = match part {
                ConsentPart::Status => {
                    ("is not a state of consent", "use opted_in, opted_out, pending or unknown")
                }
                ConsentPart::Type => {
                    ("is not a type of consent", "use explicit, implied or imported")
                }
                ConsentPart::Basis => {
                    ("is not a legal basis", "use consent, legitimate_interest or contract")
                }
                ConsentPart::Date => ("is not a date", "write it as 2026-12-31"),
                ConsentPart::Source => return,
            };
            let reason = format!("{reason}; the cell is left out");
            self.warn(value, IssueCode::ValueUnknown, reason, what);
            return;
        };
        let cells = draft.consent.get_or_insert_default();
        match part {
            ConsentPart::Status => cells.status = read,
            ConsentPart::Type => cells.kind = Some(read),
            ConsentPart::Source => cells.source = Some(read),
            ConsentPart::Basis => cells.basis = Some(read),
            ConsentPart::Date => {}
        }
    }

    /// A time, or a day of any spelling.
    fn time(&self, value: &MappedValue<'_>, text: &str) -> Option<Timestamp> {
        if let Ok(time) = text.parse::<Timestamp>() {
            return Some(time);
        }
        let day =
            date::read(text, self.rules(value, Century::Pivot, false)).and_then(Day::written)?;
        day_number(&day).map(|day| Timestamp(day * DAY_MS))
    }
}

/// Puts together what the columns of consent say, when all cells of a row are read.
pub(super) fn settle(draft: &mut Draft) {
    let Some(cells) = &mut draft.consent else { return };
    if cells.status.is_empty() {
        match draft.opt_in.value() {
            Some(true) => "opted_in".clone_into(&mut cells.status),
            Some(false) => "opted_out".clone_into(&mut cells.status),
            // Where and when somebody said nothing is no news.
            None => draft.consent = None,
        }
        return;
    }
    if let Some(agreed) = opt_in_of(&cells.status)
        && draft.opt_in != Patch::Set(false)
    {
        draft.opt_in = Patch::Set(agreed);
    }
}

/// Whether a list says that somebody agreed, and nothing of how.
pub(super) fn is_unproven(draft: &Draft) -> bool {
    let is_proven = |cells: &ConsentCells| cells.date.is_some() && cells.source.is_some();
    draft.opt_in == Patch::Set(true) && !draft.consent.as_ref().is_some_and(is_proven)
}

fn status(word: &str, text: &str) -> Option<String> {
    let status = match word {
        "opted_in" | "optedin" | "opt_in" | "granted" | "given" | "subscribed" | "agreed"
        | "confirmed" => "opted_in",
        "opted_out" | "optedout" | "opt_out" | "withdrawn" | "revoked" | "unsubscribed"
        | "denied" | "refused" => "opted_out",
        "pending" | "double_opt_in_pending" | "requested" => "pending",
        "unknown" | "none" | "not_set" => "unknown",
        _ if boolean(text)? => "opted_in",
        _ => "opted_out",
    };
    Some(status.to_owned())
}
