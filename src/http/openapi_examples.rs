//! Examples of parameters and bodies, and the values of members that take only some: what a table
//! says (`schema/examples.json`), put into the `OpenAPI` document.
//!
//! A parameter is named as it is, or behind its path, or behind method and path where it is another
//! one there; bodies by their schema; members as `Schema.member`.

use std::sync::LazyLock;

use serde_json::Value;
use utoipa::Modify;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder};
use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::openapi::{OpenApi, RefOr};

/// Completes the document by the table.
pub(super) struct Examples;

static TABLE: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("schema/examples.json")).unwrap_or_default()
});

impl Modify for Examples {
    fn modify(&self, document: &mut OpenApi) {
        for (path, item) in &mut document.paths.paths {
            let operations = [
                ("GET", &mut item.get),
                ("PUT", &mut item.put),
                ("POST", &mut item.post),
                ("PATCH", &mut item.patch),
                ("DELETE", &mut item.delete),
            ];
            for (method, operation) in operations {
                if let Some(operation) = operation {
                    operation_of(&format!("{method} {path}"), path, operation);
                }
            }
        }
        let schemas = document.components.iter_mut().flat_map(|all| &mut all.schemas);
        for (name, schema) in schemas {
            if let RefOr::T(schema) = schema {
                members(name, schema);
            }
        }
    }
}

/// What the table says of a parameter.
fn said(part: &str, place: &str, path: &str, name: &str) -> Option<Value> {
    let table = TABLE.get(part)?;
    let ways = [format!("{place} {name}"), format!("{path} {name}"), name.to_owned()];
    ways.iter().find_map(|way| table.get(way)).cloned()
}

fn operation_of(place: &str, path: &str, operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        let values = said("parameter_values", place, path, &parameter.name);
        if let Some(RefOr::T(Schema::Object(object))) = &mut parameter.schema
            && let Some(Value::Array(values)) = values
        {
            object.enum_values = Some(values);
        }
        let example = said("parameters", place, path, &parameter.name);
        // Lists of records take the word none for a member that has no value.
        let example = example.unwrap_or_else(|| Value::from("none"));
        let bare = std::mem::replace(parameter, Parameter::new(""));
        *parameter = ParameterBuilder::from(bare).example(Some(example)).build();
    }
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    for (media_type, content) in &mut body.content {
        let RefOr::T(content) = content else { continue };
        let shape = match &content.schema {
            Some(RefOr::Ref(reference)) => reference.ref_location.rsplit('/').next(),
            Some(RefOr::T(_)) | None => None,
        };
        let example = match shape {
            Some(shape) => TABLE["bodies"].get(shape),
            None => TABLE["texts"].get(media_type),
        };
        content.example = example.cloned();
    }
}

/// Gives the members of a schema the values that they take.
fn members(name: &str, schema: &mut Schema) {
    let object = match schema {
        Schema::Object(object) => object,
        Schema::AllOf(all) => {
            for part in &mut all.items {
                if let RefOr::T(part) = part {
                    members(name, part);
                }
            }
            return;
        }
        Schema::Array(_) | Schema::OneOf(_) | Schema::AnyOf(_) | _ => return,
    };
    for (member, schema) in &mut object.properties {
        let values = TABLE["values"].get(format!("{name}.{member}"));
        if let (Some(values), RefOr::T(Schema::Object(member))) = (values, schema) {
            let mut values = values.as_array().cloned().unwrap_or_default();
            if matches!(&member.schema_type, SchemaType::Array(kinds) if kinds.contains(&Type::Null))
            {
                values.push(Value::Null);
            }
            member.enum_values = Some(values);
        }
    }
}
