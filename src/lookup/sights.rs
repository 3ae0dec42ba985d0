//! What decides who sees a contact, as a small number: few combinations of visibility, queue,
//! assignee and department exist, so a number of four bytes stands for one of them.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use parking_lot::Mutex;

use crate::domain::access::SightKey;

/// The combinations, in the order in which they were met; number 0 is "everybody, no department".
/// Read without locks; grows with the combinations met since the start.
pub(super) struct Sights {
    all: ArcSwap<Vec<Arc<SightKey>>>,
    numbers: Mutex<HashMap<Arc<SightKey>, u32>>,
}

impl Default for Sights {
    fn default() -> Self {
        let first = Arc::new(SightKey::default());
        Self {
            all: ArcSwap::from_pointee(vec![Arc::clone(&first)]),
            numbers: Mutex::new(HashMap::from([(first, 0)])),
        }
    }
}

impl Sights {
    /// The number of a combination, a new one if it has none.
    pub(super) fn number(&self, key: SightKey) -> u32 {
        let mut numbers = self.numbers.lock();
        if let Some(number) = numbers.get(&key) {
            return *number;
        }
        let key = Arc::new(key);
        let mut all = self.all.load().as_ref().clone();
        let number = u32::try_from(all.len()).unwrap_or(u32::MAX);
        all.push(Arc::clone(&key));
        self.all.store(Arc::new(all));
        numbers.insert(key, number);
        number
    }

    /// The combinations by number.
    pub(super) fn all(&self) -> Guard<Arc<Vec<Arc<SightKey>>>> {
        self.all.load()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_combinations_share_a_number() {
        let sights = Sights::default();
        let key = SightKey { principal: "support".to_owned(), ..SightKey::default() };
        assert_eq!(sights.number(SightKey::default()), 0);
        let number = sights.number(key.clone());
        assert_eq!(sights.number(key.clone()), number);
        assert_eq!(*sights.all()[number as usize], key);
        assert_eq!(sights.all().len(), 2);
    }
}
