//! A real Traefik reads what was rendered from a real API server and answers real requests: the same ones in the same way, whatever form
//! the routes have.
//!
//! It runs with the arguments of the rendered Deployment and the rights of the rendered ServiceAccount, in a network of the test's own.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, SystemTime};

use manifestgen::certificate::Authority;
use manifestgen::manifest::Release;
use serde_json::{Value, json};

use crate::backends::{greet, serve};
use crate::command::Run;
use crate::headscale::{list, merged, text};
use crate::ingress::release;
use crate::lab_server::kubeconfig;
use crate::own_network;
use crate::parts::part;
use crate::process::eventually;

/// Addresses of pods: three of `web`, one of `api`, one of `other`, and one at which nothing listens.
const PODS: [&str; 6] = ["10.254.0.1", "10.254.0.2", "10.254.0.3", "10.254.0.4", "10.254.0.5", "10.254.0.9"];

/// Requests that every form answers alike: what curl is told, and the answer.
const TABLE: &[(&[&str], &str)] = &[
    // By path, element by element.
    (&["http://cluster.internal/argocd"], "200 api GET /argocd cluster.internal"),
    (&["http://cluster.internal/argocd/"], "200 api GET /argocd/ cluster.internal"),
    (&["http://cluster.internal/argocd/x?y=1"], "200 api GET /argocd/x?y=1 cluster.internal"),
    (&["http://cluster.internal/argocdx"], "200 web GET /argocdx cluster.internal"),
    (&["http://cluster.internal/argoc"], "200 web GET /argoc cluster.internal"),
    (&["http://cluster.internal/ARGOCD"], "200 web GET /ARGOCD cluster.internal"),
    (&["http://cluster.internal/"], "200 web GET / cluster.internal"),
    // The longest prefix wins.
    (&["http://cluster.internal/argocd/api"], "200 other GET /argocd/api cluster.internal"),
    (&["http://cluster.internal/argocd/api/v1"], "200 other GET /argocd/api/v1 cluster.internal"),
    (&["http://cluster.internal/argocd/apis"], "200 api GET /argocd/apis cluster.internal"),
    // Prefixes that the Service does not see.
    (&["http://cluster.internal/strip"], "200 api GET / cluster.internal"),
    (&["http://cluster.internal/strip/"], "200 api GET / cluster.internal"),
    (&["http://cluster.internal/strip/a/b?c=d"], "200 api GET /a/b?c=d cluster.internal"),
    (&["http://cluster.internal/stripped"], "200 web GET /stripped cluster.internal"),
    // By subdomain, and a Service of another namespace.
    (&["http://api.cluster.internal/argocd"], "200 api GET /argocd api.cluster.internal"),
    (&["http://other.cluster.internal/x"], "200 other GET /x other.cluster.internal"),
    // A host without a route for the path, and one without any route.
    (&["http://only.cluster.internal/deep/er"], "200 api GET /deep/er only.cluster.internal"),
    (&["http://only.cluster.internal/deeper"], "200 other GET /deeper only.cluster.internal"),
    (&["http://unknown.internal/x"], "200 other GET /x unknown.internal"),
    (&["http://unknown.internal/shared"], "200 web GET /shared unknown.internal"),
    (&["http://unknown.internal/sharedx"], "200 other GET /sharedx unknown.internal"),
    // A Service without pods, and middlewares.
    (&["http://empty.cluster.internal/"], "503 "),
    (&["http://closed.cluster.internal/"], "403 "),
    (&["-X", "POST", "-d", "a", "http://api.cluster.internal/post"], "200 api POST /post api.cluster.internal"),
    // TLS, and the way from plain HTTP to it.
    (&["https://tls.cluster.internal/x"], "200 web GET /x tls.cluster.internal"),
    (&["https://tls.cluster.internal/argocd/y"], "200 api GET /argocd/y tls.cluster.internal"),
    (&["https://tls.cluster.internal/argocdx"], "200 web GET /argocdx tls.cluster.internal"),
    (&["http://tls.cluster.internal/x?y"], "301  -> https://tls.cluster.internal/x?y"),
    (&["http://tls.cluster.internal/plain/x"], "200 other GET /plain/x tls.cluster.internal"),
    (&["http://tls.cluster.internal/plainx"], "301  -> https://tls.cluster.internal/plainx"),
    (&["https://silent.cluster.internal/x"], "200 other GET /x silent.cluster.internal"),
    (&["http://cluster.internal:8081/any"], "200 api GET /any cluster.internal:8081"),
    (&["http://unknown.internal:8081/any"], "200 api GET /any unknown.internal:8081"),
    (&["http://unknown.internal:8081/path/x"], "200 other GET /path/x unknown.internal:8081"),
];

