//! From pairs to groups of the same person.
//!
//! Groups grow along the pairs, the likeliest first. Two groups join only if all their cross pairs
//! on average do not speak against it, so that one weak pair cannot chain two families together
//! (average linkage, Sokal and Michener 1958, with a floor). Without refusals the groups are the
//! connected components.

use std::collections::BTreeSet;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::explain::Check;
use super::frequency::Counts;
use super::model::Model;
use super::options::Options;
use super::record::Record;
use super::run::{Scored, ScoredPair};

/// Pairs that a person has told apart: places of records, the lower first.
pub type Apart = BTreeSet<(u32, u32)>;

/// Records of one person.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// Places of the records, ascending; at least two.
    pub members: Vec<u32>,
    /// The lowest match weight along which it grew.
    pub weakest: f32,
}

/// Members that stand for a group where not all its pairs can be scored.
const MOST_SOME: usize = 4;

/// Members of a component with numbers in their names that are held against each other.
const MOST_NUMBERED: usize = 2_000;

/// A pair inside a component, by places in it.
type Edge = (u32, u32, f32);

/// Groups the pairs that reach the threshold. Deterministic; clusters are in order of their first
/// members. Pairs in `apart`, lower place first, never come into one cluster.
pub fn cluster<C: Counts>(
    records: &[Record],
    scored: &Scored,
    counts: &C,
    model: &Model,
    options: &Options,
    apart: &Apart,
) -> Vec<Cluster> {
    let check = Check::new(model, counts, scored.prior, options);
    let components = components(scored, options.threshold, apart);
    let mut clusters: Vec<Cluster> = components
        .into_par_iter()
        .flat_map_iter(|(members, edges)| {
            let joiner = Joiner { records, check: &check, model, options, apart };
            joiner.split(&members, &edges)
        })
        .collect();
    clusters.sort_unstable_by(|one, other| one.members.cmp(&other.members));
    clusters
}

/// Groups the records of one component, of which `pairs` name all that are known by their places,
/// as [`cluster`] does, on this thread.
pub fn join<C: Counts>(
    records: &[Record],
    pairs: &[ScoredPair],
    check: &Check<'_, C>,
    model: &Model,
    options: &Options,
    apart: &Apart,
) -> Vec<Cluster> {
    let joiner = Joiner { records, check, model, options, apart };
    let members: Vec<u32> = (0_u32..).take(records.len()).collect();
    let is_edge = |pair: &&ScoredPair| !apart.contains(&(pair.a, pair.b));
    let edges: Vec<Edge> =
        pairs.iter().filter(is_edge).map(|pair| (pair.a, pair.b, pair.weight)).collect();
    joiner.split(&members, &edges)
}

struct Joiner<'a, C: Counts> {
    records: &'a [Record],
    check: &'a Check<'a, C>,
    model: &'a Model,
    options: &'a Options,
    apart: &'a Apart,
}

