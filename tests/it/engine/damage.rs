//! Damage to the files of a closed data directory: every case ends in a start with all that was
//! acknowledged, or in a refusal that names the repair, and that repair works.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ringdex::app::{App, Deletion, Precondition, Presented, SearchRequest};
use ringdex::domain::contact::Contact;
use ringdex::domain::ids::{ContactId, OrgNumber};
use ringdex::engine::{Cancel, Options, repair_journal};
use serde_json::json;

use crate::support::{TestApp, copy_directory, files, operator, segments};

/// A closed data directory with what is in it.
struct Fixture {
    test: TestApp,
    expected: BTreeMap<(u32, ContactId), Contact>,
}

/// Some of everything, with the journal kept from its first entry on.
fn fixture() -> Fixture {
    filled(|_| {}, |_| true)
}

/// One whose journal has let go of its beginning, as earlier versions did after a week.
fn trimmed_fixture() -> Fixture {
    let small = |options: &mut Options| options.journal_segment_bytes = 16 << 10;
    let fixture = filled(small, |test| segments(&test.root()).len() > 3);
    for segment in &segments(&fixture.test.root())[..2] {
        std::fs::remove_file(segment).unwrap();
    }
    fixture
}

fn filled(options: impl FnOnce(&mut Options), is_enough: impl Fn(&TestApp) -> bool) -> Fixture {
    let mut test = TestApp::with(options);
    let mut ids = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(60);
    while ids.len() < 120 || !is_enough(&test) {
        assert!(Instant::now() < deadline, "there is never enough");
        let made = ids.len();
        let org = if made % 4 == 0 { 2 } else { 1 };
        // Every tenth is large enough to be kept in parts.
        let notes = "word ".repeat(if made % 10 == 0 { 3_000 } else { made % 7 });
        let body = json!({
            "name": format!("Person{made} Family{}", made % 5),
            "phone": format!("+1202555{made:04}"),
            "notes": notes,
        });
        ids.push((org, test.create(org, &body).id));
    }
    let bodies: Vec<_> = (0..30).map(|at| json!({"name": format!("Bulk{at} Family9")})).collect();
    test.app().create_contacts(&operator(1), &bodies).unwrap();
    for (at, (org, id)) in ids.iter().enumerate() {
        let caller = operator(*org);
        match at % 6 {
            0 => {
                let patch = json!({"name": format!("Changed{at} Family7")});
                test.app().update_contact(&caller, *id, &patch, &Precondition::None).unwrap();
            }
            1 => {
                test.app()
                    .delete_contact(&caller, *id, Deletion::Soft, Precondition::None, false)
                    .unwrap();
            }
            2 if at % 12 == 2 => {
                let deletion = Deletion::Permanent;
                test.app()
                    .delete_contact(&caller, *id, deletion, Precondition::None, false)
                    .unwrap();
            }
            _ => {}
        }
    }
    let mut expected = BTreeMap::new();
    for org in [1, 2] {
        let partition = test.app().partition();
        partition
            .for_each_contact(OrgNumber(org), &Cancel::never(), |batch| {
                expected.extend(batch.into_iter().map(|contact| ((org, contact.id), contact)));
                true
            })
            .unwrap();
        for (_, id) in ids.iter().filter(|(of, _)| *of == org) {
            if let Some(contact) = partition.contact(OrgNumber(org), *id).unwrap() {
                expected.insert((org, *id), contact.as_ref().clone());
            }
        }
    }
    test.close();
    Fixture { test, expected }
}

impl Fixture {
    fn copy(&self) -> Self {
        Self { test: self.test.copy(), expected: self.expected.clone() }
    }

    fn copy_as_it_is(&self) -> Self {
        Self { test: self.test.copy_as_it_is(), expected: self.expected.clone() }
    }

