//! How long a request may take until its answer begins.
//!
//! What reads everything is told when its time is over (`answer::scan`). Other work goes on where it
//! cannot be stopped: a write that has reached the writer is done, and a search keeps its place until
//! it ends. Uploads, exports and live connections have no budget;
//! what watches over them is whether their bytes move.

use std::time::Duration;

/// The budgets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budgets {
    /// Of what is said nothing else about.
    pub(super) request: Duration,
    /// Of searches.
    pub(super) search: Duration,
}

impl Budgets {
    /// The budget of a route; none if it has none.
    pub(super) fn of(&self, method: &str, route: &str) -> Option<Duration> {
        match (method, route) {
            ("GET" | "HEAD", "/api/v1/contacts" | "/api/contacts")
            | (_, "/api/v1/contacts/search" | "/functions/v1/search-contacts") => Some(self.search),
            (_, "/api/v1/contacts/export" | "/api/v1/exports/{id}/file" | "/api/v1/events")
            | (
                "POST",
                "/api/v1/imports"
                | "/api/v1/imports/preview"
                | "/functions/v1/import-contacts"
                | "/api/contacts/import/google-sheets"
                | "/api/crm-contacts/{tenant}/import"
                | "/api/crm-contacts/{tenant}/import-preview",
            ) => None,
            // Large bodies, and many records.
            (_, "/api/v1/contacts/bulk" | "/api/contacts/bulk") => {
                Some(self.request.saturating_mul(10))
            }
            (_, route) if route.starts_with("/api/v1/admin/") => None,
            _ => Some(self.request),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_by_route() {
        let budgets = Budgets { request: Duration::from_secs(60), search: Duration::from_secs(15) };
        let of = |method, route| budgets.of(method, route).map(|b| b.as_secs());
        assert_eq!(of("GET", "/api/v1/contacts"), Some(15));
        assert_eq!(of("POST", "/api/v1/contacts"), Some(60));
        assert_eq!(of("POST", "/api/v1/contacts/bulk"), Some(600));
        assert_eq!(of("POST", "/api/v1/imports"), None);
        assert_eq!(of("GET", "/api/v1/imports"), Some(60));
        assert_eq!(of("GET", "/api/v1/lookup"), Some(60));
        assert_eq!(of("POST", "/api/v1/admin/reindex"), None);
    }
}