/// What a form without TCP and references to other namespaces leaves out.
const MORE: &[(&[&str], &str)] = &[
    (&["http://elsewhere.cluster.internal/x"], "200 other GET /x elsewhere.cluster.internal"),
    (&["-H", "Content-Type: application/grpc", "http://grpc.cluster.internal/a.B/C"], "200 api by h2c"),
];

fn service(namespace: &str, name: &str, rest: Value) -> Value {
    let port = merged(&json!({"name": "http", "port": 80}), &rest);
    let metadata = json!({"name": name, "namespace": namespace});
    json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [port]}})
}

/// The endpoints of a Service: addresses of its pods and whether they are ready.
fn endpoints(namespace: &str, name: &str, port: u16, pods: &[(&str, bool)]) -> Value {
    let endpoints: Vec<Value> =
        pods.iter().map(|(address, ready)| json!({"addresses": [address], "conditions": {"ready": ready, "serving": ready}})).collect();
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "endpoints": endpoints,
        "metadata": {"name": name, "namespace": namespace, "labels": {"kubernetes.io/service-name": name}},
        "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
    })
}

fn route(name: &str, service: (&str, &str), rest: Value) -> Value {
    merged(&json!({"name": name, "service": {"name": service.1, "namespace": service.0, "port": 80}}), &rest)
}

const WEB: (&str, &str) = ("one", "web");
const API: (&str, &str) = ("one", "api");
const OTHER: (&str, &str) = ("two", "other");

fn config(controller: Value, more: bool) -> Value {
    let tls = json!({"enabled": true, "secretName": "tls"});
    let mut routes = vec![
        route("root", WEB, json!({"host": "cluster.internal"})),
        route("argocd-page", API, json!({"host": "cluster.internal", "path": "/argocd"})),
        route("argocd-api", OTHER, json!({"host": "cluster.internal", "path": "/argocd/api/"})),
        route("strip", API, json!({"host": "cluster.internal", "path": "/strip", "stripPrefix": true})),
        route("api", API, json!({"host": "api.cluster.internal"})),
        route("other", OTHER, json!({"host": "other.cluster.internal"})),
        route("only", API, json!({"host": "only.cluster.internal", "path": "/deep"})),
        route("shared", WEB, json!({"path": "/shared"})),
        route("empty", ("one", "empty"), json!({"host": "empty.cluster.internal"})),
        route("closed", API, json!({"host": "closed.cluster.internal", "middlewares": ["nobody"]})),
        route("tls-root", WEB, json!({"host": "tls.cluster.internal", "tls": tls})),
        route("tls-argocd", API, json!({"host": "tls.cluster.internal", "path": "/argocd", "tls": tls})),
        route("tls-plain", OTHER, json!({"host": "tls.cluster.internal", "path": "/plain"})),
        route("silent", OTHER, json!({"host": "silent.cluster.internal", "tls": merged(&tls, &json!({"redirect": false}))})),
        route("port", API, json!({"listenPort": 8081})),
        route("port-path", OTHER, json!({"listenPort": 8081, "path": "/path"})),
        route("spread", WEB, json!({"host": "spread.cluster.internal"})),
        route("dead", ("one", "half"), json!({"host": "half.cluster.internal", "retries": 3})),
        route("headscale-like", API, json!({"host": "mesh.cluster.internal"})),
    ];
    let mut grpc = json!({});
    if more {
        routes.extend([
            route("elsewhere", OTHER, json!({"namespace": "one", "host": "elsewhere.cluster.internal"})),
            route("grpc", ("one", "grpc"), json!({"host": "grpc.cluster.internal", "grpc": true})),
            route("tcp", ("two", "greeter"), json!({"listenPort": 2555, "protocol": "tcp"})),
            route("own-tls", ("two", "secure"), json!({"host": "own.cluster.internal", "tls": {"enabled": true, "passthrough": true}})),
        ]);
        // The Gateway API asks the Service what its port speaks. Traefik's own form takes that word for the whole Service.
        if controller["type"] == "gateway" {
            grpc = json!({"appProtocol": "kubernetes.io/h2c"});
        }
    }
    let services = ["web", "api", "empty", "half"].map(|name| service("one", name, json!({})));
    let mut objects: Vec<Value> = services.into_iter().collect();
    objects.extend(["other", "greeter", "secure"].map(|name| service("two", name, json!({}))));
    objects.push(service("one", "grpc", grpc));
    json!({
        "cluster": {"name": "routed", "namespaces": [{"name": "one"}, {"name": "two"}]},
        "ingress": {
            "controller": controller,
            "routes": routes,
            "middlewares": [{"name": "nobody", "spec": {"ipAllowList": {"sourceRange": ["192.0.2.1/32"]}}}],
            "defaultBackend": {"name": "other", "namespace": "two", "port": 80},
        },
        "extraObjects": objects,
    })
}

