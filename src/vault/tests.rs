//! Sealing from outside: round trips, and that nothing opens which was touched.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use tempfile::TempDir;

use super::*;

const CHUNK: usize = 64 << 10;

fn sealer() -> Sealer {
    Sealer::new(&[7; 32])
}

fn seal_file(place: &[u8], pieces: &[&[u8]]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = SealingWriter::new(&mut file, sealer(), place).unwrap();
    for piece in pieces {
        writer.write_all(piece).unwrap();
        writer.flush().unwrap();
    }
    writer.finish().unwrap();
    writer.finish().unwrap();
    assert!(writer.write(b"more").is_err());
    file
}

fn open_file(place: &[u8], file: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    OpeningReader::new(file, sealer(), place)?.read_to_end(&mut plain)?;
    Ok(plain)
}

/// Bytes that are not all alike.
fn sample(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251).to_le_bytes()[0]).collect()
}

proptest! {
    #[test]
    fn pieces_come_back_and_only_at_their_place(
        place in vec(any::<u8>(), 0..40),
        other in vec(any::<u8>(), 0..40),
        plain in vec(any::<u8>(), 0..300),
    ) {
        let sealed = sealer().seal(&place, &plain).unwrap();
        prop_assert_eq!(sealed.len(), plain.len() + OVERHEAD_BYTES);
        prop_assert_eq!(sealer().open(&place, &sealed), Ok(plain));
        prop_assert!(place == other || sealer().open(&other, &sealed) == Err(Broken));
        prop_assert_eq!(Sealer::new(&[8; 32]).open(&place, &sealed), Err(Broken));
    }

    #[test]
    fn a_changed_piece_does_not_open(
        plain in vec(any::<u8>(), 0..200),
        at in any::<Index>(),
        change in 1..=255_u8,
    ) {
        let mut sealed = sealer().seal(b"here", &plain).unwrap();
        let at = at.index(sealed.len());
        sealed[at] ^= change;
        prop_assert_eq!(sealer().open(b"here", &sealed), Err(Broken));
        sealed[at] ^= change;
        prop_assert_eq!(sealer().open(b"here", &sealed[..at]), Err(Broken));
        sealed.push(change);
        prop_assert_eq!(sealer().open(b"here", &sealed), Err(Broken));
    }

    #[test]
    fn anything_opens_or_is_refused(bytes in vec(any::<u8>(), 0..200)) {
        prop_assert!(sealer().open(b"", &bytes).is_err());
        prop_assert!(open_file(b"", &bytes).is_err());
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_touched_file_does_not_open(
        length in prop_oneof![0..100_usize, CHUNK - 2..CHUNK + 2, 2 * CHUNK - 1..2 * CHUNK + 2],
        at in any::<Index>(),
        change in 1..=255_u8,
    ) {
        let plain = sample(length);
        let mut file = seal_file(b"f", &[&plain]);
        prop_assert_eq!(open_file(b"f", &file).unwrap(), plain);
        prop_assert!(open_file(b"g", &file).is_err());
        let at = at.index(file.len());
        file[at] ^= change;
        prop_assert!(open_file(b"f", &file).is_err());
        file[at] ^= change;
        prop_assert!(open_file(b"f", &file[..at]).is_err());
        file.push(change);
        prop_assert!(open_file(b"f", &file).is_err());
    }
}

#[test]
fn files_of_every_size_come_back_however_they_are_written() {
    for length in [0, 1, 100, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17] {
        let plain = sample(length);
        let whole = seal_file(b"f", &[&plain]);
        assert_eq!(plain_length(whole.len() as u64), Some(length as u64), "{length}");
        assert_eq!(open_file(b"f", &whole).unwrap(), plain, "{length}");
        let (first, second) = plain.split_at(length / 3);
        let pieces = seal_file(b"f", &[first, b"", second]);
        assert_eq!(pieces.len(), whole.len());
        assert_eq!(open_file(b"f", &pieces).unwrap(), plain, "{length}");
    }
    assert_eq!(plain_length(10), None);
    assert_eq!(plain_length(30), None);
}

#[test]
fn chunks_cannot_be_left_out_doubled_or_exchanged() {
    let file = seal_file(b"f", &[&sample(4 * CHUNK)]);
    let (header, chunks) = file.split_at(24);
    let chunks: Vec<&[u8]> = chunks.chunks(CHUNK + 16).collect();
    assert_eq!(chunks.len(), 4);
    for order in [&[0, 1, 2][..], &[0, 1, 3], &[1, 0, 2, 3], &[0, 0, 1, 2, 3], &[3], &[]] {
        let mut changed = header.to_vec();
        for chunk in order {
            changed.extend_from_slice(chunks[*chunk]);
        }
        assert!(open_file(b"f", &changed).is_err(), "{order:?}");
    }
    // The same bytes in another file have other nonces.
    let other = seal_file(b"f", &[&sample(4 * CHUNK)]);
    let mixed = [&file[..24 + CHUNK + 16], &other[24 + CHUNK + 16..]].concat();
    assert!(open_file(b"f", &mixed).is_err());
}

#[test]
fn a_file_that_was_not_finished_gives_what_is_whole_and_then_fails() {
    let mut file = Vec::new();
    let mut writer = SealingWriter::new(&mut file, sealer(), b"f").unwrap();
    writer.write_all(&sample(2 * CHUNK + 5)).unwrap();
    drop(writer);
    let mut reader = OpeningReader::new(&file[..], sealer(), b"f").unwrap();
    let mut plain = Vec::new();
    assert!(reader.read_to_end(&mut plain).is_err());
    assert_eq!(plain, sample(CHUNK));
}

#[test]
fn keys_are_read_in_both_forms() {
    let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
    let base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let key = |text: &str| MasterKey::from_text(text, "a test").map(|key| key.id());
    assert_eq!(key(hex).unwrap(), key(&format!(" {base64}\n")).unwrap());
    for bad in ["", "00", &hex[..62], &format!("{}zz", &hex[..62]), &base64[..40], "ä"] {
        assert!(matches!(key(bad), Err(Error::BadKey(_))), "{bad}");
    }
}

#[test]
fn a_key_file_is_made_once_and_for_its_owner_only() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("key");
    let made = MasterKey::generate().unwrap();
    made.save(&path).unwrap();
    assert_eq!(MasterKey::load(&path).unwrap().id(), made.id());
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(made.save(&path).is_err());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(MasterKey::load(&path), Err(Error::KeyExposed { mode: 0o644, .. })));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o440)).unwrap();
    assert!(MasterKey::load(&path).is_ok());
    assert!(matches!(MasterKey::load(&dir.path().join("none")), Err(Error::Io { .. })));
    assert!(!format!("{made:?}").contains(&std::fs::read_to_string(&path).unwrap()[..8]));
}

