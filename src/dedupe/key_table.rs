//! The blocking keys of a whole base, so that the records that are worth comparing with one are
//! found without looking at the others.
//!
//! Keys are folded to 32 bits: of ten million, two in a thousand then lead to a record by chance,
//! which costs a comparison and nothing else. Keys of records that have changed since are left
//! where they are for the same reason: whoever asks looks at the record whether it still shares a
//! key ([`common_rule`](super::common_rule)).

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::block_key::{Rule, Strength};
use super::options::Options;
use super::record::Record;
use super::standard::mix;

/// A key that more records share says too little; who belongs to the record shares another one.
const MOST_HOLDERS: usize = 1_000;
/// Of a number or an address that more records share so many are looked at.
const SOME_HOLDERS: usize = 64;

/// Which records share a blocking key. Records are called by numbers that their owner gives.
///
/// Memory: eight bytes a key, of which a record has about ten; what was added since takes about 40.
#[derive(Clone, Debug, Default)]
pub struct KeyTable {
    /// Key and number, ascending.
    built: Vec<(u32, u32)>,
    added: FxHashMap<u32, SmallVec<[u32; 2]>>,
}

fn folded(rule: Rule, key: u64) -> u32 {
    (mix(rule as u64 + 1, key) >> 32) as u32
}

fn each_key(record: &Record, mut each: impl FnMut(Rule, u32)) {
    for rule in Rule::ALL {
        rule.keys(record, &mut |key| each(*rule, folded(*rule, key)));
    }
}

impl KeyTable {
    /// The keys of records, each with its number. Cost: sorts about ten keys a record.
    pub fn build(records: &[Record], numbers: &[u32]) -> Self {
        let mut built: Vec<(u32, u32)> = records
            .par_iter()
            .zip(numbers)
            .fold(Vec::new, |mut keys, (record, number)| {
                each_key(record, |_, key| keys.push((key, *number)));
                keys
            })
            .reduce(Vec::new, |mut one, mut other| {
                if one.len() < other.len() {
                    std::mem::swap(&mut one, &mut other);
                }
                one.append(&mut other);
                one
            });
        built.par_sort_unstable();
        built.dedup();
        built.shrink_to_fit();
        Self { built, added: FxHashMap::default() }
    }

    /// Adds the keys of a new or changed record.
    pub fn add(&mut self, record: &Record, number: u32) {
        each_key(record, |_, key| {
            if self.built.binary_search(&(key, number)).is_err() {
                let holders = self.added.entry(key).or_default();
                if !holders.contains(&number) {
                    holders.push(number);
                }
            }
        });
    }

    fn built_holders(&self, key: u32) -> &[(u32, u32)] {
        let from = self.built.partition_point(|(known, _)| *known < key);
        let rest = &self.built[from..];
        &rest[..rest.partition_point(|(known, _)| *known == key)]
    }

    /// The numbers of records that are worth comparing with one, at most `most`, those first that
    /// share the most and the rarest keys; each with the first rule that proposed it. The record's
    /// own number may be among them.
    ///
    /// Cost: a search in the table for each of its keys, and a step for every record that shares
    /// one.
    pub fn candidates(&self, record: &Record, options: &Options, most: usize) -> Vec<(u32, Rule)> {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^24 of interest")]
        let all = (self.built.len() + self.added.len()).max(2) as f32;
        let mut found: FxHashMap<u32, (f32, Rule)> = FxHashMap::default();
        each_key(record, |rule, key| {
            if !options.allows(rule) {
                return;
            }
            let built = self.built_holders(key);
            let added = self.added.get(&key).map_or(&[][..], SmallVec::as_slice);
            let holders = built.len() + added.len();
            let looked_at = match rule.strength() {
                _ if holders <= MOST_HOLDERS => holders,
                Strength::Strong => SOME_HOLDERS,
                Strength::Middle | Strength::Weak => 0,
            };
            if looked_at == 0 {
                return;
            }
            #[expect(clippy::cast_precision_loss, reason = "a rough measure")]
            let rarity = (all / holders as f32).log2().max(0.1);
            let numbers = built.iter().map(|(_, number)| number).chain(added);
            for number in numbers.take(looked_at) {
                found.entry(*number).or_insert((0.0, rule)).0 += rarity;
            }
        });
        let mut found: Vec<(u32, f32, Rule)> =
            found.into_iter().map(|(number, (score, rule))| (number, score, rule)).collect();
        found.sort_unstable_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        found.truncate(most);
        found.into_iter().map(|(number, _, rule)| (number, rule)).collect()
    }

    /// Memory in bytes, about.
    pub fn memory(&self) -> usize {
        self.built.capacity() * size_of::<(u32, u32)>() + self.added.len() * 40
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Input, Model, Standard};
    use super::*;
    use crate::domain::names::NameTables;

    fn record(standard: &Standard, first: &str, last: &str, phone: &str) -> Record {
        let phones = if phone.is_empty() { Vec::new() } else { vec![phone] };
        Record::standardise(
            &Input { first_name: first, last_name: last, phones, ..Input::default() },
            standard,
        )
    }

    #[test]
    fn who_shares_most_comes_first_and_additions_count() {
        let model = Model::shipped().expect("shipped");
        let standard = Standard::new(NameTables::default().into(), &model);
        let records = [
            record(&standard, "John", "Doe", "+12025550123"),
            record(&standard, "Jane", "Doe", "+12025550123"),
            record(&standard, "Max", "Power", "+493090182000"),
        ];
        let mut table = KeyTable::build(&records, &[7, 8, 9]);
        let options = Options::of(&model);
        let asked = record(&standard, "John", "Doe", "2025550123");
        let numbers = |table: &KeyTable| -> Vec<u32> {
            table.candidates(&asked, &options, 10).into_iter().map(|(n, _)| n).collect()
        };
        assert_eq!(numbers(&table), [7, 8]);
        assert_eq!(table.candidates(&asked, &options, 1), [(7, Rule::Phone)]);
        table.add(&asked, 10);
        table.add(&asked, 10);
        assert_eq!(numbers(&table), [7, 10, 8]);
    }
}
