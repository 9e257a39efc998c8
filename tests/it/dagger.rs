//! The Dagger engine: what is rendered, that a real API server accepts it, and that no rule finds anything in it.

use std::fmt::Write as _;

use manifestgen::component::runner_hosts;
use manifestgen::config::Cluster;
use manifestgen::data;
use manifestgen::manifest::Release;
use manifestgen::render::{Selection, render};
use manifestgen::yaml;
use serde_json::{Value, json};

use crate::command::{Run, folder_with};
use crate::headscale::merged;
use crate::lab_server::{complaints, refusals};

/// A config with this `dagger` section, and more.
fn config(dagger: Value, more: Value) -> Value {
    let base = json!({
        "cluster": {"name": "home"},
        "nodes": [{"name": "primer", "role": "server", "address": "192.168.1.10"}],
        "dagger": dagger,
    });
    merged(&base, &more)
}

/// A private authority for the cluster, as cert-manager makes one.
fn authority() -> Value {
    json!({"extraObjects": [
        {"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": {"name": "builds"}, "spec": {"ca": {"secretName": "builds-ca"}}},
    ], "external": [
        {"kind": "Secret", "namespace": "cert-manager", "name": "builds-ca"},
        {"kind": "CustomResourceDefinition", "name": "Certificate.cert-manager.io"},
        {"kind": "CustomResourceDefinition", "name": "ClusterIssuer.cert-manager.io"},
    ]})
}

/// cert-manager's own definitions of what is rendered for it.
fn definitions() -> impl Iterator<Item = Value> {
    const NAMES: [&str; 2] = ["certificates.cert-manager.io", "clusterissuers.cert-manager.io"];
    let crds = data::embedded_crds().iter().filter(|crd| NAMES.contains(&crd.name));
    crds.map(|crd| serde_json::from_str(crd.json).expect("JSON"))
}

/// Every way to run it, by name.
fn variants() -> Vec<(&'static str, Value)> {
    let zfs = json!({"name": "zfs", "provisioner": "zfs.csi.openebs.io", "parameters": {"poolname": "tank", "fstype": "ext4"}});
    let every_key = json!({
        "version": "0.20.8", "image": "mirror.example.com/dagger/engine:v0.20.8", "namespace": "builds",
        "service": {"type": "LoadBalancer", "externalHost": "2001:db8::5", "annotations": {"example.com/pool": "lan"}},
        "access": {"namespaces": ["concourse", "builds"], "cidrs": ["192.168.1.0/24", "fd00::/64"]}, "tls": {"secretName": "engine"},
        "storage": {"size": "100Gi", "retain": false}, "engine": {
            "logLevel": "debugextra", "gc": {"maxUsedSpace": "60GB", "minFreeSpace": "10%", "sweepSize": "5%"},
            "security": {"insecureRootCapabilities": false},
            "registries": {"docker.io": {"mirrors": ["mirror.gcr.io"]}, "registry.example.com:5000": {"ca": ["/usr/local/share/ca-certificates/own.crt"]}},
        },
        "caConfigMap": "authorities", "resources": {"requests": {"cpu": "2", "memory": "4Gi"}, "limits": {"memory": "16Gi"}},
        "nodeSelector": {"disk": "fast"}, "tolerations": [{"key": "builds", "effect": "NoSchedule"}], "terminationGracePeriodSeconds": 600,
    });
    vec![
        ("default", config(json!({}), json!({}))),
        (
            "one Deployment under the seed's name",
            config(json!({"kind": "Deployment", "service": {"name": "dagger-dagger-helm-service"}}), json!({})),
        ),
        (
            "three with OpenEBS ZFS",
            config(json!({"replicas": 3, "storage": {"class": "zfs"}}), json!({"cluster": {"storage": {"classes": [zfs]}}})),
        ),
        ("two in folders of nodes", config(json!({"replicas": 2, "storage": {"type": "hostPath"}}), json!({}))),
        ("a NodePort", config(json!({"service": {"type": "NodePort"}, "access": {"cidrs": ["192.168.1.0/24"]}}), json!({}))),
        (
            "certificates from cert-manager, behind a TCP route",
            config(
                json!({"tls": {"issuerRef": {"name": "builds"}}, "service": {"externalHost": "dagger.example.com", "externalPort": 443}}),
                authority(),
            ),
        ),
        (
            "every key",
            config(
                every_key,
                json!({"external": [
                    {"kind": "ConfigMap", "namespace": "builds", "name": "authorities"}]}),
            ),
        ),
        (
            "a claim of one's own, without policies",
            config(
                json!({"storage": {"existingClaim": "cache"}, "tls": {}}),
                json!({"cluster": {"security": {"networkPolicies": false}}, "external": [
                    {"kind": "PersistentVolumeClaim", "namespace": "dagger", "name": "cache"}]}),
            ),
        ),
    ]
}

