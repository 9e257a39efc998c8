//! What routes, their controller and cert-manager become, in every variant.

use std::fmt::Write;

use manifestgen::config::{self, ConfigFile, ExternalObject, LoadRequest, Loaded};
use manifestgen::data::embedded_crds;
use manifestgen::manifest::Release;
use manifestgen::render::{Selection, render};
use manifestgen::rule::{self, External, Input, Levels};
use manifestgen::schema::Catalog;
use manifestgen::source::Sources;
use manifestgen::yaml;
use serde_json::{Value, json};

use crate::headscale::merged;
use crate::lab_server::refusals;

/// A cluster with this `ingress` section, beside Argo CD and Headscale.
pub(crate) fn cluster(ingress: &Value) -> Value {
    json!({
        "cluster": {"name": "home", "namespaces": [{"name": "shop"}, {"name": "certs"}, {"name": "monitoring"}]},
        "nodes": [{"name": "primer", "role": "server", "address": "192.168.1.10"}],
        "argocd": {},
        "headscale": {"dns": {"baseDomain": "mesh.internal"}},
        "certManager": {"issuers": [{"name": "internal", "selfSignedCa": {}}]},
        "ingress": ingress,
        "extraObjects": [service("web", 80), service("api", 8080)],
    })
}

/// A Service whose pods are nobody's, as of an application that something else deploys.
fn service(name: &str, port: u16) -> Value {
    let metadata = json!({"name": name, "namespace": "shop"});
    json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": port}]}})
}

/// What every form carries.
fn common() -> Value {
    json!({
        "domain": "home.internal",
        "tls": {"enabled": true, "issuer": "internal"},
        "routes": [
            {"name": "headscale"},
            {"name": "web", "host": "shop.example.com", "service": {"name": "web", "namespace": "shop", "port": 80},
             "tls": {"enabled": true, "secretName": "shop-tls"}, "annotations": {"example.com/owner": "shop"}},
            {"name": "plain", "host": "api.example.com", "path": "/api/", "tls": {"enabled": false}, "service": {"name": "api", "namespace": "shop", "port": 8080}},
        ],
        "defaultBackend": {"name": "web", "namespace": "shop", "port": 80},
    })
}

/// What Traefik carries by Ingresses, too.
fn by_traefik() -> Value {
    json!({
        "middlewares": [{"name": "home-only", "spec": {"ipAllowList": {"sourceRange": ["192.168.0.0/16"]}}}],
        "routes": [
            {"name": "strip", "host": "shop.example.com", "path": "/strip", "stripPrefix": true, "retries": 2, "middlewares": ["home-only"],
             "service": {"name": "api", "namespace": "shop", "port": 8080}, "tls": {"enabled": true, "secretName": "shop-tls"}},
            {"name": "port", "listenPort": 8080, "path": "/x", "service": {"name": "web", "namespace": "shop", "port": 80}},
        ],
    })
}

/// What takes connections as they are, or reaches into another namespace.
fn raw() -> Value {
    let service = json!({"name": "api", "namespace": "shop", "port": 8080});
    json!({"routes": [
        {"name": "tcp", "listenPort": 2555, "protocol": "tcp", "service": service},
        {"name": "own-tls", "host": "own.example.com", "service": service, "tls": {"enabled": true, "passthrough": true}},
        {"name": "elsewhere", "host": "else.example.com", "namespace": "certs", "service": service,
         "tls": {"enabled": true, "secretName": "else-tls"}},
        {"name": "grpc", "host": "grpc.example.com", "grpc": true, "service": service, "tls": {"enabled": false}},
    ]})
}

/// The sections together; routes are added up.
fn together(sections: &[Value]) -> Value {
    let mut all = json!({});
    for section in sections {
        let routes: Vec<Value> = [&all, section].iter().filter_map(|part| part["routes"].as_array()).flatten().cloned().collect();
        all = merged(&all, section);
        if !routes.is_empty() {
            all["routes"] = routes.into();
        }
    }
    all
}

/// Every form with all that it carries.
pub(crate) fn variants() -> Vec<(&'static str, Value)> {
    let controller = |controller: Value| json!({"controller": controller});
    let health = json!({"routes": [{"name": "health", "host": "health.example.com", "healthCheck": {}, "tls": {"enabled": false},
        "service": {"name": "web", "namespace": "shop", "port": 80}}]});
    let bundled = |section: Value| merged(&cluster(&section), &json!({"k3s": {"bundledTraefik": true}}));
    let class = |name: &str, kind: &str| json!({"external": [{"kind": kind, "name": name}]});
    let node_ports =
        json!({"replicas": 2, "service": {"type": "NodePort", "httpNodePort": 30180, "httpsNodePort": 30443, "httpsPort": 8443}});
    vec![
        ("ingress-route", cluster(&together(&[common(), by_traefik(), raw(), health.clone()]))),
        ("ingress-route-node-port", cluster(&together(&[common(), controller(node_ports)]))),
        ("ingress", cluster(&together(&[common(), by_traefik(), controller(json!({"form": "ingress"}))]))),
        ("gateway", cluster(&together(&[common(), by_traefik(), raw(), controller(json!({"type": "gateway"}))]))),
        (
            "istio",
            merged(
                &cluster(&together(&[common(), raw(), controller(json!({"type": "gateway", "class": "istio"}))])),
                &class("istio", "GatewayClass"),
            ),
        ),
        (
            "nginx",
            merged(
                &cluster(&together(&[common(), controller(json!({"type": "nginx", "class": "nginx"}))])),
                &class("nginx", "IngressClass"),
            ),
        ),
        ("bundled", bundled(together(&[common(), by_traefik(), raw()]))),
        ("bundled-gateway", bundled(together(&[common(), by_traefik(), controller(json!({"type": "gateway"}))]))),
    ]
}

