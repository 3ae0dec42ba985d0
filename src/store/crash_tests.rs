//! The store in a process that ends at every crash point: this test program runs itself again.

use std::process::Command;

use tempfile::TempDir;

use super::*;

const DIRECTORY: &str = "RINGDEX_STORE_CRASH_TEST";
const ROUNDS: u64 = 12;

/// The value of a key after a number of rounds; large and small in turn, sometimes none.
fn value(key: u8, round: u64) -> Option<Vec<u8>> {
    let fill = round.to_le_bytes()[0];
    // Every way of keeping a value follows every other that is kept differently.
    match (u64::from(key) + round) % 5 {
        0 => None,
        1 => Some(vec![fill; 3 * parts::PART_BYTES]),
        2 => Some(vec![fill; 17]),
        3 => Some(vec![fill; 20 << 10]),
        _ => Some(vec![fill; 2 * parts::PART_BYTES]),
    }
}

fn open(dir: &Path) -> (Store, OpenReport) {
    Store::open(dir, &Options { cache_bytes: 16 << 20, flush_every_ms: Some(1), sealer: None })
        .unwrap()
}

fn apply(store: &Store, round: u64) {
    let values: Vec<_> = (0..4_u8).map(|key| ([key], value(key, round))).collect();
    let changes = values.iter().map(|(key, value)| match value {
        Some(value) => Change::Put { key, value },
        None => Change::Delete { key },
    });
    store.apply(changes, ChangeSeq(round)).unwrap();
}

/// Run by [`every_crash_leaves_whole_values_and_replay_completes_them`] in a process of its own;
/// does nothing otherwise.
#[test]
fn child() {
    let Some(dir) = std::env::var_os(DIRECTORY) else { return };
    let (store, _) = open(Path::new(&dir));
    for round in 1..=ROUNDS {
        apply(&store, round);
        store.checkpoint().unwrap();
    }
}

#[test]
fn every_crash_leaves_whole_values_and_replay_completes_them() {
    let points = [
        ("store.apply.begin", [1, 7]),
        ("store.apply.between", [3, 30]),
        ("store.apply.noted", [1, 9]),
        ("store.apply.end", [1, 9]),
        ("store.parts.between", [2, 41]),
        ("store.parts.head", [1, 9]),
        ("store.parts.removed", [1, 4]),
        ("store.parts.replaced", [1, 4]),
        ("store.checkpoint.flushed", [1, 6]),
    ];
    for (point, count) in points.iter().flat_map(|(point, counts)| counts.map(|n| (point, n))) {
        let dir = TempDir::new().unwrap();
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::crash_tests::child", "--test-threads=1"])
            .env(fault::VARIABLE, format!("{point}:{count}"))
            .env(DIRECTORY, dir.path())
            .output()
            .unwrap();
        assert!(output.status.code().is_none(), "{point}:{count} was not reached: {output:?}");

        let (store, report) = open(dir.path());
        assert_eq!(report.set_aside, None);
        let applied = report.applied.0;
        // The group that was cut off may be there in part, each key as before it or after.
        for key in 0..4_u8 {
            let found = store.get(&[key]).unwrap().map(Value::into_vec);
            let before = if applied == 0 { None } else { value(key, applied) };
            assert!(
                found == before || found == value(key, applied + 1),
                "{point}:{count} left key {key} at neither {applied} nor the round after"
            );
        }
        for round in applied + 1..=ROUNDS {
            apply(&store, round);
        }
        for key in 0..4_u8 {
            let found = store.get(&[key]).unwrap().map(Value::into_vec);
            assert_eq!(found, value(key, ROUNDS), "{point}:{count} key {key}");
        }
        let parts = (0..4_u8)
            .filter_map(|key| value(key, ROUNDS))
            .filter(|value| value.len() > parts::PART_BYTES)
            .map(|value| value.len().div_ceil(parts::PART_BYTES));
        assert_eq!(
            store.files.load().tree.scan_prefix([RESERVED, 1]).count(),
            parts.sum::<usize>()
        );
    }
}
