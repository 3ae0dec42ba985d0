//! Totals and counts: of everything, or said not to be.

use std::fs::{self, File};
use std::io::Write;

use ringdex::engine::{SCHEMA_FOLDER, write_schema};
use serde_json::{Value, json};

use crate::support::server::{Client, TestServer};

fn people(server: &Client) {
    for at in 0..60 {
        let city = format!("City {:02}", at % 30);
        let plan = ["Gold", "gold", "Silver"][at % 3];
        server.create(&json!({
            "name": format!("{} Person {at}", ["Ann", "Bob", "Çelik"][at % 3]),
            "tags": if at % 2 == 0 { json!(["vip", "all"]) } else { json!(["all"]) },
            "status": if at % 4 == 0 { "inactive" } else { "active" },
            "addresses": [{"city": city}],
            "custom_fields": {"plan": plan},
        }));
    }
    server.get("/api/v1/contacts?refresh=wait").expect(200);
}

fn values(answer: &Value, facet: &str) -> Vec<(String, u64)> {
    let values = answer["facets"][facet]["values"].as_array().unwrap();
    let pair =
        |one: &Value| (one["value"].as_str().unwrap().to_owned(), one["count"].as_u64().unwrap());
    values.iter().map(pair).collect()
}

#[test]
fn facets_count_the_whole_result() {
    let server = TestServer::start();
    people(&server);
    let ask = |parameters: &str| {
        server.get(&format!("/api/v1/contacts?per_page=1&{parameters}")).expect(200).json
    };
    let answer = ask("facets=tag,status,city,letter,cf.plan");
    assert_eq!(answer["facets_exact"], true);
    assert_eq!(values(&answer, "tag"), [("all".to_owned(), 60), ("vip".to_owned(), 30)]);
    assert_eq!(values(&answer, "status"), [("active".to_owned(), 45), ("inactive".to_owned(), 15)]);
    let letters: Vec<_> = [("A", 20), ("B", 20), ("C", 20)].map(|(l, n)| (l.to_owned(), n)).into();
    assert_eq!(values(&answer, "letter"), letters);
    // The same value in two spellings is one.
    let plans: Vec<u64> = values(&answer, "cf.plan").iter().map(|(_, count)| *count).collect();
    assert_eq!(plans, [40, 20]);
    // Twenty values, of how many there are.
    assert_eq!(
        (values(&answer, "city").len(), &answer["facets"]["city"]["distinct"]),
        (20, &json!(30))
    );
    let answer = ask("facets=city&facet_values=3&q=vip");
    let cities = values(&answer, "city");
    assert_eq!(cities.len(), 3);
    assert!(cities.iter().all(|(_, count)| *count == 2), "{cities:?}");
    assert!(ask("q=vip").get("facets_exact").is_none());
    for wrong in ["facets=phone", "facets=cf.", "facet_values=x&facets=tag"] {
        server.get(&format!("/api/v1/contacts?{wrong}")).expect(422);
    }
    let many = ["tag"; 13].join(",");
    server.get(&format!("/api/v1/contacts?facets={many}")).expect(422);
}

#[test]
fn a_limit_of_the_total_makes_it_a_lower_bound() {
    let server = TestServer::start();
    people(&server);
    let ask = |parameters: &str| {
        server.get(&format!("/api/v1/contacts?per_page=5&{parameters}")).expect(200).json
    };
    for (limit, total, is_exact) in [(7, 7, false), (60, 60, false), (61, 60, true), (0, 60, true)]
    {
        let answer = ask(&format!("total_limit={limit}&facets=tag"));
        assert_eq!(answer["total"], total, "{limit}");
        assert_eq!(answer["total_exact"], is_exact, "{limit}");
        assert_eq!(answer["facets_exact"], is_exact, "{limit}");
        assert_eq!(answer["contacts"].as_array().unwrap().len(), 5);
    }
    server.get("/api/v1/contacts?total_limit=-1").expect(422);
}

#[test]
fn a_search_without_time_says_so_and_shows_nobody_who_was_left_out() {
    let server = TestServer::start();
    people(&server);
    let partition = server.app().partition();
    let folder = partition.root().join(SCHEMA_FOLDER);
    write_schema(&folder).unwrap();
    let path = folder.join("contacts.toml");
    let text = fs::read_to_string(&path).unwrap();
    let text = text.replace("time_budget_ms = 2000", "time_budget_ms = 0");
    File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
    partition.refresh_schema().unwrap();
    for q in ["", "person", "ann -vip", "-tag:vip", "-(tag:vip OR status:inactive)", "-*ity*"] {
        let answer = server.search(q, "&facets=tag").expect(200).json;
        assert_eq!(answer["partial"], true, "{q}");
        assert_eq!(answer["total_exact"], false, "{q}");
        assert_eq!(answer["facets_exact"], false, "{q}");
        for contact in answer["contacts"].as_array().unwrap() {
            let is_left_out = q.contains('-') && contact["tags"].to_string().contains("vip");
            assert!(!is_left_out, "{q}: {contact}");
        }
    }
}
