//! The part of the `OpenAPI` document that follows from the kinds of records.

use serde_json::{Value, json};
use utoipa::Modify;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::PathItem;
use utoipa::openapi::schema::Schema;

use crate::domain::record::{AnyKind, FieldInfo, FieldKind, KINDS, Writable};

/// Adds paths and shapes of all kinds.
pub(super) struct RecordPaths;

impl Modify for RecordPaths {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for kind in KINDS {
            let info = kind.info();
            let name = shape_name(*kind);
            if let Some(components) = &mut document.components {
                for (name, shape) in [
                    (format!("{name}Input"), shape_of(*kind, false)),
                    (name.clone(), shape_of(*kind, true)),
                    (format!("{name}List"), list_of(&name)),
                ] {
                    if let Ok(shape) = serde_json::from_value::<RefOr<Schema>>(shape) {
                        components.schemas.insert(name, shape);
                    }
                }
            }
            for (path, item) in info.paths.iter().zip(items(*kind, &name)) {
                if let Ok(mut item) = serde_json::from_value::<PathItem>(item) {
                    // What is written down for a kind beside what all kinds have.
                    let written = document.paths.paths.remove(*path);
                    item.put = written.and_then(|written| written.put);
                    document.paths.paths.insert((*path).to_owned(), item);
                }
            }
        }
    }
}

/// The name of the shape of a kind: `Task`.
fn shape_name(kind: &dyn AnyKind) -> String {
    let words = kind.info().name.split('_').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_uppercase().collect::<String>());
        first.unwrap_or_default() + letters.as_str()
    });
    words.collect()
}

fn shape_of_field(field: &FieldInfo, is_answer: bool) -> Value {
    let mut shape = match field.kind {
        FieldKind::Text(most) | FieldKind::Prose(most) => {
            json!({"type": "string", "minLength": 1, "maxLength": most})
        }
        FieldKind::Flag => json!({"type": "boolean"}),
        FieldKind::Choice(words) => json!({"type": "string", "enum": words}),
        FieldKind::Time => json!({"type": "string", "format": "date-time"}),
        FieldKind::Day => json!({"type": "string", "format": "date"}),
        FieldKind::Amount => json!({"type": "number", "minimum": 0}),
        FieldKind::Count => json!({"type": "integer", "minimum": 0, "maximum": 1_000_000_000}),
        FieldKind::Contact | FieldKind::Record(_) => json!({"type": "string", "format": "uuid"}),
        FieldKind::User | FieldKind::Agent => json!({"type": "string"}),
        FieldKind::Texts(most) => {
            json!({"type": "array", "items": {"type": "string", "maxLength": most}})
        }
        FieldKind::Link => json!({"type": "string", "format": "uri"}),
        FieldKind::Object => json!({"type": "object"}),
        FieldKind::Currency => json!({"type": "string", "pattern": "^[A-Z]{3}$"}),
        FieldKind::Earlier => json!({"type": "array", "items": {"type": "object"}}),
    };
    let may_be_null = !field.is_required && field.default.is_none();
    if may_be_null {
        shape["type"] = json!([shape["type"], "null"]);
    }
    if may_be_null && let Some(words) = shape["enum"].as_array_mut() {
        words.push(Value::Null);
    }
    shape["description"] = json!(field.about);
    shape["examples"] = json!([serde_json::from_str::<Value>(field.example).unwrap_or_default()]);
    if field.default.is_some() && !is_answer {
        shape["default"] = field.first();
    }
    if field.writable != Writable::Always {
        shape["readOnly"] = json!(true);
    }
    shape
}

fn shape_of(kind: &dyn AnyKind, is_answer: bool) -> Value {
    let mut members = serde_json::Map::new();
    let mut required = Vec::new();
    if is_answer {
        for (name, shape) in [
            ("id", json!({"type": "string", "format": "uuid"})),
            ("version", json!({"type": "integer", "minimum": 1})),
            ("created_at", json!({"type": "string", "format": "date-time"})),
            ("updated_at", json!({"type": "string", "format": "date-time"})),
            ("created_by", json!({"type": "string"})),
            ("updated_by", json!({"type": "string"})),
        ] {
            required.push(name);
            members.insert(name.to_owned(), shape);
        }
        let about = "only of deleted records";
        let deleted = json!({"type": "string", "format": "date-time", "description": about});
        members.insert("deleted_at".to_owned(), deleted);
    }
    if is_answer {
        for (name, about) in kind.info().derived {
            let shape = json!({"type": "number", "minimum": 0, "readOnly": true,
                "description": about});
            members.insert((*name).to_owned(), shape);
        }
    }
    let is_shown = |field: &&FieldInfo| is_answer || field.writable == Writable::Always;
    for field in kind.fields().iter().filter(is_shown) {
        if is_answer || field.is_required {
            required.push(field.name);
        }
        members.insert(field.name.to_owned(), shape_of_field(field, is_answer));
    }
    json!({"type": "object", "description": kind.info().about, "properties": members,
        "required": required})
}

