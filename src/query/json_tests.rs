//! Filters in JSON: what they mean, and what is said of those that do not fit.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::test_language::language;
use super::{MOST_LEVELS, parse, print, read_json, write_json};

#[test]
fn filters_mean_what_query_text_means() {
    for (filter, text) in [
        (json!({}), ""),
        (json!({"all": []}), ""),
        (json!({"text": "john doe"}), "john doe"),
        (json!({"field": "company", "op": "is", "value": "Acme Inc"}), "company:=\"Acme Inc\""),
        (json!({"field": "company", "op": "begins", "value": "ac"}), "company:ac*"),
        (json!({"field": "company", "op": "word", "value": "acme"}), "company:acme~"),
        (json!({"field": "company", "op": "contains", "value": "cm"}), "company:*cm*"),
        (json!({"field": "any", "op": "begins", "value": "jo"}), "jo*"),
        (json!({"field": "any", "op": "is", "value": "John Doe"}), "\"john doe\""),
        (json!({"field": "tag", "value": "VIP"}), "tag:VIP"),
        (json!({"field": "tag", "op": "is_not", "value": "VIP"}), "-tag:VIP"),
        (json!({"field": "tag", "op": "any_of", "value": ["a", "b"]}), "tag:a,b"),
        (json!({"field": "tag", "op": "all_of", "value": ["a", "b"]}), "tag:(a b)"),
        (json!({"field": "tag", "op": "none_of", "value": ["a", "b"]}), "-tag:a,b"),
        (json!({"field": "owner", "op": "exists"}), "has:owner"),
        (json!({"field": "assignee", "op": "exists", "value": false}), "owner:none"),
        (json!({"field": "owner", "value": "none"}), "owner:\"none\""),
        (json!({"field": "lead_score", "op": "gte", "value": 50}), "lead_score:>=50"),
        (json!({"field": "leadScore", "op": "between", "value": [5, 7.5]}), "score:5..7.5"),
        (
            json!({"field": "lead_score", "op": "range", "value": {"gt": 5, "lt": 7}}),
            "score:>5..<7",
        ),
        (json!({"field": "created_at", "op": "within", "value": "7d"}), "created:7d"),
        (json!({"field": "created", "op": "is", "value": "2025-03"}), "created:2025-03"),
        (json!({"field": "created", "op": "lt", "value": "2025"}), "created:<2025"),
        (json!({"field": "cf.vip", "value": true}), "cf.vip:yes"),
        (json!({"field": "cf.seats", "value": 5}), "cf.seats:5"),
        (
            json!({"field": "cf.renewal", "op": "lte", "value": "2025-12-31"}),
            "cf.renewal:<=2025-12-31",
        ),
        (
            json!({"field": "phone", "op": "contains", "value": "+49 30 9018"}),
            "phone:\"+49 30 9018\"",
        ),
        (json!({"field": "t9", "value": "5646"}), "t9:5646"),
        (json!({"not": {"any": [{"text": "a~"}, {"text": "b~"}]}}), "-(a OR b)"),
        (
            json!({"all": [{"text": "jo"}, {"any": [{"field": "tag", "value": "x"}, {"field": "city", "value": "Rome"}]}]}),
            "jo* (tag:x OR city:Rome)",
        ),
    ] {
        let language = language();
        let found = read_json(&filter, &language).unwrap_or_else(|e| panic!("{filter}: {e:?}"));
        let meant = parse(text, &language);
        assert_eq!(found.expr, meant.expr, "{filter} against {text}");
        assert_eq!(print(&found.expr, &language), print(&meant.expr, &language));
        let written = write_json(&found.expr);
        assert_eq!(read_json(&written, &language).unwrap().expr, found.expr, "{written}");
    }
}

