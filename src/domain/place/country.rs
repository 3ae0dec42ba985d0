//! Countries by ISO 3166 code or by name.

use std::collections::HashMap;
use std::sync::LazyLock;

use celes::{Country, LookupTable as _};

use crate::domain::text::fold;

/// What countries are called beside their names in ISO 3166.
const NAMES: &[(&str, &str)] = &[
    ("united states", "US"),
    ("united states of america", "US"),
    ("usa", "US"),
    ("america", "US"),
    ("canada", "CA"),
    ("united kingdom", "GB"),
    ("great britain", "GB"),
    ("uk", "GB"),
    ("england", "GB"),
    ("scotland", "GB"),
    ("wales", "GB"),
    ("ireland", "IE"),
    ("germany", "DE"),
    ("deutschland", "DE"),
    ("austria", "AT"),
    ("osterreich", "AT"),
    ("switzerland", "CH"),
    ("schweiz", "CH"),
    ("suisse", "CH"),
    ("france", "FR"),
    ("spain", "ES"),
    ("espana", "ES"),
    ("italy", "IT"),
    ("italia", "IT"),
    ("portugal", "PT"),
    ("netherlands", "NL"),
    ("the netherlands", "NL"),
    ("nederland", "NL"),
    ("holland", "NL"),
    ("belgium", "BE"),
    ("luxembourg", "LU"),
    ("poland", "PL"),
    ("polska", "PL"),
    ("czech republic", "CZ"),
    ("czechia", "CZ"),
    ("slovakia", "SK"),
    ("hungary", "HU"),
    ("romania", "RO"),
    ("bulgaria", "BG"),
    ("greece", "GR"),
    ("sweden", "SE"),
    ("sverige", "SE"),
    ("norway", "NO"),
    ("norge", "NO"),
    ("denmark", "DK"),
    ("danmark", "DK"),
    ("finland", "FI"),
    ("suomi", "FI"),
    ("estonia", "EE"),
    ("latvia", "LV"),
    ("lithuania", "LT"),
    ("ukraine", "UA"),
    ("russia", "RU"),
    ("russian federation", "RU"),
    ("turkey", "TR"),
    ("turkiye", "TR"),
    ("israel", "IL"),
    ("india", "IN"),
    ("china", "CN"),
    ("japan", "JP"),
    ("south korea", "KR"),
    ("korea", "KR"),
    ("singapore", "SG"),
    ("australia", "AU"),
    ("new zealand", "NZ"),
    ("south africa", "ZA"),
    ("nigeria", "NG"),
    ("kenya", "KE"),
    ("egypt", "EG"),
    ("mexico", "MX"),
    ("brazil", "BR"),
    ("brasil", "BR"),
    ("argentina", "AR"),
    ("chile", "CL"),
    ("colombia", "CO"),
    ("peru", "PE"),
    ("united arab emirates", "AE"),
    ("uae", "AE"),
    ("saudi arabia", "SA"),
    ("pakistan", "PK"),
    ("bangladesh", "BD"),
    ("indonesia", "ID"),
    ("malaysia", "MY"),
    ("thailand", "TH"),
    ("vietnam", "VN"),
    ("philippines", "PH"),
    ("croatia", "HR"),
    ("serbia", "RS"),
    ("slovenia", "SI"),
    ("iceland", "IS"),
    ("malta", "MT"),
    ("cyprus", "CY"),
    ("iran", "IR"),
    ("laos", "LA"),
    ("north macedonia", "MK"),
    ("macedonia", "MK"),
    ("ivory coast", "CI"),
    ("cote d'ivoire", "CI"),
    ("cape verde", "CV"),
    ("burma", "MM"),
    ("swaziland", "SZ"),
    ("vatican", "VA"),
    ("vatican city", "VA"),
    ("dr congo", "CD"),
    ("drc", "CD"),
    ("democratic republic of the congo", "CD"),
    ("republic of the congo", "CG"),
    ("timor-leste", "TL"),
    ("viet nam", "VN"),
    ("syria", "SY"),
    ("north korea", "KP"),
    ("republic of korea", "KR"),
    ("republic of ireland", "IE"),
    ("northern ireland", "GB"),
    ("britain", "GB"),
    ("u.k.", "GB"),
    ("u.s.", "US"),
    ("u.s.a.", "US"),
    ("estados unidos", "US"),
    ("vereinigte staaten", "US"),
    ("vereinigtes konigreich", "GB"),
    ("allemagne", "DE"),
    ("alemania", "DE"),
    ("germania", "DE"),
    ("bundesrepublik deutschland", "DE"),
    ("autriche", "AT"),
    ("svizzera", "CH"),
    ("frankreich", "FR"),
    ("spanien", "ES"),
    ("italien", "IT"),
    ("niederlande", "NL"),
    ("belgien", "BE"),
    ("belgie", "BE"),
    ("belgique", "BE"),
    ("polen", "PL"),
    ("cesko", "CZ"),
    ("tschechien", "CZ"),
    ("magyarorszag", "HU"),
    ("turkei", "TR"),
    ("hongkong", "HK"),
    ("palestine", "PS"),
    ("falkland islands", "FK"),
    ("st lucia", "LC"),
    ("st kitts and nevis", "KN"),
    ("st vincent and the grenadines", "VC"),
    ("reunion", "RE"),
    ("brunei", "BN"),
    ("taiwan, province of china", "TW"),
    ("plurinational state of bolivia", "BO"),
    ("turks and caicos islands", "TC"),
    ("ascension island", "AC"),
    ("ascension", "AC"),
    ("tristan da cunha", "TA"),
    ("espagne", "ES"),
    ("spagna", "ES"),
    ("angleterre", "GB"),
    ("royaume-uni", "GB"),
    ("etats-unis", "US"),
    ("россия", "RU"),
    ("украина", "UA"),
    ("україна", "UA"),
    ("беларусь", "BY"),
    ("казахстан", "KZ"),
    ("българия", "BG"),
    ("србија", "RS"),
    ("ελλαδα", "GR"),
    ("中国", "CN"),
    ("中國", "CN"),
    ("香港", "HK"),
    ("台灣", "TW"),
    ("日本", "JP"),
    ("대한민국", "KR"),
    ("한국", "KR"),
    ("भारत", "IN"),
    ("ประเทศไทย", "TH"),
    ("مصر", "EG"),
    ("السعودية", "SA"),
    ("ישראל", "IL"),
];

