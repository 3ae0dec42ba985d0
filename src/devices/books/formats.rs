//! The formats themselves.

use super::super::entry::{Entry, Line, LineKind};
use super::super::xml::Xml;
use super::Maker;

/// Longest names on Cisco's phones, in characters.
const CISCO_NAME: usize = 64;
/// Longest names on Polycom's phones, in bytes.
const POLYCOM_NAME: usize = 40;
/// The group of a newer Grandstream book.
const GROUP: &str = "1";

/// Writes a book.
pub(super) fn write(maker: Maker, title: &str, entries: &[Entry], next: Option<&str>) -> Vec<u8> {
    match maker {
        Maker::Yealink => remote_book("YealinkIPPhoneDirectory", title, entries, next),
        Maker::Fanvil => remote_book("FanvilIPPhoneDirectory", title, entries, next),
        Maker::Snom => snom(title, entries, next),
        Maker::SnomFile => snom_file(entries),
        Maker::Grandstream => grandstream(entries),
        Maker::GrandstreamTwo => grandstream_two(title, entries),
        Maker::Cisco => cisco(title, entries, next),
        Maker::Polycom => polycom(entries),
    }
}

fn prompt(entries: &[Entry]) -> &'static str {
    if entries.is_empty() { "Nobody found" } else { "Select a number" }
}

fn remote_book(root: &str, title: &str, entries: &[Entry], next: Option<&str>) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.element(root, &[], |xml| {
        xml.text("Title", title);
        xml.text("Prompt", prompt(entries));
        for entry in entries {
            xml.element("DirectoryEntry", &[], |xml| {
                xml.text("Name", &entry.name);
                for line in &entry.lines {
                    xml.text_with("Telephone", &[("label", line.kind.as_str())], &line.number);
                }
            });
        }
        if let Some(next) = next {
            xml.element("SoftKeyItem", &[], |xml| {
                xml.text("Name", "#");
                xml.text("URL", next);
            });
        }
    });
    xml.finish()
}

/// The name in a list that has one entry for each number.
fn name_of_line(entry: &Entry, line: &Line) -> String {
    match entry.lines.as_slice() {
        [_] => entry.name.clone(),
        _ => format!("{} ({})", entry.name, line.kind.as_str()),
    }
}

fn snom(title: &str, entries: &[Entry], next: Option<&str>) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.element("SnomIPPhoneDirectory", &[], |xml| {
        xml.text("Title", title);
        xml.text("Prompt", prompt(entries));
        for (entry, line) in lines_of(entries) {
            xml.element("DirectoryEntry", &[], |xml| {
                xml.text("Name", &name_of_line(entry, line));
                xml.text("Telephone", &line.number);
            });
        }
        if let Some(next) = next {
            xml.element("SoftKeyItem", &[], |xml| {
                xml.text("Name", "F4");
                xml.text("Label", "Next");
                xml.text("URL", next);
            });
        }
    });
    xml.finish()
}

fn lines_of(entries: &[Entry]) -> impl Iterator<Item = (&Entry, &Line)> {
    entries.iter().flat_map(|entry| entry.lines.iter().map(move |line| (entry, line)))
}

fn yes_or_no(is_so: bool) -> &'static str {
    if is_so { "true" } else { "false" }
}

fn snom_file(entries: &[Entry]) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.element("tbook", &[("e", "2"), ("version", "2.0"), ("complete", "true")], |xml| {
        for entry in entries {
            let marks = [
                ("fav", "false"),
                ("vip", yes_or_no(entry.is_vip)),
                ("blocked", yes_or_no(entry.is_blocked)),
            ];
            xml.element("contact", &marks, |xml| {
                xml.text("first_name", &entry.first_name);
                xml.text("last_name", &entry.last_name);
                xml.element("numbers", &[], |xml| {
                    for line in &entry.lines {
                        let kind = match line.kind {
                            LineKind::Mobile => "mobile",
                            LineKind::Work => "business",
                            LineKind::Home => "home",
                            LineKind::Other => "fixed",
                        };
                        let number =
                            [("no", line.number.as_str()), ("type", kind), ("outgoing_id", "0")];
                        xml.empty("number", &number);
                    }
                });
            });
        }
    });
    xml.finish()
}

