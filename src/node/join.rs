//! What k3s needs before it can start: the token, and for who joins, the server.

use std::path::Path;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::config::NodeConfig;
use crate::diag::Progress;

const CONNECT: Duration = Duration::from_secs(3);
const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(15);

/// Waits until the token's file is there and the server answers, without an end: both may come long after this node. What it waits for
/// is said once.
pub(super) async fn wait(config: &NodeConfig, progress: &dyn Progress) {
    let mut said = String::new();
    let mut pause = SHORTEST;
    while let Some(missing) = missing(config).await {
        if missing != said {
            progress.note(&format!("waiting: {missing}"));
            said = missing;
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST);
    }
}

async fn missing(config: &NodeConfig) -> Option<String> {
    for flag in ["token-file", "agent-token-file", "vpn-auth-file"] {
        if let Some(path) = config.text(flag)
            && std::fs::metadata(Path::new(path)).map_or(true, |file| file.len() == 0)
        {
            return Some(format!("`{path}` ({flag}) is not there yet, or empty"));
        }
    }
    let server = config.text("server")?;
    let (host, port) = host_and_port(server)?;
    match timeout(CONNECT, TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(format!("the server {server} does not answer: {error}")),
        Err(_) => Some(format!("the server {server} does not answer")),
    }
}

/// Of `https://10.0.0.1:6443`. k3s takes 443 when there is no port.
pub(super) fn host_and_port(url: &str) -> Option<(&str, u16)> {
    let rest = url.strip_prefix("https://")?.split('/').next()?;
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
        _ => (rest, 443),
    };
    Some((host.trim_start_matches('[').trim_end_matches(']'), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_a_host_and_a_port() {
        for (url, expected) in [
            ("https://10.0.0.1:6443", Some(("10.0.0.1", 6443))),
            ("https://primer.example.com", Some(("primer.example.com", 443))),
            ("https://[fd00::1]:6443/", Some(("fd00::1", 6443))),
            ("https://[fd00::1]", Some(("fd00::1", 443))),
            ("http://10.0.0.1", None),
            ("https://10.0.0.1:no", None),
        ] {
            assert_eq!(host_and_port(url), expected, "{url}");
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_is_missing_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let token = folder.path().join("token");
        let of = |config| async move { missing(&NodeConfig::of(config)).await };
        let config = serde_json::json!({"token-file": token});
        assert!(of(config.clone()).await.is_some_and(|said| said.contains("token-file")));
        std::fs::write(&token, "").expect("written");
        assert!(of(config.clone()).await.is_some(), "an empty token is none");
        std::fs::write(&token, "t").expect("written");
        assert_eq!(of(config).await, None);
        let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
        let said = of(serde_json::json!({"server": format!("https://127.0.0.1:{closed}")})).await;
        assert!(said.is_some_and(|said| said.contains("does not answer")));
    }
}
