//! Children under a guard: what they get, what is told of them, and that none outlives its owner.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use manifestgen::process::{Exit, Guard, GuardOptions, Process, Program};

use crate::lab_server;

fn options(folder: &Path, grace: Duration) -> GuardOptions {
    GuardOptions { program: env!("CARGO_BIN_EXE_manifestgen").into(), scratch_parent: folder.to_owned(), grace }
}

fn shell(name: &str, script: &str) -> Program {
    let arguments: Vec<OsString> = vec!["-c".into(), script.into()];
    Program { name: name.to_owned(), path: "/bin/sh".into(), arguments, environment: vec![("GREETING".into(), "hello".into())] }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

/// Waits for what must become true; how long that takes is not the question.
#[track_caller]
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        sleep(Duration::from_millis(5));
    }
}

/// The command lines of the processes that work for a scratch folder below this one, found by the environment that they inherited.
pub(crate) fn processes_of(folder: &Path) -> Vec<String> {
    let marker = format!("MANIFESTGEN_SCRATCH={}", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("/proc").flatten() {
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment.split(|byte| *byte == 0).any(|variable| variable.starts_with(marker.as_bytes())) {
            let command = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            found.push(String::from_utf8_lossy(&command).replace('\0', " "));
        }
    }
    found
}

fn scratch_folders(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

async fn lines(process: &mut Process) -> (Exit, Vec<String>) {
    (process.ended().await, process.last_lines(10))
}

#[test]
fn a_child_gets_its_own_environment_and_its_end_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    block_on(async {
        let mut guard = Guard::start(&options(folder.path(), Duration::ZERO)).await.expect("a guard");
        let script = "echo $GREETING; pwd; env | cut -d= -f1 | sort | tr '\\n' ' '; exit 3";
        let mut child = guard.run(&shell("one", script)).await.expect("a child");
        let (exit, said) = lines(&mut child).await;
        assert_eq!(exit, Exit::Code(3));
        assert_eq!(said[..2], ["hello".to_owned(), guard.scratch().display().to_string()]);
        assert_eq!(said[2].trim(), "GREETING MANIFESTGEN_SCRATCH PWD");
        let mut killed = guard.run(&shell("two", "kill -9 $$")).await.expect("a child");
        assert_eq!(killed.ended().await, Exit::Signal(9));
        let missing = Program { path: "/nonexistent".into(), ..shell("three", "") };
        let (exit, said) = lines(&mut guard.run(&missing).await.expect("the step before it runs")).await;
        assert_eq!(exit, Exit::Code(127));
        assert_eq!(said, ["cannot run /nonexistent: No such file or directory (os error 2)"]);
        guard.stop().await.expect("cleaned up");
    });
    assert!(scratch_folders(folder.path()).is_empty());
}

/// A child that forks into a session of its own, and loses its parent.
const FAMILY: &str = "setsid sh -c 'setsid sleep 1000 & sleep 1001' & sleep 1002 & trap '' TERM; sleep 1003; sleep 1004";

#[test]
fn stopping_ends_grandchildren_in_other_sessions_too() {
    for grace in [0, 200] {
        let folder = tempfile::tempdir().expect("a folder");
        block_on(async {
            let mut guard = Guard::start(&options(folder.path(), Duration::from_millis(grace))).await.expect("a guard");
            guard.run(&shell("family", FAMILY)).await.expect("a child");
            eventually("four sleepers", || processes_of(folder.path()).iter().filter(|line| line.starts_with("sleep ")).count() == 4);
            guard.stop().await.expect("cleaned up");
        });
        assert_eq!(processes_of(folder.path()), [""; 0]);
        assert!(scratch_folders(folder.path()).is_empty());
    }
}

#[test]
fn dropping_a_guard_is_enough() {
    let folder = tempfile::tempdir().expect("a folder");
    block_on(async {
        let mut guard = Guard::start(&options(folder.path(), Duration::ZERO)).await.expect("a guard");
        guard.run(&shell("family", FAMILY)).await.expect("a child");
    });
    eventually("no folder", || scratch_folders(folder.path()).is_empty());
    assert_eq!(processes_of(folder.path()), [""; 0]);
}

#[test]
fn a_killed_guard_takes_its_children_along_and_the_next_sweeps_the_rest() {
    let folder = tempfile::tempdir().expect("a folder");
    block_on(async {
        let mut guard = Guard::start(&options(folder.path(), Duration::ZERO)).await.expect("a guard");
        let mut child = guard.run(&shell("family", FAMILY)).await.expect("a child");
        eventually("four sleepers", || processes_of(folder.path()).iter().filter(|line| line.starts_with("sleep ")).count() == 4);
        let pid = parent_of(child.pid());
        assert!(Command::new("kill").arg("-9").arg(pid.to_string()).status().expect("kill runs").success());
        assert_eq!(child.ended().await, Exit::Unwatched);
        let error = guard.run(&shell("late", "true")).await.expect_err("there is no guard");
        assert!(error.message.starts_with("cannot start `/bin/sh`: the guard process is gone"), "{error}");
        eventually("the child is gone", || !Path::new(&format!("/proc/{}/stat", child.pid())).exists());
        // What the child had forked is still there: the kernel tells only children.
        assert_eq!(scratch_folders(folder.path()).len(), 1);
        let next = Guard::start(&options(folder.path(), Duration::ZERO)).await.expect("the next guard");
        assert_eq!(scratch_folders(folder.path()), [next.scratch()]);
        assert_eq!(processes_of(folder.path()), [""; 0]);
        next.stop().await.expect("cleaned up");
    });
}

fn parent_of(pid: u32) -> u32 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:")).expect("a parent");
    line.trim().parse().expect("a number")
}

