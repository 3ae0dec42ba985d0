//! A trial says what the import will do.

use std::fmt::Write as _;

use ringdex::generate;
use serde_json::json;

use super::import;
use crate::support::server::TestServer;

#[test]
fn a_trial_counts_as_the_import_does() {
    let mut list = Vec::new();
    let options = generate::Options { duplicates: 0.3 };
    generate::write_csv(20_000, 7, options, &mut list).unwrap();
    let server = TestServer::start();
    server.take_long_lists();
    let options = json!({"default_country": "US"});
    let ends = list.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    let beginning = &list[..ends.clone().nth(2_000).unwrap()];
    for list in [&list[..], beginning] {
        let mut trial = options.clone();
        trial["dry_run"] = json!(true);
        let trial = import(&server, list, &trial);
        let real = import(&server, list, &options);
        assert_eq!(trial["counts"], real["counts"]);
        let counts = &real["counts"];
        assert!(
            counts["updated"].as_u64().unwrap() + counts["unchanged"].as_u64().unwrap() > 1_000
        );
    }
}

#[test]
fn rows_of_one_list_find_each_other_in_a_trial() {
    let mut csv = String::from("name,phone,email,external_crm_id,birthday,title\n");
    for at in 0..700 {
        let _ =
            writeln!(csv, "Robert Stone{at},+1202555{at:04},r{at}@example.com,x{at},1970-02-03,");
    }
    for at in 0..700 {
        // By nickname, without its country, by address, by id under another name.
        let _ = writeln!(csv, "Bob Stone{at},+1202555{at:04},r{at}@example.com,,1970-02-03,CEO");
        let _ = writeln!(csv, "Robert Stone{at},202555{at:04},,,,");
        let _ = writeln!(csv, "Roberta Moss,,new{at}@example.com,x{at},,");
        let _ = writeln!(csv, "Robert Stone{at} Jr.,+1202555{at:04},,,,");
    }
    for on_duplicate in ["update", "skip", "ask", "create"] {
        let server = TestServer::start();
        let options = |dry_run| json!({"on_duplicate": on_duplicate, "dry_run": dry_run});
        let trial = import(&server, csv.as_bytes(), &options(true));
        assert_eq!(server.search("", "&refresh=wait").json["total"], 0);
        let real = import(&server, csv.as_bytes(), &options(false));
        assert_eq!(trial["counts"], real["counts"], "{on_duplicate}");
    }
}
