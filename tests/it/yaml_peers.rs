//! Other people's YAML readers as processes: PyYAML, and Go's `sigs.k8s.io/yaml`.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::parts;

/// A process that answers frames with lines.
pub(crate) struct Peer {
    child: Child,
    stdin: Option<BufWriter<ChildStdin>>,
    stdout: BufReader<ChildStdout>,
}

impl Peer {
    /// Go's reader, if it has been built.
    pub(crate) fn go() -> Option<Self> {
        parts::part("goyaml").map(|program| Self::start(&mut Command::new(program)))
    }

    /// PyYAML, in the mode `read` or `write` of `pyyaml_reader.py`, if there is a Python that has it.
    pub(crate) fn pyyaml(mode: &str) -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/pyyaml_reader.py");
        parts::python_with("yaml").map(|python| Self::start(Command::new(python).args([script, mode])))
    }

    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the reader starts");
        let stdin = child.stdin.take().map(BufWriter::new);
        let stdout = child.stdout.take().map(BufReader::new).expect("a pipe was asked for");
        Self { child, stdin, stdout }
    }

    /// What the process makes of one frame.
    pub(crate) fn ask(&mut self, frame: &str) -> Result<Value, String> {
        let stdin = self.stdin.as_mut().expect("it is closed on drop only");
        write!(stdin, "{}\n{frame}", frame.len()).and_then(|()| stdin.flush()).expect("the reader takes a frame");
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("the reader answers in UTF-8");
        assert!(line.ends_with('\n'), "the reader died");
        match line.strip_prefix("error: ") {
            Some(error) => Err(error.trim_end().to_owned()),
            None => Ok(serde_json::from_str(&line).expect("the reader answers with JSON")),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // The end of its input ends it.
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}
