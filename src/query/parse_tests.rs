//! What queries mean, as a table: what is typed, what it means, what is said about it.
//!
//! The meaning is printed as canonical query text, `jo*` for a beginning, `doe~` for a word as it
//! is. Behind `!` stand parts of the warnings. The time is Wednesday 2025-06-18, noon, in Berlin.

use super::expr::{Condition, Expr, Shape};
use super::field::Field;
use super::test_language::language;
use super::{Language, parse, print};

fn show(text: &str) -> (String, Vec<String>) {
    let language = language();
    let parsed = parse(text, &language);
    let printed = print(&parsed.expr, &language);
    (printed, parsed.warnings.into_iter().map(|warning| warning.message).collect())
}

fn check(rows: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (text, expect) in rows {
        let (meaning, said) = expect.split_once(" ! ").unwrap_or((expect, ""));
        let (meaning, said) = match meaning.strip_prefix("! ") {
            Some(said) => ("", said),
            None => (meaning, said),
        };
        let (printed, warnings) = show(text);
        let hints: Vec<&str> = said.split(" & ").filter(|hint| !hint.is_empty()).collect();
        let fits = warnings.len() == hints.len()
            && warnings.iter().zip(&hints).all(|(warning, hint)| warning.contains(hint));
        if printed != meaning || !fits {
            wrong.push(format!("{text:?}: {printed:?} {warnings:?}, not {expect:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn words() {
    check(&[
        ("", ""),
        ("   ", ""),
        ("  -  ", "! nothing to search for"),
        ("***", "! nothing to search for"),
        ("John", "john*"),
        ("Doe John", "doe john*"),
        ("doe jo", "doe jo*"),
        ("O'Brien", "obrien*"),
        ("José Núñez", "jose nunez*"),
        ("王小明", "王 小 明*"),
        ("\"John\"", "\"john\""),
        ("\"John Doe\"", "\"john\" \"doe\""),
        ("\"John Doe\" acme", "\"john\" \"doe\" acme*"),
        ("jo* doe", "jo* doe*"),
        ("doe~", "doe~"),
        ("\"Acme In\"*", "\"acme\" in*"),
        ("*ohn*", "name:*ohn* OR company:*ohn* OR email:*ohn*"),
        ("%ohn%", "name:*ohn* OR company:*ohn* OR email:*ohn*"),
        ("100%", "100*"),
        ("\"open", "open* ! quote is not closed"),
        ("Acme Inc. berlin", "acme inc berlin*"),
        ("http://x.y/z", "http x y z*"),
        ("john@example.com", "john@example.com"),
        ("a@b.de, c@d.de", "a@b.de c@d.de"),
        ("a@b.de,c@d.de", "a@b.de OR c@d.de"),
        ("Example.com", "example.com*"),
        ("\"example.com\"", "\"example\" \"com\""),
        ("josé.doe x", "josé.doe~ x*"),
        ("jean-luc", "jean luc*"),
        ("42", "42*"),
        ("42 doe", "42~ doe*"),
    ]);
}

#[test]
fn numbers() {
    check(&[
        ("1234567890", "1234567890"),
        ("+1-234-567-890", "1234567890"),
        ("(234) 567", "234567"),
        ("4567", "4567"),
        ("456", "456"),
        ("john 4567", "john 4567"),
        ("4567 john", "4567 john*"),
        ("0049 30 901820", "004930901820"),
        ("030 901820", "030 901820"),
        ("202 2025550124", "202 2025550124"),
        ("404 555 0160 x4712", "404 555 0160 ext 4712"),
        ("404-555-0160x4712", "4045550160 ext 4712"),
        ("+1 404 555 0160 ext. 4711", "14045550160 ext 4711"),
        ("4045550160 #12 doe", "4045550160 ext 12 doe*"),
        ("phone:\"030 901820 ext 12\"", "phone:\"030 901820 ext 12\""),
        ("4711 x5y", "4711 x5y*"),
        ("+030 901820", "+030901820"),
        ("+44 (0)20 7946", "44(0)207946"),
        ("٠١٢٣٤", "01234"),
        ("2025550123, 2025550124", "2025550123 OR 2025550124"),
        ("2025550123;2025550124", "2025550123 OR 2025550124"),
        ("2025550123 | 2025550124", "2025550123 OR 2025550124"),
        ("+49 30 1234 +49 40 5678", "49301234 OR 49405678"),
        ("2025550123\n2025550124", "2025550123 OR 2025550124"),
        ("1,234,567", "1234567"),
        ("doe (2025550123 OR 555)", "doe (2025550123 OR 555)"),
        ("(1234)", "1234"),
        ("((030) 1234)", "0301234"),
        ("555-PIZZA", "55574992 OR 555~ pizza*"),
        ("1-800-FLOWERS", "18003569377 OR 1~ 800~ flowers*"),
        ("1-800-GO-FEDEX doe", "(18004633339 OR 1~ 800~ go fedex) doe*"),
        ("phone:555-PIZZA", "phone:55574992"),
        ("phone:PIZZA", "phone:74992"),
        ("phone:45", "phone:45"),
        ("phone:(202) 555-0123", "phone:2025550123"),
        ("phone:123,4567", "phone:123 OR phone:4567"),
        ("phone:123,456", "phone:123456"),
        ("phone:(1234 OR 5678)", "phone:1234 OR phone:5678"),
        ("phone:*4567*", "phone:4567"),
        ("phone:\"+49 30\"", "phone:4930"),
        ("phone:é", "! has no digits"),
        ("-phone:1234", "-phone:1234"),
        ("t9:5646", "t9:5646"),
        ("t9:john", "t9:5646"),
        ("t9:56460363", "t9:5646 t9:363"),
        ("t9:1", "! no digits from 2 to 9"),
        ("-1234", "1234"),
    ]);
}

#[test]
fn fields() {
    check(&[
        ("name:doe", "name:doe*"),
        ("name:doe x", "name:doe x*"),
        ("name:\"John Doe\"", "name:\"john\" name:\"doe\""),
        ("name:Doe,John", "name:doe name:john*"),
        ("company:=Acme", "company:=\"Acme\""),
        ("company:*cm*", "company:*cm*"),
        ("account:acme x", "company:acme x*"),
        ("job_title:chief x", "title:chief x*"),
        ("jobTitle:chief x", "title:chief x*"),
        ("assigned_to:me", "owner:me"),
        ("assignedTo:me", "owner:me"),
        ("assignee:ann@x.de", "owner:ann@x.de"),
        ("owner:none", "-has:owner"),
        ("owner:\"none\"", "owner:\"none\""),
        ("owner:*", "has:owner"),
        ("department_id:sales", "org_department:sales"),
        ("department:sales", "department:sales"),
        ("tag:VIP john", "tag:VIP john*"),
        ("tag:\"Q4 Campaign\"", "tag:\"Q4 Campaign\""),
        ("tag:\"say \"\"hi\"\"\"", "tag:\"say \"\"hi\"\"\""),
        ("tag:vip*", "tag:vip*"),
        ("tag:*vip*", "tag:*vip*"),
        ("tag_contains:vip", "tag:*vip*"),
        ("-tag_contains:vip", "-tag:*vip*"),
        ("tag:%ip%", "tag:*ip*"),
        ("tag:a,b", "tag:a,b"),
        ("tag:a,\"b c\"", "tag:a,\"b c\""),
        ("tag:(a OR b)", "tag:a,b"),
        ("tag:(a, b)", "tag:a,b"),
        ("tag:(a b)", "tag:a tag:b"),
        ("tag:(a AND -b)", "tag:a -tag:b"),
        ("tag:a|b", "tag:a,b"),
        ("tag:!=vip", "-tag:vip"),
        ("company:(acme OR siemens)", "company:acme OR company:siemens~"),
        ("status:active", "status:active"),
        ("status:dnc", "status:do_not_contact"),
        ("opt_in:yes", "opt_in:true"),
        ("opt_in:maybe", "! is yes or no"),
        ("email:@acme.com", "email:\"@acme.com\""),
        ("mailto:a@b.de", "email:a@b.de"),
        ("has:phone", "has:phone"),
        ("-has:owner", "-has:owner"),
        ("no:owner", "-has:owner"),
        ("has:phone,email", "has:phone OR has:email"),
        ("has:(phone email)", "has:phone has:email"),
        ("has:activities", "has:activities"),
        ("activities:yes", "has:activities"),
        ("has:cf.industry", "has:cf.industry"),
        ("has:nothing", "! there is no field nothing"),
        ("has:compny", "! did you mean company"),
        ("tag: vip", "tag:vip ! was read as tag:vip"),
        ("tag:", "! has no value"),
        ("tag: doe:x", "doe x* OR x* ! has no value & there is no field doe"),
        ("tag:>5", "! cannot be compared"),
        ("status:foo", "! status: is one of active, inactive"),
        ("status:a*", "status:active,archived"),
        ("status:*ack*", "! not \"ack\""),
        ("status:*lock*", "status:blocked"),
        ("compny:acme", "acme* ! did you mean company"),
        ("xyzzy:acme", "xyzzy acme* OR acme* ! there is no field xyzzy"),
        ("list:hot doe", "list:hot doe*"),
        ("consent:opted_in doe", "consent:opted_in doe*"),
        ("campaign:x doe", "doe* ! not available yet"),
        ("has:deals doe", "has:deals doe*"),
        ("has:campaigns doe", "doe* ! not available yet"),
        ("10:30", "10~ 30*"),
    ]);
}

#[test]
fn custom_fields() {
    check(&[
        ("cf.industry:Technology", "cf.industry:Technology"),
        ("custom.Industry:Technology", "cf.industry:Technology"),
        ("cf.\"Account Manager\":ann", "cf.\"account manager\":ann"),
        ("cf.langs:a,b", "cf.langs:a,b"),
        ("cf.langs:(a AND b)", "cf.langs:a cf.langs:b"),
        ("cf.plan:pro*", "cf.plan:pro*"),
        ("cf.value:>50000", "cf.value:>50000"),
        ("cf.value:50", "cf.value:50..50"),
        ("cf.value:high", "! needs a number"),
        ("cf.seats:10..20", "cf.seats:10..20"),
        ("cf.vip:yes", "cf.vip:true"),
        ("cf.vip:0", "cf.vip:false"),
        ("cf.vip:>1", "! cannot be compared"),
        ("cf.renewal:2025-03", "cf.renewal:2025-03-01..2025-03-31"),
        ("cf.renewal:<2025", "cf.renewal:<2025-01-01"),
        ("cf.renewal:this_week", "cf.renewal:2025-06-16..2025-06-22"),
        ("cf.renewal:<30d", "cf.renewal:2025-05-20..2025-06-18"),
        ("cf.renewal:soon", "! needs a date"),
        ("cf.x:50", "cf.x:50"),
        ("cf.x:>50", "cf.x:>50"),
        ("cf.x:>=2025-01-01", "cf.x:>=2025-01-01"),
        ("cf.x:2025-01-01", "cf.x:2025-01-01"),
        ("cf.x:2025-01-01..2025-02-01", "cf.x:2025-01-01..2025-02-01"),
        ("cf.x:>blue", "! neither a number nor a date"),
        ("cf.langs:>3", "! cannot be compared"),
        ("-cf.x:5", "-cf.x:5"),
    ]);
}

#[test]
fn numbers_and_dates() {
    check(&[
        ("lead_score:50", "lead_score:50"),
        ("lead_score:>=50", "lead_score:>=50"),
        ("score:≥50", "lead_score:>=50"),
        ("leadScore:<50", "lead_score:<50"),
        ("lead_score:10..20", "lead_score:10..20"),
        ("lead_score:20..10", "lead_score:10..20"),
        ("lead_score:..20", "lead_score:<=20"),
        ("lead_score:20..", "lead_score:>=20"),
        ("lead_score:>10..<20", "lead_score:>10..<20"),
        ("lead_score:..", "has:lead_score"),
        ("lead_score:>5..<5", "! nothing lies between"),
        ("lead_score:1,2", "lead_score:1 OR lead_score:2"),
        ("lead_score:high", "! needs a number"),
        ("total_calls:0", "total_calls:0"),
        ("created:2025-01-01", "created:2025-01-01"),
        ("created:>=2025-06-17T22:00:00Z", "created:>=2025-06-18"),
        ("created:>=2025-01-01T00:00:00Z", "created:>=2025-01-01T00:00:00Z"),
        ("created:2025-01-01..2025-12-31", "created:2025-01-01..2025-12-31"),
        ("created:2025-03", "created:2025-03-01..2025-03-31"),
        ("created:2025", "created:2025-01-01..2025-12-31"),
        ("created:31.01.2025", "created:2025-01-31"),
        ("created:>2025-03", "created:>=2025-04-01"),
        ("created:>=2025-03", "created:>=2025-03-01"),
        ("created:<2025-03", "created:<2025-03-01"),
        ("created:<=2025-03", "created:<2025-04-01"),
        ("created:2025-03..", "created:>=2025-03-01"),
        ("created:..2025-03", "created:<2025-04-01"),
        ("created:today", "created:2025-06-18"),
        ("created_at:yesterday", "created:2025-06-17"),
        ("added:this_week", "created:2025-06-16..2025-06-22"),
        ("created:last_week", "created:2025-06-09..2025-06-15"),
        ("created:this_month", "created:2025-06-01..2025-06-30"),
        ("created:last_month", "created:2025-05-01..2025-05-31"),
        ("created:\"last year\"", "created:2024-01-01..2024-12-31"),
        ("created:7d", "created:>=2025-06-11T10:00:00Z"),
        ("last_called:<30d", "last_called:>2025-05-19T10:00:00Z"),
        ("last_called:>30d", "last_called:<2025-05-19T10:00:00Z"),
        ("last_call:>=1mo", "last_called:<=2025-05-18T10:00:00Z"),
        ("last_contact:11h", "last_contact:>=2025-06-17T23:00:00Z"),
        ("last_activity:45m", "last_activity:>=2025-06-18T09:15:00Z"),
        ("updated:30d..7d", "updated:2025-05-19T10:00:00Z..2025-06-11T10:00:00Z"),
        ("updated:7d..30d", "updated:2025-05-19T10:00:00Z..2025-06-11T10:00:00Z"),
        ("created:>=2025-01-01T08:30:00Z", "created:>=2025-01-01T08:30:00Z"),
        ("created:>=\"2025-01-01 08:30\"", "created:>=2025-01-01T07:30:00Z"),
        // The day on which the clocks change has 23 hours, and is a day.
        ("created:2025-03-30", "created:2025-03-30"),
        ("created:soon", "! needs a date"),
        ("created:2025-02-30", "! needs a date"),
        ("last_called:9999999y", "last_called:>=0002-01-01T00:00:00Z"),
        ("birthday:1980-05-17", "birthday:1980-05-17..1980-05-17"),
        ("birthday:1980", "birthday:1980-01-01..1980-12-31"),
        ("birthday:<1980", "birthday:<1980-01-01"),
        ("birthday:05-17", "birthday:*\"-05-17\"*"),
        ("birthday:--05-17", "birthday:*\"-05-17\"*"),
        ("birthday:today", "birthday:*\"-06-18\"*"),
        ("birthday:this_month", "birthday:*\"-06-\"*"),
    ]);
}

#[test]
fn operators() {
    check(&[
        ("doe OR john", "doe OR john*"),
        ("doe | john", "doe OR john*"),
        ("doe or john", "doe or john*"),
        ("doe AND john", "doe john*"),
        ("a b OR c d", "a b OR c d*"),
        ("a (b OR c) d", "a (b OR c) d*"),
        ("(a)", "a~"),
        ("((a OR (b)))", "a OR b~"),
        ("-doe john", "-doe john*"),
        ("NOT doe john", "-doe john*"),
        ("-\"John Doe\"", "-(\"john\" \"doe\")"),
        ("-john.doe jane", "-john.doe~ jane*"),
        ("-tag:vip doe", "-tag:vip doe*"),
        ("-tag:a,b", "-tag:a,b"),
        ("-(a OR b)", "-(a OR b)"),
        ("-(-a)", "a~"),
        ("NOT NOT a", "a*"),
        ("NOT 42 x", "NOT 42~ x*"),
        ("doe -", "doe*"),
        ("a - b", "a b*"),
        ("tag:a OR tag:b", "tag:a,b"),
        ("tag:a OR tag:b x", "tag:a OR tag:b x*"),
        ("doe OR", "doe~ ! OR has nothing on one side"),
        ("OR doe", "doe* ! OR has nothing on one side"),
        ("a OR OR b", "a OR b* ! OR has nothing"),
        ("doe AND", "doe~ ! AND has nothing on one side"),
        ("doe NOT", "doe~ ! NOT has nothing behind it"),
        ("doe)", "doe~ ! closes nothing"),
        ("(doe", "doe* ! is not closed"),
        ("()", "! nothing to search for"),
        ("() doe", "doe*"),
        ("doe OR (", "doe~ ! is not closed"),
    ]);
}

#[test]
fn the_tree_holds_what_was_typed() {
    let parsed = parse("josé.doe OR -owner:me,ann 030901820", &language());
    assert_eq!(parsed.expr.owners().collect::<Vec<_>>(), ["me", "ann"]);
    assert!(parsed.expr.has_digits() && !parsed.expr.is_everything());
    assert_eq!(parsed.expr.conditions().count(), 4);
    assert_eq!(parsed.expr.word_count(), 5);
    let digits = Condition::Digits {
        digits: "030901820".to_owned(),
        variants: vec!["30901820".to_owned()],
        pieces: Vec::new(),
        extension: None,
        anywhere: true,
    };
    assert!(parsed.expr.conditions().any(|condition| *condition == digits));
    let word = |text: &str, shape| {
        Expr::Is(Condition::Word { field: Some(Field::Name), text: text.to_owned(), shape })
    };
    let expect = Expr::All(vec![word("anna", Shape::Word), word("lee", Shape::Prefix)]);
    assert_eq!(parse("name:Anna-Lee", &language()).expr, expect);
}

#[test]
fn too_many_words_are_cut_and_said() {
    let text = "w ".repeat(40);
    let parsed = parse(&text, &language());
    assert_eq!(parsed.expr.conditions().count(), 16);
    assert_eq!(parsed.warnings.len(), 1);
    assert!(parsed.warnings[0].message.contains("first 16 words"));
    let tags = format!("tag:{}", vec!["a"; 300].join(","));
    let parsed = parse(&tags, &language());
    assert_eq!(parsed.expr.conditions().count(), 256);
    assert!(parsed.warnings[0].message.contains("first 256 values"));
}

#[test]
fn warnings_say_where_and_what_else() {
    let text = "é compny:acme";
    let parsed = parse(text, &language());
    let warning = &parsed.warnings[0];
    assert_eq!(&text[warning.start..warning.end], "compny");
    assert_eq!(warning.suggestion.as_deref(), Some("company"));
    assert_eq!(warning.utf16_span(text), (2, 8));
}

#[test]
fn known_keys_of_custom_fields_correct_others() {
    let keys = ["industry".to_owned(), "account manager".to_owned()];
    let language = Language { custom_keys: Some(&keys), ..language() };
    let said = |text: &str| {
        let parsed = parse(text, &language);
        let said: Vec<_> = parsed.warnings.iter().map(|w| w.suggestion.clone()).collect();
        (print(&parsed.expr, &language), said)
    };
    assert_eq!(said("cf.industry:x"), ("cf.industry:x".to_owned(), vec![]));
    assert_eq!(said("industry:x"), ("cf.industry:x".to_owned(), vec![]));
    let near = Some("cf.industry".to_owned());
    assert_eq!(said("cf.industri:x"), ("cf.industri:x".to_owned(), vec![near.clone()]));
    assert_eq!(said("industri:x y"), ("x y*".to_owned(), vec![near]));
    assert_eq!(said("cf.colour:x"), ("cf.colour:x".to_owned(), vec![None]));
    assert_eq!(said("cf.seats:5"), ("cf.seats:5..5".to_owned(), vec![]));
}