#[test]
fn what_does_not_fit_is_named_where_it_stands() {
    let mut deep = json!({"text": "a"});
    for _ in 0..=MOST_LEVELS {
        deep = json!({"not": deep});
    }
    let many: Vec<Value> = (0..17).map(|n| json!({"text": format!("x{n}")})).collect();
    for (filter, pointer, code) in [
        (json!([]), "", "type"),
        (json!({"any": []}), "/any", "empty"),
        (json!({"any": {}}), "/any", "type"),
        (json!({"all": [{"all": []}]}), "/all/0/all", "empty"),
        (json!({"all": [{}]}), "/all/0", "filter_kind"),
        (json!({"all": [], "any": []}), "", "filter_kind"),
        (json!({"text": "a", "boost": 1}), "/boost", "unknown_member"),
        (json!({"text": 5}), "/text", "type"),
        (json!({"text": " "}), "/text", "empty"),
        (json!({"not": [1]}), "/not", "type"),
        (json!({"field": 5}), "/field", "type"),
        (json!({"field": "compny", "value": "x"}), "/field", "unknown_field"),
        (json!({"field": "campaign", "value": "x"}), "/field", "field_not_available"),
        (json!({"field": "tag", "op": "like", "value": "x"}), "/op", "value"),
        (json!({"field": "tag", "op": 5, "value": "x"}), "/op", "type"),
        (json!({"field": "tag"}), "", "type"),
        (json!({"field": "tag", "value": ""}), "/value", "text"),
        (json!({"field": "tag", "value": "a\u{0}b"}), "/value", "text"),
        (json!({"field": "tag", "value": "x".repeat(1_001)}), "/value", "text"),
        (json!({"field": "tag", "op": "gt", "value": "x"}), "/value", "value"),
        (json!({"field": "tag", "op": "word", "value": "x"}), "/value", "operator"),
        (json!({"field": "any", "op": "gt", "value": "x"}), "/value", "operator"),
        (json!({"field": "any", "op": "is", "value": "..."}), "/value", "value"),
        (json!({"field": "tag", "op": "any_of", "value": "x"}), "/value", "type"),
        (json!({"field": "tag", "op": "any_of", "value": []}), "/value", "empty"),
        (json!({"field": "tag", "op": "any_of", "value": ["a", null]}), "/value/1", "type"),
        (json!({"field": "tag", "op": "any_of", "value": vec!["a"; 257]}), "/value", "too_many"),
        (json!({"field": "name", "op": "any_of", "value": vec!["a"; 17]}), "/value", "too_many"),
        (
            json!({"field": "phone", "op": "any_of", "value": vec!["5550100"; 17]}),
            "/value",
            "too_many",
        ),
        (json!({"field": "lead_score", "op": "gt", "value": "high"}), "/value", "value"),
        (json!({"field": "lead_score", "op": "between", "value": [7, 5]}), "/value", "value"),
        (json!({"field": "lead_score", "op": "between", "value": [7]}), "/value", "type"),
        (json!({"field": "lead_score", "op": "range", "value": {}}), "/value", "empty"),
        (
            json!({"field": "lead_score", "op": "range", "value": {"ge": 1}}),
            "/value/ge",
            "unknown_member",
        ),
        (
            json!({"field": "lead_score", "op": "range", "value": {"gt": 1, "gte": 1}}),
            "/value/gte",
            "value",
        ),
        (json!({"field": "created", "op": "gt", "value": "soon"}), "/value", "value"),
        (json!({"field": "owner", "op": "exists", "value": "yes"}), "/value", "type"),
        (json!({"all": many}), "/all", "too_many"),
        (json!({"all": [{"text": "a"}, {"field": "tag", "value": []}]}), "/all/1/value", "type"),
    ] {
        let issues = read_json(&filter, &language()).unwrap_err();
        let found: Vec<_> = issues.iter().map(|i| (i.pointer.as_str(), i.code)).collect();
        assert_eq!(found, [(pointer, code)], "{filter}: {issues:?}");
    }
    let issues = read_json(&deep, &language()).unwrap_err();
    assert_eq!(issues[0].code, "too_deep");
}

fn any_filter() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec![
        "john",
        "Acme Inc",
        "a\"b",
        "a,b",
        "none",
        ">5",
        "1..2",
        "*x*",
        "~",
        "(a OR b)",
        "5",
        "true",
        "2025-01-01",
        "2025",
        "30d",
        "today",
        "05-17",
        "+49 (0)30 9018",
        "004930",
        "example.com",
        "a@b.de",
        "王小明",
        "ﷺ",
        "NOT",
        "2025-06-01T00:00:00+02:00",
        "2025-06-01T10:00:00.5Z",
        "5646",
    ]);
    let scalar = prop_oneof![
        word.prop_map(|text| json!(text)),
        any::<i32>().prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        any::<bool>().prop_map(|truth| json!(truth)),
        "\\PC{1,12}".prop_map(|text| json!(text)),
    ];
    let value = prop_oneof![
        4 => scalar.clone(),
        1 => prop::collection::vec(scalar.clone(), 1..4).prop_map(|list| json!(list)),
        1 => (prop::sample::select(vec!["gt", "gte"]), scalar.clone(), prop::sample::select(vec!["lt", "lte"]), scalar)
            .prop_map(|(a, from, b, to)| json!({a: from, b: to})),
    ];
    let names: Vec<String> = super::field_names()
        .map(str::to_owned)
        .chain(
            ["any", "t9", "cf.x", "cf.value", "cf.renewal", "cf.vip", "cf.a b", "cf.langs"]
                .map(str::to_owned),
        )
        .collect();
    let ops = vec![
        "is", "is_not", "begins", "contains", "word", "gt", "gte", "lt", "lte", "between", "range",
        "within", "exists", "any_of", "all_of", "none_of",
    ];
    let leaf = (prop::sample::select(names), prop::sample::select(ops), value)
        .prop_map(|(field, op, value)| json!({"field": field, "op": op, "value": value}));
    leaf.prop_recursive(5, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| json!({"all": parts})),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| json!({"any": parts})),
            inner.prop_map(|part| json!({"not": part})),
        ]
    })
}

proptest! {
    #![proptest_config(super::property_tests::cases())]

    #[test]
    fn filters_come_back_from_json_and_from_text(filter in any_filter()) {
        let language = language();
        let Ok(found) = read_json(&filter, &language) else { return Ok(()) };
        let written = write_json(&found.expr);
        let again = read_json(&written, &language);
        prop_assert_eq!(again.map(|parsed| parsed.expr), Ok(found.expr.clone()), "{}", written);
        let printed = print(&found.expr, &language);
        let parsed = parse(&printed, &language);
        prop_assert_eq!(&parsed.expr, &found.expr, "{}", printed);
        prop_assert!(parsed.warnings.is_empty(), "{}: {:?}", printed, parsed.warnings);
    }
}
