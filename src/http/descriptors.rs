//! How many files the process may have open, and how many of them may be connections.
//!
//! Strangers need no token to open connections. What the engine needs for itself, for the journal,
//! the store, and the index with its merges, is kept out of their reach.

use super::server::ServeError;

/// With fewer the engine has too little to work with.
const LEAST: u64 = 128;
/// What is kept for the engine is a quarter of all, within these bounds. Under full load, with
/// imports, merges and a new index being built, it has been seen to take 45.
const RESERVE: std::ops::RangeInclusive<u64> = 64..=512;
/// More connections than this would need more memory than descriptors.
const MOST_CONNECTIONS: u64 = 16_384;

/// Raises the limit of the process as far as it may; how many files may be open then.
///
/// # Errors
/// If that is not enough to work with.
pub fn raise_descriptors() -> Result<u64, ServeError> {
    let limit = match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => limit,
        // Where it cannot be raised the old one holds.
        Err(error) => {
            tracing::warn!("the limit of open files cannot be raised: {error}");
            rlimit::Resource::NOFILE.get_soft().unwrap_or(LEAST)
        }
    };
    if limit < LEAST {
        return Err(ServeError::Unsafe(format!(
            "only {limit} files may be open at once, and {LEAST} are needed at least: raise the \
             limit with `ulimit -n`, or with LimitNOFILE= in the unit of systemd"
        )));
    }
    Ok(limit)
}

/// How many connections fit below a limit of open files.
pub(super) fn connections_below(limit: u64) -> usize {
    let reserve = (limit / 4).clamp(*RESERVE.start(), *RESERVE.end());
    let connections = limit.saturating_sub(reserve).min(MOST_CONNECTIONS);
    usize::try_from(connections).unwrap_or(usize::MAX)
}

/// The limit of open files as it stands.
pub(super) fn limit() -> u64 {
    rlimit::Resource::NOFILE.get_soft().unwrap_or(LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_the_engine_its_part() {
        for (limit, connections) in
            [(128, 64), (256, 192), (1_024, 768), (4_096, 3_584), (1 << 20, 16_384)]
        {
            assert_eq!(connections_below(limit), connections, "of {limit}");
        }
    }
}
