//! What the pages say: every text is in the German catalogue, the catalogue has no text that nobody
//! says, and nothing that is shown goes past it.
//!
//! Reads the scripts as they are written. It knows enough of the language to tell strings, templates
//! and markup apart, and no more.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Texts that are shown as they are: addresses, names of products, units, samples of files.
const AS_IT_IS: [&str; 7] = [
    "https://docs.google.com/spreadsheets/…",
    "curl -H \"Authorization: Bearer",
    "Ctrl",
    "Esc",
    "Enter",
    "Ringdex",
    " · Ringdex",
];
/// The German of the sentences in which the server says what is wrong.
const PROBLEMS: &str = "lang-words/problems.js";
/// Attributes that people see or hear.
const SHOWN: [&str; 4] = ["title", "aria-label", "placeholder", "alt"];
/// Elements whose text is not a language.
const CODE: [&str; 3] = ["kbd", "code", "pre"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ui/static")
}

/// Scripts of ours, by their paths below the folder.
fn scripts(is_catalogue: bool) -> BTreeMap<String, String> {
    fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|extension| extension == "js") {
                out.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    walk(&folder(), &mut paths);
    let mut scripts = BTreeMap::new();
    for path in paths {
        let name = path.strip_prefix(folder()).expect("below the folder").display().to_string();
        if !name.starts_with("vendor") && name.starts_with("lang") == is_catalogue {
            scripts.insert(name, std::fs::read_to_string(path).expect("a text"));
        }
    }
    scripts
}

/// Something that a script says.
#[derive(Debug)]
struct Said {
    text: String,
    /// The function whose argument it is; empty outside of any.
    by: String,
    /// Whether it is markup, with `\u{0}` where values stand.
    is_markup: bool,
}

/// Reads what a script says.
struct Scanner<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    /// The code before, without spaces at its end.
    before: String,
    calls: Vec<String>,
    found: Vec<Said>,
}

impl Scanner<'_> {
    fn of(text: &str) -> Vec<Said> {
        let mut scanner = Scanner {
            rest: text.chars().peekable(),
            before: String::new(),
            calls: Vec::new(),
            found: Vec::new(),
        };
        scanner.code();
        scanner.found
    }

    /// The word that the code ends with.
    fn last_word(&self) -> String {
        let is_part = |c: &char| c.is_alphanumeric() || *c == '_';
        let word: String = self.before.chars().rev().take_while(is_part).collect();
        word.chars().rev().collect()
    }

    /// Code until the end, or the brace that closes a value of a template.
    fn code(&mut self) {
        let (mut depth, mut has_space) = (0, false);
        while let Some(c) = self.rest.next() {
            match c {
                '"' | '\'' => self.string(c),
                '`' => self.template(),
                '/' if self.rest.peek() == Some(&'/') => self.skip_until("\n"),
                '/' if self.rest.peek() == Some(&'*') => self.skip_until("*/"),
                '/' if self.before.is_empty()
                    || self.before.ends_with(|c| "(,=:[!&|?{};>".contains(c)) =>
                {
                    self.regex();
                }
                '(' => {
                    let word = self.last_word();
                    self.calls.push(word);
                    self.before.push('(');
                }
                ')' => {
                    self.calls.pop();
                    self.before.push(')');
                }
                '{' => {
                    depth += 1;
                    self.before.push('{');
                }
                '}' if depth == 0 => return,
                '}' => {
                    depth -= 1;
                    self.before.push('}');
                }
                c if c.is_whitespace() => has_space = true,
                c => {
                    if has_space && c.is_alphanumeric() && !self.last_word().is_empty() {
                        self.before.push(' ');
                    }
                    has_space = false;
                    self.before.push(c);
                }
            }
        }
    }

    fn skip_until(&mut self, end: &str) {
        let mut seen = String::new();
        for c in self.rest.by_ref() {
            seen.push(c);
            if seen.ends_with(end) {
                return;
            }
        }
    }

    fn regex(&mut self) {
        let (mut is_escaped, mut in_class) = (false, false);
        for c in self.rest.by_ref() {
            match c {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '[' => in_class = true,
                ']' => in_class = false,
                '/' if !in_class => break,
                _ => {}
            }
        }
        self.before.push('r');
    }

    fn escaped(&mut self) -> String {
        match self.rest.next() {
            Some('n') => "\n".to_owned(),
            Some('u') => "…".to_owned(),
            Some(c) => c.to_string(),
            None => String::new(),
        }
    }

    fn string(&mut self, quote: char) {
        let mut text = String::new();
        while let Some(c) = self.rest.next() {
            match c {
                '\\' => text.push_str(&self.escaped()),
                c if c == quote => break,
                c => text.push(c),
            }
        }
        // What is compared, or the key of a member, is not said.
        let is_compared = self.before.ends_with("===") || self.before.ends_with("!==");
        if !is_compared {
            self.say(text, false);
        }
        self.before.push('s');
    }

    fn say(&mut self, text: String, is_markup: bool) {
        let by = self.calls.last().cloned().unwrap_or_default();
        self.found.push(Said { text, by, is_markup });
    }

    fn template(&mut self) {
        let is_markup = self.last_word() == "html";
        let mut text = String::new();
        while let Some(c) = self.rest.next() {
            match c {
                '\\' => text.push_str(&self.escaped()),
                '`' => break,
                '$' if self.rest.peek() == Some(&'{') => {
                    self.rest.next();
                    text.push('\u{0}');
                    let outside = (
                        std::mem::take(&mut self.before),
                        // Within markup a value is the argument of nobody.
                        if is_markup {
                            std::mem::take(&mut self.calls)
                        } else {
                            self.calls.clone()
                        },
                    );
                    self.code();
                    (self.before, self.calls) = outside;
                }
                c => text.push(c),
            }
        }
        self.say(text, is_markup);
        self.before.push('s');
    }
}

