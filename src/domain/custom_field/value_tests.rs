//! Values against definitions.

use serde_json::json;

use super::*;
use crate::domain::custom_field::sample;

fn field(kind: CustomType, options: &[&str]) -> FieldDefinition {
    let options = options.iter().map(|&option| option.to_owned()).collect();
    FieldDefinition { options, ..sample(kind) }
}

fn check(field: &FieldDefinition, value: &Value, expect: &Value) {
    let got = convert(field, value).map(|value| value.unwrap_or(Value::Null));
    match expect {
        Value::Object(refused) => {
            let code = got.as_ref().map_err(|misfit| misfit.code);
            let expected = refused["refused"].as_str().unwrap();
            assert_eq!(code, Err(expected), "{:?} {value}", field.kind);
        }
        fits => assert_eq!(got.as_ref(), Ok(fits), "{:?} {value}", field.kind),
    }
}

#[test]
fn values_are_kept_in_the_form_of_their_type() {
    use CustomType as T;
    let no = |code: &str| json!({"refused": code});
    let plans = ["Gold", "Silver Plus", "A|B"];
    for (kind, value, expect) in [
        (T::ShortText, json!(" a b "), json!("a b")),
        (T::ShortText, json!(17), json!("17")),
        (T::ShortText, json!(""), json!(null)),
        (T::ShortText, json!("a\nb"), no("line")),
        (T::ShortText, json!(true), no("type")),
        (T::ShortText, json!("x".repeat(1_001)), no("too_long")),
        (T::LongText, json!("a\nb"), json!("a\nb")),
        (T::Integer, json!(5), json!(5)),
        (T::Integer, json!(5.0), json!(5)),
        (T::Integer, json!("-1,234"), json!(-1234)),
        (T::Integer, json!(5.5), no("integer")),
        (T::Integer, json!(9_007_199_254_740_992_u64), json!(9_007_199_254_740_992_u64)),
        (T::Integer, json!(9_007_199_254_740_994_u64), no("integer")),
        (T::Integer, json!("many"), no("integer")),
        (T::Decimal, json!(0.5), json!(0.5)),
        (T::Decimal, json!("1.234,5"), json!(1234.5)),
        (T::Decimal, json!("50000"), json!(50000)),
        (T::Decimal, json!("1,234"), no("decimal")),
        (T::Decimal, json!([1]), no("decimal")),
        (T::Date, json!("31.12.2025"), json!("2025-12-31")),
        (T::Date, json!(20_251_231), no("date")),
        (T::Boolean, json!("Yes"), json!(true)),
        (T::Boolean, json!(0), json!(false)),
        (T::Boolean, json!("maybe"), no("boolean")),
        (T::Dropdown, json!("gold"), json!("Gold")),
        (T::Dropdown, json!("Bronze"), no("option")),
        (T::Dropdown, json!(["Gold"]), no("option")),
        (T::MultiSelect, json!("silver plus; gold|Gold"), json!(["Silver Plus", "Gold"])),
        (T::MultiSelect, json!(["gold", "a|b"]), json!(["Gold", "A|B"])),
        (T::MultiSelect, json!("A|B"), json!(["A|B"])),
        (T::MultiSelect, json!(["gold", "tin"]), no("option")),
        (T::MultiSelect, json!([]), json!(null)),
        (T::MultiSelect, json!({}), no("option")),
    ] {
        check(&field(kind, &plans), &value, &expect);
    }
    let any = FieldDefinition { declared: false, ..field(T::Integer, &[]) };
    check(&any, &json!("anything"), &json!("anything"));
}

#[test]
fn kept_values_take_another_type_where_that_loses_nothing() {
    use CustomType as T;
    for (kind, value, expect) in [
        (T::ShortText, json!(true), Some(json!("true"))),
        (T::ShortText, json!(["a", 1]), Some(json!("a; 1"))),
        (T::ShortText, json!([{}]), None),
        (T::Dropdown, json!(["gold"]), Some(json!("Gold"))),
        (T::Dropdown, json!(["gold", "gold"]), None),
        (T::Integer, json!(["7"]), Some(json!(7))),
        (T::MultiSelect, json!("gold"), Some(json!(["Gold"]))),
    ] {
        let got = recast(&field(kind, &["Gold"]), &value);
        assert_eq!(got.ok().flatten(), expect, "{kind:?} {value}");
    }
}

#[test]
fn what_was_converted_stays_as_it_is() {
    for kind in CustomType::ALL {
        let field = field(kind, &["1", "true", "2025-01-31", "a b"]);
        for value in ["1", "true", "2025-01-31", "a b", "yes"] {
            if let Ok(Some(once)) = convert(&field, &json!(value)) {
                assert_eq!(convert(&field, &once), Ok(Some(once.clone())), "{kind:?} {value}");
            }
        }
    }
}

#[test]
fn types_are_known_by_the_names_of_other_systems() {
    for kind in CustomType::ALL {
        assert_eq!(CustomType::parse(kind.as_str()), Some(kind));
    }
    for (name, kind) in [
        ("text", CustomType::ShortText),
        ("number", CustomType::Decimal),
        ("Checkbox", CustomType::Boolean),
        ("text area", CustomType::LongText),
        ("textarea", CustomType::LongText),
        ("select", CustomType::Dropdown),
        ("multi-select", CustomType::MultiSelect),
        ("multiselect", CustomType::MultiSelect),
    ] {
        assert_eq!(CustomType::parse(name), Some(kind), "{name}");
    }
    assert_eq!(CustomType::parse("colour"), None);
}