impl<C: Counts> Joiner<'_, C> {
    /// Groups the members of one component along its edges.
    fn split(&self, members: &[u32], edges: &[Edge]) -> Vec<Cluster> {
        if let ([_, _], [edge]) = (members, edges) {
            return vec![Cluster { members: members.to_vec(), weakest: edge.2 }];
        }
        let mut groups = Groups::new(members.len());
        let settings = &self.model.settings;
        #[expect(clippy::cast_possible_truncation, reason = "bits are small numbers")]
        let clip = settings.guard_clip as f32;
        for (a, b, weight) in edges {
            groups.add_cross(*a, *b, f64::from(weight.clamp(-clip, clip)));
        }
        if members.len() <= settings.guard_component {
            self.add_missing(members, edges, clip, &mut groups);
        }
        self.add_apart(members, &mut groups);
        self.add_other_people(members, &mut groups);
        let mut order: Vec<&Edge> =
            edges.iter().filter(|edge| f64::from(edge.2) >= self.options.threshold).collect();
        order.sort_unstable_by(|one, other| {
            other.2.total_cmp(&one.2).then((one.0, one.1).cmp(&(other.0, other.1)))
        });
        for (a, b, weight) in order {
            let (one, other) = (groups.root(*a), groups.root(*b));
            if one != other && self.may_join(members, clip, &groups, one, other) {
                groups.join(one, other, *weight);
            }
        }
        groups.into_clusters(members)
    }

    /// Whether the cross pairs of two groups do not speak against joining them. Where too many were
    /// not scored to tell, some that stand for all are.
    fn may_join(&self, members: &[u32], clip: f32, groups: &Groups, one: u32, other: u32) -> bool {
        let settings = &self.model.settings;
        let mean = groups.mean_cross(one, other, settings.guard_unscored);
        if mean >= settings.guard_mean {
            return true;
        }
        if mean == f64::NEG_INFINITY || members.len() <= settings.guard_component {
            return false;
        }
        let record = |at: &u32| &self.records[members[*at as usize] as usize];
        let clip = f64::from(clip);
        let (mut sum, mut count) = (0.0, 0.0);
        for a in &groups.some[one as usize] {
            for b in &groups.some[other as usize] {
                sum += self.check.weight(record(a), record(b)).clamp(-clip, clip);
                count += 1.0;
            }
        }
        sum / count >= settings.guard_mean
    }

    /// Scores the pairs that no rule proposed or that were too unlikely to keep.
    fn add_missing(&self, members: &[u32], edges: &[Edge], clip: f32, groups: &mut Groups) {
        let known: FxHashSet<(u32, u32)> = edges.iter().map(|(a, b, _)| (*a, *b)).collect();
        for (b, other) in (0_u32..).zip(members) {
            for (a, one) in (0..b).zip(members) {
                if !known.contains(&(a, b)) {
                    let (one, other) =
                        (&self.records[*one as usize], &self.records[*other as usize]);
                    let weight = self.check.weight(one, other);
                    groups.add_cross(a, b, weight.clamp(-f64::from(clip), f64::from(clip)));
                }
            }
        }
    }

    /// Makes sure that those whose names say that they are two people are not joined, though both
    /// may be like a third.
    fn add_other_people(&self, members: &[u32], groups: &mut Groups) {
        let record = |at: &u32| &self.records[*at as usize];
        let numbered: Vec<(u32, &Record)> = (0_u32..)
            .zip(members.iter().map(record))
            .filter(|(_, record)| record.is_numbered())
            .take(MOST_NUMBERED)
            .collect();
        for (at, (a, one)) in numbered.iter().enumerate() {
            for (b, other) in &numbered[at + 1..] {
                if one.is_other_person(other) {
                    groups.add_cross(*a, *b, f64::NEG_INFINITY);
                }
            }
        }
    }

    /// Makes sure that what a person has told apart is not joined.
    fn add_apart(&self, members: &[u32], groups: &mut Groups) {
        // Members stand in ascending order.
        for (a, one) in (0_u32..).zip(members) {
            for (_, other) in self.apart.range((*one, 0)..=(*one, u32::MAX)) {
                let b = members.binary_search(other).ok().and_then(|b| u32::try_from(b).ok());
                if let Some(b) = b {
                    groups.add_cross(a, b, f64::NEG_INFINITY);
                }
            }
        }
    }
}

/// Members and edges of every connected component; edges below the threshold inside a component
/// are among them, pairs that are kept apart are not.
fn components(scored: &Scored, threshold: f64, apart: &Apart) -> Vec<(Vec<u32>, Vec<Edge>)> {
    let is_edge = |pair: &&ScoredPair| !apart.contains(&(pair.a, pair.b));
    let is_sure = |pair: &&ScoredPair| f64::from(pair.weight) >= threshold;
    // Records in pairs that reach the threshold, densely numbered.
    let mut used: Vec<u32> = scored
        .pairs
        .iter()
        .filter(is_sure)
        .filter(is_edge)
        .flat_map(|pair| [pair.a, pair.b])
        .collect();
    used.par_sort_unstable();
    used.dedup();
    let place = |at: u32| used.binary_search(&at).ok().and_then(|at| u32::try_from(at).ok());
    let places: Vec<(u32, u32, f32)> = scored
        .pairs
        .par_iter()
        .filter(is_edge)
        .filter_map(|pair| Some((place(pair.a)?, place(pair.b)?, pair.weight)))
        .collect();
    let mut parents: Vec<u32> = (0_u32..).take(used.len()).collect();
    for (a, b, weight) in &places {
        if f64::from(*weight) >= threshold {
            let (one, other) = (find(&mut parents, *a), find(&mut parents, *b));
            parents[one.max(other) as usize] = one.min(other);
        }
    }
    let mut component_of = vec![u32::MAX; used.len()];
    let mut inner = vec![0_u32; used.len()];
    let mut out: Vec<(Vec<u32>, Vec<Edge>)> = Vec::new();
    for at in (0_u32..).take(used.len()) {
        let root = find(&mut parents, at) as usize;
        if component_of[root] == u32::MAX {
            component_of[root] = u32::try_from(out.len()).unwrap_or(u32::MAX);
            out.push((Vec::new(), Vec::new()));
        }
        component_of[at as usize] = component_of[root];
        let members = &mut out[component_of[root] as usize].0;
        inner[at as usize] = u32::try_from(members.len()).unwrap_or(u32::MAX);
        members.push(used[at as usize]);
    }
    for (a, b, weight) in places {
        let component = component_of[a as usize];
        if component == component_of[b as usize] {
            out[component as usize].1.push((inner[a as usize], inner[b as usize], weight));
        }
    }
    out
}

