//! From clusters to the groups of a report: who belongs together, and by which pairs.

use super::subject::Ids;
use crate::dedupe::{Cluster, ScoredPair};

/// A record in no group.
const NO_GROUP: u32 = u32::MAX;

/// A member of a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Member {
    /// The place of its record.
    pub(super) place: u32,
    /// The weight of the likeliest pair that ties it to another member.
    pub(super) weight: f32,
}

/// Records of one person.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    /// By their places.
    pub(super) members: Vec<Member>,
    /// The likeliest pairs that hold all members together, one less than there are members.
    pub(super) ties: Vec<ScoredPair>,
    /// The lowest weight along which it grew.
    pub(super) weakest: f32,
}

/// Groups of clusters, the surest first. `pairs` stand in order of their weights, the highest
/// first. Memory: eight bytes a record.
pub(super) fn groups(
    clusters: &[Cluster],
    pairs: &[ScoredPair],
    records: usize,
    ids: &Ids,
) -> Vec<Group> {
    let mut group_of = vec![NO_GROUP; records];
    let mut groups: Vec<Group> = Vec::with_capacity(clusters.len());
    for (at, cluster) in (0_u32..).zip(clusters) {
        for place in &cluster.members {
            group_of[*place as usize] = at;
        }
        let member = |place: &u32| Member { place: *place, weight: f32::NEG_INFINITY };
        groups.push(Group {
            members: cluster.members.iter().map(member).collect(),
            ties: Vec::with_capacity(cluster.members.len() - 1),
            weakest: cluster.weakest,
        });
    }
    // The maximum spanning tree of each group (Kruskal 1956).
    let mut parents: Vec<u32> = (0_u32..).take(records).collect();
    for pair in pairs {
        let at = group_of[pair.a as usize];
        if at == NO_GROUP || at != group_of[pair.b as usize] {
            continue;
        }
        let group = &mut groups[at as usize];
        for place in [pair.a, pair.b] {
            if let Ok(at) = group.members.binary_search_by_key(&place, |member| member.place) {
                let member = &mut group.members[at];
                member.weight = member.weight.max(pair.weight);
            }
        }
        let (one, other) = (root(&mut parents, pair.a), root(&mut parents, pair.b));
        if one != other {
            parents[other as usize] = one;
            group.ties.push(*pair);
        }
    }
    groups.sort_by(|one, other| {
        let first = |group: &Group| group.members.first().map_or(0, |member| member.place);
        other.weakest.total_cmp(&one.weakest).then_with(|| ids.order(first(one), first(other)))
    });
    groups
}

fn root(parents: &mut [u32], mut at: u32) -> u32 {
    while parents[at as usize] != at {
        parents[at as usize] = parents[parents[at as usize] as usize];
        at = parents[at as usize];
    }
    at
}
