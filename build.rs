//! Shortens the scripts and styles of the web interface: `src/ui/static` is what people read and
//! edit, `$OUT_DIR/ui` is what the crate embeds and serves. A script that cannot be read fails the
//! build.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use oxc_allocator::Allocator;
use oxc_codegen::{Codegen, CodegenOptions};
use oxc_minifier::{CompressOptions, MangleOptions, Minifier, MinifierOptions};
use oxc_parser::Parser;
use oxc_span::SourceType;

const SOURCE: &str = "src/ui/static";

/// Comes minified, with its licences.
const VENDORED: &str = "vendor";

/// Scripts that are not modules: what they declare, others see.
const CLASSIC_SCRIPTS: [&str; 2] = ["theme.js", "docs.js"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={SOURCE}");
    println!("cargo:rerun-if-changed=build.rs");
    let target = Path::new(&env::var("OUT_DIR")?).join("ui");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    shorten_folder(Path::new(SOURCE), &target)
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
        let is_ours = !from.starts_with(Path::new(SOURCE).join(VENDORED));
        let bytes = match from.extension().and_then(|extension| extension.to_str()) {
            Some("js") if is_ours => {
                let is_module = !CLASSIC_SCRIPTS.iter().any(|classic| name == *classic);
                script(&fs::read_to_string(&from)?, is_module)
                    .map_err(|why| format!("{}: {why}", from.display()))?
                    .into_bytes()
            }
            Some("css") if is_ours => style(&fs::read_to_string(&from)?).into_bytes(),
            _ => fs::read(&from)?,
        };
        #[expect(clippy::disallowed_methods, reason = "a build that stops is begun again")]
        fs::write(to, bytes)?;
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
