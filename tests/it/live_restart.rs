//! A kube-apiserver that dies in the middle of an apply and comes back, as it does in an upgrade of the control plane.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::command::{Ended, folder};
use crate::lab_server;
use crate::live_world::World;
use crate::parts::part;

/// The process of a program whose working folder is, or lies below, `folder`.
fn process_of(program: &str, folder: &Path) -> Option<PathBuf> {
    let processes = fs::read_dir("/proc").expect("processes").flatten().map(|entry| entry.path());
    processes.into_iter().find(|process| {
        fs::read_link(process.join("exe")).is_ok_and(|exe| exe.file_name().is_some_and(|name| name == program))
            && fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder))
    })
}

/// The same program again, with the same arguments in the same folder.
fn again(process: &Path) -> Command {
    let arguments = fs::read(process.join("cmdline")).expect("its arguments");
    let mut arguments = arguments.split(|byte| *byte == 0).map(|argument| String::from_utf8_lossy(argument).into_owned());
    let mut command = Command::new(arguments.next().expect("a program"));
    command.args(arguments.filter(|argument| !argument.is_empty())).current_dir(fs::read_link(process.join("cwd")).expect("its folder"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[test]
fn a_server_that_restarts_is_waited_for() {
    if part("etcd").is_none() || part("kube-apiserver").is_none() {
        return;
    }
    let tmp = folder();
    let ready = tmp.path().join("ready");
    let _keeper = Ended(lab_server::start(&ready, std::process::id(), None, tmp.path()));
    let deadline = Instant::now() + Duration::from_mins(2);
    while !ready.exists() {
        assert!(Instant::now() < deadline, "the control plane is not ready after two minutes");
        thread::sleep(Duration::from_millis(50));
    }
    let kubeconfig = PathBuf::from(fs::read_to_string(&ready).expect("the path of a kubeconfig"));
    let Some(world) = World::on(&kubeconfig, "restart") else { return };
    let objects: Vec<Value> = (0..400).map(|number| world.config_map(&format!("c{number}"), json!({"n": number.to_string()}))).collect();
    world.write(&objects);
    let there = || world.everything("configmaps").len();
    let before = there();
    let (ran, _server) = thread::scope(|scope| {
        let apply = scope.spawn(|| world.on_release("apply", &["--no-wait"]));
        while there() < before + 20 {
            assert!(!apply.is_finished(), "it ended before the server could be killed");
        }
        let server = process_of("kube-apiserver", tmp.path()).expect("the API server of this test");
        let mut command = again(&server);
        let number = server.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok()).expect("a process");
        rustix::process::kill_process(rustix::process::Pid::from_raw(number).expect("a process"), rustix::process::Signal::KILL)
            .expect("killed");
        assert!(!apply.is_finished(), "it ended before the server was killed");
        thread::sleep(Duration::from_secs(2));
        let server = Ended(command.spawn().expect("it starts again"));
        (apply.join().expect("it ends"), server)
    });
    assert_eq!(ran.code, 0, "{}", ran.shown());
    // The inventory comes on top.
    assert!(there() >= before + objects.len());
    assert_eq!(world.actions(), [""; 0]);
}
