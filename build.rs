//! Puts the scripts of the web interface together and shortens them and the styles: `src/ui/static`
//! is what people read and edit, `$OUT_DIR/ui` is what the crate embeds and serves. A script that
//! cannot be read fails the build.

#[path = "build/bundle.rs"]
mod bundle;

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::{env, fs};

use flate2::Compression;
use flate2::write::GzEncoder;
use oxc_allocator::Allocator;
use oxc_codegen::{Codegen, CodegenOptions};
use oxc_minifier::{CompressOptions, MangleOptions, Minifier, MinifierOptions};
use oxc_parser::Parser;
use oxc_span::SourceType;

const SOURCE: &str = "src/ui/static";

/// The script that every page loads.
const ENTRY: &str = "app.js";

/// Folders of what is loaded when it is first shown: a page, a part of the card, a dialog. `work` is
/// what the pages with tables and forms have in common.
const ON_DEMAND: [&str; 14] = [
    "account",
    "contacts",
    "help",
    "importing",
    "lang",
    "lang-words",
    "palette",
    "records",
    "review",
    "settings",
    "tabs",
    "timeline",
    "trash",
    "work",
];

/// Scripts that are not modules: what they declare, others see.
const CLASSIC_SCRIPTS: [&str; 2] = ["theme.js", "docs.js"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={SOURCE}");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=build");
    let target = Path::new(&env::var("OUT_DIR")?).join("ui");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    shorten_folder(Path::new(SOURCE), &target)?;
    for (name, code) in bundle::scripts(Path::new(SOURCE), ENTRY, &ON_DEMAND)? {
        let short = script(&code, true).map_err(|why| format!("{name}: {why}"))?;
        put_compressed(&target.join(name), short.as_bytes())?;
    }
    Ok(())
}

/// Writes a file as it goes over the wire, with `.gz` behind its name.
fn put_compressed(path: &Path, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    let mut name = path.as_os_str().to_owned();
    name.push(".gz");
    put(Path::new(&name), &encoder.finish()?)
}

#[expect(clippy::disallowed_methods, reason = "a build that stops is begun again")]
fn put(path: &Path, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    Ok(fs::write(path, bytes)?)
}

fn shorten_folder(source: &Path, target: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(target)?;
    for entry in fs::read_dir(source)? {
        let (from, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        let to = target.join(&name);
        if from.is_dir() {
            shorten_folder(&from, &to)?;
            continue;
        }
        let extension = from.extension().and_then(|extension| extension.to_str());
        match extension {
            Some("js") if CLASSIC_SCRIPTS.iter().any(|classic| name == *classic) => {
                let short = script(&fs::read_to_string(&from)?, false)
                    .map_err(|why| format!("{}: {why}", from.display()))?;
                put_compressed(&to, short.as_bytes())?;
            }
            // Modules are put together.
            Some("js") => {}
            Some("css") => put_compressed(&to, style(&fs::read_to_string(&from)?).as_bytes())?,
            _ => put(&to, &fs::read(&from)?)?,
        }
    }
    Ok(())
}

fn script(text: &str, is_module: bool) -> Result<String, Box<dyn Error>> {
    // Indentation means nothing in the templates, which are markup.
    let text = text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    let allocator = Allocator::default();
    let kind = if is_module { SourceType::mjs() } else { SourceType::cjs() };
    let parsed = Parser::new(&allocator, &text, kind).parse();
    if let Some(error) = parsed.errors.into_iter().next() {
        return Err(error.with_source_code(text.clone()).to_string().into());
    }
    let mut program = parsed.program;
    let mangle = MangleOptions { top_level: is_module, ..MangleOptions::default() };
    let options =
        MinifierOptions { mangle: Some(mangle), compress: Some(CompressOptions::smallest()) };
    let done = Minifier::new(options).minify(&allocator, &mut program);
    let codegen = Codegen::new().with_options(CodegenOptions::minify()).with_scoping(done.scoping);
    Ok(codegen.build(&program).code)
}

/// A style sheet without its comments and the spaces around its punctuation; no text in it has
/// such.
fn style(text: &str) -> String {
    const LONG_AND_SHORT: [(&str, &str); 7] = [
        (": ", ":"),
        ("; ", ";"),
        (", ", ","),
        (" {", "{"),
        ("{ ", "{"),
        (";}", "}"),
        (" > ", ">"),
    ];
    let text = without_comments(text);
    LONG_AND_SHORT.iter().fold(text, |text, (long, short)| text.replace(long, short))
}

/// Takes lines away that are only comment, and indentation.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_comment = false;
    for line in text.lines().map(str::trim) {
        let starts = line.starts_with("/*");
        if !(in_comment || starts) {
            out.push_str(line);
        }
        if in_comment || starts {
            // Only a comment that ends with its line is taken for one by itself.
            in_comment = !line.ends_with("*/");
        }
    }
    out
}
