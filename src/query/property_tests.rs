//! What holds for every text and every tree.

use proptest::prelude::*;

use super::language::{Language, MOST_LEVELS};
use super::test_language::language;
use super::{Expr, Parsed, parse, print, read_json, write_json};

/// Pieces that texts are made of, so that they hit the grammar.
const PIECES: &[&str] = &[
    "john",
    "O'Brien",
    "doe",
    "José",
    "(",
    ")",
    "\"",
    "\"john doe\"",
    "-",
    "NOT ",
    " OR ",
    " AND ",
    "|",
    " ",
    "  ",
    ",",
    ";",
    "*",
    "%",
    "~",
    ":",
    "tag:",
    "company:",
    "created:",
    "lead_score:",
    "cf.value:",
    "cf.renewal:",
    "cf.x:",
    "cf.\"a b\":",
    "phone:",
    "t9:",
    "has:",
    "no:",
    "owner:",
    "me",
    "none",
    "5646",
    "+49 30 901820",
    "(0)",
    "00",
    "0",
    "1-800-FLOWERS",
    "202 2025550124",
    " ext. 4711",
    "x12",
    "#5",
    "555-PIZZA",
    ">",
    "<",
    ">=",
    "<=",
    "=",
    "..",
    "30d",
    "2w",
    "2025-01-01",
    "2025-03",
    "2025",
    "today",
    "last_week",
    "1e5",
    "-5.5",
    "example.com",
    "a@b.de",
    "x.y.z",
    "\u{202e}",
    "\0",
    "\n",
    "王小明",
    "ﷺ",
    "½",
    "ﬁ",
    "İ",
    "!=",
    "birthday:",
    "05-17",
    "opt_in:",
    "yes",
    "status:",
    "dnc",
    "list:",
    "compny:",
    "last_called:",
    "2025-01-01T10:00:00Z",
    "99999999999999999999y",
    "activities:",
    "name:",
    "ı",
    "צה\"ל",
    "ǅ",
    "\u{b7}",
    "١٢٣",
    "１２３",
    "[",
    "]",
    "'",
    "`",
    "\\",
    "/",
    "http://x.y",
    "100%",
    "a_b",
    "İ.com",
    "cf.langs:",
];

fn grammar_text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..14).prop_map(|pieces| pieces.concat())
}

/// Whether a tree is in the plain form.
fn is_plain(expr: &Expr) -> bool {
    match expr {
        Expr::All(parts) => {
            parts.len() != 1 && parts.iter().all(|p| is_plain(p) && !matches!(p, Expr::All(_)))
        }
        Expr::Any(parts) => {
            parts.len() > 1 && parts.iter().all(|p| is_plain(p) && !matches!(p, Expr::Any(_)))
        }
        Expr::Not(inner) => is_plain(inner) && !matches!(**inner, Expr::Not(_)),
        Expr::Is(_) => true,
    }
}

fn check(text: &str, language: &Language<'_>) {
    let Parsed { expr, warnings } = parse(text, language);
    assert!(expr.load().fits_in(language.room()), "{text:?}");
    assert!(expr.levels() <= MOST_LEVELS, "{text:?}");
    assert!(is_plain(&expr), "{text:?}: {expr:?}");
    for warning in &warnings {
        assert!(text.get(warning.start..warning.end).is_some(), "{text:?}: {warning:?}");
        warning.utf16_span(text);
    }
    let printed = print(&expr, language);
    let again = parse(&printed, language);
    assert_eq!(again.expr, expr, "{text:?} was printed as {printed:?}");
    assert!(again.warnings.is_empty(), "{text:?}, {printed:?}: {:?}", again.warnings);
    assert_eq!(print(&again.expr, language), printed);
    let written = write_json(&expr);
    let again = read_json(&written, language);
    let again = again.unwrap_or_else(|issues| panic!("{text:?}, {written}: {issues:?}"));
    assert_eq!(again.expr, expr, "{text:?} was written as {written}");
    assert!(again.warnings.is_empty());
    assert_eq!(write_json(&again.expr), written);
}

pub(super) fn cases() -> ProptestConfig {
    let cases = std::env::var("RINGDEX_FUZZ_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig {
        cases: cases.unwrap_or(512),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

#[test]
fn words_that_look_like_extensions_come_back() {
    for text in [
        "+49 30 901820x12,tag:",
        "901820x12-",
        "49 901820x12~ a",
        "123 45ext 6,b",
        ",+49 30 901820)x12(john",
        "5646;123 ext. 4711",
    ] {
        check(text, &language());
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_text_is_read_and_comes_back(text in "\\PC{0,80}") {
        check(&text, &language());
    }

    #[test]
    fn any_characters_are_read_and_come_back(text in prop::collection::vec(any::<char>(), 0..40)) {
        let text: String = text.into_iter().collect();
        check(&text, &language());
    }

    #[test]
    fn texts_of_the_grammar_come_back(text in grammar_text()) {
        check(&text, &language());
    }

    #[test]
    fn signs_and_quotes_come_back(text in "[\"\\-+():|.,;* a1é~%<>=cf!]{0,60}") {
        check(&text, &language());
    }

    #[test]
    fn few_words_are_enough(text in grammar_text(), most_words in 0_usize..4) {
        check(&text, &Language { most_words, ..language() });
    }
}

#[test]
fn hostile_texts_are_survived() {
    let repeated = [
        "(",
        ")",
        "-",
        "\"",
        "-(",
        "((a) ",
        "NOT ",
        "OR ",
        "a OR ",
        "-a ",
        "1",
        "1 ",
        "+1 ",
        ",",
        "|",
        "*",
        "%",
        "\0",
        "\u{202e}",
        "a:",
        "a:(",
        "tag:(",
        "tag:a,",
        "cf.\"",
        "\"\"",
        "(a OR b) ",
        "..",
        "has:(",
        "a.",
        "é",
        "-(a ",
        "a|",
        "(1",
        "phone:(",
        "!=",
        "~",
        "ﷺ",
        "x:y:",
        "1-800-",
        "\n",
    ];
    for piece in repeated {
        for count in [10, 100, 10_000] {
            check(&piece.repeat(count), &language());
        }
        check(&format!("a{}b", piece.repeat(1000)), &language());
    }
    check(&format!("lead_score:>{}", "9".repeat(5000)), &language());
    check(&format!("lead_score:1e{}", "9".repeat(50)), &language());
    check(&format!("created:{}d", "9".repeat(500)), &language());
    check(&"x".repeat(2_000_000), &language());
}
