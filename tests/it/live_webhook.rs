//! Admission webhooks whose pods are not up yet.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};

use crate::command::{Ended, free_port};
use crate::live_world::World;
use crate::parts::python_with;

/// What serves a webhook that allows everything.
const SERVER: &str = r#"
import http.server, json, ssl, sys

class Allow(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps({"apiVersion": review["apiVersion"], "kind": review["kind"],
                             "response": {"uid": review["request"]["uid"], "allowed": True}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
    def log_message(self, *_):
        pass

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("webhook.crt", "webhook.key")
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Allow)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"#;

/// Serves the webhook until the test ends.
fn serve(python: &Path, folder: &Path, port: u16) -> Ended {
    let mut command = Command::new(python);
    command.args(["-c", SERVER, &port.to_string()]).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null());
    Ended(command.spawn().expect("Python starts"))
}

/// A webhook that every Widget of the world's namespace passes, and a Widget; both come with the release.
fn release(world: &World, port: u16) -> Vec<Value> {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    fs::write(world.folder().join("webhook.crt"), pair.cert.pem()).expect("written");
    fs::write(world.folder().join("webhook.key"), pair.signing_key.serialize_pem()).expect("written");
    let bundle = base64::engine::general_purpose::STANDARD.encode(pair.cert.pem());
    let group = format!("{}.example.com", world.name);
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    vec![
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": format!("widgets.{group}")},
            "spec": {
                "group": group, "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema}],
            },
        }),
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {"name": world.name},
            "webhooks": [{
                "name": format!("check.{group}"), "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Fail",
                "timeoutSeconds": 2,
                "clientConfig": {"url": format!("https://localhost:{port}/"), "caBundle": bundle},
                "rules": [{"apiGroups": [group], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["widgets"]}],
            }],
        }),
        json!({"apiVersion": format!("{group}/v1"), "kind": "Widget", "metadata": {"name": "a", "namespace": world.name}, "spec": {"size": 1}}),
    ]
}

fn configured(world: &World) -> bool {
    !world.kubectl(&["get", "validatingwebhookconfiguration", &world.name, "--ignore-not-found", "-o", "name"]).is_empty()
}

#[test]
fn a_webhook_that_comes_up_is_waited_for() {
    let (Some(world), Some(python)) = (World::new("webhook-up"), python_with("ssl")) else { return };
    let port = free_port();
    let mut objects = release(&world, port);
    world.write(&objects);
    // The first time the server learns of the webhook just before the Widget comes.
    let (ran, webhook) = thread::scope(|scope| {
        let apply = scope.spawn(|| world.on_release("apply", &["--no-wait", "--timeout", "60s"]));
        while !configured(&world) {
            assert!(!apply.is_finished(), "it ended before the webhook was there");
        }
        thread::sleep(Duration::from_secs(2));
        assert!(!apply.is_finished(), "a webhook that nobody serves let an object pass");
        let webhook = serve(&python, world.folder(), port);
        (apply.join().expect("it ends"), webhook)
    });
    assert_eq!(ran.code, 0, "{}", ran.shown());
    drop(webhook);
    // The second time the plan meets it already.
    objects[2]["spec"]["size"] = 2.into();
    world.write(&objects);
    let (ran, _webhook) = thread::scope(|scope| {
        let apply = scope.spawn(|| world.on_release("apply", &["--no-wait", "--timeout", "60s"]));
        thread::sleep(Duration::from_secs(3));
        let webhook = serve(&python, world.folder(), port);
        (apply.join().expect("it ends"), webhook)
    });
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert_eq!(world.get(&format!("widgets.{}.example.com", world.name), "a")["spec"]["size"], 2);
    world.kubectl(&["delete", "validatingwebhookconfiguration", &world.name]);
}

#[test]
fn a_webhook_that_stays_away_is_named() {
    let Some(world) = World::new("webhook-away") else { return };
    let objects = release(&world, free_port());
    world.write(&objects);
    let ran = world.on_release("apply", &["--no-wait", "--timeout", "4s"]);
    assert_eq!(ran.code, 1, "{}", ran.shown());
    assert!(ran.stderr.contains("check.webhook-away.example.com"), "{}", ran.shown());
    assert!(ran.stderr.contains("widgets") || ran.stderr.contains("Widget"), "{}", ran.shown());
    // The rest of the release is there, and the next plan says what is in the way.
    let ran = world.on_release("plan", &[]);
    assert_eq!(ran.code, 1, "{}", ran.shown());
    assert!(ran.shown().contains("check.webhook-away.example.com"), "{}", ran.shown());
    world.kubectl(&["delete", "validatingwebhookconfiguration", &world.name]);
}
