//! A sorted multimap for many readers and one writer: immutable sorted arrays of growing size.
//!
//! A change becomes a new small array in front; arrays of similar size are merged (the
//! logarithmic method of Bentley and Saxe, as in log-structured merge trees). Readers load one
//! pointer and search each array; nothing ever blocks them. An entry takes 24 bytes; while the
//! largest array is merged, twice that.

use std::cmp::Ordering;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

/// One entry: organisation, key, contact and a few bits that belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The organisation.
    pub org: u32,
    /// What is searched for.
    pub key: u64,
    /// The contact.
    pub number: u32,
    /// Bits of the table's own; the highest is not available.
    pub tag: u32,
}

const REMOVED: u32 = 1 << 31;

impl Entry {
    fn order(self) -> (u32, u64, u32, u32) {
        (self.org, self.key, self.number, self.tag & !REMOVED)
    }

    fn is_removed(self) -> bool {
        self.tag & REMOVED != 0
    }
}

/// Entries of one stretch of a level, of which the fence holds the first.
const STRETCH: usize = 32;

/// A sorted array, with every 32nd place kept apart: those are few enough to stay in the cache of
/// the processor, so that a search meets two or three cold lines instead of a dozen.
#[derive(Debug, Default)]
struct Sorted {
    entries: Vec<Entry>,
    fence: Vec<(u32, u64)>,
}

impl Sorted {
    fn new(entries: Vec<Entry>) -> Self {
        let fence = entries.iter().step_by(STRETCH).map(|e| (e.org, e.key)).collect();
        Self { entries, fence }
    }

    fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entries whose place lies between two, both included.
    fn range(&self, from: (u32, u64), to: (u32, u64)) -> &[Entry] {
        let stretch = self.fence.partition_point(|place| *place < from).saturating_sub(1);
        let near = &self.entries[(stretch * STRETCH).min(self.len())..];
        let window = &near[..near.len().min(STRETCH + 1)];
        let start = window.partition_point(|e| (e.org, e.key) < from);
        let rest = &near[start..];
        // Few entries share a place, so the end is looked for from the start on.
        let mut reach = 1;
        while rest.get(reach - 1).is_some_and(|e| (e.org, e.key) <= to) {
            reach *= 2;
        }
        let reach = reach.min(rest.len());
        &rest[..rest[..reach].partition_point(|e| (e.org, e.key) <= to)]
    }
}

type Level = Arc<Sorted>;

/// The multimap.
#[derive(Debug, Default)]
pub(super) struct Levels {
    /// Newest and smallest first.
    levels: ArcSwap<Vec<Level>>,
}

/// A state of the multimap, unchanged while it is held.
pub(super) struct Snapshot(Guard<Arc<Vec<Level>>>);

impl Levels {
    /// Replaces everything.
    pub(super) fn fill(&self, mut entries: Vec<Entry>) {
        use rayon::slice::ParallelSliceMut;
        entries.par_sort_unstable_by_key(|e| e.order());
        entries.dedup();
        entries.shrink_to_fit();
        let levels =
            if entries.is_empty() { Vec::new() } else { vec![Arc::new(Sorted::new(entries))] };
        self.levels.store(Arc::new(levels));
    }

    /// Removes and adds entries, in this order, as one step for readers. Only one thread may.
    ///
    /// Cost: sorting the change, plus merges that amount to a few copies of every entry over all.
    pub(super) fn apply(&self, removed: &[Entry], added: &[Entry]) {
        let mut front: Vec<Entry> = Vec::with_capacity(removed.len() + added.len());
        front.extend(removed.iter().map(|e| Entry { tag: e.tag | REMOVED, ..*e }));
        front.extend_from_slice(added);
        if front.is_empty() {
            return;
        }
        // Stable, so that of a removal and a later addition of the same entry the last one stays.
        front.sort_by_key(|e| e.order());
        keep_last_of_equal(&mut front);

        let mut levels: Vec<Level> = self.levels.load().as_ref().clone();
        while let Some(next) = levels.first()
            && front.len() * 4 >= next.len()
        {
            let is_last = levels.len() == 1;
            front = merge(&front, &next.entries, is_last);
            levels.remove(0);
        }
        if levels.is_empty() {
            // Nothing older is left that a removal could hide.
            front.retain(|e| !e.is_removed());
        }
        if !front.is_empty() {
            levels.insert(0, Arc::new(Sorted::new(front)));
        }
        self.levels.store(Arc::new(levels));
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot(self.levels.load())
    }

    /// Entries held, those hidden by removals included.
    pub(super) fn len(&self) -> usize {
        self.levels.load().iter().map(|level| level.len()).sum()
    }
}

