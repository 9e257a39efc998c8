//! What Git is told, so that it asks as Argo CD does.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::diag::Result;
use crate::secret::{Plain, VolatileFolder};

use super::way::{Login, Way, is_ssh};

/// How SSH asks nobody and waits for nobody for long.
const PATIENT: &str = "-o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=10";

/// Settings of one question.
#[derive(Debug, Default)]
pub(super) struct GitSettings {
    config: Vec<String>,
    /// Stronger than settings, whatever the user has there.
    environment: Vec<(&'static str, PathBuf)>,
    ssh: Option<String>,
    /// Whether the user's own settings are left out.
    is_argocds: bool,
}

impl GitSettings {
    /// Writes what Git has to read into the folder, under names that begin with the number.
    pub(super) fn new(url: &str, way: &Way, folder: &VolatileFolder, number: usize) -> Result<Self> {
        let write = |name: &str, text: String| folder.write(&format!("{number}-{name}"), &Plain::text(text));
        let mut settings = Self { is_argocds: way.login.is_some(), ..Self::default() };
        let mut set = |key: &str, value: &str| settings.config.push(format!("{key}={value}"));
        if way.insecure {
            set("http.sslVerify", "false");
        }
        if let Some(proxy) = &way.proxy {
            set("http.proxy", proxy);
        }
        if let Some(certificates) = &way.certificates {
            settings.environment.push(("GIT_SSL_CAINFO", write("ca", certificates.clone())?));
        }
        let Some(login) = &way.login else { return Ok(settings) };
        if is_ssh(url) {
            settings.ssh = Some(ssh(login, way, folder, number)?);
            return Ok(settings);
        }
        // Helpers that the user has would answer with the user's credentials.
        set("credential.helper", "");
        if let Some(password) = login.text("password") {
            // A token alone goes with this name (`util/git/creds.go`).
            let username = login.text("username").unwrap_or("x-access-token");
            let answer = write("answer", format!("username={username}\npassword={password}\n"))?;
            set("credential.helper", &format!("!f() {{ cat {}; }}; f", quoted(&answer)));
        } else if let Some(token) = login.text("bearerToken") {
            let token = token.replace('\\', "\\\\").replace('"', "\\\"");
            let config = write("config", format!("[http]\n\textraHeader = \"Authorization: Bearer {token}\"\n"))?;
            set("include.path", &config.to_string_lossy());
        }
        if let (Some(certificate), Some(key)) = (login.text("tlsClientCertData"), login.text("tlsClientCertKey")) {
            settings.environment.push(("GIT_SSL_CERT", write("certificate", format!("{certificate}\n"))?));
            settings.environment.push(("GIT_SSL_KEY", write("certificate-key", format!("{key}\n"))?));
        }
        Ok(settings)
    }

    /// Tells a Git.
    pub(super) fn apply(&self, command: &mut Command) {
        // It ends by itself, too, should nobody be left to end it.
        for setting in ["http.lowSpeedLimit=1", "http.lowSpeedTime=30"].into_iter().chain(self.config.iter().map(String::as_str)) {
            command.args(["-c", setting]);
        }
        command.envs(self.environment.iter().map(|(name, path)| (name, path)));
        if self.is_argocds {
            // Neither what the user set, nor what the repository that this runs in does: it may have credentials of a CI system.
            command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").current_dir("/");
        }
        match &self.ssh {
            Some(ssh) => _ = command.env("GIT_SSH_COMMAND", ssh),
            None if std::env::var_os("GIT_SSH_COMMAND").is_none() => {
                command.env("GIT_SSH_COMMAND", format!("ssh {PATIENT}"));
            }
            None => {}
        }
    }
}

fn ssh(login: &Login, way: &Way, folder: &VolatileFolder, number: usize) -> Result<String> {
    let write = |name: &str, text: String| folder.write(&format!("{number}-{name}"), &Plain::text(text));
    let key = write("key", format!("{}\n", login.text("sshPrivateKey").unwrap_or_default()))?;
    let mut command = format!("ssh -F /dev/null -i {} -o IdentitiesOnly=yes -o IdentityAgent=none", quoted(&key));
    command.push(' ');
    command.push_str(PATIENT);
    match &login.known_hosts {
        _ if way.insecure => command.push_str(" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"),
        Some(known) => {
            let known = write("known-hosts", known.clone())?;
            command.push_str(" -o StrictHostKeyChecking=yes -o GlobalKnownHostsFile=/dev/null -o UserKnownHostsFile=");
            command.push_str(&quoted(&known));
        }
        None => command.push_str(" -o StrictHostKeyChecking=yes"),
    }
    Ok(command)
}

/// A path as a word of a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}
