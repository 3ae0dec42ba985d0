//! Which parts of the index are merged: while much comes in as many as possible at a time, and
//! when it is quieter down to a few, since every query looks its words up in every part.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tantivy::index::{SegmentId, SegmentMeta};
use tantivy::merge_policy::{LogMergePolicy, MergeCandidate, MergePolicy};

/// Documents of a part that is merged with any other, which takes some tenths of a second.
const SMALL: u32 = 20_000;
/// How many times larger than all smaller ones together a part may be to be merged with them: every
/// document is written anew about five times whenever the index has grown to twice its size.
const FACTOR: u32 = 4;
/// Most documents of a part that merging makes; some hundred seconds of one core.
const MOST: u32 = 8_000_000;
/// A part of which more than one document in so many is deleted is written anew.
const DELETED: u32 = 5;

/// Merges level by level, unless it is told to tidy up.
#[derive(Debug, Default)]
pub(super) struct Merging {
    level_by_level: LogMergePolicy,
    is_tidying: Arc<AtomicBool>,
}

impl Merging {
    /// What tells the policy to tidy up.
    pub(super) fn switch(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_tidying)
    }
}

impl MergePolicy for Merging {
    fn compute_merge_candidates(&self, segments: &[SegmentMeta]) -> Vec<MergeCandidate> {
        if !self.is_tidying.load(Ordering::Acquire) {
            return self.level_by_level.compute_merge_candidates(segments);
        }
        let ids = to_tidy(segments);
        if ids.is_empty() { Vec::new() } else { vec![MergeCandidate(ids)] }
    }
}

/// The parts that are merged next when it is quiet; none if there are few enough.
pub(super) fn to_tidy(segments: &[SegmentMeta]) -> Vec<SegmentId> {
    let sizes: Vec<Size> = segments
        .iter()
        .map(|segment| Size { documents: segment.num_docs(), deleted: segment.num_deleted_docs() })
        .collect();
    chosen(&sizes).into_iter().map(|at| segments[at].id()).collect()
}

#[derive(Clone, Copy, Debug)]
struct Size {
    documents: u32,
    deleted: u32,
}

fn chosen(sizes: &[Size]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|at| sizes[*at].documents);
    let (mut run, mut sum) = (Vec::new(), 0_u32);
    for at in order {
        let documents = sizes[at].documents;
        let together = sum.saturating_add(documents);
        let belongs = documents <= SMALL || documents <= sum.saturating_mul(FACTOR);
        if run.is_empty() || (belongs && together <= MOST) {
            run.push(at);
            sum = together;
        } else if run.len() > 1 {
            break;
        } else {
            (run, sum) = (vec![at], documents);
        }
    }
    if run.len() > 1 {
        return run;
    }
    let is_thin = |size: &Size| size.deleted > (size.documents + size.deleted) / DELETED;
    (0..sizes.len()).find(|at| is_thin(&sizes[*at])).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(documents: &[u32]) -> Vec<Size> {
        documents.iter().map(|documents| Size { documents: *documents, deleted: 0 }).collect()
    }

    #[test]
    fn what_an_import_leaves_becomes_one() {
        assert_eq!(chosen(&whole(&[646_672, 79_211, 78_722, 78_694, 37_560])).len(), 5);
    }

    #[test]
    fn a_large_part_waits_until_there_is_much_to_add() {
        assert_eq!(chosen(&whole(&[1_000_000, 300, 12])), [2, 1]);
        assert!(chosen(&whole(&[1_000_000, 30_000])).is_empty());
        assert_eq!(chosen(&whole(&[1_000_000, 300_000])), [1, 0]);
        assert_eq!(chosen(&whole(&[10, 300_000, 400_000])), [1, 2]);
        assert!(chosen(&whole(&[7_000_000, 3_000_000])).is_empty());
    }

    #[test]
    fn deleted_contacts_are_purged() {
        assert_eq!(chosen(&[Size { documents: 70, deleted: 30 }]), [0]);
        assert!(chosen(&[Size { documents: 90, deleted: 10 }]).is_empty());
        assert!(chosen(&whole(&[0])).is_empty());
    }

    proptest! {
        /// Tidying ends, with few parts.
        #[test]
        fn few_are_left(mut documents in prop::collection::vec(0..2_000_000_u32, 1..40)) {
            for _ in 0..40 {
                let together = chosen(&whole(&documents));
                if together.is_empty() {
                    break;
                }
                prop_assert!(together.len() > 1);
                let sum = together.iter().map(|at| documents[*at]).sum();
                let mut at = 0..;
                documents.retain(|_| at.next().is_none_or(|at| !together.contains(&at)));
                documents.push(sum);
            }
            prop_assert!(chosen(&whole(&documents)).is_empty());
            let most = documents.iter().filter(|documents| **documents < MOST / 2).count();
            prop_assert!(most <= 6, "{documents:?}");
        }
    }
}
