//! Starting a lab with nodes, step by step.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use futures_util::future::try_join_all;
use kube::Client;
use serde_json::{Value, json};

use super::addresses::Addresses;
use super::namespaces::Namespaces;
use super::programs::{Base, Programs};
use super::relay::{Forward, RELAY, SOCKET};
use super::runtime::PAUSE_IMAGE;
use super::steps::{Step, Steps};
use super::supervise::SUPERVISE;
use super::{Distribution, Image, Lab, LabOptions, Node, addons, control, files, folders, kubelet, policies, request, volumes, wiring};
use crate::diag::{Error, Progress, Result};
use crate::lab::certificates::Authority;
use crate::lab::image::{MIRROR, Recipe, Store};
use crate::lab::kubeconfig::kubeconfig;
use crate::lab::parts::{ETCD_SOCKET, etcd_arguments, ready, serves, write_private};
use crate::live;
use crate::process::{Guard, Places, Process, control_group};

/// What there is when everything runs.
pub(super) struct Started {
    pub nodes: Vec<Node>,
    pub processes: Vec<Process>,
    pub client: Client,
    pub kubeconfig: PathBuf,
    pub version: String,
    pub steps: Vec<Step>,
    pub way_in: Forward,
}

impl Started {
    pub(super) fn into_lab(self, guard: Guard, distribution: Distribution, base: Base, addresses: Addresses) -> Lab {
        let volumes = tokio::spawn(volumes::serve(self.client.clone(), folders(&self.nodes)));
        Lab {
            guard,
            nodes: self.nodes,
            processes: self.processes,
            distribution,
            base,
            addresses,
            client: self.client,
            kubeconfig: self.kubeconfig,
            version: self.version,
            steps: self.steps,
            _way_in: self.way_in,
            volumes,
        }
    }
}

pub(super) async fn start(
    guard: &mut Guard,
    options: &LabOptions,
    programs: &Programs,
    addresses: &Addresses,
    progress: &dyn Progress,
) -> Result<Started> {
    let mut steps = Steps::new(progress);
    steps.begin("making namespaces and the network between them");
    let nodes = make_nodes(guard, options, &programs.base, &[]).await?;
    wiring::connect(guard, &programs.base, &nodes, addresses).await?;

    steps.begin("starting etcd and containerd");
    let authority = Authority::generate()?;
    let primer = &nodes[0].namespaces;
    files::control_plane(&primer.folder, &authority, addresses, &options.domain)?;
    let group = group(guard.scratch())?;
    for (index, node) in (0_u8..).zip(&nodes) {
        files::node(node, index, &authority, addresses, &options.domain, &group, programs)?;
    }
    let mut etcd = guard.run(&primer.program("etcd", &programs.etcd, etcd_arguments())).await?;
    let mut containerds = Vec::new();
    for node in &nodes {
        let name = format!("{}-containerd", node.name);
        let arguments = ["--config=containerd.toml"];
        containerds.push(guard.run(&node.namespaces.program(&name, &programs.containerd, arguments)).await?);
    }
    let etcd_socket = primer.folder.join(ETCD_SOCKET);
    ready(&mut [&mut etcd], async || etcd_socket.exists()).await?;

    let mut apiserver = guard.run(&primer.program("kube-apiserver", &programs.kube_apiserver, control::kube_apiserver(addresses))).await?;
    let relay = start_relay(guard, &programs.base, primer).await?;
    let way_in = Forward::start(&primer.folder, addresses.api(), 0).await?;
    let content = kubeconfig(&format!("https://127.0.0.1:{}", way_in.port), &authority, &authority.administrator()?);
    let kubeconfig = guard.scratch().join("kubeconfig");
    write_private(&kubeconfig, &content.to_string())?;
    let client = live::client_of(content).await?;

    steps.begin("making images");
    let mirror = start_mirror(guard, &programs.base, primer, options, addresses).await?;
    for containerd in &mut containerds {
        let log = containerd.clone();
        ready(&mut [containerd], async || log.last_lines(20).iter().any(|line| line.contains("successfully booted"))).await?;
    }
    steps.begin("waiting for kube-apiserver");
    ready(&mut [&mut apiserver, &mut etcd], async || serves(&client).await).await?;
    let version = version(&client).await?;

    steps.begin("waiting for nodes");
    let mut processes = vec![etcd, apiserver, relay, mirror];
    processes.extend(containerds);
    let manager = primer.program("kube-controller-manager", &programs.kube_controller_manager, control::kube_controller_manager(addresses));
    processes.push(guard.run(&manager).await?);
    processes.push(guard.run(&primer.program("kube-scheduler", &programs.kube_scheduler, control::kube_scheduler())).await?);
    for (index, node) in (0_u8..).zip(&nodes) {
        request::create(&client, "/api/v1/nodes", &node_object(node, index, addresses)).await?;
        processes.extend(start_node(guard, programs, node, index, addresses).await?);
    }
    addons::install(&client, addresses, &options.domain).await?;
    policies::install(&client).await?;
    let mut watched: Vec<&mut Process> = processes.iter_mut().rev().collect();
    ready(&mut watched, async || nodes_are_ready(&client, nodes.len()).await).await?;
    // It ends on a node whose address the kubelet has not told yet.
    for node in &nodes {
        let (name, arguments) = (format!("{}-kube-router", node.name), policies::arguments(&node.name, addresses));
        processes.push(guard.run(&node.namespaces.program(&name, &programs.kube_router, arguments)).await?);
    }

    steps.begin("waiting for DNS");
    let mut watched: Vec<&mut Process> = processes.iter_mut().rev().collect();
    ready(&mut watched, async || addons::dns_is_available(&client).await).await?;
    Ok(Started { nodes, processes, client, kubeconfig, version, steps: steps.finish(), way_in })
}

