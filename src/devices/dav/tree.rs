//! XML as a tree of elements.

use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, Writer, XmlVersion};

/// The namespace of `WebDAV`.
pub const DAV: &str = "DAV:";
/// The namespace of `CardDAV`.
pub const CARDDAV: &str = "urn:ietf:params:xml:ns:carddav";
/// The namespace of what Apple's server has added.
pub const SERVER: &str = "http://calendarserver.org/ns/";

/// How deep a document may be.
const MOST_DEPTH: usize = 16;
/// Most elements of a document.
const MOST_ELEMENTS: usize = 20_000;

/// The name of an element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// The namespace.
    pub space: String,
    /// The name in it.
    pub local: String,
}

impl Name {
    /// A name in a namespace.
    pub fn new(space: &str, local: &str) -> Self {
        Self { space: space.to_owned(), local: local.to_owned() }
    }

    /// Whether this is it.
    pub fn is(&self, space: &str, local: &str) -> bool {
        self.space == space && self.local == local
    }
}

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: Name,
    /// Names and values of its attributes.
    pub attributes: Vec<(String, String)>,
    /// All text right inside of it.
    pub text: String,
    /// The elements in it.
    pub children: Vec<Node>,
}

impl Node {
    /// An element with others in it.
    pub fn with(space: &str, local: &str, children: Vec<Self>) -> Self {
        Self { name: Name::new(space, local), children, ..Self::default() }
    }

    /// An element with a text.
    pub fn text(space: &str, local: &str, text: impl Into<String>) -> Self {
        Self { name: Name::new(space, local), text: text.into(), ..Self::default() }
    }

    /// An element of `WebDAV` that leads to a place.
    pub fn href(space: &str, local: &str, path: &str) -> Self {
        Self::with(space, local, vec![Self::text(DAV, "href", path)])
    }

    /// The first element of a name in it.
    pub(super) fn child(&self, space: &str, local: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name.is(space, local))
    }

    /// All elements of a name in it.
    pub(super) fn all<'a>(
        &'a self,
        space: &'a str,
        local: &'a str,
    ) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name.is(space, local))
    }

    /// The value of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Reads a document; none if it is no XML, too long, too deep, or declares anything.
pub(super) fn parse(bytes: &[u8]) -> Option<Node> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    let (mut open, mut count): (Vec<Node>, usize) = (Vec::new(), 0);
    loop {
        let (space, event) = reader.read_resolved_event().ok()?;
        let space = match space {
            ResolveResult::Bound(space) => {
                let space = std::str::from_utf8(space.into_inner()).ok()?;
                quick_xml::escape::unescape(space).ok()?.into_owned()
            }
            ResolveResult::Unbound => String::new(),
            ResolveResult::Unknown(_) => return None,
        };
        match event {
            Event::Start(start) => {
                count += 1;
                if open.len() >= MOST_DEPTH || count > MOST_ELEMENTS {
                    return None;
                }
                open.push(begin(space, &start)?);
            }
            Event::Empty(start) => {
                count += 1;
                if count > MOST_ELEMENTS {
                    return None;
                }
                let node = begin(space, &start)?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(node),
                    None => return Some(node),
                }
            }
            Event::End(_) => {
                let node = open.pop()?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(node),
                    None => return Some(node),
                }
            }
            Event::Text(text) => {
                if let Some(parent) = open.last_mut() {
                    parent.text.push_str(&text.decode().ok()?);
                }
            }
            Event::CData(text) => {
                open.last_mut()?.text.push_str(&text.decode().ok()?);
            }
            Event::GeneralRef(reference) => {
                let c = match reference.resolve_char_ref().ok()? {
                    Some(c) => c,
                    None => match reference.decode().ok()?.as_ref() {
                        "lt" => '<',
                        "gt" => '>',
                        "amp" => '&',
                        "quot" => '"',
                        "apos" => '\'',
                        _ => return None,
                    },
                };
                open.last_mut()?.text.push(c);
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::DocType(_) | Event::Eof => return None,
        }
    }
}

