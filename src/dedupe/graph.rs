//! The pairs and groups of a base, kept up while records change.
//!
//! Records are called by numbers that their owner gives. When a record changes its pairs are set
//! anew, and only the groups that this touches are made again, by the same rules as in a batch.

use std::collections::{BTreeSet, HashSet};
use std::ops::Bound;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::block_key::Rule;
use super::cluster::{Apart, Cluster};
use super::run::ScoredPair;
use super::score::probability;

/// A component with more members keeps the groups that it has until the next batch.
const MOST_COMPONENT: usize = 2_000;

/// A record that another may be the same person as.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    /// Its number.
    pub other: u32,
    /// Match weight in bits; 0 is 50 %.
    pub weight: f32,
    /// The rule that proposed the pair.
    pub rule: Rule,
}

/// Records of one person.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchGroup {
    /// Their numbers, ascending; at least two. The first one names the group.
    pub members: Box<[u32]>,
    /// The pairs that hold them together, one less than there are members, the likeliest first;
    /// `a` and `b` are numbers.
    pub ties: Box<[ScoredPair]>,
    /// How many records merging would probably save.
    pub value: f32,
    /// The lowest weight along which it grew.
    pub weakest: f32,
}

impl MatchGroup {
    /// The members that some of the ties hold together, each part ascending, that with the first
    /// tie first; who is in none of these ties is in no part.
    pub fn parts(&self, is_tied: impl Fn(&ScoredPair) -> bool) -> Vec<Vec<u32>> {
        let mut parts: Vec<Vec<u32>> = Vec::new();
        for tie in self.ties.iter().filter(|tie| is_tied(tie)) {
            let place = |number: u32| parts.iter().position(|part| part.contains(&number));
            match (place(tie.a), place(tie.b)) {
                (None, None) => parts.push(vec![tie.a, tie.b]),
                (Some(part), None) => parts[part].push(tie.b),
                (None, Some(part)) => parts[part].push(tie.a),
                (Some(one), Some(other)) if one != other => {
                    let moved = parts.remove(one.max(other));
                    parts[one.min(other)].extend(moved);
                }
                (Some(_), Some(_)) => {}
            }
        }
        for part in &mut parts {
            part.sort_unstable();
        }
        parts
    }
}

/// A place in an order from the highest to the lowest, with what breaks ties.
type Ordered<T> = BTreeSet<(u32, T)>;

/// Where the next page of pairs begins.
pub type PairPlace = (u32, (u32, u32));
/// Where the next page of groups begins.
pub type GroupPlace = (u32, u32);

/// Groups the members of a component: their numbers, ascending, and the pairs between them and
/// those told apart by their places there.
pub type Join<'a> = dyn FnMut(&[u32], Vec<ScoredPair>, Apart) -> Vec<Cluster> + 'a;

/// Pairs that are worth a look, and the groups of the same person among them.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    near: FxHashMap<u32, SmallVec<[Near; 2]>>,
    pairs: Ordered<(u32, u32)>,
    /// By their first members.
    groups: FxHashMap<u32, MatchGroup>,
    group_of: FxHashMap<u32, u32>,
    order: Ordered<u32>,
    /// Pairs that a person has told apart.
    apart: Apart,
    /// Pairs that a person has put aside.
    later: Apart,
}

/// A number that is the lower the higher a value is.
fn descending(value: f32) -> u32 {
    let bits = value.to_bits();
    let ascending = if bits >> 31 == 0 { bits | 1 << 31 } else { !bits };
    !ascending
}

/// A pair of numbers, the lower first.
fn sorted(one: u32, other: u32) -> (u32, u32) {
    (one.min(other), one.max(other))
}

fn behind<T: Copy>(place: Option<T>) -> Bound<T> {
    place.map_or(Bound::Unbounded, Bound::Excluded)
}

impl Graph {
    /// The graph that a batch has found; `pairs` and `clusters` name records by their places in
    /// `numbers`.
    pub fn new(numbers: &[u32], pairs: &[ScoredPair], clusters: &[Cluster], apart: Apart) -> Self {
        let mut graph = Self { apart, ..Self::default() };
        let number = |place: u32| numbers[place as usize];
        for pair in pairs {
            graph.connect(number(pair.a), number(pair.b), pair.weight, pair.rule);
        }
        for cluster in clusters {
            graph
                .put_group(cluster.members.iter().map(|at| number(*at)).collect(), cluster.weakest);
        }
        graph
    }

