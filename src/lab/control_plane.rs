//! etcd and kube-apiserver, started for one purpose and thrown away.

use std::fs::File;
use std::future::Future;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use kube::Client;
use tokio::net::{TcpSocket, UnixStream};

use super::certificates::{Authority, TokenKeys};
use super::kubeconfig::kubeconfig;
use super::parts::{ETCD_SOCKET, etcd_arguments, program, ready, serves, write_private};
use crate::diag::{Error, Progress, Result};
use crate::live;
use crate::process::{Guard, GuardOptions, Places, interrupted};

/// What a control plane is made of.
#[derive(Debug, Clone)]
pub struct ControlPlaneOptions {
    /// Where etcd and kube-apiserver are looked for.
    pub places: Places,
    /// Addresses of Services (`--service-cluster-ip-range`), so that a fixed `clusterIP` is checked as the cluster would; two ranges
    /// with a comma between them for both families.
    pub service_cidr: String,
    /// How its processes are guarded.
    pub guard: GuardOptions,
}

impl ControlPlaneOptions {
    /// The parts of this environment, and k3s' default range of Services.
    #[must_use]
    pub fn new(assets: Option<PathBuf>) -> Self {
        Self { places: Places::from_environment(assets), service_cidr: "10.43.0.0/16".to_owned(), guard: GuardOptions::default() }
    }
}

/// A running control plane that only this user can reach. Dropping it ends it a moment later; [`ControlPlane::stop`] waits for that.
pub struct ControlPlane {
    guard: Guard,
    serving: Serving,
}

/// What one needs to talk to it.
struct Serving {
    client: Client,
    kubeconfig: PathBuf,
    version: String,
    /// Keeps the port from being given to anybody else.
    _port: TcpSocket,
}

impl ControlPlane {
    /// Starts etcd and kube-apiserver and waits until they serve.
    ///
    /// # Errors
    /// Environment errors: no binaries, no scratch folder, or a part that ends or does not become ready, with its last words.
    /// Everything is cleaned up by then.
    pub async fn start(options: &ControlPlaneOptions, progress: &dyn Progress) -> Result<Self> {
        let parts = options.places.find_all(["etcd", "kube-apiserver"])?;
        let mut guard = Guard::start(&options.guard).await?;
        match serve(&mut guard, parts, &options.service_cidr, progress).await {
            Ok(serving) => Ok(Self { guard, serving }),
            Err(error) => {
                // That error is the one to tell; a failed clean-up is the next run's to sweep.
                let _ = guard.stop().await;
                Err(error)
            }
        }
    }

    /// Starts one for a piece of work and ends it after that, also when the work fails or a signal interrupts it.
    ///
    /// # Errors
    /// Those of [`ControlPlane::start`] and of the work; an interruption (exit code 130), once everything is cleaned up.
    pub async fn with<T, F: Future<Output = Result<T>>>(
        options: &ControlPlaneOptions,
        progress: &dyn Progress,
        work: impl FnOnce(Client) -> F,
    ) -> Result<T> {
        let parts = options.places.find_all(["etcd", "kube-apiserver"])?;
        let mut guard = Guard::start(&options.guard).await?;
        let result = tokio::select! {
            error = interrupted() => Err(error),
            result = async {
                let serving = serve(&mut guard, parts, &options.service_cidr, progress).await?;
                work(serving.client.clone()).await
            } => result,
        };
        let stopped = guard.stop().await;
        result.and_then(|value| stopped.map(|()| value))
    }

    /// A client that may do everything.
    #[must_use]
    pub fn client(&self) -> Client {
        self.serving.client.clone()
    }

    /// A kubeconfig file, readable by this user only, that is gone with the control plane.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.serving.kubeconfig
    }

    /// What the API server calls itself, `v1.36.3`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.serving.version
    }

    /// The folder of its data and logs.
    #[must_use]
    pub fn scratch(&self) -> &Path {
        self.guard.scratch()
    }

    /// Ends it, and waits until no process and no file is left.
    pub async fn stop(self) -> Result<()> {
        self.guard.stop().await
    }
}

