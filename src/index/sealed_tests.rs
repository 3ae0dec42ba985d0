//! Sealed index files: served from memory while they are read, and only under their own names.

use tempfile::TempDir;

use super::*;
use crate::vault::{self, KeyPurpose, MasterKey};

fn sealer() -> Sealer {
    let dir = TempDir::new().unwrap();
    let vault = vault::create(dir.path(), &MasterKey::generate().unwrap()).unwrap();
    vault.sealer(KeyPurpose::Index)
}

fn directory(root: &TempDir, name: &str, sealer: &Sealer) -> SealedDirectory {
    let path = root.path().join(name);
    std::fs::create_dir_all(&path).unwrap();
    SealedDirectory::open(&path, sealer.clone(), Arc::default()).unwrap()
}

fn write(directory: &SealedDirectory, name: &str, bytes: &[u8]) {
    let mut file = directory.open_write(Path::new(name)).unwrap();
    file.write_all(bytes).unwrap();
    file.terminate().unwrap();
}

fn read(directory: &SealedDirectory, name: &str) -> Result<Vec<u8>, OpenReadError> {
    let handle = directory.get_file_handle(Path::new(name))?;
    Ok(handle.read_bytes(0..handle.len()).unwrap().to_vec())
}

#[test]
fn files_come_back_and_are_held_only_while_they_are_read() {
    let root = TempDir::new().unwrap();
    let sealer = sealer();
    let directory = directory(&root, "gen-1", &sealer);
    for (name, length) in [("empty", 0), ("small", 100), ("large", 200_000)] {
        let bytes = b"Marginalia".iter().copied().cycle().take(length).collect::<Vec<u8>>();
        write(&directory, name, &bytes);
        assert_eq!(read(&directory, name).unwrap(), bytes);
        let on_disk = std::fs::read(root.path().join("gen-1").join(name)).unwrap();
        assert!(!on_disk.windows(10).any(|window| window == b"Marginalia"));
        assert!(directory.files.is_whole(Path::new(name)).unwrap());
    }
    let held = |directory: &SealedDirectory| {
        directory.opened.lock().values().filter(|bytes| bytes.strong_count() > 0).count()
    };
    assert_eq!(held(&directory), 0);
    let handle = directory.get_file_handle(Path::new("large")).unwrap();
    let slice = handle.read_bytes(5..15).unwrap();
    drop(handle);
    assert_eq!(held(&directory), 1, "what was read keeps the file");
    directory.delete(Path::new("large")).unwrap();
    assert_eq!(slice.as_slice().len(), 10);
    assert!(matches!(read(&directory, "large"), Err(OpenReadError::FileDoesNotExist(_))));
}

#[test]
fn a_file_opens_only_whole_under_its_name_in_its_generation() {
    let root = TempDir::new().unwrap();
    let sealer = sealer();
    let (one, two) = (directory(&root, "gen-1", &sealer), directory(&root, "gen-2", &sealer));
    write(&one, "a", &[1; 1_000]);
    one.atomic_write(Path::new("meta.json"), b"{}").unwrap();
    let at = |generation: &str, name: &str| root.path().join(generation).join(name);
    std::fs::copy(at("gen-1", "a"), at("gen-1", "b")).unwrap();
    std::fs::copy(at("gen-1", "a"), at("gen-2", "a")).unwrap();
    std::fs::copy(at("gen-1", "meta.json"), at("gen-2", "meta.json")).unwrap();
    assert!(read(&one, "a").is_ok() && read(&one, "b").is_err() && read(&two, "a").is_err());
    assert_eq!(one.atomic_read(Path::new("meta.json")).unwrap(), b"{}");
    assert!(two.atomic_read(Path::new("meta.json")).is_err());

    let _in_memory = one.get_file_handle(Path::new("a")).unwrap();
    let file = OpenOptions::new().write(true).open(at("gen-1", "a")).unwrap();
    file.set_len(500).unwrap();
    assert!(read(&one, "a").is_ok(), "it is in memory");
    assert!(!one.files.is_whole(Path::new("a")).unwrap(), "but not on the disk");
}
