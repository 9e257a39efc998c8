//! What the component renders starts the real Headscale of its version, and does there what it says.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::headscale::{MINORS, Rendered, cluster, list, merged, problems, render, text};
use crate::headscale_server::{Pod, Server, Values, private_key};
use crate::parts::part;

fn rendered(minor: &str, section: &Value) -> Rendered {
    let cluster = cluster(&merged(&json!({"version": minor}), section));
    let errors: Vec<_> = problems(&cluster).into_iter().filter(|(severity, ..)| *severity == manifestgen::diag::Severity::Error).collect();
    assert_eq!(errors, []);
    render(&cluster)
}

/// Values for every Secret that the setup declares; the keys are made by Headscale.
fn values(binary: &Path, rendered: &Rendered) -> Values {
    let mut values = BTreeMap::new();
    for secret in &rendered.secrets {
        for key in &secret.keys {
            let value = if key.ends_with(".key") { private_key(binary) } else { "a test password".replace(' ', "-") };
            values.insert((secret.name.clone(), key.clone()), value);
        }
    }
    values
}

/// A user, a key to join with, and the list of them: what a primer does first.
fn make_pre_auth_key(server: &Server) -> Value {
    server.cli(&["users", "create", "alice"]);
    let users: Value = serde_json::from_str(&server.cli(&["users", "list", "--output", "json"])).expect("JSON");
    let id = list(&users)[0]["id"].to_string();
    let key = server.cli(&["preauthkeys", "create", "--user", &id, "--reusable", "--expiration", "24h", "--output", "json"]);
    let key: Value = serde_json::from_str(&key).expect("JSON");
    assert_eq!(key["reusable"], true);
    assert!(text(&key["key"]).len() > 20);
    users
}

/// A server that works: its protocol's key, its command line, its metrics.
fn works(server: &Server) {
    assert!(server.get("/key?v=125").contains("publicKey"), "{}", server.log());
    make_pre_auth_key(server);
    let metrics = server.get_metrics("/metrics").expect("an answer");
    assert!(metrics.contains("go_goroutines"), "{metrics}");
}

#[test]
fn sqlite_with_every_form_of_derp_is_healthy() {
    let region =
        json!([{"regionId": 901, "regionCode": "own", "regionName": "Own", "nodes": [{"name": "901a", "hostName": "derp.example.com"}]}]);
    let forms = [
        ("embedded", json!({})),
        ("file", json!({"derp": {"server": {"enabled": false}, "map": {"regions": region}}})),
        ("both", json!({"derp": {"map": {"regions": region}}})),
        (
            "own entry",
            json!({"derp": {
                "server": {"regionId": 901, "automaticallyAddEmbeddedDerpRegion": false}, "map": {"regions": region},
            }}),
        ),
    ];
    for minor in MINORS {
        let Some(binary) = part(&format!("headscale-{minor}")) else { return };
        for (name, derp) in &forms {
            let rendered = rendered(minor, derp);
            let server = Pod::new(&binary, &rendered, &Values::new()).start();
            works(&server);
            let embedded = rendered.config()["derp"]["server"]["enabled"] == true;
            let relay = server.get("/derp");
            assert_eq!(relay.starts_with("HTTP/1.1 426"), embedded, "{name}: {relay}");
            assert_eq!(answers_stun(&server), embedded, "{name}");
            let (_, status) = server.stop();
            assert!(status.success(), "{name}: {status}");
        }
    }
}

/// A STUN request as Tailscale's clients send it (RFC 5389, with their SOFTWARE and a FINGERPRINT), and whether somebody answers.
fn answers_stun(server: &Server) -> bool {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let mut request = vec![0, 1, 0, 20, 0x21, 0x12, 0xa4, 0x42];
    request.extend(b"manifestgen!");
    request.extend([0x80, 0x22, 0, 8]);
    request.extend(b"tailnode");
    let checksum = crc32(&request) ^ 0x5354_554e;
    request.extend([0x80, 0x28, 0, 4]);
    request.extend(checksum.to_be_bytes());
    let Some(stun) = server.stun() else { return false };
    if socket.connect(stun).is_err() || socket.send(&request).is_err() {
        return false;
    }
    socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    let mut answer = [0; 512];
    // A closed port refuses at once; only an open one is waited for.
    socket.recv(&mut answer).is_ok_and(|length| length > 20 && answer[..2] == [1, 1] && answer[8..20] == *b"manifestgen!")
}

