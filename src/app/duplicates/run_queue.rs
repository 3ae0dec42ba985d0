//! Whose run is next: one of an organisation at a time, and never more than there are processors.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::{Condvar, Mutex};
use uuid::Uuid;

use crate::domain::ids::OrgNumber;

/// The runs that wait and those that compare.
pub(super) struct RunQueue {
    state: Mutex<State>,
    changed: Condvar,
    most: usize,
}

#[derive(Default)]
struct State {
    /// Ids grow with time: the oldest come first.
    waiting: BTreeSet<(Uuid, OrgNumber)>,
    running: BTreeSet<OrgNumber>,
    /// The turn that an organisation had last.
    last: BTreeMap<OrgNumber, u64>,
    turns: u64,
}

/// A turn; it ends when it is dropped.
pub(super) struct Turn<'a> {
    turns: &'a RunQueue,
    org: OrgNumber,
}

impl Default for RunQueue {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self::of(cores)
    }
}

impl State {
    /// The oldest run of the organisation that has waited longest for a turn.
    fn next(&self) -> Option<(Uuid, OrgNumber)> {
        let free = self.waiting.iter().filter(|(_, org)| !self.running.contains(org));
        free.min_by_key(|(id, org)| (self.last.get(org).copied().unwrap_or(0), *id)).copied()
    }
}

impl RunQueue {
    fn of(most: usize) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), most }
    }

    /// Waits for the turn of a run; none if it is not wanted any more.
    pub(super) fn wait(
        &self,
        org: OrgNumber,
        id: Uuid,
        is_stopping: &dyn Fn() -> bool,
    ) -> Option<Turn<'_>> {
        let mut state = self.state.lock();
        state.waiting.insert((id, org));
        while !is_stopping() {
            if state.running.len() < self.most && state.next() == Some((id, org)) {
                state.waiting.remove(&(id, org));
                state.running.insert(org);
                state.turns += 1;
                let turn = state.turns;
                state.last.insert(org, turn);
                drop(state);
                self.changed.notify_all();
                return Some(Turn { turns: self, org });
            }
            self.changed.wait(&mut state);
        }
        state.waiting.remove(&(id, org));
        drop(state);
        self.changed.notify_all();
        None
    }

    /// Lets those that wait look again whether they are still wanted.
    pub(super) fn look_again(&self) {
        // Who is about to wait has looked already, or looks behind this.
        drop(self.state.lock());
        self.changed.notify_all();
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.state.lock().running.remove(&self.org);
        self.turns.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// Adds runs that wait, without threads.
    fn waiting(turns: &RunQueue, runs: &[(u128, u32)]) {
        let runs = runs.iter().map(|(id, org)| (Uuid::from_u128(*id), OrgNumber(*org)));
        turns.state.lock().waiting.extend(runs);
    }

    #[test]
    fn an_organisation_with_many_runs_does_not_keep_others_waiting() {
        let turns = RunQueue::of(1);
        waiting(&turns, &[(1, 1), (2, 1), (3, 1), (4, 2), (5, 2)]);
        let mut order = Vec::new();
        let next = || turns.state.lock().next();
        while let Some((id, org)) = next() {
            let turn = turns.wait(org, id, &|| false);
            assert!(turn.is_some());
            order.push(id.as_u128());
        }
        assert_eq!(order, [1, 4, 2, 5, 3]);
    }

    #[test]
    fn runs_of_several_organisations_go_on_at_once_and_those_of_one_do_not() {
        let turns = RunQueue::of(2);
        let turn = |id: u128, org| turns.wait(OrgNumber(org), Uuid::from_u128(id), &|| false);
        let (first, second) = (turn(1, 1), turn(2, 2));
        assert!(first.is_some() && second.is_some());
        waiting(&turns, &[(3, 1), (4, 3)]);
        assert_eq!(turns.state.lock().next(), Some((Uuid::from_u128(4), OrgNumber(3))));
        drop(second);
        let third = turn(4, 3);
        assert_eq!(turns.state.lock().next(), None);
        drop(first);
        assert_eq!(turns.state.lock().next(), Some((Uuid::from_u128(3), OrgNumber(1))));
        drop(third);
    }

    #[test]
    fn who_is_not_wanted_any_more_stops_waiting() {
        let turns = Arc::new(RunQueue::of(1));
        let turn = turns.wait(OrgNumber(1), Uuid::from_u128(1), &|| false);
        let (is_stopping, other) = (Arc::new(AtomicBool::new(false)), Arc::clone(&turns));
        let flag = Arc::clone(&is_stopping);
        let waiting = std::thread::spawn(move || {
            let id = Uuid::from_u128(2);
            other.wait(OrgNumber(1), id, &|| flag.load(Ordering::Relaxed)).is_none()
        });
        is_stopping.store(true, Ordering::Relaxed);
        turns.look_again();
        assert!(waiting.join().unwrap());
        drop(turn);
    }
}