/// What leads into the network of the nodes.
pub(super) async fn start_relay(guard: &mut Guard, base: &Base, primer: &Namespaces) -> Result<Process> {
    let mut relay = guard.run(&primer.program("relay", &base.manifestgen, [RELAY, SOCKET])).await?;
    let socket = primer.folder.join(SOCKET);
    ready(&mut [&mut relay], async || socket.exists()).await?;
    Ok(relay)
}

/// Makes the images, and what serves them to the nodes.
pub(super) async fn start_mirror(
    guard: &mut Guard,
    base: &Base,
    primer: &Namespaces,
    options: &LabOptions,
    addresses: &Addresses,
) -> Result<Process> {
    let store = guard.scratch().join("images");
    make_images(&options.images, &options.places, &store).await?;
    let arguments = [MIRROR.into(), store.into_os_string(), addresses.mirror().to_string().into()];
    guard.run(&primer.program::<OsString>("mirror", &base.manifestgen, arguments)).await
}

pub(super) async fn version(client: &Client) -> Result<String> {
    let version = client.apiserver_version().await;
    let version = version.map_err(|cause| Error::environment("kube-apiserver does not tell its version").caused_by(cause))?;
    Ok(version.git_version)
}

/// `own` are folders below `/etc` that each node has for itself.
pub(super) async fn make_nodes(guard: &mut Guard, options: &LabOptions, base: &Base, own: &[&str]) -> Result<Vec<Node>> {
    see_scratch(guard.scratch())?;
    let group = group(guard.scratch())?;
    let names = std::iter::once("primer".to_owned()).chain((1..=options.workers).map(|number| format!("worker-{number}")));
    let mut nodes = Vec::new();
    for name in names {
        control_group::create(&group, &name)
            .map_err(|cause| Error::environment("cannot make a control group for a node").caused_by(cause))
            .map_err(|error| error.hint("/sys/fs/cgroup has to be writable; `--engine api` does without"))?;
        let namespaces = Namespaces::start(guard, base, &name, own).await?;
        nodes.push(Node { name, namespaces });
    }
    Ok(nodes)
}

