//! Runs the real binary and shows what it said, for snapshots.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// One run of `manifestgen`, in a folder of its own with no environment that could change what it says.
pub(crate) struct Run {
    command: Command,
    input: Option<Vec<u8>>,
}

/// What a run left behind.
pub(crate) struct Ran {
    /// The exit code; 128 + n for signal n.
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn new(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_manifestgen"));
        command.args(arguments).current_dir(folder);
        for name in ["KUBECONFIG", "KUBEBUILDER_ASSETS", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        Self { command, input: None }
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn input(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.input = Some(text.into());
        self
    }

    /// Starts it and leaves its stdout to be read.
    pub(crate) fn start(mut self) -> Child {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary starts")
    }

    pub(crate) fn run(mut self) -> Ran {
        let stdin = if self.input.is_some() { Stdio::piped() } else { Stdio::null() };
        let mut child = self.command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        if let (Some(input), Some(mut pipe)) = (self.input, child.stdin.take()) {
            // A command that does not read its input to the end closes the pipe early.
            let _ = pipe.write_all(&input);
        }
        Ran::from(child.wait_with_output().expect("the binary ends"))
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let code = output.status.code().or_else(|| output.status.signal().map(|signal| 128 + signal)).expect("a code or a signal");
        Self { code, stdout: output.stdout, stderr: String::from_utf8_lossy(&output.stderr).into_owned() }
    }
}

impl Ran {
    /// Asserts that the run ended well and gives its data.
    pub(crate) fn good(self) -> String {
        assert_eq!(self.code, 0, "{}", self.stderr);
        String::from_utf8(self.stdout).expect("data is UTF-8")
    }

    /// Exit code, stdout and stderr as one text for a snapshot.
    pub(crate) fn shown(&self) -> String {
        let mut text = format!("exit code {}\n", self.code);
        for (name, part) in [("stdout", String::from_utf8_lossy(&self.stdout).into_owned()), ("stderr", self.stderr.clone())] {
            if !part.is_empty() {
                let _ = write!(text, "--- {name}\n{part}");
            }
        }
        text
    }
}

/// A folder for one run.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a scratch folder")
}

/// The same, with a `cluster.yaml`.
pub(crate) fn folder_with(cluster: &str) -> tempfile::TempDir {
    let folder = folder();
    std::fs::write(folder.path().join("cluster.yaml"), cluster).expect("written");
    folder
}

/// A program that is ended with the test.
pub(crate) struct Ended(pub(crate) Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody listens on, as far as one can know.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}
