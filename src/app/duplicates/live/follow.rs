//! Taking changes over: keys at once, pairs and groups contact by contact.

use std::sync::Arc;

use super::{App, Base, Error, Live, Weighing};
use crate::dedupe::{Input, Near, Record, Rule, common_rule, join};
use crate::domain::ids::{ContactNumber, OrgNumber};

/// Records that a changed one is compared with.
pub(in crate::app::duplicates) const MOST_CANDIDATES: usize = 64;

/// Changes that are taken over while others wait.
const FOLLOWED_AT_ONCE: usize = 64;

/// A record, and the numbers of those that are worth comparing with it.
type Proposed = Option<(Record, Vec<(u32, Rule)>)>;

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
        if live.watch.len() > most {
            return Ok(());
        }
        while self.follow_some(live)? {}
        Ok(())
    }

    /// Takes over some changes, so that nobody waits long for the rest; whether there were any.
    fn follow_some(&self, live: &Live) -> Result<bool, Error> {
        let mut pending = live.pending.lock();
        let Some(weighing) = live.base.read().as_ref().map(|base| Arc::clone(&base.weighing))
        else {
            return Ok(false);
        };
        let numbers = live.watch.take(FOLLOWED_AT_ONCE);
        if let Some(replay) = &mut pending.replay {
            replay.extend_from_slice(&numbers);
        }
        let mut records: Vec<(u32, Option<Record>)> = Vec::with_capacity(numbers.len());
        for number in &numbers {
            let record = self.record_of(live.org, &weighing, number.0);
            match record {
                Ok(record) => records.push((number.0, record)),
                Err(error) => {
                    live.watch.put_back(&numbers);
                    return Err(error);
                }
            }
        }
        let mut base = live.base.write();
        let Some(base) = base.as_mut() else { return Ok(false) };
        base.changed += records.len();
        for (number, record) in records {
            if let Some(record) = record {
                base.keys.add(&record, number);
            }
            pending.dirty.insert(number);
        }
        Ok(!numbers.is_empty())
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
        if most == 0 {
            return Ok(0);
        }
        self.take_decisions(live)?;
        let _settling = live.settling.lock();
        for _ in 0..most {
            let Some(number) = live.pending.lock().dirty.pop_first() else { break };
            if let Err(error) = self.settle_one(live, number) {
                live.pending.lock().dirty.insert(number);
                return Err(error);
            }
        }
        let waiting = live.pending.lock().dirty.len();
        Ok(waiting)
    }

    fn settle_one(&self, live: &Live, number: u32) -> Result<(), Error> {
        // Without a base there is nothing to keep up: a build will read everything.
        let Some((weighing, proposed)) = self.candidates_of(live, number)? else { return Ok(()) };
        let near = self.near_of(live.org, &weighing, number, proposed)?;
        let mut base = live.base.write();
        let Some(base) = base.as_mut() else { return Ok(()) };
        let touched = base.graph.set_near(number, near);
        self.regroup(live.org, base, &touched)
    }

    /// Takes over what persons have decided since.
    ///
    /// Cost: if something was decided, reads all decisions of the organisation.
    pub(in crate::app::duplicates) fn take_decisions(&self, live: &Live) -> Result<(), Error> {
        let mut due = live.decisions.lock();
        if due.is_none_or(|due| due > self.partition.now()) {
            return Ok(());
        }
        let decided = self.decided_numbers(live.org)?;
        // Until one that was put aside comes back.
        *due = decided.until;
        let (apart, later) = (decided.apart, decided.later);
        let mut base = live.base.write();
        let Some(base) = base.as_mut() else { return Ok(()) };
        let touched = base.graph.set_decided(apart, later);
        self.regroup(live.org, base, &touched)
    }

    fn record_of(
        &self,
        org: OrgNumber,
        weighing: &Weighing,
        number: u32,
    ) -> Result<Option<Record>, Error> {
        let contact = self.partition.peek_contact(org, ContactNumber(number))?;
        Ok(contact.map(|contact| Record::of(&contact, &weighing.tools.standard)))
    }

    /// The record of a contact and the numbers of those that are worth comparing with it; nothing
    /// without a base.
    fn candidates_of(
        &self,
        live: &Live,
        number: u32,
    ) -> Result<Option<(Arc<Weighing>, Proposed)>, Error> {
        let Some(weighing) = live.base.read().as_ref().map(|base| Arc::clone(&base.weighing))
        else {
            return Ok(None);
        };
        let record = self.record_of(live.org, &weighing, number)?;
        let proposed = record.and_then(|record| {
            let base = live.base.read();
            let keys = &base.as_ref()?.keys;
            let candidates = keys.candidates(&record, &weighing.options, MOST_CANDIDATES);
            Some((record, candidates))
        });
        Ok(Some((weighing, proposed)))
    }

    /// The contacts that one may be the same person as.
    fn near_of(
        &self,
        org: OrgNumber,
        weighing: &Weighing,
        number: u32,
        proposed: Proposed,
    ) -> Result<Vec<Near>, Error> {
        let Some((record, candidates)) = proposed else { return Ok(Vec::new()) };
        let (check, options) = (weighing.check(), &weighing.options);
        let mut near = Vec::new();
        for (other, _) in candidates {
            if other == number {
                continue;
            }
            let Some(known) = self.record_of(org, weighing, other)? else { continue };
            // What led to it may be of what it was before it changed.
            let Some(rule) = common_rule(&record, &known, options) else { continue };
            let weight = check.weight(&record, &known);
            if weight >= options.keep && options.accepts(&record, &known) {
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
        let weighing = Arc::clone(&base.weighing);
        let (check, options, tools) = (weighing.check(), &weighing.options, &weighing.tools);
        graph.regroup(touched, options.threshold, &mut |members, pairs, apart| {
            // One that was deleted meanwhile is like nobody until its turn comes.
            let nobody = || Record::standardise(&Input::default(), &tools.standard);
            let records: Result<Vec<Record>, Error> = members
                .iter()
                .map(|number| Ok(self.record_of(org, &weighing, *number)?.unwrap_or_else(nobody)))
                .collect();
            match records {
                Ok(records) => join(&records, &pairs, &check, &tools.model, options, &apart),
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