/// The folder of which each node has its own, so that it does not see this path of the machine.
pub(super) fn hidden(path: &Path) -> Option<&'static str> {
    ["/run", "/var/lib", "/var/log"].into_iter().find(|place| path.starts_with(place))
}

/// The scratch folder has to be the same on nodes as on the machine.
pub(super) fn see_scratch(scratch: &Path) -> Result<()> {
    hidden(scratch).map_or(Ok(()), |hidden| {
        Err(Error::environment(format!("the scratch folder lies in `{hidden}`, of which each node has its own"))
            .hint("set TMPDIR to a folder elsewhere, such as /tmp or /var/tmp"))
    })
}

/// The control groups have the scratch folder's name, by which the guard finds them.
pub(super) fn group(scratch: &Path) -> Result<String> {
    let name = scratch.file_name().and_then(|name| name.to_str());
    name.map(ToOwned::to_owned).ok_or_else(|| Error::internal("a scratch folder without a name"))
}

/// Makes the images of the lab and of whoever wants it, side by side.
async fn make_images(images: &[Image], places: &Places, folder: &Path) -> Result<()> {
    let cannot = |cause| Error::environment(format!("cannot make the images of the lab in `{}`", folder.display())).caused_by(cause);
    let store = Store::open(folder).map_err(cannot)?;
    let own = [Recipe::of_program(PAUSE_IMAGE, "/pause", "pause"), addons::dns_image()].map(Image::Recipe);
    let made = own.iter().chain(images).map(|image| {
        let (image, places, store) = (image.clone(), places.clone(), store.clone());
        let made = tokio::task::spawn_blocking(move || match image {
            Image::Archive(path) => store
                .add_archive(&path)
                .map_err(|cause| Error::environment(format!("cannot take the images of `{}`", path.display())).caused_by(cause)),
            Image::Recipe(recipe) => store
                .add_recipe(&recipe, &recipe.contents(&places)?)
                .map_err(|cause| Error::environment(format!("cannot make the image `{}`", recipe.image)).caused_by(cause)),
        });
        async { made.await.map_err(|cause| Error::internal("an image's making broke off").caused_by(cause))? }
    });
    let names = try_join_all(made).await?.into_iter().flatten().collect();
    store.name(&names).map_err(cannot)
}

async fn start_node(guard: &mut Guard, programs: &Programs, node: &Node, index: u8, addresses: &Addresses) -> Result<[Process; 2]> {
    // It starts again when it ends, as a service's does.
    let mut arguments: Vec<OsString> = vec![SUPERVISE.into(), "kubelet".into(), programs.kubelet.clone().into()];
    arguments.extend(kubelet::kubelet_arguments(&node.name, &addresses.node(index).to_string()).into_iter().map(OsString::from));
    let kubelet = node.namespaces.program(&format!("{}-kubelet", node.name), &programs.base.manifestgen, arguments);
    let proxy = node.namespaces.program(&format!("{}-kube-proxy", node.name), &programs.kube_proxy, ["--config=kube-proxy.json"]);
    Ok([guard.run(&kubelet).await?, guard.run(&proxy).await?])
}

/// A kubelet takes an object that is there already for its own. This one has the range of its pods and, for the primer, its role.
fn node_object(node: &Node, index: u8, addresses: &Addresses) -> Value {
    let pods = addresses.pods_of(index);
    let labels = if index == 0 { json!({"node-role.kubernetes.io/control-plane": "true"}) } else { json!({}) };
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": node.name, "labels": labels},
        "spec": {"podCIDR": pods, "podCIDRs": [pods]},
    })
}

pub(super) async fn nodes_are_ready(client: &Client, count: usize) -> bool {
    let Ok(list) = request::get(client, "/api/v1/nodes").await else { return false };
    let ready = |node: &&Value| {
        let conditions = node["status"]["conditions"].as_array();
        conditions
            .is_some_and(|conditions| conditions.iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True"))
    };
    list["items"].as_array().is_some_and(|nodes| nodes.iter().filter(ready).count() == count)
}
