//! What a disk may hold when the power goes: put together from what was written and synced until then.
//!
//! What a sync has returned for is there. Of what was written since, each file may have all, nothing,
//! single pages or the beginning of a write; of the names made, replaced and removed, a journal of the
//! file system may have taken down any number in their order, or each folder for itself.

use std::collections::HashMap;
use std::path::Path;

use rand::rngs::StdRng;
use rand::{RngExt, seq::IndexedRandom as _};

/// One record of the trace (`recorder.c`).
pub(super) struct Event {
    pub(super) kind: u8,
    pub(super) begun: u64,
    pub(super) done: u64,
    file: u64,
    offset: u64,
    length: u64,
    first: String,
    second: String,
    data: Vec<u8>,
}

/// How names survive.
#[derive(Clone, Copy, Debug)]
pub(super) enum Names {
    /// All of them.
    All,
    /// In the order in which they were changed; any sync takes down what came before it.
    Ordered,
    /// Each folder for itself; only its own sync counts.
    Strict,
}

/// How what is not synced survives.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bytes {
    /// Not at all.
    Dropped,
    /// All of it.
    Whole,
    /// Some pages of it.
    Pages,
    /// Up to a place in the middle of a write.
    Torn,
    /// Each file in another way.
    Mixed,
}

/// Reads a trace; a record that was being written when the process was killed is left out.
pub(super) fn parse(trace: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut rest = trace;
    while let Some(event) = next(&mut rest) {
        events.push(event);
    }
    events
}

fn take<'a>(rest: &mut &'a [u8], size: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(size)?;
    *rest = left;
    Some(taken)
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    Some(u64::from_ne_bytes(take(rest, 8)?.try_into().ok()?))
}

fn small(rest: &mut &[u8]) -> Option<usize> {
    Some(u16::from_ne_bytes(take(rest, 2)?.try_into().ok()?).into())
}

fn text(rest: &mut &[u8], size: usize) -> Option<String> {
    Some(String::from_utf8_lossy(take(rest, size)?).into_owned())
}

fn next(rest: &mut &[u8]) -> Option<Event> {
    let kind = take(rest, 1)?[0];
    let (begun, done, file) = (number(rest)?, number(rest)?, number(rest)?);
    let (offset, length) = (number(rest)?, number(rest)?);
    let (first, second) = (small(rest)?, small(rest)?);
    let (first, second) = (text(rest, first)?, text(rest, second)?);
    let has_data = matches!(kind, b'W' | b'L');
    let data = take(rest, if has_data { usize::try_from(length).ok()? } else { 0 })?.to_vec();
    Some(Event { kind, begun, done, file, offset, length, first, second, data })
}

/// A change of what a file holds.
enum Write<'a> {
    Data(u64, &'a [u8]),
    Length(u64),
}

/// A name that was made to lead somewhere, or nowhere, with its place among all such changes.
struct Naming {
    place: usize,
    done: u64,
    name: String,
    to: Option<usize>,
}

#[derive(Default)]
struct Node<'a> {
    is_folder: bool,
    base: Vec<u8>,
    writes: Vec<(u64, Write<'a>)>,
    base_names: HashMap<String, usize>,
    namings: Vec<Naming>,
    now: HashMap<String, usize>,
    /// When the last sync that returned in time began.
    synced: u64,
}

/// The files below a folder with everything that happened to them until an instant.
pub(super) struct Disk<'a> {
    root: String,
    nodes: Vec<Node<'a>>,
    by_number: HashMap<u64, usize>,
    /// When each change of a name was done, in order.
    named: Vec<u64>,
    /// When the last sync of anything began.
    last_sync: u64,
}

impl<'a> Disk<'a> {
    /// The disk as of an instant: what began before it has happened. `base` is a copy of what the
    /// folder `root` held when the trace began.
    pub(super) fn at(until: u64, base: &Path, root: &Path, events: &'a [Event]) -> Self {
        let mut disk = Self {
            root: root.to_str().expect("a plain path").to_owned(),
            nodes: vec![Node { is_folder: true, ..Node::default() }],
            by_number: HashMap::new(),
            named: Vec::new(),
            last_sync: 0,
        };
        disk.read(0, base);
        for event in events.iter().filter(|event| event.begun < until) {
            disk.replay(event, until);
        }
        disk
    }