/// Codes that stand for the one of ISO 3166.
const OTHER_CODES: [(&str, &str); 4] = [("uk", "GB"), ("el", "GR"), ("ac", "AC"), ("ta", "TA")];

struct Countries {
    /// Alpha-2 codes by codes and names, see [`key`].
    codes: HashMap<String, &'static str>,
    /// Names by alpha-2 code.
    names: HashMap<&'static str, Vec<&'static str>>,
}

static COUNTRIES: LazyLock<Countries> = LazyLock::new(|| {
    let mut codes = HashMap::new();
    let mut names: HashMap<&'static str, Vec<&'static str>> = HashMap::new();
    for country in Country::get_countries() {
        let code = country.alpha2;
        codes.insert(key(country.alpha2), code);
        codes.insert(key(country.alpha3), code);
        codes.insert(format!("{:03}", country.value), code);
        codes.insert(key(country.long_name), code);
        for alias in country.aliases.iter() {
            codes.insert(key(alias), code);
        }
        names.entry(code).or_default().push(country.long_name);
    }
    for (name, code) in NAMES {
        codes.insert(key(name), code);
        names.entry(code).or_default().push(name);
    }
    codes.extend(OTHER_CODES.map(|(other, code)| (other.to_owned(), code)));
    Countries { codes, names }
});

/// A name without case, accents, spaces, punctuation and article.
fn key(name: &str) -> String {
    let mut key = fold(&name.replace('&', " and "));
    key.retain(char::is_alphanumeric);
    match key.strip_prefix("the") {
        Some(rest) if rest.len() > 3 => rest.to_owned(),
        _ => key,
    }
}

/// The alpha-2 code of a country that is given by its code, of two or three letters, or by its name,
/// also with its second part first: `Korea, Republic of`.
pub fn code(text: &str) -> Option<&'static str> {
    let known = |name: &str| COUNTRIES.codes.get(&key(name)).copied();
    known(text).or_else(|| {
        let (name, kind) = text.split_once(',')?;
        known(&format!("{kind} {name}"))
    })
}

/// The alpha-2 code of a country that somebody names beside a number; what is none stays as it is, in
/// capitals.
pub fn code_or_text(text: &str) -> String {
    code(text).map_or_else(|| text.trim().to_uppercase(), str::to_owned)
}

/// What the country with an alpha-2 code is called, in English and some other languages.
pub fn names(code: &str) -> &'static [&'static str] {
    COUNTRIES.names.get(code).map_or(&[], Vec::as_slice)
}

