//! What is found is what was asked for: whole values, numbers as numbers, one meaning of a field,
//! nobody where nobody is meant.

use serde_json::{Value, json};

use crate::support::server::{TestServer, escape, sorted_names};

#[test]
fn values_are_whole_values_whatever_their_case_and_accents() {
    let server = TestServer::start();
    for (name, tag, company, city) in [
        ("Exact", "VIP", "Acme", "Bern"),
        ("Longer", "VIP Customer", "Acme Inc", "Bern Süd"),
        ("Accent", "Vip", "ACMÉ", "bern"),
        ("Not yet", "Not DNC yet", "Other", "Basel"),
        ("Never", "DNC", "Other", "Basel"),
    ] {
        server.create(&json!({"name": name, "tags": [tag], "company": company,
            "addresses": [{"city": city}], "custom_fields": {"plan": tag}}));
    }
    server.search("", "&refresh=wait");
    let vips = ["Accent", "Exact"];
    for query in ["tag:VIP", "tag:vip", "tag:\"vip\""] {
        assert_eq!(sorted_names(&server.search(query, "").json), vips, "{query}");
    }
    assert_eq!(sorted_names(&server.search("", "&tag=VIP").json), vips);
    assert_eq!(sorted_names(&server.search("", "&tags=vip").json), vips);
    let filtered = |filter: Value| {
        let body = json!({"filter": filter});
        server.post("/api/v1/contacts/search", &body).expect(200).json
    };
    for (field, value, expect) in [
        ("tag", "VIP", &vips[..]),
        ("company", "acme", &["Accent", "Exact"]),
        ("city", "Bern", &["Accent", "Exact"]),
        ("cf.plan", "vip", &["Accent", "Exact"]),
        ("source", "manual", &["Accent", "Exact", "Longer", "Never", "Not yet"]),
    ] {
        let found = filtered(json!({"field": field, "op": "is", "value": value}));
        assert_eq!(sorted_names(&found), expect, "{field} is {value}");
    }
    // What is left out is left out whole, too.
    let left = server.search("-tag:DNC", "").json;
    assert!(
        sorted_names(&left).contains(&"Not yet") && !sorted_names(&left).contains(&"Never"),
        "{left}"
    );
    // The beginning and the middle of a tag have ways of their own.
    assert_eq!(sorted_names(&server.search("tag:vip*", "").json), ["Accent", "Exact", "Longer"]);
    assert_eq!(sorted_names(&server.search("", "&tag_contains=customer").json), ["Longer"]);
    // Facets and filters agree.
    let facets = server.search("", "&facets=tag").json["facets"]["tag"]["values"].clone();
    for facet in facets.as_array().unwrap() {
        let tag = facet["value"].as_str().unwrap();
        let found = server.search("", &format!("&tag={}&per_page=0", escape(tag))).json;
        assert_eq!(found["total"], facet["count"], "{tag}");
    }
}

#[test]
fn names_that_only_share_a_short_sound_are_no_hits() {
    let server = TestServer::start();
    server.create(&json!({"name": "John Doe"}));
    server.search("", "&refresh=wait");
    for query in ["Doe Anna", "Anna Doe", "Doe Jane", "doe ina"] {
        assert_eq!(server.search(query, "").json["total"], 0, "{query}");
    }
    for query in ["Doe Jon", "Jhon Doe", "doe johnn"] {
        assert_eq!(server.search(query, "").json["total"], 1, "{query}");
    }
}

