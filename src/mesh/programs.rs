//! The programs that make and show interfaces: `ip`, `wg`, and WireGuard in user space where the kernel has none.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::diag::{Error, Result};
use crate::process::Places;

/// Where administrators' programs are when PATH is an ordinary user's.
const SYSTEM_FOLDERS: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/// WireGuard in user space, both called with the interface's name: the official program, and Cloudflare's.
const USERSPACE: [&str; 2] = ["wireguard-go", "boringtun-cli"];

/// `wg-quick` takes the program from this variable.
const USERSPACE_VARIABLE: &str = "WG_QUICK_USERSPACE_IMPLEMENTATION";

/// `ip` and `wg`, by their whole paths, and where others are looked for.
#[derive(Debug, Clone)]
pub struct Programs {
    places: Places,
    ip: PathBuf,
    wg: PathBuf,
}

/// What a command said, and whether it was content.
pub(super) struct Said {
    pub(super) good: bool,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Programs {
    /// Finds both.
    ///
    /// # Errors
    /// An environment error that names what is missing.
    pub fn find(places: &Places) -> Result<Self> {
        let found = ["ip", "wg"].map(|name| (name, find(places, name)));
        let missing: Vec<&str> = found.iter().filter(|(_, path)| path.is_none()).map(|(name, _)| *name).collect();
        match found {
            [(_, Some(ip)), (_, Some(wg))] => Ok(Self { places: places.clone(), ip, wg }),
            _ => Err(Error::environment(format!("a mesh needs programs that are not there: `{}`", missing.join("`, `")))
                .hint("on Debian: `apt-get install iproute2 wireguard-tools`")),
        }
    }

    /// WireGuard in user space: the program that is asked for, or the first that is there.
    ///
    /// # Errors
    /// An environment error when there is none.
    pub(super) fn userspace(&self, asked: Option<&Path>) -> Result<PathBuf> {
        let variable = std::env::var_os(USERSPACE_VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        let named = asked.map(Path::to_owned).or(variable);
        let found = match &named {
            Some(path) if path.components().count() > 1 => path.is_file().then(|| path.clone()),
            Some(name) => name.to_str().and_then(|name| find(&self.places, name)),
            None => USERSPACE.into_iter().find_map(|name| find(&self.places, name)),
        };
        found.ok_or_else(|| {
            let what = named.map_or_else(
                || format!("neither `{}` is there", USERSPACE.join("` nor `")),
                |name| format!("`{}` is not there", name.display()),
            );
            Error::environment(format!("the kernel has no WireGuard, and {what}")).hint(
                "load the kernel's module (`modprobe wireguard`), or install a program that does it in user space, such as wireguard-go",
            )
        })
    }

    pub(super) fn ip(&self, arguments: &[&str]) -> Result<Said> {
        run(&self.ip, arguments, None)
    }

    /// `ip` that has to do what it is told.
    pub(super) fn ip_good(&self, arguments: &[&str]) -> Result<String> {
        good("ip", arguments, self.ip(arguments)?)
    }

    pub(super) fn wg(&self, arguments: &[&str]) -> Result<Said> {
        run(&self.wg, arguments, None)
    }

    pub(super) fn wg_good(&self, arguments: &[&str]) -> Result<String> {
        good("wg", arguments, self.wg(arguments)?)
    }

    /// `wg` with something to read that nobody else may.
    pub(super) fn wg_with_input(&self, arguments: &[&str], input: &[u8]) -> Result<String> {
        good("wg", arguments, run(&self.wg, arguments, Some(input))?)
    }
}

fn find(places: &Places, name: &str) -> Option<PathBuf> {
    let elsewhere = || SYSTEM_FOLDERS.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.is_file());
    places.find(name).or_else(elsewhere)
}

/// Runs a program to its end.
pub(super) fn run<T: AsRef<OsStr>>(program: &Path, arguments: &[T], input: Option<&[u8]>) -> Result<Said> {
    let cannot = |cause| Error::environment(format!("cannot run `{}`", program.display())).caused_by(cause);
    let mut command = Command::new(program);
    command.args(arguments).current_dir("/").env("LC_ALL", "C").env_remove("LOG_LEVEL");
    // boringtun gives up root's rights unless it is told not to; then it could change nothing any more.
    command.env("WG_SUDO", "1");
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() }).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(cannot)?;
    if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
        // A program that does not read to the end says itself why.
        let _ = pipe.write_all(input);
    }
    let output = child.wait_with_output().map_err(cannot)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    Ok(Said { good: output.status.success(), stdout: text(&output.stdout), stderr: text(&output.stderr) })
}

fn good(program: &str, arguments: &[&str], said: Said) -> Result<String> {
    if said.good {
        return Ok(said.stdout);
    }
    let error = Error::environment(format!("`{program} {}` failed", arguments.join(" "))).caused_by(said.stderr.clone());
    let forbidden = said.stderr.contains("not permitted") || said.stderr.contains("ermission denied");
    Err(if forbidden { error.hint("interfaces are root's: run it as root") } else { error })
}
