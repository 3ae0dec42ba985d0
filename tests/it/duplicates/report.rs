//! Reports on duplicates: over a list and over the base, through the real binary and the store.
#![expect(clippy::disallowed_methods, reason = "lists of tests need not survive")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use ringdex::app::{Cancel, DuplicateReport, ReportFormat, ReportOptions, ReportView};
use ringdex::domain::access::{
    Caller, FieldRight, FieldRights, Identity, Permission, Permissions, Role, Sight, SightRules,
    TokenLimits,
};
use ringdex::domain::ids::OrgNumber;
use serde_json::{Value, json};

use crate::support::{TestApp, operator};

fn labelled() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/duplicates/contacts.csv")
}

fn ringdex(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringdex"));
    command.args(arguments).env("RINGDEX_DATA_DIR", "/does/not/exist").output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The exit code and what was said.
fn refused(arguments: &[&str]) -> (i32, String) {
    let output = ringdex(arguments);
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn rows(csv: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(csv.as_bytes()).deserialize().map(Result::unwrap).collect()
}

fn ordered(a: &str, b: &str) -> (String, String) {
    (a.min(b).to_owned(), a.max(b).to_owned())
}

/// The pairs of a report with their weights in thousandths.
fn weights(csv: &str) -> BTreeMap<(String, String), i64> {
    rows(csv)
        .iter()
        .map(|row| {
            let weight: f64 = row["match_weight"].parse().unwrap();
            #[expect(clippy::cast_possible_truncation, reason = "bits are small numbers")]
            (ordered(&row["id_a"], &row["id_b"]), (weight * 1000.0).round() as i64)
        })
        .collect()
}

/// Permille of what was found that is right, and of what is right that was found.
fn measured(found: &BTreeSet<(String, String)>) -> (usize, usize) {
    let list = std::fs::read_to_string(labelled()).unwrap();
    let person: BTreeMap<String, String> =
        rows(&list).into_iter().map(|row| (row["id"].clone(), row["cluster_id"].clone())).collect();
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for one in person.values() {
        *sizes.entry(one).or_default() += 1;
    }
    let truth: usize = sizes.values().map(|n| n * (n - 1) / 2).sum();
    let right = found.iter().filter(|(a, b)| person[a] == person[b]).count();
    (right * 1000 / found.len(), right * 1000 / truth)
}

#[test]
fn known_duplicates_of_a_list_are_found() {
    let list = labelled();
    let of_list = ["duplicates", "--input", list.to_str().unwrap(), "--id-column", "id"];
    let pairs = text(&ringdex(&of_list));
    assert!(pairs.starts_with("id_a,id_b,probability,match_weight,rule,why\r\n"));
    let listed = rows(&pairs);
    let (precision, recall) = measured(&weights(&pairs).into_keys().collect());
    assert!(precision >= 995 && recall >= 870, "{precision} {recall}");
    let numbers: Vec<f64> = listed.iter().map(|row| row["match_weight"].parse().unwrap()).collect();
    assert!(numbers.is_sorted_by(|one, other| one >= other));
    for row in &listed {
        assert!(row["probability"].parse::<f64>().unwrap() >= 0.9 && row["why"].ends_with('%'));
    }
    assert_eq!(text(&ringdex(&of_list)), pairs, "the same list, another report");

    let groups = text(&ringdex(&[&of_list[..], &["--view", "groups"]].concat()));
    assert!(groups.starts_with("group_id,id,probability\r\n"));
    let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows(&groups) {
        members.entry(row["group_id"].clone()).or_default().push(row["id"].clone());
    }
    let grouped: BTreeSet<(String, String)> = members
        .values()
        .flat_map(|all| {
            (0..all.len()).flat_map(move |b| (0..b).map(move |a| ordered(&all[a], &all[b])))
        })
        .collect();
    let (precision, recall) = measured(&grouped);
    assert!(precision >= 995 && recall >= 955, "{precision} {recall}");
}

#[test]
fn json_lines_explain_every_pair_and_group() {
    let list = labelled();
    let of_list =
        ["duplicates", "--input", list.to_str().unwrap(), "--id-column", "id", "--format", "jsonl"];
    let lines = |more: &[&str]| -> Vec<Value> {
        let all = text(&ringdex(&[&of_list[..], more].concat()));
        all.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let sum_is_weight = |pair: &Value| {
        let why = pair["why"].as_array().unwrap();
        let sum: f64 = why.iter().map(|reason| reason["weight"].as_f64().unwrap()).sum();
        let sum = sum + pair["prior"].as_f64().unwrap();
        // What the soft minimum of the rivals adds is left out where it is less than .05.
        assert!((sum - pair["match_weight"].as_f64().unwrap()).abs() < 0.06, "{pair}");
        assert!(why.iter().all(|reason| {
            ["field", "level", "words"].iter().all(|member| reason[*member].is_string())
        }));
    };
    let pairs = lines(&[]);
    assert!(pairs.len() > 500);
    pairs.iter().for_each(sum_is_weight);
    let groups = lines(&["--view", "groups"]);
    assert!(groups.len() > 300);
    for group in &groups {
        let (members, ties) = (group["members"].as_array(), group["pairs"].as_array());
        assert_eq!(members.unwrap().len(), ties.unwrap().len() + 1);
        ties.unwrap().iter().for_each(sum_is_weight);
    }
}

#[test]
fn the_base_gives_the_report_of_the_list_it_came_from_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (base, list, mapped) =
        (dir.path().join("data"), dir.path().join("list.csv"), dir.path().join("map.csv"));
    let on_base = |arguments: &[&str]| {
        text(&ringdex(&[&["--data-dir", base.to_str().unwrap()], arguments].concat()))
    };
    // Only those of whom there are several records, so that the test does not take long.
    let mut reader = csv::Reader::from_path(labelled()).unwrap();
    let header = reader.headers().unwrap().clone();
    let all: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let person = header.iter().position(|name| name == "cluster_id").unwrap();
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &all {
        *sizes.entry(&row[person]).or_default() += 1;
    }
    let write = |keep: &dyn Fn(&csv::StringRecord) -> bool| {
        let mut writer = csv::Writer::from_path(&list).unwrap();
        writer.write_record(&header).unwrap();
        for row in all.iter().filter(|row| sizes[&row[person]] > 1 && keep(row)) {
            writer.write_record(row).unwrap();
        }
        writer.flush().unwrap();
    };
    write(&|_| true);
    let list_path = list.to_str().unwrap();
    on_base(&["import", list_path, "--map", "id=external_crm_id", "--on-duplicate", "create"]);
    on_base(&["export", "--out", mapped.to_str().unwrap(), "--columns", "id,external_crm_id"]);
    let names: BTreeMap<String, String> = rows(&std::fs::read_to_string(&mapped).unwrap())
        .into_iter()
        .map(|row| (row["id"].clone(), row["external_crm_id"].clone()))
        .collect();
    // An import refuses some rows, for example with a number that cannot be.
    let imported: BTreeSet<&String> = names.values().collect();
    assert!(imported.len() > 900, "{}", imported.len());
    write(&|row| imported.contains(&row[0].to_owned()));

    let options = ["duplicates", "--min-probability", "0.5"];
    let of_list = [&options[..], &["--input", list_path, "--id-column", "id"]].concat();
    let of_list = weights(&text(&ringdex(&of_list)));
    let first = on_base(&options);
    let of_base: BTreeMap<(String, String), i64> = weights(&first)
        .into_iter()
        .map(|((a, b), weight)| (ordered(&names[&a], &names[&b]), weight))
        .collect();
    let differ: Vec<_> = of_list
        .iter()
        .map(|(pair, weight)| (pair, *weight, of_base.get(pair).copied()))
        .filter(|(_, weight, other)| other.is_none_or(|other| (weight - other).abs() > 20))
        .collect();
    assert!(differ.is_empty() && of_list.len() == of_base.len(), "{differ:#?}");
    assert_eq!(on_base(&options), first, "another report after a restart");
}

/// Somebody of organisation 1 who may export, with this sight and these rights.
fn somebody(sight: Sight, fields: FieldRights, permissions: &[Permission]) -> Caller {
    let identity = Identity {
        organization: OrgNumber(1),
        role: Role::Manager,
        permissions: Permissions::of(permissions),
        sight,
        fields,
        actor: "user:somebody".into(),
        user: None,
        department: None,
        operator: false,
        limits: TokenLimits::default(),
    };
    Caller::new(Arc::new(identity), None)
}

fn report(app: &TestApp, caller: &Caller) -> DuplicateReport {
    let options = ReportOptions { min_probability: 0.1, has_cards: true };
    app.app().report_duplicates(caller, &options, &Cancel::never(), &mut |_| {}).unwrap()
}

fn written(report: &DuplicateReport, format: ReportFormat) -> String {
    let mut out = Vec::new();
    report.write(format, ReportView::Pairs, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn what_a_caller_does_not_see_is_in_no_report() {
    let app = TestApp::new();
    let jane = json!({"first_name": "Jane", "last_name": "Quimby", "phone": "+12025550101",
        "email": "jane.quimby@example.com", "birthday": "1980-02-03"});
    let seen = [app.create(1, &jane).id.to_string(), app.create(1, &jane).id.to_string()];
    let mut hidden = jane.clone();
    let owner = json!({"email": "owner@elsewhere.example", "name": "Owner", "role": "agent"});
    let owner = app.app().create_user(&operator(1), &owner).unwrap();
    (hidden["visibility"], hidden["assigned_to"]) = (json!("owner"), json!(owner.id));
    let hidden = app.create(1, &hidden).id.to_string();
    let foreign = app.create(2, &jane).id.to_string();

    let may = [Permission::Export];
    let rules = Sight::Rules(SightRules::default());
    let few = report(&app, &somebody(rules, FieldRights::default(), &may));
    assert_eq!(few.summary().contacts, 2);
    for format in [ReportFormat::Csv, ReportFormat::JsonLines, ReportFormat::Html] {
        let said = written(&few, format);
        assert!(seen.iter().all(|id| said.contains(id)), "{said}");
        assert!(!said.contains(&hidden) && !said.contains(&foreign), "{said}");
    }
    assert_eq!(report(&app, &operator(1)).summary().contacts, 3);
    assert_eq!(report(&app, &operator(2)).summary().contacts, 1);

    let masked = FieldRights {
        phones: FieldRight::Masked,
        emails: FieldRight::Hidden,
        ..Default::default()
    };
    let blind = report(&app, &somebody(Sight::Everything, masked, &may));
    let said = written(&blind, ReportFormat::JsonLines) + &written(&blind, ReportFormat::Html);
    assert!(said.contains("same birthday") && !said.contains("phone number"), "{said}");
    assert!(!said.contains("2025550101") && !said.contains("jane.quimby@"), "{said}");

    let nobody = somebody(Sight::Everything, FieldRights::default(), &[Permission::View]);
    assert!(
        app.app()
            .report_duplicates(&nobody, &ReportOptions::default(), &Cancel::never(), &mut |_| {})
            .is_err()
    );
}

#[test]
fn values_cannot_become_formulas_or_markup() {
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("list.csv");
    std::fs::write(
        &list,
        "key;Vorname;Nachname;E-Mail;Telefon\n\
         =1+1;\"<script>alert(1)</script>\";Müller & Söhne;o'x@example.com;+49 30 901820\n\
         @a;\"<script>alert(1)</script>\";Müller & Söhne;o'x@example.com;+49 30 901820\n",
    )
    .unwrap();
    let of_list = ["duplicates", "--input", list.to_str().unwrap(), "--id-column", "KEY"];
    let pairs = rows(&text(&ringdex(&of_list)));
    assert_eq!((pairs[0]["id_a"].as_str(), pairs[0]["id_b"].as_str()), ("'=1+1", "'@a"));
    let groups = rows(&text(&ringdex(&[&of_list[..], &["--view", "groups"]].concat())));
    assert_eq!(groups[0]["id"], "'=1+1");

    let page = dir.path().join("report.html");
    text(&ringdex(&[&of_list[..], &["--out", page.to_str().unwrap()]].concat()));
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("&lt;script&gt;") && page.contains("Müller &amp; Söhne"), "{page}");
    for forbidden in ["<script", "src=", "href=", "url(", "@import", "o'x"] {
        assert!(!page.contains(forbidden), "{forbidden} in {page}");
    }
}

#[test]
fn lists_are_read_as_by_an_import() {
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("list.txt");
    // Windows-1252, a preamble, columns that only a mapping explains.
    let rows_of = "Kundenliste\nAnrede|Rufname|Familie|Handy|wo\n\
        Frau|J\u{e4}nne|M\u{fc}ller-L\u{fc}denscheidt|0171 2345678|Berlin\n\
        Herr|Otto|Klein|030 901820|Berlin\n\
        |Jaenne|Mueller-Luedenscheidt|+49 171 2345678|\n";
    let bytes: Vec<u8> = rows_of.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    std::fs::write(&list, bytes).unwrap();
    let map = ["--map", "Rufname=first_name", "--map", "Familie=last_name", "--map", "wo=city"];
    let of_list = ["duplicates", "--input", list.to_str().unwrap(), "--json"];
    let line = text(&ringdex(&[&of_list[..], &map[..]].concat()));
    let pair: Value = serde_json::from_str(line.trim()).unwrap();
    assert_eq!((&pair["id_a"], &pair["id_b"]), (&json!("1"), &json!("3")));
    let out = dir.path().join("pairs.csv");
    let with_out = [&of_list[..], &map[..], &["--out", out.to_str().unwrap()]].concat();
    let summary: Value = serde_json::from_str(&text(&ringdex(&with_out))).unwrap();
    assert_eq!((&summary["contacts"], &summary["surplus"]), (&json!(3), &json!(1)));
    assert_eq!(rows(&std::fs::read_to_string(&out).unwrap()).len(), 1);
}

#[test]
fn bad_usage_is_named_and_leaves_files_alone() {
    let list = labelled();
    let list = list.to_str().unwrap();
    let usage = |arguments: &[&str], part: &str| {
        let (code, said) = refused(&[&["duplicates"], arguments].concat());
        assert!(code == 2 && said.contains(part), "{arguments:?}: {code} {said}");
    };
    usage(&["--input", list, "--id-column", "idd"], "\"cluster_id\"");
    usage(&["--input", list, "--map", "nobody=phone"], "columns are");
    usage(&["--input", list, "--map", "id=fone"], "did you mean \"phone\"?");
    usage(&["--input", list, "--map", "id"], "COLUMN=field");
    usage(&["--input", list, "--min-probability", "1.5"], "0 to 1");
    usage(&["--input", list, "--min-probability", "NaN"], "0 to 1");
    usage(&["--input", list, "--view", "lists"], "groups");
    usage(&["--input", list, "--out", "pairs.pdf"], "--format");
    usage(&["--input", list, "--out", list], "--out");
    usage(&["--input", "list.xls"], "save the list as CSV");
    usage(&["--id-column", "id"], "--input");

    let dir = tempfile::tempdir().unwrap();
    let (out, broken) = (dir.path().join("pairs.csv"), dir.path().join("broken.csv"));
    std::fs::write(&out, "kept").unwrap();
    std::fs::write(&broken, b"PK\x03\x04nonsense").unwrap();
    let failed = |input: &Path| {
        let input = input.to_str().unwrap();
        refused(&["duplicates", "--input", input, "--out", out.to_str().unwrap()])
    };
    assert_eq!(failed(&broken).0, 1);
    assert_eq!(failed(&dir.path().join("missing.csv")).0, 1);
    std::fs::write(&broken, "colour,shape\nred,round\n").unwrap();
    let (code, said) = failed(&broken);
    assert!(code == 1 && said.contains("colour, shape") && said.contains("--map"), "{said}");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "kept");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    // What is no file is written to, and stays what it is.
    let full = Path::new("/dev/full");
    if std::fs::metadata(full).is_ok_and(|known| !known.is_file()) {
        let (code, said) = refused(&["duplicates", "--input", list, "--out", "/dev/full"]);
        assert!(code == 1 && said.contains("/dev/full"), "{code} {said}");
        assert!(!std::fs::metadata(full).unwrap().is_file());
    }
    let (code, said) = refused(&["duplicates"]);
    assert!(code == 1 && said.contains("no data directory"), "{said}");
    let model = text(&ringdex(&["duplicates", "--model"]));
    assert!(model.contains("[first_name]") && model.contains("nickname"));
}

#[test]
fn an_operator_may_bring_a_table_of_weights() {
    let dir = tempfile::TempDir::new().unwrap();
    let (data, list) = (dir.path().join("data"), dir.path().join("list.csv"));
    std::fs::write(&list, "name,phone\nJohn Doe,+12025550123\nJohn Doe,+12025550123\n").unwrap();
    let on_base = |arguments: &[&str]| {
        ringdex(&[&["--data-dir", data.to_str().unwrap()], arguments].concat())
    };
    text(&on_base(&["import", list.to_str().unwrap(), "--on-duplicate", "create"]));
    assert_eq!(text(&on_base(&["duplicates"])).lines().count(), 2);
    let shipped = text(&ringdex(&["duplicates", "--model"]));
    let own = data.join("duplicate-model.toml");
    let strict = shipped.replace("[phone]\nsame ", "[phone]\nno_level ");
    assert_ne!(strict, shipped);
    std::fs::write(&own, strict).unwrap();
    let refused = on_base(&["duplicates"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("duplicate-model.toml") && said.contains("phone.same"), "{said}");
    // Numbers that say nothing make no pair.
    let line =
        shipped.lines().find(|line| line.starts_with("exact") && line.contains("first name"));
    let heavy =
        shipped.replace(line.unwrap(), "exact = { bits = -50.0, words = \"same first name\" }");
    std::fs::write(&own, heavy).unwrap();
    assert_eq!(text(&on_base(&["duplicates"])).lines().count(), 1);
}

#[test]
fn weights_are_estimated_and_count_only_where_they_are_put() {
    let dir = tempfile::TempDir::new().unwrap();
    let (data, weights) = (dir.path().join("data"), dir.path().join("weights.toml"));
    let list = labelled();
    let on_base = |arguments: &[&str]| {
        ringdex(&[&["--data-dir", data.to_str().unwrap()], arguments].concat())
    };
    let out = weights.to_str().unwrap();
    text(&on_base(&["import", list.to_str().unwrap(), "--on-duplicate", "create"]));
    let before = text(&on_base(&["duplicates"]));
    let output = on_base(&["duplicates", "--estimate", "em", "--out", out]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(text(&output), "");
    assert!(said.contains("estimated") && said.contains("first_name"), "{said}");
    let table = std::fs::read_to_string(&weights).unwrap();
    assert!(table.starts_with("# Weights estimated by expectation and maximisation from"));
    assert_ne!(table, text(&ringdex(&["duplicates", "--model"])));
    assert_eq!(text(&on_base(&["duplicates"])), before);
    std::fs::write(data.join("duplicate-model.toml"), &table).unwrap();
    let after = text(&on_base(&["duplicates"]));
    assert_ne!(after, before);
    assert!(after.lines().count() * 10 > before.lines().count() * 9);

    let code = |arguments: &[&str]| {
        let output = on_base(arguments);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (status, said) = code(&["duplicates", "--estimate", "decisions"]);
    assert!(status == Some(1) && said.contains("0 decisions say that two contacts are the same"));
    let of_list = ["duplicates", "--input", list.to_str().unwrap(), "--estimate"];
    let (status, _) = code(&[&of_list[..], &["decisions"]].concat());
    assert_eq!(status, Some(2));
    let output = on_base(&[&of_list[..], &["em"]].concat());
    assert!(text(&output).contains("[first_name]"));
    let few = dir.path().join("few.csv");
    std::fs::write(&few, "name,phone\nJohn Doe,+12025550123\nJohn Doe,+12025550123\n").unwrap();
    let input = few.to_str().unwrap();
    let (status, said) = code(&["duplicates", "--input", input, "--estimate", "em"]);
    assert!(
        status == Some(1) && said.contains("few.csv: there is nothing to learn from"),
        "{said}"
    );
}