fn find(parents: &mut [u32], mut at: u32) -> u32 {
    while parents[at as usize] != at {
        parents[at as usize] = parents[parents[at as usize] as usize];
        at = parents[at as usize];
    }
    at
}

/// Growing groups of the members of one component, with the sums of their cross weights.
struct Groups {
    parents: Vec<u32>,
    sizes: Vec<u32>,
    weakest: Vec<f32>,
    /// For every root: members that stand for its group.
    some: Vec<SmallVec<[u32; 4]>>,
    /// For every root: other root, sum and number of the cross pairs that were scored.
    cross: Vec<FxHashMap<u32, (f64, u32)>>,
}

impl Groups {
    fn new(len: usize) -> Self {
        Self {
            parents: (0_u32..).take(len).collect(),
            sizes: vec![1; len],
            weakest: vec![f32::INFINITY; len],
            some: (0_u32..).take(len).map(|at| SmallVec::from_slice(&[at])).collect(),
            cross: vec![FxHashMap::default(); len],
        }
    }

    fn root(&mut self, at: u32) -> u32 {
        find(&mut self.parents, at)
    }

    fn add_cross(&mut self, a: u32, b: u32, weight: f64) {
        for (one, other) in [(a, b), (b, a)] {
            let entry = self.cross[one as usize].entry(other).or_default();
            *entry = (entry.0 + weight, entry.1 + 1);
        }
    }

    /// The mean weight between two groups, counting pairs that were not scored as `unscored`.
    fn mean_cross(&self, one: u32, other: u32, unscored: f64) -> f64 {
        let (sum, scored) = self.cross[one as usize].get(&other).copied().unwrap_or_default();
        let all = f64::from(self.sizes[one as usize]) * f64::from(self.sizes[other as usize]);
        (sum + (all - f64::from(scored)).max(0.0) * unscored) / all
    }

    fn join(&mut self, one: u32, other: u32, weight: f32) {
        // The group with fewer neighbours moves, the lower root breaks ties.
        let degree = |at: u32| self.cross[at as usize].len();
        let (kept, gone) =
            if (degree(one), other) >= (degree(other), one) { (one, other) } else { (other, one) };
        let moved = std::mem::take(&mut self.cross[gone as usize]);
        self.cross[kept as usize].remove(&gone);
        for (neighbour, (sum, count)) in moved {
            if neighbour == kept {
                continue;
            }
            self.cross[neighbour as usize].remove(&gone);
            for (from, to) in [(kept, neighbour), (neighbour, kept)] {
                let entry = self.cross[from as usize].entry(to).or_default();
                *entry = (entry.0 + sum, entry.1 + count);
            }
        }
        let more = std::mem::take(&mut self.some[gone as usize]);
        let some = &mut self.some[kept as usize];
        some.extend(more);
        some.truncate(MOST_SOME);
        self.parents[gone as usize] = kept;
        self.sizes[kept as usize] += self.sizes[gone as usize];
        let weakest = self.weakest[kept as usize].min(self.weakest[gone as usize]).min(weight);
        self.weakest[kept as usize] = weakest;
    }

    fn into_clusters(mut self, members: &[u32]) -> Vec<Cluster> {
        let mut out: Vec<Cluster> = Vec::new();
        let mut places: FxHashMap<u32, usize> = FxHashMap::default();
        for (at, member) in (0_u32..).zip(members) {
            let root = self.root(at);
            if self.sizes[root as usize] < 2 {
                continue;
            }
            let place = *places.entry(root).or_insert_with(|| {
                out.push(Cluster { members: Vec::new(), weakest: self.weakest[root as usize] });
                out.len() - 1
            });
            out[place].members.push(*member);
        }
        out
    }
}
