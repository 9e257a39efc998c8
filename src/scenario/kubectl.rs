//! kubectl, as somebody at the cluster would use it.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

use crate::diag::{Error, Result};

/// How long one command may take.
const PATIENCE: Duration = Duration::from_mins(2);

pub(super) struct Kubectl {
    pub(super) program: PathBuf,
    pub(super) kubeconfig: PathBuf,
}

impl Kubectl {
    /// What it writes to stdout.
    pub(super) async fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.program);
        // It keeps a cache in HOME, which goes with the lab.
        let home = self.kubeconfig.parent().unwrap_or(&self.kubeconfig);
        command.args(arguments).env_clear().env("KUBECONFIG", &self.kubeconfig).env("HOME", home);
        output(command, &format!("kubectl {}", arguments.join(" "))).await
    }

    /// Creates an object, or the objects of a list.
    pub(super) async fn create(&self, object: &Value) -> Result<()> {
        let cannot = |cause: std::io::Error| Error::environment("cannot write what is to be created").caused_by(cause);
        let mut file = tempfile::NamedTempFile::new().map_err(cannot)?;
        file.write_all(object.to_string().as_bytes()).map_err(cannot)?;
        self.run(&["create", "--filename", &file.path().display().to_string()]).await.map(|_| ())
    }

    /// The JSON that it writes to stdout.
    pub(super) async fn json(&self, arguments: &[&str]) -> Result<Value> {
        let text = self.run(arguments).await?;
        serde_json::from_str(&text).map_err(|cause| Error::environment(format!("no JSON: {}", text.trim())).caused_by(cause))
    }
}

/// Runs a command and takes what it writes to stdout.
pub(super) async fn output(mut command: Command, name: &str) -> Result<String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let failed = || Error::environment(format!("`{name}` failed"));
    let ended = timeout(PATIENCE, command.output()).await.map_err(|cause| failed().caused_by(cause))?;
    let output = ended.map_err(|cause| failed().caused_by(cause))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(failed().caused_by(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}
