//! How much memory there is, how much is used, and what of it each part may have.

use std::fs;
use std::path::Path;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
/// About what one decoded contact takes.
const CARD_BYTES: u64 = 2 * KIB;

/// The least that a server gets along with.
pub const LEAST_BYTES: u64 = 256 * MIB;

/// What each part may have of the memory of a server. What grows with the contacts themselves, some
/// hundred bytes for each, is not shared out: it is there or the server cannot work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Pages of the store, in bytes: an eighth.
    pub store_cache_bytes: u64,
    /// Documents that are not committed yet, in bytes: a thirty-second.
    pub index_writer_bytes: usize,
    /// Decoded contacts, by number: a sixteenth.
    pub cards: usize,
}

impl Shares {
    /// Of a budget in bytes. More than so much helps nothing: 384 MiB, 96 MiB and 60,000 contacts.
    pub fn of(budget: u64) -> Self {
        let index_writer = (budget / 32).clamp(32 * MIB, 96 * MIB);
        let cards = (budget / 16 / CARD_BYTES).clamp(2_000, 60_000);
        Self {
            store_cache_bytes: (budget / 8).clamp(32 * MIB, 384 * MIB),
            index_writer_bytes: usize::try_from(index_writer).unwrap_or(usize::MAX),
            cards: usize::try_from(cards).unwrap_or(usize::MAX),
        }
    }
}

/// Reads a size: `2G`, `1.5 GiB`, `768M`, or bytes. Units are powers of 1,024.
///
/// # Errors
/// What is wrong with it and what to write, if it is no size or less than [`LEAST_BYTES`].
pub fn parse(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = &text[..text.len() - unit.len()];
    let factor = match unit.trim().to_ascii_lowercase().trim_end_matches('b').trim_end_matches('i')
    {
        "" => 1,
        "k" => KIB,
        "m" => MIB,
        "g" => 1 << 30,
        "t" => 1_u64 << 40,
        _ => return Err("write it as 2G, 1.5G, 768M or in bytes".to_owned()),
    };
    let number: f64 =
        number.parse().map_err(|_unclear| "write it as 2G, 1.5G, 768M or in bytes".to_owned())?;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a budget of memory need not be right to the byte"
    )]
    let bytes = (number * factor as f64) as u64;
    if bytes < LEAST_BYTES {
        return Err(format!("{} MiB is the least", LEAST_BYTES / MIB));
    }
    Ok(bytes)
}

/// What a server takes if nothing is said: three quarters of what the machine, or the control group
/// that the process runs in, has. `None` where nobody tells.
pub fn usual_budget() -> Option<u64> {
    Some((of_machine()? / 4 * 3).max(LEAST_BYTES))
}

/// The memory that the process may use at most, in bytes.
pub fn of_machine() -> Option<u64> {
    let machine = kib_of("/proc/meminfo", "MemTotal:")?;
    Some(group_limit().map_or(machine, |limit| limit.min(machine)))
}

/// The memory that the process holds now, in bytes. Pages of files are not counted, which the machine
/// takes back when it needs them.
pub fn resident() -> Option<u64> {
    ["RssAnon:", "VmRSS:"].iter().find_map(|name| kib_of("/proc/self/status", name))
}

/// A line of `NAME: 123 kB`, in bytes.
fn kib_of(path: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib * KIB)
}

/// The narrowest limit of the control groups of the process; none if there is no limit.
fn group_limit() -> Option<u64> {
    limit_by(&fs::read_to_string("/proc/self/cgroup").ok()?, Path::new("/sys/fs/cgroup"))
}

/// As [`group_limit`], of a list of groups as `/proc/self/cgroup` has it, where groups are mounted.
fn limit_by(groups: &str, mounted: &Path) -> Option<u64> {
    let limits = groups.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        let (root, file) = match controllers {
            "" => (mounted.to_owned(), "memory.max"),
            "memory" => (mounted.join("memory"), "memory.limit_in_bytes"),
            _ => return None,
        };
        let group = root.join(path.trim_start_matches('/'));
        // In a container the path may be that outside of it; its root is mounted then.
        let read = |dir: &Path| fs::read_to_string(dir.join(file)).ok()?.trim().parse::<u64>().ok();
        group.ancestors().take_while(|dir| dir.starts_with(&root)).filter_map(read).min()
    });
    limits.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("2G", 2 << 30),
            ("2GiB", 2 << 30),
            ("2 gb", 2 << 30),
            ("1.5G", 3 << 29),
            ("768M", 768 << 20),
            ("1073741824", 1 << 30),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for text in ["", "G", "much", "2 pints", "-2G", "100M", "1e3"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn little_memory_is_shared_out_and_much_is_not_wasted() {
        let little = Shares::of(512 * MIB);
        assert_eq!(little.store_cache_bytes, 64 * MIB);
        assert_eq!(little.cards, 16_384);
        let much = Shares::of(64 << 30);
        assert_eq!(
            (much.store_cache_bytes, much.index_writer_bytes, much.cards),
            (384 * MIB, 96 << 20, 60_000)
        );
    }

    #[test]
    fn the_narrowest_group_counts() {
        let folder = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::io::Write::write_all(&mut fs::File::create(path).unwrap(), text.as_bytes())
                .unwrap();
        };
        put("outer/memory.max", "4000000000\n");
        put("outer/inner/memory.max", "max\n");
        assert_eq!(limit_by("0::/outer/inner\n", folder.path()), Some(4_000_000_000));
        put("outer/inner/memory.max", "1000000000\n");
        assert_eq!(limit_by("0::/outer/inner\n", folder.path()), Some(1_000_000_000));
        put("memory/old/memory.limit_in_bytes", "500000000\n");
        assert_eq!(limit_by("5:cpu:/x\n4:memory:/old\n", folder.path()), Some(500_000_000));
        assert_eq!(limit_by("0::/elsewhere\n", folder.path()), None);
    }

    #[test]
    fn this_process_uses_memory_and_the_machine_has_more() {
        let (used, has) = (resident().unwrap(), of_machine().unwrap());
        assert!(0 < used && used < has, "{used} of {has}");
    }
}
