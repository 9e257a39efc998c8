//! Every combination of storage, secrets, database, version and DERP form gives objects that are whole and fit each other.
//!
//! A template that pasted strings broke on two of them: an empty volume claim left a document without content, and a volume was
//! indented by 20 blanks instead of 8.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use manifestgen::config::Cluster;
use manifestgen::schema::Catalog;
use manifestgen::yaml;
use serde_json::{Value, json};

use crate::headscale::{MINORS, Rendered, cluster, documents, list, merged, problems, render, text};

/// One value of each dimension, under the name that a failure shows.
type Dimension = Vec<(&'static str, Value)>;

fn dimensions() -> Vec<Dimension> {
    let region =
        json!([{"regionId": 901, "regionCode": "own", "regionName": "Own", "nodes": [{"name": "901a", "hostName": "derp.example.com"}]}]);
    vec![
        vec![
            ("ephemeral", json!({"storage": {"type": "ephemeral"}})),
            ("persistent", json!({"storage": {"type": "persistent", "size": "2Gi"}})),
        ],
        vec![("generated keys", json!({})), ("agenix", json!({"useAgenixSecrets": true}))],
        vec![
            ("sqlite", json!({})),
            ("postgres", json!({"database": {"type": "postgres", "postgres": {"host": "postgres.databases.svc.cluster.local"}}})),
        ],
        MINORS.iter().map(|minor| (*minor, json!({"version": minor}))).collect(),
        vec![
            ("embedded DERP", json!({})),
            ("DERP file", json!({"derp": {"server": {"enabled": false}, "map": {"regions": region}}})),
            ("both", json!({"derp": {"map": {"regions": region, "disabledRegions": [1]}}})),
            ("DERP URL", json!({"derp": {"server": {"enabled": false}, "urls": ["https://controlplane.tailscale.com/derpmap/default"]}})),
        ],
        vec![("plain", json!({})), ("certificate", json!({"tls": {"secretName": "headscale-tls"}}))],
    ]
}

/// All combinations.
pub(crate) fn combinations() -> Vec<(String, Value)> {
    dimensions().into_iter().fold(vec![(String::new(), json!({}))], |all, dimension| {
        let with = |(name, below): &(String, Value)| {
            dimension.iter().map(|(added, over)| (format!("{name} · {added}"), merged(below, over))).collect::<Vec<_>>()
        };
        all.iter().flat_map(with).collect()
    })
}

/// Rendered once for all tests.
static ALL: LazyLock<Vec<(String, Cluster, Rendered)>> = LazyLock::new(|| {
    let rendered = |(name, section): (String, Value)| {
        let cluster = cluster(&section);
        let rendered = render(&cluster);
        (name, cluster, rendered)
    };
    combinations().into_iter().map(rendered).collect()
});

fn each(check: impl Fn(&str, &Cluster, &Rendered)) {
    assert_eq!(ALL.len(), 2 * 2 * 2 * 2 * 4 * 2);
    for (name, cluster, rendered) in ALL.iter() {
        check(name, cluster, rendered);
    }
}

#[test]
fn every_combination_is_valid() {
    each(|name, cluster, _| {
        let errors: Vec<_> =
            problems(cluster).into_iter().filter(|(severity, ..)| *severity == manifestgen::diag::Severity::Error).collect();
        assert_eq!(errors, [], "{name}");
    });
}

#[test]
fn every_document_reads_back_as_it_was() {
    each(|name, _, rendered| {
        let mut stream = String::new();
        for object in &rendered.objects {
            let text = yaml::to_string(object).expect("YAML");
            let value = serde_json::to_value(object).expect("JSON");
            assert_eq!(documents(&text), [value], "{name}: {} {}", object.kind(), object.name());
            stream.push_str("---\n");
            stream.push_str(&text);
        }
        let read = documents(&stream);
        assert_eq!(read.len(), rendered.objects.len(), "{name}");
        assert!(read.iter().all(|document| text(&document["metadata"]["namespace"]) == "headscale"), "{name}");
    });
}

#[test]
fn every_supported_kubernetes_knows_every_field() {
    for version in manifestgen::versions::KUBERNETES_MINORS {
        let catalog = Catalog::new(version).expect("a supported version");
        each(|name, _, rendered| {
            for object in &rendered.objects {
                let violations = catalog.check(&serde_json::to_value(object).expect("JSON"));
                assert!(violations.is_empty(), "{version}: {name}: {violations:?}");
            }
        });
    }
}

#[test]
fn every_mount_has_its_volume_and_every_volume_its_source() {
    each(|name, _, rendered| {
        let pod = rendered.pod();
        let volumes = list(&pod["spec"]["volumes"]);
        let mounts = list(&pod["spec"]["containers"][0]["volumeMounts"]);
        let names = |list: &[Value]| list.iter().map(|entry| text(&entry["name"]).to_owned()).collect::<Vec<_>>();
        assert_eq!(names(volumes), names(mounts), "{name}");
        let unique: BTreeSet<_> = names(volumes).into_iter().collect();
        let paths: BTreeSet<_> = mounts.iter().map(|mount| text(&mount["mountPath"])).collect();
        assert_eq!((unique.len(), paths.len()), (volumes.len(), volumes.len()), "{name}");
        for volume in volumes {
            assert!(source_exists(rendered, volume), "{name}: {volume}");
        }
        let claimed = volumes.iter().any(|volume| volume.get("persistentVolumeClaim").is_some());
        assert_eq!(claimed, rendered.find("PersistentVolumeClaim", "headscale").is_some(), "{name}");
        assert_eq!(claimed, name.contains("persistent"), "{name}");
    });
}

fn source_exists(rendered: &Rendered, volume: &Value) -> bool {
    let declared = |name: &Value, keys: &[Value]| {
        rendered.secrets.iter().any(|secret| {
            let used = keys.iter().all(|item| secret.keys.contains(text(&item["key"])));
            secret.namespace == "headscale" && secret.name == text(name) && used
        })
    };
    if let Some(claim) = volume.get("persistentVolumeClaim") {
        return rendered.find("PersistentVolumeClaim", text(&claim["claimName"])).is_some();
    }
    if let Some(map) = volume.get("configMap") {
        return rendered.find("ConfigMap", text(&map["name"])).is_some();
    }
    if let Some(secret) = volume.get("secret") {
        return declared(&secret["secretName"], &[]);
    }
    if let Some(projected) = volume.get("projected") {
        let sources = list(&projected["sources"]);
        return !sources.is_empty() && sources.iter().all(|source| declared(&source["secret"]["name"], list(&source["secret"]["items"])));
    }
    volume.get("emptyDir").is_some()
}

/// Headscale reads and writes only where something is mounted, writes only where it may, and finds what it reads.
#[test]
fn every_path_of_the_config_is_mounted() {
    each(|name, _, rendered| {
        let pod = rendered.pod();
        let spec = &pod["spec"];
        let files = rendered.files();
        let mut paths = Vec::new();
        absolute_paths(&rendered.config(), &mut paths);
        assert!(paths.len() >= 2, "{name}");
        for path in paths {
            let mounts = list(&spec["containers"][0]["volumeMounts"]);
            let mount = mounts.iter().find(|mount| path.starts_with(&format!("{}/", text(&mount["mountPath"]))));
            let mount = mount.unwrap_or_else(|| panic!("{name}: nothing is mounted for {path}"));
            let file = &path[text(&mount["mountPath"]).len() + 1..];
            let volume = list(&spec["volumes"]).iter().find(|volume| volume["name"] == mount["name"]).expect("a volume");
            let found = match text(&mount["name"]) {
                "config" => files.contains_key(file),
                "keys" => list(&volume["projected"]["sources"]).iter().any(|source| source["secret"]["items"][0]["path"] == file),
                "tls" => ["tls.crt", "tls.key"].contains(&file),
                _ => mount.get("readOnly").is_none(),
            };
            assert!(found, "{name}: {path} is not there");
        }
    });
}

fn absolute_paths(value: &Value, paths: &mut Vec<String>) {
    match value {
        Value::String(path) if path.starts_with('/') => paths.push(path.clone()),
        Value::Array(list) => list.iter().for_each(|value| absolute_paths(value, paths)),
        Value::Object(map) => map.values().for_each(|value| absolute_paths(value, paths)),
        _ => {}
    }
}

#[test]
fn services_lead_to_ports_that_headscale_listens_on() {
    each(|name, _, rendered| {
        let (pod, config) = (rendered.pod(), rendered.config());
        let ports = list(&pod["spec"]["containers"][0]["ports"]);
        let number = |port: &str| ports.iter().find(|entry| entry["name"] == port).map(|entry| entry["containerPort"].clone());
        let listens = |key: &Value| text(key).rsplit_once(':').map(|(_, port)| json!(port.parse::<u16>().expect("a port")));
        assert_eq!(number("http"), listens(&config["listen_addr"]), "{name}");
        assert_eq!(number("metrics"), listens(&config["metrics_listen_addr"]), "{name}");
        if config["derp"]["server"]["enabled"] == true {
            assert_eq!(number("stun"), listens(&config["derp"]["server"]["stun_listen_addr"]), "{name}");
        }
        let labels = &pod["metadata"]["labels"];
        for service in rendered.objects.iter().filter(|object| object.kind() == "Service") {
            let service = serde_json::to_value(service).expect("JSON");
            assert_eq!(&service["spec"]["selector"], labels, "{name}");
            for port in list(&service["spec"]["ports"]) {
                assert!(number(text(&port["targetPort"])).is_some(), "{name}: {port}");
            }
        }
        assert_eq!(rendered.find("Service", "headscale-stun").is_some(), config["derp"]["server"]["enabled"] == true, "{name}");
        assert_eq!(rendered.get("Service", "headscale")["spec"]["ports"][0]["nodePort"], 30080, "{name}");
    });
}

/// The conditions of the Pod Security level `restricted`, and a root that nobody writes to.
#[test]
fn the_pod_is_restricted() {
    each(|name, _, rendered| {
        let pod = rendered.pod();
        let security = &pod["spec"]["securityContext"];
        let container = &pod["spec"]["containers"][0]["securityContext"];
        assert_eq!(security["runAsNonRoot"], true, "{name}");
        assert!(security["runAsUser"].as_i64().is_some_and(|user| user > 0), "{name}");
        assert_eq!(security["seccompProfile"]["type"], "RuntimeDefault", "{name}");
        assert_eq!(container["allowPrivilegeEscalation"], false, "{name}");
        assert_eq!(container["readOnlyRootFilesystem"], true, "{name}");
        assert_eq!(container["capabilities"], json!({"drop": ["ALL"]}), "{name}");
        assert_eq!(pod["spec"]["automountServiceAccountToken"], false, "{name}");
        assert_eq!(pod["spec"]["enableServiceLinks"], false, "{name}");
    });
}

#[test]
fn secret_values_stand_nowhere() {
    each(|name, _, rendered| {
        let config = rendered.config();
        assert!(config["database"]["postgres"].get("pass").is_none(), "{name}");
        let variables = rendered.pod()["spec"]["containers"][0]["env"].clone();
        for variable in list(&variables) {
            assert!(variable.get("value").is_none() && variable["valueFrom"].get("secretKeyRef").is_some(), "{name}: {variable}");
        }
        assert_eq!(!list(&variables).is_empty(), name.contains("postgres") && name.contains("agenix"), "{name}");
        let mut secrets: Vec<_> = rendered.secrets.iter().map(|secret| secret.name.as_str()).collect();
        secrets.sort_unstable();
        let expected = [("agenix", "headscale-secrets"), ("certificate", "headscale-tls")];
        let expected: Vec<_> = expected.iter().filter(|(part, _)| name.contains(part)).map(|(_, secret)| *secret).collect();
        assert_eq!(secrets, expected, "{name}");
    });
}

/// A changed config has to replace the pod, an unchanged one must not.
#[test]
fn the_checksum_follows_the_config() {
    let checksum = |section: &Value| text(&render(&cluster(section)).pod()["metadata"]["annotations"]["checksum/config"]).to_owned();
    let plain = checksum(&json!({}));
    assert_eq!(plain, checksum(&json!({"service": {"port": 80}})));
    assert_eq!(plain.len(), 64);
    for other in [json!({"log": {"level": "debug"}}), json!({"policy": {"acls": []}}), json!({"derp": {"map": {"disabledRegions": [1]}}})] {
        assert_ne!(plain, checksum(&other), "{other}");
    }
}
