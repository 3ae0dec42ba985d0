//! The files of a backup one after the other, as a tar archive (ustar) that every tool reads.

use std::io::{self, Read, Write};

use super::Sink;

const BLOCK: usize = 512;
/// The largest size that the octal digits of a header hold.
const MOST_BYTES: u64 = 0o77_777_777_777;
const PIECE: usize = 64 << 10;

/// Writes an archive.
pub(super) struct TarSink<'a> {
    out: &'a mut dyn Write,
    left: u64,
    padding: usize,
}

impl<'a> TarSink<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, left: 0, padding: 0 }
    }

    /// Writes the end of the archive.
    pub(super) fn finish(self) -> io::Result<()> {
        self.out.write_all(&[0; 2 * BLOCK])?;
        self.out.flush()
    }
}

impl Sink for TarSink<'_> {
    fn begin(&mut self, name: &str, bytes: u64) -> io::Result<()> {
        self.out.write_all(&header(name, bytes)?)?;
        self.left = bytes;
        self.padding =
            usize::try_from(bytes % BLOCK as u64).map_or(0, |rest| (BLOCK - rest) % BLOCK);
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.left = self
            .left
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| io::Error::other("a file has grown"))?;
        self.out.write_all(bytes)
    }

    fn end(&mut self) -> io::Result<()> {
        if self.left > 0 {
            return Err(io::Error::other("a file has shrunk"));
        }
        self.out.write_all(&[0; BLOCK][..self.padding])
    }
}

fn header(name: &str, bytes: u64) -> io::Result<[u8; BLOCK]> {
    if name.len() >= 100 || bytes > MOST_BYTES {
        return Err(io::Error::other("a file does not fit into the archive"));
    }
    let mut block = [0; BLOCK];
    let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, b"0000600\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{bytes:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(block)
}

/// Reads an archive to its end and hands its files on; `progress` is called with the bytes done.
pub(super) fn unpack(
    archive: &mut dyn Read,
    sink: &mut dyn Sink,
    progress: &mut dyn FnMut(u64),
) -> io::Result<()> {
    let mut block = [0; BLOCK];
    let mut buffer = vec![0; PIECE];
    let mut done = 0;
    loop {
        read_fully(archive, &mut block)?;
        if block == [0; BLOCK] {
            return Ok(());
        }
        let (name, bytes) =
            parse(&block).ok_or_else(|| io::Error::other("it is not an archive"))?;
        sink.begin(&name, bytes)?;
        let mut left = bytes;
        while left > 0 {
            let size = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            read_fully(archive, &mut buffer[..size])?;
            sink.write(&buffer[..size])?;
            left -= size as u64;
            done += size as u64;
            progress(done);
        }
        sink.end()?;
        let rest = usize::try_from(bytes % BLOCK as u64).map_or(0, |rest| (BLOCK - rest) % BLOCK);
        read_fully(archive, &mut block[..rest])?;
    }
}

fn read_fully(archive: &mut dyn Read, into: &mut [u8]) -> io::Result<()> {
    archive.read_exact(into).map_err(|error| {
        let is_cut = error.kind() == io::ErrorKind::UnexpectedEof;
        if is_cut { io::Error::other("it was cut short") } else { error }
    })
}

fn parse(block: &[u8; BLOCK]) -> Option<(String, u64)> {
    let text = |range: std::ops::Range<usize>| {
        let field = block[range].split(|byte| *byte == 0).next()?;
        std::str::from_utf8(field).ok().map(str::trim)
    };
    let told = u32::from_str_radix(text(148..156)?, 8).ok()?;
    let sum =
        |(at, byte): (usize, &u8)| u32::from(if (148..156).contains(&at) { b' ' } else { *byte });
    let is_file = matches!(block[156], b'0' | 0);
    (is_file && told == block.iter().enumerate().map(sum).sum::<u32>()).then_some(())?;
    Some((text(0..100)?.to_owned(), u64::from_str_radix(text(124..136)?, 8).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Kept(Vec<(String, Vec<u8>)>);

    impl Sink for Kept {
        fn begin(&mut self, name: &str, _: u64) -> io::Result<()> {
            self.0.push((name.to_owned(), Vec::new()));
            Ok(())
        }

        fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
            self.0.last_mut().unwrap().1.extend_from_slice(bytes);
            Ok(())
        }

        fn end(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_packed_is_unpacked_and_a_cut_archive_is_refused() {
        let files: Vec<(String, Vec<u8>)> = [0, 1, 511, 512, 513, 100_000]
            .iter()
            .map(|n| (format!("a/{n}"), vec![7; *n]))
            .collect();
        let mut archive = Vec::new();
        let mut sink = TarSink::new(&mut archive);
        for (name, bytes) in &files {
            super::super::put(&mut sink, name, bytes).unwrap();
        }
        sink.finish().unwrap();
        let mut kept = Kept::default();
        unpack(&mut &archive[..], &mut kept, &mut |_| {}).unwrap();
        assert_eq!(kept.0, files);
        for length in [0, 100, 512, 5_000, archive.len() - 1024] {
            let cut = unpack(&mut &archive[..length], &mut Kept::default(), &mut |_| {});
            assert!(cut.unwrap_err().to_string().contains("cut short"), "{length}");
        }
        archive[200] ^= 1;
        assert!(unpack(&mut &archive[..], &mut Kept::default(), &mut |_| {}).is_err());
    }
}