/// What a country is called in short, where that is not its first name in ISO 3166 without the
/// article.
const SHORT_NAMES: &[(&str, &str)] = &[
    ("BN", "Brunei"),
    ("BO", "Bolivia"),
    ("CC", "Cocos (Keeling) Islands"),
    ("CD", "DR Congo"),
    ("CG", "Republic of the Congo"),
    ("FK", "Falkland Islands"),
    ("FM", "Micronesia"),
    ("GB", "United Kingdom"),
    ("IR", "Iran"),
    ("KP", "North Korea"),
    ("KR", "South Korea"),
    ("LA", "Laos"),
    ("MD", "Moldova"),
    ("MK", "North Macedonia"),
    ("PS", "Palestine"),
    ("RU", "Russia"),
    ("SH", "Saint Helena"),
    ("SY", "Syria"),
    ("TW", "Taiwan"),
    ("TZ", "Tanzania"),
    ("US", "United States"),
    ("VA", "Vatican City"),
    ("VE", "Venezuela"),
    ("VN", "Vietnam"),
];

/// The short English name of the country with an alpha-2 code.
pub fn short_name(code: &str) -> Option<String> {
    if let Some((_, name)) = SHORT_NAMES.iter().find(|(known, _)| *known == code) {
        return Some((*name).to_owned());
    }
    let name = names(code).first()?;
    let name = name.strip_prefix("The ").unwrap_or(name);
    Some(name.replace(" And ", " and ").replace(" Of ", " of ").replace(" The ", " the "))
}

/// The alpha-2 codes of the countries of which a name or code begins with a text.
pub fn codes_beginning(text: &str) -> Vec<&'static str> {
    let beginning = key(text);
    let known = COUNTRIES.codes.iter();
    let found = known.filter(|(name, _)| !beginning.is_empty() && name.starts_with(&beginning));
    let mut codes: Vec<&'static str> = found.map(|(_, code)| *code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_read_from_its_codes_and_names() {
        for (text, expected) in [
            ("DE", "DE"),
            (" de ", "DE"),
            ("DEU", "DE"),
            ("Germany", "DE"),
            ("GERMANY", "DE"),
            ("Deutschland", "DE"),
            ("uk", "GB"),
            ("GBR", "GB"),
            ("Great Britain", "GB"),
            ("United Kingdom of Great Britain and Northern Ireland", "GB"),
            ("USA", "US"),
            ("U.S.A.", "US"),
            ("The United States of America", "US"),
            ("United States", "US"),
            ("Türkiye", "TR"),
            ("Turkey", "TR"),
            ("Côte d’Ivoire", "CI"),
            ("Ivory Coast", "CI"),
            ("Bosnia & Herzegovina", "BA"),
            ("Bosnia and Herzegovina", "BA"),
            ("Czech Republic", "CZ"),
            ("Czechia", "CZ"),
            ("Viet Nam", "VN"),
            ("South Korea", "KR"),
            ("Korea, Republic of", "KR"),
            ("Hong Kong", "HK"),
            ("Kosovo", "XK"),
            ("Österreich", "AT"),
            ("The Netherlands", "NL"),
            ("Iran", "IR"),
            ("Taiwan", "TW"),
            ("Niger", "NE"),
            ("Nigeria", "NG"),
        ] {
            assert_eq!(code(text), Some(expected), "{text}");
        }
        for text in ["", " ", "XX", "Nowhere", "Germ", "12", "the", "Europe", "D"] {
            assert_eq!(code(text), None, "{text}");
        }
    }

    #[test]
    fn every_country_has_a_short_name_that_leads_back_to_it() {
        for code_of in COUNTRIES.names.keys() {
            let name = short_name(code_of).unwrap();
            assert_eq!(code(&name), Some(*code_of), "{name}");
            assert!(name.len() <= 50, "{name}");
        }
        assert_eq!(short_name("NL").as_deref(), Some("Netherlands"));
        assert_eq!(short_name("US").as_deref(), Some("United States"));
        assert_eq!(short_name("BA").as_deref(), Some("Bosnia and Herzegovina"));
    }

    #[test]
    fn countries_are_found_by_beginnings() {
        assert_eq!(codes_beginning("germ"), ["DE"]);
        assert!(codes_beginning("united").contains(&"GB"));
        assert!(codes_beginning("").is_empty());
        assert!(names("DE").contains(&"Germany"));
        assert!(COUNTRIES.names.len() >= 249, "{}", COUNTRIES.names.len());
    }
}