/// Traefik and what it reads, for one form.
struct World {
    folder: tempfile::TempDir,
    kubectl: PathBuf,
    kubeconfig: PathBuf,
    children: Vec<Child>,
}

impl Drop for World {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl World {
    /// None outside of the test's own network, or without the parts.
    fn new(test: &str, controller: Value, more: bool) -> Option<Self> {
        let parts = ["etcd", "kube-apiserver", "kubectl", "traefik", "curl", "openssl"].map(part);
        if parts.iter().any(Option::is_none) || !own_network::enter(&format!("ingress_traefik::{test}"), &PODS) {
            return None;
        }
        let [_, _, kubectl, traefik, ..] = parts.map(|part| part.expect("asked above"));
        let kubeconfig = kubeconfig().expect("parts are there").to_owned();
        let folder = tempfile::tempdir().expect("a folder");
        let config = config(controller, more);
        let release = release(&config);
        fs::write(folder.path().join("cluster.yaml"), config.to_string()).expect("written");
        let ran = Run::new(folder.path(), &["apply", "--no-wait"]).env("KUBECONFIG", &kubeconfig).run();
        assert_eq!(ran.code, 0, "{}", ran.shown());
        let traefik = start_traefik(&traefik, &release, &kubeconfig, folder.path());
        let mut world = Self { folder, kubectl, kubeconfig, children: vec![traefik] };
        world.deliver();
        eventually(&format!("Traefik routes; its log: {}", world.log()), || {
            world.ask(&["https://tls.cluster.internal/x"]).starts_with("200")
                && world.ask(&["http://api.cluster.internal/"]).starts_with("200")
                && world.ask(&["http://unknown.internal/x"]).starts_with("200 other")
        });
        Some(world)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("traefik.log")).unwrap_or_default()
    }

