//! The finished report: pairs and groups of records, and why.

use std::io::{self, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::error::Error;
use super::group::{Group, groups};
use super::subject::Subjects;
use super::{html, text};
use crate::dedupe::{
    Apart, Check, Explanation, Frequencies, Model, Options, Scored, ScoredPair, cluster, pairs,
    probability,
};

/// What a report is to have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReportOptions {
    /// How likely a pair must be, 0 to 1, to be listed. A group is listed if one of its pairs is;
    /// it grows along all pairs that are likelier than not.
    pub min_probability: f64,
    /// Whether it can be written as a page, which shows values of the records.
    pub has_cards: bool,
}

impl Default for ReportOptions {
    fn default() -> Self {
        Self { min_probability: 0.9, has_cards: false }
    }
}

/// What a file lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportView {
    /// Pairs of records.
    Pairs,
    /// Groups of records of one person.
    Groups,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportFormat {
    /// RFC 4180 with a header row.
    Csv,
    /// One JSON object a line.
    #[serde(rename = "jsonl")]
    JsonLines,
    /// A page for people, complete in itself; always of groups.
    Html,
}

/// The figures of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportSummary {
    /// Contacts or rows that were compared.
    pub contacts: usize,
    /// Rows that could not be read as rows.
    pub rows_left_out: u64,
    /// From which probability on pairs count.
    pub min_probability: f64,
    /// Pairs that are at least so likely.
    pub pairs: usize,
    /// Groups of one person each with such a pair.
    pub groups: usize,
    /// Records in groups.
    pub in_groups: usize,
    /// Records that merging all groups would save.
    pub surplus: usize,
    /// Pairs that were looked at.
    pub compared: usize,
    /// Pairs with a common key that were too many to look at all.
    pub left_out: u64,
    /// Duplicates per contact, as estimated from the records.
    pub duplicates_per_contact: f64,
}

/// Who is the same person among some records. Equal records in equal order give equal reports.
pub struct DuplicateReport {
    pub(super) subjects: Subjects,
    model: Arc<Model>,
    counts: Frequencies,
    options: Options,
    /// The pairs are in order of their weights, the highest first, then of their ids.
    scored: Scored,
    /// How many of them are likely enough.
    likely: usize,
    min_probability: f64,
    pub(super) groups: Vec<Group>,
}

impl DuplicateReport {
    /// Compares the records as `wanted` says; `apart` are pairs of places that are different
    /// people.
    pub(super) fn make(
        subjects: Subjects,
        model: Arc<Model>,
        wanted: &Options,
        apart: &Apart,
        wishes: &ReportOptions,
    ) -> Result<Self, Error> {
        let least = wishes.min_probability;
        let bits = super::bits_of(least);
        let options = Options {
            threshold: wanted.threshold.min(bits),
            keep: wanted.keep.min(bits),
            ..wanted.clone()
        };
        let records = &subjects.records;
        let counts = Frequencies::count(records, model.settings.holders_grouped);
        let mut scored =
            pairs(records, &counts, &model, &options).map_err(|error| super::too_many(&error))?;
        let clusters = cluster(records, &scored, &counts, &model, &options, apart);
        scored.pairs.retain(|pair| !apart.contains(&(pair.a, pair.b)));
        let ids = &subjects.ids;
        scored.pairs.sort_unstable_by(|one, other| {
            let by_ids = || ids.order(one.a, other.a).then_with(|| ids.order(one.b, other.b));
            let by_places = || (one.a, one.b).cmp(&(other.a, other.b));
            other.weight.total_cmp(&one.weight).then_with(by_ids).then_with(by_places)
        });
        let likely = scored.pairs.partition_point(|pair| f64::from(pair.weight) >= bits);
        let mut groups = groups(&clusters, &scored.pairs, records.len(), ids);
        groups.retain(|group| group.members.iter().any(|member| f64::from(member.weight) >= bits));
        Ok(Self {
            subjects,
            model,
            counts,
            options,
            scored,
            likely,
            min_probability: least,
            groups,
        })
    }

    /// The pairs that are likely enough, the likeliest first.
    pub(super) fn pairs(&self) -> &[ScoredPair] {
        &self.scored.pairs[..self.likely]
    }

    /// Probabilities of all pairs that are worth a look, the highest first.
    pub(super) fn probabilities(&self) -> impl Iterator<Item = f64> + '_ {
        self.scored.pairs.iter().map(ScoredPair::probability)
    }

    /// Calls a function with what explains pairs.
    pub(super) fn explained<T>(&self, run: impl FnOnce(&Explainer<'_>) -> T) -> T {
        let check = Check::new(&self.model, &self.counts, self.scored.prior, &self.options);
        run(&Explainer { report: self, check })
    }

    /// Its figures.
    pub fn summary(&self) -> ReportSummary {
        let in_groups = self.groups.iter().map(|group| group.members.len()).sum();
        ReportSummary {
            contacts: self.subjects.records.len(),
            rows_left_out: self.subjects.left_out,
            min_probability: self.min_probability,
            pairs: self.likely,
            groups: self.groups.len(),
            in_groups,
            surplus: in_groups - self.groups.len(),
            compared: self.scored.compared,
            left_out: self.scored.left_out.iter().map(|(_, count)| count).sum(),
            duplicates_per_contact: self.scored.prior.duplicates,
        }
    }

    /// Writes it. Cost: a comparison for every pair that is explained.
    ///
    /// # Errors
    /// If the output cannot be written.
    pub fn write(
        &self,
        format: ReportFormat,
        view: ReportView,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        match (format, view) {
            (ReportFormat::Csv, ReportView::Pairs) => text::pairs_csv(self, out)?,
            (ReportFormat::Csv, ReportView::Groups) => text::groups_csv(self, out)?,
            (ReportFormat::JsonLines, ReportView::Pairs) => text::pairs_json(self, out)?,
            (ReportFormat::JsonLines, ReportView::Groups) => text::groups_json(self, out)?,
            (ReportFormat::Html, _) => html::page(self, out)?,
        }
        out.flush()
    }
}

/// Says why pairs of a report have their weights.
pub(super) struct Explainer<'a> {
    report: &'a DuplicateReport,
    check: Check<'a, Frequencies>,
}

impl Explainer<'_> {
    /// Why a pair has its weight.
    pub(super) fn explain(&self, pair: &ScoredPair) -> Explanation {
        let records = &self.report.subjects.records;
        self.check.explain(&records[pair.a as usize], &records[pair.b as usize], Some(pair.rule))
    }
}

/// The probability of a match weight of a pair.
pub(super) fn likelihood(weight: f32) -> f64 {
    probability(f64::from(weight))
}