/// Whether a text has a word in it: two letters beside each other.
fn has_word(text: &str) -> bool {
    let text = text.replace("&nbsp;", " ");
    let letters: Vec<bool> = text.chars().map(char::is_alphabetic).collect();
    letters.windows(2).any(|two| two[0] && two[1])
}

/// What markup shows of its own: texts between tags, and attributes that people see.
fn shown_in(markup: &str) -> Vec<String> {
    let mut shown = Vec::new();
    let mut tag = String::new();
    for (index, part) in markup.split('<').enumerate() {
        let (inside, text) = match part.split_once('>') {
            Some((inside, text)) if index > 0 => (inside, text),
            _ if index > 0 => (part, ""),
            _ => ("", part),
        };
        if index > 0 {
            inside.split([' ', '\n']).next().unwrap_or_default().clone_into(&mut tag);
        }
        for attribute in SHOWN {
            let value = inside.split(&format!(" {attribute}=\"")).nth(1);
            shown.extend(value.and_then(|value| value.split('"').next()).map(str::to_owned));
        }
        if !CODE.contains(&tag.as_str()) {
            shown.extend(text.split('\u{0}').map(|text| text.trim().to_owned()));
        }
    }
    shown.retain(|text| has_word(text) && !AS_IT_IS.iter().any(|one| text.starts_with(one)));
    shown
}

/// Whether a text in the code reads as a sentence: a capital, then other words.
fn is_sentence(text: &str) -> bool {
    let text = text.replace('\u{0}', "");
    let mut words = text.split(' ');
    let starts = words.next().is_some_and(|word| {
        word.chars().count() > 1
            && word.starts_with(char::is_uppercase)
            && word.chars().skip(1).all(char::is_lowercase)
    });
    starts
        && words.next().is_some_and(|word| {
            word.chars().count() > 1 && word.chars().all(|c| c.is_lowercase() || c == ',')
        })
}

/// The German texts by the English ones: of the code, and of the words of the server.
fn catalogue() -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let (mut code, mut words) = (BTreeMap::new(), BTreeMap::new());
    for (name, text) in scripts(true) {
        if name == PROBLEMS {
            continue;
        }
        let target = if name.starts_with("lang-words") { &mut words } else { &mut code };
        for line in text.lines().map(str::trim).filter(|line| line.starts_with('"')) {
            let line = line.trim_end_matches(',');
            let pair: BTreeMap<String, String> =
                serde_json::from_str(&format!("{{{line}}}")).expect("a line of the catalogue");
            for (english, german) in pair {
                assert!(target.insert(english.clone(), german).is_none(), "{english:?} twice");
            }
        }
    }
    assert!(code.len() > 1_000 && words.len() > 50, "{} and {}", code.len(), words.len());
    (code, words)
}

/// Everything that is said, with the script that says it.
fn all_said() -> Vec<(String, Said)> {
    let mut all = Vec::new();
    for (name, text) in scripts(false) {
        all.extend(Scanner::of(&text).into_iter().map(|said| (name.clone(), said)));
    }
    assert!(all.len() > 5_000, "only {} texts", all.len());
    all
}

#[test]
fn every_text_of_the_pages_is_in_german() {
    let (german, words) = catalogue();
    let mut missing = BTreeSet::new();
    for (name, said) in all_said() {
        let is_key = matches!(said.by.as_str(), "t" | "say" | "plural") && !said.is_markup;
        // What is made of the name of a kind is among the words.
        if is_key && has_word(&said.text) && !said.text.contains('\u{0}') {
            let is_there = german.contains_key(&said.text) || words.contains_key(&said.text);
            if !is_there {
                missing.insert(format!("{name}: {}", said.text));
            }
        }
    }
    assert!(missing.is_empty(), "not in src/ui/static/lang: {missing:#?}");
}

