//! Lists in Google Sheets that are shared publicly, fetched through their export as CSV.
//!
//! Only the host of the sheets and that of their contents are asked, whatever an address or a
//! redirect says, so that nobody makes this server ask others.

use std::collections::{HashMap, VecDeque};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use url::Url;

use super::error::Problem;
use crate::app::{App, Error, UploadLimit};
use crate::domain::access::Caller;
use crate::domain::ids::OrgNumber;
use crate::domain::time::Timestamp;
use crate::error::ErrorCode;

/// Where sheets are.
const BASE: &str = "https://docs.google.com";
/// What the names of the hosts end in that hand contents out.
const CONTENTS: &str = ".googleusercontent.com";
/// How long a fetch may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Redirects that are followed.
const MOST_REDIRECTS: usize = 5;
/// Fetches of a user in [`HOUR_MS`].
const MOST_FETCHES: usize = 10;
/// An hour, in milliseconds.
const HOUR_MS: i64 = 3_600_000;
/// Users that are remembered; the oldest are forgotten.
const MOST_USERS: usize = 10_000;

/// Whose fetches are counted.
type Who = (OrgNumber, Arc<str>);

/// Fetches sheets.
pub(super) struct SheetFetcher {
    base: String,
    agent: ureq::Agent,
    fetches: Mutex<HashMap<Who, VecDeque<Timestamp>>>,
}

impl SheetFetcher {
    /// Fetches from Google, or from another place that answers in the same way.
    pub(super) fn new(base: Option<&str>) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(PATIENCE))
            .build();
        let base = base.unwrap_or(BASE).to_owned();
        Self { base, agent: agent.into(), fetches: Mutex::default() }
    }

    /// Counts a fetch of a user.
    fn count(&self, caller: &Caller, now: Timestamp) -> Result<(), Problem> {
        let mut all = self.fetches.lock();
        if all.len() > MOST_USERS {
            all.retain(|_, times| times.back().is_some_and(|at| now.0 - at.0 < HOUR_MS));
        }
        let times = all.entry((caller.organization, Arc::clone(&caller.actor))).or_default();
        while times.front().is_some_and(|at| now.0 - at.0 >= HOUR_MS) {
            times.pop_front();
        }
        if times.len() >= MOST_FETCHES {
            let wait = times.front().map_or(HOUR_MS, |first| HOUR_MS - (now.0 - first.0));
            let detail = format!("at most {MOST_FETCHES} sheets an hour are fetched for a user");
            let seconds = u64::try_from(wait / 1_000 + 1).unwrap_or(1);
            return Err(Problem::new(ErrorCode::RateLimited, detail).retry_after(seconds));
        }
        times.push_back(now);
        Ok(())
    }

    /// Fetches a sheet into a file.
    pub(super) fn fetch(
        &self,
        app: &App,
        caller: &Caller,
        address: &str,
        path: &Path,
        most: UploadLimit,
    ) -> Result<(), Problem> {
        let mut url = self.export_of(address)?;
        self.count(caller, app.partition().now())?;
        for _ in 0..=MOST_REDIRECTS {
            let answer =
                self.agent.get(url.as_str()).call().map_err(|error| {
                    refused(format!("Google Sheets cannot be reached: {error}"))
                })?;
            let status = answer.status().as_u16();
            let header = |name: &str| {
                answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
            };
            if (300..400).contains(&status) {
                let place = header("location").unwrap_or_default();
                let next = url.join(&place).ok().filter(|next| self.is_allowed(next));
                url =
                    next.ok_or_else(|| not_shared(&format!("it leads to {}", host_of(&place))))?;
                continue;
            }
            let kind = header("content-type").unwrap_or_default().to_lowercase();
            if !(200..300).contains(&status) {
                return Err(not_shared(&format!("Google answers {status}")));
            }
            if kind.starts_with("text/html") {
                return Err(not_shared("Google answers with a page, not with a list"));
            }
            return keep(app, path, answer.into_body(), most);
        }
        Err(not_shared("it leads from one place to the next"))
    }

    /// The address of the export of a sheet that people share.
    fn export_of(&self, address: &str) -> Result<Url, Problem> {
        let wrong = |detail: &str| Problem::from(Error::invalid("/sheet_url", "value", detail));
        let shape = "must be the address of a Google Sheet, such as https://docs.google.com/spreadsheets/d/ID/edit";
        let given = Url::parse(address.trim()).map_err(|_malformed| wrong(shape))?;
        let mut url = Url::parse(&self.base)
            .map_err(|error| refused(format!("the base address of sheets is none: {error}")))?;
        if given.host_str() != url.host_str() || given.port() != url.port() {
            return Err(wrong(shape));
        }
        let parts: Vec<&str> = given.path_segments().into_iter().flatten().collect();
        let is_id = |id: &str| {
            !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        };
        let gid = given.query_pairs().find(|(name, _)| name == "gid").map(|(_, value)| value);
        let gid = gid.map(std::borrow::Cow::into_owned).or_else(|| {
            given.fragment().and_then(|text| text.strip_prefix("gid=")).map(str::to_owned)
        });
        let gid: String = gid.unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
        match parts.as_slice() {
            ["spreadsheets", "d", "e", id, ..] if is_id(id) => {
                url.set_path(&format!("/spreadsheets/d/e/{id}/pub"));
                url.query_pairs_mut().append_pair("output", "csv");
            }
            ["spreadsheets", "d", id, ..] if is_id(id) => {
                url.set_path(&format!("/spreadsheets/d/{id}/export"));
                url.query_pairs_mut().append_pair("format", "csv");
            }
            _ => return Err(wrong(shape)),
        }
        if !gid.is_empty() {
            url.query_pairs_mut().append_pair("gid", &gid);
        }
        Ok(url)
    }

    /// Whether an address is one of those that may be asked.
    fn is_allowed(&self, url: &Url) -> bool {
        let is_base = Url::parse(&self.base).is_ok_and(|base| {
            url.scheme() == base.scheme()
                && url.host_str() == base.host_str()
                && url.port() == base.port()
        });
        let is_contents = url.scheme() == "https"
            && url.port().is_none()
            && url.host_str().is_some_and(|host| host.ends_with(CONTENTS));
        is_base || is_contents
    }
}