/// CRC-32 as in RFC 5389, 15.5.
fn crc32(bytes: &[u8]) -> u32 {
    let fold =
        |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 });
    !bytes.iter().fold(u32::MAX, fold)
}

/// Relays from a URL, served on the loopback address.
#[test]
fn derp_maps_are_fetched_from_urls() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/derpmap", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        let map = r#"{"Regions":{"1":{"RegionID":1,"RegionCode":"a","RegionName":"A","Nodes":[]},"2":{"RegionID":2,"RegionCode":"b","RegionName":"B","Nodes":[]}}}"#;
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{map}", map.len());
        }
    });
    for minor in MINORS {
        let Some(binary) = part(&format!("headscale-{minor}")) else { return };
        let section = json!({"derp": {"server": {"enabled": false}, "urls": [url], "map": {"disabledRegions": [2]}}});
        let server = Pod::new(&binary, &rendered(minor, &section), &Values::new()).start();
        let map = server.get_metrics("/debug/derp").expect("an answer");
        assert!(map.contains("[1]") || map.contains("Region 1") || map.contains("RegionID: 1") || map.contains(r#""1""#), "{map}");
        assert!(!map.contains("\"B\"") && !map.contains(": B"), "{map}");
    }
}

/// Keys from the Secret are the ones that the server uses, and it generates none.
#[test]
fn keys_come_from_the_secret() {
    for minor in MINORS {
        let Some(binary) = part(&format!("headscale-{minor}")) else { return };
        let rendered = rendered(minor, &json!({"useAgenixSecrets": true, "storage": {"type": "ephemeral"}}));
        let values = values(&binary, &rendered);
        let public = |values: &Values| {
            let server = Pod::new(&binary, &rendered, values).start();
            assert!(!server.log().contains("creating"), "{}", server.log());
            let answer = server.get("/key?v=125");
            answer.rsplit_once("\r\n\r\n").map(|(_, body)| body.to_owned()).expect("a body")
        };
        let first = public(&values);
        assert_eq!(first, public(&values));
        assert_ne!(first, public(&self::values(&binary, &rendered)));
    }
}

/// The database, the generated keys and the users are still there after a restart.
#[test]
fn a_restart_keeps_what_the_storage_holds() {
    for minor in MINORS {
        let Some(binary) = part(&format!("headscale-{minor}")) else { return };
        let server = Pod::new(&binary, &rendered(minor, &json!({})), &Values::new()).start();
        let users = make_pre_auth_key(&server);
        let key = server.get("/key?v=125").lines().last().map(ToOwned::to_owned);
        let (pod, status) = server.stop();
        assert!(status.success(), "{status}");
        let server = pod.start();
        let after: Value = serde_json::from_str(&server.cli(&["users", "list", "--output", "json"])).expect("JSON");
        assert_eq!(users, after);
        assert_eq!(key, server.get("/key?v=125").lines().last().map(ToOwned::to_owned));
    }
}

#[test]
fn an_unset_metrics_listener_is_off() {
    for minor in MINORS {
        let Some(binary) = part(&format!("headscale-{minor}")) else { return };
        let server = Pod::new(&binary, &rendered(minor, &json!({"metrics": {"enabled": false}})), &Values::new()).start();
        assert_eq!(server.get_metrics("/metrics"), None);
    }
}

/// Records of a ConfigMap that somebody else keeps.
#[test]
fn extra_records_are_read_from_a_config_map() {
    for minor in MINORS {
        let Some(binary) = part(&format!("headscale-{minor}")) else { return };
        let section = json!({"dns": {"extraRecordsFrom": {"name": "records", "key": "records.json"}}});
        let records = r#"[{"name": "grafana.mesh.internal", "type": "A", "value": "100.64.0.3"}]"#;
        let values = BTreeMap::from([(("records".to_owned(), "records.json".to_owned()), records.to_owned())]);
        let server = Pod::new(&binary, &rendered(minor, &section), &values).start();
        works(&server);
    }
}