    /// Everything is there, whole, and found.
    fn assert_whole(&self, what: &str) {
        let app = self.test.app();
        for ((org, id), expected) in &self.expected {
            let found = app.partition().contact(OrgNumber(*org), *id).unwrap();
            assert_eq!(found.as_deref(), Some(expected), "{what}");
        }
        let report = app.check(&operator(1), &mut |_| {}).unwrap();
        assert!(report.is_clean(), "{what}: {report:?}");
        for org in [1, 2] {
            let live = |fits: &dyn Fn(&Contact) -> bool| {
                let all = self.expected.iter().filter(|((o, _), c)| *o == org && !c.is_deleted());
                all.filter(|(_, c)| fits(c)).count()
            };
            for (q, count) in [
                ("", live(&|_| true)),
                ("family7", live(&|c| c.display_name.ends_with("Family7"))),
                ("5550", live(&|c| c.phones.iter().any(|p| p.number.contains("5550")))),
            ] {
                let request = SearchRequest { query: q.into(), ..SearchRequest::default() };
                assert_eq!(self.test.search(org, request).total, count, "{what}: {q:?}");
            }
        }
        // And it takes new ones.
        let contact = self.test.create(1, &json!({"name": "New One", "phone": "+12025559999"}));
        let answer = app.lookup_number(&operator(1), "+12025559999", None, None).unwrap();
        assert_eq!(answer.results[0].contact.id, contact.id, "{what}");
    }

    /// Opens it; if that is refused, the refusal must name one of the repairs.
    fn open_or_refuse(&mut self, what: &str, repairs: &[&str]) -> Result<(), String> {
        self.test.open().inspect_err(|refusal| {
            assert!(repairs.iter().any(|repair| refusal.contains(repair)), "{what}: {refusal}");
        })
    }

    fn repair_journal(&mut self, what: &str) {
        repair_journal(&self.test.root(), None).unwrap();
        self.test.open().unwrap_or_else(|refusal| panic!("{what}: still refused: {refusal}"));
        self.assert_whole(what);
        // What comes after the repair lasts.
        let contact = self.test.create(1, &json!({"name": "After Repair"}));
        self.test.restart();
        let found = self.test.app().read_contact(&operator(1), contact.id).unwrap();
        assert_eq!(*found, contact, "{what}");
    }
}

/// The files of an index that hold documents and carry checksums.
fn index_parts(generation: &Path) -> Vec<PathBuf> {
    let mut parts = files(generation, |name| !name.starts_with('.'));
    parts.retain(|path| path.extension().is_some_and(|extension| extension != "json"));
    parts
}

type Damage = fn(&Path);

fn length(path: &Path) -> u64 {
    std::fs::metadata(path).unwrap().len()
}

fn flip(path: &Path, at: u64) {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0x41], at).unwrap();
}

fn cut(path: &Path, to: u64) {
    OpenOptions::new().write(true).open(path).unwrap().set_len(to).unwrap();
}

fn put(path: &Path, bytes: &[u8]) {
    File::create(path).unwrap().write_all(bytes).unwrap();
}

/// Places all over a file, the first and last byte among them.
fn places(length: u64, count: u64) -> Vec<u64> {
    (0..count).map(|at| (length - 1) * at / (count - 1)).collect()
}

const REPAIR_JOURNAL: &str = "ringdex check --repair-journal";

#[test]
fn an_unfinished_write_at_the_end_of_the_journal_is_cut() {
    let fixture = fixture();
    let frame = std::fs::read(segments(&fixture.test.root()).last().unwrap()).unwrap();
    // Behind the header stands a frame; a part of it, and what a file system may leave instead.
    for tail in [&frame[72..100], &frame[72..130], &[0; 5_000], b"\xff"] {
        let mut fixture = fixture.copy();
        let last = segments(&fixture.test.root()).pop().unwrap();
        OpenOptions::new().append(true).open(last).unwrap().write_all(tail).unwrap();
        fixture.test.restart();
        fixture.assert_whole("a torn tail");
    }
}

