//! Pages of listings against pages of which all documents were gone through.

use std::collections::BTreeMap;

use tempfile::TempDir;

use super::*;
use crate::domain::access::{FieldRights, Sight};
use crate::domain::contact::Contact;
use crate::domain::ids::{ChangeSeq, ContactId, ContactNumber, OrgNumber};
use crate::domain::status::Lifecycle;
use crate::domain::time::Timestamp;
use crate::index::{Mirror, Schema};
use crate::query::{Condition, Expr, Field, Shape};
use crate::search::page::PICKED;
use crate::search::{Caches, Cursor, FacetField, Hits, Request, run};

const ORG: OrgNumber = OrgNumber(1);
const WRITER_BYTES: usize = 64 << 20;
const CONTACTS: u32 = 4_300;

fn contact(number: u32) -> Contact {
    let mut contact = Contact::decoy();
    contact.id = ContactId::generate();
    contact.number = ContactNumber(number);
    contact.created_at = Timestamp(i64::from(number % 700));
    // Many of the same name, and of names that differ only far behind.
    let first = ["Maximiliane", "Jo", ""][number as usize % 3];
    let last = format!("von Hohenstaufen-Rothenburg {}", number % 11);
    contact.display_name = format!("{first} {last}").trim().to_owned();
    contact.fields.first_name = (!first.is_empty()).then(|| first.to_owned());
    contact.fields.last_name = (!number.is_multiple_of(5)).then_some(last);
    if is_archived(number) {
        contact.fields.status.lifecycle = Lifecycle::Archived;
        // What is shown can be a stronger fact.
        contact.fields.status.blocked = number.is_multiple_of(2);
    }
    contact.fields.company = (!number.is_multiple_of(7)).then(|| format!("Acme {}", number % 13));
    contact
}

fn is_archived(number: u32) -> bool {
    number % 61 == 7
}

struct Bench {
    _dir: TempDir,
    hides_archived: bool,
    mirror: Mirror,
    caches: Caches,
}

impl Bench {
    /// Two organisations in one segment, with a few contacts deleted and a few in segments that came
    /// later.
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let schema = Schema::load().unwrap();
        let mut mirror = Mirror::open(dir.path(), schema, WRITER_BYTES, None).unwrap();
        for number in 1..=CONTACTS {
            let org = if number % 90 == 0 { OrgNumber(2) } else { ORG };
            mirror.upsert(org, &contact(number), true).unwrap();
        }
        mirror.commit(ChangeSeq(1)).unwrap();
        Self { _dir: dir, hides_archived: false, mirror, caches: Caches::default() }
    }

    fn page(&self, sort: &Sort, way: Way, offset: usize, after: Option<Cursor>) -> Hits {
        self.page_of(&Expr::All(Vec::new()), sort, way, offset, after)
    }

    fn page_of(
        &self,
        expr: &Expr,
        sort: &Sort,
        way: Way,
        offset: usize,
        after: Option<Cursor>,
    ) -> Hits {
        let searcher = self.mirror.searcher();
        let facets: &[FacetField] = if way == Way::ByListing { &[] } else { &[FacetField::Status] };
        let request = Request {
            is_strict: false,
            space: Space::live(ORG),
            expr,
            typed: "",
            aliases: &BTreeMap::new(),
            sight: &Sight::Everything,
            fields: &FieldRights::default(),
            custom_keys: &[],
            hides_archived: self.hides_archived,
            status: None,
            sort,
            after,
            start: None,
            offset,
            limit: 97,
            most_total: None,
            facets,
            facet_values: 3,
            time_budget: None,
        };
        run(self.mirror.schema(), &searcher, &self.caches, &request).unwrap()
    }

    /// Makes the listings of all segments that are large enough; how many these are.
    fn list(&self, sort: &Sort) -> usize {
        let schema = self.mirror.schema();
        let segments = self.caches.segments(schema, &self.mirror.searcher()).unwrap();
        let wanted = ListingRequest {
            space: Space::live(ORG),
            sort: sort.clone(),
            custom: None,
            most_bytes: schema.limits.term_bytes,
        };
        let mut made = 0;
        for segment in &segments {
            let listing = Listing::of(segment, &wanted).unwrap();
            made += usize::from(!listing.docs.is_empty());
            segment.view.listings.0.insert(wanted.of(), Arc::new(listing));
        }
        made
    }

    fn agrees(&self) {
        for name in
            ["name", "-name", "last_name", "company", "-company", "-created_at", "created_at"]
        {
            let sort = Sort::parse(name).unwrap();
            assert_eq!(self.list(&sort), 1, "segments with a listing");
            for offset in [0, 50, 2_000, 4_200, 9_000] {
                let slow = self.page(&sort, Way::OneByOne, offset, None);
                let fast = self.page(&sort, Way::ByListing, offset, None);
                assert_eq!(fast.hits, slow.hits, "{name} from {offset}");
                assert_eq!((fast.total, &fast.next), (slow.total, &slow.next), "{name} {offset}");
            }
            let (mut at, mut seen) = (None, 0);
            loop {
                let slow = self.page(&sort, Way::OneByOne, 0, at.clone());
                let fast = self.page(&sort, Way::ByListing, 0, at);
                assert_eq!(fast.hits, slow.hits, "{name} behind {seen}");
                assert_eq!(fast.next, slow.next, "{name} behind {seen}");
                seen += fast.hits.len();
                at = fast.next;
                if at.is_none() {
                    assert_eq!(seen, fast.total, "{name}");
                    break;
                }
            }
        }
    }
}