fn grandstream(entries: &[Entry]) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.element("AddressBook", &[], |xml| {
        for entry in entries {
            xml.element("Contact", &[], |xml| {
                xml.text("LastName", &entry.last_name);
                xml.text("FirstName", &entry.first_name);
                for line in &entry.lines {
                    xml.element("Phone", &[], |xml| {
                        xml.text("phonenumber", &line.number);
                        xml.text("accountindex", "0");
                    });
                }
                xml.element("Groups", &[], |xml| xml.text("groupid", "0"));
            });
        }
    });
    xml.finish()
}

fn grandstream_two(title: &str, entries: &[Entry]) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.element("AddressBook", &[], |xml| {
        xml.text("version", "1");
        xml.element("pbgroup", &[], |xml| {
            xml.text("id", GROUP);
            xml.text("name", title);
            xml.text("ringtones", "default ringtone");
        });
        for (at, entry) in entries.iter().enumerate() {
            xml.element("Contact", &[], |xml| {
                xml.text("id", &(at + 1).to_string());
                xml.text("FirstName", &entry.first_name);
                xml.text("LastName", &entry.last_name);
                xml.text("Company", &entry.company);
                xml.text("Primary", "0");
                xml.text("Frequent", "0");
                for line in &entry.lines {
                    let kind = match line.kind {
                        LineKind::Mobile => "Cell",
                        LineKind::Home => "Home",
                        LineKind::Work | LineKind::Other => "Work",
                    };
                    xml.element("Phone", &[("type", kind)], |xml| {
                        xml.text("phonenumber", &line.number);
                        xml.text("accountindex", "0");
                    });
                }
                for email in &entry.emails {
                    xml.text_with("Mail", &[("type", "Work")], email);
                }
                xml.text("Group", GROUP);
            });
        }
    });
    xml.finish()
}

fn cisco(title: &str, entries: &[Entry], next: Option<&str>) -> Vec<u8> {
    let mut xml = Xml::new();
    if entries.is_empty() {
        xml.element("CiscoIPPhoneText", &[], |xml| {
            xml.text("Title", title);
            xml.text("Prompt", "");
            xml.text("Text", prompt(entries));
        });
        return xml.finish();
    }
    xml.element("CiscoIPPhoneDirectory", &[], |xml| {
        xml.text("Title", title);
        xml.text("Prompt", prompt(entries));
        for (entry, line) in lines_of(entries) {
            xml.element("DirectoryEntry", &[], |xml| {
                let name = name_of_line(entry, line);
                xml.text("Name", &name.chars().take(CISCO_NAME).collect::<String>());
                xml.text("Telephone", &line.number);
            });
        }
        let keys =
            [("Dial", "SoftKey:Dial"), ("EditDial", "SoftKey:EditDial"), ("Exit", "SoftKey:Exit")];
        let more = next.map(|next| ("Next", next));
        for (at, (name, url)) in keys.into_iter().chain(more).enumerate() {
            xml.element("SoftKeyItem", &[], |xml| {
                xml.text("Name", name);
                xml.text("URL", url);
                xml.text("Position", &(at + 1).to_string());
            });
        }
    });
    xml.finish()
}

/// The beginning of a text that has so many bytes at most.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

fn polycom(entries: &[Entry]) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.element("directory", &[], |xml| {
        xml.element("item_list", &[], |xml| {
            for (at, (entry, line)) in lines_of(entries).enumerate() {
                xml.element("item", &[], |xml| {
                    xml.text("ln", cut(&entry.last_name, POLYCOM_NAME));
                    xml.text("fn", cut(&entry.first_name, POLYCOM_NAME));
                    xml.text("ct", &line.number);
                    xml.text("sd", &(at + 1).to_string());
                    xml.text("rt", "3");
                    xml.text("dc", "");
                    xml.text("ad", "0");
                    xml.text("ar", "0");
                    xml.text("bw", "0");
                    xml.text("bb", if entry.is_blocked { "1" } else { "0" });
                });
            }
        });
    });
    xml.finish()
}
