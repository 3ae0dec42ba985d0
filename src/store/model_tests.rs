//! The store against a map in memory: random changes, values of all sizes, scans and reopening.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::vault;

#[derive(Clone, Debug)]
enum Step {
    Apply(Vec<(Vec<u8>, Option<Vec<u8>>)>),
    Checkpoint,
    Reopen,
}

/// Few keys, so that they are replaced often; some are prefixes of others or of their parts' keys.
fn any_key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(prop_oneof![Just(0_u8), Just(1), Just(b'k'), Just(254), Just(255)], 0..3),
        (0_u8..4).prop_map(|byte| [&[b'k', byte][..], &[0; 12]].concat()),
    ]
    .prop_filter("reserved", |key| key.first() != Some(&RESERVED))
}

fn any_value() -> impl Strategy<Value = Vec<u8>> {
    let part = parts::PART_BYTES;
    let size = prop_oneof![
        3 => 0..40_usize,
        1 => part - 2..part + 3,
        1 => 2 * part - 1..2 * part + 2,
        2 => 0..40_960_usize,
    ];
    (size, any::<u8>()).prop_map(|(size, first)| {
        (0..=250).map(|byte: u8| byte.wrapping_add(first)).cycle().take(size).collect()
    })
}

fn any_step() -> impl Strategy<Value = Step> {
    let change = (any_key(), proptest::option::weighted(0.75, any_value()));
    prop_oneof![
        8 => vec(change, 0..6).prop_map(Step::Apply),
        1 => Just(Step::Checkpoint),
        1 => Just(Step::Reopen),
    ]
}

fn open(dir: &Path, sealer: Option<&Sealer>) -> (Store, OpenReport) {
    let sealer = sealer.cloned();
    Store::open(dir, &Options { cache_bytes: 1 << 20, flush_every_ms: None, sealer }).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_store_is_an_ordered_map_that_survives_reopening(
        steps in vec(any_step(), 1..40), from in any_key(), to in any_key(),
        is_sealed in any::<bool>(),
    ) {
        let dir = TempDir::new().unwrap();
        let sealer = is_sealed.then(sealed_tests::sealer);
        let (mut store, _) = open(dir.path(), sealer.as_ref());
        let mut model = BTreeMap::new();
        let mut applied = ChangeSeq::ZERO;
        for step in steps {
            match step {
                Step::Apply(changes) => {
                    applied = applied.next();
                    let changes_of_store = changes.iter().map(|(key, value)| match value {
                        Some(value) => Change::Put { key, value },
                        None => Change::Delete { key },
                    });
                    store.apply(changes_of_store, applied).unwrap();
                    for (key, value) in changes {
                        match value {
                            Some(value) => model.insert(key, value),
                            None => model.remove(&key),
                        };
                    }
                }
                Step::Checkpoint => assert_eq!(store.checkpoint().unwrap(), applied),
                Step::Reopen => {
                    drop(store);
                    let (reopened, report) = open(dir.path(), sealer.as_ref());
                    prop_assert_eq!(report.applied, applied);
                    prop_assert_eq!((report.swept_values, report.set_aside), (0, None));
                    store = reopened;
                }
            }
            prop_assert_eq!(store.applied_seq(), applied);
        }
        let read = |scan: Scan| -> Vec<(Vec<u8>, Vec<u8>)> {
            scan.map(Result::unwrap).map(|(key, value)| (key.to_vec(), value.into_vec())).collect()
        };
        let expected: Vec<_> = model.clone().into_iter().collect();
        prop_assert_eq!(read(store.scan_prefix(b"")), expected);
        for key in model.keys().chain([&from, &to]) {
            let found = store.get(key).unwrap().map(Value::into_vec);
            prop_assert_eq!(found.as_ref(), model.get(key));
            prop_assert_eq!(store.contains(key).unwrap(), model.contains_key(key));
            let expected: Vec<_> = model
                .iter()
                .filter(|(other, _)| other.starts_with(key))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            prop_assert_eq!(read(store.scan_prefix(key)), expected);
        }
        let expected: Vec<_> = model
            .iter()
            .filter(|(key, _)| **key >= from && **key < to)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        prop_assert_eq!(read(store.scan_range(&from, &to)), expected);
        let kept = store.files.load().tree.scan_prefix([RESERVED, 1]).count();
        let added = if is_sealed { vault::OVERHEAD_BYTES } else { 0 };
        let sizes = model.values().map(|value| value.len() + added);
        let large = sizes.filter(|bytes| *bytes > parts::PART_BYTES);
        let parts: usize = large.map(|bytes| bytes.div_ceil(parts::PART_BYTES)).sum();
        prop_assert_eq!(kept, parts);
    }
}
