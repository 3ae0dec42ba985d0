//! Tells long work that nobody waits for it any more.

use std::sync::Arc;

/// Whether somebody still waits for the work; clones tell the same.
#[derive(Clone)]
pub struct Cancel(Arc<dyn Fn() -> bool + Send + Sync>);

impl std::fmt::Debug for Cancel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Cancel").field(&self.is_cancelled()).finish()
    }
}

impl Cancel {
    /// Of work that is always wanted: what the server or a command does by itself.
    pub fn never() -> Self {
        Self::when(|| false)
    }

    /// Cancelled as soon as a function says so. It is asked often, so it must be quick.
    pub fn when(is_cancelled: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(is_cancelled))
    }

    /// Whether nobody waits any more.
    pub fn is_cancelled(&self) -> bool {
        (self.0)()
    }
}
