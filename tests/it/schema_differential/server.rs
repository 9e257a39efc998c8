//! What a real API server says to objects: a strict dry run of their creation.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use kube::Client;
use manifestgen::live::client_of;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

/// Requests under way at a time.
const PARALLEL: usize = 16;

/// A fresh server that gets many definitions at once serves the last of them after seconds, on a busy machine after many.
const PATIENCE: Duration = Duration::from_mins(3);

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// What the server said to one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The HTTP status; 0 when there was no answer.
    pub(crate) status: u16,
    /// Its message; empty when it accepted.
    pub(crate) message: String,
}

impl Verdict {
    /// Whether the object was taken; nothing where the answer is not about the object (no such namespace, no permission, a failure).
    pub(crate) fn accepted(&self) -> Option<bool> {
        match self.status {
            200..300 => Some(true),
            400 | 413 | 422 => Some(false),
            _ => None,
        }
    }
}

/// A server and where it takes which kind.
pub(crate) struct Server {
    client: Client,
    /// Path, plural and whether it is namespaced, by `apiVersion` and kind.
    resources: BTreeMap<(String, String), (String, bool)>,
}

impl Server {
    /// Connects, brings the definitions, and asks which kinds there are.
    pub(crate) async fn connect(kubeconfig: &[u8], definitions: &[Value]) -> Self {
        let kubeconfig = serde_json::from_slice(kubeconfig).expect("the kubeconfig is JSON");
        let client = client_of(kubeconfig).await.expect("a client");
        let mut server = Self { client, resources: BTreeMap::new() };
        for definition in definitions {
            server.define(definition).await;
        }
        let deadline = Instant::now() + PATIENCE;
        for definition in definitions {
            while !server.serves(definition).await {
                assert!(Instant::now() < deadline, "not served in time: {}", definition["metadata"]["name"]);
                sleep(Duration::from_millis(100)).await;
            }
        }
        server.discover().await;
        server
    }

    /// Asks about all objects, many at a time; the answers are in their order.
    pub(crate) async fn ask(&self, objects: impl IntoIterator<Item = &Value>) -> Vec<Verdict> {
        stream::iter(objects).map(|object| self.ask_one(object)).buffered(PARALLEL).collect().await
    }

    async fn ask_one(&self, object: &Value) -> Verdict {
        let Some(path) = self.path(object) else {
            return Verdict { status: 404, message: "the server does not have the kind".to_owned() };
        };
        // Users write YAML. JSON is YAML, and the server reads numbers in it as they come from there: `2.0` is 2.
        let request = http::Request::post(format!("{path}?dryRun=All&fieldValidation=Strict")).header("content-type", "application/yaml");
        let request = request.body(object.to_string().into_bytes()).expect("a request");
        match self.client.send(request.map(Into::into)).await {
            Ok(response) => {
                let status = response.status().as_u16();
                let bytes = kube::client::Body::collect_bytes(response.into_body()).await.unwrap_or_default();
                let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
                let message = if status < 300 { "" } else { answer["message"].as_str().unwrap_or_default() };
                Verdict { status, message: message.to_owned() }
            }
            Err(error) => Verdict { status: 0, message: error.to_string() },
        }
    }

    fn path(&self, object: &Value) -> Option<String> {
        let field = |name: &str| object[name].as_str().unwrap_or_default().to_owned();
        let (resource, namespaced) = self.resources.get(&(field("apiVersion"), field("kind")))?;
        let (version, plural) = resource.rsplit_once('/')?;
        let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str).filter(|name| !name.is_empty());
        let namespace: String = namespace.unwrap_or("default").bytes().map(escaped).collect();
        Some(if *namespaced { format!("{version}/namespaces/{namespace}/{plural}") } else { resource.clone() })
    }

    /// Creates a definition, without its webhook: nobody serves one here.
    async fn define(&self, definition: &Value) {
        let mut definition = definition.clone();
        if definition["spec"]["conversion"]["strategy"] == "Webhook" {
            definition["spec"]["conversion"] = json!({"strategy": "None"});
        }
        let request = http::Request::post(DEFINITIONS).header("content-type", "application/json");
        let request = request.body(definition.to_string().into_bytes()).expect("a request");
        match self.client.request::<Value>(request).await {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => {}
            Err(error) => panic!("the server does not take {}: {error}", definition["metadata"]["name"]),
        }
    }

    /// Whether objects of all kinds of a definition can be listed.
    async fn serves(&self, definition: &Value) -> bool {
        let field = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (group, plural) = (field(&definition["spec"]["group"]), field(&definition["spec"]["names"]["plural"]));
        for version in definition["spec"]["versions"].as_array().into_iter().flatten().filter(|version| version["served"] != false) {
            let path = format!("/apis/{group}/{}/{plural}?limit=1", field(&version["name"]));
            if self.get(&path).await.is_null() {
                return false;
            }
        }
        true
    }

    async fn discover(&mut self) {
        let groups = self.get("/apis").await;
        let of_group = |group: &Value| group["versions"].as_array().cloned().unwrap_or_default();
        let versions = groups["groups"].as_array().into_iter().flatten().flat_map(of_group);
        let names = versions.map(|version| version["groupVersion"].as_str().unwrap_or_default().to_owned());
        for api_version in names.chain(["v1".to_owned()]) {
            let path = if api_version == "v1" { "/api/v1".to_owned() } else { format!("/apis/{api_version}") };
            for resource in self.get(&path).await["resources"].as_array().into_iter().flatten() {
                let field = |name: &str| resource[name].as_str().unwrap_or_default();
                let creates = resource["verbs"].as_array().is_some_and(|verbs| verbs.contains(&"create".into()));
                if creates && !field("name").contains('/') {
                    let value = (format!("{path}/{}", field("name")), resource["namespaced"] == true);
                    self.resources.insert((api_version.clone(), field("kind").to_owned()), value);
                }
            }
        }
    }

    async fn get(&self, path: &str) -> Value {
        let request = http::Request::get(path).body(Vec::new()).expect("a request");
        self.client.request(request).await.unwrap_or_default()
    }
}

/// One byte of a segment of a path.
fn escaped(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}
