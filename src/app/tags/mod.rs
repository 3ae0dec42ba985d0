//! The tags that contacts have: listed with their counts and colours, proposed to be joined where
//! they are probably meant as one.
//!
//! A tag is there because a contact has it; kept is only its colour. What changes contacts is in
//! `change`.

mod change;

use std::collections::{BTreeMap, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Value, json};

pub use change::TagChanged;

use super::error::Error;
use super::search::Refresh;
use super::{App, authorize};
use crate::domain::access::{Caller, Permission, Sight};
use crate::domain::ids::OrgNumber;
use crate::domain::tag::{TagStyle, likeness};
use crate::domain::text::fold;
use crate::engine::search::{self, Aliases, FacetField, Sort, Space};
use crate::engine::{Error as EngineError, codec, keys};
use crate::query::Expr;

/// Tags of a page if nothing is said.
const PER_PAGE: usize = 50;
/// Most tags of a page.
const MOST_PER_PAGE: usize = 1_000;
/// The orders of tags.
const SORTS: [&str; 4] = ["tag", "-tag", "count", "-count"];

/// The colours of an organisation's tags by folded tag.
type Styles = BTreeMap<String, TagStyle>;

/// Which tags are asked for.
#[derive(Clone, Debug, Default)]
pub struct TagQuery {
    /// What stands in them, in whatever spelling.
    pub q: String,
    /// The order: tag, count, - for descending; the frequent ones first if nothing is said.
    pub sort: Option<String>,
    /// The page, from 1.
    pub page: Option<usize>,
    /// Tags of a page.
    pub per_page: Option<usize>,
    /// Begin behind this place.
    pub cursor: Option<String>,
    /// Which writes to see.
    pub refresh: Refresh,
}

/// A tag with the contacts that the caller sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TagView {
    /// The tag as most of them have it.
    pub tag: String,
    /// How many contacts a list of it shows.
    pub count: u64,
    /// How many archived contacts have it beside those.
    pub archived: u64,
    /// All spellings of it, also those that are tags of their own until they are joined.
    pub variants: Vec<String>,
    /// Its colour, `#rrggbb`.
    pub color: Option<String>,
}

/// A page of tags or proposals.
#[derive(Clone, Debug, Serialize)]
pub struct TagPage<T> {
    /// How many there are in all.
    pub total: usize,
    /// Whether that is exact; it is not while writes of the caller are not visible yet.
    pub total_exact: bool,
    /// The page, from 1.
    pub page: usize,
    /// Entries of a page.
    pub per_page: usize,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
    /// The entries.
    pub items: Vec<T>,
}

/// Tags that are probably meant as one.
#[derive(Clone, Debug, Serialize)]
pub struct TagProposal {
    /// The spelling that most contacts have.
    pub into: String,
    /// The others.
    pub from: Vec<String>,
    /// How many contacts have another one.
    pub count: u64,
    /// All of them with their counts, the most frequent first.
    pub tags: Vec<SpellingCount>,
}

/// A spelling of a tag.
#[derive(Clone, Debug, Serialize)]
pub struct SpellingCount {
    /// The tag as it is written.
    pub tag: String,
    /// How many contacts have it so, archived ones included.
    pub count: u64,
}

/// Spellings with the number of contacts that have each.
type Spellings = Vec<(String, u64)>;

impl App {
    /// The tags of the contacts that a caller sees, and those that have a colour and no contact.
    ///
    /// # Errors
    /// If the caller may not read contacts, or sort, page or cursor are none.
    pub fn list_tags(&self, caller: &Caller, query: &TagQuery) -> Result<TagPage<TagView>, Error> {
        let (mut tags, total_exact) = self.counted_tags(caller, query.refresh)?;
        let wanted = fold(query.q.trim());
        if !wanted.is_empty() {
            tags.retain(|tag| tag.variants.iter().any(|one| fold(one).contains(&wanted)));
        }
        let sort = query.sort.as_deref().filter(|sort| !sort.is_empty()).unwrap_or("-count");
        if !SORTS.contains(&sort) {
            let detail = format!("{sort:?} is not a sort: use one of {}", SORTS.join(", "));
            return Err(Error::invalid("/sort", "sort", detail));
        }
        let (field, is_descending) =
            sort.strip_prefix('-').map_or((sort, false), |field| (field, true));
        let place = |tag: &TagView| {
            // Equal counts are in the order of the alphabet either way.
            let count = if field == "count" { tag.count } else { 0 };
            (if is_descending { u64::MAX - count } else { count }, fold(&tag.tag))
        };
        tags.sort_by_cached_key(place);
        if field == "tag" && is_descending {
            tags.reverse();
        }
        page_of(tags, query, total_exact, sort, |tag| fold(&tag.tag))
    }