fn list_of(name: &str) -> Value {
    json!({
        "type": "object",
        "required": ["total", "total_exact", "page", "per_page", "items"],
        "properties": {
            "total": {"type": "integer", "minimum": 0},
            "total_exact": {"type": "boolean"},
            "page": {"type": "integer", "minimum": 1},
            "per_page": {"type": "integer", "minimum": 0},
            "next_cursor": {"type": ["string", "null"]},
            "items": {"type": "array", "items": {"$ref": format!("#/components/schemas/{name}")}},
        },
    })
}

fn answer(shape: &str) -> Value {
    json!({"description": "", "content": {"application/json": {
        "schema": {"$ref": format!("#/components/schemas/{shape}")}}}})
}

fn parameter(name: &str, place: &str, about: &str, shape: &Value) -> Value {
    json!({"name": name, "in": place, "required": place == "path", "description": about,
        "schema": shape})
}

/// The operations at the three paths of a kind.
fn items(kind: &dyn AnyKind, shape: &str) -> [Value; 3] {
    let info = kind.info();
    let (name, plural) = (info.name, info.plural);
    let problem = || answer("Problem");
    let text = json!({"type": "string"});
    let id = parameter("id", "path", "the id", &text);
    let body = |media: &str| {
        json!({"required": true, "content": {media: {
            "schema": {"$ref": format!("#/components/schemas/{shape}Input")}}}})
    };
    let number = json!({"type": "integer", "minimum": 0});
    let mut listed = vec![
        parameter("q", "query", "words that begin words of the texts", &text),
        parameter("filter", "query", "a tree of conditions, as JSON", &text),
        parameter("sort", "query", "a field, - in front for descending", &text),
        parameter("page", "query", "from 1", &number),
        parameter("per_page", "query", "at most 1000", &number),
        parameter("cursor", "query", "next_cursor of the page before", &text),
        parameter("deleted", "query", "the deleted ones instead", &json!({"type": "boolean"})),
    ];
    let has_company = kind.fields().iter().any(|field| field.name == "company_id");
    if !has_company && (kind.is_about_contacts() || name == "company") {
        let about = "only what is about people of this company";
        listed.push(parameter("company_id", "query", about, &text));
    }
    for field in kind.fields().iter().filter(|field| field.is_stored()) {
        // `q` and `filter` of a list of contacts are no parameters of their own.
        if listed.iter().any(|known| known["name"] == field.name) {
            continue;
        }
        let about = format!("only with this value, several with commas, or none: {}", field.about);
        listed.push(parameter(field.name, "query", &about, &text));
    }
    let permanent = parameter("permanent", "query", "for good", &json!({"type": "boolean"}));
    let tag = json!(["records"]);
    [
        json!({
            "get": {"tags": tag, "operationId": format!("list_{plural}"),
                "summary": format!("Lists {plural}."), "description": info.about,
                "parameters": listed,
                "responses": {"200": answer(&format!("{shape}List")), "422": problem()}},
            "post": {"tags": tag, "operationId": format!("create_{name}"),
                "summary": format!("Makes a {name}."), "requestBody": body("application/json"),
                "responses": {"201": answer(shape), "409": problem(), "422": problem()}},
        }),
        json!({
            "get": {"tags": tag, "operationId": format!("find_{name}"),
                "summary": format!("Reads a {name}."), "parameters": [id],
                "responses": {"200": answer(shape), "404": problem()}},
            "patch": {"tags": tag, "operationId": format!("update_{name}"),
                "summary": format!("Changes a {name}; absent members stay."), "parameters": [id],
                "requestBody": body("application/merge-patch+json"),
                "responses": {"200": answer(shape), "404": problem(), "412": problem(),
                    "422": problem()}},
            "delete": {"tags": tag, "operationId": format!("delete_{name}"),
                "summary": format!("Deletes a {name}, so that it can be restored or for good."),
                "parameters": [id, permanent],
                "responses": {"204": {"description": ""}, "404": problem(), "412": problem()}},
        }),
        json!({
            "post": {"tags": tag, "operationId": format!("restore_{name}"),
                "summary": format!("Brings a deleted {name} back."), "parameters": [id],
                "responses": {"200": answer(shape), "404": problem()}},
        }),
    ]
}