    fn connect(&mut self, one: u32, other: u32, weight: f32, rule: Rule) {
        for (from, to) in [(one, other), (other, one)] {
            self.near.entry(from).or_default().push(Near { other: to, weight, rule });
        }
        if self.is_shown(one, other) {
            self.pairs.insert((descending(weight), sorted(one, other)));
        }
    }

    /// Whether nobody has told a pair apart or put it aside.
    pub fn is_shown(&self, one: u32, other: u32) -> bool {
        let pair = sorted(one, other);
        !self.apart.contains(&pair) && !self.later.contains(&pair)
    }

    /// The records that one may be the same person as.
    pub fn near(&self, number: u32) -> &[Near] {
        self.near.get(&number).map_or(&[], SmallVec::as_slice)
    }

    /// Sets the pairs of a record anew; gives the numbers whose groups may be others now.
    pub fn set_near(&mut self, number: u32, near: impl IntoIterator<Item = Near>) -> Vec<u32> {
        let mut touched = vec![number];
        for old in self.near.remove(&number).unwrap_or_default() {
            touched.push(old.other);
            self.pairs.remove(&(descending(old.weight), sorted(number, old.other)));
            if let Some(back) = self.near.get_mut(&old.other) {
                back.retain(|near| near.other != number);
                if back.is_empty() {
                    self.near.remove(&old.other);
                }
            }
        }
        for new in near {
            touched.push(new.other);
            self.connect(number, new.other, new.weight, new.rule);
        }
        touched
    }

    /// Replaces what persons have told apart and put aside; gives the numbers whose groups may be
    /// others now.
    pub fn set_decided(&mut self, apart: Apart, later: Apart) -> Vec<u32> {
        let differing: HashSet<(u32, u32)> =
            apart.symmetric_difference(&self.apart).copied().collect();
        let put_aside: Vec<(u32, u32)> = later.symmetric_difference(&self.later).copied().collect();
        (self.apart, self.later) = (apart, later);
        let mut touched: Vec<u32> = Vec::new();
        for (one, other) in differing.into_iter().chain(put_aside) {
            touched.extend([one, other]);
            let weight = self.near(one).iter().find(|near| near.other == other).map(|n| n.weight);
            if let Some(weight) = weight {
                let place = (descending(weight), (one, other));
                if self.is_shown(one, other) {
                    self.pairs.insert(place);
                } else {
                    self.pairs.remove(&place);
                }
            }
        }
        touched
    }

    /// The pairs that persons have told apart.
    pub fn apart(&self) -> &Apart {
        &self.apart
    }

    /// Makes the groups around some records again. Cost: that of `join` for each component.
    pub fn regroup(&mut self, touched: &[u32], threshold: f64, join: &mut Join<'_>) {
        let mut done: FxHashSet<u32> = FxHashSet::default();
        for start in touched {
            if done.contains(start) {
                continue;
            }
            let Some(mut members) = self.component(*start, threshold) else { continue };
            // Who was grouped with one of them may have lost the connection.
            let mut former: Vec<u32> = Vec::new();
            for member in &members {
                former.extend(self.remove_group_of(*member));
            }
            done.extend(&members);
            members.sort_unstable();
            if members.len() > 1 {
                let (pairs, apart) = self.inside(&members);
                for cluster in join(&members, pairs, apart) {
                    let numbers = cluster.members.iter().map(|at| members[*at as usize]);
                    self.put_group(numbers.collect(), cluster.weakest);
                }
            }
            let lost: Vec<u32> = former.into_iter().filter(|one| !done.contains(one)).collect();
            if !lost.is_empty() {
                self.regroup(&lost, threshold, join);
                done.extend(lost);
            }
        }
    }

    /// The numbers that are connected with one by pairs that reach the threshold; nothing if there
    /// are too many.
    fn component(&self, start: u32, threshold: f64) -> Option<Vec<u32>> {
        let mut members = vec![start];
        let mut seen: FxHashSet<u32> = FxHashSet::from_iter([start]);
        let mut at = 0;
        while at < members.len() {
            let one = members[at];
            at += 1;
            for near in self.near(one) {
                let is_sure = f64::from(near.weight) >= threshold;
                if is_sure
                    && !self.apart.contains(&sorted(one, near.other))
                    && seen.insert(near.other)
                {
                    members.push(near.other);
                }
            }
            if members.len() > MOST_COMPONENT {
                return None;
            }
        }
        Some(members)
    }