    /// Tags that are probably meant as one: other cases, accents, dots and dashes.
    ///
    /// # Errors
    /// As listing.
    pub fn propose_tags(
        &self,
        caller: &Caller,
        query: &TagQuery,
    ) -> Result<TagPage<TagProposal>, Error> {
        authorize(caller, Permission::View)?;
        let stale = self.wait_for_writes(caller, query.refresh);
        let (spellings, is_exact) = self.spellings(caller, true)?;
        let mut alike: BTreeMap<String, Spellings> = BTreeMap::new();
        for (tag, count) in spellings {
            alike.entry(likeness(&tag)).or_default().push((tag, count));
        }
        let proposal = |mut all: Spellings| {
            all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            let (into, most) = all.first().cloned()?;
            let count = all.iter().map(|(_, count)| count).sum::<u64>() - most;
            let from: Vec<String> = all.iter().skip(1).map(|(tag, _)| tag.clone()).collect();
            let tags = all.into_iter().map(|(tag, count)| SpellingCount { tag, count }).collect();
            (!from.is_empty()).then_some(TagProposal { into, from, count, tags })
        };
        let mut all: Vec<TagProposal> = alike.into_values().filter_map(proposal).collect();
        let wanted = fold(query.q.trim());
        if !wanted.is_empty() {
            all.retain(|one| one.tags.iter().any(|tag| fold(&tag.tag).contains(&wanted)));
        }
        all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.into.cmp(&b.into)));
        page_of(all, query, is_exact && !stale, "-count", |one| one.into.clone())
    }

    /// One tag, in whatever spelling it is asked for.
    pub(super) fn tag_view(&self, caller: &Caller, tag: &str) -> Result<TagView, Error> {
        let folded = fold(tag.trim());
        let (tags, _) = self.counted_tags(caller, Refresh::Wait)?;
        let found = tags.into_iter().find(|one| fold(&one.tag) == folded);
        found.ok_or_else(|| Error::TagNotFound(tag.chars().take(100).collect()))
    }

    /// All tags with their counts and colours, and whether these are exact.
    fn counted_tags(
        &self,
        caller: &Caller,
        refresh: Refresh,
    ) -> Result<(Vec<TagView>, bool), Error> {
        authorize(caller, Permission::View)?;
        let stale = self.wait_for_writes(caller, refresh);
        let (all, is_exact) = self.spellings(caller, true)?;
        let (live, is_exact_too) = self.spellings(caller, false)?;
        let shown: HashMap<String, u64> = live.into_iter().collect();
        let mut by_tag: BTreeMap<String, (Spellings, u64)> = BTreeMap::new();
        let mut alike: HashMap<String, Vec<String>> = HashMap::new();
        for (tag, count) in all {
            let (spellings, visible) = by_tag.entry(fold(&tag)).or_default();
            *visible += shown.get(&tag).copied().unwrap_or(0);
            alike.entry(likeness(&tag)).or_default().push(tag.clone());
            spellings.push((tag, count));
        }
        let styles = self.tag_styles(caller.organization)?;
        // Who does not see every contact does not learn which tags the others had.
        if caller.sight == Sight::Everything {
            for (folded, style) in &styles {
                let unused = by_tag.entry(folded.clone()).or_default();
                if unused.0.is_empty() {
                    alike.entry(likeness(&style.tag)).or_default().push(style.tag.clone());
                    unused.0.push((style.tag.clone(), 0));
                }
            }
        }
        let view = |(folded, (spellings, visible)): (String, (Spellings, u64))| {
            let most = spellings.iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0)))?;
            let mut variants = alike.get(&likeness(&most.0)).cloned().unwrap_or_default();
            variants.sort_unstable();
            Some(TagView {
                tag: most.0.clone(),
                count: visible,
                archived: spellings.iter().map(|(_, count)| count).sum::<u64>() - visible,
                variants,
                color: styles.get(&folded).map(|style| style.color.clone()),
            })
        };
        Ok((by_tag.into_iter().filter_map(view).collect(), is_exact && is_exact_too && !stale))
    }

    /// The spellings of tags with the contacts that the caller sees, as the index knows them.
    fn spellings(&self, caller: &Caller, with_archived: bool) -> Result<(Spellings, bool), Error> {
        let mut found = self.partition.search(&search::Request {
            space: Space::live(caller.organization),
            expr: &Expr::default(),
            is_strict: true,
            typed: "",
            aliases: &Aliases::new(),
            sight: &caller.sight,
            fields: &caller.fields,
            custom_keys: &[],
            hides_archived: !with_archived,
            status: None,
            sort: &Sort::NEWEST,
            after: None,
            start: None,
            offset: 0,
            limit: 0,
            most_total: None,
            facets: &[FacetField::TagSpelling],
            facet_values: usize::MAX,
            time_budget: None,
        })?;
        if found.is_partial {
            return Err(Error::Overloaded("counting the tags took too long; try again later"));
        }
        let facet = found.facets.remove(&FacetField::TagSpelling).unwrap_or_default();
        Ok((facet.values, found.is_exact))
    }

    fn tag_styles(&self, org: OrgNumber) -> Result<Styles, Error> {
        match self.partition.get(&keys::tag_styles(org))? {
            None => Ok(Styles::new()),
            Some(bytes) => Ok(codec::decode(&bytes).map_err(EngineError::from)?),
        }
    }
}

