//! JSON objects that stand one after the other, over as many lines as they like: in an array, or
//! written for people to read.

use std::io::{self, BufRead};

use super::read::MAX_ROW_BYTES;

/// Whether a file holds objects over several lines: it begins as an array, or its first line does
/// not end what it begins.
pub(super) fn is_json_document(sample: &[u8]) -> bool {
    let text = String::from_utf8_lossy(sample);
    let text = text.trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t']);
    let after = |mark: char| text.strip_prefix(mark).map(str::trim_start);
    if let Some(rest) = after('[') {
        return rest.starts_with(['{', ']']);
    }
    let first = text.lines().next().unwrap_or_default().trim_end();
    let is_whole = first.len() < text.trim_end().len();
    after('{').is_some_and(|rest| rest.starts_with(['"', '}'])) && is_whole && !first.ends_with('}')
}

/// Reads the next object into `out`, and says in which line it begins; `None` at the end. One that is
/// too long is given out without its end, and one that does not end as far as it goes.
pub(super) fn next_object(
    input: &mut impl BufRead,
    line: &mut u64,
    out: &mut Vec<u8>,
) -> io::Result<Option<u64>> {
    out.clear();
    let (mut begins, mut depth) = (None, 0_u64);
    let (mut is_text, mut is_escaped) = (false, false);
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(begins);
        }
        let mut used = 0;
        let mut is_over = false;
        for byte in buffer {
            used += 1;
            *line += u64::from(*byte == b'\n');
            if begins.is_none() {
                if *byte != b'{' {
                    continue;
                }
                begins = Some(*line);
            }
            if out.len() <= MAX_ROW_BYTES {
                out.push(*byte);
            }
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' if is_text => is_escaped = true,
                b'"' => is_text = !is_text,
                b'{' if !is_text => depth += 1,
                b'}' if !is_text => {
                    depth -= 1;
                    if depth == 0 {
                        is_over = true;
                        break;
                    }
                }
                _ => {}
            }
        }
        input.consume(used);
        if is_over {
            return Ok(begins);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_told_from_lines() {
        for text in ["[{\"a\":1}]", " [ ]", "{\n  \"a\": 1\n}\n", "{ \"a\": {\n}}"] {
            assert!(is_json_document(text.as_bytes()), "{text}");
        }
        for text in ["{\"a\":1}\n{\"a\":2}\n", "{\"a\":1}", "{\"a\":", "name,phone\n", "[x]"] {
            assert!(!is_json_document(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn objects_are_found_with_their_lines() {
        let text = "[\n {\"a\": \"}\\\"{\"},\n\n {\"b\":\n {}}\n]";
        let (mut input, mut line, mut out) = (text.as_bytes(), 1, Vec::new());
        let mut next = || {
            let begins = next_object(&mut input, &mut line, &mut out).unwrap();
            begins.map(|at| (at, String::from_utf8(out.clone()).unwrap()))
        };
        assert_eq!(next(), Some((2, "{\"a\": \"}\\\"{\"}".to_owned())));
        assert_eq!(next(), Some((4, "{\"b\":\n {}}".to_owned())));
        assert_eq!(next(), None);
    }
}
