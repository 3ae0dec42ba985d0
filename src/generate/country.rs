//! The countries that people come from: weights, phone shapes, languages and mixes of names.
//!
//! Plain constants; towns and streets are in `data/places.txt`, names in the other data files.

/// A tradition of names; the order is that of [`Culture::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Culture {
    English,
    Irish,
    German,
    French,
    Spanish,
    Italian,
    Portuguese,
    Polish,
    Dutch,
    Swedish,
    Czech,
    Turkish,
    Indian,
    Japanese,
    Russian,
    Ukrainian,
}

impl Culture {
    /// All of them, in the order of their declaration.
    pub(super) const ALL: [Self; 16] = [
        Self::English,
        Self::Irish,
        Self::German,
        Self::French,
        Self::Spanish,
        Self::Italian,
        Self::Portuguese,
        Self::Polish,
        Self::Dutch,
        Self::Swedish,
        Self::Czech,
        Self::Turkish,
        Self::Indian,
        Self::Japanese,
        Self::Russian,
        Self::Ukrainian,
    ];

    /// Whether the data file is in Cyrillic and Latin forms are derived.
    pub(super) fn is_cyrillic(self) -> bool {
        self == Self::Russian || self == Self::Ukrainian
    }

    /// How many of a hundred bear two surnames, and what joins them.
    pub(super) fn compound(self) -> Option<(u32, &'static str)> {
        match self {
            Self::Spanish => Some((80, " ")),
            Self::Portuguese => Some((55, " ")),
            Self::English | Self::French | Self::German | Self::Dutch => Some((5, "-")),
            Self::Irish | Self::Polish | Self::Swedish | Self::Italian => Some((3, "-")),
            Self::Czech
            | Self::Turkish
            | Self::Indian
            | Self::Japanese
            | Self::Russian
            | Self::Ukrainian => None,
        }
    }

    /// The data file of this culture.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::English => include_str!("data/english.txt"),
            Self::Irish => include_str!("data/irish.txt"),
            Self::German => include_str!("data/german.txt"),
            Self::French => include_str!("data/french.txt"),
            Self::Spanish => include_str!("data/spanish.txt"),
            Self::Italian => include_str!("data/italian.txt"),
            Self::Portuguese => include_str!("data/portuguese.txt"),
            Self::Polish => include_str!("data/polish.txt"),
            Self::Dutch => include_str!("data/dutch.txt"),
            Self::Swedish => include_str!("data/swedish.txt"),
            Self::Czech => include_str!("data/czech.txt"),
            Self::Turkish => include_str!("data/turkish.txt"),
            Self::Indian => include_str!("data/indian.txt"),
            Self::Japanese => include_str!("data/japanese.txt"),
            Self::Russian => include_str!("data/russian.txt"),
            Self::Ukrainian => include_str!("data/ukrainian.txt"),
        }
    }
}

/// How a national number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// (212) 345-6789, 212-345-6789, 212.345.6789
    Nanp,
    /// 030/2345678, 030 2345678, (030) 2345678
    Slash,
    /// 06 12 34 56 78
    Pairs,
    /// 020 7234 5678
    Spaces,
    /// (11) 92345-6789
    Parentheses,
    /// 03-2345-6789
    Dashes,
}

/// Where the house number stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreetOrder {
    /// 12 Main St
    NumberStreetKind,
    /// 12 rue Victor Hugo
    NumberKindStreet,
    /// Lindenstraße 12: the kind is glued on
    GluedNumber,
    /// Calle Mayor, 12
    KindStreetNumber,
}

/// One country.
#[derive(Debug)]
pub(super) struct Country {
    /// ISO 3166-1 code.
    pub(super) code: &'static str,
    /// Calling code without `+`.
    pub(super) calling: &'static str,
    /// Share of the people, relative to the other countries.
    pub(super) weight: u32,
    /// Language of correspondence and time zone of most.
    pub(super) language: &'static str,
    pub(super) timezone: &'static str,
    /// Cultures with their weights.
    pub(super) cultures: &'static [(Culture, u32)],
    /// Patterns `area-subscriber` of mobiles; `@` stands for the area code of the town.
    pub(super) mobiles: &'static [&'static str],
    /// Digits before a number that is dialled inside the country.
    pub(super) trunk: &'static str,
    pub(super) shape: Shape,
    pub(super) street_order: StreetOrder,
    /// Legal forms of companies.
    pub(super) legal: &'static [&'static str],
    /// Free mail providers, most used first.
    pub(super) mail: &'static [&'static str],
    /// Top-level domain of companies.
    pub(super) tld: &'static str,
    /// Percentage of people of this country written in the script of their own.
    pub(super) native: u32,
}