fn begin(space: String, start: &BytesStart<'_>) -> Option<Node> {
    let local = String::from_utf8(start.local_name().into_inner().to_vec()).ok()?;
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.ok()?;
        let name = String::from_utf8(attribute.key.local_name().into_inner().to_vec()).ok()?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned();
        attributes.push((name, value));
    }
    Some(Node { name: Name { space, local }, attributes, ..Node::default() })
}

/// Writes a document.
pub(super) fn write(root: &Node) -> Vec<u8> {
    let mut writer = Writer::new(Vec::with_capacity(1 << 10));
    // Writing to memory cannot fail.
    let _ = writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)));
    put(&mut writer, root, true);
    writer.into_inner()
}

fn put(writer: &mut Writer<Vec<u8>>, node: &Node, is_root: bool) {
    let prefix = match node.name.space.as_str() {
        DAV => "d:",
        CARDDAV => "c:",
        SERVER => "s:",
        "" => "",
        _ => "x:",
    };
    let name = format!("{prefix}{}", node.name.local);
    let mut start = BytesStart::new(name.as_str());
    if is_root {
        for (prefix, space) in [("xmlns:d", DAV), ("xmlns:c", CARDDAV), ("xmlns:s", SERVER)] {
            start.push_attribute((prefix, space));
        }
    }
    if prefix == "x:" {
        start.push_attribute(("xmlns:x", allowed(&node.name.space).as_str()));
    }
    for (name, value) in &node.attributes {
        start.push_attribute((name.as_str(), allowed(value).as_str()));
    }
    let text = allowed(&node.text);
    if text.is_empty() && node.children.is_empty() {
        let _ = writer.write_event(Event::Empty(start));
        return;
    }
    let _ = writer.write_event(Event::Start(start));
    if !text.is_empty() {
        let _ = writer.write_event(Event::Text(BytesText::new(&text)));
    }
    for child in &node.children {
        put(writer, child, false);
    }
    let _ = writer.write_event(Event::End(BytesEnd::new(name.as_str())));
}

/// A text without what may not stand in XML; lines stay.
fn allowed(text: &str) -> String {
    let is_allowed = |c: &char| {
        !matches!(c, '\u{fffe}' | '\u{ffff}' | '\r')
            && (!c.is_control() || matches!(c, '\n' | '\t'))
    };
    text.chars().filter(is_allowed).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop, prop_assert, proptest};

    use super::*;

    #[test]
    fn documents_are_read_within_bounds() {
        let text = "<?xml version=\"1.0\"?><a:b xmlns:a=\"DAV:\" x='1&amp;2'>T&#65;&lt;<c xmlns='u'/><![CDATA[<]]></a:b>";
        let read = parse(text.as_bytes()).unwrap();
        assert_eq!((&read.name, read.text.as_str()), (&Name::new(DAV, "b"), "TA<<"));
        assert_eq!(read.attribute("x"), Some("1&2"));
        assert_eq!(read.children[0].name, Name::new("u", "c"));
        for text in [
            "",
            "x",
            "<a>",
            "<a></b>",
            "<a:b/>",
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
            "<a>&x;</a>",
            "<a xmlns=\"DAV:\" x=\"&y;\"/>",
            &"<a>".repeat(100_000),
            &format!("<a>{}</a>", "<b/>".repeat(30_000)),
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{}", &text[..text.len().min(60)]);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            parse(&bytes);
        }

        #[test]
        fn no_markup_is_too_strange(text in "(<[a-c]?:?[a-c]( [a-c]=\"[a-c&;]{0,4}\")?/?>|</[a-c]>|[a-c&;<>!\\[\\]-]{0,6}){0,20}") {
            if let Some(node) = parse(text.as_bytes()) {
                prop_assert!(parse(&write(&node)).is_some(), "{}", text);
            }
        }

        #[test]
        fn what_is_written_can_be_read(text in any::<String>().prop_map(|text| allowed(&text))) {
            let node = Node::with(DAV, "a", vec![Node::text("u&\"", "b", text.clone())]);
            let read = parse(&write(&node)).unwrap();
            prop_assert!(read.children[0].text == text && read.children[0].name.space == "u&\"");
        }
    }
}
