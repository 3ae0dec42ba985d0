//! `FastAGI`: Asterisk asks for the name of a caller and is told what to call it.
//!
//! `agi://HOST:PORT/cid?key=TOKEN` takes what `/cid` takes. Whoever is not found changes nothing, and
//! what goes wrong is never said: it would be shown as a name.

use std::net::IpAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use url::form_urlencoded;

use super::super::filters::Asked;
use super::super::integrations::cid;
use super::super::lookup;
use super::{Desk, Wire};
use crate::app::{LookupResult, NameFormat, NameStyle, Presented, caller_name, standing};

/// Most bytes that a call may send, head and answers together.
const MOST_BYTES: u64 = 32 << 10;
/// Most lines of a head.
const MOST_LINES: usize = 100;
/// How long a call may take in all: it rings meanwhile.
const WHOLE_CALL: Duration = Duration::from_secs(10);

/// What the head of a call says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// The path that was asked for, without the query.
    script: String,
    /// Name and value of everything behind it.
    query: Vec<(String, String)>,
    caller: String,
}

impl Head {
    /// Takes a line of the head.
    fn take(&mut self, line: &str) {
        let Some((name, value)) = line.split_once(':') else { return };
        let value = value.trim();
        match name.trim() {
            "agi_network_script" => {
                let (script, query) = value.split_once('?').unwrap_or((value, ""));
                script.trim_matches('/').clone_into(&mut self.script);
                self.query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            }
            "agi_callerid" => value.clone_into(&mut self.caller),
            _ => {}
        }
    }

    /// Reads a whole head.
    #[cfg(test)]
    fn of(text: &str) -> Self {
        let mut head = Self::default();
        text.lines().take(MOST_LINES).for_each(|line| head.take(line));
        head
    }
}

/// A value as it stands in a command: in quotes, on one line.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// What Asterisk is told of a caller: variables and their values.
fn variables(result: &LookupResult, style: &NameStyle) -> Vec<(&'static str, String)> {
    let contact = &result.contact;
    let shown = standing(contact);
    let flag = |is_so: bool| if is_so { "1" } else { "0" }.to_owned();
    let company = NameStyle { format: NameFormat::Company, ..NameStyle::default() };
    let company = contact.company.as_ref().map(|_| caller_name(contact, &company));
    vec![
        ("CALLERID(name)", caller_name(contact, style)),
        ("RINGDEX_ID", contact.id.to_string()),
        ("RINGDEX_COMPANY", company.unwrap_or_default()),
        ("RINGDEX_VIP", flag(shown.is_vip)),
        ("RINGDEX_DNC", flag(shown.is_dnc)),
        ("RINGDEX_BLOCKED", flag(shown.is_blocked)),
        ("RINGDEX_QUEUE", contact.assigned_queue.clone().unwrap_or_default()),
    ]
}

/// Answers a call; whatever goes wrong ends it without a word.
pub(super) async fn talk(stream: impl Wire, desk: &Desk, address: IpAddr) {
    let _ = tokio::time::timeout(desk.head.min(WHOLE_CALL), answer(stream, desk, address)).await;
}

async fn answer(stream: impl Wire, desk: &Desk, address: IpAddr) -> Option<()> {
    let (reader, mut writer) = tokio::io::split(stream);
    let mut lines = BufReader::new(reader.take(MOST_BYTES)).lines();
    let mut head = Head::default();
    let mut is_whole = false;
    for _ in 0..MOST_LINES {
        let line = lines.next_line().await.ok()??;
        if line.trim().is_empty() {
            is_whole = true;
            break;
        }
        head.take(&line);
    }
    if !is_whole || head.script != "cid" {
        return None;
    }
    let asked = Asked::of_pairs(head.query);
    let token = asked.last("key").or_else(|| asked.last("token"))?;
    let caller = desk.caller(token, Presented::InUrl, address).ok()?;
    let number = cid::number_of(asked.last("number").unwrap_or(&head.caller));
    let found = lookup::find(&desk.state, caller, &number, asked.last("country"), Some(1));
    let found = found.await.ok()?;
    for (name, value) in variables(found.results.first()?, &cid::style(&asked)) {
        let command = format!("SET VARIABLE {name} {}\n", quoted(&value));
        writer.write_all(command.as_bytes()).await.ok()?;
        // Asterisk answers each command before it takes the next one; of a call that has ended it
        // says so first.
        if !lines.next_line().await.ok()??.starts_with("200") {
            return None;
        }
    }
    writer.shutdown().await.ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn heads_are_read() {
        let head = Head::of(
            "agi_network: yes\nagi_network_script: cid?key=rdx_a%2B&country=DE\n\
             agi_request: agi://localhost/cid\nagi_callerid: +4930123456\nagi_arg_1: x\n",
        );
        assert_eq!((head.script.as_str(), head.caller.as_str()), ("cid", "+4930123456"));
        assert_eq!(head.query[0], ("key".to_owned(), "rdx_a+".to_owned()));
        assert_eq!(quoted("Jane \"JD\" \\ Doe\r\nHANGUP"), "\"Jane \\\"JD\\\" \\\\ Doe  HANGUP\"");
    }

    proptest! {
        #[test]
        fn no_head_is_too_strange(text in "(agi_[a-z_]{0,16}: ?\\PC{0,20}\n|\\PC{0,20}\n){0,8}") {
            let head = Head::of(&text);
            prop_assert!(head.script.len() <= text.len());
        }

        #[test]
        fn a_value_stays_one_command(text in any::<String>()) {
            let quoted = quoted(&text);
            prop_assert!(!quoted.contains(['\n', '\r']));
            let inside = &quoted[1..quoted.len() - 1];
            let mut is_escaped = false;
            for c in inside.chars() {
                prop_assert!(is_escaped || c != '"');
                is_escaped = !is_escaped && c == '\\';
            }
            prop_assert!(!is_escaped);
        }
    }
}
