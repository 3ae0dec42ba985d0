//! `FastAGI`: what Asterisk asks while a call rings.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use super::{bearer, device};
use crate::support::server::TestServer;

fn start() -> TestServer {
    TestServer::with(|options| options.agi_listen = Some(([127, 0, 0, 1], 0).into()))
}

/// Connects as Asterisk does, answers every command, and gives the commands back.
fn call(server: &TestServer, script: &str, caller: &str) -> Vec<String> {
    let mut stream = TcpStream::connect(server.devices().agi.unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!(
        "agi_network: yes\nagi_network_script: {script}\nagi_request: agi://127.0.0.1/{script}\n\
         agi_channel: PJSIP/trunk-00000001\nagi_language: en\nagi_type: PJSIP\n\
         agi_uniqueid: 1764470000.1\nagi_version: 20.6.0\nagi_callerid: {caller}\n\
         agi_calleridname: unknown\nagi_dnid: 100\nagi_context: from-trunk\n\
         agi_extension: 100\nagi_priority: 1\n\n"
    );
    let _ = stream.write_all(head.as_bytes());
    let mut commands = Vec::new();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
        commands.push(line.trim_end().to_owned());
        line.clear();
        let _ = stream.write_all(b"200 result=1\n");
    }
    commands
}

#[test]
fn asterisk_is_told_the_name_of_a_caller() {
    let server = start();
    let id = server.create_id(&json!({"name": "Zoë \"Z\" Müller", "phone": "+4930123456",
        "company": "Müller & Söhne GmbH", "tags": ["VIP"]}));
    let token = device(&server, &["lookup"]).token().to_owned();
    let told = call(&server, &format!("cid?key={token}"), "+4930123456");
    assert_eq!(
        told,
        [
            "SET VARIABLE CALLERID(name) \"Zoë Z Müller\"".to_owned(),
            format!("SET VARIABLE RINGDEX_ID \"{id}\""),
            "SET VARIABLE RINGDEX_COMPANY \"Müller & Söhne GmbH\"".to_owned(),
            "SET VARIABLE RINGDEX_VIP \"1\"".to_owned(),
            "SET VARIABLE RINGDEX_DNC \"0\"".to_owned(),
            "SET VARIABLE RINGDEX_BLOCKED \"0\"".to_owned(),
            "SET VARIABLE RINGDEX_QUEUE \"\"".to_owned(),
        ]
    );
    let of = |query: &str, caller: &str| {
        let told = call(&server, &format!("cid?key={token}{query}"), caller);
        told.first().cloned().unwrap_or_default()
    };
    assert_eq!(
        of("&country=DE&ascii=1&prefix=vip", "030123456"),
        "SET VARIABLE CALLERID(name) \"[VIP] Zoe Z Muller\""
    );
    assert_eq!(
        of("&number=%2B4930123456&format=company", "unknown"),
        "SET VARIABLE CALLERID(name) \"Müller & Söhne GmbH\""
    );
}

#[test]
fn nothing_that_goes_wrong_is_told_asterisk() {
    let server = start();
    server.create(&json!({"name": "Jane", "phone": "+12025550123"}));
    let token = device(&server, &["lookup"]).token().to_owned();
    let calls = device(&server, &["calls"]).token().to_owned();
    // Its token may not stand in a URL.
    let shy = bearer(&server, &json!({"role": "lookup"})).token().to_owned();
    let other = bearer(&server.organization("second"), &json!({"role": "lookup", "in_url": true}));
    for (script, caller) in [
        ("cid".to_owned(), "+12025550123"),
        ("cid?key=wrong".to_owned(), "+12025550123"),
        (format!("cid?key={calls}"), "+12025550123"),
        (format!("cid?key={shy}"), "+12025550123"),
        (format!("cid?key={}", other.token()), "+12025550123"),
        (format!("other?key={token}"), "+12025550123"),
        (format!("cid?key={token}"), "unknown"),
        (format!("cid?key={token}"), ""),
        (format!("cid?key={token}"), "+12025559999"),
        (format!("cid?key={token}{}", "x".repeat(100_000)), "+12025550123"),
    ] {
        assert!(call(&server, &script, caller).is_empty(), "{}", &script[..script.len().min(60)]);
    }
    assert_eq!(call(&server, &format!("cid?key={token}"), "+12025550123").len(), 7);
    // A call that has ended is left alone.
    let mut stream = TcpStream::connect(server.devices().agi.unwrap()).unwrap();
    let head =
        format!("agi_network_script: cid?key={token}\nagi_callerid: +12025550123\n\nHANGUP\n");
    stream.write_all(head.as_bytes()).unwrap();
    let commands = BufReader::new(stream).lines().map_while(Result::ok).count();
    assert_eq!(commands, 1);
    let config = Config { cases: 40, failure_persistence: None, ..Config::default() };
    let outcome =
        TestRunner::new(config).run(&prop::collection::vec(any::<u8>(), 0..400), |bytes| {
            let mut stream = TcpStream::connect(server.devices().agi.unwrap()).unwrap();
            stream.write_all(&bytes).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let said = BufReader::new(stream).lines().map_while(Result::ok).count();
            assert_eq!(said, 0);
            Ok(())
        });
    assert!(outcome.is_ok(), "{outcome:?}");
}

#[test]
fn who_says_nothing_is_let_go() {
    let server = TestServer::with(|options| {
        options.agi_listen = Some(([127, 0, 0, 1], 0).into());
        options.head_patience = Duration::from_millis(100);
    });
    let mut stream = TcpStream::connect(server.devices().agi.unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(b"agi_network: yes\n").unwrap();
    assert_eq!(BufReader::new(stream).lines().map_while(Result::ok).count(), 0);
}
