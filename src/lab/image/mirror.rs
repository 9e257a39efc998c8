//! The hidden command `__mirror`: a registry of the lab's images, which stands in for all others on its nodes.
//!
//! A node asks it for every image, whatever the registry in its name, which is told as the parameter `ns` (containerd's
//! `docs/hosts.md`). It answers what containerd asks for when it pulls (github.com/opencontainers/distribution-spec).

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::store::{INDEX, MANIFEST, Store};

/// The hidden first argument; the store's folder and the address to listen at follow.
pub(in crate::lab) const MIRROR: &str = "__mirror";

/// No request of containerd has as many bytes before its end.
const LONGEST: u64 = 1 << 16;
const PATIENCE: Duration = Duration::from_secs(10);

pub(in crate::lab) fn mirror(mut arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let store = arguments.next().and_then(|folder| Store::open(Path::new(&folder)).ok());
    let address = arguments.next().and_then(|address| address.to_str()?.parse::<SocketAddr>().ok());
    let (Some(store), Some(address)) = (store, address) else { return ExitCode::from(2) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let served: io::Result<()> = runtime.and_then(|runtime| {
        runtime.block_on(async {
            let listener = TcpListener::bind(address).await?;
            loop {
                let (stream, _) = listener.accept().await?;
                tokio::spawn(serve(stream, store.clone()));
            }
        })
    });
    if served.is_err() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// One request for each connection. What goes wrong the other side sees as its end.
async fn serve(stream: TcpStream, store: Store) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let first = timeout(PATIENCE, head(&mut stream)).await??;
    let mut words = first.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (status, headers, body) = match answer(&store, target) {
        _ if !matches!(method, "GET" | "HEAD") => ("405 Method Not Allowed", String::new(), Body::Text(String::new())),
        Some(found) => ("200 OK", found.headers(), found.body),
        None => {
            let problem = json!({"errors": [{"code": "NAME_UNKNOWN", "message": "the lab has no such image"}]});
            ("404 Not Found", "Content-Type: application/json\r\n".to_owned(), Body::Text(problem.to_string()))
        }
    };
    let (mut file, size) = match &body {
        Body::File(path) => {
            let file = File::open(path).await?;
            let size = file.metadata().await?.len();
            (Some(file), size)
        }
        Body::Text(text) => (None, text.len() as u64),
    };
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {size}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    if method != "HEAD" {
        match (&mut file, &body) {
            (Some(file), _) => drop(tokio::io::copy(file, &mut stream).await?),
            (None, Body::Text(text)) => stream.write_all(text.as_bytes()).await?,
            (None, Body::File(_)) => {}
        }
    }
    stream.shutdown().await
}

/// The first line of a request, read to the empty line.
async fn head(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut stream = stream.take(LONGEST);
    let mut first = String::new();
    stream.read_line(&mut first).await?;
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 && !line.trim().is_empty() {
        line.clear();
    }
    Ok(first)
}

enum Body {
    File(PathBuf),
    Text(String),
}

struct Found {
    kind: Option<&'static str>,
    digest: Option<String>,
    body: Body,
}

impl Found {
    fn headers(&self) -> String {
        let mut headers = String::from("Docker-Distribution-Api-Version: registry/2.0\r\n");
        // Writing to a string cannot fail.
        let _ = write!(headers, "Content-Type: {}\r\n", self.kind.unwrap_or("application/octet-stream"));
        if let Some(digest) = &self.digest {
            let _ = write!(headers, "Docker-Content-Digest: {digest}\r\n");
        }
        headers
    }
}

fn answer(store: &Store, target: &str) -> Option<Found> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let name = path.strip_prefix("/v2/")?;
    if name.is_empty() {
        return Some(Found { kind: None, digest: None, body: Body::Text(String::new()) });
    }
    if let Some((_, digest)) = name.rsplit_once("/blobs/") {
        let file = store.blob(digest)?;
        return Some(Found { kind: None, digest: Some(digest.to_owned()), body: Body::File(file) });
    }
    let (name, reference) = name.rsplit_once("/manifests/")?;
    let digest = if reference.starts_with("sha256:") {
        reference.to_owned()
    } else {
        // Of what a host's name may have, only the colon before its port is escaped.
        let registry = query.split('&').find_map(|parameter| parameter.strip_prefix("ns="))?.replace("%3A", ":");
        store.digest_of(&format!("{registry}/{name}:{reference}"))?
    };
    let file = store.blob(&digest)?;
    let kind = kind_of_manifest(&file)?;
    Some(Found { kind: Some(kind), digest: Some(digest), body: Body::File(file) })
}

/// A manifest of the image specification may leave its own media type out.
fn kind_of_manifest(file: &Path) -> Option<&'static str> {
    let manifest: Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    match manifest["mediaType"].as_str() {
        Some("application/vnd.docker.distribution.manifest.v2+json") => Some("application/vnd.docker.distribution.manifest.v2+json"),
        Some("application/vnd.docker.distribution.manifest.list.v2+json") => {
            Some("application/vnd.docker.distribution.manifest.list.v2+json")
        }
        _ if manifest["manifests"].is_array() => Some(INDEX),
        _ => Some(MANIFEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::image::Recipe;

    #[test]
    fn images_are_found_by_the_registry_that_names_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        let recipe = Recipe::of_program("example.com:5000/a/b:1", "/a", "a");
        let names = store.add_recipe(&recipe, &std::collections::BTreeMap::new()).expect("an image");
        store.name(&names).expect("named");
        let digest = &names["example.com:5000/a/b:1"];
        let found = answer(&store, "/v2/a/b/manifests/1?ns=example.com%3A5000").expect("found");
        assert_eq!((found.digest.as_ref(), found.kind), (Some(digest), Some(MANIFEST)));
        assert!(answer(&store, &format!("/v2/a/b/manifests/{digest}?ns=example.com%3A5000")).is_some());
        assert!(answer(&store, &format!("/v2/a/b/blobs/{digest}")).is_some());
        assert!(answer(&store, "/v2/").is_some());
        for nothing in ["/v2/a/b/manifests/1?ns=docker.io", "/v2/a/b/manifests/2?ns=example.com%3A5000", "/v2/a/b/blobs/sha256:..", "/", ""]
        {
            assert!(answer(&store, nothing).is_none(), "{nothing}");
        }
    }
}
