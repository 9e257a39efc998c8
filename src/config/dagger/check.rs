//! What a schema cannot say about the section: what the engine does not start with, and what only looks as if it worked.

use super::{CacheStorageType, Dagger, WorkloadKind};
use crate::config::format;
use crate::config::headscale::ServiceType;
use crate::config::{Cluster, Problems};
use crate::source::ConfigPath;

const NAME: &str = "config/dagger-name";
const STORAGE: &str = "config/dagger-storage";
const REACH: &str = "config/dagger-access";
const TLS: &str = "config/dagger-tls";
const GC: &str = "config/dagger-gc";
const REGISTRIES: &str = "config/dagger-registries";

/// Parts of the names of provisioners and classes whose volumes are network file systems.
const NETWORK_FILE_SYSTEMS: [&str; 7] = ["nfs", "cephfs", "smb", "cifs", "efs", "azurefile", "gluster"];

/// Checks the section, where there is one.
pub fn check(cluster: &Cluster, problems: &mut Problems) {
    let Some(dagger) = &cluster.dagger else { return };
    name(dagger, problems);
    replicas(dagger, problems);
    storage(cluster, dagger, problems);
    reach(cluster, dagger, problems);
    tls(dagger, problems);
    gc(dagger, problems);
    registries(dagger, problems);
}

/// The NodePort, with the key that sets it.
#[must_use]
pub fn node_ports(dagger: &Dagger) -> Vec<(ConfigPath, &'static str, u16)> {
    let used = dagger.service.r#type == ServiceType::NodePort;
    used.then(|| (at(["service", "nodePort"]), "TCP", dagger.service.node_port.0)).into_iter().collect()
}

fn at<'a>(keys: impl IntoIterator<Item = &'a str>) -> ConfigPath {
    keys.into_iter().fold(ConfigPath::of(["dagger"]), |path, key| path.key(key))
}

/// A Service's name begins with a letter (RFC 1035); and pods of a StatefulSet carry its name with a hash of 11 characters as a label.
fn name(dagger: &Dagger, problems: &mut Problems) {
    let name = dagger.service.name.as_str();
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        problems.error(at(["service", "name"]), NAME, format!("a Service cannot be called `{name}`"), "begin with a letter");
    } else if name.len() > 52 && dagger.kind == WorkloadKind::StatefulSet {
        let message = format!("`{name}` is too long for a StatefulSet: no pod could be made");
        problems.error(at(["service", "name"]), NAME, message, "use at most 52 characters").involving(at(["kind"]));
    }
}

/// Several engines on one volume: the second one ends with `could not lock …/dagger-engine.lock`.
fn replicas(dagger: &Dagger, problems: &mut Problems) {
    if dagger.replicas < 2 {
        return;
    }
    let storage = &dagger.storage;
    let shared = match storage.r#type {
        CacheStorageType::Nfs => Some((at(["storage", "type"]), "the share")),
        CacheStorageType::Persistent if storage.existing_claim.is_some() => Some((at(["storage", "existingClaim"]), "the claim")),
        _ if dagger.kind == WorkloadKind::Deployment => Some((at(["kind"]), "the one volume of a Deployment")),
        _ => None,
    };
    if let Some((cause, what)) = shared {
        let message = format!(
            "{} engines would use {what} at once, but an engine locks its cache for itself alone (`dagger-engine.lock`): all but one would end at their start",
            dagger.replicas
        );
        let hint = "use one replica, or `kind: StatefulSet` and `storage.type: persistent`, which give each replica a volume of its own";
        problems.error(at(["replicas"]), STORAGE, message, hint).involving(cause);
    }
}

