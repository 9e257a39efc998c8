//! Plain values reach no stream, no file, no argument list, no environment and no folder for temporary files.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::{Home, key};
use crate::parts::part;
use crate::process::eventually;

const VALUE: &str = "Zx9-plain-value-of-mail-Qw7";
const NEW_VALUE: &str = "Zx9-next-value-of-mail-Qw8";

fn files_below(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files_below(&entry.path(), into),
            Ok(kind) if kind.is_file() => into.push(entry.path()),
            _ => {}
        }
    }
}

fn holds(text: &[u8], values: &[String]) -> bool {
    values.iter().any(|value| text.windows(value.len()).any(|part| part == value.as_bytes()))
}

/// The process and all that it started, by what `/proc` tells of parents.
fn family(pid: u32) -> BTreeSet<u32> {
    let parent = |pid: u32| -> Option<u32> {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
    };
    let all: Vec<u32> =
        fs::read_dir("/proc").expect("/proc").flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    let mut family = BTreeSet::from([pid]);
    loop {
        let more: Vec<u32> =
            all.iter().copied().filter(|one| !family.contains(one) && parent(*one).is_some_and(|of| family.contains(&of))).collect();
        if more.is_empty() {
            return family;
        }
        family.extend(more);
    }
}

#[test]
fn no_plain_value_is_found_anywhere() {
    let Some(age) = part("age") else { return };
    let home = Home::made();
    let temporary = home.path().join("tmp");
    fs::create_dir(&temporary).expect("a folder");
    // What the files hold, as Debian's age reads it: this alone is where values may be.
    let values = || -> Vec<String> {
        let encrypted = home.encrypted().into_iter().filter(|file| !file.ends_with("index-key.age"));
        let plain = encrypted.map(|file| {
            let output = Command::new(&age).arg("-d").arg("-i").arg(key("age")).arg(home.path().join(&file)).output().expect("age runs");
            let text = String::from_utf8(output.stdout).expect("text");
            // Of a PEM text the last line of the private key; a certificate is public.
            text.lines().rev().find(|line| !line.starts_with("-----")).expect("a line").to_owned()
        });
        plain.collect()
    };
    home.write("editor", format!("#!/bin/sh\nsleep 0.3\nprintf '{NEW_VALUE}' > \"$1\"\n"));
    let editor = format!("sh {}", home.path().join("editor").display());
    let mut all = values();
    all.push(VALUE.to_owned());
    let mut streams = Vec::new();
    let mut looked = 0;
    for arguments in [
        &["edit", "mail", "--from", "-"][..],
        &["check"],
        &["check", "--format", "json"],
        &["rotate", "noise", "ca", "k3s-token", "wg", "ssh"],
        &["rekey", "--trust"],
        &["edit", "mail"],
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_manifestgen"))
            .arg("secret")
            .args(arguments)
            .arg("-i")
            .arg(key("age"))
            .current_dir(home.path())
            .env("HOME", home.path())
            .env("XDG_STATE_HOME", home.path().join(".state"))
            .env("TMPDIR", &temporary)
            .env("EDITOR", &editor)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), VALUE.as_bytes()).ok();
        while child.try_wait().expect("its state").is_none() {
            for pid in family(child.id()) {
                for file in ["cmdline", "environ"] {
                    let bytes = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
                    looked += usize::from(!bytes.is_empty());
                    streams.push((format!("/proc/PID/{file} of {arguments:?}"), bytes));
                }
            }
            sleep(Duration::from_millis(1));
        }
        let output = child.wait_with_output().expect("its output");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        streams.push((format!("stdout of {arguments:?}"), output.stdout));
        streams.push((format!("stderr of {arguments:?}"), output.stderr));
        all.extend(values());
    }
    assert!(looked > 10, "the processes were not seen");
    assert!(all.iter().any(|value| value == NEW_VALUE), "the editor's value is not there");
    fs::remove_file(home.path().join("editor")).expect("removed");
    for (name, bytes) in &streams {
        assert!(!holds(bytes, &all), "{name}");
    }
    let mut files = Vec::new();
    files_below(home.path(), &mut files);
    for file in files {
        assert!(!holds(&fs::read(&file).unwrap_or_default(), &all), "{}", file.display());
    }
    let mut shared = Vec::new();
    for folder in ["/dev/shm", "/tmp"] {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().contains("manifestgen-edit-") {
                files_below(&entry.path(), &mut shared);
            }
        }
    }
    for file in shared {
        assert!(!holds(&fs::read(&file).unwrap_or_default(), &all), "{}", file.display());
    }
}

/// A crash leaves no core file; what it leaves in memory for the editor goes with the next edit.
#[test]
fn a_crash_leaves_no_value() {
    let home = Home::made();
    // A value of its own, as other tests look for theirs in the same folder.
    home.command(&["edit", "mail", "--from", "-"], "age").input("value-of-the-crash").run().good();
    let with_cores = |script: &str| {
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("ulimit -c unlimited 2>/dev/null; {script}"), env!("CARGO_BIN_EXE_manifestgen")])
            .current_dir(home.path());
        command.env("HOME", home.path()).env("XDG_STATE_HOME", home.path().join(".state")).env_remove("XDG_RUNTIME_DIR");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let other = with_cores("kill -ABRT $$").status().expect("sh runs");
    let identity = key("age");
    let mut child = with_cores("exec \"$0\" secret edit mail -i \"$IDENTITY\"")
        .env("IDENTITY", &identity)
        .env("EDITOR", "sh -c 'echo $$ > editor; exec sleep 60' x")
        .spawn()
        .expect("the binary starts");
    let editor = || fs::read_to_string(home.path().join("editor")).ok()?.trim().parse::<i32>().ok();
    eventually("the editor runs", || editor().is_some());
    let send = |id: i32, signal| {
        let id = rustix::process::Pid::from_raw(id).expect("a process id");
        rustix::process::kill_process(id, signal).expect("a signal");
    };
    let left = PathBuf::from(format!("/dev/shm/manifestgen-edit-{}", child.id()));
    assert!(left.join("mail").exists(), "{}", left.display());
    send(i32::try_from(child.id()).expect("a process id"), rustix::process::Signal::ABORT);
    let status = child.wait().expect("its end");
    send(editor().expect("the editor"), rustix::process::Signal::KILL);
    // Others do leave one here, where the machine lets them.
    assert_eq!((status.signal(), status.core_dumped()), (Some(6), false), "others: {}", other.core_dumped());
    home.command(&["edit", "mail"], "age").env("EDITOR", "true").env("XDG_RUNTIME_DIR", "").run().good();
    assert!(!left.exists());
    assert_eq!(home.run(&["check"]).code, 0);
}
