//! The real Headscale, started with what the component renders.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::headscale::{Rendered, list, text};

/// How long a start, an answer or an end may take before the test gives up.
const PATIENCE: Duration = Duration::from_mins(2);

/// What the pod would have had from outside: the values of its Secrets and foreign ConfigMaps.
pub(crate) type Values = BTreeMap<(String, String), String>;

/// A folder with everything that the pod would have mounted.
pub(crate) struct Pod {
    binary: PathBuf,
    folder: tempfile::TempDir,
    http: Option<u16>,
    metrics: Option<u16>,
    grpc: Option<u16>,
    stun: Option<u16>,
    environment: Vec<(String, String)>,
}

/// The loopback ports that stand in for the pod's own.
struct Ports(BTreeMap<u16, u16>);

impl Ports {
    fn free(wanted: impl IntoIterator<Item = u16>) -> Self {
        // All are held until the last one is there, so that none is given out twice.
        let held: Vec<_> = wanted.into_iter().map(|port| (port, TcpListener::bind("127.0.0.1:0").expect("a free port"))).collect();
        Self(held.iter().map(|(port, listener)| (*port, listener.local_addr().expect("an address").port())).collect())
    }

    /// Where the listener of a key went; none for one that is off.
    fn of(&self, address: &serde_json::Value) -> Option<u16> {
        let (_, port) = address.as_str()?.rsplit_once(':')?;
        self.0.get(&port.parse().ok()?).copied()
    }
}

impl Pod {
    /// Lays out what was rendered. These are the only substitutions: folders move below a temporary one, listeners to free ports of
    /// the loopback address.
    pub(crate) fn new(binary: &Path, rendered: &Rendered, values: &Values) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = rendered.files()["config.yaml"].clone();
        for (from, to) in [("/etc/headscale", "etc"), ("/var/lib/headscale", "data"), ("/var/run/headscale", "run")] {
            fs::create_dir_all(folder.path().join(to)).expect("a folder");
            config = config.replace(from, folder.path().join(to).to_str().expect("a UTF-8 path"));
        }
        let listeners = config.match_indices("0.0.0.0:").filter_map(|(at, any)| {
            let digits = config[at + any.len()..].split(|c: char| !c.is_ascii_digit()).next()?;
            digits.parse::<u16>().ok()
        });
        let ports = Ports::free(listeners.collect::<BTreeSet<_>>());
        for (from, to) in &ports.0 {
            config = config.replace(&format!("0.0.0.0:{from}\n"), &format!("127.0.0.1:{to}\n"));
        }
        assert!(!config.contains("0.0.0.0:"), "a listener would not be on the loopback address:\n{config}");
        let said = rendered.config();
        let pod = Self {
            binary: binary.to_owned(),
            http: ports.of(&said["listen_addr"]),
            metrics: ports.of(&said["metrics_listen_addr"]),
            grpc: ports.of(&said["grpc_listen_addr"]),
            stun: ports.of(&said["derp"]["server"]["stun_listen_addr"]),
            environment: environment(rendered, values),
            folder,
        };
        for (name, contents) in rendered.files() {
            pod.write(&format!("etc/{name}"), if name == "config.yaml" { &config } else { &contents });
        }
        pod.mount_values(rendered, values);
        pod
    }

    /// Files of Secrets and foreign ConfigMaps, as the pod's volumes lay them out.
    fn mount_values(&self, rendered: &Rendered, values: &Values) {
        let pod = rendered.pod();
        let value =
            |name: &str, key: &str| values.get(&(name.to_owned(), key.to_owned())).unwrap_or_else(|| panic!("no value for {name} {key}"));
        for volume in list(&pod["spec"]["volumes"]) {
            let folder = match text(&volume["name"]) {
                "keys" => "etc-keys",
                "tls" => "etc-tls",
                "records" => "etc-records",
                _ => continue,
            };
            for source in list(&volume["projected"]["sources"]) {
                let (name, item) = (text(&source["secret"]["name"]), &source["secret"]["items"][0]);
                self.write(&format!("{folder}/{}", text(&item["path"])), value(name, text(&item["key"])));
            }
            let whole = [&volume["secret"]["secretName"], &volume["configMap"]["name"]];
            for name in whole.into_iter().filter_map(|name| name.as_str()) {
                for ((_, key), contents) in values.iter().filter(|((of, _), _)| of == name) {
                    self.write(&format!("{folder}/{key}"), contents);
                }
            }
        }
    }

    /// The folder of its database and keys.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn write(&self, path: &str, contents: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, contents).expect("a file");
    }

    /// Adds lines to Headscale's config that no typed config can hold.
    pub(crate) fn append(&self, lines: &str) {
        let path = self.folder.path().join("etc/config.yaml");
        let config = fs::read_to_string(&path).expect("the config") + lines;
        fs::write(path, config).expect("the config");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        // Nothing of the test's own environment, because Headscale takes its config from there, too.
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        // Not `--config`, which `policy check` of 0.28 does not know.
        command.env("HEADSCALE_CONFIG", self.folder.path().join("etc/config.yaml")).args(arguments).stdin(Stdio::null());
        command
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn serve(&self) -> Running {
        let log = fs::File::create(self.folder.path().join("log")).expect("a log");
        let mut command = self.command(&["serve"]);
        command.stdout(log.try_clone().expect("a log")).stderr(log);
        Running(command.spawn().expect("headscale starts"))
    }

    /// Starts the server and waits for its health, as the kubelet's probe does.
    pub(crate) fn start(self) -> Server {
        self.start_until(|port| get(Some(port), "/health"))
    }

    /// Likewise with another way to ask for `/health` at a port of the loopback address.
    pub(crate) fn start_until(self, ask: impl Fn(u16) -> Option<String>) -> Server {
        let port = self.http.expect("a listener");
        let mut running = self.serve();
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = running.0.try_wait().expect("a child") {
                panic!("headscale ended with {status}:\n{}", self.log());
            }
            if ask(port).is_some_and(|answer| answer.contains(" 200 OK") && answer.contains(r#"{"status":"pass"}"#)) {
                return Server { pod: self, running };
            }
            assert!(Instant::now() < deadline, "headscale is not healthy:\n{}", self.log());
            sleep(Duration::from_millis(50));
        }
    }

    /// Starts the server and waits for it to fail; gives its last words, or what it did instead.
    pub(crate) fn start_and_fail(self) -> Result<String, String> {
        let mut running = self.serve();
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = running.0.try_wait().expect("a child") {
                let log = self.log();
                return if status.success() { Err(format!("headscale ended without an error:\n{log}")) } else { Ok(log) };
            }
            if get(self.http, "/health").is_some_and(|answer| answer.contains("pass")) {
                return Err(format!("headscale is healthy:\n{}", self.log()));
            }
            assert!(Instant::now() < deadline, "headscale neither failed nor started:\n{}", self.log());
            sleep(Duration::from_millis(20));
        }
    }
}

