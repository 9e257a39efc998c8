//! Kills and faults: whatever happens on the way, running the command again ends in the same state.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::live_proxy::{ALL, Fault, Proxy, Random};
use crate::live_world::{World, interrupt};

const KINDS: &str = "configmaps,deployments,services,serviceaccounts,secrets";

/// Kills, or rounds of faults: all with MANIFESTGEN_SOAK, else a tenth.
fn rounds(all: u64) -> u64 {
    if std::env::var_os("MANIFESTGEN_SOAK").is_some() { all } else { all / 10 }
}

/// Two states of a release that share some objects, with others that come and go.
fn states(world: &World) -> [Vec<Value>; 2] {
    let service = |name: &str, port: u32| {
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": world.name},
            "spec": {"selector": {"app": name}, "ports": [{"name": "web", "port": port}]},
        })
    };
    let account = |name: &str| json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": world.name}});
    let state = |which: &str, from: usize, to: usize, port: u32| {
        let mut objects = vec![account("base"), world.deployment("base"), service("base", port)];
        for number in from..to {
            objects.push(world.config_map(&format!("c{number}"), json!({"which": which, "number": number.to_string()})));
        }
        for number in [from, to] {
            objects.extend([account(&format!("a{number}")), world.deployment(&format!("d{number}")), service(&format!("s{number}"), port)]);
        }
        objects
    };
    [state("first", 0, 16, 80), state("second", 8, 24, 81)]
}

/// What the cluster has, without what differs from one creation to the next.
fn content(world: &World) -> Vec<Value> {
    let mut objects = world.everything(KINDS);
    // The history counts up, and says when.
    objects.retain(|object| object["type"] != "manifestgen.dev/release");
    for object in &mut objects {
        let metadata = object["metadata"].as_object_mut().expect("metadata");
        for field in ["uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"] {
            metadata.shift_remove(field);
        }
        if object["kind"] == "Service" {
            object["spec"].as_object_mut().expect("a spec").retain(|key, _| !key.starts_with("clusterIP"));
        }
    }
    objects
}

/// Objects and fields of somebody else, among and on those of the release.
fn plant(world: &World) {
    for name in ["foreign-1", "foreign-2"] {
        let object = world.config_map(name, json!({"k": "theirs"}));
        world.kubectl_with(&["apply", "--server-side", "--field-manager=somebody", "-f", "-"], &object.to_string());
    }
    let patch = json!({"metadata": {"annotations": {"theirs": "yes"}}, "data": {"theirs": "too"}});
    world.kubectl(&["patch", "configmap", "c9", "-n", &world.name, "--field-manager=somebody", "--type=merge", "-p", &patch.to_string()]);
    let scale = json!({"spec": {"minReadySeconds": 7}});
    world.kubectl(&[
        "patch",
        "deployment",
        "base",
        "-n",
        &world.name,
        "--field-manager=somebody",
        "--type=merge",
        "-p",
        &scale.to_string(),
    ]);
}

/// Applies both states in peace and notes what the cluster has then.
fn reference(world: &World) -> ([Vec<Value>; 2], [Vec<Value>; 2]) {
    let states = states(world);
    world.write(&states[0]);
    world.apply(&[]);
    plant(world);
    let first = content(world);
    world.write(&states[1]);
    world.apply(&[]);
    let second = content(world);
    assert_ne!(first, second);
    (states, [first, second])
}

#[test]
fn kills_are_made_good_by_the_next_run() {
    let Some(world) = World::new("faults-kill") else { return };
    let (states, expected) = reference(&world);
    let started = Instant::now();
    world.write(&states[0]);
    world.apply(&[]);
    let usual = u64::try_from(started.elapsed().as_millis()).expect("minutes at most");
    let random = Random::new(20_261_121);
    let mut interrupted = 0;
    for round in 0..rounds(50) {
        let which = usize::try_from(1 - round % 2).expect("0 or 1");
        world.write(&states[which]);
        let mut child = Command::new(env!("CARGO_BIN_EXE_manifestgen"))
            .args(["apply", "--no-wait", "-f", "release.json", "--name", &world.name, "--state-namespace", &world.name])
            .current_dir(world.folder())
            .env("KUBECONFIG", world.kubeconfig())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        thread::sleep(Duration::from_millis(random.below(usual)));
        interrupted += u32::from(child.try_wait().expect("a child").is_none());
        child.kill().expect("killed, or gone");
        child.wait().expect("it ended");
        // The dead process holds the lease, and everybody here can see that it is dead.
        world.apply(&[]);
        assert_eq!(content(&world), expected[which], "round {round}");
        assert_eq!(world.actions(), [""; 0], "round {round}");
    }
    assert!(interrupted > 0, "no run was still there to be killed");
}

