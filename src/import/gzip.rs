//! Lists that are packed with gzip, unpacked while they are read. What says little and becomes very
//! much is given up.

use std::io::{self, Chain, Cursor, Read};

use flate2::read::MultiGzDecoder;

/// The longest list that is unpacked, in bytes.
const MAX_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// A file whose first bytes were looked at.
pub(super) type LookedAt<R> = Chain<Cursor<Vec<u8>>, R>;

/// A file as it was before it was packed.
pub(super) enum Plain<R: Read> {
    /// It is not packed.
    AsItIs(LookedAt<R>),
    Packed(Box<Unpacking<LookedAt<R>>>),
}

/// The bytes of a packed file.
pub(super) struct Unpacking<R> {
    decoder: MultiGzDecoder<R>,
    left: u64,
}

/// Whether bytes begin like a file that is packed with gzip.
pub(crate) fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(&[0x1f, 0x8b])
}

/// Looks at the beginning of a file.
pub(super) fn plain<R: Read>(mut input: R) -> io::Result<Plain<R>> {
    let mut head = Vec::new();
    input.by_ref().take(2).read_to_end(&mut head)?;
    let is_packed = is_gzip(&head);
    let input = Cursor::new(head).chain(input);
    Ok(if is_packed {
        Plain::Packed(Box::new(Unpacking::new(input, MAX_BYTES)))
    } else {
        Plain::AsItIs(input)
    })
}

impl<R: Read> Read for Plain<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::AsItIs(input) => input.read(out),
            Self::Packed(input) => input.read(out),
        }
    }
}

impl<R: Read> Unpacking<R> {
    fn new(input: R, most: u64) -> Self {
        Self { decoder: MultiGzDecoder::new(input), left: most }
    }
}

impl<R: Read> Read for Unpacking<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.decoder.read(out)?;
        let Some(left) = self.left.checked_sub(read as u64) else {
            let reason = "the packed list would be longer than can be read: send it in parts";
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        };
        self.left = left;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        plain(bytes)?.read_to_end(&mut all)?;
        Ok(all)
    }

    #[test]
    fn packed_files_are_unpacked_and_others_stay_as_they_are() {
        for text in [&b"name\nAda\n"[..], b"", b"a"] {
            assert_eq!(read(text).unwrap(), text);
            assert_eq!(read(&packed(text)).unwrap(), text);
        }
        // One behind the other, as log rotation writes them.
        let two = [packed(b"name\n"), packed(b"Ada\n")].concat();
        assert_eq!(read(&two).unwrap(), b"name\nAda\n");
        let whole = packed(&b"name\nAda\n".repeat(1_000));
        read(&whole[..whole.len() / 2]).unwrap_err();
    }

    #[test]
    fn what_swells_is_given_up() {
        let bomb = packed(&vec![b'0'; 1 << 20]);
        assert!(bomb.len() < 4_096);
        let mut unpacking = Unpacking::new(bomb.as_slice(), 1 << 16);
        let mut all = Vec::new();
        let error = unpacking.read_to_end(&mut all).unwrap_err();
        assert!(all.len() <= 1 << 16);
        assert!(error.to_string().contains("longer than"), "{error}");
    }
}
