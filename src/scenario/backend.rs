//! Pods that answer over HTTP and ask each other, for stories whose matter is how they are reached.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::lab::{ImageFile, Recipe};

const IMAGE: &str = "manifestgen.invalid/web:1";

/// busybox with its web server, and curl: a static busybox does not survive the lookup of a name.
pub(super) fn image() -> Recipe {
    let link = |name: &str| (format!("/bin/{name}"), ImageFile::Link { link: "busybox".to_owned() });
    let mut files: BTreeMap<String, ImageFile> = ["sh", "mkdir", "httpd"].into_iter().map(link).collect();
    files.insert("/bin/busybox".to_owned(), ImageFile::Program { program: "busybox".to_owned() });
    files.insert("/bin/curl".to_owned(), ImageFile::System { system: "curl".to_owned() });
    files.insert("/www/.keep".to_owned(), ImageFile::Text { text: String::new(), executable: false });
    Recipe {
        image: IMAGE.to_owned(),
        files,
        entrypoint: vec!["/bin/sh".to_owned()],
        user: Some("65532:65532".to_owned()),
        environment: [("PATH".to_owned(), "/bin".to_owned())].into(),
    }
}

/// A web server with some pages: each says `word`, and the path that was asked for.
pub(super) struct Backend<'a> {
    /// What the Deployment and its Service are called.
    pub(super) name: &'a str,
    pub(super) namespace: &'a str,
    pub(super) word: &'a str,
    pub(super) replicas: u8,
    /// Where nodes have the Service, too.
    pub(super) node_port: Option<u16>,
}

impl Backend<'_> {
    /// The Deployment and the Service.
    pub(super) fn objects(&self) -> [Value; 2] {
        let labels = json!({"app": self.name});
        let metadata = json!({"name": self.name, "namespace": self.namespace});
        let serve = "mkdir -p deep && echo \"$WORD /\" > index.html && for path in x apix deep/er; do echo \"$WORD /$path\" > $path; done && \
                     exec httpd -f -p 8080 -h .";
        let container = json!({
            "name": "web", "image": IMAGE, "args": ["-c", serve], "workingDir": "/www", "env": [{"name": "WORD", "value": self.word}],
            "ports": [{"name": "http", "containerPort": 8080}],
            "readinessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1},
            // Until every node has heard that it is not asked any more.
            "lifecycle": {"preStop": {"sleep": {"seconds": 3}}},
            "securityContext": {"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}},
            "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "32Mi"}},
            "volumeMounts": [{"name": "www", "mountPath": "/www"}],
        });
        let security = json!({"runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532, "seccompProfile": {"type": "RuntimeDefault"}});
        let pod = json!({
            "automountServiceAccountToken": false,
            "securityContext": security,
            "terminationGracePeriodSeconds": 5,
            "containers": [container],
            "volumes": [{"name": "www", "emptyDir": {}}],
        });
        let template = json!({"metadata": {"labels": labels}, "spec": pod});
        let deployment = json!({"replicas": self.replicas, "selector": {"matchLabels": labels}, "template": template});
        let mut port = json!({"name": "http", "port": 80, "targetPort": "http"});
        let mut service = json!({"selector": labels});
        if let Some(number) = self.node_port {
            port["nodePort"] = number.into();
            service["type"] = "NodePort".into();
        }
        service["ports"] = json!([port]);
        [
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": deployment}),
            json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": service}),
        ]
    }
}