fn cluster(config: &Value) -> Cluster {
    serde_json::from_value(config.clone()).expect("a cluster")
}

fn release(config: &Value) -> Release {
    render(&cluster(config), &Selection::default()).expect("a sealed release")
}

/// The component's objects, Secrets and what CI systems are told.
fn whole(config: &Value) -> String {
    let release = render(&cluster(config), &Selection { only: vec!["dagger".to_owned()] }).expect("a sealed release");
    let mut text = yaml::documents_to_string(release.objects()).expect("YAML");
    for secret in release.secrets() {
        writeln!(text, "# Secret {}/{}: {:?}", secret.namespace, secret.name, secret.keys).expect("text");
    }
    for host in runner_hosts(&cluster(config)) {
        writeln!(text, "# {}: {}", host.whence, host.assignment).expect("text");
    }
    text
}

#[test]
fn the_default() {
    insta::assert_snapshot!(whole(&config(json!({}), json!({}))));
}

#[test]
fn every_other_variant() {
    for (name, config) in variants().into_iter().skip(1) {
        insta::assert_snapshot!(name.replace([' ', ','], "_").replace('\'', ""), whole(&config));
    }
}

/// The URL that the users of the chart that this component grew out of have in their pipelines.
#[test]
fn the_first_charts_url_can_be_kept() {
    let config = config(json!({"service": {"name": "dagger-dagger-helm-service"}}), json!({}));
    let hosts = runner_hosts(&cluster(&config));
    assert_eq!(hosts.len(), 1);
    assert_eq!(hosts[0].assignment, "_EXPERIMENTAL_DAGGER_RUNNER_HOST=tcp://dagger-dagger-helm-service.dagger.svc.cluster.local:2555");
}

#[test]
fn render_says_what_a_ci_system_is_told() {
    let section = json!({"service": {"type": "NodePort"}, "access": {"cidrs": ["192.168.1.0/24"]}});
    let folder = folder_with(&config(section, json!({})).to_string());
    let notes = |arguments: &[&str]| {
        let ran = Run::new(folder.path(), arguments).run();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stderr.lines().filter(|line| line.contains("_EXPERIMENTAL")).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(notes(&["render"]), @"
    Dagger for clients inside of the cluster: _EXPERIMENTAL_DAGGER_RUNNER_HOST=tcp://dagger-engine.dagger.svc.cluster.local:2555
    Dagger for clients outside of the cluster: _EXPERIMENTAL_DAGGER_RUNNER_HOST=tcp://192.168.1.10:32555
    ");
    assert_eq!(notes(&["render", "--only", "base"]), "");
}

#[test]
fn every_variant_is_accepted() {
    let releases = variants().into_iter().enumerate().map(|(number, (name, config))| {
        let own = json!({"dagger": {"namespace": format!("accepted-dagger-{number}"), "service": {"nodePort": 32_600 + number}}});
        let mut config = merged(&config, &own);
        if let Some(objects) = config.get_mut("extraObjects").and_then(Value::as_array_mut) {
            objects.extend(definitions());
        }
        (name.to_owned(), release(&config))
    });
    let Some(refused) = refusals(&[], releases) else { return };
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// Neither the checks of the config nor any rule.
#[test]
fn every_variant_is_valid_offline_without_findings() {
    assert_eq!(complaints(variants()), [""; 0]);
}

/// A shared cache is refused where it was written, with the reason.
#[test]
fn a_shared_cache_is_refused_at_its_line() {
    let folder = folder_with(
        "cluster: {name: home}\ndagger:\n  replicas: 2\n  storage:\n    type: nfs\n    nfs: {server: nas.example.com, path: /export/dagger}\n",
    );
    insta::assert_snapshot!(Run::new(folder.path(), &["validate"]).run().shown(), @"
    exit code 2
    --- stderr
    using `cluster.yaml`
    error[config/dagger-storage]: 2 engines would use the share at once, but an engine locks its cache for itself alone (`dagger-engine.lock`): all but one would end at their start
     --> cluster.yaml:3:13
      |
    3 |   replicas: 2
      |             ^
      |
      = hint: use one replica, or `kind: StatefulSet` and `storage.type: persistent`, which give each replica a volume of its own
    warning[config/dagger-storage]: do not keep the cache on NFS: the file systems of build containers are made in it, and over a network every build becomes many times slower
     --> cluster.yaml:5:11
      |
    5 |     type: nfs
      |           ^^^
      |
      = hint: use a class of local volumes, such as k3s' `local-path` or OpenEBS ZFS, or `storage.type: hostPath`
    error: `cluster.yaml` has an error
    ");
}