    fn kubectl(&self, arguments: &[&str], objects: &[Value]) {
        let manifests = json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
        let mut child = Command::new(&self.kubectl)
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .args(arguments)
            .env("HOME", self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("kubectl runs");
        child.stdin.take().expect("a pipe").write_all(manifests.as_bytes()).expect("kubectl reads");
        assert!(child.wait().expect("its end").success());
    }

    /// What the release leaves to others: certificates, and pods with their endpoints.
    fn deliver(&mut self) {
        let now = SystemTime::now();
        let authority = Authority::generate("test CA", now).expect("a CA");
        let file = |name: &str, content: &str| fs::write(self.folder.path().join(name), content).expect("written");
        file("ca.crt", authority.certificate());
        let stranger = Authority::generate("test CA", now).expect("a CA");
        file("stranger.crt", stranger.certificate());
        let secret = |namespace: &str, names: &[&str]| {
            let pair = authority.issue(names, now).expect("a certificate");
            json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": "tls", "namespace": namespace},
                "stringData": {"tls.crt": pair.certificate, "tls.key": pair.key}})
        };
        let own = authority.issue(&["own.cluster.internal"], now).expect("a certificate");
        file("own.crt", &own.certificate);
        file("own.key", &own.key);
        self.kubectl(
            &["apply", "-f", "-"],
            &[
                secret("one", &["tls.cluster.internal"]),
                secret("two", &["silent.cluster.internal"]),
                endpoints("one", "web", 9000, &[(PODS[0], true), (PODS[1], true), (PODS[2], true)]),
                // The controller of EndpointSlices makes one for every Service with a selector.
                endpoints("one", "empty", 9000, &[]),
                endpoints("one", "api", 9000, &[(PODS[3], true)]),
                endpoints("one", "grpc", 9000, &[(PODS[3], true)]),
                endpoints("one", "half", 9000, &[(PODS[3], true), (PODS[5], true)]),
                endpoints("two", "greeter", 9001, &[(PODS[4], true)]),
                endpoints("two", "secure", 9002, &[(PODS[4], true)]),
                // The last one: who knows it knows all.
                endpoints("two", "other", 9000, &[(PODS[4], true)]),
            ],
        );
        PODS[..3].iter().for_each(|pod| serve(&format!("{pod}:9000"), "web"));
        serve(&format!("{}:9000", PODS[3]), "api");
        serve(&format!("{}:9000", PODS[4]), "other");
        greet(&format!("{}:9001", PODS[4]), "greetings");
        let server = Command::new("openssl")
            .args(["s_server", "-quiet", "-www", "-cert", "own.crt", "-key", "own.key", "-accept", &format!("{}:9002", PODS[4])])
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .spawn();
        self.children.push(server.expect("openssl runs"));
    }

    /// Code, answer and where it leads to. Ports are those inside of the pod, to which the Service leads.
    fn ask(&self, arguments: &[&str]) -> String {
        let output = self.curl(&["--cacert", "ca.crt", "--write-out", "\n%{http_code} %{redirect_url}"], arguments);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, rest) = said.rsplit_once('\n').unwrap_or(("", &said));
        let (code, to) = rest.split_once(' ').unwrap_or((rest, ""));
        let body = if code == "200" { body } else { "" };
        match (output.status.success(), to) {
            (false, _) => format!("curl: {}", String::from_utf8_lossy(&output.stderr).trim()),
            (true, "") => format!("{code} {body}"),
            (true, to) => format!("{code} {body} -> {to}"),
        }
    }

    fn curl(&self, options: &[&str], arguments: &[&str]) -> Output {
        let url = arguments.last().expect("a URL");
        let port = if url.starts_with("https:") { WEB_SECURE } else { PLAIN };
        let to = if url.contains(":8081/") { "::127.0.0.1:".to_owned() } else { format!("::127.0.0.1:{port}") };
        Command::new("curl")
            .args(["--silent", "--show-error", "--max-time", "20", "--http1.1", "--noproxy", "*", "--connect-to", &to])
            .args(options)
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .expect("curl runs")
    }

    /// Codes and pods that answer thirty requests.
    fn spread(&self, url: &str) -> BTreeSet<String> {
        let output = self.curl(&["--output", "/dev/null", "--write-out", "%{http_code} %header{pod}\n"], &[&format!("{url}?[1-30]")]);
        String::from_utf8_lossy(&output.stdout).lines().map(ToOwned::to_owned).collect()
    }

    fn check(&self, table: &[(&[&str], &str)]) {
        let wrong: Vec<String> = table
            .iter()
            .map(|(asked, expected)| (asked, expected, self.ask(asked)))
            .filter(|(_, expected, answer)| answer != *expected)
            .map(|(asked, expected, answer)| format!("{}\n  expected {expected}\n  answered {answer}", asked.join(" ")))
            .collect();
        assert!(wrong.is_empty(), "{} of {}:\n{}\n{}", wrong.len(), table.len(), wrong.join("\n"), self.log());
    }

    /// What holds for every form.
    fn check_all(&self) {
        self.check(TABLE);
        let stranger = self.curl(&["--cacert", "stranger.crt"], &["https://tls.cluster.internal/x"]);
        assert_eq!(stranger.status.code(), Some(60), "a stranger's CA must not be believed");
        let unnamed = self.curl(&["--cacert", "ca.crt"], &["https://unknown.internal/x"]);
        assert_eq!(unnamed.status.code(), Some(60), "there is no certificate for this host");

        let three: BTreeSet<String> = PODS[..3].iter().map(|pod| format!("200 {pod}:9000")).collect();
        assert_eq!(self.spread("http://spread.cluster.internal/"), three);
        // One is not ready: Kubernetes says so, and it gets no requests any more.
        self.kubectl(&["apply", "-f", "-"], &[endpoints("one", "web", 9000, &[(PODS[0], true), (PODS[1], true), (PODS[2], false)])]);
        let two: BTreeSet<String> = three.iter().take(2).cloned().collect();
        eventually("the pod that is not ready is left out", || self.spread("http://spread.cluster.internal/") == two);
        // One is gone, and nobody has said so yet.
        assert_eq!(self.spread("http://half.cluster.internal/"), BTreeSet::from([format!("200 {}:9000", PODS[3])]));
        assert_eq!(upgraded(), "api heard hello\n");
    }
}

