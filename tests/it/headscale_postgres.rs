//! A real PostgreSQL on the loopback address, for one test.

use std::fs::{self, Permissions};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::parts::part;

/// Who runs it where the test is root: PostgreSQL refuses to be.
const NOBODY: u32 = 65534;

/// The server; it ends with the test.
pub(crate) struct Postgres {
    pub(crate) port: u16,
    process: Child,
    psql: PathBuf,
    password: &'static str,
    _folder: tempfile::TempDir,
}

impl Postgres {
    /// A new server whose user `headscale` has this password; none where PostgreSQL is not installed.
    pub(crate) fn start(password: &'static str) -> Option<Self> {
        let (initdb, postgres, psql) = (part("initdb")?, part("postgres")?, part("psql")?);
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let secret = folder.path().join("password");
        fs::write(&secret, password).expect("a file");
        for path in [folder.path(), &secret] {
            hand_over(path);
        }
        let mut init = command(&initdb);
        init.args(["--username", "headscale", "--auth", "scram-sha-256", "--no-sync", "--pwfile"]).arg(&secret).arg("--pgdata").arg(&data);
        let output = init.output().expect("initdb runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        let mut server = command(&postgres);
        server.arg("-D").arg(&data).args(["-p", &port.to_string()]);
        for setting in ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"] {
            server.args(["-c", setting]);
        }
        let process = server.stderr(Stdio::null()).spawn().expect("postgres starts");
        let database = Self { port, process, psql, password, _folder: folder };
        database.wait();
        Some(database)
    }

    fn wait(&self) {
        let deadline = Instant::now() + Duration::from_mins(2);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() || !self.runs("SELECT 1") {
            assert!(Instant::now() < deadline, "PostgreSQL does not answer");
            sleep(Duration::from_millis(50));
        }
    }

    /// Creates an empty database.
    pub(crate) fn create(&self, name: &str) {
        assert!(self.runs(&format!("CREATE DATABASE {name}")), "PostgreSQL does not create {name}");
    }

    fn runs(&self, sql: &str) -> bool {
        let mut client = Command::new(&self.psql);
        client.env("PGPASSWORD", self.password).args(["--host", "127.0.0.1", "--port", &self.port.to_string()]);
        client.args(["--username", "headscale", "--dbname", "postgres", "--no-psqlrc", "--quiet", "--command", sql]);
        client.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn hand_over(path: &Path) {
    if is_root() {
        chown(path, Some(NOBODY), Some(NOBODY)).expect("a file of ours");
        let mode = if path.is_dir() { 0o700 } else { 0o600 };
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("a file of ours");
    }
}

fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    // The folder of the test may be closed to that user.
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
    command
}