#[test]
fn flipped_bytes_of_the_journal_are_refused_and_the_repair_loses_nothing() {
    let fixture = fixture();
    let last = segments(&fixture.test.root()).pop().unwrap();
    for at in places(length(&last), 12) {
        let what = format!("byte {at} of the journal flipped");
        let mut fixture = fixture.copy();
        flip(segments(&fixture.test.root()).last().unwrap(), at);
        // The journal is read in full at every start, so that no flip goes unnoticed.
        fixture.open_or_refuse(&what, &[REPAIR_JOURNAL]).unwrap_err();
        fixture.repair_journal(&what);
    }
}

#[test]
fn a_journal_that_was_cut_behind_the_store_is_refused_and_begun_anew() {
    let fixture = fixture();
    let last = segments(&fixture.test.root()).pop().unwrap();
    for to in places(length(&last), 8).into_iter().take(7) {
        let what = format!("journal cut to {to} bytes");
        let mut fixture = fixture.copy();
        cut(segments(&fixture.test.root()).last().unwrap(), to);
        fixture.open_or_refuse(&what, &[REPAIR_JOURNAL]).unwrap_err();
        fixture.repair_journal(&what);
    }
}

#[test]
fn a_missing_journal_is_refused_and_can_be_put_back() {
    let mut fixture = fixture();
    let (journal, away) = (fixture.test.root().join("journal"), fixture.test.root().join("away"));
    std::fs::rename(&journal, &away).unwrap();
    fixture.open_or_refuse("no journal", &["put its files back"]).unwrap_err();
    // A second attempt says the same: the first has begun no journal of its own.
    fixture.open_or_refuse("no journal", &["put its files back"]).unwrap_err();

    let mut without = fixture.copy();
    without.repair_journal("a new journal");

    std::fs::remove_dir_all(&journal).unwrap_or_default();
    std::fs::rename(&away, &journal).unwrap();
    fixture.test.restart();
    fixture.assert_whole("the journal put back");
}

#[test]
fn journal_and_store_missing_together_are_noticed() {
    let mut fixture = fixture();
    let root = fixture.test.root();
    for part in ["journal", "store"] {
        std::fs::rename(root.join(part), root.join(format!("{part}.away"))).unwrap();
    }
    for _ in 0..2 {
        fixture.open_or_refuse("nothing", &["put their files back"]).unwrap_err();
    }
    for part in ["journal", "store"] {
        assert!(!root.join(part).exists(), "{part} was begun anew");
        std::fs::rename(root.join(format!("{part}.away")), root.join(part)).unwrap();
    }
    fixture.test.restart();
    fixture.assert_whole("both put back");
}

#[test]
fn segments_that_are_missing_are_noticed() {
    let small = |options: &mut Options| options.journal_segment_bytes = 16 << 10;
    let fixture = filled(small, |_| true);
    let count = segments(&fixture.test.root()).len();
    assert!(count >= 3, "only {count} segments");
    for gone in [1, count - 1] {
        let what = format!("segment {gone} of {count} removed");
        let mut fixture = fixture.copy();
        std::fs::remove_file(&segments(&fixture.test.root())[gone]).unwrap();
        fixture.open_or_refuse(&what, &[REPAIR_JOURNAL]).unwrap_err();
        fixture.repair_journal(&what);
    }
}

#[test]
fn the_journal_of_another_data_directory_is_refused() {
    let (mut one, other) = (fixture(), fixture());
    let journal = one.test.root().join("journal");
    std::fs::remove_dir_all(&journal).unwrap();
    copy_directory(&other.test.root().join("journal"), &journal);
    one.open_or_refuse("another journal", &["put the right journal back"]).unwrap_err();
    // Repairing must not take the other one's entries over either.
    let refusal = repair_journal(&one.test.root(), None).unwrap_err().to_string();
    assert!(refusal.contains("put the right journal back"), "{refusal}");
}

