//! The web interface as embedded files.
//!
//! Owns the static files below `src/ui/static`, their content types, the hash that makes
//! their addresses immutable and the security policy of each page. `http` serves what is
//! answered here; this module knows no web framework and talks to nothing of ours. The
//! files themselves call only the public JSON API.
//!
//! The build script makes few scripts of many modules, shortens them and the styles, and compresses
//! them, once and well. In a debug build the files are read from where it put them, so an edit shows
//! after a build and a reload; in a release build they are part of the binary.

use std::borrow::Cow;
use std::sync::LazyLock;

use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/ui"]
struct Files;

/// Everything from this server and nothing else: no inline script or style, no frame.
const PAGE_POLICY: &str = "default-src 'self'; object-src 'none'; base-uri 'none'; \
                           form-action 'self'; frame-ancestors 'none'";

/// The reference viewer writes its own style elements and draws images from data.
const DOCS_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; \
                           img-src 'self' data: blob:; font-src 'self' data:; \
                           object-src 'none'; base-uri 'none'; form-action 'none'; \
                           frame-ancestors 'none'";

/// A file as it goes over the wire.
#[derive(Clone, Debug)]
pub struct Asset {
    /// The body, already compressed if `content_encoding` says so.
    pub bytes: Cow<'static, [u8]>,
    /// Value of the `Content-Type` header.
    pub content_type: &'static str,
    /// Value of the `Content-Encoding` header, for files that are stored compressed.
    pub content_encoding: Option<&'static str>,
    /// Value of the `ETag` header, with its quotes.
    pub etag: String,
    /// Value of the `Cache-Control` header for an address that contains [`build_hash`].
    pub cache_control: &'static str,
}

/// A page: revalidated at each visit, and sent with its own security policy.
#[derive(Clone, Debug)]
pub struct Page {
    /// The document, as UTF-8.
    pub body: String,
    /// Value of the `Content-Type` header.
    pub content_type: &'static str,
    /// Value of the `Content-Security-Policy` header.
    pub content_security_policy: &'static str,
    /// Value of the `ETag` header, with its quotes.
    pub etag: String,
    /// Value of the `Cache-Control` header.
    pub cache_control: &'static str,
}

/// Answers the page of every view: `/`, `/pop`, `/duplicates`, `/contacts`, `/contacts/{id}`.
///
/// # Errors
/// Fails when the binary was built without its files.
pub fn index_html() -> Result<Page, Error> {
    page("index.html", PAGE_POLICY)
}

/// Answers the page of `/docs`, which shows `/openapi.json`.
///
/// # Errors
/// Fails when the binary was built without its files.
pub fn docs_html() -> Result<Page, Error> {
    page("docs.html", DOCS_POLICY)
}

/// Finds the file behind `/ui/{hash}/{path}`; `None` for anything that is not a served file.
#[must_use]
pub fn asset(path: &str) -> Option<Asset> {
    let content_type = content_type(path)?;
    // A name on disk may say more than its address: scripts and styles are stored compressed.
    let (file, content_encoding) = match Files::get(path) {
        Some(file) => (file, None),
        None => (Files::get(&format!("{path}.gz"))?, Some("gzip")),
    };
    let bytes = file.data;
    Some(Asset { etag: etag(&bytes), bytes, content_type, content_encoding, cache_control: CACHE })
}

/// The hash over all files, the `{hash}` of `/ui/{hash}/{path}`.
#[must_use]
pub fn build_hash() -> &'static str {
    static HASH: LazyLock<String> = LazyLock::new(|| {
        let mut names: Vec<_> = Files::iter().collect();
        names.sort();
        let mut hasher = blake3::Hasher::new();
        for name in names {
            let bytes = Files::get(&name).map(|file| file.data).unwrap_or_default();
            hasher.update(name.as_bytes());
            hasher.update(&[0]);
            hasher.update(&(bytes.len() as u64).to_be_bytes());
            hasher.update(&bytes);
        }
        hasher.finalize().to_hex()[..16].to_owned()
    });
    &HASH
}

/// Why a page cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is neither embedded nor on disk.
    #[error("the interface file {name} is missing from this build")]
    Missing {
        /// Its path below the static folder.
        name: &'static str,
    },
    /// The file is not text.
    #[error("the interface file {name} is not UTF-8")]
    NotText {
        /// Its path below the static folder.
        name: &'static str,
    },
}

/// With files read from disk the same address can change its content.
const CACHE: &str =
    if cfg!(debug_assertions) { "no-cache" } else { "public, max-age=31536000, immutable" };

fn page(name: &'static str, content_security_policy: &'static str) -> Result<Page, Error> {
    let EmbeddedFile { data, .. } = Files::get(name).ok_or(Error::Missing { name })?;
    let text = std::str::from_utf8(&data).map_err(|_not_utf8| Error::NotText { name })?;
    let body = text.replace("{{hash}}", build_hash());
    Ok(Page {
        etag: etag(body.as_bytes()),
        body,
        content_type: "text/html; charset=utf-8",
        content_security_policy,
        cache_control: "no-cache",
    })
}

