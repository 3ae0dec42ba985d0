//! Answers `/cid` from a snapshot, and nothing else.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use url::{Url, form_urlencoded};

use super::Snapshot;

/// Connections at once; further ones are closed.
const MOST_CONNECTIONS: usize = 128;
/// Most bytes of a request.
const MOST_BYTES: usize = 8 << 10;
/// How long a client may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// Longest line that is echoed.
const MOST_ECHOED: usize = 200;

/// Answers for ever, from whatever snapshot there is.
pub fn serve(listener: &TcpListener, book: &Arc<ArcSwap<Snapshot>>) {
    let open = Arc::new(AtomicUsize::new(0));
    loop {
        let Ok((stream, _)) = listener.accept() else {
            std::thread::sleep(Duration::from_millis(100));
            continue;
        };
        if open.fetch_add(1, Ordering::Relaxed) >= MOST_CONNECTIONS {
            open.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        let (book, place) = (Arc::clone(book), Arc::clone(&open));
        let talk = move || {
            // A client that goes is no trouble of ours.
            let _ = answer(stream, &book.load());
            place.fetch_sub(1, Ordering::Relaxed);
        };
        if std::thread::Builder::new().name("edge".to_owned()).spawn(talk).is_err() {
            open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

fn answer(mut stream: TcpStream, book: &Snapshot) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut head = Vec::new();
    let mut buffer = [0; 1 << 10];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let bytes = stream.read(&mut buffer)?;
        if bytes == 0 || head.len() + bytes > MOST_BYTES {
            return Ok(());
        }
        head.extend_from_slice(buffer.get(..bytes).unwrap_or_default());
    }
    let head = String::from_utf8_lossy(&head);
    let target = head.split(' ').nth(1).unwrap_or("");
    let (status, line) = match line_for(target, book) {
        Some(line) => ("200 OK", line),
        None => ("404 Not Found", String::new()),
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncache-control: no-store\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{line}",
        line.len()
    );
    stream.write_all(answer.as_bytes())
}

/// A number as it stands in an address: a plus that was not escaped arrives as a space.
fn with_plus(text: &str) -> String {
    match text.strip_prefix(' ') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => format!("+{rest}"),
        _ => text.to_owned(),
    }
}

/// The line that answers a request; none if the path is another one.
fn line_for(target: &str, book: &Snapshot) -> Option<String> {
    let url = Url::parse("http://edge/").ok()?.join(target).ok()?;
    let members: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let member = |name: &str| {
        let found = members.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    let number = match url.path().strip_prefix("/cid/") {
        Some(number) => {
            let pair = format!("n={}", number.replace('+', "%2B"));
            form_urlencoded::parse(pair.as_bytes()).next()?.1.into_owned()
        }
        None if url.path() == "/cid" => with_plus(member("number").unwrap_or("")),
        None => return None,
    };
    if let Some(name) = book.name_of(&number, member("country")) {
        return Some(name.to_owned());
    }
    let echoed = match member("empty") {
        Some("number") => number,
        Some("name") => member("name").unwrap_or("").to_owned(),
        _ => String::new(),
    };
    let shown = echoed.chars().map(|c| if c.is_control() || c == '"' { ' ' } else { c });
    Some(shown.take(MOST_ECHOED).collect::<String>().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::*;

    fn book() -> Snapshot {
        let named = [("12025550123".to_owned(), "Jane Doe".to_owned())];
        Snapshot::read(&super::super::write(None, &named, "s"), "s").unwrap()
    }

    #[test]
    fn lines_are_those_of_the_server() {
        let book = book();
        for (target, line) in [
            ("/cid?number=%2B12025550123", Some("Jane Doe")),
            ("/cid?number=+12025550123&key=x", Some("Jane Doe")),
            ("/cid/+12025550123", Some("Jane Doe")),
            ("/cid/2025550123?country=US", Some("Jane Doe")),
            ("/cid?number=1", Some("")),
            ("/cid?number=%2B999&empty=number", Some("+999")),
            ("/cid?number=1&empty=name&name=A%0D%22B", Some("A  B")),
            ("/cid", Some("")),
            ("/", None),
            ("/cider", None),
        ] {
            assert_eq!(line_for(target, &book).as_deref(), line, "{target}");
        }
    }

    proptest! {
        #[test]
        fn no_request_is_too_strange(target in "\\PC{0,40}", query in "(number|empty|name)=\\PC{0,10}") {
            line_for(&target, &book());
            line_for(&format!("/cid?{query}"), &book());
        }
    }
}