    fn read(&mut self, folder: usize, path: &Path) {
        for entry in std::fs::read_dir(path).expect("a folder") {
            let entry = entry.expect("an entry");
            let is_folder = entry.path().is_dir();
            let base =
                if is_folder { Vec::new() } else { std::fs::read(entry.path()).expect("a file") };
            let node = self.add(Node { is_folder, base, ..Node::default() });
            let name = entry.file_name().to_str().expect("a plain name").to_owned();
            self.nodes[folder].base_names.insert(name.clone(), node);
            self.nodes[folder].now.insert(name, node);
            if is_folder {
                self.read(node, &entry.path());
            }
        }
    }

    fn add(&mut self, node: Node<'a>) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn find(&self, path: &str) -> Option<usize> {
        let below = path.strip_prefix(&self.root)?;
        let parts = below.split('/').filter(|part| !part.is_empty());
        parts.into_iter().try_fold(0, |at, part| self.nodes[at].now.get(part).copied())
    }

    /// The folder of a path, and the name in it.
    fn place(&self, path: &str) -> Option<(usize, String)> {
        let (folder, name) = path.rsplit_once('/')?;
        Some((self.find(folder)?, name.to_owned()))
    }

    /// Names that change at once.
    fn change(&mut self, done: u64, names: Vec<(usize, String, Option<usize>)>) {
        let place = self.named.len();
        self.named.push(done);
        for (folder, name, to) in names {
            match to {
                Some(node) => self.nodes[folder].now.insert(name.clone(), node),
                None => self.nodes[folder].now.remove(&name),
            };
            self.nodes[folder].namings.push(Naming { place, done, name, to });
        }
    }

    fn replay(&mut self, event: &'a Event, until: u64) {
        let known = self.by_number.get(&event.file).copied();
        match event.kind {
            b'E' => {
                if let Some(node) = self.find(&event.first) {
                    self.by_number.insert(event.file, node);
                }
            }
            b'C' | b'D' => {
                let node = self.add(Node { is_folder: event.kind == b'D', ..Node::default() });
                self.by_number.insert(event.file, node);
                if let Some((folder, name)) = self.place(&event.first) {
                    self.change(event.done, vec![(folder, name, Some(node))]);
                }
            }
            b'W' => {
                if let Some(node) = known {
                    let write = Write::Data(event.offset, &event.data);
                    self.nodes[node].writes.push((event.done, write));
                }
            }
            b'T' => {
                if let Some(node) = known {
                    self.nodes[node].writes.push((event.done, Write::Length(event.length)));
                }
            }
            b'S' | b'L' if event.done <= until => {
                if event.kind == b'L'
                    && let Some(folder) = known
                {
                    self.settle(folder, event);
                }
                if let Some(node) = known {
                    self.nodes[node].synced = self.nodes[node].synced.max(event.begun);
                    self.last_sync = self.last_sync.max(event.begun);
                }
            }
            b'R' => {
                let places =
                    (self.find(&event.first), self.place(&event.first), self.place(&event.second));
                if let (Some(node), Some((from, old)), Some((to, new))) = places {
                    self.change(event.done, vec![(to, new, Some(node)), (from, old, None)]);
                }
            }
            b'U' => {
                if let Some((folder, name)) = self.place(&event.first) {
                    self.change(event.done, vec![(folder, name, None)]);
                }
            }
            _ => {}
        }
    }

    /// Takes over what a synced folder held, where that was changed unseen: before the sync began.
    fn settle(&mut self, folder: usize, event: &Event) {
        let (mut rest, mut held) = (&event.data[..], HashMap::new());
        while let Some(file) = number(&mut rest) {
            let name = small(&mut rest).and_then(|size| text(&mut rest, size)).expect("a name");
            held.insert(name, self.by_number.get(&file).copied());
        }
        let here = &self.nodes[folder].now;
        let gone = here.keys().filter(|name| !held.contains_key(*name));
        let mut changes: Vec<_> = gone.map(|name| (folder, name.clone(), None)).collect();
        changes.extend(held.iter().filter_map(|(name, node)| {
            let node = (*node)?;
            (here.get(name) != Some(&node)).then(|| (folder, name.clone(), Some(node)))
        }));
        if !changes.is_empty() {
            self.change(event.begun, changes);
        }
    }

