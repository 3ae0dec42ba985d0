//! Country names and codes to ISO 3166 codes, so that national numbers can be understood.

use crate::domain::text::fold;

const NAMES: &[(&str, &str)] = &[
    ("united states", "US"), ("united states of america", "US"), ("usa", "US"), ("america", "US"),
    ("canada", "CA"), ("united kingdom", "GB"), ("great britain", "GB"), ("uk", "GB"), ("england", "GB"),
    ("scotland", "GB"), ("wales", "GB"), ("ireland", "IE"), ("germany", "DE"), ("deutschland", "DE"),
    ("austria", "AT"), ("osterreich", "AT"), ("switzerland", "CH"), ("schweiz", "CH"), ("suisse", "CH"),
    ("france", "FR"), ("spain", "ES"), ("espana", "ES"), ("italy", "IT"), ("italia", "IT"), ("portugal", "PT"),
    ("netherlands", "NL"), ("the netherlands", "NL"), ("nederland", "NL"), ("holland", "NL"), ("belgium", "BE"),
    ("luxembourg", "LU"), ("poland", "PL"), ("polska", "PL"), ("czech republic", "CZ"), ("czechia", "CZ"),
    ("slovakia", "SK"), ("hungary", "HU"), ("romania", "RO"), ("bulgaria", "BG"), ("greece", "GR"),
    ("sweden", "SE"), ("sverige", "SE"), ("norway", "NO"), ("norge", "NO"), ("denmark", "DK"), ("danmark", "DK"),
    ("finland", "FI"), ("suomi", "FI"), ("estonia", "EE"), ("latvia", "LV"), ("lithuania", "LT"),
    ("ukraine", "UA"), ("russia", "RU"), ("russian federation", "RU"), ("turkey", "TR"), ("turkiye", "TR"),
    ("israel", "IL"), ("india", "IN"), ("china", "CN"), ("japan", "JP"), ("south korea", "KR"), ("korea", "KR"),
    ("singapore", "SG"), ("australia", "AU"), ("new zealand", "NZ"), ("south africa", "ZA"), ("nigeria", "NG"),
    ("kenya", "KE"), ("egypt", "EG"), ("mexico", "MX"), ("brazil", "BR"), ("brasil", "BR"), ("argentina", "AR"),
    ("chile", "CL"), ("colombia", "CO"), ("peru", "PE"), ("united arab emirates", "AE"), ("uae", "AE"),
    ("saudi arabia", "SA"), ("pakistan", "PK"), ("bangladesh", "BD"), ("indonesia", "ID"), ("malaysia", "MY"),
    ("thailand", "TH"), ("vietnam", "VN"), ("philippines", "PH"), ("croatia", "HR"), ("serbia", "RS"),
    ("slovenia", "SI"), ("iceland", "IS"), ("malta", "MT"), ("cyprus", "CY"),
];

/// The ISO code of a country that is given by code or by name.
pub fn code(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic()) {
        let code = text.to_ascii_uppercase();
        return Some(if code == "UK" { "GB".to_owned() } else { code });
    }
    let folded = fold(text);
    NAMES.iter().find(|(name, _)| *name == folded).map(|(_, code)| (*code).to_owned())
}
