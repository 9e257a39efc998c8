//! Functions and operators of CEL against a real API server: each line of `fixtures/cel/expressions.txt` is a rule.
//!
//! A line that holds, one that does not and one that cannot be evaluated differ on the server by its refusal and message. Every line has
//! to end the same way here, or be said to be not checked.

use std::collections::{BTreeMap, BTreeSet};

use manifestgen::live::client_of;
use manifestgen::schema::Catalog;
use serde_json::{Value, json};

use crate::lab_server::kubeconfig;
use crate::schema_differential::seeds::read;

/// How many lines may be not checked here: a time as text, which keeps the offset that it was written with.
const NOT_CHECKED: usize = 1;

const KIND: &str = "/apis/reckon.example.com/v1/namespaces/default/reckoneds?dryRun=All&fieldValidation=Strict";
const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

fn expressions() -> Vec<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cel/expressions.txt");
    let text = std::fs::read_to_string(path).expect("a fixture");
    text.lines().filter(|line| !line.is_empty() && !line.starts_with("//")).map(ToOwned::to_owned).collect()
}

/// The definition and the object; a rule for each expression, told apart by its message.
fn case() -> (Value, Value) {
    let mut documents = read("cel").into_iter();
    let (mut definition, object) = documents.next().zip(documents.next()).expect("a definition and an object");
    let rules: Vec<Value> =
        expressions().iter().enumerate().map(|(number, rule)| json!({"rule": rule, "message": format!("#{number};")})).collect();
    let spec = definition.pointer_mut("/spec/versions/0/schema/openAPIV3Schema/properties/spec").expect("the spec");
    spec["x-kubernetes-validations"] = rules.into();
    (definition, object)
}

/// The numbers of the rules that a message is about, and whether they could not be evaluated.
fn numbers(message: &str) -> Option<(usize, bool)> {
    let (front, rest) = message.split_once('#')?;
    Some((rest.split_once(';')?.0.parse().ok()?, front.contains("evaluating rule") || front.contains("no such overload")))
}

async fn ask(kubeconfig: &[u8], definition: &Value, object: &Value) -> BTreeMap<usize, bool> {
    let client = client_of(serde_json::from_slice(kubeconfig).expect("JSON")).await.expect("a client");
    let send = async |path: &str, body: &Value| {
        let request = http::Request::post(path).header("content-type", "application/json").body(body.to_string().into_bytes());
        let response = client.send(request.expect("a request").map(Into::into)).await.expect("an answer");
        let status = response.status().as_u16();
        let bytes = kube::client::Body::collect_bytes(response.into_body()).await.unwrap_or_default();
        (status, serde_json::from_slice::<Value>(&bytes).unwrap_or_default())
    };
    let (status, answer) = send(DEFINITIONS, definition).await;
    assert!(matches!(status, 201 | 409), "the server does not take the definition: {}", answer["message"]);
    for _ in 0..300 {
        let (status, answer) = send(KIND, object).await;
        if status == 422 {
            let causes = answer["details"]["causes"].as_array().cloned().unwrap_or_default();
            return causes.iter().filter_map(|cause| numbers(cause["message"].as_str()?)).collect();
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    panic!("the server does not judge the object");
}

#[test]
fn every_line_ends_as_on_the_server() {
    let Some(kubeconfig) = kubeconfig() else { return };
    let (definition, object) = case();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let theirs = runtime.block_on(ask(&std::fs::read(kubeconfig).expect("a kubeconfig"), &definition, &object));
    let mut catalog = Catalog::new("1.36").expect("known");
    catalog.add_crd(&definition).expect("a whole definition");
    let (mut ours, mut unknown) = (BTreeMap::new(), BTreeSet::new());
    let expressions = expressions();
    for violation in catalog.check(&object) {
        match violation.rule {
            "schema/cel" => ours.extend(numbers(&violation.message)),
            "schema/not-checked" => unknown.extend(expressions.iter().position(|rule| violation.message.contains(&format!("`{rule}`")))),
            other => panic!("{other}: {} {}", violation.path, violation.message),
        }
    }
    let ends = |verdicts: &BTreeMap<usize, bool>, number: usize| match verdicts.get(&number) {
        None => "holds",
        Some(false) => "does not hold",
        Some(true) => "cannot be evaluated",
    };
    let mut differ = Vec::new();
    for (number, rule) in expressions.iter().enumerate().filter(|(number, _)| !unknown.contains(number)) {
        let (server, here) = (ends(&theirs, number), ends(&ours, number));
        if server != here {
            differ.push(format!("{rule}\n    on the server: {server}; here: {here}"));
        }
    }
    let unchecked: Vec<_> = unknown.iter().map(|number| &expressions[*number]).collect();
    assert!(
        differ.is_empty(),
        "{} of {} lines differ:\n{}\nnot checked: {unchecked:#?}",
        differ.len(),
        expressions.len(),
        differ.join("\n")
    );
    assert!(unchecked.len() <= NOT_CHECKED, "not checked: {unchecked:#?}");
}