#[test]
fn a_store_that_is_gone_is_built_anew_from_a_whole_journal() {
    let mut fixture = fixture();
    std::fs::remove_dir_all(fixture.test.root().join("store")).unwrap();
    fixture.test.restart();
    fixture.assert_whole("no store");
}

#[test]
fn a_store_that_is_gone_is_refused_where_the_journal_does_not_reach_back() {
    let mut fixture = trimmed_fixture();
    std::fs::remove_dir_all(fixture.test.root().join("store")).unwrap();
    let refusal = fixture.open_or_refuse("no store", &["ringdex restore"]).unwrap_err();
    assert!(refusal.contains("the journal begins at"), "{refusal}");
    fixture.open_or_refuse("no store, again", &["ringdex restore"]).unwrap_err();
}

#[test]
fn a_journal_that_an_earlier_version_trimmed_is_completed_at_the_next_start() {
    let mut fixture = trimmed_fixture();
    fixture.test.restart();
    fixture.test.close();
    // From now on nothing depends on the store.
    std::fs::remove_dir_all(fixture.test.root().join("store")).unwrap();
    std::fs::remove_dir_all(fixture.test.root().join("index")).unwrap();
    fixture.test.restart();
    fixture.assert_whole("a store built from a completed journal");
}

#[test]
fn flipped_bytes_of_the_store_are_mended_from_the_journal() {
    let fixture = fixture();
    for at in places(length(&fixture.test.root().join("store/db")), 24) {
        let what = format!("byte {at} of the store flipped");
        let mut fixture = fixture.copy();
        flip(&fixture.test.root().join("store/db"), at);
        fixture.test.open().unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
        fixture.assert_whole(&what);
    }
}

#[test]
fn what_a_damaged_place_of_the_log_hides_is_noticed_and_mended() {
    // sled skips the rest of a segment in which something is wrong and goes on behind it.
    let segments = |test: &TestApp| length(&test.root().join("store/db")) > 4 * (512 << 10);
    let mut fixture = filled(|_| {}, segments);
    let mut mended = 0;
    for is_running in [false, true] {
        if is_running {
            // As after a kill: what was written last is there in part.
            fixture.test.restart();
            for ((org, id), expected) in fixture.expected.iter_mut().take(40) {
                if expected.is_deleted() {
                    continue;
                }
                let patch = json!({"title": "Changed before the kill"});
                let caller = operator(*org);
                fixture
                    .test
                    .app()
                    .update_contact(&caller, *id, &patch, &Precondition::None)
                    .unwrap();
                let contact = fixture.test.app().partition().contact(OrgNumber(*org), *id);
                *expected = contact.unwrap().unwrap().as_ref().clone();
            }
        }
        for at in places(length(&fixture.test.root().join("store/db")), 20) {
            let what = format!("byte {at} flipped, running: {is_running}");
            let mut copy = fixture.copy_as_it_is();
            flip(&copy.test.root().join("store/db"), at);
            copy.test.open().unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
            copy.assert_whole(&what);
            mended += usize::from(copy.test.root().join("store.unreadable-1").exists());
            // Once is enough.
            copy.test.restart();
            assert!(!copy.test.root().join("store.unreadable-2").exists(), "{what}");
        }
        let mut copy = fixture.copy_as_it_is();
        copy.test.restart();
        copy.assert_whole("nothing flipped");
        let aside = copy.test.root().join("store.unreadable-1");
        assert!(!aside.exists(), "a store that is whole was set aside, running: {is_running}");
    }
    assert!(mended > 0, "nothing was noticed");
}

#[test]
fn a_store_that_was_cut_is_mended_from_the_journal() {
    let fixture = fixture();
    for to in places(length(&fixture.test.root().join("store/db")), 12).into_iter().take(11) {
        let what = format!("store cut to {to} bytes");
        let mut fixture = fixture.copy();
        cut(&fixture.test.root().join("store/db"), to);
        fixture.test.open().unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
        fixture.assert_whole(&what);
    }
}