    /// Writes a disk as it may be into a folder.
    pub(super) fn write(&self, to: &Path, rng: &mut StdRng, names: Names, bytes: Bytes) {
        let least =
            self.named.iter().rposition(|done| *done <= self.last_sync).map_or(0, |at| at + 1);
        let upto = match names {
            Names::All | Names::Strict => self.named.len(),
            Names::Ordered => some(least, self.named.len(), rng),
        };
        self.write_folder(0, to, rng, (names, bytes, upto));
    }

    fn write_folder(&self, folder: usize, to: &Path, rng: &mut StdRng, how: (Names, Bytes, usize)) {
        std::fs::create_dir_all(to).expect("a folder");
        let node = &self.nodes[folder];
        let mut held = node.base_names.clone();
        let kept = match how.0 {
            Names::Strict => {
                let is_synced = |naming: &Naming| naming.done <= node.synced;
                let least = node.namings.iter().rposition(is_synced).map_or(0, |at| at + 1);
                some(least, node.namings.len(), rng)
            }
            Names::All | Names::Ordered => {
                node.namings.partition_point(|naming| naming.place < how.2)
            }
        };
        for naming in &node.namings[..kept] {
            match naming.to {
                Some(node) => held.insert(naming.name.clone(), node),
                None => held.remove(&naming.name),
            };
        }
        let mut held: Vec<_> = held.into_iter().collect();
        held.sort();
        for (name, at) in held {
            let path = to.join(name);
            if self.nodes[at].is_folder {
                self.write_folder(at, &path, rng, how);
            } else {
                write_file(&path, &self.nodes[at].content(how.1, rng));
            }
        }
    }
}

impl Node<'_> {
    /// What a file holds.
    fn content(&self, how: Bytes, rng: &mut StdRng) -> Vec<u8> {
        let mut content = self.base.clone();
        let (safe, open): (Vec<_>, Vec<_>) =
            self.writes.iter().partition(|(done, _)| *done <= self.synced);
        for (_, write) in safe {
            apply(&mut content, write);
        }
        if open.is_empty() {
            return content;
        }
        let each = [Bytes::Dropped, Bytes::Whole, Bytes::Pages, Bytes::Pages, Bytes::Torn];
        let how = if let Bytes::Mixed = how { each[rng.random_range(0..each.len())] } else { how };
        match how {
            Bytes::Dropped | Bytes::Mixed => {}
            Bytes::Whole => open.iter().for_each(|(_, write)| apply(&mut content, write)),
            Bytes::Torn => {
                let whole = rng.random_range(0..=open.len());
                open[..whole].iter().for_each(|(_, write)| apply(&mut content, write));
                if let Some((_, Write::Data(at, data))) = open.get(whole) {
                    let part = rng.random_range(0..=data.len());
                    apply(&mut content, &Write::Data(*at, &data[..part]));
                }
            }
            Bytes::Pages => {
                let likely = *[0.02, 0.5, 0.5, 0.9, 0.98].choose(rng).expect("one");
                let size: u64 = *[512, 4096, 4096, 65_536, 524_288].choose(rng).expect("one");
                let mut is_kept = HashMap::new();
                for (_, write) in open {
                    let Write::Data(at, data) = write else {
                        apply(&mut content, write);
                        continue;
                    };
                    let mut from = *at;
                    let end = at + data.len() as u64;
                    while from < end {
                        let to = end.min((from / size + 1) * size);
                        if *is_kept.entry(from / size).or_insert_with(|| rng.random_bool(likely)) {
                            let part = &data[index(from - at)..index(to - at)];
                            apply(&mut content, &Write::Data(from, part));
                        }
                        from = to;
                    }
                }
            }
        }
        content
    }
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("a file that fits into memory")
}

fn apply(content: &mut Vec<u8>, write: &Write<'_>) {
    match write {
        Write::Length(length) => content.resize(index(*length), 0),
        Write::Data(at, data) => {
            let (from, to) = (index(*at), index(*at) + data.len());
            if content.len() < to {
                content.resize(to, 0);
            }
            content[from..to].copy_from_slice(data);
        }
    }
}

/// The least, the most, or a number between them.
fn some(least: usize, most: usize, rng: &mut StdRng) -> usize {
    match rng.random_range(0..3) {
        0 => least,
        1 => most,
        _ => rng.random_range(least..=most),
    }
}

pub(super) fn write_file(path: &Path, content: &[u8]) {
    use std::io::Write as _;
    let mut file = std::fs::File::create(path).expect("a file");
    file.write_all(content).expect("room for a file");
}
