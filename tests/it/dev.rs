//! `dev`, from save to save.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use crate::command::folder_with;
use crate::parts::part;

/// A hang ends the test; nothing is measured.
const PATIENCE: Duration = Duration::from_mins(1);

struct Dev {
    child: Child,
    said: Receiver<String>,
}

impl Dev {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_manifestgen"))
            .arg("dev")
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let (sender, said) = channel();
        let streams: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().expect("stdout")), Box::new(child.stderr.take().expect("stderr"))];
        for stream in streams {
            let sender = sender.clone();
            thread::spawn(move || BufReader::new(stream).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        }
        Self { child, said }
    }

    /// All lines up to one that contains a text.
    fn until(&self, text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            match self.said.recv_timeout(PATIENCE) {
                Ok(line) => {
                    lines.push(line);
                    if lines.last().is_some_and(|line| line.contains(text)) {
                        return lines;
                    }
                }
                Err(error) => panic!("no `{text}`: {error}; it said {lines:#?}"),
            }
        }
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const CLUSTER: &str = "cluster: {name: test, security: {networkPolicies: false}}\nheadscale: {serverUrl: 'http://192.168.1.10:30080', dns: {baseDomain: mesh.internal}}\n";

#[test]
fn each_save_is_compared_with_the_last_good_one() {
    let folder = folder_with(CLUSTER);
    let file = folder.path().join("cluster.yaml");
    let dev = Dev::start(folder.path(), &[]);
    dev.until("no findings");
    fs::write(&file, CLUSTER.replace("baseDomain", "magicDns: false, baseDomain")).expect("written");
    let changed = dev.until("objects changed");
    assert!(changed.iter().any(|line| line.contains("~ change ConfigMap headscale/")), "{changed:#?}");
    fs::write(&file, "cluster: {nme: test}\n").expect("written");
    let refused = dev.until("hint: did you mean `name`?");
    assert!(refused.iter().any(|line| line.contains("cluster.yaml:1:11")), "{refused:#?}");
    // As editors do it, and back to what was good last.
    let aside = folder.path().join("aside");
    fs::write(&aside, CLUSTER.replace("baseDomain", "magicDns: false, baseDomain")).expect("written");
    fs::rename(&aside, &file).expect("renamed");
    dev.until("nothing changed, no findings");
}

#[test]
fn the_server_judges_each_save() {
    let (Some(_), Some(_)) = (part("etcd"), part("kube-apiserver")) else { return };
    let folder = folder_with(CLUSTER);
    let dev = Dev::start(folder.path(), &["--server"]);
    dev.until("accepts it");
    let wrong = "extraObjects:\n- {apiVersion: v1, kind: Service, metadata: {name: a, namespace: default}, spec: {clusterIP: 10.99.0.1, ports: [{port: 80}]}}\n";
    fs::write(folder.path().join("cluster.yaml"), format!("{CLUSTER}{wrong}")).expect("written");
    // Findings are told on stderr, the verdict on stdout: either may be read first.
    let mut said = dev.until("has something to say");
    if !said.iter().any(|line| line.contains("cluster.yaml:4:")) {
        said = dev.until("cluster.yaml:4:");
    }
    assert!(said.iter().any(|line| line.contains("cluster.yaml:4:")), "{said:#?}");
}
