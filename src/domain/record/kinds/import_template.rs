//! How lists of one origin are imported, to be chosen again.

use serde::{Deserialize, Serialize};

use super::names;
use crate::domain::access::Permission;
use crate::domain::record::kind::{Kind, KindInfo, OnErased};
use crate::domain::record::{FieldInfo, FieldKind};

/// A template of imports.
#[derive(Serialize, Deserialize)]
pub(super) struct ImportTemplate {
    name: String,
    options: serde_json::Map<String, serde_json::Value>,
    header: Option<Vec<String>>,
}

impl Kind for ImportTemplate {
    const INFO: KindInfo = KindInfo {
        number: 20,
        about: "How lists of one origin are imported: where their columns go, and all other options.",
        view: Permission::Import,
        edit: Permission::Import,
        sort: "name",
        unique: Some("name"),
        tells: &[],
        ..names!("import_template", "import-templates")
    };

    const FIELDS: &'static [FieldInfo] = &[
        FieldInfo::new("name", FieldKind::Text(200), "what it is called", r#""Trade fair""#)
            .required()
            .searched(),
        FieldInfo::new(
            "options",
            FieldKind::Object,
            "the options of an import",
            r#"{"mapping": {"Kunde": "name"}, "on_duplicate": "update"}"#,
        )
        .required(),
        FieldInfo::new(
            "header",
            FieldKind::Texts(500),
            "the columns of such lists; the template is offered for a list that has these",
            r#"["Kunde", "Telefon"]"#,
        ),
    ];
}
