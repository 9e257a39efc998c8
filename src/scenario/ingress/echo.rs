//! Web servers that answer with what they were asked, in the form of whoami, which the VM test has: its name, the request and the headers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::lab::{ImageFile, Recipe};

const IMAGE: &str = "manifestgen.invalid/echo:1";

/// One request, on stdin and stdout. Lines end as HTTP's do.
const ANSWER: &str = r#"#!/bin/sh
end=$(printf '\r')
read -r request
headers=
while read -r line && [ "$line" != "$end" ]; do
  headers="$headers$line
"
done
printf 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nName: %s\n%s\n%s' "$NAME" "$request" "$headers"
"#;

pub(super) fn image() -> Recipe {
    let link = |name: &str| (format!("/bin/{name}"), ImageFile::Link { link: "busybox".to_owned() });
    let mut files: BTreeMap<String, ImageFile> = ["sh", "nc"].into_iter().map(link).collect();
    files.insert("/bin/busybox".to_owned(), ImageFile::Program { program: "busybox".to_owned() });
    files.insert("/answer".to_owned(), ImageFile::Text { text: ANSWER.to_owned(), executable: true });
    Recipe {
        image: IMAGE.to_owned(),
        files,
        entrypoint: ["/bin/nc", "-ll", "-p", "8080", "-e", "/answer"].map(ToOwned::to_owned).to_vec(),
        user: Some("65534:65534".to_owned()),
        environment: [("PATH".to_owned(), "/bin".to_owned())].into(),
    }
}

/// The Deployment and the Service of a server on this node.
pub(super) fn objects(name: &str, namespace: &str, node: &str) -> [Value; 2] {
    let labels = json!({"app.kubernetes.io/name": name});
    let metadata = json!({"name": name, "namespace": namespace, "labels": labels});
    let container = json!({
        "name": "echo", "image": IMAGE, "env": [{"name": "NAME", "value": name}],
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/health", "port": "http"}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
        "securityContext": {"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}},
    });
    let pod = json!({
        "automountServiceAccountToken": false,
        "nodeSelector": {"kubernetes.io/hostname": node},
        "terminationGracePeriodSeconds": 1,
        "securityContext": {"runAsNonRoot": true, "runAsUser": 65534, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
    });
    let deployment = json!({"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}});
    let service = json!({"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]});
    [
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": deployment}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": service}),
    ]
}