fn storage(cluster: &Cluster, dagger: &Dagger, problems: &mut Problems) {
    let storage = &dagger.storage;
    let slow = "the file systems of build containers are made in it, and over a network every build becomes many times slower";
    let hint = "use a class of local volumes, such as k3s' `local-path` or OpenEBS ZFS, or `storage.type: hostPath`";
    match storage.r#type {
        CacheStorageType::Nfs => {
            if storage.nfs.is_none() {
                let hint = "add `nfs: {server: …, path: …}`";
                problems.error(at(["storage", "nfs"]), STORAGE, "`storage.type: nfs` needs `storage.nfs`", hint);
            }
            problems.warning(at(["storage", "type"]), STORAGE, format!("do not keep the cache on NFS: {slow}"), hint);
        }
        CacheStorageType::Persistent => {
            let class = storage.class.as_ref().unwrap_or(&cluster.cluster.storage.default_class);
            let known = cluster.cluster.storage.classes.iter().find(|known| known.name == *class);
            let provisioner = known.map_or("", |known| known.provisioner.as_str());
            if storage.existing_claim.is_none() && (is_network(class.as_str()) || is_network(provisioner)) {
                let message = format!("do not keep the cache in storage class `{class}`, a network file system: {slow}");
                problems.warning(at(["storage", "class"]), STORAGE, message, hint);
            }
        }
        CacheStorageType::HostPath => {
            if ["/", "/var/lib", "/var", "/etc", "/usr", "/home", "/root", "/boot", "/dev", "/proc", "/sys"]
                .contains(&storage.path.as_str())
            {
                let message = format!("`{}` is a folder of the node's own", storage.path);
                problems.error(
                    at(["storage", "path"]),
                    STORAGE,
                    message,
                    "name a folder for the cache alone, such as `/var/lib/dagger-engine`",
                );
            }
        }
    }
    if storage.nfs.is_some() && storage.r#type != CacheStorageType::Nfs {
        let message = "`storage.nfs` has no effect without `storage.type: nfs`";
        problems.error(at(["storage", "nfs"]), STORAGE, message, "remove it").involving(at(["storage", "type"]));
    }
    if storage.existing_claim.is_some() && storage.r#type != CacheStorageType::Persistent {
        let message = "`storage.existingClaim` has no effect without `storage.type: persistent`";
        problems.error(at(["storage", "existingClaim"]), STORAGE, message, "remove it").involving(at(["storage", "type"]));
    }
}

fn is_network(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.split(['-', '.', '_', '/']).any(|word| NETWORK_FILE_SYSTEMS.contains(&word) || word.starts_with("nfs"))
}

fn reach(cluster: &Cluster, dagger: &Dagger, problems: &mut Problems) {
    let service = &dagger.service;
    let is_outside = service.r#type != ServiceType::ClusterIP || service.external_host.is_some();
    if is_outside && dagger.tls.is_none() && dagger.access.cidrs.is_empty() {
        let message = "without `tls` only the networks of `access.cidrs` may connect from outside, and there are none";
        let hint = "name the networks of the CI system in `dagger.access.cidrs`, or set `dagger.tls`";
        problems.error(at(["access", "cidrs"]), REACH, message, hint).involving(at(["service", "type"]));
    }
    for (place, cidr) in dagger.access.cidrs.iter().enumerate() {
        if dagger.tls.is_none() && cidr.as_str().ends_with("/0") {
            let message = format!("`{cidr}` is everybody, and whoever connects to the engine is root on its node");
            problems.error(at(["access", "cidrs"]).index(place), REACH, message, "name the networks of the CI system, or set `dagger.tls`");
        }
    }
    if is_outside && dagger.outside(cluster).is_none() {
        let message = "nobody knows under which host clients outside of the cluster reach the engine";
        let hint = "set `dagger.service.externalHost`; the names of the cluster's DNS mean nothing outside of it";
        problems.warning(at(["service", "externalHost"]), REACH, message, hint).involving(at(["service", "type"]));
    }
    if service.external_port.is_some() && (service.r#type != ServiceType::ClusterIP || service.external_host.is_none()) {
        let message = "`externalPort` is the port of a route to a Service inside of the cluster, and has no effect here";
        problems.error(at(["service", "externalPort"]), REACH, message, "remove it, or set `type: ClusterIP` and `externalHost`");
    }
}

fn tls(dagger: &Dagger, problems: &mut Problems) {
    let Some(tls) = &dagger.tls else { return };
    if !dagger.version.has_tls() {
        let message = format!("the command line of Dagger {} cannot connect with TLS", dagger.version);
        problems.error(at(["tls"]), TLS, message, "use Dagger 0.20.1 or later, or leave `tls` out").involving(at(["version"]));
    }
    if tls.issuer_ref.is_some() && tls.secret_name == tls.client_secret_name {
        let message = format!("`{}` would hold the certificates of the engine and of its clients", tls.secret_name);
        problems.error(at(["tls", "clientSecretName"]), TLS, message, "give them different names").involving(at(["tls", "secretName"]));
    }
}