fn host_of(place: &str) -> String {
    let host = Url::parse(place).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| "nowhere".to_owned()).chars().take(100).collect()
}

fn refused(detail: String) -> Problem {
    Problem::new(ErrorCode::FileUnreadable, detail)
}

fn not_shared(what: &str) -> Problem {
    let advice = "share it so that anyone with the link may view it";
    refused(format!("the sheet is not shared publicly: {what}; {advice}"))
}

fn keep(app: &App, path: &Path, body: ureq::Body, most: UploadLimit) -> Result<(), Problem> {
    let failed = |error: std::io::Error| {
        tracing::error!("a sheet cannot be kept: {error}");
        Problem::new(ErrorCode::Internal, "the sheet cannot be kept")
    };
    let mut file = app.create_staged_file(path).map_err(failed)?;
    let mut input = body.into_reader().take(most.bytes + 1);
    let mut piece = vec![0; 64 * 1024];
    let mut bytes = 0;
    loop {
        let read = input.read(&mut piece).map_err(|error| {
            refused(format!("the sheet could not be fetched as a whole: {error}"))
        })?;
        if read == 0 {
            break;
        }
        bytes += read as u64;
        if bytes > most.bytes {
            return Err(Problem::new(ErrorCode::PayloadTooLarge, most.refusal()));
        }
        file.write_all(&piece[..read]).map_err(failed)?;
    }
    file.finish().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_sheets_are_taken() {
        let fetcher = SheetFetcher::new(None);
        let export = |text: &str| fetcher.export_of(text).ok().map(String::from);
        for (given, expect) in [
            (
                "https://docs.google.com/spreadsheets/d/1a-B_c/edit?gid=7#gid=7",
                Some("https://docs.google.com/spreadsheets/d/1a-B_c/export?format=csv&gid=7"),
            ),
            (
                "https://docs.google.com/spreadsheets/d/1aB/edit#gid=12",
                Some("https://docs.google.com/spreadsheets/d/1aB/export?format=csv&gid=12"),
            ),
            (
                "https://docs.google.com/spreadsheets/d/e/2PACX-1/pubhtml",
                Some("https://docs.google.com/spreadsheets/d/e/2PACX-1/pub?output=csv"),
            ),
            ("https://docs.google.com.evil.example/spreadsheets/d/1aB/edit", None),
            ("https://docs.google.com:8443/spreadsheets/d/1aB/edit", None),
            ("https://evil.example/spreadsheets/d/1aB/edit", None),
            ("https://docs.google.com/document/d/1aB/edit", None),
            ("https://docs.google.com/spreadsheets/d/../../x/edit", None),
            ("file:///etc/passwd", None),
            ("", None),
        ] {
            assert_eq!(export(given), expect.map(str::to_owned), "{given}");
        }
        let allowed = |text: &str| fetcher.is_allowed(&Url::parse(text).unwrap());
        assert!(allowed("https://doc-0s-8k-sheets.googleusercontent.com/export/x"));
        assert!(!allowed("http://doc-0s.googleusercontent.com/"));
        assert!(!allowed("https://googleusercontent.com.evil.example/"));
        assert!(!allowed("https://accounts.google.com/"));
        assert!(!allowed("http://169.254.169.254/latest/meta-data"));
    }
}