/// The variables of the container, with their values.
fn environment(rendered: &Rendered, values: &Values) -> Vec<(String, String)> {
    let pod = rendered.pod();
    let variable = |variable: &serde_json::Value| {
        let from = &variable["valueFrom"]["secretKeyRef"];
        let key = (text(&from["name"]).to_owned(), text(&from["key"]).to_owned());
        (text(&variable["name"]).to_owned(), values.get(&key).unwrap_or_else(|| panic!("no value for {key:?}")).clone())
    };
    list(&pod["spec"]["containers"][0]["env"]).iter().map(variable).collect()
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A healthy server.
pub(crate) struct Server {
    pod: Pod,
    running: Running,
}

impl Server {
    /// The answer to a request for a path, head and body.
    pub(crate) fn get(&self, path: &str) -> String {
        get(self.pod.http, path).unwrap_or_else(|| panic!("no answer for {path}:\n{}", self.pod.log()))
    }

    /// The answer of the metrics' port.
    pub(crate) fn get_metrics(&self, path: &str) -> Option<String> {
        get(self.pod.metrics, path)
    }

    /// Where STUN is, if it is.
    pub(crate) fn stun(&self) -> Option<SocketAddr> {
        self.pod.stun.map(|port| ([127, 0, 0, 1], port).into())
    }

    /// Whether somebody listens for gRPC.
    pub(crate) fn serves_grpc(&self) -> bool {
        self.pod.grpc.is_some_and(|port| TcpStream::connect(("127.0.0.1", port)).is_ok())
    }

    /// What a `headscale` command in the pod prints; it goes through the unix socket.
    pub(crate) fn cli(&self, arguments: &[&str]) -> String {
        // Its own 5 seconds are too few for a machine that compiles meanwhile.
        let output = self.pod.command(arguments).env("HEADSCALE_CLI_TIMEOUT", "60s").output().expect("headscale runs");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {out}{err}\n{}", self.pod.log());
        out.into_owned()
    }

    /// The file that was rendered, where it lies now.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.pod.folder.path().join("etc").join(name)
    }

    /// The folder of its database and keys.
    pub(crate) fn data(&self) -> PathBuf {
        self.pod.data()
    }

    pub(crate) fn log(&self) -> String {
        self.pod.log()
    }

    /// Stops it as the kubelet does; gives the pod back for another start.
    pub(crate) fn stop(mut self) -> (Pod, ExitStatus) {
        let id = i32::try_from(self.running.0.id()).expect("a process id");
        let id = rustix::process::Pid::from_raw(id).expect("a process id");
        rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("a signal");
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.running.0.try_wait().expect("a child") {
                return (self.pod, status);
            }
            assert!(Instant::now() < deadline, "headscale does not stop:\n{}", self.pod.log());
            sleep(Duration::from_millis(20));
        }
    }
}

/// One request over plain HTTP; none without a connection or an answer.
fn get(port: Option<u16>, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port?)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// A private key of the mesh protocol, made by Headscale itself.
pub(crate) fn private_key(binary: &Path) -> String {
    let output = Command::new(binary).args(["generate", "private-key"]).env_clear().output().expect("headscale runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}
