//! The true people, households and companies.
//!
//! Each is a pure function of the seed and a number: person 17 of seed 1 can be made again at any
//! time, which is how duplicates of earlier people cost no memory. What a list makes of the truth
//! (formats, gaps, errors) happens afterwards, in [`super::damage`] and [`super::Person`].

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use super::country::{COUNTRIES, Culture, StreetOrder};
use super::dice::Dice;
use super::fold::{romanise, slug};
use super::name::{self, Name};
use super::number::Number;
use super::tables::{City, Tables, Word};

/// People are numbered in blocks of this size; a block holds at most one household.
const BLOCK: u64 = 8;

/// Everything that a seed makes.
pub(super) struct World {
    base: ChaCha8Rng,
    pub(super) tables: Tables,
    country_totals: Vec<u32>,
}

/// What a stream of choices is for, so that no two purposes share one.
#[derive(Clone, Copy)]
enum Purpose {
    Names = 1,
    Person = 2,
    Household = 3,
    Company = 4,
    Row = 5,
}

/// Where somebody lives or works.
#[derive(Clone, Debug, Default)]
pub(super) struct Address {
    pub(super) street: String,
    pub(super) city: &'static str,
    pub(super) region: &'static str,
    pub(super) postal_code: String,
}

/// An employer.
#[derive(Clone, Debug)]
pub(super) struct Company {
    pub(super) name: String,
    pub(super) domain: String,
    pub(super) industry: &'static str,
    pub(super) switchboard: Number,
    pub(super) address: Address,
    rank: u64,
}

/// Which name somebody bears, and where.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) country: usize,
    pub(super) culture: Culture,
    pub(super) native: bool,
    pub(super) female: bool,
    pub(super) first: Name,
    pub(super) last: Name,
}

