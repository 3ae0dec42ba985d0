//! Reports for programs and spreadsheets.

use std::io::{self, Write};

use serde::Serialize;

use super::super::export::guard;
use super::report::{DuplicateReport, Explainer, likelihood};
use super::rounded;
use super::same_number::{NumberKind, SharedNumber};
use crate::dedupe::ScoredPair;

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

/// The kind of an error tells whether a reader has just seen enough.
fn failed(error: csv::Error) -> io::Error {
    if let csv::ErrorKind::Io(source) = error.kind() {
        io::Error::new(source.kind(), error.to_string())
    } else {
        io::Error::other(error)
    }
}

/// Numbers that several contacts have, a row for each contact, in RFC 4180 with a header row.
pub(super) fn same_numbers_csv(numbers: &[SharedNumber], out: &mut dyn Write) -> io::Result<()> {
    let mut csv = csv_writer(out);
    let header = ["number", "kind", "count", "id", "display_name", "company"];
    csv.write_record(header).map_err(failed)?;
    for number in numbers {
        let kind = match number.kind {
            NumberKind::Shared => "shared",
            NumberKind::Switchboard => "switchboard",
        };
        let count = number.count.to_string();
        for contact in &number.contacts {
            let id = contact.id.to_string();
            let (name, company) = (
                guard(contact.display_name.clone()),
                guard(contact.company.clone().unwrap_or_default()),
            );
            // A plus sign in front of digits is no formula.
            let row = [number.number.as_str(), kind, &count, &id, &name, &company];
            csv.write_record(row).map_err(failed)?;
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

fn csv_writer(out: &mut dyn Write) -> csv::Writer<&mut dyn Write> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out)
}

pub(super) fn pairs_csv(report: &DuplicateReport, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = csv_writer(out);
    csv.write_record(["id_a", "id_b", "probability", "match_weight", "rule", "why"])
        .map_err(failed)?;
    let ids = &report.subjects.ids;
    report.explained(|explainer| {
        for pair in report.pairs() {
            csv.write_record([
                guard(ids.text(pair.a).into_owned()),
                guard(ids.text(pair.b).into_owned()),
                format!("{:.6}", pair.probability()),
                format!("{:.3}", pair.weight + 0.0),
                pair.rule.code().to_owned(),
                guard(explainer.explain(pair).to_string()),
            ])
            .map_err(failed)?;
        }
        csv.flush()
    })
}

pub(super) fn groups_csv(report: &DuplicateReport, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = csv_writer(out);
    csv.write_record(["group_id", "id", "probability"]).map_err(failed)?;
    for (number, group) in (1..).zip(&report.groups) {
        for member in &group.members {
            csv.write_record([
                number.to_string(),
                guard(report.subjects.ids.text(member.place).into_owned()),
                format!("{:.6}", likelihood(member.weight)),
            ])
            .map_err(failed)?;
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
