//! CEL rules of custom resources (`x-kubernetes-validations`), as a create asks them.
//!
//! A rule that cannot be read or evaluated here is reported as not checked, never as a verdict. Rules about changes are left out: an
//! object that is created has no past.
//!
//! Source: `pkg/apiserver/schema/cel/validation.go` of the Go module `k8s.io/apiextensions-apiserver` 0.36.

mod evaluate;
mod fill;
mod fold;
mod function;
mod operator;
mod quantity;
mod report;
mod url;
mod value;
mod view;

use std::cell::Cell;

use serde_json::{Map, Value};

use crate::data::{CustomKind, Schema, Type, Validation};

use super::pointer::Pointer;
use super::violation::Violation;
use evaluate::{Evaluation, Scope};
use value::{Stop, Val};

pub(super) use function::duration;
pub(super) use view::unescaped;

/// Whether text is a URI that a request can be made for.
pub(super) fn is_uri(text: &str) -> bool {
    url::Url::read(text).is_some()
}

/// What all rules of an object may cost (`RuntimeCELCostBudget`, `k8s.io/apiserver/pkg/apis/cel`).
const COST: u64 = 10_000_000;

/// Everything that the rules of a kind say against an object that fits its schema otherwise.
pub(super) fn check(fields: &Map<String, Value>, custom: &CustomKind, found: &mut Vec<Violation>) {
    let Type::Object(object) = &custom.schema.kind else { return };
    if !custom.schema.ruled {
        return;
    }
    let mut fields = fields.clone();
    if custom.status_is_dropped {
        fields.shift_remove("status");
    }
    name(&mut fields);
    fill::fill(&mut fields, object);
    descend(&Value::Object(fields), &custom.schema, &Pointer::ROOT, &Cell::new(COST), found);
}

/// A name is generated before the rules are asked.
fn name(fields: &mut Map<String, Value>) {
    let Some(Value::Object(metadata)) = fields.get_mut("metadata") else { return };
    if let (None | Some(Value::Null), Some(Value::String(front))) = (metadata.get("name"), metadata.get("generateName")) {
        // Five characters out of those that the server takes (`k8s.io/apiserver/pkg/storage/names`).
        let name = format!("{front}x7k2d");
        metadata.insert("name".to_owned(), name.into());
    }
}

/// A value, its schema, and where it stands.
struct Place<'a> {
    value: &'a Value,
    schema: &'a Schema,
    at: &'a Pointer<'a>,
}

fn descend(value: &Value, schema: &Schema, at: &Pointer, left: &Cell<u64>, found: &mut Vec<Violation>) {
    if !schema.ruled || value.is_null() {
        return;
    }
    if let Some(constraints) = &schema.constraints {
        let this = Place { value, schema, at };
        rules(&constraints.validations, &this, left, found);
        for constraints in constraints.all_of.iter().filter_map(|branch| branch.constraints.as_ref()) {
            rules(&constraints.validations, &this, left, found);
        }
    }
    match (value, &schema.kind) {
        (Value::Object(fields), Type::Object(object)) => {
            for (key, value) in fields {
                if let Some(schema) = object.property(key).or(object.additional.as_deref()) {
                    descend(value, schema, &at.key(key), left, found);
                }
            }
        }
        (Value::Array(items), Type::Array(array)) => {
            for (index, item) in items.iter().enumerate() {
                descend(item, &array.items, &at.index(index), left, found);
            }
        }
        _ => {}
    }
}

/// Asks the rules of one place.
fn rules(rules: &[Validation], this: &Place, left: &Cell<u64>, found: &mut Vec<Violation>) {
    for rule in rules {
        match verdict(rule, this, left) {
            Ok(Verdict::Holds) => {}
            Ok(Verdict::Broken(message)) => found.push(report::refused(rule, this.at, message)),
            Err(Stop::Failed(cause)) => found.push(report::failed(rule, this.at, &cause)),
            // The definition is checked for types, so this is a value that may have several.
            Err(Stop::NoOverload) if this.schema.has_int_or_string() => found.push(report::failed(rule, this.at, "no such overload")),
            Err(Stop::NoOverload | Stop::Unknown) => found.push(report::not_checked(rule, this.at)),
            Err(Stop::TooCostly) => found.push(report::not_checked(rule, this.at).hint("it takes too long; `validate --server` checks it")),
        }
    }
}

enum Verdict {
    Holds,
    /// With the message that the rule makes for this value, if it makes one.
    Broken(Option<String>),
}

