//! The way into a throw-away control plane.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::certificates::Certificates;

/// A kubeconfig with everything inside it. JSON, which every YAML reader takes.
pub(super) fn kubeconfig(port: u16, certificates: &Certificates) -> Value {
    let name = "manifestgen-lab";
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": "default"}}],
        "clusters": [{"name": name, "cluster": {
            "server": format!("https://127.0.0.1:{port}"),
            "certificate-authority-data": STANDARD.encode(&certificates.authority),
        }}],
        "users": [{"name": name, "user": {
            "client-certificate-data": STANDARD.encode(&certificates.client.certificate),
            "client-key-data": STANDARD.encode(&certificates.client.key),
        }}],
    })
}
