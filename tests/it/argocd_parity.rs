//! The rendered install against upstream's own manifests: object by object, field by field, in both directions.
//!
//! Lists are compared in order, but lists whose entries have a `name` (or a `mountPath`) by that. Texts of `argocd-cm` that hold YAML
//! are compared as what they hold. Every difference has to stand in [`DIFFERENCES`], and every row there has to be one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use manifestgen::source::Sources;
use manifestgen::yaml::{self, Limits, Node};
use serde_json::{Value, json};

use crate::argocd::{release, variants};
use crate::parts::part;

/// Which way two sides differ in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Ours has it, upstream's has not.
    Added,
    /// Upstream's has it, ours has not.
    Missing,
    /// Both have it, with other values.
    Changed,
}

/// A difference that is meant: in which variants (a part of the name), of which objects and fields (`*` stands for anything), and why.
struct Difference(&'static str, &'static str, &'static str, Way, &'static str);

const DIFFERENCES: [Difference; 14] = [
    Difference("", "*", "/metadata/namespace", Way::Added, "the namespace is part of the object, not of the command that applies it"),
    Difference("", "*", "/metadata/labels/app.kubernetes.io\\/instance", Way::Added, "every rendered object names its cluster"),
    Difference("", "*", "/metadata/labels/app.kubernetes.io\\/managed-by", Way::Added, "every rendered object names its maker"),
    Difference(
        "",
        "*",
        "/metadata/labels/app.kubernetes.io\\/component",
        Way::Added,
        "every rendered object names its component; upstream's has none",
    ),
    Difference("2.13", "NetworkPolicy *", "/metadata/labels/app.kubernetes.io\\/name", Way::Added, "the same; 2.13 has no labels there"),
    Difference("2.13", "NetworkPolicy *", "/metadata/labels/app.kubernetes.io\\/part-of", Way::Added, "the same"),
    Difference(
        "",
        "CustomResourceDefinition *",
        "*/description",
        Way::Missing,
        "descriptions are for `kubectl explain`; without them the CRDs are half as large",
    ),
    Difference(
        "",
        "StatefulSet argocd-application-controller",
        "/metadata/annotations/manifestgen.dev\\/allow",
        Way::Added,
        "its Service is missing upstream, too, and `validate` is told so",
    ),
    Difference("", "NetworkPolicy argocd-egress", "", Way::Added, "the namespace denies egress by default, and Argo CD needs it"),
    Difference(
        "",
        "ConfigMap argocd-cm",
        "/data/resource.customizations.health.argoproj.io_Application*",
        Way::Added,
        "waves of an app of apps wait for nothing without it (argo-cd#16870)",
    ),
    Difference(
        "2.13",
        "ConfigMap argocd-cm",
        "/data/application.resourceTrackingMethod",
        Way::Added,
        "2.13 tracks by the label `app.kubernetes.io/instance`, which every rendered object has; 3.5 by annotation",
    ),
    Difference(
        "ha",
        "* argocd-redis-ha-*",
        "/spec/template/metadata/annotations/checksum\\/*",
        Way::Changed,
        "the checksum is of the files that are rendered, and so changes with them",
    ),
    Difference(
        "ha",
        "Deployment argocd-redis-ha-haproxy",
        "/spec/template/spec/containers/haproxy/lifecycle",
        Way::Missing,
        "an empty mapping says nothing",
    ),
    Difference(
        "ha",
        "StatefulSet argocd-redis-ha-server",
        "/spec/template/spec/containers/split-brain-fix/resources",
        Way::Missing,
        "an empty mapping says nothing",
    ),
];

/// The manifest of each variant, as `tests/toolchain` names it, and how many objects it holds.
const MANIFESTS: [(&str, usize); 5] = [
    ("argocd-3.5-install.yaml", 59),
    ("argocd-3.5-namespace-install.yaml", 50),
    ("argocd-3.5-ha-install.yaml", 70),
    ("argocd-3.5-ha-namespace-install.yaml", 61),
    ("argocd-2.13-install.yaml", 59),
];

#[test]
fn every_field_is_upstreams_or_listed() {
    let mut report = String::new();
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for ((variant, section), (manifest, count)) in variants().into_iter().zip(MANIFESTS) {
        let Some(path) = part(manifest) else { return };
        let upstream = by_name(read(&fs::read_to_string(path).expect("a manifest")));
        assert_eq!(upstream.len(), count, "{manifest}");
        let ours = by_name(release(&section).objects().iter().map(|object| Value::Object(object.value().clone())).collect());
        let found = upstream.keys().filter(|name| ours.contains_key(*name)).count();
        let (mut fields, mut equal, mut listed) = (0, 0, 0);
        let names: BTreeSet<&String> = upstream.keys().chain(ours.keys()).collect();
        for name in names {
            let differences = match (upstream.get(name), ours.get(name)) {
                (Some(upstream), Some(ours)) => {
                    fields += upstream.len();
                    let differences = compare(upstream, ours);
                    equal += upstream.len() - differences.iter().filter(|(_, way, _)| *way != Way::Added).count();
                    differences
                }
                (Some(_), None) => vec![(String::new(), Way::Missing, String::new())],
                _ => vec![(String::new(), Way::Added, String::new())],
            };
            for (field, way, values) in differences {
                let fits = |row: &&Difference| variant.contains(row.0) && fits(row.1, name) && fits(row.2, &field) && row.3 == way;
                match DIFFERENCES.iter().position(|row| fits(&row)) {
                    Some(row) => {
                        used.insert(row);
                        listed += 1;
                    }
                    None => wrong.push(format!("{variant}: {name} {field}: {way:?} {values}")),
                }
            }
        }
        let _ = writeln!(report, "{variant}: {found}/{count} objects, {equal} of {fields} fields equal, {listed} listed differences");
    }
    let unused: Vec<_> = (0..DIFFERENCES.len()).filter(|row| !used.contains(row)).map(|row| DIFFERENCES[row].2).collect();
    let shown = wrong.iter().take(60).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} differences are not listed:\n{shown}", wrong.len());
    assert!(unused.is_empty(), "these rows are no differences: {unused:?}");
    insta::assert_snapshot!(report, @"
    3.5: 59/59 objects, 15609 of 16947 fields equal, 1519 listed differences
    3.5 namespaced: 50/50 objects, 1917 of 1917 fields equal, 160 listed differences
    3.5 ha: 70/70 objects, 15986 of 17328 fields equal, 1556 listed differences
    3.5 ha namespaced: 61/61 objects, 2294 of 2298 fields equal, 197 listed differences
    2.13: 59/59 objects, 11226 of 12227 fields equal, 1201 listed differences
    ");
}