#[test]
fn nobody_is_found_where_nobody_is_meant_and_weak_hits_say_so() {
    let server = TestServer::start();
    for name in ["Suzuki Ken", "A. Eriksson", "John Smith", "Zoe Quist", "Katharina Müller"] {
        server.create(&json!({"name": name}));
    }
    server.search("", "&refresh=wait");
    for query in ["zzzzqq", "asdfgh", "qwertz", "xxxx", "jkljkl", "aaaaaa bbbbbb"] {
        let found = server.search(query, "").json;
        assert_eq!(found["total"], 0, "{query}: {found}");
    }
    // An initial counts where the rest of the name is said.
    assert_eq!(sorted_names(&server.search("Anders Eriksson", "").json), ["A. Eriksson"]);
    let typo = server.search("Jonh Smith", "").json;
    assert_eq!(typo["contacts"][0]["match"]["weak"], true, "{typo}");
    assert_eq!(typo["did_you_mean"], "john Smith");
    let strict = server.search("John Smith", "").json;
    assert_eq!(strict["contacts"][0]["match"]["weak"], Value::Null, "{strict}");
    // Who takes the first hit unseen gets no perhaps.
    let blind = server.search("Jonh Smith", "&per_page=1&fields=id,display_name").json;
    assert_eq!((&blind["total"], &blind["contacts"]), (&json!(0), &json!([])));
    let seeing = server.search("Jonh Smith", "&per_page=1&fields=id,match").json;
    assert_eq!(seeing["contacts"][0]["match"]["weak"], true);
}

#[test]
fn signs_and_emoji_find_nobody_and_say_why() {
    let server = TestServer::start();
    server.create(&json!({"name": "Still Here"}));
    server.search("", "&refresh=wait");
    for query in ["🙂", "---", "?!", "((", "\"", "…", "🙂 🙃", "&", "*", "**", "%", "* *"] {
        let found = server.search(query, "").json;
        assert_eq!(found["total"], 0, "{query}");
        assert!(!found["warnings"].as_array().unwrap().is_empty(), "{query}: {found}");
    }
    for query in ["", "  ", "name:*", "has:status"] {
        assert_eq!(server.search(query, "").json["total"], 1, "{query:?}");
    }
}

#[test]
fn what_names_a_field_matches_no_other_field() {
    let server = TestServer::start();
    server.create(&json!({"name": "Johnsmi Smith", "company": "John Smi", "notes": "john smi",
        "custom_fields": {"account_value": 50000, "code": "4711"},
        "external_crm_id": "2025550199"}));
    server.create(&json!({"name": "Ada Byron", "email": "john@smith.example",
        "phone": "+12025550199"}));
    server.search("", "&refresh=wait");
    for (query, names) in [
        ("email:john@smi*", &["Ada Byron"][..]),
        ("email:john@smithy", &[]),
        ("email:smith*", &["Ada Byron"]),
        ("-email:john@smi*", &["Johnsmi Smith"]),
        ("phone:50000", &[]),
        ("phone:4711", &[]),
        ("phone:\"4711\"", &[]),
        ("phone:(4711 OR 50000)", &[]),
        ("phone:2025550199", &["Ada Byron"]),
        // What names no field is looked for everywhere.
        ("50000", &["Johnsmi Smith"]),
        ("4711", &["Johnsmi Smith"]),
        ("2025550199", &["Ada Byron", "Johnsmi Smith"]),
        ("john@smith.example", &["Ada Byron"]),
    ] {
        assert_eq!(sorted_names(&server.search(query, "").json), names, "{query}");
    }
    for (query, fields, names) in [
        ("john@smith.example", "company", &[][..]),
        ("john@smith.example", "email", &["Ada Byron"]),
        ("4711", "phone", &[]),
        ("2025550199", "phone", &["Ada Byron"]),
        ("4711", "phone,cf.code", &["Johnsmi Smith"]),
    ] {
        let found = server.search(query, &format!("&search_in={fields}")).json;
        assert_eq!(sorted_names(&found), names, "{query} in {fields}");
    }
    let filter = json!({"field": "phone", "op": "contains", "value": "4711"});
    let found = server.post("/api/v1/contacts/search", &json!({"filter": filter})).expect(200);
    assert_eq!(found.json["total"], 0);
}

#[test]
fn numbers_are_compared_as_numbers_in_plain_words_too() {
    let server = TestServer::start();
    server.create(&json!({"name": "Decimal", "custom_fields": {"account_value": 50000.00}}));
    server.create(&json!({"name": "Whole", "custom_fields": {"account_value": 50000}}));
    server.create(&json!({"name": "Part", "custom_fields": {"account_value": 1234.5}}));
    server.search("", "&refresh=wait");
    for query in
        ["50000", "50000.0", "50000.00", "cf.account_value:50000", "cf.account_value:50000.0"]
    {
        assert_eq!(sorted_names(&server.search(query, "").json), ["Decimal", "Whole"], "{query}");
    }
    server.create(&json!({"name": "Tenfold", "custom_fields": {"account_value": 500_000}}));
    server.search("", "&refresh=wait");
    for query in ["50000.0", "50,000.00", "50.000,00", "$50,000.00", "$50000"] {
        assert_eq!(sorted_names(&server.search(query, "").json), ["Decimal", "Whole"], "{query}");
    }
    for query in ["1234.5", "1234.50", "cf.account_value:1234.5"] {
        assert_eq!(sorted_names(&server.search(query, "").json), ["Part"], "{query}");
    }
}

