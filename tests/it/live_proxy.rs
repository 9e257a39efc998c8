//! A proxy in front of an API server that does to its answers what networks and busy servers do.
//!
//! It speaks plain HTTP on both sides; `kubectl proxy` behind it has the credentials.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::json;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection ends before the server sees anything.
    Drop,
    /// The server does it, and nobody hears of it.
    Silence,
    /// Half of the answer, then nothing.
    Half,
    /// `429 Too Many Requests` with `Retry-After`.
    Busy,
    /// `500` from something inside the server.
    Broken,
    /// `503` from something in front of it.
    Away,
    /// It takes a while.
    Slow,
}

pub(crate) const ALL: [Fault; 7] = [Fault::Drop, Fault::Silence, Fault::Half, Fault::Busy, Fault::Broken, Fault::Away, Fault::Slow];

/// A generator of numbers that a seed decides (Knuth's MMIX).
#[derive(Debug)]
pub(crate) struct Random(AtomicU64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    pub(crate) fn below(&self, bound: u64) -> u64 {
        let step = |seed: u64| Some(seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
        let seed = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step).expect("always some");
        (seed >> 33) % bound
    }
}

struct Shared {
    upstream: u16,
    faults: Mutex<Vec<Fault>>,
    random: Random,
    /// One request in so many meets a fault; 0 for none.
    one_in: AtomicU64,
    met: AtomicUsize,
    away: AtomicBool,
}

pub(crate) struct Proxy {
    shared: Arc<Shared>,
    kubectl: Child,
    kubeconfig: PathBuf,
}

impl Proxy {
    pub(crate) fn start(kubectl: &Path, kubeconfig: &Path, folder: &Path, seed: u64) -> Self {
        let mut kubectl = Command::new(kubectl)
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .args(["proxy", "--port=0", "--address=127.0.0.1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("kubectl starts");
        let mut line = String::new();
        BufReader::new(kubectl.stdout.take().expect("a pipe")).read_line(&mut line).expect("its address");
        let upstream = line.trim().rsplit(':').next().expect("a port").parse().expect("a port");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared {
            upstream,
            faults: Mutex::new(ALL.to_vec()),
            random: Random::new(seed),
            one_in: AtomicU64::new(0),
            met: AtomicUsize::new(0),
            away: AtomicBool::new(false),
        });
        let own = folder.join("proxy-kubeconfig");
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "proxy",
            "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "proxy"}}],
            "clusters": [{"name": "proxy", "cluster": {"server": format!("http://127.0.0.1:{port}")}}],
            "users": [{"name": "proxy", "user": {}}],
        });
        std::fs::write(&own, config.to_string()).expect("written");
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&serving);
                // A broken connection is what this is for.
                thread::spawn(move || shared.serve(client));
            }
        });
        Self { shared, kubectl, kubeconfig: own }
    }

    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// From now on, one request in `one_in` meets one of these.
    pub(crate) fn inject(&self, faults: &[Fault], one_in: u64) {
        *self.shared.faults.lock().expect("no panic") = faults.to_vec();
        self.shared.one_in.store(one_in, Ordering::Relaxed);
    }

    /// Every connection is refused, or none.
    pub(crate) fn away(&self, away: bool) {
        self.shared.away.store(away, Ordering::Relaxed);
    }

    /// How many faults were met.
    pub(crate) fn met(&self) -> usize {
        self.shared.met.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.kubectl.kill();
        let _ = self.kubectl.wait();
    }
}

impl Shared {
    fn serve(&self, client: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(client.try_clone().ok()?);
        let mut client = client;
        // A connection carries one request: then every one of them can be broken.
        let request = read_request(&mut reader)?;
        if self.away.load(Ordering::Relaxed) {
            return None;
        }
        let fault = self.choose();
        if fault.is_some() {
            self.met.fetch_add(1, Ordering::Relaxed);
        }
        let canned = |code: &str, reason: &str, extra: &str| {
            let number: u32 = code.split(' ').next().unwrap_or("500").parse().unwrap_or(500);
            let body =
                json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": number, "reason": reason, "message": "injected"})
                    .to_string();
            format!(
                "HTTP/1.1 {code}\r\ncontent-type: application/json\r\n{extra}content-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            )
        };
        let answer = match fault {
            Some(Fault::Drop) => return None,
            Some(Fault::Busy) => canned("429 Too Many Requests", "TooManyRequests", "retry-after: 1\r\n").into_bytes(),
            Some(Fault::Broken) => canned("500 Internal Server Error", "InternalError", "").into_bytes(),
            Some(Fault::Away) => b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbusy".to_vec(),
            Some(Fault::Slow) => {
                thread::sleep(Duration::from_millis(200 + self.random.below(300)));
                self.forward(&request)?
            }
            Some(Fault::Silence) => {
                self.forward(&request)?;
                return None;
            }
            Some(Fault::Half) => {
                let whole = self.forward(&request)?;
                client.write_all(&whole[..whole.len() / 2]).ok()?;
                return None;
            }
            None => self.forward(&request)?,
        };
        client.write_all(&answer).ok()
    }

    fn choose(&self) -> Option<Fault> {
        let one_in = self.one_in.load(Ordering::Relaxed);
        if one_in == 0 || self.random.below(one_in) != 0 {
            return None;
        }
        let faults = self.faults.lock().expect("no panic");
        let index = usize::try_from(self.random.below(u64::try_from(faults.len()).expect("few"))).expect("few");
        Some(faults[index])
    }

    fn forward(&self, request: &[u8]) -> Option<Vec<u8>> {
        let mut server = TcpStream::connect(("127.0.0.1", self.upstream)).ok()?;
        server.write_all(request).ok()?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer).ok()?;
        Some(answer)
    }
}

/// A whole request that asks for the connection to be closed.
fn read_request(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut head = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line == "\r\n" {
            break;
        }
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut request = format!("{head}connection: close\r\n\r\n").into_bytes();
    request.extend(body);
    Some(request)
}
