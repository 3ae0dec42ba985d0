//! Work of all kinds in one list, and stopping it.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::imports::import;
use crate::support::process::{Bench, Served};
use crate::support::server::{Client, TestServer};

fn jobs(client: &Client, query: &str) -> Value {
    client.get(&format!("/api/v1/jobs{query}")).expect(200).json
}

fn kinds(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap();
    let mut kinds: Vec<&str> = items.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    kinds
}

/// Starts one job of each kind that a request starts; their kinds.
fn start_all(server: &TestServer) -> Vec<&'static str> {
    let done = import(server, b"name,phone\nAnn,+12025550110\nBob,+12025550111\n", &json!({}));
    assert_eq!(done["state"], "done", "{done}");
    let start = |path: &str, body: &Value| {
        let started = server.post(path, body).expect(202).json;
        server.app().finish_jobs();
        started
    };
    start(&format!("/api/v1/imports/{}/undo", done["id"].as_str().unwrap()), &json!({}));
    server.create_id(&json!({"name": "Cyd", "phone": "+12025550112"}));
    let tag = json!({"type": "add_tags", "tags": ["x"]});
    let tagged = server.bulk_action(&json!({"all": true}), &tag);
    start(&format!("/api/v1/jobs/{}/undo", tagged["id"].as_str().unwrap()), &json!({}));
    start("/api/v1/tags/auto-country", &json!({}));
    start("/api/v1/duplicates/runs", &json!({}));
    start("/api/v1/lead-score/runs", &json!({}));
    start("/api/v1/retention/runs", &json!({}));
    vec![
        "auto_tagging",
        "bulk_action",
        "duplicates_run",
        "import",
        "import_undo",
        "lead_score",
        "retention",
        "undo",
    ]
}