#[test]
fn a_vault_opens_with_its_key_only_and_rooms_have_keys_of_their_own() {
    let dir = TempDir::new().unwrap();
    let (key, other) = (MasterKey::generate().unwrap(), MasterKey::generate().unwrap());
    assert!(!exists(dir.path()));
    let vault = create(dir.path(), &key).unwrap();
    assert!(exists(dir.path()));
    let sealed = vault.sealer(KeyPurpose::Store).seal(b"k", b"v").unwrap();
    let open = |key: &MasterKey, room: KeyPurpose| {
        unlock(dir.path(), key).unwrap().sealer(room).open(b"k", &sealed)
    };
    assert_eq!(open(&key, KeyPurpose::Store).unwrap(), b"v");
    for room in [KeyPurpose::Journal, KeyPurpose::Index, KeyPurpose::Staged, KeyPurpose::Backup] {
        assert_eq!(open(&key, room), Err(Broken));
    }
    assert!(matches!(unlock(dir.path(), &other), Err(Error::WrongKey { .. })));
    assert!(matches!(rewrap(dir.path(), &other, &key), Err(Error::WrongKey { .. })));

    rewrap(dir.path(), &key, &other).unwrap();
    assert!(matches!(unlock(dir.path(), &key), Err(Error::WrongKey { .. })));
    assert_eq!(open(&other, KeyPurpose::Store).unwrap(), b"v");
}

#[test]
fn a_damaged_vault_is_told_from_a_wrong_key() {
    let dir = TempDir::new().unwrap();
    let key = MasterKey::generate().unwrap();
    create(dir.path(), &key).unwrap();
    let path = dir.path().join(FILE_NAME);
    let whole = std::fs::read_to_string(&path).unwrap();
    let put = |text: &str| {
        std::fs::File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
    };
    let wrapped = whole.split('"').find(|text| text.len() > 60).unwrap();
    let flipped = wrapped.replace(['0', '1'], "2");
    for damaged in [
        whole.replace("\"version\":1", "\"version\":9"),
        whole.replace(wrapped, &flipped),
        whole.replace(wrapped, "zz"),
        whole[..30].to_owned(),
        String::new(),
    ] {
        put(&damaged);
        assert!(matches!(unlock(dir.path(), &key), Err(Error::Damaged { .. })), "{damaged}");
    }
    put(&whole);
    assert!(unlock(dir.path(), &key).is_ok());
}