/// The ports inside of the pod.
const PLAIN: u16 = 8000;
const WEB_SECURE: u16 = 8443;

/// Traefik with the arguments of its Deployment, and the rights of its ServiceAccount.
fn start_traefik(traefik: &Path, release: &Release, kubeconfig: &Path, folder: &Path) -> Child {
    let deployment = release.objects().iter().find(|object| object.kind() == "Deployment").expect("our own Traefik");
    let container = deployment.pointer("/spec/template/spec/containers/0").expect("a container");
    let arguments = list(&container["args"]).iter().map(text);
    let mut config: Value = serde_json::from_slice(&fs::read(kubeconfig).expect("a kubeconfig")).expect("JSON");
    config["users"][0]["user"]["as"] = "system:serviceaccount:traefik:traefik".into();
    fs::write(folder.join("traefik.kubeconfig"), config.to_string()).expect("written");
    let log = fs::File::create(folder.join("traefik.log")).expect("a log");
    Command::new(traefik)
        .args(arguments)
        .env("KUBECONFIG", folder.join("traefik.kubeconfig"))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a log"))
        .stderr(log)
        .spawn()
        .expect("Traefik starts")
}

/// A request as Tailscale's clients send it: an upgrade by POST, after which both sides speak a protocol of their own.
fn upgraded() -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", PLAIN)).expect("Traefik listens");
    stream.set_read_timeout(Some(Duration::from_mins(1))).expect("a timeout");
    let request = "POST /ts2021 HTTP/1.1\r\nHost: mesh.cluster.internal\r\nUpgrade: tailscale-control-protocol\r\n\
        Connection: upgrade\r\nX-Tailscale-Handshake: AAAA\r\nContent-Length: 0\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("an answer");
        answer.push(byte[0]);
    }
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.starts_with("HTTP/1.1 101 ") && answer.contains("tailscale-control-protocol"), "{answer}");
    stream.write_all(b"hello\n").expect("sent");
    let mut rest = String::new();
    stream.read_to_string(&mut rest).expect("an answer");
    rest
}

/// TCP, TLS that the Service ends, gRPC, and a Service of another namespace than its route.
fn check_more(world: &World) {
    world.check(MORE);
    let mut greeting = String::new();
    let mut stream = TcpStream::connect(("127.0.0.1", 2555)).expect("Traefik listens");
    stream.read_to_string(&mut greeting).expect("a greeting");
    assert_eq!(greeting, "greetings");
    let own = world.ask(&["https://own.cluster.internal/"]);
    assert!(own.starts_with("200 ") && own.contains("s_server"), "{own}");
}

#[test]
fn ingress_routes() {
    let Some(world) = World::new("ingress_routes", json!({}), true) else { return };
    world.check_all();
    check_more(&world);
    // Behind the Gateway API the Service's port decides for all requests.
    world.check(&[(&["http://grpc.cluster.internal/page"], "200 api GET /page grpc.cluster.internal")]);
}

#[test]
fn gateway() {
    let Some(world) = World::new("gateway", json!({"type": "gateway"}), true) else { return };
    world.check_all();
    check_more(&world);
}

#[test]
fn ingresses() {
    let Some(world) = World::new("ingresses", json!({"form": "ingress"}), false) else { return };
    world.check_all();
}