impl Snapshot {
    /// Calls a function for every entry of an organisation whose key lies between two, both
    /// included, in no promised order. The function says whether to go on.
    pub(super) fn range(&self, org: u32, from: u64, to: u64, mut each: impl FnMut(Entry) -> bool) {
        let slices: Vec<&[Entry]> = self
            .0
            .iter()
            .map(|level| level.range((org, from), (org, to)))
            .filter(|slice| !slice.is_empty())
            .collect();
        for (at, slice) in slices.iter().enumerate() {
            for entry in *slice {
                let is_hidden = entry.is_removed()
                    || slices[..at].iter().any(|newer| {
                        newer.binary_search_by_key(&entry.order(), |e| e.order()).is_ok()
                    });
                if !is_hidden && !each(*entry) {
                    return;
                }
            }
        }
    }

    /// Calls a function for every entry of all organisations.
    pub(super) fn for_each(&self, mut each: impl FnMut(Entry)) {
        for org in self.organizations() {
            self.range(org, 0, u64::MAX, |entry| {
                each(entry);
                true
            });
        }
    }

    fn organizations(&self) -> Vec<u32> {
        let mut all: Vec<u32> = Vec::new();
        for level in self.0.iter() {
            let mut at = 0;
            while let Some(entry) = level.entries.get(at) {
                all.push(entry.org);
                at += level.entries[at..].partition_point(|e| e.org <= entry.org);
            }
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}

fn keep_last_of_equal(entries: &mut Vec<Entry>) {
    let mut kept = 0;
    for at in 0..entries.len() {
        let is_last = entries.get(at + 1).is_none_or(|next| next.order() != entries[at].order());
        if is_last {
            entries[kept] = entries[at];
            kept += 1;
        }
    }
    entries.truncate(kept);
}

fn merge(newer: &[Entry], older: &[Entry], drop_removed: bool) -> Vec<Entry> {
    let mut out = Vec::with_capacity(newer.len() + older.len());
    let (mut n, mut o) = (newer.iter().peekable(), older.iter().peekable());
    loop {
        let next = match (n.peek(), o.peek()) {
            (Some(a), Some(b)) => match a.order().cmp(&b.order()) {
                Ordering::Less => n.next(),
                Ordering::Greater => o.next(),
                Ordering::Equal => {
                    o.next();
                    n.next()
                }
            },
            (Some(_), None) => n.next(),
            (None, Some(_)) => o.next(),
            (None, None) => break,
        };
        if let Some(entry) = next
            && !(drop_removed && entry.is_removed())
        {
            out.push(*entry);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn entry(org: u32, key: u64, number: u32) -> Entry {
        Entry { org, key, number, tag: 0 }
    }

    proptest! {
        #[test]
        fn it_is_the_same_as_a_set(
            filled in prop::collection::vec((0_u32..2, 0_u64..8, 0_u32..6), 0..30),
            steps in prop::collection::vec(
                prop::collection::vec((any::<bool>(), 0_u32..2, 0_u64..8, 0_u32..6), 0..6), 0..40),
            from in 0_u64..8, to in 0_u64..8,
        ) {
            let levels = Levels::default();
            let mut model: BTreeSet<(u32, u64, u32)> = filled.iter().copied().collect();
            levels.fill(filled.iter().map(|(o, k, n)| entry(*o, *k, *n)).collect());
            for step in steps {
                let removed: Vec<_> = step.iter().filter(|s| s.0).map(|s| entry(s.1, s.2, s.3)).collect();
                let added: Vec<_> = step.iter().filter(|s| !s.0).map(|s| entry(s.1, s.2, s.3)).collect();
                for e in &removed { model.remove(&(e.org, e.key, e.number)); }
                for e in &added { model.insert((e.org, e.key, e.number)); }
                levels.apply(&removed, &added);
            }
            for org in 0..2 {
                let mut got = Vec::new();
                levels.snapshot().range(org, from, to, |e| { got.push((e.org, e.key, e.number)); true });
                got.sort_unstable();
                let expect: Vec<_> = model.iter().copied()
                    .filter(|(o, k, _)| *o == org && *k >= from && *k <= to).collect();
                prop_assert_eq!(got, expect);
            }
            let mut all = Vec::new();
            levels.snapshot().for_each(|e| all.push((e.org, e.key, e.number)));
            all.sort_unstable();
            prop_assert_eq!(all, model.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn arrays_stay_few() {
        let levels = Levels::default();
        for number in 0..20_000 {
            levels.apply(&[], &[entry(1, u64::from(number), number)]);
        }
        assert!(levels.levels.load().len() <= 10, "{} levels", levels.levels.load().len());
        assert_eq!(levels.len(), 20_000);
    }
}