fn verdict(rule: &Validation, this: &Place, left: &Cell<u64>) -> Result<Verdict, Stop> {
    let expression = rule.expression().ok_or(Stop::Unknown)?;
    let is_about_change = expression.free_names().iter().any(|free| free.name == "oldSelf");
    if is_about_change && !rule.optional_old_self {
        return Ok(Verdict::Holds);
    }
    let past = Scope { name: "oldSelf", value: Val::Optional(None), around: None };
    let scope = Scope { name: "self", value: view::of(this.value, this.schema)?, around: rule.optional_old_self.then_some(&past) };
    if Evaluation::new(left).value(expression, &scope)?.as_bool()? {
        return Ok(Verdict::Holds);
    }
    let made = rule.message_expression().and_then(|expression| match Evaluation::new(left).value(expression, &scope) {
        Ok(Val::String(text)) => report::usable(&text),
        _ => None,
    });
    Ok(Verdict::Broken(made))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::diag::Severity;
    use crate::schema::Catalog;

    use super::*;

    /// What is said to a `spec` of a kind whose spec has this schema.
    fn said(schema: &Value, spec: &Value) -> Vec<(String, String)> {
        let crd = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "as.example.com"},
            "spec": {"group": "example.com", "scope": "Namespaced", "names": {"plural": "as", "kind": "A"}, "versions": [
                {"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": schema}}}}
            ]},
        });
        let mut catalog = Catalog::new("1.36").expect("known");
        catalog.add_crd(&crd).expect("a whole definition");
        let object = json!({"apiVersion": "example.com/v1", "kind": "A", "metadata": {"name": "a"}, "spec": spec});
        let violations = catalog.check(&object).into_iter();
        violations
            .inspect(|violation| assert_eq!(violation.rule == "schema/not-checked", violation.severity == Severity::Warning))
            .map(|violation| (violation.path, violation.message))
            .collect()
    }

    fn rule(rule: &str) -> Value {
        json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true, "x-kubernetes-validations": [{"rule": rule}],
            "properties": {"n": {"type": "integer", "default": 1}, "s": {"type": "string"}, "l": {"type": "array", "items": {"type": "integer"}}}})
    }

    #[test]
    fn messages_stand_at_the_field_that_the_rule_names() {
        let schema = json!({"type": "object", "properties": {"least": {"type": "integer"}, "most": {"type": "integer"}}, "x-kubernetes-validations": [
            {"rule": "self.least <= self.most", "message": " too much ", "fieldPath": ".least", "reason": "FieldValueForbidden"},
            {"rule": "self.most < 9", "message": "fixed", "messageExpression": "'most is ' + string(self.most)"},
            {"rule": "self.most < 8", "message": "fixed", "messageExpression": "'a\\nb'"},
            {"rule": "self.most < 7"},
        ]});
        let said = said(&schema, &json!({"least": 12, "most": 10}));
        let expected = [("/spec/least", "too much"), ("/spec", "most is 10"), ("/spec", "fixed"), ("/spec", "failed rule: self.most < 7")];
        assert_eq!(said, expected.map(|(path, message)| (path.to_owned(), message.to_owned())));
    }

    #[test]
    fn rules_about_changes_are_left_out() {
        let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "x-kubernetes-validations": [
            {"rule": "self.n == oldSelf.n"},
            {"rule": "oldSelf.hasValue() && oldSelf.value().n == self.n", "optionalOldSelf": true, "message": "born wrong"},
            {"rule": "oldSelf.optMap(o, o.n == self.n).orValue(true)", "optionalOldSelf": true},
        ]});
        assert_eq!(said(&schema, &json!({"n": 1})), [("/spec".to_owned(), "born wrong".to_owned())]);
    }

    #[test]
    fn defaults_come_first_and_nulls_are_gone() {
        assert_eq!(said(&rule("self.n == 1 && !has(self.s)"), &json!({"n": null, "s": null})), []);
    }

    #[test]
    fn what_is_not_known_is_not_checked() {
        for unknown in ["nobody(self.n)", "Message{a: 1} == null", "self.n ==", "self.s.matches('(?<=a)b')", "google.type == 1"] {
            let said = said(&rule(unknown), &json!({"s": "x"}));
            assert_eq!(said, [("/spec".to_owned(), format!("not checked: the CEL rule `{unknown}`"))]);
        }
    }

    #[test]
    fn a_hostile_rule_ends_soon() {
        let list: Vec<u32> = (0..1000).collect();
        let fold = "self.l.all(a, self.l.all(b, self.l.all(c, self.l.all(d, a + b + c + d >= 0))))";
        let growing = "[0,1,2,3,4,5,6,7,8,9].map(a, self.s + self.s).map(b, [b, b, b, b].join(b).replace('x', self.s + self.s)).size() > 0";
        for hostile in [fold, growing, "lists.range(9223372036854775807).size() > 0", &format!("{}self.n", "-".repeat(40_000))] {
            let said = said(&rule(hostile), &json!({"l": list, "s": "x".repeat(20_000)}));
            assert!(said.iter().all(|(_, message)| message.starts_with("not checked")), "{said:?}");
        }
        let deep = format!("{}self.n{}", "[".repeat(5000), "]".repeat(5000));
        assert_eq!(said(&rule(&deep), &json!({})).len(), 1);
    }

    #[test]
    fn arithmetic_at_its_limits_does_not_panic() {
        for broken in [
            "(-9223372036854775807 - 1) / -1 == 0",
            "(-9223372036854775807 - 1) % -1 == 0",
            "-(-9223372036854775807 - 1) == 0",
            "duration('9223372036s') + duration('9223372036s') > duration('0s')",
            "timestamp('9999-12-31T23:59:59Z').getFullYear() == 1",
            "int(1e300) == 0",
            "'é'.substring(0, 9) == ''",
            "'aé'.lastIndexOf('é', 1) == 0",
            "quantity('9999999999999999999999999999999999999999E').isInteger()",
            "'x'.format([]) == '' || '%'.format([]) == ''",
            "[1][9223372036854775807] == 1",
        ] {
            assert_eq!(said(&rule(broken), &json!({})).len(), 1, "{broken}");
        }
    }
}
