//! Comparing all contacts of an organisation with each other.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use rayon::prelude::*;

use super::super::super::Cancel;
use super::super::decision::places_of;
use super::{App, Base, Built, Error, Live, Weighing};
use crate::dedupe::{Frequencies, Graph, KeyTable, Record, cluster, pairs};
use crate::domain::time::Timestamp;

impl App {
    /// Builds the duplicates of an organisation, unless somebody does already or there are more
    /// than `most` contacts; whether they are built now.
    ///
    /// Cost: that of a report. The keys take eight bytes each, some hundred a contact.
    pub(super) fn build_duplicates(&self, live: &Live, most: Option<usize>) -> Result<bool, Error> {
        let Some(_building) = live.building.try_lock() else { return Ok(false) };
        let most = most.map_or(u64::MAX, |most| most as u64);
        let is_built = self.build(live, &mut |read| read <= most)?;
        if !is_built {
            live.is_large.store(true, Ordering::Relaxed);
        }
        Ok(is_built)
    }

    /// Builds the duplicates of an organisation in any case, once whoever does already is done;
    /// its figures, or nothing if `progress`, which is told the number of contacts read, wants it to
    /// end.
    pub(in crate::app::duplicates) fn rebuild_duplicates(
        &self,
        live: &Live,
        progress: &mut dyn FnMut(u64) -> bool,
    ) -> Result<Option<Built>, Error> {
        let _building = live.building.lock();
        if !self.build(live, progress)? {
            return Ok(None);
        }
        Ok(live.base.read().as_ref().map(|base| base.built))
    }

    /// Builds; whoever calls it holds the lock of builders.
    fn build(&self, live: &Live, progress: &mut dyn FnMut(u64) -> bool) -> Result<bool, Error> {
        // Whatever is noted from here on comes behind the build.
        self.follow_changes(live, usize::MAX)?;
        {
            let mut pending = live.pending.lock();
            if live.base.read().is_none() {
                // The build reads them; nobody else needs them.
                live.watch.take(usize::MAX);
            }
            pending.replay = Some(Vec::new());
        }
        live.read.store(0, Ordering::Relaxed);
        let (base, mut pending) = loop {
            let generation = live.generation.load(Ordering::Relaxed);
            let built = self.compare_all(live, progress);
            // Settings are changed under this lock: what they were then, they are when it is taken
            // over. Under others, others would have been found.
            let mut pending = live.pending.lock();
            let is_outdated = live.generation.load(Ordering::Relaxed) != generation;
            if is_outdated && matches!(built, Ok(Some(_))) {
                continue;
            }
            live.read.store(u64::MAX, Ordering::Relaxed);
            // They may have been read or not.
            live.watch.put_back(&pending.replay.take().unwrap_or_default());
            match built? {
                Some(base) => break (base, pending),
                None => return Ok(false),
            }
        };
        pending.dirty.clear();
        *live.base.write() = Some(base);
        // Who asked meanwhile has got what it wanted.
        live.is_wanted.store(false, Ordering::Relaxed);
        // Some may have been made since they were read.
        *live.decisions.lock() = Some(Timestamp(0));
        Ok(true)
    }

    fn compare_all(
        &self,
        live: &Live,
        progress: &mut dyn FnMut(u64) -> bool,
    ) -> Result<Option<Base>, Error> {
        let (at, started) = (self.partition.now(), Instant::now());
        let (tools, options) = self.duplicate_tools(live.org)?;
        let (mut records, mut numbers): (Vec<Record>, Vec<u32>) = (Vec::new(), Vec::new());
        let mut goes_on = true;
        // Whether it is still wanted, `progress` says.
        self.partition.for_each_contact(live.org, &Cancel::never(), |batch| {
            numbers.extend(batch.iter().map(|contact| contact.number.0));
            let read = batch.into_par_iter().map(|contact| Record::of(&contact, &tools.standard));
            records.par_extend(read);
            live.read.store(records.len() as u64, Ordering::Relaxed);
            goes_on = progress(records.len() as u64) && !self.is_stopping_duplicates();
            goes_on
        })?;
        if !goes_on {
            return Ok(None);
        }
        let counts = Frequencies::count(&records, tools.model.settings.holders_grouped);
        let scored = pairs(&records, &counts, &tools.model, &options)
            .map_err(|error| super::super::too_many(&error))?;
        let decided = self.decided_numbers(live.org)?;
        let (apart, later) = (decided.apart, decided.later);
        let apart_places = places_of(&apart, &numbers);
        let clusters = cluster(&records, &scored, &counts, &tools.model, &options, &apart_places);
        let mut graph = Graph::new(&numbers, &scored.pairs, &clusters, apart.clone());
        graph.set_decided(apart, later);
        let built = Built {
            at,
            contacts: records.len(),
            compared: scored.compared,
            left_out: scored.left_out.iter().map(|(_, count)| count).sum(),
            duplicates_per_contact: scored.prior.duplicates,
            took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        let keys = KeyTable::build(&records, &numbers);
        let weighing = Arc::new(Weighing { tools, options, counts, prior: scored.prior });
        Ok(Some(Base { weighing, keys, graph, built, changed: 0 }))
    }
}