#[test]
fn two_guards_leave_each_other_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    block_on(async {
        let mut first = Guard::start(&options(folder.path(), Duration::ZERO)).await.expect("a guard");
        let child = first.run(&shell("sleeper", "sleep 1000")).await.expect("a child");
        let second = Guard::start(&options(folder.path(), Duration::ZERO)).await.expect("another guard");
        assert!(first.scratch().exists() && second.scratch().exists());
        second.stop().await.expect("cleaned up");
        assert!(first.scratch().exists());
        assert!(Path::new(&format!("/proc/{}", child.pid())).exists());
        first.stop().await.expect("cleaned up");
    });
}

#[test]
fn a_scratch_folder_that_cannot_be_made_is_an_environment_error() {
    let error = block_on(Guard::start(&options(Path::new("/proc/nowhere"), Duration::ZERO))).expect_err("no folder");
    assert_eq!(error.kind.exit_code(), 3);
    assert!(error.message.starts_with("cannot make a scratch folder in /proc/nowhere: "), "{error}");
    assert!(error.hints[0].contains("TMPDIR"), "{:?}", error.hints);
}

/// Programs by the names of the real parts that only fork and sleep.
fn sleepy_parts() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["etcd", "kube-apiserver"] {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{FAMILY}\n")).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
    }
    folder
}

/// `kill -9` at moments spread over a whole run: with `MANIFESTGEN_SOAK=1` at all of them, else at every tenth.
#[test]
fn kill_9_of_the_owner_at_any_moment_leaves_nothing() {
    let parts = sleepy_parts();
    let folder = tempfile::tempdir().expect("a folder");
    let step = if std::env::var_os("MANIFESTGEN_SOAK").is_some() { 1 } else { 10 };
    for moment in (0..200_u64).step_by(step) {
        let mut owner = lab_server::start(&folder.path().join("never"), std::process::id(), Some(parts.path()), folder.path());
        // Squared, because most happens in the first milliseconds.
        sleep(Duration::from_micros(moment * moment * 5));
        kill_9(&mut owner);
        eventually("no scratch folder", || scratch_folders(folder.path()).is_empty());
        assert_eq!(processes_of(folder.path()), [""; 0], "moment {moment}");
    }
}

fn kill_9(child: &mut Child) {
    child.kill().expect("SIGKILL");
    child.wait().expect("its end");
}