#[test]
fn jobs_of_every_kind_are_in_one_list_also_after_a_restart() {
    let server = TestServer::start();
    let known = start_all(&server);
    let before = jobs(&server, "");
    assert_eq!(kinds(&before), known, "{before}");
    assert_eq!((&before["total"], &before["total_exact"]), (&json!(known.len()), &json!(true)));
    assert_eq!(before["items"], before["jobs"]);
    let ages: Vec<&str> = before["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["created_at"].as_str().unwrap())
        .collect();
    assert!(ages.is_sorted_by(|new, old| new >= old), "{ages:?}");
    for job in before["items"].as_array().unwrap() {
        for member in ["id", "kind", "state", "by", "created_at", "progress", "result"] {
            assert!(!job[member].is_null(), "{member} of {job}");
        }
        assert_eq!((&job["state"], &job["cancel_url"]), (&json!("done"), &Value::Null), "{job}");
        let path = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
        let alone = server.get(&path).expect(200).json;
        assert_eq!(&alone, job);
        assert_eq!(server.get(job["url"].as_str().unwrap()).expect(200).json["id"], job["id"]);
        let refused = server.post(&format!("{path}/cancel"), &json!({})).expect(409);
        assert!(refused.json["detail"].as_str().unwrap().contains("ended already"));
    }
    let undone = jobs(&server, "?kind=import_undo");
    assert_eq!(undone["items"][0]["result"], json!({"undone": 2, "kept": []}), "{undone}");
    let server = server.restart();
    let after = jobs(&server, "");
    assert_eq!(kinds(&after), known, "{after}");
    let plain = |list: &Value| {
        let items = list["items"].as_array().unwrap();
        let ids: Vec<(Value, Value)> =
            items.iter().map(|one| (one["id"].clone(), one["state"].clone())).collect();
        ids
    };
    assert_eq!(plain(&after), plain(&before));
}

#[test]
fn jobs_are_narrowed_by_kind_and_state_and_come_in_pages() {
    let server = TestServer::start();
    let known = start_all(&server);
    for kind in &known {
        let found = jobs(&server, &format!("?kind={kind}"));
        assert_eq!((&found["total"], kinds(&found)), (&json!(1), vec![*kind]), "{found}");
    }
    assert_eq!(jobs(&server, "?state=done")["total"], known.len());
    assert_eq!(jobs(&server, "?state=failed")["total"], 0);
    assert_eq!(jobs(&server, "?kind=import&state=queued")["total"], 0);
    let all = jobs(&server, "");
    let mut paged: Vec<Value> = Vec::new();
    for page in 1..=known.len() {
        let found = jobs(&server, &format!("?per_page=1&page={page}"));
        assert_eq!((&found["total"], &found["page"]), (&json!(known.len()), &json!(page)));
        paged.extend(found["items"].as_array().unwrap().iter().cloned());
    }
    assert_eq!(&Value::Array(paged), &all["items"]);
    for (query, pointer) in [
        ("kind=odd", "/kind"),
        ("state=odd", "/state"),
        ("page=0", "/page"),
        ("per_page=1001", "/per_page"),
        ("sort=id", "/sort"),
    ] {
        let refused = server.get(&format!("/api/v1/jobs?{query}")).expect(422);
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{query}");
    }
}

#[test]
fn nobody_sees_jobs_that_are_not_for_them() {
    let server = TestServer::start();
    let known = start_all(&server);
    let id = jobs(&server, "?kind=import")["items"][0]["id"].as_str().unwrap().to_owned();
    for other in [server.organization("second"), server.role("agent"), server.role("lookup")] {
        assert_eq!(jobs(&other, "")["total"], 0);
        other.get(&format!("/api/v1/jobs/{id}")).expect(404);
        other.post(&format!("/api/v1/jobs/{id}/cancel"), &json!({})).expect(404);
    }
    // Another admin sees what everybody sees who may, and what others did not start for themselves.
    let admin = server.role("admin");
    let seen = jobs(&admin, "");
    assert_eq!(kinds(&seen), ["duplicates_run", "import", "lead_score", "retention"], "{known:?}");
}

#[test]
fn a_job_that_is_stopped_leaves_what_it_has_done_and_says_so() {
    let server = TestServer::start();
    let mut csv = String::from("name,phone\n");
    for at in 0..6_000 {
        let _ = writeln!(csv, "Person {at},+1202555{at:04}");
    }
    let done = import(&server, csv.as_bytes(), &json!({"on_duplicate": "create"}));
    assert_eq!(done["counts"]["imported"], 6_000, "{done}");
    server.search("", "&refresh=wait");
    // Whoever is too late tries again.
    let stopped = (0..50).find_map(|at| {
        let action = json!({"type": "add_tags", "tags": [format!("tag {at}")]});
        let body = json!({"select": {"all": true}, "action": action});
        let job = server.post("/api/v1/contacts/bulk-actions", &body).expect(202).id();
        let path = format!("/api/v1/jobs/{job}");
        let running = server.get(&path).expect(200).json;
        let place = running["cancel_url"].as_str()?.to_owned();
        let answer = server.post(&place, &json!({}));
        assert!([200, 409].contains(&answer.status), "{}", answer.json);
        server.app().finish_jobs();
        let ended = server.get(&path).expect(200).json;
        (ended["state"] == "cancelled").then_some(ended)
    });
    let stopped = stopped.expect("one of fifty is stopped in time");
    let changed = stopped["changed"].as_u64().unwrap();
    assert!(changed < 6_000, "{stopped}");
    assert_eq!((&stopped["error"], &stopped["cancel_url"]), (&Value::Null, &Value::Null));
    assert_eq!(stopped["result"]["changed"], changed);
    let cancelled = jobs(&server, "?state=cancelled");
    assert_eq!(cancelled["total"], 1, "{cancelled}");
}

#[test]
fn an_import_that_waits_is_stopped_where_all_jobs_are() {
    let server = TestServer::start();
    server.take_long_lists();
    let mut csv = String::from("name,phone\n");
    for at in 0..20_000 {
        let _ = writeln!(csv, "Person {at},+1202555{at:05}");
    }
    let body = json!({"csv": csv});
    let first = server.post("/api/v1/imports", &body).expect(202).id();
    let second = server.post("/api/v1/imports", &body).expect(202).id();
    let stopped = server.post(&format!("/api/v1/jobs/{second}/cancel"), &json!({})).expect(200);
    assert_eq!(stopped.json["kind"], "import");
    server.post(&format!("/api/v1/jobs/{first}/cancel"), &json!({})).expect(200);
    let ended = loop {
        let job = server.get(&format!("/api/v1/jobs/{second}")).expect(200).json;
        if !job["finished_at"].is_null() {
            break job;
        }
        std::thread::yield_now();
    };
    assert_eq!((&ended["state"], &ended["result"]["imported"]), (&json!("cancelled"), &json!(0)));
}

/// Waits for the end of a job.
fn wait_for_end(client: &Client, id: &str) -> Value {
    let begun = std::time::Instant::now();
    loop {
        let job = client.get(&format!("/api/v1/jobs/{id}")).expect(200).json;
        if !job["finished_at"].is_null() {
            return job;
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(120), "{job}");
        std::thread::yield_now();
    }
}

/// Kills the server once a job has done so much.
fn kill_when(served: Served, id: &str, changed: u64) {
    let path = format!("/api/v1/jobs/{id}");
    loop {
        let job = served.client.get(&path).expect(200).json;
        if job["changed"].as_u64().unwrap() >= changed || !job["finished_at"].is_null() {
            break;
        }
        std::thread::yield_now();
    }
    drop(served);
}

#[test]
fn a_bulk_action_of_a_killed_server_goes_on_and_changes_nobody_twice() {
    const CONTACTS: u64 = 9_000;
    let bench = Bench::new();
    let served = bench.serve(None);
    let mut csv = String::from("name,phone\n");
    for at in 0..CONTACTS {
        let _ = writeln!(csv, "Person {at},+1202{at:07}");
    }
    let done = import(&served.client, csv.as_bytes(), &json!({"on_duplicate": "create"}));
    assert_eq!(done["counts"]["imported"], CONTACTS, "{done}");
    served.client.search("", "&refresh=wait");
    let list = served.client.post("/api/v1/lists", &json!({"name": "Fair"})).expect(201).id();
    let body = json!({"select": {"all": true}, "action": {"type": "add_tags", "tags": ["fair"]}});
    let started = served.client.post("/api/v1/contacts/bulk-actions", &body).expect(202).json;
    let tagged = started["job_id"].as_str().unwrap().to_owned();
    kill_when(served, &tagged, 500);
    let served = bench.serve(None);
    kill_when(served, &tagged, 3_000);
    let served = bench.serve(None);
    let client = &served.client;
    let job = wait_for_end(client, &tagged);
    assert_eq!(
        (&job["state"], &job["changed"], &job["unchanged"], &job["refused"], &job["total"]),
        (&json!("done"), &json!(CONTACTS), &json!(0), &json!(0), &json!(CONTACTS)),
        "{job}"
    );
    let tagged_now = client.search("tag:fair", "&refresh=wait").json["total"].clone();
    assert_eq!(tagged_now, CONTACTS);
    // Members of a list as well.
    let path = format!("/api/v1/lists/{list}/members");
    let added = client.json("PUT", &path, &[], &json!({"q": "tag:fair"})).expect(202).json;
    let added = added["job_id"].as_str().or(added["id"].as_str()).unwrap().to_owned();
    kill_when(served, &added, 500);
    let served = bench.serve(None);
    let client = &served.client;
    let job = wait_for_end(client, &added);
    assert_eq!((&job["state"], &job["changed"]), (&json!("done"), &json!(CONTACTS)), "{job}");
    // Both are taken back as a whole, also where the server is killed meanwhile.
    let begin = |client: &Client, id: &str| {
        let undo = client.post(&format!("/api/v1/jobs/{id}/undo"), &json!({})).expect(202).json;
        undo["id"].as_str().unwrap().to_owned()
    };
    let undone = wait_for_end(client, &begin(client, &added));
    assert_eq!((&undone["changed"], &undone["refused"]), (&json!(CONTACTS), &json!(0)));
    let undo = begin(client, &tagged);
    kill_when(served, &undo, 500);
    let served = bench.serve(None);
    let client = &served.client;
    let undone = wait_for_end(client, &undo);
    assert_eq!(
        (&undone["state"], &undone["changed"], &undone["refused"]),
        (&json!("done"), &json!(CONTACTS), &json!(0)),
        "{undone}"
    );
    client.post(&format!("/api/v1/jobs/{tagged}/undo"), &json!({})).expect(409);
    assert_eq!(client.search("tag:fair", "&refresh=wait").json["total"], 0);
    served.stop();
    bench.run(&["check"], None).expect(0);
}

#[test]
fn members_of_actions_may_be_called_as_the_members_that_they_change() {
    let server = TestServer::start();
    let user = server.user("jane@example.com", "agent", "a long enough password");
    let queue = server.post("/api/v1/queues", &json!({"name": "Support"})).expect(201).id();
    let list = server.post("/api/v1/lists", &json!({"name": "Hot", "kind": "static"})).expect(201);
    let ids: Vec<String> =
        ["Ann", "Bob"].map(|name| server.create_id(&json!({"name": name}))).into();
    for action in [
        json!({"type": "assign", "to": user}),
        json!({"type": "assign", "assigned_to": user}),
        json!({"type": "assign", "user": "jane@example.com"}),
        json!({"type": "distribute", "users": [user]}),
        json!({"type": "distribute", "assigned_to": [user]}),
        json!({"type": "assign_queue", "assigned_queue": queue}),
        json!({"type": "assign_queue", "queue_id": "Support"}),
        json!({"type": "add_to_list", "list_id": list.id()}),
        json!({"type": "merge", "into": ids[0]}),
    ] {
        let job = server.bulk_action(&json!({"ids": ids}), &action);
        assert_eq!(
            (&job["state"], &job["refused"]),
            (&json!("done"), &json!(0)),
            "{action}: {job}"
        );
    }
    // Both at once would leave open which is meant.
    let body =
        json!({"select": {"ids": ids}, "action": {"type": "assign", "to": user, "user": user}});
    let refused = server.post("/api/v1/contacts/bulk-actions", &body).expect(422);
    assert_eq!(refused.json["errors"][0]["pointer"], "/action/user");
}

#[test]
fn what_was_deleted_does_not_come_back_beside_who_has_its_number_now() {
    let server = TestServer::start();
    server.patch("/api/v1/settings", &json!({"phone_uniqueness": "reject"})).expect(200);
    let make = |name: &str, number: &str| {
        server.create_id(&json!({"name": name, "phone": number, "tags": ["old"]}))
    };
    let (ann, bob) = (make("Ann", "+12025550123"), make("Bob", "+12025550124"));
    server.search("", "&refresh=wait");
    let job = server.bulk_action(&json!({"q": "tag:old"}), &json!({"type": "delete"}));
    assert_eq!(job["changed"], 2, "{job}");
    server.create(&json!({"name": "Cid", "phone": "+12025550123"}));
    let undo = server.send("POST", job["undo_url"].as_str().unwrap(), &[], None).expect(202);
    let path = undo.header("location").unwrap().to_owned();
    let done = loop {
        let job = server.get(&path).expect(200).json;
        if job["state"] != "running" {
            break job;
        }
        std::thread::yield_now();
    };
    assert_eq!((&done["changed"], &done["refused"]), (&json!(1), &json!(1)), "{done}");
    let refusal = &done["refusals"][0];
    assert_eq!((&refusal["id"], &refusal["code"]), (&json!(ann), &json!("phone_in_use")), "{done}");
    server.get(&format!("/api/v1/contacts/{ann}")).expect(404);
    server.get(&format!("/api/v1/contacts/{bob}")).expect(200);
    assert_eq!(server.lookup("+12025550123", "")["count"], 1);
}

#[test]
fn merging_a_selection_is_taken_back_like_other_actions() {
    let server = TestServer::start();
    let ids = ["Ann", "Bob", "Cid"].map(|name| server.create_id(&json!({"name": name})));
    let action = json!({"type": "merge", "into": ids[0]});
    let job = server.bulk_action(&json!({"ids": ids}), &action);
    assert_eq!((&job["changed"], &job["unchanged"]), (&json!(2), &json!(1)), "{job}");
    assert!(job["merge_id"].is_string(), "{job}");
    let server = server.restart();
    let begun = server.post(job["undo_url"].as_str().unwrap(), &json!({})).expect(202).json;
    let undone = wait_for_end(&server, begun["id"].as_str().unwrap());
    assert_eq!((&undone["state"], &undone["changed"]), (&json!("done"), &json!(2)), "{undone}");
    for id in &ids {
        server.get(&format!("/api/v1/contacts/{id}")).expect(200);
    }
    server.post(job["undo_url"].as_str().unwrap(), &json!({})).expect(409);
    // One that was taken apart by itself is done with nothing left to do.
    let job = server.bulk_action(&json!({"ids": ids}), &action);
    let merge = format!("/api/v1/merges/{}/undo", job["merge_id"].as_str().unwrap());
    server.post(&merge, &json!({})).expect(200);
    let begun = server.post(job["undo_url"].as_str().unwrap(), &json!({})).expect(202).json;
    assert_eq!(wait_for_end(&server, begun["id"].as_str().unwrap())["state"], "done");
    // Who may not merge may not undo it either, and what cannot be undone can be tried again.
    let job = server.bulk_action(&json!({"ids": ids}), &action);
    server.delete(&format!("/api/v1/contacts/{}?permanent=true", ids[0])).expect(204);
    let begun = server.post(job["undo_url"].as_str().unwrap(), &json!({})).expect(202).json;
    let failed = wait_for_end(&server, begun["id"].as_str().unwrap());
    assert_eq!(failed["state"], "failed", "{failed}");
    let known = server.get(&format!("/api/v1/jobs/{}", job["id"].as_str().unwrap())).expect(200);
    assert_eq!(known.json["undone_by"], Value::Null);
}

/// In debug builds, where servers end at crash points.
#[cfg(debug_assertions)]
#[test]
fn a_merge_of_a_selection_is_done_once_wherever_the_server_is_killed() {
    let bench = Bench::new();
    let (mut merged, mut untouched) = (0, 0);
    for (round, point) in (1..).zip([
        "writer.journalled:2",
        "writer.journalled:3",
        "writer.journalled:4",
        "writer.journalled:5",
        "writer.applied:4",
        "store.apply.between:30",
    ]) {
        let served = bench.serve(None);
        let ids = [1, 2, 3]
            .map(|at| served.client.create_id(&json!({"name": format!("Person {round} {at}")})));
        served.stop();
        let Some(served) = bench.serve_until(point) else { panic!("{point} is too early") };
        let body = json!({"select": {"ids": ids}, "action": {"type": "merge", "into": ids[0]}});
        let head = [("content-type", "application/json")];
        let bytes = body.to_string();
        let path = "/api/v1/contacts/bulk-actions";
        let began = served.client.try_send("POST", path, &head, Some(bytes.as_bytes()));
        // Whoever is still there writes until it is not.
        while served.client.try_send("POST", "/api/v1/tags/auto-country", &[], None).is_ok() {}
        served.wait_for_crash();
        let served = bench.serve(None);
        let client = &served.client;
        let jobs = jobs(client, "?kind=bulk_action");
        let known = jobs["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|job| began.as_ref().is_ok_and(|began| began.json["job_id"] == job["id"]));
        if let Ok(began) = &began {
            assert!(known.is_some(), "{point}: {} is lost", began.json);
        }
        for job in jobs["items"].as_array().unwrap() {
            wait_for_end(client, job["id"].as_str().unwrap());
        }
        let there =
            ids.iter().filter(|id| client.get(&format!("/api/v1/contacts/{id}")).status == 200);
        let there = there.count();
        // What was not yet settled has failed, and changed nobody.
        let ended = known.map(|job| wait_for_end(client, job["id"].as_str().unwrap()));
        let done = match ended.as_ref().map(|job| (job["state"].as_str(), &job["changed"])) {
            None => there == 1,
            Some((Some("done"), changed)) => {
                assert_eq!(changed, 2, "{point}");
                true
            }
            Some((state, changed)) => {
                assert_eq!((state, changed), (Some("failed"), &json!(0)), "{point}");
                false
            }
        };
        assert_eq!(there, if done { 1 } else { 3 }, "{point}");
        (merged, untouched) =
            (merged + usize::from(there == 1), untouched + usize::from(there == 3));
        served.stop();
    }
    assert!(merged > 0, "{untouched} were not begun");
    bench.run(&["check"], None).expect(0);
}

#[test]
fn of_several_that_take_a_job_back_at_once_one_does() {
    let server = TestServer::start();
    server.create_id(&json!({"name": "Cyd", "phone": "+12025550112"}));
    let tag = json!({"type": "add_tags", "tags": ["x"]});
    let tagged = server.bulk_action(&json!({"all": true}), &tag);
    let path = format!("/api/v1/jobs/{}/undo", tagged["id"].as_str().unwrap());
    let mut statuses: Vec<u16> = std::thread::scope(|scope| {
        let ask = || server.post(&path, &json!({})).status;
        let asked: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 409, 409, 409]);
}