/// A page of entries that are in their order, each with a name of its own.
fn page_of<T>(
    all: Vec<T>,
    query: &TagQuery,
    total_exact: bool,
    sort: &str,
    name: impl Fn(&T) -> String,
) -> Result<TagPage<T>, Error> {
    let per_page = query.per_page.unwrap_or(PER_PAGE);
    if per_page > MOST_PER_PAGE {
        let detail = format!("is {per_page}; at most {MOST_PER_PAGE} go on a page");
        return Err(Error::invalid("/per_page", "range", detail));
    }
    let page = query.page.unwrap_or(1);
    if page == 0 {
        return Err(Error::invalid("/page", "range", "is 0; pages count from 1"));
    }
    let cursor = query.cursor.as_deref().filter(|cursor| !cursor.is_empty());
    let from = match cursor {
        None => (page - 1).saturating_mul(per_page),
        Some(cursor) => {
            let (last, at) = read_cursor(cursor, sort)?;
            // Behind the entry that ended the page before, or at its place if it has gone.
            all.iter().position(|one| name(one) == last).map_or(at, |place| place + 1)
        }
    };
    let total = all.len();
    let items: Vec<T> = all.into_iter().skip(from).take(per_page).collect();
    let end = from.saturating_add(items.len());
    let last = items.last().filter(|_| end < total);
    let next_cursor =
        last.map(|last| URL_SAFE_NO_PAD.encode(json!([sort, name(last), end]).to_string()));
    Ok(TagPage { total, total_exact, page, per_page, next_cursor, items })
}

fn read_cursor(cursor: &str, sort: &str) -> Result<(String, usize), Error> {
    let read = || {
        let value: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (of, last, at): (String, String, usize) = serde_json::from_value(value).ok()?;
        (of == sort).then_some((last, at))
    };
    read().ok_or_else(|| {
        let detail = "is not a cursor from an earlier answer with the same sort";
        Error::invalid("/cursor", "cursor", detail)
    })
}
