//! The way into a throw-away control plane.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::certificates::{Authority, Identity};

/// A kubeconfig with everything inside it. JSON, which every YAML reader takes.
pub(super) fn kubeconfig(server: &str, authority: &Authority, client: &Identity) -> Value {
    let name = "manifestgen-lab";
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": "default"}}],
        "clusters": [{"name": name, "cluster": {
            "server": server,
            "certificate-authority-data": STANDARD.encode(&authority.certificate),
        }}],
        "users": [{"name": name, "user": {
            "client-certificate-data": STANDARD.encode(&client.certificate),
            "client-key-data": STANDARD.encode(&client.key),
        }}],
    })
}
