//! What the component renders starts the real Headscale of its version, and does there what it says.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::headscale::{MINORS, Rendered, cluster, list, merged, problems, render, text};
use crate::headscale_keys::everything;
use crate::headscale_postgres::Postgres;
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
            let value = if key.contains("key") { private_key(binary) } else { "a-test-password".to_owned() };
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
    socket.set_read_timeout(Some(Duration::from_mins(1))).expect("a timeout");
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
        assert!(map.contains("Total Regions: 1\n") && map.contains("Region 1: A\n"), "{map}");
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

/// Every key at once, none with its default.
#[test]
fn everything_at_once_is_healthy() {
    for minor in MINORS {
        let Some(binary) = part(&format!("headscale-{minor}")) else { return };
        // A question to GitHub would leave the machine, certificates have a test of their own, and commands log to their output.
        let (_, section) = everything(minor);
        let mut section = merged(&section, &json!({"disableCheckUpdates": true, "log": {"level": "warn"}}));
        section["tls"] = json!({});
        let rendered = rendered(minor, &section);
        let server = Pod::new(&binary, &rendered, &values(&binary, &rendered)).start();
        works(&server);
        assert!(server.serves_grpc(), "{minor}");
        let map = server.get_metrics("/debug/derp").expect("an answer");
        assert!(
            map.contains("Region 901: Own\n") && map.contains("901a (derp.example.com:8443)\n") && map.contains("STUN: 3479\n"),
            "{map}"
        );
        assert!(map.contains("Region 950: Home\n"), "{map}");
        let config: Value = body(&server.get_metrics("/debug/config").expect("an answer"));
        let expected = [
            ("/ServerURL", json!("https://hs.example.com")),
            ("/IPAllocation", json!("random")),
            ("/BaseDomain", json!("mesh.home.arpa")),
            ("/Database/Sqlite/WALAutoCheckPoint", json!(500)),
            ("/Database/Gorm/PrepareStmt", json!(false)),
            ("/DERP/ServerRegionID", json!(950)),
            ("/OIDC/PKCE/Enabled", json!(true)),
            ("/OIDC/ExtraParams", json!({"domain_hint": "example.com"})),
            ("/LogTail/Enabled", json!(true)),
            ("/Taildrop/Enabled", json!(false)),
            ("/Tuning/BatcherWorkers", json!(2)),
            ("/Tuning/NodeStoreBatchSize", json!(50)),
            ("/CLI/Timeout", json!(10_000_000_000_u64)),
        ];
        for (pointer, value) in expected {
            assert_eq!(config.pointer(pointer), Some(&value), "{minor}: {pointer} in {config:#}");
        }
    }
}

/// The body of an answer, which is JSON.
fn body(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    // A long answer comes in chunks, whose lengths stand on lines of their own.
    let body: String = body.split("\r\n").filter(|line| !line.chars().all(|c| c.is_ascii_hexdigit())).collect();
    serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error} in {body}"))
}

/// Headscale takes the typed policy, and says it back.
#[test]
fn the_policy_is_the_one_that_was_written() {
    for minor in MINORS {
        let Some(binary) = part(&format!("headscale-{minor}")) else { return };
        let (_, section) = everything(minor);
        let mut policy = section["policy"].clone();
        for tests in ["tests", "sshTests"] {
            // They need nodes that have joined.
            policy.as_object_mut().expect("a map").shift_remove(tests);
        }
        let rendered = rendered(minor, &json!({"policy": policy}));
        let server = Pod::new(&binary, &rendered, &Values::new()).start();
        for user in ["alice", "bob"] {
            server.cli(&["users", "create", user, "--email", &format!("{user}@example.com")]);
        }
        let file = server.file("policy.json");
        assert!(server.cli(&["policy", "check", "--file", file.to_str().expect("a path")]).contains("Policy is valid"));
        let told: Value = serde_json::from_str(&server.cli(&["policy", "get"])).expect("JSON");
        let written: Value = serde_json::from_str(&rendered.files()["policy.json"]).expect("JSON");
        assert_eq!(told, written);
        policy.as_object_mut().expect("a map").shift_remove("mode");
        assert_eq!(written["groups"], policy["groups"]);
    }
}

