//! Reports for programs and spreadsheets.

use std::io::{self, Write};

use serde::Serialize;

use super::report::{DuplicateReport, Explainer, likelihood};
use super::rounded;
use super::same_number::{NumberKind, SharedNumber};
use crate::dedupe::ScoredPair;
use crate::domain::guarded_csv::CsvWriter;

/// A pair in JSON Lines.
#[derive(Serialize)]
struct PairLine {
    id_a: String,
    id_b: String,
    probability: f64,
    match_weight: f64,
    rule: &'static str,
    /// Bits before anything is compared; with the weights of `why` they make the match weight.
    prior: f64,
    why: Vec<ReasonLine>,
}

#[derive(Serialize)]
struct ReasonLine {
    field: &'static str,
    level: &'static str,
    weight: f64,
    words: String,
}

/// A group in JSON Lines.
#[derive(Serialize)]
struct GroupLine {
    group_id: usize,
    /// Of the weakest pair along which it grew.
    probability: f64,
    members: Vec<MemberLine>,
    /// The pairs that hold it together.
    pairs: Vec<PairLine>,
}

#[derive(Serialize)]
struct MemberLine {
    id: String,
    probability: f64,
}

/// Numbers that several contacts have, a row for each contact, in RFC 4180 with a header row.
pub(super) fn same_numbers_csv(numbers: &[SharedNumber], out: &mut dyn Write) -> io::Result<()> {
    let mut csv = CsvWriter::new(out);
    csv.row(["number", "kind", "count", "id", "display_name", "company"])?;
    for number in numbers {
        let kind = match number.kind {
            NumberKind::Shared => "shared",
            NumberKind::Switchboard => "switchboard",
        };
        let count = number.count.to_string();
        for contact in &number.contacts {
            let (id, name) = (contact.id.to_string(), &contact.display_name);
            let company = contact.company.as_deref().unwrap_or_default();
            csv.row([number.number.as_str(), kind, &count, &id, name, company])?;
        }
    }
    csv.flush()
}

/// The same in JSON Lines, a number a line.
pub(super) fn same_numbers_json(numbers: &[SharedNumber], out: &mut dyn Write) -> io::Result<()> {
    for number in numbers {
        serde_json::to_writer(&mut *out, number)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

pub(super) fn pairs_csv(report: &DuplicateReport, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = CsvWriter::new(out);
    csv.row(["id_a", "id_b", "probability", "match_weight", "rule", "why"])?;
    let ids = &report.subjects.ids;
    report.explained(|explainer| {
        for pair in report.pairs() {
            csv.row([
                ids.text(pair.a).into_owned(),
                ids.text(pair.b).into_owned(),
                format!("{:.6}", pair.probability()),
                format!("{:.3}", pair.weight + 0.0),
                pair.rule.code().to_owned(),
                explainer.explain(pair).to_string(),
            ])?;
        }
        csv.flush()
    })
}

pub(super) fn groups_csv(report: &DuplicateReport, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = CsvWriter::new(out);
    csv.row(["group_id", "id", "probability"])?;
    for (number, group) in (1..).zip(&report.groups) {
        for member in &group.members {
            csv.row([
                number.to_string(),
                report.subjects.ids.text(member.place).into_owned(),
                format!("{:.6}", likelihood(member.weight)),
            ])?;
        }
    }
    csv.flush()
}

pub(super) fn pairs_json(report: &DuplicateReport, out: &mut dyn Write) -> io::Result<()> {
    report.explained(|explainer| {
        for pair in report.pairs() {
            serde_json::to_writer(&mut *out, &pair_line(report, explainer, pair))?;
            out.write_all(b"\n")?;
        }
        Ok(())
    })
}

pub(super) fn groups_json(report: &DuplicateReport, out: &mut dyn Write) -> io::Result<()> {
    report.explained(|explainer| {
        for (group_id, group) in (1..).zip(&report.groups) {
            let ties = group.ties.iter().map(|pair| pair_line(report, explainer, pair));
            let members = group.members.iter().map(|member| MemberLine {
                id: report.subjects.ids.text(member.place).into_owned(),
                probability: rounded(likelihood(member.weight), 6),
            });
            let line = GroupLine {
                group_id,
                probability: rounded(likelihood(group.weakest), 6),
                members: members.collect(),
                pairs: ties.collect(),
            };
            serde_json::to_writer(&mut *out, &line)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    })
}

fn pair_line(report: &DuplicateReport, explainer: &Explainer<'_>, pair: &ScoredPair) -> PairLine {
    let explanation = explainer.explain(pair);
    let why = explanation.reasons.into_iter().map(|reason| ReasonLine {
        field: reason.field.as_str(),
        level: reason.level,
        weight: rounded(reason.bits, 3),
        words: reason.words,
    });
    let ids = &report.subjects.ids;
    PairLine {
        id_a: ids.text(pair.a).into_owned(),
        id_b: ids.text(pair.b).into_owned(),
        probability: rounded(pair.probability(), 6),
        match_weight: rounded(f64::from(pair.weight), 3),
        rule: pair.rule.code(),
        prior: rounded(explanation.prior, 3),
        why: why.collect(),
    }
}
