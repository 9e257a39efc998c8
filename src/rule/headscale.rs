//! What Headscale does not start with, or does not work with.
//!
//! The config file is read where it is a key of a `ConfigMap` that a container of an image called `headscale` mounts. Facts are those of
//! `hscontrol/types/config.go` of Headscale 0.28 and 0.29.

pub(super) mod base_domain;
pub(super) mod config_file;
pub(super) mod database;
pub(super) mod derp;
pub(super) mod ephemeral_timeout;
pub(super) mod extra_records;
pub(super) mod listen_address;
pub(super) mod name_servers;
pub(super) mod noise_key;
pub(super) mod prefixes;
pub(super) mod removed_key;
pub(super) mod replicas;
pub(super) mod server_url;
pub(super) mod tls;
pub(super) mod trusted_proxies;

/// A `ConfigMap` with the lines of a config file, and a Deployment that runs with it.
macro_rules! example {
    ($($line:literal)*) => {
        concat!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: headscale, namespace: headscale}\ndata:\n  config.yaml: |\n",
            $("    ", $line, "\n",)*
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: headscale, namespace: headscale}\nspec:\n",
            "  strategy: {type: Recreate}\n  selector: {matchLabels: {app: headscale}}\n  template:\n",
            "    metadata: {labels: {app: headscale}}\n    spec:\n      containers:\n        - name: headscale\n",
            "          image: docker.io/headscale/headscale:v0.29.0\n          args: [serve]\n          volumeMounts:\n",
            "            - {name: config, mountPath: /etc/headscale}\n      volumes:\n        - name: config\n",
            "          configMap: {name: headscale}\n",
        )
    };
}
use example;