fn gc(dagger: &Dagger, problems: &mut Problems) {
    let gc = &dagger.engine.gc;
    if let (Some(reserved), Some(most)) = (&gc.reserved_space, &gc.max_used_space)
        && let (Some(reserved_bytes), Some(most_bytes)) = (reserved.bytes(), most.bytes())
        && reserved_bytes > most_bytes
    {
        let message = format!("`reservedSpace` {} is more than `maxUsedSpace` {}, so nothing would ever be removed", reserved.0, most.0);
        let path = at(["engine", "gc", "reservedSpace"]);
        problems.error(path, GC, message, "use less than `maxUsedSpace`").involving(at(["engine", "gc", "maxUsedSpace"]));
    }
    if !gc.policies.is_empty() && gc.max_used_space.is_some() {
        let message = "with `policies` the engine does not look at `maxUsedSpace`";
        problems
            .error(at(["engine", "gc", "maxUsedSpace"]), GC, message, "write it into a policy")
            .involving(at(["engine", "gc", "policies"]));
    }
    if gc.enabled == Some(false) {
        let message = "without garbage collection the cache grows until the disk is full";
        problems.warning(at(["engine", "gc", "enabled"]), GC, message, "remove it");
    }
}

fn registries(dagger: &Dagger, problems: &mut Problems) {
    for (host, registry) in &dagger.engine.registries {
        let path = at(["engine", "registries"]).key(host);
        for (place, name) in std::iter::once((None, host)).chain(registry.mirrors.iter().enumerate().map(|(at, name)| (Some(at), name))) {
            let path = place.map_or_else(|| path.clone(), |place| path.key("mirrors").index(place));
            // A mirror may have a path below its host.
            let bare = name.split('/').next().unwrap_or_default();
            let bare = bare.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(bare, |(bare, _)| bare);
            let is_host = format::format("host").is_some_and(|form| (form.check)(bare).is_ok());
            if name.contains("://") || !is_host {
                let hint = "write the host and, where it is not the usual one, the port, such as `registry.example.com:5000`";
                problems.error(path, REGISTRIES, format!("`{name}` is no host of a registry"), hint);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;
    use crate::config::check::testing::{cluster, said};

    fn of(dagger: Value) -> String {
        said(check, &cluster(json!({"cluster": {"name": "c"}, "dagger": dagger})))
    }

    #[test]
    fn the_defaults_are_fine() {
        assert_eq!(of(json!({})), "");
        assert_eq!(of(json!({"replicas": 3})), "");
        assert_eq!(of(json!({"replicas": 2, "storage": {"type": "hostPath"}})), "");
    }

    #[test]
    fn a_shared_cache_has_one_engine() {
        insta::assert_snapshot!([
            json!({"replicas": 2, "kind": "Deployment"}),
            json!({"replicas": 2, "storage": {"existingClaim": "cache"}}),
            json!({"replicas": 2, "storage": {"type": "nfs", "nfs": {"server": "10.0.0.9", "path": "/export"}}}),
        ].map(of).concat(), @"
        error dagger.replicas config/dagger-storage: 2 engines would use the one volume of a Deployment at once, but an engine locks its cache for itself alone (`dagger-engine.lock`): all but one would end at their start
        error dagger.replicas config/dagger-storage: 2 engines would use the claim at once, but an engine locks its cache for itself alone (`dagger-engine.lock`): all but one would end at their start
        error dagger.replicas config/dagger-storage: 2 engines would use the share at once, but an engine locks its cache for itself alone (`dagger-engine.lock`): all but one would end at their start
        warning dagger.storage.type config/dagger-storage: do not keep the cache on NFS: the file systems of build containers are made in it, and over a network every build becomes many times slower
        ");
    }

    #[test]
    fn slow_volumes_are_said_loudly() {
        insta::assert_snapshot!([
            json!({"storage": {"type": "nfs"}}),
            json!({"storage": {"class": "nfs-client"}}),
            json!({"storage": {"type": "hostPath", "path": "/var/lib", "nfs": {"server": "10.0.0.9", "path": "/export"}, "existingClaim": "a"}}),
        ].map(of).concat(), @"
        error dagger.storage.nfs config/dagger-storage: `storage.type: nfs` needs `storage.nfs`
        warning dagger.storage.type config/dagger-storage: do not keep the cache on NFS: the file systems of build containers are made in it, and over a network every build becomes many times slower
        warning dagger.storage.class config/dagger-storage: do not keep the cache in storage class `nfs-client`, a network file system: the file systems of build containers are made in it, and over a network every build becomes many times slower
        error dagger.storage.path config/dagger-storage: `/var/lib` is a folder of the node's own
        error dagger.storage.nfs config/dagger-storage: `storage.nfs` has no effect without `storage.type: nfs`
        error dagger.storage.existingClaim config/dagger-storage: `storage.existingClaim` has no effect without `storage.type: persistent`
        ");
        let class = json!([{"name": "shared", "provisioner": "nfs.csi.k8s.io"}]);
        let config = json!({"cluster": {"name": "c", "storage": {"classes": class}}, "dagger": {"storage": {"class": "shared"}}});
        assert!(said(check, &cluster(config)).starts_with("warning dagger.storage.class"));
    }

    #[test]
    fn nobody_is_let_in_by_accident() {
        insta::assert_snapshot!([
            json!({"service": {"type": "NodePort"}}),
            json!({"access": {"cidrs": ["0.0.0.0/0"]}}),
            json!({"service": {"type": "LoadBalancer"}, "tls": {}}),
            json!({"service": {"externalPort": 443}}),
        ].map(of).concat(), @"
        error dagger.access.cidrs config/dagger-access: without `tls` only the networks of `access.cidrs` may connect from outside, and there are none
        warning dagger.service.externalHost config/dagger-access: nobody knows under which host clients outside of the cluster reach the engine
        error dagger.access.cidrs[0] config/dagger-access: `0.0.0.0/0` is everybody, and whoever connects to the engine is root on its node
        warning dagger.service.externalHost config/dagger-access: nobody knows under which host clients outside of the cluster reach the engine
        error dagger.service.externalPort config/dagger-access: `externalPort` is the port of a route to a Service inside of the cluster, and has no effect here
        ");
    }

    #[test]
    fn names_fit_what_they_are_for() {
        insta::assert_snapshot!([json!({"service": {"name": "1st"}}), json!({"service": {"name": "e".repeat(53)}})].map(of).concat(), @"
        error dagger.service.name config/dagger-name: a Service cannot be called `1st`
        error dagger.service.name config/dagger-name: `eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee` is too long for a StatefulSet: no pod could be made
        ");
        assert_eq!(of(json!({"kind": "Deployment", "service": {"name": "e".repeat(53)}})), "");
    }

    #[test]
    fn what_the_engine_does_not_understand_is_refused() {
        insta::assert_snapshot!([
            json!({"version": "0.20.0", "tls": {}}),
            json!({"tls": {"issuerRef": {"name": "ca"}, "clientSecretName": "dagger-engine-tls"}}),
            json!({"engine": {"gc": {"reservedSpace": "2GB", "maxUsedSpace": "1GB"}}}),
            json!({"engine": {"gc": {"enabled": false, "maxUsedSpace": "20%", "policies": [{"all": true}]}}}),
            json!({"engine": {"registries": {"https://docker.io": {"mirrors": ["mirror.gcr.io/proxy", "mirror:5000", "a b"]}}}}),
        ].map(of).concat(), @r#"
        error dagger.tls config/dagger-tls: the command line of Dagger 0.20.0 cannot connect with TLS
        error dagger.tls.clientSecretName config/dagger-tls: `dagger-engine-tls` would hold the certificates of the engine and of its clients
        error dagger.engine.gc.reservedSpace config/dagger-gc: `reservedSpace` 2GB is more than `maxUsedSpace` 1GB, so nothing would ever be removed
        error dagger.engine.gc.maxUsedSpace config/dagger-gc: with `policies` the engine does not look at `maxUsedSpace`
        warning dagger.engine.gc.enabled config/dagger-gc: without garbage collection the cache grows until the disk is full
        error dagger.engine.registries."https://docker.io" config/dagger-registries: `https://docker.io` is no host of a registry
        error dagger.engine.registries."https://docker.io".mirrors[2] config/dagger-registries: `a b` is no host of a registry
        "#);
    }
}
