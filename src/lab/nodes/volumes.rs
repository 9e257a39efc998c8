//! Volumes of the lab's StorageClass: a folder on the node that the scheduler chose, as local-path-provisioner makes them.

use std::collections::BTreeMap;
use std::fs::{Permissions, create_dir_all, remove_dir_all, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::Client;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::addons::{PROVISIONER, STORAGE_CLASS};
use super::init::PRIVATE;
use super::request::{create, delete, get};
use crate::diag::Result;

const POLL: Duration = Duration::from_millis(500);

/// Where the folders are on a node.
const FOLDER: &str = "volumes";

/// Serves claims until it is aborted. `nodes` are the nodes' folders by their names.
pub(super) async fn serve(client: Client, nodes: BTreeMap<String, PathBuf>) {
    loop {
        // What failed is tried again; a claim that waits says so in its events.
        let _ = provide(&client, &nodes).await;
        let _ = reclaim(&client, &nodes).await;
        sleep(POLL).await;
    }
}

async fn provide(client: &Client, nodes: &BTreeMap<String, PathBuf>) -> Result<()> {
    for claim in items(&get(client, "/api/v1/persistentvolumeclaims").await?) {
        let chosen = claim["metadata"]["annotations"]["volume.kubernetes.io/selected-node"].as_str();
        let waits = claim["spec"]["storageClassName"] == STORAGE_CLASS && claim["spec"]["volumeName"].is_null();
        let (Some((node, folder)), Some(uid), true) =
            (chosen.and_then(|name| nodes.get_key_value(name)), claim["metadata"]["uid"].as_str(), waits)
        else {
            continue;
        };
        let name = format!("pvc-{uid}");
        if get(client, &format!("/api/v1/persistentvolumes/{name}")).await.is_ok() {
            continue;
        }
        let place = on_machine(folder, &name);
        // Pods of any user write there, as with local-path-provisioner.
        let made = create_dir_all(&place).and_then(|()| set_permissions(&place, Permissions::from_mode(0o777)));
        if made.is_ok() {
            create(client, "/api/v1/persistentvolumes", &volume(&name, claim, node)).await?;
        }
    }
    Ok(())
}

async fn reclaim(client: &Client, nodes: &BTreeMap<String, PathBuf>) -> Result<()> {
    for volume in items(&get(client, "/api/v1/persistentvolumes").await?) {
        let ours = volume["metadata"]["annotations"]["pv.kubernetes.io/provisioned-by"] == PROVISIONER;
        let (Some(name), true) = (volume["metadata"]["name"].as_str(), ours && volume["status"]["phase"] == "Released") else { continue };
        for folder in nodes.values() {
            let _ = remove_dir_all(on_machine(folder, name));
        }
        delete(client, &format!("/api/v1/persistentvolumes/{name}")).await?;
    }
    Ok(())
}

/// A node's `/var/lib` is a folder of its own.
fn on_machine(folder: &Path, name: &str) -> PathBuf {
    folder.join(PRIVATE[0].1).join(FOLDER).join(name)
}

fn volume(name: &str, claim: &Value, node: &str) -> Value {
    let affinity = json!({"key": "kubernetes.io/hostname", "operator": "In", "values": [node]});
    json!({
        "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER}},
        "spec": {
            "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
            "accessModes": claim["spec"]["accessModes"],
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": STORAGE_CLASS,
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": claim["metadata"]["namespace"],
                "name": claim["metadata"]["name"],
                "uid": claim["metadata"]["uid"],
            },
            "hostPath": {"path": format!("{}/{FOLDER}/{name}", PRIVATE[0].0), "type": "Directory"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [affinity]}]}},
        },
    })
}

fn items(list: &Value) -> &[Value] {
    list["items"].as_array().map(Vec::as_slice).unwrap_or_default()
}