/// cert-manager with every kind of issuer and a certificate with every key.
fn cert_manager(install: &str) -> Value {
    let mut config = cluster(&json!({"domain": "home.internal", "tls": {"enabled": true, "issuer": "letsencrypt"}}));
    config["certManager"] = json!({
        "install": install,
        "values": {"replicaCount": 2},
        "issuers": [
            {"name": "internal", "selfSignedCa": {"commonName": "home CA", "duration": "43800h", "renewBefore": "720h"}},
            {"name": "shop", "namespace": "shop", "selfSignedCa": {}},
            {"name": "self", "selfSigned": {}},
            {"name": "given", "ca": {"secretName": "given-ca"}},
            {"name": "letsencrypt", "acme": {"email": "ops@example.com", "http01": {}}},
            {"name": "letsencrypt-dns", "acme": {"server": "https://acme-staging-v02.api.letsencrypt.org/directory",
             "dns01": {"cloudflare": {"apiTokenSecretRef": {"name": "cloudflare-token", "key": "token"}}}}},
        ],
        "certificates": [
            {"name": "wildcard", "namespace": "certs", "secretName": "wildcard-tls", "issuer": "internal", "commonName": "home",
             "dnsNames": ["*.home.internal", "home.internal"], "ipAddresses": ["192.168.1.10"], "duration": "2160h", "renewBefore": "720h",
             "privateKey": {"algorithm": "rsa", "rotation": "never"}},
            {"name": "shop", "namespace": "shop", "issuer": "shop", "dnsNames": ["shop.internal"]},
        ],
    });
    if install == "none" {
        let kinds = ["Certificate", "ClusterIssuer", "Issuer"];
        config["external"] =
            kinds.map(|kind| json!({"kind": "CustomResourceDefinition", "name": format!("{kind}.cert-manager.io")})).into();
    }
    config
}

/// All that is rendered here.
fn all() -> Vec<(String, Value)> {
    let managers = ["helmChart", "application", "none"].map(|install| (format!("cert-manager-{install}"), cert_manager(install)));
    variants().into_iter().map(|(name, config)| (name.to_owned(), config)).chain(managers).collect()
}

/// As the command reads it: with the settings of components that follow from routes.
fn loaded(config: &Value) -> Loaded {
    let file = ConfigFile { name: "cluster.yaml".to_owned(), text: config.to_string() };
    let request = LoadRequest { file: Some(file), ..LoadRequest::default() };
    config::load(&request, &mut Sources::new()).unwrap_or_else(|error| panic!("{error:?}"))
}

pub(crate) fn release(config: &Value) -> Release {
    render(loaded(config).cluster(), &Selection::default()).expect("a sealed release")
}

/// What the two components made, without definitions, which are data.
fn shown(release: &Release) -> String {
    let mut text = String::new();
    for object in release.objects() {
        let ours = matches!(object.component(), "ingress" | "cert-manager");
        if ours && object.kind() != "CustomResourceDefinition" {
            let _ = write!(text, "---\n{}", yaml::to_string(object).expect("YAML"));
        }
    }
    for secret in release.secrets().iter().filter(|secret| matches!(secret.component, "ingress" | "cert-manager")) {
        let keys: Vec<&str> = secret.keys.iter().map(String::as_str).collect();
        let _ = writeln!(text, "# declared: Secret {}/{} with {}", secret.namespace, secret.name, keys.join(", "));
    }
    text
}

#[test]
fn every_variant_in_full() {
    for (name, config) in all() {
        insta::assert_snapshot!(name.as_str(), shown(&release(&config)));
    }
}

/// The checks of `validate`, without its search for the config value that each finding came from.
#[test]
fn the_offline_validation_finds_nothing() {
    for (name, config) in all() {
        let loaded = loaded(&config);
        assert_eq!(loaded.warnings(), [], "{name}");
        let cluster = loaded.cluster();
        let release = render(cluster, &Selection::default()).expect("a sealed release");
        let external = |entry: &ExternalObject| External {
            kind: entry.kind.clone(),
            namespace: entry.namespace.as_ref().map(ToString::to_string),
            name: entry.name.clone(),
            keys: entry.keys.iter().cloned().collect(),
        };
        let external: Vec<External> = cluster.external.iter().map(external).collect();
        let whole =
            Input { objects: release.objects(), external: &external, secrets: release.secrets(), complete: true, server_side_apply: true };
        assert_eq!(rule::check(whole, &Levels::new()), [], "{name}");
        let catalog = Catalog::new(cluster.cluster.version.minor()).expect("a known version");
        for object in release.objects() {
            // What the offline validation says about itself is no finding about the release.
            let violations = catalog.check_fields(object.value()).into_iter().filter(|violation| violation.rule != "schema/not-checked");
            assert_eq!(violations.collect::<Vec<_>>(), [], "{name}: {} {}", object.kind(), object.name());
        }
    }
}

#[test]
fn a_real_server_accepts_every_variant() {
    // k3s and what runs in the cluster already bring definitions for some variants.
    let definitions: Vec<Value> = embedded_crds().iter().map(|crd| crd.object().clone()).collect();
    let Some(refused) = refusals(&definitions, all().into_iter().map(|(name, config)| (name, release(&config)))) else { return };
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}