/// The truth about one person.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) id: u64,
    pub(super) origin: Origin,
    pub(super) mobile: Option<Number>,
    pub(super) landline: Option<(&'static str, Number)>,
    pub(super) emails: Vec<(&'static str, String)>,
    pub(super) company: Option<Company>,
    pub(super) title: &'static str,
    pub(super) department: &'static str,
    pub(super) address: Option<Address>,
    pub(super) birthday: Option<(u32, u32, u32)>,
    pub(super) tags: Vec<&'static str>,
    pub(super) notes: String,
    pub(super) status: &'static str,
    pub(super) source: &'static str,
    pub(super) account_value: Option<u32>,
}

struct Household {
    members: u64,
    origin: Origin,
    address: Address,
    home: Option<Number>,
}

impl World {
    /// Loads the tables and takes a seed.
    pub(super) fn new(seed: u64) -> Self {
        let mut total = 0;
        let country_totals = COUNTRIES
            .iter()
            .map(|country| {
                total += country.weight;
                total
            })
            .collect();
        Self { base: ChaCha8Rng::seed_from_u64(seed), tables: Tables::load(), country_totals }
    }

    /// The choices about one row of the output.
    pub(super) fn row_dice(&self, row: u64) -> Dice {
        self.dice(Purpose::Row, row)
    }

    fn dice(&self, purpose: Purpose, number: u64) -> Dice {
        // Streams are told apart by their top byte; numbers stay far below 2^56.
        Dice::new(&self.base, ((purpose as u64) << 56) | (number & ((1 << 56) - 1)))
    }

    /// The truth about person `id`.
    pub(super) fn person(&self, id: u64) -> Identity {
        let mut dice = self.dice(Purpose::Person, id);
        let household = self.household(id / BLOCK);
        let member = id % BLOCK < household.members;
        let mut origin = self.origin(id);
        if member {
            let female = origin.female;
            // Members share culture and family name; the given name is drawn in that culture.
            let names = self.tables.names(household.origin.culture);
            let first = name::given(names, household.origin.culture, female, &mut dice);
            origin = Origin { female, first, ..household.origin };
        } else if id > BLOCK && dice.below(1000) < 12 {
            // A namesake: another person of the same country with the same name.
            origin = self.origin(dice.below_u64(id));
        }
        let family = origin.last.clone();
        if origin.female {
            origin.last = name::feminine(&origin.last, origin.culture);
        }
        let country = origin.country;
        let company = dice.percent(62).then(|| self.employer(id, country, &mut dice));
        let address = if member {
            Some(household.address)
        } else {
            dice.percent(60).then(|| self.address(country, origin.native, &mut dice).0)
        };
        let mobile = dice.percent(78).then(|| self.mobile(country, &mut dice));
        let landline = landline(company.as_ref(), household.home.filter(|_| member), &mut dice);
        let emails = emails(id, &origin, &family, company.as_ref(), &mut dice);
        let (title, department) = match &company {
            Some(_) => (
                if dice.percent(70) { dice.pick(&self.tables.titles).native } else { "" },
                if dice.percent(45) { dice.pick(&self.tables.departments).native } else { "" },
            ),
            None => ("", ""),
        };
        let birthday = dice
            .percent(35)
            .then(|| (1940 + dice.below(66), 1 + dice.below(12), 1 + dice.below(28)));
        let mut identity = Identity {
            id,
            origin,
            mobile,
            landline,
            emails,
            title,
            department,
            address,
            birthday,
            tags: self.tags(&mut dice),
            notes: self.note(&mut dice),
            status: status(&mut dice),
            source: ranked(&self.tables.sources, &mut dice),
            account_value: (company.is_some() && dice.percent(55))
                .then(|| account_value(&mut dice)),
            company,
        };
        if identity.mobile.is_none() && identity.landline.is_none() && identity.emails.is_empty() {
            identity.mobile = Some(self.mobile(country, &mut dice));
        }
        identity
    }

    fn origin(&self, id: u64) -> Origin {
        self.draw_origin(&mut self.dice(Purpose::Names, id))
    }

    fn draw_origin(&self, dice: &mut Dice) -> Origin {
        let country = dice.weighted(&self.country_totals).min(COUNTRIES.len() - 1);
        let mix = COUNTRIES[country].cultures;
        let mut roll = dice.below(100);
        let mut culture = mix[0].0;
        for &(next, weight) in mix {
            culture = next;
            if roll < weight {
                break;
            }
            roll -= weight;
        }
        let names = self.tables.names(culture);
        let female = dice.percent(50);
        Origin {
            country,
            culture,
            native: dice.percent(COUNTRIES[country].native),
            female,
            first: name::given(names, culture, female, dice),
            last: name::family(names, culture, dice),
        }
    }

    fn household(&self, block: u64) -> Household {
        let mut dice = self.dice(Purpose::Household, block);
        let members = match dice.below(100) {
            0..48 => 0,
            48..73 => 2,
            73..88 => 3,
            88..96 => 4,
            _ => 5,
        };
        let origin = self.draw_origin(&mut dice);
        let (address, city) = self.address(origin.country, origin.native, &mut dice);
        let home = dice
            .percent(60)
            .then(|| Number::from_pattern(origin.country, city.landline, &mut dice));
        Household { members, origin, address, home }
    }

    /// A new mobile number in a country.
    pub(super) fn mobile(&self, country: usize, dice: &mut Dice) -> Number {
        let pattern = dice.pick(COUNTRIES[country].mobiles);
        if !pattern.starts_with('@') {
            return Number::from_pattern(country, pattern, dice);
        }
        // The number has the area code of a town; a bare `@` takes the whole shape of a landline.
        let landline = dice.pick(&self.tables.places(country).cities).landline;
        let area = landline.split('-').next().unwrap_or_default();
        if pattern == "@" {
            Number::from_pattern(country, landline, dice)
        } else {
            Number::from_pattern(country, &pattern.replace('@', area), dice)
        }
    }

    /// A new address, and its town.
    pub(super) fn address(&self, country: usize, native: bool, dice: &mut Dice) -> (Address, City) {
        let places = self.tables.places(country);
        let city = dice.pick(&places.cities);
        let name = dice.pick(&places.streets);
        let kind = dice.pick(&places.kinds);
        let number = 1 + dice.below(240);
        let text = |word: Word| if native { word.native } else { word.latin };
        let (name, kind) = (text(name), text(kind));
        let street = match COUNTRIES[country].street_order {
            StreetOrder::NumberStreetKind => format!("{number} {name} {kind}"),
            StreetOrder::NumberKindStreet => format!("{number} {kind} {name}"),
            StreetOrder::GluedNumber => format!("{name}{kind} {number}"),
            StreetOrder::KindStreetNumber if kind.is_empty() => format!("{name} {number}"),
            StreetOrder::KindStreetNumber => format!("{kind} {name}, {number}"),
        };
        let cyrillic = matches!(COUNTRIES[country].code, "RU" | "UA");
        let street = if cyrillic && !native { romanise(&street, false) } else { street };
        let address = Address {
            street,
            city: text(city.name),
            region: text(city.region),
            postal_code: dice.fill(city.postal),
        };
        (address, city)
    }

    /// The employer of a person: most companies are small, a few employ very many.
    fn employer(&self, id: u64, country: usize, dice: &mut Dice) -> Company {
        // The number of companies grows with the number of people; octaves of ranks are equally
        // likely, which is Zipf's law without floating-point numbers.
        let octaves = 64 - (4 + id / 60).leading_zeros();
        let octave = dice.below(octaves);
        let rank = (1_u64 << octave) + dice.below_u64(1_u64 << octave);
        let country = if dice.percent(94) {
            country
        } else {
            dice.weighted(&self.country_totals).min(COUNTRIES.len() - 1)
        };
        self.company(country, rank)
    }

    fn company(&self, country: usize, rank: u64) -> Company {
        let number = (u64::try_from(country).unwrap_or(0) << 40) | rank;
        let mut dice = self.dice(Purpose::Company, number);
        let (address, city) = self.address(country, false, &mut dice);
        let sector = dice.pick(&self.tables.sectors);
        let brand = if dice.percent(60) {
            let brand = dice.pick(&self.tables.brands).native;
            if rank > 400 { format!("{brand} {}", city.name.latin) } else { brand.to_owned() }
        } else {
            let culture = COUNTRIES[country].cultures[0].0;
            name::family(self.tables.names(culture), culture, &mut dice).latin
        };
        let legal = dice.pick(COUNTRIES[country].legal);
        let mut stem = slug(&brand);
        if dice.percent(60) {
            stem.push_str(&slug(sector.native));
        } else if stem.is_empty() || rank > 40 {
            stem = format!("{stem}-{}{rank}", slug(legal));
        }
        Company {
            name: format!("{brand} {} {legal}", sector.native),
            domain: format!("{stem}.{}", COUNTRIES[country].tld),
            industry: sector.latin,
            switchboard: Number::from_pattern(country, city.landline, &mut dice),
            address,
            rank,
        }
    }

    /// Another employer, for somebody who changed jobs.
    pub(super) fn other_employer(&self, id: u64, country: usize, dice: &mut Dice) -> Company {
        self.employer(id, country, dice)
    }

    fn tags(&self, dice: &mut Dice) -> Vec<&'static str> {
        let mut tags = Vec::new();
        for _ in 0..dice.pick(&[0_u8, 0, 0, 1, 1, 1, 2, 2, 3]) {
            let tag = ranked(&self.tables.tags, dice);
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        tags
    }

    fn note(&self, dice: &mut Dice) -> String {
        match dice.below(100) {
            0..12 => dice.pick(&self.tables.notes).native.to_owned(),
            12..14 => format!(
                "{}\n{}",
                dice.pick(&self.tables.notes).native,
                dice.pick(&self.tables.notes).native
            ),
            _ => String::new(),
        }
    }
}

fn ranked(list: &super::tables::Ranked, dice: &mut Dice) -> &'static str {
    list.words.get(dice.weighted(&list.totals)).copied().unwrap_or_default().native
}

