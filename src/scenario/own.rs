//! This very program, as its users run it, on a cluster file of a story's own.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tokio::process::Command;

use super::kubectl::output;
use crate::config::{self, ConfigFile, LoadRequest};
use crate::diag::{Error, Result};
use crate::lab::Lab;
use crate::manifest::Release;
use crate::process::Places;
use crate::render::{Selection, render};
use crate::source::Sources;
use crate::yaml;

/// A recipient whose identity nobody has, for a release of which only the images matter.
pub(super) const ANYBODY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

/// The program, a folder with a cluster file, and the lab that it works on.
pub(super) struct Own {
    program: PathBuf,
    folder: PathBuf,
    kubeconfig: PathBuf,
    age_keygen: Option<PathBuf>,
}

impl Own {
    pub(super) fn new(lab: &Lab, places: &Places) -> Self {
        Self {
            program: lab.program().to_owned(),
            folder: lab.scratch().join("cluster"),
            kubeconfig: lab.kubeconfig().to_owned(),
            age_keygen: places.find("age-keygen"),
        }
    }

    /// The cluster file.
    pub(super) fn file(&self) -> PathBuf {
        self.folder.join("cluster.yaml")
    }

    fn identity_file(&self) -> PathBuf {
        self.folder.join("identity")
    }

    /// Makes the identity that reads all secrets, and answers with its public key.
    pub(super) async fn identity(&self) -> Result<String> {
        let program = self.age_keygen.as_ref().ok_or_else(|| Error::environment("cannot find `age-keygen`"))?;
        fs::create_dir(&self.folder).map_err(|cause| Error::environment("cannot make a folder").caused_by(cause))?;
        let keygen = |flag: &str| {
            let mut command = Command::new(program);
            command.arg(flag).arg(self.identity_file());
            command
        };
        output(keygen("-o"), "age-keygen").await?;
        Ok(output(keygen("-y"), "age-keygen -y").await?.trim().to_owned())
    }

    /// Writes the cluster file.
    pub(super) fn write(&self, cluster: &Value) -> Result<()> {
        fs::write(self.file(), text(cluster)?).map_err(|cause| Error::environment("cannot write the cluster file").caused_by(cause))
    }

    /// Runs a command that reads secrets, on the cluster file and the lab.
    pub(super) async fn with_identity(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.program);
        // What it remembers goes with the folder, and nothing of the user's own comes in.
        command.args(arguments).env_clear().env("HOME", &self.folder).env("KUBECONFIG", &self.kubeconfig);
        command.arg("--config").arg(self.file()).arg("--identity").arg(self.identity_file());
        output(command, &format!("manifestgen {}", arguments.join(" "))).await
    }
}

fn text(cluster: &Value) -> Result<String> {
    yaml::to_string(cluster).map_err(|cause| Error::internal("the scenario's cluster cannot be written").caused_by(cause))
}

/// What `render` makes of a cluster file.
pub(super) fn rendered(cluster: &Value) -> Result<Release> {
    let file = ConfigFile { name: "cluster.yaml".to_owned(), text: text(cluster)? };
    let loaded = config::load(&LoadRequest { file: Some(file), profile: None, sets: Vec::new() }, &mut Sources::new())?;
    render(loaded.cluster(), &Selection::default())
}
