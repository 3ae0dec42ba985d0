//! Sorting keys of many records: scattered over heaps by key first, so that every heap is sorted in
//! the fast part of memory, and nothing as long as all keys is sorted or copied.

use rayon::prelude::*;

use super::record::Record;

/// Records whose keys are scattered at once.
const AT_ONCE: usize = 16 << 10;
/// Heaps of a long list; a power of two.
const HEAPS: usize = 256;

/// A key and the place of its record.
type Keyed = (u64, u32);

/// Keys and the places of their records, in heaps; equal keys are in one heap.
pub(super) struct Scattered {
    parts: Vec<Part>,
    heaps: usize,
}

/// The keys of some records by heap, and where each heap ends.
#[derive(Clone)]
struct Part {
    keys: Vec<Keyed>,
    ends: Vec<usize>,
}

impl Scattered {
    /// Collects what a function gives for every record and its place.
    pub(super) fn collect(
        records: &[Record],
        keys: impl Fn(&Record, u32, &mut Vec<Keyed>) + Sync,
    ) -> Self {
        let heaps = if records.len() <= AT_ONCE { 1 } else { HEAPS };
        let parts = records
            .par_chunks(AT_ONCE)
            .enumerate()
            .map(|(part, records)| {
                let mut out = Vec::with_capacity(records.len());
                for (at, record) in records.iter().enumerate() {
                    keys(record, u32::try_from(part * AT_ONCE + at).unwrap_or(u32::MAX), &mut out);
                }
                by_heap(&out, heaps)
            })
            .collect();
        Self { parts, heaps }
    }

    /// Calls a function with the keys of every heap, sorted and each once for a record; the results
    /// are in order of the heaps.
    pub(super) fn each_sorted<T: Send>(&self, each: impl Fn(&[Keyed]) -> T + Sync) -> Vec<T> {
        (0..self.heaps)
            .into_par_iter()
            .map_init(Vec::new, |keys, heap| {
                keys.clear();
                for part in &self.parts {
                    let start = if heap == 0 { 0 } else { part.ends[heap - 1] };
                    keys.extend_from_slice(&part.keys[start..part.ends[heap]]);
                }
                keys.sort_unstable();
                keys.dedup();
                each(keys)
            })
            .collect()
    }
}

/// The heap of a key. Keys may be small numbers, so they are spread first.
fn heap_of(key: u64, heaps: usize) -> usize {
    let spread = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
    usize::try_from(spread).unwrap_or(0) & (heaps - 1)
}

/// Keys in order of their heaps, and where each heap ends.
fn by_heap(keys: &[Keyed], heaps: usize) -> Part {
    let mut ends = vec![0; heaps];
    for (key, _) in keys {
        ends[heap_of(*key, heaps)] += 1;
    }
    let mut sum = 0;
    for end in &mut ends {
        // The start of a heap moves to its end while it is filled.
        (*end, sum) = (sum, sum + *end);
    }
    let mut out = vec![(0, 0); keys.len()];
    for key in keys {
        let end = &mut ends[heap_of(key.0, heaps)];
        out[*end] = *key;
        *end += 1;
    }
    Part { keys: out, ends }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_comes_to_the_heap_of_its_equals() {
        let keys: Vec<(u64, u32)> = (0..5_000_u32).map(|at| (u64::from(at % 700), at)).collect();
        for heaps in [1, HEAPS] {
            let scattered = Scattered { parts: vec![by_heap(&keys, heaps); 2], heaps };
            let sorted = scattered.each_sorted(<[(u64, u32)]>::to_vec);
            assert!(sorted.iter().all(|heap| heap.is_sorted()));
            assert_eq!(sorted.len(), heaps);
            let mut all: Vec<_> = sorted.concat();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), keys.len());
            for key in 0..700 {
                let holds = |heap: &&Vec<(u64, u32)>| heap.iter().any(|known| known.0 == key);
                assert_eq!(sorted.iter().filter(holds).count(), 1);
            }
        }
    }
}
