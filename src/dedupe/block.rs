//! Blocking: which pairs are worth comparing.
//!
//! Every rule gives keys to records; records with an equal key form a block, and all its pairs
//! are proposed. Blocks that are too large are refined by a second and a third key, and what is
//! still too large is sorted by name and looked at through a sliding window (sorted neighbourhood,
//! Hernández and Stolfo 1995). Keys are sorted rather than hashed into maps, so memory is bounded
//! by the pairs. Every pair comes out once, with the first rule that proposed it.

use rayon::prelude::*;

use super::block_key::{Rule, Strength, refined_keys};
use super::record::Record;
use super::scattered::Scattered;

/// Neighbours looked at on each side in what cannot be refined any more.
const WINDOW: usize = 8;
/// Bits of a packed pair that hold the rule.
const RULE_BITS: u32 = 6;
/// Bits that hold a place.
const PLACE_BITS: u32 = 29;
/// Pairs that are collected before repetitions are removed.
const MOST_BUFFERED: usize = 64 << 20;

/// Most records that can be compared with each other.
pub const MOST_RECORDS: usize = 1 << PLACE_BITS;

/// A pair of records and the rule that proposed it, in eight bytes; sorts by the places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate(u64);

impl Candidate {
    pub(super) fn new(one: u32, other: u32, rule: Rule) -> Self {
        let (low, high) = (one.min(other), one.max(other));
        let places = u64::from(low) << PLACE_BITS | u64::from(high);
        Self(places << RULE_BITS | rule as u64)
    }

    /// The places of the two records, the lower first.
    pub(super) fn places(self) -> (u32, u32) {
        let places = self.pair();
        let mask = (1 << PLACE_BITS) - 1;
        #[expect(clippy::cast_possible_truncation, reason = "masked to 29 bits")]
        ((places >> PLACE_BITS) as u32, (places & mask) as u32)
    }

    pub(super) fn rule(self) -> Rule {
        let at = self.0 & ((1 << RULE_BITS) - 1);
        usize::try_from(at).ok().and_then(|at| Rule::ALL.get(at)).copied().unwrap_or(Rule::Inside)
    }

    fn pair(self) -> u64 {
        self.0 >> RULE_BITS
    }
}

/// The pairs that blocking proposes.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    /// In order of their places, each pair once.
    pub(super) pairs: Vec<Candidate>,
    /// For every rule, pairs with an equal key that the limit on block sizes left out. Other rules
    /// may have proposed some of them.
    pub(super) left_out: Vec<(Rule, u64)>,
}

/// Finds the pairs that share a key. Memory: eight bytes a pair and twelve a key of one rule.
pub(super) fn candidates(records: &[Record], rules: &[Rule]) -> Candidates {
    let mut found = Candidates::default();
    let mut most = MOST_BUFFERED;
    for rule in rules {
        let most_in_block = rule.strength().most_in_block();
        let keys = keys_of(records, |record, key| rule.keys(record, key));
        let parts: Vec<(Vec<Candidate>, u64)> = keys.each_sorted(|keys| {
            let (mut pairs, mut left_out) = (Vec::new(), 0);
            for block in keys.chunk_by(|one, other| one.0 == other.0).filter(|b| b.len() > 1) {
                if block.len() <= most_in_block {
                    all_pairs(records, block, *rule, &mut pairs);
                } else {
                    let members: Vec<u32> = block.iter().map(|(_, at)| *at).collect();
                    left_out += refine(records, members, *rule, most_in_block, &mut pairs);
                }
            }
            (pairs, left_out)
        });
        let left_out: u64 = parts.iter().map(|(_, left_out)| left_out).sum();
        found.pairs.reserve(parts.iter().map(|(pairs, _)| pairs.len()).sum());
        for (pairs, _) in parts {
            found.pairs.extend(pairs);
        }
        if left_out > 0 {
            found.left_out.push((*rule, left_out));
        }
        if found.pairs.len() > most {
            make_unique(&mut found.pairs);
            most = most.max(found.pairs.len() * 2);
        }
    }
    make_unique(&mut found.pairs);
    found
}

fn make_unique(pairs: &mut Vec<Candidate>) {
    pairs.par_sort_unstable();
    pairs.dedup_by_key(|candidate| candidate.pair());
    pairs.shrink_to_fit();
}

fn keys_of(records: &[Record], keys: impl Fn(&Record, &mut dyn FnMut(u64)) + Sync) -> Scattered {
    Scattered::collect(records, |record, at, out| keys(record, &mut |key| out.push((key, at))))
}

fn all_pairs(records: &[Record], block: &[(u64, u32)], rule: Rule, out: &mut Vec<Candidate>) {
    for (at, (_, one)) in block.iter().enumerate() {
        for (_, other) in &block[at + 1..] {
            if rule.admits(&records[*one as usize], &records[*other as usize]) {
                out.push(Candidate::new(*one, *other, rule));
            }
        }
    }
}

/// Proposes the likelier pairs of a block that is too large; says how many it left out.
fn refine(
    records: &[Record],
    mut members: Vec<u32>,
    rule: Rule,
    most: usize,
    out: &mut Vec<Candidate>,
) -> u64 {
    members.sort_unstable();
    members.dedup();
    let n = members.len() as u64;
    let mut found = Vec::new();
    split(records, &members, rule, most, 0, &mut found);
    found.sort_unstable();
    found.dedup();
    out.extend_from_slice(&found);
    (n * n.saturating_sub(1) / 2).saturating_sub(found.len() as u64)
}

fn split(
    records: &[Record],
    members: &[u32],
    rule: Rule,
    most: usize,
    step: usize,
    out: &mut Vec<Candidate>,
) {
    if step == refined_keys().len() {
        if rule.strength() == Strength::Strong {
            window(records, members, rule, out);
        }
        return;
    }
    for key in refined_keys()[step] {
        let mut keys: Vec<(u64, u32)> =
            members.iter().map(|at| (key(&records[*at as usize]), *at)).collect();
        keys.sort_unstable();
        for block in keys.chunk_by(|one, other| one.0 == other.0) {
            if block.len() <= most {
                all_pairs(records, block, rule, out);
            } else {
                let members: Vec<u32> = block.iter().map(|(_, at)| *at).collect();
                split(records, &members, rule, most, step + 1, out);
            }
        }
    }
}

fn window(records: &[Record], members: &[u32], rule: Rule, out: &mut Vec<Candidate>) {
    let mut members = members.to_vec();
    let name = |at: &u32| {
        let record = &records[*at as usize];
        (record.bytes(record.surname.span), record.bytes(record.given.span), *at)
    };
    members.sort_unstable_by(|one, other| name(one).cmp(&name(other)));
    for (at, one) in members.iter().enumerate() {
        for other in members[at + 1..].iter().take(WINDOW) {
            if rule.admits(&records[*one as usize], &records[*other as usize]) {
                out.push(Candidate::new(*one, *other, rule));
            }
        }
    }
}
