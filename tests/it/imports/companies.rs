//! The companies that rows of an import name.

use serde_json::{Value, json};

use super::import;
use crate::support::process::Bench;
use crate::support::server::{Client, TestServer};

fn company(server: &Client, name: &str) -> String {
    server.post("/api/v1/companies", &json!({"name": name})).expect(201).id()
}

fn contact(server: &Client, name: &str) -> Value {
    let found = server.search(name, "&refresh=wait").json;
    assert_eq!(found["total"], 1, "{name}: {found}");
    found["contacts"][0].clone()
}

fn companies(server: &Client) -> u64 {
    server.get("/api/v1/companies").expect(200).json["total"].as_u64().unwrap()
}

#[test]
fn contacts_belong_to_the_company_that_is_called_as_their_row_says() {
    let server = TestServer::start();
    let acme = company(&server, "Acme Inc");
    company(&server, "Twin");
    company(&server, "Twin");
    let gone = company(&server, "Gone");
    server.delete(&format!("/api/v1/companies/{gone}")).expect(204);
    server.create(&json!({"name": "Olga Old", "phone": "+12025550170", "company": "ACME inc"}));
    server.create(&json!({"name": "Mona Mover", "phone": "+12025550171", "company": "Elsewhere"}));
    let csv = "name,phone,company\n\
        Ada New,+12025550172,acme INC\nTim Two,+12025550173,Twin\nGus Past,+12025550174,Gone\n\
        Una None,+12025550175,Nowhere\nOlga Old,+12025550170,ACME inc\n\
        Mona Mover,+12025550171,Acme Inc\n";
    let body = json!({"csv": csv});
    let preview = server.post("/api/v1/imports/preview", &body).expect(200).json;
    let job = import(&server, csv.as_bytes(), &json!({}));
    assert_eq!(job["counts"]["imported"], 4, "{job}");
    // Whoever is called so already stays as it is; a trial says the same.
    assert_eq!((&job["counts"]["updated"], &job["counts"]["unchanged"]), (&json!(1), &json!(1)));
    assert_eq!(preview["counts"]["updated"], 1, "{preview}");
    let ada = contact(&server, "ada new");
    assert_eq!((&ada["company_id"], &ada["company"]), (&json!(acme), &json!("Acme Inc")));
    assert_eq!(contact(&server, "mona mover")["company_id"], json!(acme));
    for name in ["tim two", "gus past", "una none", "olga old"] {
        assert_eq!(contact(&server, name)["company_id"], Value::Null, "{name}");
    }
    assert_eq!(companies(&server), 3);
    // Again it changes nothing.
    let again = import(&server, csv.as_bytes(), &json!({}));
    assert_eq!(again["counts"]["unchanged"], 6, "{again}");
    // What was taken back belongs to nobody any more.
    let undo = format!("/api/v1/imports/{}/undo", job["id"].as_str().unwrap());
    server.post(&undo, &json!({})).expect(202);
    server.app().finish_jobs();
    let mona = contact(&server, "mona mover");
    assert_eq!((&mona["company_id"], &mona["company"]), (&Value::Null, &json!("Elsewhere")));
}

#[test]
fn companies_are_made_once_or_left_alone_as_it_is_wanted() {
    let server = TestServer::start();
    let csv = "name,phone,company\nAnn A,+12025550180,Umbra\nBen B,+12025550181,UMBRA\n\
               Cyd C,+12025550182,\nDan D,nonsense,Never\n";
    let trial = import(&server, csv.as_bytes(), &json!({"companies": "create", "dry_run": true}));
    assert_eq!((trial["counts"]["imported"].as_u64(), companies(&server)), (Some(3), 0));
    let left = import(&server, csv.as_bytes(), &json!({"companies": "none"}));
    assert_eq!((left["counts"]["imported"].as_u64(), companies(&server)), (Some(3), 0));
    server.bulk_action(&json!({"all": true}), &json!({"type": "delete"}));
    let made = import(&server, csv.as_bytes(), &json!({"companies": "create"}));
    assert_eq!(made["counts"], trial["counts"], "{made}");
    assert_eq!(companies(&server), 1);
    let (ann, ben) = (contact(&server, "ann a"), contact(&server, "ben b"));
    assert_eq!(ann["company_id"], ben["company_id"]);
    assert_eq!((&ann["company"], &ben["company"]), (&json!("Umbra"), &json!("Umbra")));
    let shown = server.get(&format!("/api/v1/companies/{}", ann["company_id"].as_str().unwrap()));
    assert_eq!(shown.expect(200).json["contacts_count"], 2);
    let again = import(&server, csv.as_bytes(), &json!({"companies": "create"}));
    assert_eq!((again["counts"]["unchanged"].as_u64(), companies(&server)), (Some(3), 1));
    for wrong in [json!("all"), json!(true)] {
        let body = json!({"csv": csv, "options": {"companies": wrong}});
        let refused = server.post("/api/v1/imports", &body).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], "/options/companies");
    }
}

#[test]
fn the_command_makes_companies_where_that_is_wanted() {
    let bench = Bench::new();
    let list = bench.path("list.csv");
    let mut file = std::fs::File::create(&list).unwrap();
    std::io::Write::write_all(&mut file, b"name,company\nAda,Acme\nBen,Acme\n").unwrap();
    bench.run(&["import", list.to_str().unwrap(), "--companies", "create"], None).expect(0);
    let served = bench.serve(None);
    assert_eq!(companies(&served.client), 1);
    served.stop();
}