#[test]
fn what_was_typed_exactly_comes_first() {
    let server = TestServer::start();
    for name in
        ["Hans Müller", "Hans Muller", "José Vega", "Jose Vega", "Łukasz Nowak", "Lukasz Nowak"]
    {
        server.create(&json!({ "name": name }));
    }
    server.search("", "&refresh=wait");
    for (query, first, second) in [
        ("muller", "Hans Muller", "Hans Müller"),
        ("müller", "Hans Müller", "Hans Muller"),
        ("muller hans", "Hans Muller", "Hans Müller"),
        ("hans müller", "Hans Müller", "Hans Muller"),
        ("jose vega", "Jose Vega", "José Vega"),
        ("vega josé", "José Vega", "Jose Vega"),
        ("lukasz", "Lukasz Nowak", "Łukasz Nowak"),
        ("łukasz", "Łukasz Nowak", "Lukasz Nowak"),
    ] {
        let found = server.search(query, "").json;
        let names: Vec<&Value> =
            found["contacts"].as_array().unwrap().iter().map(|one| &one["display_name"]).collect();
        assert_eq!(names, [first, second], "{query}");
    }
}

#[test]
fn numbers_in_names_are_words_of_them() {
    let server = TestServer::start();
    for name in ["Kiosk 00007", "Kiosk 00017", "Room 101", "Studio 54321"] {
        server.create(&json!({ "name": name, "phone": "+12025550188" }));
    }
    server.create(&json!({"name": "Other", "phone": "+12025550101"}));
    server.search("", "&refresh=wait");
    for (query, expected) in [
        ("kiosk 00007", vec!["Kiosk 00007"]),
        ("00017 kiosk", vec!["Kiosk 00017"]),
        ("kiosk 000", vec!["Kiosk 00007", "Kiosk 00017"]),
        ("room 101", vec!["Room 101"]),
        ("54321", vec!["Studio 54321"]),
        ("101", vec!["Other", "Room 101"]),
    ] {
        assert_eq!(sorted_names(&server.search(query, "").json), expected, "{query}");
    }
}

#[test]
fn a_generation_is_found_in_every_way_of_writing_it() {
    let server = TestServer::start();
    for name in
        ["John Smith Jr.", "John Smith Sr.", "John Smith III", "John Smith", "Henry Ford 2nd"]
    {
        server.create(&json!({ "name": name }));
    }
    server.search("", "&refresh=wait");
    for (query, first) in [
        ("john smith junior", "John Smith Jr."),
        ("john smith jr", "John Smith Jr."),
        ("junior", "John Smith Jr."),
        ("smith senior", "John Smith Sr."),
        ("senior", "John Smith Sr."),
        ("john smith 3rd", "John Smith III"),
        ("smith third", "John Smith III"),
        ("henry ford ii", "Henry Ford 2nd"),
        ("ford second", "Henry Ford 2nd"),
    ] {
        let found = server.search(query, "").json;
        assert_eq!(found["contacts"][0]["display_name"], first, "{query}: {found}");
    }
}