async fn serve(guard: &mut Guard, parts: [PathBuf; 2], service_cidr: &str, progress: &dyn Progress) -> Result<Serving> {
    let [etcd, kube_apiserver] = parts;
    progress.step("starting etcd");
    let mut etcd = guard.run(&program("etcd", etcd, etcd_arguments())).await?;
    let authority = Authority::generate()?;
    write_files(guard.scratch(), &authority)?;
    let (port, number) = hold_port()?;
    let content = kubeconfig(&format!("https://127.0.0.1:{number}"), &authority, &authority.administrator()?);
    let kubeconfig = guard.scratch().join("kubeconfig");
    write_private(&kubeconfig, &content.to_string())?;
    let client = live::client_of(content).await?;
    // By way of an open folder, because its path may be too long for a socket's address.
    let folder = File::open(guard.scratch()).map_err(|cause| Error::environment("cannot open the scratch folder").caused_by(cause))?;
    let socket = format!("/proc/self/fd/{}/{ETCD_SOCKET}", folder.as_raw_fd());
    ready(&mut [&mut etcd], async || UnixStream::connect(&socket).await.is_ok()).await?;

    progress.step("starting kube-apiserver");
    let arguments = kube_apiserver_arguments(number, service_cidr);
    let mut kube_apiserver = guard.run(&program("kube-apiserver", kube_apiserver, arguments)).await?;
    ready(&mut [&mut kube_apiserver, &mut etcd], async || serves(&client).await).await?;

    let version = client
        .apiserver_version()
        .await
        .map_err(|cause| Error::environment("kube-apiserver does not tell its version").caused_by(cause))?
        .git_version;
    Ok(Serving { client, kubeconfig, version, _port: port })
}

fn kube_apiserver_arguments(port: u16, service_cidr: &str) -> Vec<String> {
    // The first range decides the family that the server must advertise. Nobody connects to that address: no endpoints are made of it.
    let address = if service_cidr.split(',').next().is_some_and(|first| first.contains(':')) { "::1" } else { "127.0.0.1" };
    let mut arguments: Vec<String> = [
        "--bind-address=127.0.0.1",
        "--permit-port-sharing=true",
        "--endpoint-reconciler-type=none",
        "--cert-dir=.",
        "--tls-cert-file=server.crt",
        "--tls-private-key-file=server.key",
        "--client-ca-file=ca.crt",
        "--authorization-mode=RBAC",
        "--anonymous-auth=false",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-account-key-file=service-account.pub",
        "--service-account-signing-key-file=service-account.key",
        // No controller makes the default ServiceAccounts that this plugin asks for.
        "--disable-admission-plugins=ServiceAccount",
        "--allow-privileged=true",
        "--profiling=false",
    ]
    .map(ToOwned::to_owned)
    .to_vec();
    arguments.push(format!("--etcd-servers=unix://{ETCD_SOCKET}"));
    arguments.push(format!("--secure-port={port}"));
    arguments.push(format!("--advertise-address={address}"));
    arguments.push(format!("--service-cluster-ip-range={service_cidr}"));
    arguments
}

/// A free port of 127.0.0.1, bound but not listened on, so that nobody else gets it before kube-apiserver does.
///
/// Both sides set `SO_REUSEPORT` (`--permit-port-sharing`), which lets processes of one user share a port; a socket that does not listen gets
/// no connections (socket(7)). The kernel never chooses a port that is bound in this way for somebody who asks for any.
fn hold_port() -> Result<(TcpSocket, u16)> {
    let hold = || {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseport(true)?;
        socket.bind((std::net::Ipv4Addr::LOCALHOST, 0).into())?;
        let port = socket.local_addr()?.port();
        Ok::<_, std::io::Error>((socket, port))
    };
    hold().map_err(|cause| Error::environment("cannot get a port of 127.0.0.1").caused_by(cause))
}

fn write_files(folder: &Path, authority: &Authority) -> Result<()> {
    let server = authority.server("kube-apiserver", &["127.0.0.1", "::1", "localhost"])?;
    let tokens = TokenKeys::generate()?;
    for (name, content) in [
        ("ca.crt", &authority.certificate),
        ("server.crt", &server.certificate),
        ("server.key", &server.key),
        ("service-account.key", &tokens.private),
        ("service-account.pub", &tokens.public),
    ] {
        write_private(&folder.join(name), content)?;
    }
    Ok(())
}