impl Bench {
    /// With archived contacts and without.
    fn agrees_either_way(&mut self) {
        self.hides_archived = false;
        self.agrees();
        self.picks();
        let everybody = Expr::All(Vec::new());
        let sort = Sort::parse("name").unwrap();
        let all = self.page(&sort, Way::ByListing, 0, None).total;
        let archived = Expr::Is(Condition::Value {
            field: Field::Status,
            value: "archived".to_owned(),
            is_prefix: false,
        });
        let put_away = self.page_of(&archived, &sort, Way::OneByOne, 0, None);
        assert!(put_away.hits.iter().all(|hit| is_archived(hit.number.0)));
        self.hides_archived = true;
        self.agrees();
        self.picks();
        let shown = self.page_of(&everybody, &sort, Way::ByListing, 0, None);
        assert_eq!(shown.total + put_away.total, all);
        assert!(put_away.total > 50, "{}", put_away.total);
        assert!(shown.hits.iter().all(|hit| !is_archived(hit.number.0)));
    }

    /// Pages of many hits, of one score and of several, against those for which all were looked at.
    fn picks(&self) {
        let word = |field: Option<Field>, text: &str| {
            Expr::Is(Condition::Word { field, text: text.to_owned(), shape: Shape::Prefix })
        };
        let before = PICKED.with(std::cell::Cell::get);
        for expr in [
            word(Some(Field::Company), "acme"),
            word(Some(Field::Name), "maximiliane"),
            word(None, "von"),
            word(None, "m"),
            Expr::Any(vec![word(None, "jo"), word(None, "acme")]),
        ] {
            for name in ["relevance", "name", "-company", "created_at"] {
                let sort = Sort::parse(name).unwrap();
                self.list(&sort);
                for offset in [0, 50, 300, 1_500] {
                    let slow = self.page_of(&expr, &sort, Way::OneByOne, offset, None);
                    let fast = self.page_of(&expr, &sort, Way::ByListing, offset, None);
                    assert_eq!(fast.hits, slow.hits, "{expr:?} by {name} from {offset}");
                    assert_eq!(
                        (fast.total, &fast.next),
                        (slow.total, &slow.next),
                        "{expr:?} {name}"
                    );
                }
            }
        }
        let picked = PICKED.with(std::cell::Cell::get) - before;
        assert!(picked >= 20, "only {picked} pages were picked out of listings");
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    ByListing,
    OneByOne,
}

#[test]
fn a_listing_gives_the_pages_that_going_through_everything_gives() {
    let mut bench = Bench::new();
    bench.agrees_either_way();
    for number in (5..CONTACTS).step_by(97) {
        bench.mirror.delete(ContactNumber(number));
    }
    bench.mirror.commit(ChangeSeq(2)).unwrap();
    bench.agrees_either_way();
    for number in CONTACTS + 1..CONTACTS + 60 {
        bench.mirror.upsert(ORG, &contact(number), true).unwrap();
    }
    bench.mirror.commit(ChangeSeq(3)).unwrap();
    bench.agrees_either_way();
}
