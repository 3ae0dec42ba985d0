//! The template by which a 3CX telephone system asks: where, with what, and what the answers mean.

use super::xml::Xml;

/// The answers' members and what the telephone system calls them.
const OUTPUTS: [(&str, &str, &str); 11] = [
    ("Id", "contacts.id", "EntityId"),
    ("FirstName", "contacts.first_name", "FirstName"),
    ("LastName", "contacts.last_name", "LastName"),
    ("Company", "contacts.company", "CompanyName"),
    ("Email", "contacts.email", "Email"),
    ("Business", "contacts.phone_business", "PhoneBusiness"),
    ("Mobile", "contacts.phone_mobile", "PhoneMobile"),
    ("Home", "contacts.phone_home", "PhoneHome"),
    ("Other", "contacts.phone_other", "PhoneOther"),
    ("Url", "contacts.url", "ContactUrl"),
    ("ContactId", "contacts.id", "ContactID"),
];

/// What is told of a call at its end, by the names that the journal reads.
const JOURNAL: [(&str, &str); 14] = [
    ("CallType", "[CallType]"),
    ("CallDirection", "[CallDirection]"),
    ("Number", "[Number]"),
    ("Name", "[Name]"),
    ("EntityId", "[EntityId]"),
    ("EntityType", "[EntityType]"),
    ("Agent", "[Agent]"),
    ("AgentFirstName", "[AgentFirstName]"),
    ("AgentLastName", "[AgentLastName]"),
    ("AgentEmail", "[AgentEmail]"),
    ("Duration", "[Duration]"),
    ("CallStartTimeUTC", "[[CallStartTimeUTC].ToString(\"yyyy-MM-ddTHH:mm:ssZ\")]"),
    ("CallEndTimeUTC", "[[CallEndTimeUTC].ToString(\"yyyy-MM-ddTHH:mm:ssZ\")]"),
    ("QueueExtension", "[QueueExtension]"),
];

/// The template with the address of the server and a token as they stand in its parameters.
pub fn three_cx_template(base: &str, token: &str) -> Vec<u8> {
    let mut xml = Xml::new();
    let root = [("Name", "Ringdex"), ("Version", "1"), ("Country", ""), ("SupportsEmojis", "true")];
    xml.element("Crm", &root, |xml| {
        xml.empty("Number", &[("Prefix", "Plus"), ("MaxLength", "")]);
        xml.empty("Connection", &[("MaxConcurrentRequests", "16")]);
        xml.element("Parameters", &[], |xml| {
            parameter(xml, ("Address", "String", "Address of Ringdex", base));
            parameter(xml, ("ApiKey", "Password", "Token", token));
        });
        xml.empty("Authentication", &[("Type", "No")]);
        xml.element("Scenarios", &[], |xml| {
            finds(
                xml,
                "",
                "[Address]/integrations/3cx/lookup?number=[[Number].Replace(\"+\",\"%2B\")]",
            );
            finds(xml, "SearchContacts", "[Address]/integrations/3cx/search?q=[EscapedSearchText]");
            tells(xml, "ReportCall", "[Address]/integrations/3cx/journal", &JOURNAL);
            let made = [
                ("Number", "[Number]"),
                ("FirstName", "[CreateContactFirstName]"),
                ("LastName", "[CreateContactLastName]"),
            ];
            makes(xml, "CreateContactRecord", &made);
        });
    });
    xml.finish()
}

fn parameter(xml: &mut Xml, (name, kind, title, default): (&str, &str, &str, &str)) {
    let attributes = [
        ("Name", name),
        ("Type", kind),
        ("Parent", "General Configuration"),
        ("Editor", "String"),
        ("Title", title),
        ("Default", default),
    ];
    xml.empty("Parameter", &attributes);
}

fn scenario(xml: &mut Xml, id: &str, inside: impl FnOnce(&mut Xml)) {
    if id.is_empty() {
        xml.element("Scenario", &[("Type", "REST")], inside);
    } else {
        xml.element("Scenario", &[("Id", id), ("Type", "REST")], inside);
    }
}

fn request(xml: &mut Xml, url: &str, kind: &str, values: &[(&str, &str)]) {
    let encoding = if kind == "Post" { "Json" } else { "UrlEncoded" };
    let attributes = [
        ("SkipIf", ""),
        ("Url", url),
        ("MessagePasses", "0"),
        ("RequestType", kind),
        ("RequestEncoding", encoding),
        ("ResponseType", "Json"),
    ];
    xml.element("Request", &attributes, |xml| {
        if !values.is_empty() {
            xml.element("PostValues", &[("If", "")], |xml| {
                for (key, value) in values {
                    let attributes =
                        [("Key", *key), ("Type", "String"), ("SkipIf", ""), ("Passes", "1")];
                    xml.text_with("Value", &attributes, value);
                }
            });
        }
        xml.element("Headers", &[], |xml| {
            xml.text_with("Value", &[("Key", "x-api-key"), ("Type", "String")], "[ApiKey]");
        });
    });
}

fn outputs(xml: &mut Xml, rule: &str) {
    xml.element("Rules", &[], |xml| xml.text_with("Rule", &[("Type", "Any")], rule));
    let path = |path: &str| match rule {
        "id" => path.trim_start_matches("contacts.").to_owned(),
        _ => path.to_owned(),
    };
    xml.element("Variables", &[], |xml| {
        for (name, member, _) in OUTPUTS {
            xml.element("Variable", &[("Name", name), ("Path", &path(member))], |xml| {
                xml.text("Filter", "");
            });
        }
    });
    xml.element("Outputs", &[("AllowEmpty", "false")], |xml| {
        for (name, _, output) in OUTPUTS {
            let value = format!("[{name}]");
            xml.empty("Output", &[("Type", output), ("Passes", "0"), ("Value", &value)]);
        }
        xml.empty("Output", &[("Type", "EntityType"), ("Passes", "0"), ("Value", "Contacts")]);
    });
}

fn finds(xml: &mut Xml, id: &str, url: &str) {
    scenario(xml, id, |xml| {
        request(xml, url, "Get", &[]);
        outputs(xml, "contacts.id");
    });
}

fn makes(xml: &mut Xml, id: &str, values: &[(&str, &str)]) {
    scenario(xml, id, |xml| {
        request(xml, "[Address]/integrations/3cx/contacts", "Post", values);
        outputs(xml, "id");
    });
}

fn tells(xml: &mut Xml, id: &str, url: &str, values: &[(&str, &str)]) {
    scenario(xml, id, |xml| {
        request(xml, url, "Post", values);
        xml.empty("Rules", &[]);
        xml.empty("Variables", &[]);
        xml.empty("Outputs", &[("AllowEmpty", "true")]);
    });
}