#[test]
fn a_field_means_the_same_in_the_list_and_in_the_query() {
    let server = TestServer::start();
    server.create(&json!({"name": "One Person", "company": "Acme Inc", "title": "Head Buyer",
        "department": "Sales West", "role": "decider", "source": "web", "country": "DE",
        "language": "de", "timezone": "Europe/Berlin", "preferred_channel": "email",
        "first_channel": "whatsapp", "external_crm_id": "X-1", "external_crm_provider": "hubspot",
        "tags": ["VIP"], "email": "one@example.com", "phone": "+12025550123",
        "addresses": [{"city": "Bern", "postal_code": "3000", "street": "Main St 1"}],
        "birthday": "1985-05-17", "custom_fields": {"plan": "gold", "seats": 7}}));
    server.create(&json!({"name": "Other One", "company": "Beta", "status": "inactive"}));
    server.search("", "&refresh=wait");
    for (field, value) in [
        ("name", "one"),
        ("first_name", "One"),
        ("last_name", "Person"),
        ("company", "Acme"),
        ("company", "acme inc"),
        ("account", "Acme"),
        ("title", "buyer"),
        ("department", "Sales West"),
        ("role", "decider"),
        ("source", "web"),
        ("country", "DE"),
        ("language", "de"),
        ("timezone", "Europe/Berlin"),
        ("preferred_channel", "email"),
        ("first_channel", "whatsapp"),
        ("external_id", "X-1"),
        ("external_provider", "hubspot"),
        ("tag", "VIP"),
        ("email", "one@example.com"),
        ("phone", "5550123"),
        ("city", "Bern"),
        ("postal_code", "3000"),
        ("address", "main"),
        ("birthday", "1985-05-17"),
        ("status", "active"),
        ("status", "inactive"),
        ("visibility", "all"),
        ("owner", "none"),
        ("queue", "none"),
        ("cf.plan", "gold"),
        ("cf.seats", "7"),
        ("created", ">=2020"),
    ] {
        let quoted = if value.contains(' ') { format!("\"{value}\"") } else { value.to_owned() };
        let text = server.search(&format!("{field}:{quoted}"), "").json;
        let member = server.search("", &format!("&{field}={}", escape(value))).json;
        assert_eq!(sorted_names(&text), sorted_names(&member), "{field} {value}: {text} {member}");
        assert_ne!(text["total"], 0, "{field}:{value}");
    }
    let both = server.search("", "&status=active,inactive").json;
    assert_eq!((&both["total"], &both["warnings"]), (&json!(2), &Value::Null));
    assert_eq!(
        server.get("/api/v1/contacts?status=nonsense").expect(422).json["errors"][0]["pointer"],
        "/status"
    );
}

#[test]
fn fields_makes_answers_sparse_and_older_names_go_on() {
    let server = TestServer::start();
    server.create(&json!({"name": "Jane Acme", "company": "Other", "phone": "+12025550123"}));
    server.create(&json!({"name": "John Other", "company": "Acme"}));
    server.search("", "&refresh=wait");
    let sparse = server.search("jane", "&fields=display_name,company");
    assert_eq!(sparse.header("deprecation"), None);
    let contact = sparse.json["contacts"][0].as_object().unwrap();
    let mut members: Vec<&String> = contact.keys().collect();
    members.sort_unstable();
    assert_eq!(members, ["company", "display_name", "id"]);
    let older = server.search("jane", "&only=display_name,company");
    assert_eq!(older.json["contacts"], sparse.json["contacts"]);
    assert!(older.header("deprecation").is_some());
    assert_eq!(sorted_names(&server.search("acme", "&search_in=company").json), ["John Other"]);
    assert_eq!(sorted_names(&server.search("acme", "&search_in=name").json), ["Jane Acme"]);
    let body = json!({"q": "acme", "search_in": ["company"], "only": ["display_name"]});
    let posted = server.post("/api/v1/contacts/search", &body).expect(200);
    assert_eq!(sorted_names(&posted.json), ["John Other"]);
    assert!(posted.header("deprecation").is_some());
}

#[test]
fn a_contact_that_is_hidden_is_not_counted_any_more() {
    let server = TestServer::start();
    let agent = server.role("agent");
    let user = server.user("someone@example.com", "agent", "a long enough password");
    for round in 0..10 {
        let id = server.create_id(&json!({"name": format!("Secret {round}")}));
        assert_eq!(agent.search("secret", "&refresh=wait").json["total"], 1);
        let change = json!({"visibility": "owner", "assigned_to": user});
        server.patch(&format!("/api/v1/contacts/{id}"), &change).expect(200);
        assert_eq!(agent.search("secret", "").json["total"], 0, "round {round}");
    }
}
