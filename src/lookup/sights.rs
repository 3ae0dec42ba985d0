//! What decides who sees a contact, as a small number: few combinations of visibility, queue,
//! assignee and department exist, so a number of four bytes stands for one of them.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use arc_swap::{ArcSwap, Guard};
use parking_lot::Mutex;

use crate::domain::access::SightKey;

/// Combinations of one chunk: a new one copies the list of chunks, not of combinations.
const CHUNK: usize = 1_024;

type Chunk = Arc<[OnceLock<Arc<SightKey>>]>;

/// The combinations, in the order in which they were met; number 0 is "everybody, no department".
/// Read without locks; grows with the combinations met since the start.
pub(super) struct Sights {
    chunks: ArcSwap<Vec<Chunk>>,
    numbers: Mutex<HashMap<Arc<SightKey>, u32>>,
}

/// The combinations at one moment.
pub(super) struct Keys(Guard<Arc<Vec<Chunk>>>);

impl Keys {
    /// The combination with a number.
    pub(super) fn get(&self, number: usize) -> Option<&Arc<SightKey>> {
        self.0.get(number / CHUNK)?.get(number % CHUNK)?.get()
    }
}

impl Default for Sights {
    fn default() -> Self {
        let sights = Self { chunks: ArcSwap::from_pointee(Vec::new()), numbers: Mutex::default() };
        sights.number(SightKey::default());
        sights
    }
}

impl Sights {
    /// The number of a combination, a new one if it has none.
    pub(super) fn number(&self, key: SightKey) -> u32 {
        let mut numbers = self.numbers.lock();
        if let Some(number) = numbers.get(&key) {
            return *number;
        }
        let (key, at) = (Arc::new(key), numbers.len());
        let mut chunks = self.chunks.load_full();
        if chunks.len() <= at / CHUNK {
            let mut grown = chunks.as_ref().clone();
            grown.push((0..CHUNK).map(|_| OnceLock::new()).collect());
            chunks = Arc::new(grown);
            self.chunks.store(Arc::clone(&chunks));
        }
        if let Some(slot) = chunks.get(at / CHUNK).and_then(|chunk| chunk.get(at % CHUNK)) {
            // Numbers are given under the lock, so nobody has set it.
            let _ = slot.set(Arc::clone(&key));
        }
        let number = u32::try_from(at).unwrap_or(u32::MAX);
        numbers.insert(key, number);
        number
    }

    /// The combinations by number.
    pub(super) fn keys(&self) -> Keys {
        Keys(self.chunks.load())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_combinations_share_a_number() {
        let sights = Sights::default();
        let key = |at: usize| SightKey { principal: format!("queue {at}"), ..SightKey::default() };
        assert_eq!(sights.number(SightKey::default()), 0);
        let numbers: Vec<u32> = (0..3 * CHUNK).map(|at| sights.number(key(at))).collect();
        let keys = sights.keys();
        for (at, number) in numbers.iter().enumerate() {
            assert_eq!(sights.number(key(at)), *number);
            assert_eq!(keys.get(*number as usize).map(AsRef::as_ref), Some(&key(at)));
        }
        assert!(keys.get(4 * CHUNK).is_none());
    }
}
