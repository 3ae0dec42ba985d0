//! The codec: round trips, and damaged bytes that must neither panic nor pass.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const SEED: Seed = Seed(0x1234_5678);

fn any_op() -> impl Strategy<Value = Op> {
    let bytes = || vec(any::<u8>(), 0..200);
    prop_oneof![
        (bytes(), bytes(), any::<bool>()).prop_map(|(key, value, fresh)| Op::Put {
            key,
            value,
            fresh
        }),
        bytes().prop_map(|key| Op::Delete { key }),
    ]
}

prop_compose! {
    fn any_entry()(
        at in any::<i64>(), org in any::<u32>(), actor in ".{0,20}", tx in any::<u128>(),
        ops in vec(any_op(), 0..8),
    ) -> NewEntry {
        NewEntry { at: Timestamp(at), organization: OrgNumber(org), actor, tx, ops }
    }
}

fn encoded(entry: &NewEntry, seq: u64, place: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(&mut bytes, entry, ChangeSeq(seq), place, &[3; 32], SEED, None).unwrap();
    bytes
}

fn simple() -> NewEntry {
    NewEntry {
        at: Timestamp(1),
        organization: OrgNumber(2),
        actor: "someone".to_owned(),
        tx: 3,
        ops: vec![
            Op::Put { key: vec![1; 9], value: vec![2; 300], fresh: true },
            Op::Delete { key: vec![4] },
        ],
    }
}

proptest! {
    #[test]
    fn a_frame_comes_back_as_it_was(
        entry in any_entry(), seq in 1_u64.., place in any::<u64>(), before in vec(any::<u8>(), 0..9),
    ) {
        let mut bytes = before.clone();
        let chain =
            encode(&mut bytes, &entry, ChangeSeq(seq), place, &[3; 32], SEED, None).unwrap();
        let frame = &bytes[before.len()..];
        let Parsed::Frame(head) = parse(frame, SEED) else { panic!("no frame") };
        prop_assert_eq!((head.seq.0, head.place, head.at), (seq, place, entry.at));
        prop_assert_eq!((head.chain, head.len), (chain, frame.len()));
        let body = &frame[FRAME_HEADER_BYTES..];
        prop_assert_eq!(chain, chain_after(&[3; 32], body));
        let read = decode(body, chain).unwrap();
        prop_assert_eq!((read.seq.0, read.after.0, read.chain), (seq, seq - 1, chain));
        let NewEntry { at, organization, actor, tx, ops } = entry;
        prop_assert_eq!(
            (read.at, read.organization, read.actor, read.tx, read.ops),
            (at, organization, actor, tx, ops)
        );
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(bytes in vec(any::<u8>(), 0..400)) {
        // Four random bytes pass for a checksum once in four billion times.
        prop_assert!(!matches!(parse(&bytes, SEED), Parsed::Frame(_)));
        if let Ok(entry) = decode(&bytes, [0; 32]) {
            prop_assert!(entry.ops.len() <= bytes.len());
        }
    }

    #[test]
    fn a_body_with_changed_bytes_decodes_or_not_but_never_panics(
        entry in any_entry(), changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut body = encoded(&entry, 5, 0).split_off(FRAME_HEADER_BYTES);
        for (index, byte) in changes {
            let at = index.index(body.len());
            body[at] = byte;
        }
        if let Ok(read) = decode(&body, [0; 32]) {
            prop_assert!(read.ops.len() <= body.len());
        }
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let bytes = encoded(&simple(), 9, 1);
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(!matches!(parse(&damaged, SEED), Parsed::Frame(_)), "bit {bit}");
    }
}

#[test]
fn a_frame_cut_short_asks_for_the_rest() {
    let bytes = encoded(&simple(), 9, 1);
    for length in 1..bytes.len() {
        let Parsed::Needs(wanted) = parse(&bytes[..length], SEED) else { panic!("at {length}") };
        assert!(wanted > length && wanted <= bytes.len(), "{wanted} at {length}");
    }
}

#[test]
fn a_frame_of_another_journal_is_not_taken() {
    let bytes = encoded(&simple(), 9, 1);
    assert!(matches!(parse(&bytes, Seed(1)), Parsed::Bad(Damage::Checksum)));
}

#[test]
fn an_absurd_length_asks_for_no_memory() {
    let mut bytes = encoded(&simple(), 9, 1);
    bytes[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(matches!(parse(&bytes, SEED), Parsed::Bad(Damage::Short)));
}

#[test]
fn an_absurd_number_of_changes_asks_for_no_memory() {
    let mut body = vec![PLAIN_VERSION, 1, 0, 0, 0, 0];
    body.extend_from_slice(&[0; 16]);
    put_varint(&mut body, u64::MAX >> 1);
    body.push(DELETE);
    assert_eq!(decode(&body, [0; 32]), Err(Damage::Body));
}

#[test]
fn an_entry_that_is_too_large_leaves_the_buffer_as_it_was() {
    let mut entry = simple();
    entry.ops.push(Op::Put { key: vec![1], value: vec![0; MAX_BODY_BYTES], fresh: false });
    let mut bytes = vec![1, 2, 3];
    let size = encode(&mut bytes, &entry, ChangeSeq(1), 0, &[0; 32], SEED, None).unwrap_err();
    assert!(size > MAX_BODY_BYTES);
    assert_eq!(bytes, [1, 2, 3]);
}

#[test]
fn the_format_of_version_1_stays_readable() {
    // Written down once: entries of this form are on disks and must decode for ever.
    let body = [
        &[1, 9, 1, 0xd0, 0x0f, 7, 1, b'x'][..],
        &[5; 16],
        &[3, 2, 1, b'k', 2, b'v', b'w', 1, 1, b'k', 0, 0, 1, b'd'],
    ]
    .concat();
    let entry = decode(&body, [8; 32]).unwrap();
    let expected = Entry {
        seq: ChangeSeq(9),
        after: ChangeSeq(8),
        chain: [8; 32],
        at: Timestamp(1000),
        organization: OrgNumber(7),
        actor: "x".to_owned(),
        tx: u128::from_le_bytes([5; 16]),
        ops: vec![
            Op::Put { key: b"k".to_vec(), value: b"vw".to_vec(), fresh: true },
            Op::Put { key: b"k".to_vec(), value: Vec::new(), fresh: false },
            Op::Delete { key: b"d".to_vec() },
        ],
    };
    assert_eq!(entry, expected);
}