/// The table of the documentation is this one.
#[test]
fn the_documentation_lists_every_difference() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ARGOCD.md")).expect("the page");
    for Difference(_, _, field, _, reason) in DIFFERENCES {
        assert!(page.contains(reason), "docs/ARGOCD.md does not say of {field}: {reason}");
    }
}

fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => {
            let Some(after) = text.strip_prefix(start) else { return false };
            (0..=after.len()).any(|from| after.is_char_boundary(from) && fits(rest, &after[from..]))
        }
    }
}

fn read(text: &str) -> Vec<Value> {
    let source = Sources::new().add("upstream", text);
    let nodes = yaml::parse(source, text, Limits::MANIFESTS).expect("YAML");
    nodes.iter().map(Node::to_json).filter(|object| !object.is_null()).collect()
}

/// The leaves of each object, by kind and name.
fn by_name(objects: Vec<Value>) -> BTreeMap<String, BTreeMap<String, Value>> {
    let all = objects.into_iter().map(|object| {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = format!("{} {}", text("/kind"), text("/metadata/name"));
        let mut found = BTreeMap::new();
        leaves("", &unfolded(&name, object), &mut found);
        (name, found)
    });
    all.collect()
}

/// The texts of `argocd-cm` that hold YAML, as what they hold.
fn unfolded(name: &str, mut object: Value) -> Value {
    if name == "ConfigMap argocd-cm" {
        for (key, value) in object.pointer_mut("/data").and_then(Value::as_object_mut).into_iter().flatten() {
            if key.starts_with("resource.") && !key.contains(".health.") {
                *value = read(value.as_str().expect("text")).remove(0);
            }
        }
    }
    object
}

fn leaves(path: &str, value: &Value, found: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                leaves(&format!("{path}/{}", key.replace('/', "\\/")), value, found);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let names = |key: &str| {
                let names: Vec<&str> = items.iter().filter_map(|item| item.get(key)?.as_str()).collect();
                let all = names.len() == items.len() && names.iter().collect::<BTreeSet<_>>().len() == names.len();
                all.then(|| names.iter().map(|name| name.replace('/', "\\/")).collect::<Vec<_>>())
            };
            let names = names("mountPath").or_else(|| names("name"));
            for (index, item) in items.iter().enumerate() {
                let key = names.as_ref().map_or_else(|| index.to_string(), |names| names[index].clone());
                leaves(&format!("{path}/{key}"), item, found);
            }
        }
        leaf => {
            found.insert(path.to_owned(), leaf.clone());
        }
    }
}

fn compare(upstream: &BTreeMap<String, Value>, ours: &BTreeMap<String, Value>) -> Vec<(String, Way, String)> {
    let mut differences = Vec::new();
    for (path, value) in upstream {
        match ours.get(path) {
            None => differences.push((path.clone(), Way::Missing, value.to_string())),
            Some(other) if other != value => differences.push((path.clone(), Way::Changed, format!("{value} => {other}"))),
            Some(_) => {}
        }
    }
    let added = ours.iter().filter(|(path, _)| !upstream.contains_key(*path));
    differences.extend(added.map(|(path, value)| (path.clone(), Way::Added, value.to_string())));
    differences
}

/// A comparison that finds nothing would pass, too.
#[test]
fn the_comparison_sees_what_differs() {
    let of = |value: Value| {
        let mut found = BTreeMap::new();
        leaves("", &value, &mut found);
        found
    };
    let a = of(json!({"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}], "list": [1, 2], "gone": {}}));
    let b = of(json!({"env": [{"name": "B", "value": "3"}, {"name": "A", "value": "1"}], "list": [1, 2, 3]}));
    let found: Vec<_> = compare(&a, &b).into_iter().map(|(path, way, _)| (path, way)).collect();
    let expected = [("/env/B/value", Way::Changed), ("/gone", Way::Missing), ("/list/2", Way::Added)];
    assert_eq!(found, expected.map(|(path, way)| (path.to_owned(), way)));
    assert!(fits("*/description", "/a/description") && !fits("*/description", "/a/description/type") && fits("a*c", "abc"));
}