fn status(dice: &mut Dice) -> &'static str {
    match dice.below(1000) {
        0..900 => "active",
        900..950 => "inactive",
        950..970 => "unsubscribed",
        970..985 => "bounced",
        985..995 => "do_not_contact",
        _ => "blocked",
    }
}

/// Many small accounts, a few very large ones.
fn account_value(dice: &mut Dice) -> u32 {
    let octave = dice.below(11);
    100 * ((1 << octave) + dice.below(1 << octave))
}

/// The part of an e-mail address before the `@`.
fn local_part(origin: &Origin, family: &Name, short: bool, digits: &str) -> String {
    let (mut first, last) = (slug(&origin.first.latin), slug(&family.latin));
    if short {
        first.truncate(1);
    }
    let mark = if short { "" } else { "." };
    format!("{first}{mark}{last}{digits}")
}

fn landline(
    company: Option<&Company>,
    home: Option<Number>,
    dice: &mut Dice,
) -> Option<(&'static str, Number)> {
    if let Some(home) = home
        && dice.percent(80)
    {
        return Some(("home", home));
    }
    let company = company?;
    match dice.below(100) {
        0..30 => Some(("work", company.switchboard.clone())),
        30..38 => {
            let extension = Some(100 + dice.below(800));
            Some(("work", Number { extension, ..company.switchboard.clone() }))
        }
        38..62 => Some(("work", company.switchboard.neighbour(3, dice))),
        _ => None,
    }
}

/// An address at a free mail provider.
pub(super) fn private_email(id: u64, origin: &Origin, dice: &mut Dice) -> String {
    // Short names are taken at every provider, so their bearers add digits.
    let rare = origin.last.latin.len() >= 9;
    let digits = match dice.below(10) {
        0..3 if rare => String::new(),
        0..6 if rare => format!("{:02}", 40 + (id % 60)),
        _ => (id % 9973).to_string(),
    };
    let local = local_part(origin, &origin.last, dice.percent(25), &digits);
    let country = &COUNTRIES[origin.country];
    let provider = if dice.percent(40) { country.mail[0] } else { dice.pick(country.mail) };
    format!("{local}@{provider}")
}

fn emails(
    id: u64,
    origin: &Origin,
    family: &Name,
    company: Option<&Company>,
    dice: &mut Dice,
) -> Vec<(&'static str, String)> {
    let mut emails = Vec::new();
    if let Some(company) = company
        && dice.percent(60)
    {
        if dice.percent(3) {
            emails.push(("work", format!("info@{}", company.domain)));
        } else {
            // Large employers number their namesakes.
            let digits = if company.rank < 64 { (id % 997).to_string() } else { String::new() };
            let local = local_part(origin, family, company.rank.is_multiple_of(3), &digits);
            emails.push(("work", format!("{local}@{}", company.domain)));
        }
    }
    if dice.percent(if emails.is_empty() { 72 } else { 14 }) {
        emails.push(("home", private_email(id, origin, dice)));
    }
    emails
}