use self::{Culture as C, Shape as S, StreetOrder as O};

macro_rules! country {
    ($code:literal, $calling:literal, $weight:literal, $language:literal, $timezone:literal,
     $cultures:expr, $mobiles:expr, $trunk:literal, $shape:expr, $order:expr,
     $legal:expr, $mail:expr, $tld:literal, $native:literal) => {
        Country {
            code: $code,
            calling: $calling,
            weight: $weight,
            language: $language,
            timezone: $timezone,
            cultures: &$cultures,
            mobiles: &$mobiles,
            trunk: $trunk,
            shape: $shape,
            street_order: $order,
            legal: &$legal,
            mail: &$mail,
            tld: $tld,
            native: $native,
        }
    };
}

/// All countries.
#[rustfmt::skip]
pub(super) const COUNTRIES: [Country; 22] = [
    country!("US", "1", 220, "en", "America/New_York",
        [(C::English, 72), (C::Spanish, 15), (C::Irish, 4), (C::Italian, 3), (C::German, 3), (C::Indian, 2), (C::Polish, 1)],
        ["@-nnxxxxx"], "", S::Nanp, O::NumberStreetKind, ["Inc.", "LLC", "Corp.", "Co.", "Group", "& Sons"],
        ["gmail.com", "yahoo.com", "outlook.com", "icloud.com", "aol.com"], "com", 0),
    country!("CA", "1", 45, "en", "America/Toronto",
        [(C::English, 66), (C::French, 22), (C::Indian, 7), (C::Irish, 3), (C::Ukrainian, 2)],
        ["@-nnxxxxx"], "", S::Nanp, O::NumberStreetKind, ["Inc.", "Ltd.", "Corp.", "Ltée"],
        ["gmail.com", "hotmail.com", "outlook.com", "yahoo.ca", "rogers.com"], "ca", 0),
    country!("GB", "44", 95, "en", "Europe/London",
        [(C::English, 82), (C::Irish, 6), (C::Indian, 8), (C::Polish, 4)],
        ["7400-xxxxxx", "7415-xxxxxx", "7725-xxxxxx", "7739-xxxxxx", "7747-xxxxxx", "7850-xxxxxx", "7903-xxxxxx", "7946-xxxxxx"],
        "0", S::Spaces, O::NumberStreetKind, ["Ltd", "plc", "LLP", "& Co.", "Limited"],
        ["gmail.com", "hotmail.co.uk", "outlook.com", "btinternet.com", "yahoo.co.uk"], "co.uk", 0),
    country!("IE", "353", 20, "en", "Europe/Dublin",
        [(C::Irish, 86), (C::English, 8), (C::Polish, 6)],
        ["83-xxxxxxx", "85-xxxxxxx", "86-xxxxxxx", "87-xxxxxxx", "89-4xxxxxx"],
        "0", S::Spaces, O::NumberStreetKind, ["Ltd", "Teoranta", "DAC", "plc"],
        ["gmail.com", "eircom.net", "outlook.com"], "ie", 0),
    country!("AU", "61", 40, "en", "Australia/Sydney",
        [(C::English, 78), (C::Irish, 8), (C::Italian, 6), (C::Indian, 8)],
        ["402-xxxxxx", "411-xxxxxx", "413-xxxxxx", "421-xxxxxx", "432-xxxxxx"],
        "0", S::Spaces, O::NumberStreetKind, ["Pty Ltd", "Ltd", "Group"],
        ["gmail.com", "bigpond.com", "outlook.com"], "com.au", 0),
    country!("DE", "49", 95, "de", "Europe/Berlin",
        [(C::German, 86), (C::Turkish, 6), (C::Polish, 4), (C::Italian, 2), (C::Russian, 2)],
        ["1511-nxxxxxx", "1515-nxxxxxx", "1520-nxxxxxx", "1522-nxxxxxx", "157-7nxxxxxx", "160-9xxxxxxx", "170-nxxxxxx", "171-nxxxxxx", "172-nxxxxxx", "175-nxxxxxx", "176-2xxxxxxx", "179-nxxxxxx"],
        "0", S::Slash, O::GluedNumber, ["GmbH", "AG", "GmbH & Co. KG", "e.K.", "UG", "KG", "OHG"],
        ["gmail.com", "gmx.de", "web.de", "t-online.de", "outlook.de"], "de", 0),
    country!("AT", "43", 25, "de", "Europe/Vienna",
        [(C::German, 90), (C::Czech, 5), (C::Turkish, 5)],
        ["660-nxxxxxx", "664-nxxxxxx", "676-nxxxxxx", "699-1xxxxxxx"],
        "0", S::Slash, O::GluedNumber, ["GmbH", "AG", "KG", "e.U."],
        ["gmail.com", "gmx.at", "aon.at"], "at", 0),
    country!("CH", "41", 25, "de", "Europe/Zurich",
        [(C::German, 62), (C::French, 24), (C::Italian, 14)],
        ["76-nxxxxxx", "78-nxxxxxx", "79-nxxxxxx"],
        "0", S::Spaces, O::GluedNumber, ["AG", "GmbH", "SA", "Sàrl"],
        ["gmail.com", "bluewin.ch", "gmx.ch"], "ch", 0),
    country!("FR", "33", 75, "fr", "Europe/Paris",
        [(C::French, 92), (C::Spanish, 4), (C::Italian, 2), (C::Polish, 2)],
        ["6-1xxxxxxx", "6-2xxxxxxx", "6-6xxxxxxx", "6-7xxxxxxx", "6-8xxxxxxx", "7-8xxxxxxx"],
        "0", S::Pairs, O::NumberKindStreet, ["SARL", "SA", "SAS", "EURL", "& Fils"],
        ["gmail.com", "orange.fr", "wanadoo.fr", "free.fr", "laposte.net"], "fr", 0),
    country!("NL", "31", 35, "nl", "Europe/Amsterdam",
        [(C::Dutch, 92), (C::Turkish, 5), (C::German, 3)],
        ["6-1xxxxxxx", "6-2xxxxxxx", "6-4xxxxxxx", "6-5xxxxxxx"],
        "0", S::Dashes, O::GluedNumber, ["B.V.", "N.V.", "V.O.F."],
        ["gmail.com", "hotmail.com", "ziggo.nl", "kpnmail.nl"], "nl", 0),
    country!("ES", "34", 50, "es", "Europe/Madrid", [(C::Spanish, 100)],
        ["610-xxxxxx", "622-xxxxxx", "639-xxxxxx", "655-xxxxxx", "661-xxxxxx", "677-xxxxxx", "699-xxxxxx"],
        "", S::Spaces, O::KindStreetNumber, ["S.L.", "S.A.", "S.L.U."],
        ["gmail.com", "hotmail.es", "telefonica.net"], "es", 0),
    country!("IT", "39", 55, "it", "Europe/Rome", [(C::Italian, 97), (C::German, 3)],
        ["320-nxxxxxx", "328-nxxxxxx", "333-nxxxxxx", "338-nxxxxxx", "339-nxxxxxx", "347-nxxxxxx", "349-nxxxxxx", "392-nxxxxxx"],
        "", S::Spaces, O::KindStreetNumber, ["S.r.l.", "S.p.A.", "S.n.c.", "S.a.s."],
        ["gmail.com", "libero.it", "virgilio.it", "tiscali.it"], "it", 0),
    country!("PL", "48", 50, "pl", "Europe/Warsaw", [(C::Polish, 97), (C::Ukrainian, 3)],
        ["501-xxxxxx", "512-xxxxxx", "600-xxxxxx", "604-xxxxxx", "660-xxxxxx", "691-xxxxxx", "698-xxxxxx"],
        "", S::Spaces, O::KindStreetNumber, ["Sp. z o.o.", "S.A.", "Sp.j."],
        ["gmail.com", "wp.pl", "onet.pl", "o2.pl", "interia.pl"], "pl", 0),
    country!("CZ", "420", 20, "cs", "Europe/Prague", [(C::Czech, 97), (C::Ukrainian, 3)],
        ["602-nxxxxx", "605-nxxxxx", "721-nxxxxx", "732-nxxxxx", "776-nxxxxx"],
        "", S::Spaces, O::KindStreetNumber, ["s.r.o.", "a.s.", "k.s."],
        ["gmail.com", "seznam.cz", "email.cz"], "cz", 0),
    country!("SE", "46", 25, "sv", "Europe/Stockholm", [(C::Swedish, 96), (C::Turkish, 4)],
        ["70-nxxxxxx", "72-nxxxxxx", "73-nxxxxxx", "76-nxxxxxx"],
        "0", S::Dashes, O::GluedNumber, ["AB", "HB", "KB"],
        ["gmail.com", "telia.com", "hotmail.se"], "se", 0),
    country!("BR", "55", 50, "pt", "America/Sao_Paulo", [(C::Portuguese, 94), (C::Italian, 4), (C::German, 2)],
        ["@-96xxxxxxx", "@-97xxxxxxx", "@-98xxxxxxx", "@-99xxxxxxx"],
        "", S::Parentheses, O::KindStreetNumber, ["Ltda", "S.A.", "ME", "EIRELI"],
        ["gmail.com", "hotmail.com", "uol.com.br", "bol.com.br"], "com.br", 0),
    country!("MX", "52", 35, "es", "America/Mexico_City", [(C::Spanish, 100)],
        ["@"], "", S::Spaces, O::KindStreetNumber, ["S.A. de C.V.", "S. de R.L."],
        ["gmail.com", "hotmail.com", "prodigy.net.mx"], "com.mx", 0),
    country!("IN", "91", 50, "en", "Asia/Kolkata", [(C::Indian, 100)],
        ["98xxx-xxxxx", "99xxx-xxxxx", "94nxx-xxxxx", "97nxx-xxxxx"],
        "0", S::Spaces, O::NumberStreetKind, ["Pvt. Ltd.", "Ltd.", "LLP", "& Sons"],
        ["gmail.com", "yahoo.co.in", "rediffmail.com"], "in", 0),
    country!("JP", "81", 30, "ja", "Asia/Tokyo", [(C::Japanese, 100)],
        ["90-nxxxxxxx", "80-nxxxxxxx", "70-nxxxxxxx"],
        "0", S::Dashes, O::GluedNumber, ["K.K.", "G.K.", "Co., Ltd."],
        ["gmail.com", "yahoo.co.jp", "docomo.ne.jp"], "co.jp", 55),
    country!("RU", "7", 20, "ru", "Europe/Moscow", [(C::Russian, 95), (C::Ukrainian, 5)],
        ["903-nxxxxxx", "905-nxxxxxx", "910-nxxxxxx", "916-nxxxxxx", "921-nxxxxxx", "926-nxxxxxx"],
        "8", S::Parentheses, O::KindStreetNumber, ["OOO", "AO", "IP"],
        ["mail.ru", "yandex.ru", "gmail.com", "rambler.ru"], "ru", 65),
    country!("UA", "380", 20, "uk", "Europe/Kyiv", [(C::Ukrainian, 88), (C::Russian, 12)],
        ["50-nxxxxxx", "63-nxxxxxx", "66-nxxxxxx", "67-nxxxxxx", "95-nxxxxxx", "97-nxxxxxx"],
        "0", S::Spaces, O::KindStreetNumber, ["TOV", "PP", "FOP"],
        ["gmail.com", "ukr.net", "i.ua"], "com.ua", 65),
    country!("TR", "90", 20, "tr", "Europe/Istanbul", [(C::Turkish, 100)],
        ["505-nxxxxxx", "532-nxxxxxx", "535-nxxxxxx", "542-nxxxxxx", "555-nxxxxxx"],
        "0", S::Spaces, O::KindStreetNumber, ["A.Ş.", "Ltd. Şti."],
        ["gmail.com", "hotmail.com", "mynet.com"], "com.tr", 0),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_set_and_declarations_are_in_order() {
        assert!(COUNTRIES.iter().all(|country| country.weight >= 20));
        for (place, culture) in Culture::ALL.iter().enumerate() {
            assert_eq!(*culture as usize, place);
        }
        for country in &COUNTRIES {
            assert!(country.cultures.iter().map(|(_, weight)| weight).sum::<u32>() == 100);
            assert!(!country.mail.is_empty() && !country.legal.is_empty());
        }
    }
}
