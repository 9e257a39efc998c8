//! The real Headscale, with keys that were delivered.

use std::fs;

use serde_json::json;

use super::Deliveries;
use crate::headscale;
use crate::headscale_server::{Pod, Values};
use crate::parts::part;
use crate::secret::public;

/// The real Headscale keeps its identity while everything else gets new values, and changes it with its own key.
#[test]
fn headscale_keeps_its_identity() {
    let Some(binary) = part("headscale-0.29") else { return };
    let Some(home) = Deliveries::new("deliver-headscale") else { return };
    let section = json!({"version": "0.29", "useAgenixSecrets": true, "namespace": home.world.name, "storage": {"type": "ephemeral"}});
    let text = format!(
        "\
cluster: {{name: {}}}
nodes: [{{name: primer, role: server, hostKeys: [{}]}}]
recipients: {{admins: [{}]}}
headscale: {section}
secrets:
  - {{name: noise, make: {{type: noise-key}}, deliver: [{{type: headscale-noise-key}}]}}
  - {{name: derp, make: {{type: noise-key}}, deliver: [{{type: headscale-derp-key}}]}}
  - {{name: k3s-token, make: {{type: random}}, deliver: [{{type: k3s-token}}]}}
",
        home.world.name,
        public("host-ed25519"),
        public("age")
    );
    fs::write(home.world.folder().join("cluster.yaml"), text).expect("written");
    home.secret(&["create"]).good();
    let rendered = headscale::render(&headscale::cluster(&section));
    let identity = || {
        home.deliver();
        let name = rendered.secrets[0].name.clone();
        let values: Values = home.values(&name).into_iter().map(|(key, value)| ((name.clone(), key), value)).collect();
        let server = Pod::new(&binary, &rendered, &values).start();
        assert!(!server.log().contains("creating"), "{}", server.log());
        let answer = server.get("/key?v=125");
        answer.rsplit_once("\r\n\r\n").map(|(_, body)| body.to_owned()).expect("a body")
    };
    let first = identity();
    assert!(first.contains("publicKey"), "{first}");
    home.secret(&["rotate", "derp", "k3s-token"]).good();
    assert_eq!(identity(), first);
    home.secret(&["rotate", "noise"]).good();
    assert_ne!(identity(), first);
}
