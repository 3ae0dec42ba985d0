//! Tests of the query language.

use proptest::prelude::*;

use super::*;

fn show(text: &str) -> String {
    let query = parse(text, 16);
    let clauses: Vec<String> = query
        .clauses
        .iter()
        .map(|clause| match clause {
            Clause::Word { field, text, is_prefix, is_negative } => format!(
                "{}{}{text}{}",
                if *is_negative { "-" } else { "" },
                field.as_ref().map_or(String::new(), |f| format!("{f:?}:")),
                if *is_prefix { "*" } else { "" }
            ),
            Clause::Whole { field, value, is_prefix, is_negative } => format!(
                "{}{field:?}={value}{}",
                if *is_negative { "-" } else { "" },
                if *is_prefix { "*" } else { "" }
            ),
            Clause::Dotted { whole, words, is_prefix, is_negative } => format!(
                "{}{whole}={}{}",
                if *is_negative { "-" } else { "" },
                words.join("."),
                if *is_prefix { "*" } else { "" }
            ),
            Clause::Digits { digits, variants, is_negative } => format!(
                "{}#{digits}{}",
                if *is_negative { "-" } else { "" },
                variants.iter().flat_map(|v| ["|", v.as_str()]).collect::<String>()
            ),
        })
        .collect();
    let warnings = if query.warnings.is_empty() { "" } else { " !" };
    format!("{}{warnings}", clauses.join(" "))
}

#[test]
fn queries_read_as_people_mean_them() {
    for (text, expect) in [
        ("John", "john*"),
        ("Doe John", "doe john*"),
        ("doe jo", "doe jo*"),
        ("O'Brien", "obrien*"),
        ("\"John\"", "john"),
        ("jo* doe", "jo* doe*"),
        ("1234567890", "#1234567890"),
        ("+1-234-567-890", "#1234567890"),
        ("(234) 567", "#234567"),
        ("4567", "#4567"),
        ("john 4567", "john #4567"),
        ("0049 30 901820", "#004930901820|4930901820"),
        ("030 901820", "#030901820|30901820"),
        ("+44 (0)20 7946", "#440207946|44207946"),
        ("42", "42*"),
        ("john@example.com", "Email=john@example.com*"),
        ("Example.com", "example.com=example.com*"),
        ("josé.doe x", "josé.doe=jose.doe x*"),
        ("-john.doe jane", "-john.doe=john.doe jane*"),
        ("\"example.com\"", "example com"),
        ("Acme Inc. berlin", "acme inc berlin*"),
        ("name:doe", "Name:doe*"),
        ("tag:VIP john", "Tag=VIP john*"),
        ("tag:\"Q4 Campaign\"", "Tag=Q4 Campaign"),
        ("tag:vip*", "Tag=vip*"),
        ("-tag:vip doe", "-Tag=vip doe*"),
        ("-doe john", "-doe john*"),
        ("cf.industry:Technology", "Custom(\"industry\")=Technology"),
        ("status:active", "Status=active"),
        ("phone:45", "#45"),
        ("compny:acme", "compny acme* !"),
        ("\"open", "open* !"),
        ("doe OR john", "doe john* !"),
        ("cf.value:>5 doe", "doe* !"),
        ("has:phone doe", "doe* !"),
        ("tag:", " !"),
        ("", ""),
        ("  -  ", ""),
        ("***", ""),
        ("http://x.y/z", "http x y z*"),
    ] {
        assert_eq!(show(text), expect, "{text:?}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_or_run_away(text in "\\PC{0,200}") {
        let query = parse(&text, 16);
        prop_assert!(query.clauses.len() <= 16);
    }

    #[test]
    fn signs_and_quotes_are_survived(text in "[\"\\-+():.* a1é]{0,60}") {
        let query = parse(&text, 16);
        prop_assert!(query.clauses.len() <= 16);
    }
}
