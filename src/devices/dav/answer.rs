//! Answers: which properties of which resources there are.

use super::request::Properties;
use super::tree::{DAV, Name, Node, write};

/// A resource of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Where it is.
    pub href: String,
    /// Its properties; a status if it has none to tell: 404, 507.
    pub told: Result<Vec<Node>, u16>,
}

fn status(code: u16) -> Node {
    let reason = match code {
        200 => "OK",
        403 => "Forbidden",
        404 => "Not Found",
        507 => "Insufficient Storage",
        _ => "Error",
    };
    Node::text(DAV, "status", format!("HTTP/1.1 {code} {reason}"))
}

fn propstat(props: Vec<Node>, code: u16) -> Node {
    Node::with(DAV, "propstat", vec![Node::with(DAV, "prop", props), status(code)])
}

fn response(resource: &Resource, asked: &Properties) -> Node {
    let mut inside = vec![Node::text(DAV, "href", resource.href.as_str())];
    match &resource.told {
        Err(code) => inside.push(status(*code)),
        Ok(all) if asked.is_all() => inside.push(propstat(all.clone(), 200)),
        Ok(all) => {
            let of = |name: &Name| all.iter().find(|node| node.name == *name).cloned();
            let found: Vec<Node> = asked.named.iter().filter_map(of).collect();
            let missing = asked.named.iter().filter(|name| of(name).is_none());
            let missing: Vec<Node> =
                missing.map(|name| Node { name: name.clone(), ..Node::default() }).collect();
            if !found.is_empty() || missing.is_empty() {
                inside.push(propstat(found, 200));
            }
            if !missing.is_empty() {
                inside.push(propstat(missing, 404));
            }
        }
    }
    Node::with(DAV, "response", inside)
}

/// An answer about several resources, with the place behind which changes are told.
pub fn multistatus(resources: &[Resource], asked: &Properties, token: Option<&str>) -> Vec<u8> {
    let mut inside: Vec<Node> =
        resources.iter().map(|resource| response(resource, asked)).collect();
    inside.extend(token.map(|token| Node::text(DAV, "sync-token", token)));
    write(&Node::with(DAV, "multistatus", inside))
}

/// What is wrong, by the name that the standard has for it.
pub fn failure(space: &str, local: &str) -> Vec<u8> {
    write(&Node::with(DAV, "error", vec![Node::with(space, local, Vec::new())]))
}

/// That properties of a resource stay as they are.
pub fn unchanged(href: &str, names: &[Name]) -> Vec<u8> {
    let props = names.iter().map(|name| Node { name: name.clone(), ..Node::default() });
    let inside = vec![Node::text(DAV, "href", href), propstat(props.collect(), 403)];
    write(&Node::with(DAV, "multistatus", vec![Node::with(DAV, "response", inside)]))
}
