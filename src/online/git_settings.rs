//! What Git is told, so that it asks as Argo CD does.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::diag::{Error, Result};

use super::way::{Login, Way, is_ssh};

/// How SSH asks nobody and waits for nobody for long.
const PATIENT: &str = "-o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=10";
/// What of this machine's environment is not the user's taste: where programs, certificates and the network are.
const OF_THE_MACHINE: [&str; 14] = [
    "PATH",
    "GIT_EXEC_PATH",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NIX_SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "no_proxy",
    "NO_PROXY",
];

/// The arguments and the environment of one Git.
#[derive(Debug)]
pub(super) struct GitSettings {
    pub(super) arguments: Vec<OsString>,
    pub(super) environment: Vec<(OsString, OsString)>,
}

impl GitSettings {
    /// Of a question. What Git has to read is written into the folder, under names that begin with the number.
    pub(super) fn new(url: &str, way: &Way, folder: &Path, number: usize) -> Result<Self> {
        let files = Files { folder, number };
        let mut settings = match &way.login {
            None => Self::of_the_user(),
            Some(login) => Self::of_argocd(login, url, way, &files)?,
        };
        // What Argo CD does not do either; and it ends by itself, too, should nobody be left to end it.
        settings.set("http.followRedirects=false");
        settings.set("http.lowSpeedLimit=1");
        settings.set("http.lowSpeedTime=30");
        if way.insecure {
            settings.set("http.sslVerify=false");
        }
        if let Some(certificates) = &way.certificates {
            // Stronger than the setting, whatever the user has there.
            settings.variable("GIT_SSL_CAINFO", files.write("ca", certificates)?);
        }
        let mut secret = Vec::new();
        if let Some(proxy) = &way.proxy {
            secret.push(format!("\tproxy = {}\n", in_quotes(proxy)));
        }
        if let Some(token) = way.login.as_ref().and_then(|login| login.text("bearerToken").filter(|_| login.text("password").is_none())) {
            secret.push(format!("\textraHeader = {}\n", in_quotes(&format!("Authorization: Bearer {token}"))));
        }
        if !secret.is_empty() {
            let config = files.write("config", &format!("[http]\n{}", secret.concat()))?;
            settings.set(&format!("include.path={}", config.display()));
        }
        // `--`: a URL must not become an option.
        settings.arguments.extend(["ls-remote", "--", url].map(OsString::from));
        settings.variable("LC_ALL", "C");
        settings.variable("GIT_TERMINAL_PROMPT", "0");
        Ok(settings)
    }

    fn set(&mut self, setting: &str) {
        self.arguments.extend([OsString::from("-c"), setting.into()]);
    }

    fn variable(&mut self, name: &str, value: impl Into<OsString>) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.into(), value.into()));
    }

    /// Git as it is here, in the folder that we run in: a CI system keeps its credentials in the repository's own settings.
    fn of_the_user() -> Self {
        let mut settings = Self { arguments: Vec::new(), environment: std::env::vars_os().collect() };
        if let Ok(here) = std::env::current_dir() {
            settings.arguments.extend([OsString::from("-C"), here.into()]);
        }
        // A window that asks.
        settings.environment.retain(|(name, _)| name != "SSH_ASKPASS");
        if !has_own_ssh() {
            settings.variable("GIT_SSH_COMMAND", format!("ssh {PATIENT}"));
        }
        settings
    }

    /// Git without anything of the user's: neither settings nor helpers nor `~/.netrc` may add credentials, or send these elsewhere.
    fn of_argocd(login: &Login, url: &str, way: &Way, files: &Files<'_>) -> Result<Self> {
        let environment = OF_THE_MACHINE.iter().filter_map(|name| Some(((*name).into(), std::env::var_os(name)?)));
        let mut settings = Self { arguments: Vec::new(), environment: environment.collect() };
        settings.variable("HOME", files.folder.as_os_str());
        settings.variable("GIT_CONFIG_NOSYSTEM", "1");
        settings.variable("GIT_CONFIG_GLOBAL", "/dev/null");
        if is_ssh(url) {
            settings.variable("GIT_SSH_COMMAND", ssh(login, way, files)?);
            return Ok(settings);
        }
        settings.set("credential.helper=");
        if let Some(password) = login.text("password") {
            // A token alone goes with this name (`util/git/creds.go`).
            let username = login.text("username").unwrap_or("x-access-token");
            let answer = files.write("answer", &format!("username={username}\npassword={password}\n"))?;
            settings.set(&format!("credential.helper=!f() {{ cat {}; }}; f", as_word(&answer)));
        }
        if let (Some(certificate), Some(key)) = (login.text("tlsClientCertData"), login.text("tlsClientCertKey")) {
            settings.variable("GIT_SSL_CERT", files.write("certificate", &format!("{certificate}\n"))?);
            settings.variable("GIT_SSL_KEY", files.write("certificate-key", &format!("{key}\n"))?);
        }
        Ok(settings)
    }
}

/// Whether the user told Git how SSH is called. Every question asks, and the answer stays the same.
fn has_own_ssh() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    *HAS.get_or_init(|| {
        let is_set = |name: &str| std::env::var_os(name).is_some();
        let told = || Command::new("git").args(["config", "--get", "core.sshCommand"]).stdin(Stdio::null()).stderr(Stdio::null()).output();
        is_set("GIT_SSH_COMMAND") || is_set("GIT_SSH") || told().is_ok_and(|told| told.status.success())
    })
}

fn ssh(login: &Login, way: &Way, files: &Files<'_>) -> Result<String> {
    let key = files.write("key", &format!("{}\n", login.text("sshPrivateKey").unwrap_or_default().trim_end()))?;
    let mut command = format!("ssh -F /dev/null -i {} -o IdentitiesOnly=yes -o IdentityAgent=none {PATIENT}", as_word(&key));
    match &login.known_hosts {
        _ if way.insecure => command.push_str(" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"),
        Some(known) => {
            let known = files.write("known-hosts", known)?;
            command.push_str(" -o StrictHostKeyChecking=yes -o GlobalKnownHostsFile=/dev/null -o UserKnownHostsFile=");
            command.push_str(&as_word(&known));
        }
        None => command.push_str(" -o StrictHostKeyChecking=yes"),
    }
    Ok(command)
}

/// Files of one question that only the user can read.
struct Files<'a> {
    folder: &'a Path,
    number: usize,
}

impl Files<'_> {
    fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.folder.join(format!("{}-{name}", self.number));
        let written =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|cause| Error::environment(format!("`{}` cannot be written", path.display())).caused_by(cause))?;
        Ok(path)
    }
}

/// A value in a file of Git's settings.
fn in_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A path as a word of a shell.
fn as_word(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}