#[test]
fn a_damaged_store_without_the_whole_journal_is_whole_or_refused() {
    let fixture = trimmed_fixture();
    let length = length(&fixture.test.root().join("store/db"));
    let mut refused = 0;
    for at in places(length, 16) {
        for damage in [flip, cut] {
            let what = format!("store damaged at byte {at} of {length}");
            let mut fixture = fixture.copy();
            damage(&fixture.test.root().join("store/db"), at);
            match fixture.open_or_refuse(&what, &["ringdex restore"]) {
                Ok(()) => fixture.assert_whole(&what),
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > 0, "no damage was ever noticed");
}

#[test]
fn snapshots_that_are_unfinished_or_damaged_do_no_harm() {
    let fixture = fixture();
    let snapshot = |name: &str| name.starts_with("snap.");
    let mut unfinished = fixture.copy();
    put(&unfinished.test.root().join("store/snap.0000000000000BAD.generating"), b"half of one");
    unfinished.test.restart();
    unfinished.assert_whole("an unfinished snapshot");
    let mut reopened = fixture.copy();
    // A snapshot is written when the log is read.
    reopened.test.restart();
    reopened.test.close();
    for damage in
        [|path: &Path| flip(path, length(path) / 2), |path: &Path| cut(path, length(path) / 2)]
    {
        let mut fixture = reopened.copy();
        let snapshots = files(&fixture.test.root().join("store"), snapshot);
        assert!(!snapshots.is_empty(), "a store that was opened again has a snapshot");
        for path in &snapshots {
            damage(path);
        }
        fixture.test.restart();
        fixture.assert_whole("a damaged snapshot");
    }
}

#[test]
fn an_index_that_is_gone_or_unreadable_is_built_anew() {
    let fixture = fixture();
    let damages: [(&str, Damage); 7] = [
        ("no index", |index| std::fs::remove_dir_all(index).unwrap()),
        ("no CURRENT", |index| std::fs::remove_file(index.join("CURRENT")).unwrap()),
        ("garbage in CURRENT", |index| put(&index.join("CURRENT"), b"\xff\x00nothing")),
        ("CURRENT leads out", |index| put(&index.join("CURRENT"), b"../store 1-0\n")),
        ("no files", |index| {
            std::fs::remove_dir_all(index.join("gen-1")).unwrap();
            std::fs::create_dir(index.join("gen-1")).unwrap();
        }),
        ("garbage in meta.json", |index| put(&index.join("gen-1/meta.json"), b"{\"segments\":")),
        ("a failed index", |index| put(&index.join("BOOT"), b"suspect")),
    ];
    for (what, damage) in damages {
        let mut fixture = fixture.copy();
        damage(&fixture.test.root().join("index"));
        fixture.test.open().unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
        fixture.assert_whole(what);
    }
}

#[test]
fn damaged_index_files_are_found_after_a_clean_close_and_the_index_is_built_anew() {
    let fixture = fixture();
    let generation = fixture.test.root().join("index/gen-1");
    let parts = index_parts(&generation);
    assert!(parts.len() >= 5, "{parts:?}");
    for part in parts {
        for damage in
            [|path: &Path| flip(path, length(path) / 3), |path: &Path| cut(path, length(path) / 3)]
        {
            let what = format!("{} damaged", part.file_name().unwrap().display());
            let mut fixture = fixture.copy();
            damage(&fixture.test.root().join("index/gen-1").join(part.file_name().unwrap()));
            fixture.test.open().unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
            // Nothing wrong is ever answered: the damage is known before the first search.
            fixture.assert_whole(&what);
        }
    }
    let lists: [(&str, Damage); 2] = [
        ("the list of files altered", |index| {
            let list = index.join("gen-1/meta.json");
            let text = std::fs::read_to_string(&list).unwrap();
            let at = text.find("\"payload\"").unwrap() as u64;
            // A digit of the change that it reaches to becomes another one.
            let file = OpenOptions::new().read(true).write(true).open(&list).unwrap();
            let from =
                text[usize::try_from(at).unwrap()..].find(|c: char| c.is_ascii_digit()).unwrap();
            let mut digit = [0];
            file.read_exact_at(&mut digit, at + from as u64).unwrap();
            digit[0] ^= 1;
            file.write_all_at(&digit, at + from as u64).unwrap();
        }),
        ("a file removed", |index| {
            std::fs::remove_file(&index_parts(&index.join("gen-1"))[0]).unwrap();
        }),
    ];
    for (what, damage) in lists {
        let mut fixture = fixture.copy();
        damage(&fixture.test.root().join("index"));
        fixture.test.open().unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
        fixture.assert_whole(what);
    }
}

#[test]
fn damage_of_a_large_index_is_found_while_it_serves_and_searches_are_refused_until_it_is_mended() {
    let fixture = filled(|options| options.verified_index_bytes = 0, |_| true);
    for part in index_parts(&fixture.test.root().join("index/gen-1")) {
        let what = format!("{} damaged", part.file_name().unwrap().display());
        let mut fixture = fixture.copy();
        let copy = fixture.test.root().join("index/gen-1").join(part.file_name().unwrap());
        flip(&copy, length(&copy) / 3);
        fixture.test.open().unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
        let generation = fixture.test.root().join("index/gen-1");
        // It is gone once the new one serves.
        while generation.exists() {
            if fixture.test.app().condition().degraded.is_empty() {
                std::thread::yield_now();
                continue;
            }
            let request = SearchRequest { query: "family7".into(), ..SearchRequest::default() };
            if let Err(error) = fixture.test.app().search_contacts(&operator(1), &request) {
                assert!(error.to_string().contains("index"), "{what}: {error}");
            }
        }
        while !fixture.test.app().condition().degraded.is_empty() {
            std::thread::yield_now();
        }
        fixture.assert_whole(&what);
    }
}

#[test]
fn index_files_that_a_power_loss_damaged_are_noticed_at_the_start() {
    let fixture = fixture();
    let generation = fixture.test.root().join("index/gen-1");
    for part in index_parts(&generation) {
        let what = format!("{} damaged in another boot", part.file_name().unwrap().display());
        let mut fixture = fixture.copy();
        let index = fixture.test.root().join("index");
        put(&index.join("BOOT"), b"11111111-2222-3333-4444-555555555555\n");
        flip(&index.join("gen-1").join(part.file_name().unwrap()), length(&part) / 2);
        fixture.test.open().unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
        fixture.assert_whole(&what);
    }
}

#[test]
fn what_a_crash_left_of_an_index_that_was_being_built_is_removed() {
    let mut fixture = fixture();
    let stray = fixture.test.root().join("index/gen-7");
    copy_directory(&fixture.test.root().join("index/gen-1"), &stray);
    fixture.test.restart();
    assert!(!stray.exists());
    fixture.assert_whole("a stray index");
}

#[test]
fn a_data_directory_opens_only_once() {
    let test = TestApp::new();
    let refusal = App::open(&test.root(), Options::default()).err().unwrap().to_string();
    assert!(refusal.contains("in use"), "{refusal}");
    assert!(repair_journal(&test.root(), None).unwrap_err().to_string().contains("in use"));
}

#[test]
fn a_first_start_that_ended_before_its_token_was_kept_makes_one_at_the_next() {
    let dir = tempfile::TempDir::new().unwrap();
    let app = App::open(dir.path(), Options { index_writer_bytes: 16 << 20, ..Options::default() })
        .unwrap();
    app.create_organization(&operator(0), "default", None).unwrap();
    let token = app.bootstrap(None).unwrap().expect("a token");
    let caller = app.access().authenticate(&token, Presented::InHeader, None, app.now());
    assert!(caller.is_ok_and(|caller| caller.operator));
    assert_eq!(app.bootstrap(None).unwrap(), None);
    assert_eq!(app.access().organizations().len(), 1);
}
