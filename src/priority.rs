//! Which work goes first when the processors do not suffice for all of it: calls before searches,
//! both before what nobody waits for.
//!
//! Threads of calls and single writes keep the priority of the process; others step back. Linux
//! weighs a niceness of 5 with a third and one of 10 with a tenth, so nothing ever stands still.
//! Elsewhere than on Linux niceness is of the whole process, and nothing is done.

/// How far a thread steps back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// Behind calls.
    Search,
    /// Behind calls and searches: jobs, merges of the index, the upkeep of duplicates.
    Background,
}

#[cfg(target_os = "linux")]
impl Rank {
    const fn niceness(self) -> i32 {
        match self {
            Self::Search => 5,
            Self::Background => 10,
        }
    }
}

/// Lets the current thread step back; the threads that it starts do so as well.
///
/// There is no way back: an ordinary process may not take a higher priority again.
pub fn step_back(rank: Rank) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, rank.niceness()) {
        tracing::debug!("a thread keeps its priority: {error}");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = rank;
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    fn niceness() -> i32 {
        rustix::process::getpriority_process(None).unwrap()
    }

    #[test]
    fn a_thread_steps_back_and_others_do_not() {
        let before = niceness();
        let stepped = std::thread::spawn(|| {
            step_back(Rank::Background);
            niceness()
        });
        assert_eq!(stepped.join().unwrap(), 10);
        assert_eq!(niceness(), before);
    }
}