#[test]
fn ctrl_c_gives_the_lease_back() {
    let Some(world) = World::new("faults-int") else { return };
    let [first, _] = states(&world);
    world.write(&first);
    let proxy = Proxy::start(world.kubectl_path(), world.kubeconfig(), world.folder(), 1);
    proxy.inject(&[Fault::Slow], 1);
    let child = Command::new(env!("CARGO_BIN_EXE_manifestgen"))
        .args(["apply", "--no-wait", "-f", "release.json", "--name", &world.name, "--state-namespace", &world.name])
        .current_dir(world.folder())
        .env("KUBECONFIG", proxy.kubeconfig())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let holder = || world.get("lease", "manifestgen-faults-int")["spec"]["holderIdentity"].as_str().unwrap_or_default().to_owned();
    let deadline = Instant::now() + Duration::from_mins(1);
    while holder().is_empty() {
        assert!(Instant::now() < deadline, "no lease was taken");
        thread::sleep(Duration::from_millis(20));
    }
    interrupt(child.id());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(holder(), "");
    world.apply(&[]);
    assert_eq!(world.actions(), [""; 0]);
}

#[test]
fn faults_on_the_way_do_not_show_in_the_end() {
    let Some(world) = World::new("faults-net") else { return };
    let (states, expected) = reference(&world);
    let proxy = Proxy::start(world.kubectl_path(), world.kubeconfig(), world.folder(), 7);
    for round in 0..rounds(40) {
        let which = usize::try_from(round % 2).expect("0 or 1");
        world.write(&states[which]);
        let one = [ALL[usize::try_from(round).expect("few") % ALL.len()]];
        // All of them mixed, and each alone.
        proxy.inject(if round % 4 < 2 { &ALL } else { &one }, 8);
        let ran = world
            .prepared(&["apply", "--no-wait", "-f", "release.json", "--name", &world.name, "--state-namespace", &world.name])
            .env("KUBECONFIG", proxy.kubeconfig())
            .run();
        assert_eq!(ran.code, 0, "round {round}: {}", ran.shown());
        assert_eq!(content(&world), expected[which], "round {round}");
        assert_eq!(world.actions(), [""; 0], "round {round}");
    }
    assert!(proxy.met() > 10, "{} faults", proxy.met());
}

#[test]
fn a_server_that_is_away_for_seconds_is_waited_for() {
    let Some(world) = World::new("faults-away") else { return };
    let [first, _] = states(&world);
    world.write(&first);
    let proxy = Proxy::start(world.kubectl_path(), world.kubeconfig(), world.folder(), 3);
    proxy.inject(&[Fault::Slow], 1);
    let ran = thread::scope(|scope| {
        let apply = scope.spawn(|| {
            let arguments = ["apply", "--no-wait", "-f", "release.json", "--name", &world.name, "--state-namespace", &world.name];
            world.prepared(&arguments).env("KUBECONFIG", proxy.kubeconfig()).run()
        });
        thread::sleep(Duration::from_secs(3));
        proxy.away(true);
        thread::sleep(Duration::from_secs(4));
        proxy.away(false);
        proxy.inject(&[], 0);
        apply.join().expect("it ends")
    });
    assert_eq!(ran.code, 0, "{}", ran.shown());
    assert_eq!(world.actions(), [""; 0]);
}

#[test]
fn five_hundred_objects_applied_twice_are_written_once() {
    let Some(world) = World::new("faults-many") else { return };
    let objects: Vec<_> = (0..500).map(|number| world.config_map(&format!("c{number}"), json!({"n": number.to_string()}))).collect();
    world.write(&objects);
    assert!(world.apply(&["--quiet"]).contains("500 created; revision 1"));
    let before = world.everything(KINDS);
    assert!(world.apply(&[]).contains("500 unchanged; revision 1"));
    assert_eq!(world.everything(KINDS), before);
}