    /// The pairs between members, and those told apart, by their places.
    fn inside(&self, members: &[u32]) -> (Vec<ScoredPair>, Apart) {
        let place =
            |number: u32| members.binary_search(&number).ok().and_then(|at| u32::try_from(at).ok());
        let mut pairs = Vec::new();
        let mut apart = Apart::new();
        for (a, one) in (0_u32..).zip(members) {
            for near in self.near(*one).iter().filter(|near| near.other > *one) {
                if let Some(b) = place(near.other) {
                    pairs.push(ScoredPair { a, b, weight: near.weight, rule: near.rule });
                }
            }
            for (_, other) in self.apart.range((*one, 0)..=(*one, u32::MAX)) {
                if let Some(b) = place(*other) {
                    apart.insert((a, b));
                }
            }
        }
        (pairs, apart)
    }

    fn remove_group_of(&mut self, member: u32) -> Vec<u32> {
        let Some(first) = self.group_of.get(&member) else { return Vec::new() };
        let Some(group) = self.groups.remove(first) else { return Vec::new() };
        self.order.remove(&(descending(group.value), group.members[0]));
        for member in &group.members {
            self.group_of.remove(member);
        }
        group.members.into_vec()
    }

    fn put_group(&mut self, mut members: Vec<u32>, weakest: f32) {
        members.sort_unstable();
        let Some(first) = members.first().copied() else { return };
        let ties = self.ties(&members);
        #[expect(clippy::cast_possible_truncation, reason = "at most the number of members")]
        let value = ties.iter().map(|tie| probability(f64::from(tie.weight))).sum::<f64>() as f32;
        for member in &members {
            self.group_of.insert(*member, first);
        }
        if ties.iter().any(|tie| self.is_shown(tie.a, tie.b)) {
            self.order.insert((descending(value), first));
        }
        let (members, ties) = (members.into(), ties.into());
        self.groups.insert(first, MatchGroup { members, ties, value, weakest });
    }

    /// The likeliest pairs that hold members together: the maximum spanning tree (Kruskal 1956).
    fn ties(&self, members: &[u32]) -> Vec<ScoredPair> {
        let (mut pairs, _) = self.inside(members);
        pairs.sort_unstable_by(|one, other| {
            other.weight.total_cmp(&one.weight).then((one.a, one.b).cmp(&(other.a, other.b)))
        });
        let mut tree: Vec<usize> = (0..members.len()).collect();
        let mut ties = Vec::with_capacity(members.len());
        for pair in pairs {
            let (one, other) = (tree[pair.a as usize], tree[pair.b as usize]);
            if one != other {
                for place in &mut tree {
                    if *place == other {
                        *place = one;
                    }
                }
                let (a, b) = (members[pair.a as usize], members[pair.b as usize]);
                ties.push(ScoredPair { a, b, ..pair });
            }
        }
        ties
    }

    /// How many pairs there are to look at with at least a weight. Cost: a step for each.
    pub fn count_pairs(&self, least: f32) -> usize {
        self.pairs.range(..=(descending(least), (u32::MAX, u32::MAX))).count()
    }

    /// How many groups there are to look at.
    pub fn count_groups(&self) -> usize {
        self.order.len()
    }

