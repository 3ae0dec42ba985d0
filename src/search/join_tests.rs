//! Joining posting lists against sets: whichever way is taken, the documents are the same.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use proptest::prelude::*;
use tantivy::DocId;
use tempfile::TempDir;

use super::*;
use crate::domain::contact::Contact;
use crate::domain::ids::{ChangeSeq, ContactId, ContactNumber, OrgNumber};
use crate::index::{Mirror, Place, Schema, Space};
use crate::search::Caches;
use crate::search::lists::Terms;
use crate::search::meaning::Limits;
use crate::search::node::{Dict, Source};
use crate::search::view::Segment;

const ORG: OrgNumber = OrgNumber(1);
const CONTACTS: u32 = 6_000;
const WORDS: u32 = 40;

/// A segment in which some words are frequent and most are rare, each with its documents.
struct Corpus {
    _dir: TempDir,
    segment: Segment,
    docs: Vec<Vec<DocId>>,
}

fn corpus() -> &'static Corpus {
    static CORPUS: OnceLock<Corpus> = OnceLock::new();
    CORPUS.get_or_init(|| {
        let dir = TempDir::new().unwrap();
        let mut mirror = Mirror::open(dir.path(), Schema::load().unwrap(), 64 << 20, None).unwrap();
        for number in 1..=CONTACTS {
            let mut contact = Contact::decoy();
            contact.id = ContactId::generate();
            contact.number = ContactNumber(number);
            let has = |word: &u32| {
                number.wrapping_mul(2_654_435_761).rotate_left(*word) % (2 + word * 3) == 0
            };
            let words: Vec<String> =
                (0..WORDS).filter(has).map(|word| format!("qq{word}x")).collect();
            contact.fields.notes = Some(words.join(" "));
            mirror.upsert(ORG, &contact, true).unwrap();
        }
        mirror.commit(ChangeSeq(1)).unwrap();
        let segments = Caches::default().segments(mirror.schema(), &mirror.searcher()).unwrap();
        let [segment] = &segments[..] else { panic!("{} segments", segments.len()) };
        let docs_of = |word| {
            let mut docs = Vec::new();
            let add = |block: &[DocId]| docs.extend_from_slice(block);
            list(segment, word, 1.0).for_each_block(&segment.view, add).unwrap();
            docs
        };
        Corpus { _dir: dir, segment: segment.clone(), docs: (0..WORDS).map(docs_of).collect() }
    })
}

fn list(segment: &Segment, word: u32, score: f32) -> List {
    let prefix = Space::live(ORG).prefix();
    let budget = Budget::new(Duration::from_secs(60));
    let terms = Terms {
        view: &segment.view,
        space: Space::live(ORG),
        prefix: &prefix,
        most_expansions: 100,
        most_bytes: 1_000,
        budget: &budget,
    };
    let exact = vec![(Place::Notes.letter(), score)];
    let mut found = Vec::new();
    terms
        .lists(&Source::Word { dict: Dict::Word, text: format!("qq{word}x"), exact }, &mut found)
        .unwrap();
    assert_eq!(found.len(), 1, "word {word}");
    found.remove(0)
}

fn expected(chosen: &[(u32, u8)]) -> BTreeMap<DocId, f32> {
    let mut all: BTreeMap<DocId, f32> = BTreeMap::new();
    for (word, score) in chosen {
        for doc in &corpus().docs[*word as usize] {
            let best = all.entry(*doc).or_insert(0.0);
            *best = best.max(f32::from(*score));
        }
    }
    all
}

proptest! {
    #[test]
    fn lists_are_joined_as_sets_are(
        chosen in prop::collection::vec((0..WORDS, 1..4_u8), 0..WORDS as usize),
        step in 1..700_usize,
    ) {
        let segment = &corpus().segment;
        let budget = Budget::new(Duration::from_secs(60));
        let lists: Vec<List> =
            chosen.iter().map(|(word, score)| list(segment, *word, f32::from(*score))).collect();
        let expected = expected(&chosen);
        let joined = union(&segment.view, &lists, &budget).unwrap();
        prop_assert_eq!(joined, expected.iter().map(|(d, s)| (*d, *s)).collect::<Vec<_>>());
        let asked: Vec<Scored> = (0..CONTACTS).step_by(step).map(|doc| (doc, 0.0)).collect();
        let probed = probe(&segment.view, &lists, &asked, &budget).unwrap();
        let of = |doc: &DocId| expected.get(doc).copied().unwrap_or(-1.0);
        let expected: Vec<f32> = asked.iter().map(|(doc, _)| of(doc)).collect();
        prop_assert_eq!(&probed, &expected);
        // The first time list by list, then the short ones as one.
        let limits = Limits { most_joined: usize::MAX, least_long: 700 };
        let word = Expanded::of(lists, false, true, &limits);
        for _ in 0..3 {
            let probed = probe_word(&segment.view, &word, &asked, &budget).unwrap();
            prop_assert_eq!(&probed, &expected);
        }
    }
}