#[test]
fn a_policy_in_the_database_is_set_by_the_command_line() {
    for minor in MINORS {
        let Some(binary) = part(&format!("headscale-{minor}")) else { return };
        let rendered = rendered(minor, &json!({"policy": {"mode": "database"}}));
        assert!(!rendered.files().contains_key("policy.json"));
        let server = Pod::new(&binary, &rendered, &Values::new()).start();
        let file = server.file("own.json");
        std::fs::write(&file, r#"{"acls": []}"#).expect("a file");
        server.cli(&["policy", "set", "--file", file.to_str().expect("a path")]);
        assert!(server.cli(&["policy", "get"]).contains("acls"));
    }
}

/// gRPC over the network is there only with TLS, or when plain text was asked for: so is its Service.
#[test]
fn grpc_is_served_where_the_service_says_so() {
    for minor in MINORS {
        let Some(binary) = part(&format!("headscale-{minor}")) else { return };
        for insecure in [false, true] {
            let rendered = rendered(minor, &json!({"grpc": {"allowInsecure": insecure}}));
            assert_eq!(rendered.find("Service", "headscale-grpc").is_some(), insecure);
            let server = Pod::new(&binary, &rendered, &Values::new()).start();
            assert_eq!(server.serves_grpc(), insecure);
        }
    }
}

/// A certificate from a Secret; `curl` asks as the kubelet's HTTPS probe does, but looks at the certificate, too.
#[test]
fn a_certificate_from_a_secret_is_served() {
    let Some(curl) = part("curl") else { return };
    let certified = rcgen::generate_simple_self_signed(["hs.example.com".to_owned()]).expect("a certificate");
    let folder = tempfile::tempdir().expect("a folder");
    let authority = folder.path().join("ca.crt");
    std::fs::write(&authority, certified.cert.pem()).expect("a file");
    let value = |key: &str, value: String| (("headscale-tls".to_owned(), key.to_owned()), value);
    let values = Values::from([value("tls.crt", certified.cert.pem()), value("tls.key", certified.signing_key.serialize_pem())]);
    for minor in MINORS {
        let Some(binary) = part(&format!("headscale-{minor}")) else { return };
        let rendered = rendered(minor, &json!({"serverUrl": "https://hs.example.com", "tls": {"secretName": "headscale-tls"}}));
        let probe = rendered.pod()["spec"]["containers"][0]["readinessProbe"]["httpGet"].clone();
        assert_eq!(probe, json!({"path": "/health", "port": "http", "scheme": "HTTPS"}));
        let server = Pod::new(&binary, &rendered, &values).start_until(|port| {
            let mut ask = Command::new(&curl);
            ask.args(["--silent", "--include", "--noproxy", "*", "--resolve", &format!("hs.example.com:{port}:127.0.0.1"), "--cacert"]);
            ask.arg(&authority).arg(format!("https://hs.example.com:{port}/health"));
            let output = ask.output().ok()?;
            // HTTP/2 has no words in its first line.
            Some(String::from_utf8_lossy(&output.stdout).replace("HTTP/2 200", "HTTP/2 200 OK"))
        });
        assert!(server.serves_grpc());
    }
}

/// PostgreSQL with a password from the Secret: the right one works, another does not.
#[test]
fn postgres_is_healthy() {
    let Some(database) = Postgres::start("right-password") else { return };
    for (minor, name) in MINORS.iter().zip(["first", "second"]) {
        let Some(binary) = part(&format!("headscale-{minor}")) else { return };
        database.create(name);
        let section = json!({"useAgenixSecrets": true, "database": {
            "type": "postgres", "postgres": {"host": "127.0.0.1", "port": database.port, "name": name, "user": "headscale"},
        }});
        let rendered = rendered(minor, &section);
        let mut values = values(&binary, &rendered);
        let key = ("headscale-secrets".to_owned(), "postgres-password".to_owned());
        values.insert(key.clone(), "wrong-password".to_owned());
        let log = Pod::new(&binary, &rendered, &values).start_and_fail().unwrap_or_else(|instead| panic!("{instead}"));
        assert!(log.contains("password authentication failed"), "{log}");
        values.insert(key, "right-password".to_owned());
        let server = Pod::new(&binary, &rendered, &values).start();
        works(&server);
        assert!(!server.log().contains("right-password"), "{}", server.log());
    }
}