#[test]
fn every_german_text_is_said_somewhere() {
    let (german, words) = catalogue();
    let said: BTreeSet<String> = all_said().into_iter().map(|(_, said)| said.text).collect();
    let is_said = |key: &str| {
        said.contains(key) || key.strip_suffix('s').is_some_and(|one| said.contains(one))
    };
    let idle: Vec<&String> = german.keys().filter(|key| !is_said(key)).collect();
    assert!(idle.is_empty(), "nobody says these any more: {idle:#?}");
    let twice: Vec<&String> = words.keys().filter(|key| german.contains_key(*key)).collect();
    assert!(twice.is_empty(), "among the words and the texts: {twice:#?}");
}

#[test]
fn german_texts_have_the_places_of_the_english_ones() {
    let places = |text: &str| {
        let found = (0..9).filter(|place| text.contains(&format!("{{{place}}}")));
        found.collect::<Vec<_>>()
    };
    let (german, words) = catalogue();
    for (english, german) in german.iter().chain(&words) {
        assert_eq!(places(english), places(german), "{english:?} and {german:?}");
        assert!(!german.trim().is_empty(), "{english:?} is nothing in German");
        let end = |text: &str| (text.starts_with(' '), text.ends_with(' '));
        assert_eq!(end(english), end(german), "spaces of {english:?} and {german:?}");
    }
}

#[test]
fn the_reasons_of_a_likeness_are_in_german() {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dedupe/model.toml");
    let model = std::fs::read_to_string(model).expect("a text");
    let said: BTreeSet<&str> =
        model.split("words = \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(said.len() > 50, "only {} reasons", said.len());
    let (german, words) = catalogue();
    let missing: Vec<_> = said
        .iter()
        .filter(|one| !german.contains_key(**one) && !words.contains_key(**one))
        .collect();
    assert!(missing.is_empty(), "not in src/ui/static/lang-words: {missing:#?}");
}

/// A sentence with nothing in the places of its values.
fn without_values(text: &str) -> String {
    let mut parts = text.split('{');
    let mut bare = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('}') {
            // An escaped brace is none of a place.
            Some((place, rest)) if !place.contains(['"', ' ']) || place.starts_with("()") => {
                bare.push_str("{}");
                bare.push_str(rest);
            }
            _ => {
                bare.push('{');
                bare.push_str(part);
            }
        }
    }
    bare
}

#[test]
fn the_german_of_problems_is_that_of_what_the_server_says() {
    fn walk(folder: &Path, out: &mut String) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(path).expect("a text");
                let lines = text.split("\\\n");
                let joined: Vec<&str> = lines
                    .enumerate()
                    .map(|(at, line)| if at == 0 { line } else { line.trim_start() })
                    .collect();
                out.push_str(&joined.concat());
            }
        }
    }
    let mut server = String::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut server);
    let server = without_values(&server.replace("\\\"", "\""));
    let catalogue = scripts(true).remove(PROBLEMS).expect("the catalogue of problems");
    let (mut count, mut idle) = (0, Vec::new());
    for line in catalogue.lines().map(str::trim).filter(|line| line.starts_with('"')) {
        let pair: BTreeMap<String, String> =
            serde_json::from_str(&format!("{{{}}}", line.trim_end_matches(','))).expect("a line");
        for (english, german) in pair {
            count += 1;
            for place in 0..9 {
                let place = format!("{{{place}}}");
                assert!(!german.contains(&place) || english.contains(&place), "{german:?}");
            }
            if !server.contains(&without_values(&english)) {
                idle.push(english);
            }
        }
    }
    assert!(count > 100, "only {count}");
    assert!(idle.is_empty(), "the server does not say these: {idle:#?}");
}

#[test]
fn nothing_that_is_shown_goes_past_the_catalogue() {
    let mut past = BTreeSet::new();
    for (name, said) in all_said() {
        if said.is_markup {
            past.extend(shown_in(&said.text).into_iter().map(|text| format!("{name}: {text}")));
        } else if !matches!(
            said.by.as_str(),
            "t" | "say" | "plural" | "label" | "labelOf" | "Error"
        ) && is_sentence(&said.text)
            && !AS_IT_IS.contains(&said.text.as_str())
        {
            past.insert(format!("{name}: {}", said.text));
        }
    }
    assert!(past.is_empty(), "shown without t(): {past:#?}");
}

#[test]
fn the_scanner_tells_text_from_code() {
    let said = Scanner::of(
        r#"const a = /["'`]/.test(b) ? t("One {0}", `x${c ? "two" : ""}`) : html`<p title="Seen">Text ${t("Three")} <kbd>Esc</kbd></p>`; // "none""#,
    );
    let texts: Vec<_> = said.iter().map(|one| (one.by.as_str(), one.text.as_str())).collect();
    assert!(texts.contains(&("t", "One {0}")), "{texts:?}");
    assert!(texts.contains(&("t", "Three")), "{texts:?}");
    assert!(!texts.iter().any(|(_, text)| *text == "none"), "{texts:?}");
    let markup = said.iter().find(|one| one.is_markup).expect("markup");
    assert_eq!(shown_in(&markup.text), ["Seen", "Text"]);
    assert!(is_sentence("Nobody is here") && !is_sentence("application/json"));
}