    /// The pairs behind a place, the likeliest first.
    pub fn pairs_behind(
        &self,
        place: Option<PairPlace>,
    ) -> impl Iterator<Item = (PairPlace, ScoredPair)> + '_ {
        self.pairs.range((behind(place), Bound::Unbounded)).filter_map(|place| {
            let (a, b) = place.1;
            let near = self.near(a).iter().find(|near| near.other == b)?;
            Some((*place, ScoredPair { a, b, weight: near.weight, rule: near.rule }))
        })
    }

    /// The groups behind a place, those first that merging saves most.
    pub fn groups_behind(
        &self,
        place: Option<GroupPlace>,
    ) -> impl Iterator<Item = (GroupPlace, &MatchGroup)> + '_ {
        self.order
            .range((behind(place), Bound::Unbounded))
            .filter_map(|place| Some((*place, self.groups.get(&place.1)?)))
    }

    /// The group of a record.
    pub fn group_of(&self, number: u32) -> Option<&MatchGroup> {
        self.groups.get(self.group_of.get(&number)?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Everybody in a component is one person.
    fn all_together(members: &[u32], pairs: Vec<ScoredPair>, _apart: Apart) -> Vec<Cluster> {
        let weakest = pairs.into_iter().map(|pair| pair.weight).fold(f32::INFINITY, f32::min);
        vec![Cluster { members: (0_u32..).take(members.len()).collect(), weakest }]
    }

    fn shown(graph: &Graph) -> (Vec<(u32, u32)>, Vec<Vec<u32>>) {
        let pairs = graph.pairs_behind(None).map(|(_, pair)| (pair.a, pair.b)).collect();
        let mut groups: Vec<Vec<u32>> =
            graph.groups_behind(None).map(|(_, group)| group.members.to_vec()).collect();
        groups.sort();
        (pairs, groups)
    }

    proptest! {
        /// Changing records one by one ends where starting with the result would.
        #[test]
        fn a_graph_that_is_kept_up_equals_a_new_one(
            changes in prop::collection::vec(
                (0_u32..12, prop::collection::btree_map(0_u32..12, -40_i8..80, 0..4)), 0..40),
            decided in prop::collection::btree_set((0_u32..12, 0_u32..12), 0..3),
        ) {
            let apart: Apart = decided.into_iter().filter(|(a, b)| a < b).collect();
            let mut kept = Graph::default();
            for (number, near) in changes {
                let near = near.into_iter().filter(|(other, _)| *other != number);
                let near = near.map(|(other, tenths)| {
                    // Distinct weights, so that there is one order.
                    let (a, b) = sorted(number, other);
                    let weight = f32::from(tenths) / 10.0 + f32::from(u16::try_from(a * 12 + b).unwrap_or(0)) / 10_000.0;
                    Near { other, weight, rule: Rule::Phone }
                });
                let touched = kept.set_near(number, near.collect::<Vec<_>>());
                kept.regroup(&touched, 0.0, &mut all_together);
            }
            let touched = kept.set_decided(apart.clone(), Apart::new());
            kept.regroup(&touched, 0.0, &mut all_together);

            let mut fresh = Graph { apart, ..Graph::default() };
            for one in 0..12 {
                for near in kept.near(one).iter().filter(|near| near.other > one) {
                    fresh.connect(one, near.other, near.weight, near.rule);
                }
            }
            fresh.regroup(&(0..12).collect::<Vec<_>>(), 0.0, &mut all_together);
            prop_assert_eq!(shown(&kept), shown(&fresh));
            let weights: Vec<f32> = kept.pairs_behind(None).map(|(_, pair)| pair.weight).collect();
            prop_assert!(weights.is_sorted_by(|one, other| one >= other));
        }
    }

    #[test]
    fn a_group_falls_into_the_parts_that_its_likely_ties_hold() {
        let tie = |a, b, weight| ScoredPair { a, b, weight, rule: Rule::Phone };
        let ties = [tie(4, 9, 9.0), tie(2, 7, 8.0), tie(2, 3, 7.0), tie(3, 4, 0.3), tie(1, 2, 0.1)];
        let members = [1, 2, 3, 4, 7, 9].into();
        let group = MatchGroup { members, ties: ties.into(), value: 4.0, weakest: 0.1 };
        let parts = |least: f32| group.parts(|tie| tie.weight >= least);
        assert_eq!(parts(6.0), [vec![4, 9], vec![2, 3, 7]]);
        assert_eq!(parts(0.2), [[2, 3, 4, 7, 9]]);
        assert_eq!(parts(0.0), [[1, 2, 3, 4, 7, 9]]);
        assert!(parts(10.0).is_empty());
    }

    #[test]
    fn what_is_put_aside_is_out_of_sight_and_comes_back() {
        let mut graph = Graph::default();
        let near = |other, weight| Near { other, weight, rule: Rule::Phone };
        let touched = graph.set_near(1, [near(2, 5.0), near(3, -1.0)]);
        graph.regroup(&touched, 0.0, &mut all_together);
        assert_eq!(shown(&graph), (vec![(1, 2), (1, 3)], vec![vec![1, 2]]));
        assert_eq!(graph.count_pairs(0.0), 1);
        let touched = graph.set_decided(Apart::new(), Apart::from([(1, 2)]));
        graph.regroup(&touched, 0.0, &mut all_together);
        assert_eq!(shown(&graph), (vec![(1, 3)], vec![]));
        let touched = graph.set_decided(Apart::new(), Apart::new());
        graph.regroup(&touched, 0.0, &mut all_together);
        assert_eq!(shown(&graph), (vec![(1, 2), (1, 3)], vec![vec![1, 2]]));
        let place = graph.pairs_behind(None).next().map(|(place, _)| place);
        assert_eq!(graph.pairs_behind(place).count(), 1);
    }
}
