//! Weights learnt from the contacts of an organisation, or from decisions about them; only told.

use std::io::Read;

use rayon::prelude::*;

use super::super::error::Error;
use super::super::{App, Cancel};
use super::decision::authorize_review;
use super::file::{FileReportError, FileReportOptions, read_list};
use crate::dedupe::{
    DecidedPair, Estimate, EstimateError, Frequencies, Options, Record, Standard,
    estimate_from_decisions, estimate_from_pairs, pairs,
};
use crate::domain::access::{Caller, Sight};
use crate::domain::contact::Contact;
use crate::domain::duplicates::Verdict;
use crate::domain::ids::{ContactId, OrgNumber};

/// What weights are learnt from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EstimateSource {
    /// What persons have decided about pairs.
    Decisions,
    /// The pairs themselves, by expectation and maximisation.
    Pairs,
}

/// Why no weights can be estimated.
#[derive(Debug, thiserror::Error)]
pub enum EstimateFailure {
    /// The contacts cannot be read, or the caller may not.
    #[error(transparent)]
    App(#[from] Error),
    /// The list cannot be read.
    #[error(transparent)]
    File(#[from] FileReportError),
    /// There is not enough to learn from.
    #[error(transparent)]
    Estimate(#[from] EstimateError),
}

/// Estimates weights from the rows of a list, which are read as for a report; `progress` is called
/// with the bytes read so far.
///
/// # Errors
/// If the list cannot be read, or hardly any of its rows are the same person.
pub fn estimate_on_file(
    input: impl Read,
    file: &FileReportOptions,
    progress: &mut dyn FnMut(u64),
) -> Result<Estimate, EstimateFailure> {
    let model = super::model()?;
    let records = read_list(input, file, &model, false, progress)?.records;
    let counts = Frequencies::count(&records, model.settings.holders_grouped);
    Ok(estimate_from_pairs(&records, &counts, &Options::of(&model))?)
}

impl App {
    /// Estimates weights from all contacts, or from decisions about them. Nothing is changed, and
    /// nothing compares with them. `progress` is called with the number of contacts read.
    ///
    /// Cost and memory: those of a report, and a read of two contacts a decision.
    ///
    /// # Errors
    /// If the caller may not merge or does not see all contacts, or there is too little to learn
    /// from.
    pub fn estimate_duplicate_weights(
        &self,
        caller: &Caller,
        source: EstimateSource,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Estimate, EstimateFailure> {
        authorize_review(caller)?;
        if caller.sight != Sight::Everything {
            let why = "weights are estimated for those who see all contacts";
            return Err(Error::DeniedOnRecord(why).into());
        }
        let model = super::model()?;
        let standard = Standard::new(self.partition.names(), &model);
        let org = caller.organization;
        let mut records: Vec<Record> = Vec::new();
        self.partition
            .for_each_contact(org, &Cancel::never(), |batch| {
                records.par_extend(batch.par_iter().map(|one| Record::of(one, &standard)));
                progress(records.len() as u64);
                true
            })
            .map_err(Error::from)?;
        let counts = Frequencies::count(&records, model.settings.holders_grouped);
        let settings = self.organization_of(caller)?.settings.duplicates.clone();
        let options = super::options(&model, &settings);
        if source == EstimateSource::Pairs {
            return Ok(estimate_from_pairs(&records, &counts, &options)?);
        }
        let decided = self.decided_records(org, &standard)?;
        let decided: Vec<DecidedPair<'_>> =
            decided.iter().map(|(a, b, is_same)| DecidedPair { a, b, is_same: *is_same }).collect();
        let scored = pairs(&records, &counts, &model, &options);
        let prior = scored.map_err(|error| super::too_many(&error))?.prior;
        Ok(estimate_from_decisions(&decided, &counts, prior, &options)?)
    }

    /// The pairs that persons have decided, as they were or are, and whether they are one person.
    /// What was put aside, or is not there any more, is left out.
    fn decided_records(
        &self,
        org: OrgNumber,
        standard: &Standard,
    ) -> Result<Vec<(Record, Record, bool)>, Error> {
        let mut out = Vec::new();
        for (one, other, decision) in self.decisions(org)? {
            let pair = match decision.verdict {
                Verdict::Later => None,
                Verdict::Same => self.before_merge(org, one, other)?,
                Verdict::NotDuplicate => {
                    let read = |id| self.partition.contact(org, id);
                    read(one)?.zip(read(other)?).map(|(a, b)| (a.as_ref().clone(), (*b).clone()))
                }
            };
            if let Some((a, b)) = pair {
                let is_same = decision.verdict == Verdict::Same;
                out.push((Record::of(&a, standard), Record::of(&b, standard), is_same));
            }
        }
        Ok(out)
    }

    /// Two contacts of which one was merged into the other, as both were before.
    fn before_merge(
        &self,
        org: OrgNumber,
        one: ContactId,
        other: ContactId,
    ) -> Result<Option<(Contact, Contact)>, Error> {
        for (into, gone) in [(one, other), (other, one)] {
            let Some(gone) = self.partition.contact(org, gone)? else { continue };
            if gone.merged_into != Some(into) {
                continue;
            }
            let Some(merge) = gone.merge_id else { continue };
            let values = self.partition.merge(org, merge)?.and_then(|merge| merge.values);
            return Ok(values.map(|values| (values.before, gone.as_ref().clone())));
        }
        Ok(None)
    }
}