/// Only these kinds are served; licences and version lists are not.
fn content_type(path: &str) -> Option<&'static str> {
    let (_, extension) = path.rsplit_once('.')?;
    match extension {
        "js" => Some("text/javascript; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

fn etag(bytes: &[u8]) -> String {
    format!("\"{}\"", &blake3::hash(bytes).to_hex()[..16])
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::path::{Path, PathBuf};

    use super::*;

    /// Every address in a page or module that must be a file of ours.
    fn references(text: &str) -> Vec<String> {
        let hash = format!("/ui/{}/", build_hash());
        text.split(['"', '\''])
            .filter_map(|part| part.strip_prefix(&hash))
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn pages_name_only_files_that_exist() {
        for page in [index_html().unwrap(), docs_html().unwrap()] {
            let names = references(&page.body);
            assert!(names.len() >= 2, "a page without files: {}", page.body);
            for name in names {
                assert!(asset(&name).is_some(), "{name} is named but not served");
            }
            assert!(!page.body.contains("{{"), "a placeholder is left in {}", page.body);
        }
    }

    /// A served script or style as it is before it is compressed.
    fn plain(name: &str) -> String {
        let file = asset(name).unwrap();
        assert_eq!(file.content_encoding, Some("gzip"), "{name}");
        let mut text = String::new();
        flate2::read::GzDecoder::new(&file.bytes[..]).read_to_string(&mut text).unwrap();
        text
    }

    /// The addresses of all scripts and styles of the pages; the viewer of the API reference is not
    /// one of them.
    fn served() -> Vec<String> {
        let names = Files::iter().filter(|name| !name.starts_with("vendor/"));
        let names = names.filter_map(|name| name.strip_suffix(".gz").map(str::to_owned));
        names.filter(|name| content_type(name).is_some()).collect()
    }

    #[test]
    fn scripts_import_only_scripts_that_exist() {
        let mut imports = 0;
        for name in served().iter().filter(|name| content_type(name) == content_type("a.js")) {
            let text = plain(name).replace('`', "\"");
            for part in text.split("from\"./").skip(1).chain(text.split("import(\"./").skip(1)) {
                let target = part.split('"').next().unwrap();
                imports += 1;
                assert!(asset(target).is_some(), "{name} imports {target}");
            }
        }
        assert!(imports >= 4, "only {imports} imports were found");
    }

    #[test]
    fn the_policy_needs_no_exception_for_the_index_page() {
        let page = index_html().unwrap();
        assert!(!page.content_security_policy.contains("unsafe"));
        assert!(!page.body.contains("style="), "inline style");
        for script in page.body.split("<script").skip(1) {
            assert!(
                script.trim_start().split('>').next().unwrap().contains("src="),
                "inline script"
            );
        }
    }

    #[test]
    fn nothing_but_served_kinds_is_found() {
        for path in [
            "",
            "..",
            "../mod.rs",
            "vendor/VERSIONS",
            "vendor/LICENSES",
            "index.html",
            "no.js",
            "/etc/passwd.js",
            "vendor/scalar.js.gz",
        ] {
            assert!(asset(path).is_none(), "{path} is served");
        }
        assert_eq!(asset("app.js").unwrap().content_type, "text/javascript; charset=utf-8");
        assert_eq!(asset("vendor/scalar.js").unwrap().content_encoding, Some("gzip"));
    }

    #[test]
    fn little_goes_over_the_wire() {
        let bytes = |name: &str| asset(name).unwrap().bytes.len();
        let page = index_html().unwrap().body;
        let first: usize =
            page.len() + references(&page).iter().map(|name| bytes(name)).sum::<usize>();
        assert!(first <= 58_000, "the first page takes {first} bytes");
        assert!(references(&page).len() <= 4, "the first page takes many requests");
        for name in served().iter().filter(|name| !references(&page).contains(name)) {
            assert!(bytes(name) <= 25_000, "{name} takes {} bytes", bytes(name));
        }
        let all: usize = served().iter().map(|name| bytes(name)).sum();
        assert!(all <= 200_000, "all pages take {all} bytes");
    }

    fn source_folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ui/static")
    }

    /// A file as people read it.
    fn source(name: &str) -> String {
        std::fs::read_to_string(source_folder().join(name)).unwrap()
    }

    /// The files of ours with this ending as people read them, by their paths.
    fn sources(ending: &str) -> Vec<(String, String)> {
        fn collect(folder: &Path, out: &mut Vec<PathBuf>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() && !path.ends_with("vendor") {
                    collect(&path, out);
                } else if path.is_file() {
                    out.push(path);
                }
            }
        }
        let mut paths = Vec::new();
        collect(&source_folder(), &mut paths);
        let names =
            paths.iter().filter_map(|path| path.strip_prefix(source_folder()).ok()?.to_str());
        let of = names.filter(|name| name.ends_with(ending));
        of.map(|name| (name.to_owned(), source(name))).collect()
    }

    #[test]
    fn no_text_in_a_style_sheet_loses_a_space() {
        let text = source("app.css");
        let shorter = plain("app.css");
        assert!(shorter.len() < text.len());
        let code: Vec<_> = text.lines().filter(|line| !line.contains("/*")).collect();
        for quoted in code.join("\n").split('"').skip(1).step_by(2) {
            assert!(shorter.contains(&format!("\"{quoted}\"")), "{quoted:?}");
        }
    }

    #[test]
    fn no_line_of_code_begins_with_a_comment() {
        for (name, text) in sources(".css") {
            for line in text.lines().map(str::trim) {
                if !line.starts_with("/*") && !line.starts_with("* ") {
                    continue;
                }
                let rest = line.split_once("*/").map_or("", |(_, rest)| rest);
                assert!(rest.is_empty(), "{name}: `{line}` would be dropped whole");
            }
        }
    }

    #[test]
    fn views_and_parts_stay_short() {
        let all = sources(".js");
        assert!(all.len() > 40, "only {} scripts", all.len());
        for (name, text) in all {
            assert!(text.starts_with("// @ts-check\n"), "{name} is not type-checked");
            assert!(text.lines().count() <= 250, "{name} is too long");
        }
    }
}
