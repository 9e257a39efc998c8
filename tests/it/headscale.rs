//! What the tests of the Headscale component share.

use std::collections::BTreeMap;

use manifestgen::component::{ALL, Component, Output};
use manifestgen::config::{Cluster, Problem, Problems, headscale};
use manifestgen::diag::Severity;
use manifestgen::manifest::{DeclaredSecret, Object};
use manifestgen::source::Sources;
use manifestgen::yaml::{self, Limits};
use serde_json::{Value, json};

/// The minors that are supported, as the real parts are named: `headscale-0.28`, `headscale-0.29`.
pub(crate) const MINORS: [&str; 2] = ["0.28", "0.29"];

/// A cluster with one server node and this `headscale` section.
pub(crate) fn cluster(headscale: &Value) -> Cluster {
    let cluster = json!({
        "cluster": {"name": "home"},
        "nodes": [{"name": "primer", "role": "server", "address": "192.168.1.10"}],
        "headscale": headscale,
    });
    serde_json::from_value(cluster).expect("a cluster")
}

/// Puts the values of the second over those of the first, map by map.
pub(crate) fn merged(base: &Value, over: &Value) -> Value {
    let (Value::Object(base), Value::Object(over)) = (base, over) else { return over.clone() };
    let mut all = base.clone();
    for (key, value) in over {
        let value = all.get(key).map_or_else(|| value.clone(), |below| merged(below, value));
        all.insert(key.clone(), value);
    }
    Value::Object(all)
}

/// What the semantic checks say: severity and path.
pub(crate) fn problems(cluster: &Cluster) -> Vec<(Severity, String, String)> {
    let mut problems = Problems::new();
    headscale::check(cluster, &mut problems);
    problems.as_slice().iter().map(|problem| (problem.severity, problem.path.to_string(), problem.message.clone())).collect()
}

/// What the semantic checks say, in full.
pub(crate) fn said(cluster: &Cluster) -> String {
    let mut problems = Problems::new();
    headscale::check(cluster, &mut problems);
    let line =
        |problem: &Problem| format!("{:?} {} {}: {}\n  -> {}", problem.severity, problem.path, problem.rule, problem.message, problem.hint);
    problems.as_slice().iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What the component makes.
pub(crate) struct Rendered {
    pub(crate) objects: Vec<Object>,
    pub(crate) secrets: Vec<DeclaredSecret>,
}

/// Renders the component alone.
pub(crate) fn render(cluster: &Cluster) -> Rendered {
    let component: &Component = ALL.iter().find(|component| component.name == "headscale").expect("a component");
    let mut output = Output::new(component.name, (component.namespaces)(cluster));
    (component.render)(cluster, &mut output).expect("the component renders");
    let built = output.into_built();
    Rendered { objects: built.objects, secrets: built.secrets }
}

impl Rendered {
    pub(crate) fn find(&self, kind: &str, name: &str) -> Option<&Object> {
        self.objects.iter().find(|object| object.kind() == kind && object.name() == name)
    }

    pub(crate) fn get(&self, kind: &str, name: &str) -> Value {
        let object = self.find(kind, name).unwrap_or_else(|| panic!("there is no {kind} {name}"));
        serde_json::to_value(object).expect("JSON")
    }

    /// The pod's template.
    pub(crate) fn pod(&self) -> Value {
        self.get("Deployment", "headscale")["spec"]["template"].clone()
    }

    /// The files of the ConfigMap by name.
    pub(crate) fn files(&self) -> BTreeMap<String, String> {
        serde_json::from_value(self.get("ConfigMap", "headscale-config")["data"].clone()).expect("texts")
    }

    /// Headscale's own config, read back.
    pub(crate) fn config(&self) -> Value {
        let mut documents = documents(&self.files()["config.yaml"]);
        assert_eq!(documents.len(), 1);
        documents.remove(0)
    }
}

/// The documents of a YAML text.
pub(crate) fn documents(text: &str) -> Vec<Value> {
    let mut sources = Sources::new();
    let source = sources.add("test.yaml", text);
    let nodes = yaml::parse(source, text, Limits::MANIFESTS).unwrap_or_else(|error| panic!("{error:?} in\n{text}"));
    nodes.iter().map(yaml::Node::to_json).collect()
}

/// The entries of a list.
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The text of a value that has to be one.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}
