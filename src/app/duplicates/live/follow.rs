//! Taking changes over: keys at once, pairs and groups contact by contact.

use std::sync::Arc;

use super::{App, Base, Error, Live, Pending};
use crate::dedupe::{Check, Input, Near, Record, join};
use crate::domain::ids::{ContactNumber, OrgNumber};

/// Records that a changed one is compared with.
pub(in crate::app::duplicates) const MOST_CANDIDATES: usize = 64;

impl App {
    /// Takes over the keys of changed contacts; nothing if more than `most` have changed, which is
    /// for the background.
    ///
    /// Cost: a read and some ten microseconds for each.
    pub(in crate::app::duplicates) fn follow_changes(
        &self,
        live: &Live,
        most: usize,
    ) -> Result<(), Error> {
        let mut pending = live.pending.lock();
        let tools = match &*live.base.read() {
            Some(base) => Arc::clone(&base.tools),
            None => return Ok(()),
        };
        if live.watch.is_empty() || live.watch.len() > most {
            return Ok(());
        }
        let numbers = live.watch.take();
        if let Some(replay) = &mut pending.replay {
            replay.extend_from_slice(&numbers);
        }
        for some in numbers.chunks(256) {
            let mut records: Vec<(u32, Option<Record>)> = Vec::with_capacity(some.len());
            for number in some {
                let contact = self.partition.peek_contact(live.org, *number)?;
                let record = contact.map(|contact| Record::of(&contact, &tools.standard));
                records.push((number.0, record));
            }
            let mut base = live.base.write();
            let Some(base) = base.as_mut() else { return Ok(()) };
            base.changed += records.len();
            for (number, record) in records {
                if let Some(record) = record {
                    base.keys.add(&record, number);
                }
                pending.dirty.insert(number);
            }
        }
        Ok(())
    }

    /// Finds the pairs and groups of changed contacts again, of at most so many; how many wait
    /// still.
    ///
    /// Cost: some ten comparisons for each, and the groups around it.
    pub(in crate::app::duplicates) fn settle(
        &self,
        live: &Live,
        most: usize,
    ) -> Result<usize, Error> {
        let mut pending = live.pending.lock();
        self.take_decisions(live, &mut pending)?;
        for _ in 0..most {
            let Some(number) = pending.dirty.pop_first() else { break };
            let near = {
                let base = live.base.read();
                let Some(base) = base.as_ref() else { return Ok(0) };
                self.near_of(live.org, base, number)?
            };
            let mut base = live.base.write();
            let Some(base) = base.as_mut() else { return Ok(0) };
            let touched = base.graph.set_near(number, near);
            self.regroup(live.org, base, &touched)?;
        }
        Ok(pending.dirty.len())
    }

    /// Takes over what persons have decided since.
    fn take_decisions(&self, live: &Live, pending: &mut Pending) -> Result<(), Error> {
        if !std::mem::take(&mut pending.decisions) {
            return Ok(());
        }
        let (apart, later) = self.decided_numbers(live.org)?;
        let mut base = live.base.write();
        let Some(base) = base.as_mut() else { return Ok(()) };
        let touched = base.graph.set_decided(apart, later);
        self.regroup(live.org, base, &touched)
    }

    fn record_of(&self, org: OrgNumber, base: &Base, number: u32) -> Result<Option<Record>, Error> {
        let contact = self.partition.peek_contact(org, ContactNumber(number))?;
        Ok(contact.map(|contact| Record::of(&contact, &base.tools.standard)))
    }

    /// The contacts that one may be the same person as.
    fn near_of(&self, org: OrgNumber, base: &Base, number: u32) -> Result<Vec<Near>, Error> {
        let Some(record) = self.record_of(org, base, number)? else { return Ok(Vec::new()) };
        let check = Check::new(&base.tools.model, base.counts.as_ref(), base.prior, &base.options);
        let mut near = Vec::new();
        for (other, rule) in base.keys.candidates(&record, &base.options, MOST_CANDIDATES) {
            if other == number {
                continue;
            }
            let Some(known) = self.record_of(org, base, other)? else { continue };
            let weight = check.weight(&record, &known);
            if weight >= base.options.keep && base.options.accepts(&record, &known) {
                #[expect(clippy::cast_possible_truncation, reason = "bits are small numbers")]
                near.push(Near { other, weight: weight as f32, rule });
            }
        }
        Ok(near)
    }

    /// Makes the groups around contacts again.
    fn regroup(&self, org: OrgNumber, base: &mut Base, touched: &[u32]) -> Result<(), Error> {
        let mut graph = std::mem::take(&mut base.graph);
        let mut failed = None;
        let check = Check::new(&base.tools.model, base.counts.as_ref(), base.prior, &base.options);
        graph.regroup(touched, base.options.threshold, &mut |members, pairs, apart| {
            // One that was deleted meanwhile is like nobody until its turn comes.
            let nobody = || Record::standardise(&Input::default(), &base.tools.standard);
            let records: Result<Vec<Record>, Error> = members
                .iter()
                .map(|number| Ok(self.record_of(org, base, *number)?.unwrap_or_else(nobody)))
                .collect();
            match records {
                Ok(records) => {
                    join(&records, &pairs, &check, &base.tools.model, &base.options, &apart)
                }
                Err(error) => {
                    failed = Some(error);
                    Vec::new()
                }
            }
        });
        base.graph = graph;
        failed.map_or(Ok(()), Err)
    }
}
