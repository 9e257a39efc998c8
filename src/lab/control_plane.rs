//! etcd and kube-apiserver, started for one purpose and thrown away.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::future::Future;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::Client;
use tokio::net::{TcpSocket, UnixStream};
use tokio::time::{sleep, timeout};

use super::certificates::Certificates;
use super::kubeconfig::kubeconfig;
use crate::diag::{Error, Progress, Result};
use crate::live;
use crate::process::{Guard, GuardOptions, Places, Process, Program, interrupted};

/// How long a part may take to become ready; on an idle machine it takes one to three seconds.
const PATIENCE: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(20);

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
    let certificates = Certificates::generate()?;
    write_files(guard.scratch(), &certificates)?;
    let (port, number) = hold_port()?;
    let content = kubeconfig(number, &certificates);
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

fn program(name: &str, path: PathBuf, arguments: Vec<String>) -> Program {
    let arguments = arguments.into_iter().map(OsString::from).collect();
    // etcd takes options from ETCD_*, Go programs proxies from HTTP_PROXY: none of the user's may reach them.
    Program { name: name.to_owned(), path, arguments, environment: Vec::new() }
}

/// Relative to the scratch folder, in which all parts run: an absolute path may be longer than a socket's may be (unix(7): 108 bytes).
const ETCD_SOCKET: &str = "etcd.sock";

/// etcd listens on sockets in the scratch folder only: no port to choose, and nobody else can reach it.
fn etcd_arguments() -> Vec<String> {
    // It wants a port in the names of URLs that it advertises, and connects to none of them while it is alone.
    let peer = "unix://peer.sock:1";
    [
        "--name=lab".to_owned(),
        "--data-dir=etcd".to_owned(),
        format!("--listen-client-urls=unix://{ETCD_SOCKET}"),
        "--advertise-client-urls=http://localhost:1".to_owned(),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=lab={peer}"),
        // Nothing here has to survive a power failure.
        "--unsafe-no-fsync".to_owned(),
        "--log-level=warn".to_owned(),
    ]
    .to_vec()
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

fn write_files(folder: &Path, certificates: &Certificates) -> Result<()> {
    for (name, content) in [
        ("ca.crt", &certificates.authority),
        ("server.crt", &certificates.server.certificate),
        ("server.key", &certificates.server.key),
        ("service-account.key", &certificates.service_account_key),
        ("service-account.pub", &certificates.service_account_public_key),
    ] {
        write_private(&folder.join(name), content)?;
    }
    Ok(())
}

fn write_private(path: &Path, content: &str) -> Result<()> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(content.as_bytes()))
        .map_err(|cause| Error::environment(format!("cannot write `{}`", path.display())).caused_by(cause))
}

/// Serving also means that the namespace `default` is there: it is made after `/readyz` is good.
async fn serves(client: &Client) -> bool {
    live::exists(client, "/readyz").await && live::exists(client, "/api/v1/namespaces/default").await
}

/// Asks again and again until it is so; gives up when one of the processes ends.
async fn ready<F: Future<Output = bool>>(processes: &mut [&mut Process], mut asked: impl FnMut() -> F) -> Result<()> {
    let asking = async {
        while !asked().await {
            sleep(POLL).await;
        }
    };
    let waiting = timeout(PATIENCE, asking);
    let name = processes[0].name().to_owned();
    let lines = processes[0].clone();
    let ended =
        futures_util::future::select_all(processes.iter_mut().map(|process| Box::pin(async { (process.ended().await, process.clone()) })));
    tokio::select! {
        ready = waiting => ready.map_err(|_| {
            with_log(Error::environment(format!("`{name}` is not ready after {} s", PATIENCE.as_secs())), &lines)
        }),
        ((exit, process), ..) = ended => {
            Err(with_log(Error::environment(format!("`{}` ended with {exit} before it was ready", process.name())), &process))
        }
    }
}

fn with_log(error: Box<Error>, process: &Process) -> Box<Error> {
    let lines = process.last_lines(5);
    if lines.is_empty() { error } else { error.caused_by(format!("the last lines of its log:\n{}", lines.join("\n"))) }
}
