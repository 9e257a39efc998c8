//! `secret deliver` on a real API server.

mod identity;
mod silent;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Instant;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::command::{Ran, Run};
use crate::live_world::World;
use crate::parts::part;
use crate::secret::killed::moments;
use crate::secret::{key, public};

/// A cluster with secrets in a namespace of its own.
struct Deliveries {
    world: World,
}

impl Deliveries {
    fn new(name: &str) -> Option<Self> {
        let deliveries = Self { world: World::new(name)? };
        deliveries.config(&deliveries.secrets());
        Some(deliveries)
    }

    /// Two secrets in one Secret, a certificate, and a repository of Argo CD.
    fn secrets(&self) -> String {
        let namespace = &self.world.name;
        format!(
            "  - {{name: mail, deliver: [{{type: kubernetes, namespace: {namespace}, name: mail, key: password}}]}}
  - {{name: token, make: {{type: random}}, deliver: [{{type: kubernetes, namespace: {namespace}, name: mail, key: token}}]}}
  - {{name: ca, make: {{type: tls-ca}}}}
  - {{name: web, make: {{type: tls, ca: ca, hosts: [web.example.com]}}, deliver: [{{type: tls, namespace: {namespace}, name: web}}]}}
  - {{name: repo, make: {{type: random}}, deliver: [{{type: argocd-repository, namespace: {namespace}, url: 'https://git.example.com/a.git', username: git}}]}}
"
        )
    }

    /// The same without some of them.
    fn without(&self, names: &[&str]) -> String {
        let secrets = self.secrets();
        let kept = secrets.lines().filter(|line| !names.iter().any(|name| line.contains(&format!("{{name: {name},"))));
        kept.fold(String::new(), |all, line| all + line + "\n")
    }

    fn config(&self, secrets: &str) {
        let text = format!(
            "\
cluster: {{name: {}}}
nodes: [{{name: primer, role: server, hostKeys: [{}]}}]
recipients: {{admins: [{}]}}
secrets:
{secrets}",
            self.world.name,
            public("host-ed25519"),
            public("age")
        );
        fs::write(self.world.folder().join("cluster.yaml"), text).expect("written");
    }

    fn run(&self, arguments: &[&str]) -> Run {
        self.world.prepared(&[&["secret"], arguments].concat()).env("XDG_STATE_HOME", self.world.folder().join(".state"))
    }

    fn secret(&self, arguments: &[&str]) -> Ran {
        self.run(&[arguments, &["-i", key("age").to_str().expect("text")]].concat()).run()
    }

    fn made(&self) {
        let identity = key("age");
        let arguments = ["create", "mail", "--from", "-", "-i", identity.to_str().expect("text")];
        self.run(&arguments).input("hunter2-hunter2").run().good();
        self.secret(&["create"]).good();
    }

    fn deliver_with(&self, arguments: &[&str]) -> Ran {
        self.secret(&[&["deliver", "--state-namespace", &self.world.name], arguments].concat())
    }

    /// What a good delivery says.
    #[track_caller]
    fn deliver(&self) -> String {
        let ran = self.deliver_with(&[]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stderr.lines().filter(|line| !line.starts_with("using ")).collect::<Vec<_>>().join("\n")
    }

    /// The keys and values of a Secret.
    fn values(&self, name: &str) -> BTreeMap<String, String> {
        let secret = self.world.get("secret", name);
        let decoded =
            |value: &Value| String::from_utf8(BASE64_STANDARD.decode(value.as_str().expect("text")).expect("base64")).expect("text");
        secret["data"].as_object().into_iter().flatten().map(|(key, value)| (key.clone(), decoded(value))).collect()
    }

    /// The versions of all that there is.
    fn versions(&self) -> BTreeMap<String, String> {
        let all = self.world.everything("secrets,configmaps,deployments");
        let name = |object: &Value| format!("{} {}", object["kind"], object["metadata"]["name"]);
        all.iter().map(|object| (name(object), object["metadata"]["resourceVersion"].to_string())).collect()
    }

    /// Workloads: `a` uses the key `password`, `b` the key `token`, `c` the whole of `web`, `d` nothing.
    fn apply_workloads(&self) {
        let variable = |key: &str| json!([{"name": "V", "valueFrom": {"secretKeyRef": {"name": "mail", "key": key}}}]);
        let mut all: Vec<Value> = ["a", "b", "c", "d"].iter().map(|name| self.world.deployment(name)).collect();
        all[0]["spec"]["template"]["spec"]["containers"][0]["env"] = variable("password");
        all[1]["spec"]["template"]["spec"]["containers"][0]["env"] = variable("token");
        all[2]["spec"]["template"]["spec"]["volumes"] = json!([{"name": "v", "secret": {"secretName": "web"}}]);
        self.world.write(&all);
        self.world.apply(&[]);
    }

    /// The annotations of the workloads' pods.
    fn annotations(&self) -> Vec<Option<String>> {
        let of = |name: &&str| {
            let annotation = &self.world.get("deployment", name)["spec"]["template"]["metadata"]["annotations"]["manifestgen.dev/secrets"];
            annotation.as_str().map(ToOwned::to_owned)
        };
        ["a", "b", "c", "d"].iter().map(of).collect()
    }
}

#[test]
fn values_go_into_the_cluster_and_what_uses_a_new_one_starts_anew() {
    let Some(home) = Deliveries::new("deliver-values") else { return };
    home.made();
    insta::assert_snapshot!(home.deliver(), @"
    created Secret deliver-values/mail
    created Secret deliver-values/repo
    created Secret deliver-values/web
    3 Secrets delivered, 3 of them changed
    ");
    let mail = home.values("mail");
    assert_eq!(mail["password"], "hunter2-hunter2");
    assert_eq!(mail["token"].len(), 32);
    assert_eq!(home.values("web").keys().collect::<Vec<_>>(), ["ca.crt", "tls.crt", "tls.key"]);
    assert_eq!(home.world.get("secret", "web")["type"], "kubernetes.io/tls");
    let repository = home.world.get("secret", "repo");
    assert_eq!(repository["metadata"]["labels"]["argocd.argoproj.io/secret-type"], "repository");
    let values = home.values("repo");
    let plain: Vec<&str> = ["type", "url", "username"].into_iter().map(|key| values[key].as_str()).collect();
    assert_eq!((plain.as_slice(), values.len()), (&["git", "https://git.example.com/a.git", "git"][..], 4));

    // Again, with workloads: nothing moves.
    home.apply_workloads();
    let before = home.versions();
    insta::assert_snapshot!(home.deliver(), @"3 Secrets delivered, nothing changed");
    assert_eq!(home.versions(), before);
    assert_eq!(home.annotations(), [None, None, None, None]);

    // One new value: its key changes and its workload starts anew, nothing else.
    home.secret(&["rotate", "token"]).good();
    insta::assert_snapshot!(home.deliver(), @"
    changed Secret deliver-values/mail
    restarted Deployment deliver-values/b, which uses deliver-values/mail
    3 Secrets delivered, 1 of them changed
    ");
    let rotated = home.values("mail");
    assert!(rotated["token"] != mail["token"] && rotated["password"] == mail["password"]);
    let annotations = home.annotations();
    assert!(
        annotations[1].is_some() && annotations[0].is_none() && annotations[2].is_none() && annotations[3].is_none(),
        "{annotations:?}"
    );

    // `apply` and `deliver` leave each other's fields alone.
    assert_eq!(home.world.actions(), [""; 0]);
    home.apply_workloads();
    assert_eq!(home.annotations(), annotations);
    let before = home.versions();
    home.deliver();
    assert_eq!(home.versions(), before);

    // Other recipients are no other values. Only the record counts the change.
    let config = fs::read_to_string(home.world.folder().join("cluster.yaml")).expect("the config");
    fs::write(home.world.folder().join("cluster.yaml"), config.replace(&public("host-ed25519"), &public("ssh-rsa"))).expect("written");
    home.secret(&["rekey"]).good();
    home.deliver();
    let mut after = home.versions();
    let record = format!("\"ConfigMap\" \"manifestgen-secrets.{}\"", home.world.name);
    assert_ne!(after.insert(record.clone(), before[&record].clone()), Some(before[&record].clone()));
    assert_eq!(after, before);
}

#[test]
fn what_left_the_cluster_file_goes() {
    let Some(home) = Deliveries::new("deliver-left") else { return };
    home.made();
    home.deliver();
    home.apply_workloads();
    home.config(&home.without(&["token", "web", "ca"]));
    insta::assert_snapshot!(home.deliver(), @"
    changed Secret deliver-left/mail
    deleted Secret deliver-left/web, which left the cluster file
    2 Secrets delivered, 1 of them changed; 1 left
    ");
    assert_eq!(home.values("mail").keys().collect::<Vec<_>>(), ["password"]);
    assert!(home.world.get("secret", "web").is_null());
    // `b` asks for the key that is gone: its pods could not start anew.
    assert_eq!(home.annotations(), [None, None, None, None]);

    // Not by somebody who deletes nothing, and not what is somebody else's by now.
    home.config(&home.without(&["token", "web", "ca", "repo"]));
    assert_eq!(home.deliver_with(&["--no-prune"]).code, 0);
    assert!(!home.world.get("secret", "repo").is_null());
    home.world.kubectl(&["delete", "secret", "repo", "-n", &home.world.name]);
    home.world.kubectl(&["create", "secret", "generic", "repo", "-n", &home.world.name, "--from-literal=a=b"]);
    home.deliver();
    assert_eq!(home.values("repo").len(), 1);
}

#[test]
fn what_others_own_is_theirs() {
    let Some(home) = Deliveries::new("deliver-foreign") else { return };
    home.made();
    home.world.kubectl(&[
        "create",
        "secret",
        "generic",
        "mail",
        "-n",
        &home.world.name,
        "--from-literal=password=theirs",
        "--from-literal=more=x",
    ]);
    home.apply_workloads();
    let refused = home.deliver_with(&[]);
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    insta::assert_snapshot!(refused.stderr.lines().filter(|line| !line.contains('|')).collect::<Vec<_>>().join("\n"), @"
    using `cluster.yaml`
    created Secret deliver-foreign/repo
    created Secret deliver-foreign/web
    error[live/conflict]: `.data.password` belongs to `kubectl-create`
     --> cluster.yaml:5:28
      = object: Secret deliver-foreign/mail
      = hint: take it over with `--force-conflicts`
    not delivered, or not wholly; deliver again once the above is mended
    ");
    assert_eq!(home.values("mail")["password"], "theirs");
    // The others were delivered.
    assert_eq!(home.values("web").len(), 3);
    assert_eq!(home.deliver_with(&["--force-conflicts"]).code, 0);
    let mail = home.values("mail");
    assert_eq!((mail["password"].as_str(), mail["more"].as_str()), ("hunter2-hunter2", "x"));
    let annotations = home.annotations();
    assert!(annotations[0].is_some() && annotations[1].is_some() && annotations[2].is_none(), "{annotations:?}");

    // When it leaves the cluster file, what others put into it stays.
    home.config(&home.without(&["mail", "token"]));
    insta::assert_snapshot!(home.deliver(), @"
    took the keys that left the cluster file out of Secret deliver-foreign/mail, which others use too
    2 Secrets delivered, 0 of them changed; 1 left
    ");
    assert_eq!(home.values("mail").keys().collect::<Vec<_>>(), ["more"]);
}

#[test]
fn a_delivery_without_restarts_is_made_up_for() {
    let Some(home) = Deliveries::new("deliver-later") else { return };
    home.made();
    home.deliver();
    home.apply_workloads();
    home.secret(&["rotate", "token"]).good();
    assert_eq!(home.deliver_with(&["--no-restart"]).code, 0);
    assert_eq!(home.annotations(), [None, None, None, None]);
    insta::assert_snapshot!(home.deliver(), @"
    restarted Deployment deliver-later/b, which uses deliver-later/mail
    3 Secrets delivered, nothing changed
    ");
    assert!(home.annotations()[1].is_some());
}

/// Killed at any moment, the next delivery completes it: the values are there, and what uses them has started anew.
#[test]
fn a_killed_delivery_is_completed() {
    let Some(home) = Deliveries::new("deliver-killed") else { return };
    home.made();
    home.deliver();
    home.apply_workloads();
    home.secret(&["rotate", "token"]).good();
    let started = Instant::now();
    home.deliver();
    for moment in moments(started.elapsed()) {
        let before = home.annotations();
        home.secret(&["rotate", "token"]).good();
        let mut child = Command::new(env!("CARGO_BIN_EXE_manifestgen"))
            .args(["secret", "deliver", "--state-namespace", &home.world.name, "-i"])
            .arg(key("age"))
            .current_dir(home.world.folder())
            .env("KUBECONFIG", home.world.kubeconfig())
            .env("XDG_STATE_HOME", home.world.folder().join(".state"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        sleep(moment);
        child.kill().expect("SIGKILL");
        child.wait().expect("its end");
        home.deliver();
        let after = home.annotations();
        assert!(after[1].is_some() && after[1] != before[1], "{moment:?}: {after:?}");
        assert_eq!((&after[0], &after[2]), (&None, &None), "{moment:?}");
    }
}

#[test]
fn wrong_files_are_refused_and_the_cluster_stays_as_it_is() {
    let Some(home) = Deliveries::new("deliver-wrong") else { return };
    home.made();
    home.deliver();
    let file = |name: &str| home.world.folder().join("secrets").join(name);
    let read = |name: &str| fs::read(file(name)).expect("a file");
    let before = home.versions();
    let refused = |ran: &Ran| {
        assert!(matches!(ran.code, 2 | 3), "{}: {}", ran.code, ran.stderr);
        assert_eq!(home.versions(), before, "{}", ran.stderr);
        let said = ran.stderr.lines().filter(|line| !line.starts_with("using ")).collect::<Vec<_>>().join("\n");
        format!("exit code {}\n{}", ran.code, said.replace(key("").to_str().expect("text"), "KEYS/"))
    };
    let with = |identity: &str| {
        let identity = key(identity);
        home.run(&["deliver", "--state-namespace", &home.world.name, "-i", identity.to_str().expect("text")]).run()
    };
    insta::assert_snapshot!(refused(&with("other-age")), @"
    exit code 2
    error: `secrets/index-key.age` cannot be decrypted: tried `KEYS/other-age`
    hint: name a file with a private key of one of its recipients: `-i FILE`
    ");

    let mail = read("mail.age");
    let mut flipped = mail.clone();
    *flipped.last_mut().expect("bytes") ^= 1;
    fs::write(file("mail.age"), flipped).expect("written");
    insta::assert_snapshot!(refused(&home.deliver_with(&[])), @"
    exit code 3
    error: `secrets/mail.age` is not the file that was written for `mail` last
    hint: restore it, from version control for instance
    hint: `secret rekey --trust` takes the files as they are; look at each value first
    ");
    fs::write(file("mail.age"), read("token.age")).expect("written");
    insta::assert_snapshot!(refused(&home.deliver_with(&[])), @"
    exit code 3
    error: `secrets/mail.age` is not the file that was written for `mail` last
    hint: restore it, from version control for instance
    hint: `secret rekey --trust` takes the files as they are; look at each value first
    ");
    fs::remove_file(file("mail.age")).expect("removed");
    insta::assert_snapshot!(refused(&home.deliver_with(&[])), @"
    exit code 2
    error: the secret `mail` has no file `secrets/mail.age`
    hint: `manifestgen secret create mail` makes it
    ");
    fs::write(file("mail.age"), mail).expect("written");

    // Files of a former time, on a machine that never saw any.
    let names: Vec<String> =
        fs::read_dir(file("")).expect("the folder").flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    let old: Vec<_> = names.iter().map(|name| (name.clone(), read(name))).collect();
    home.secret(&["rotate", "token"]).good();
    home.deliver();
    let before = home.versions();
    for (name, bytes) in &old {
        fs::write(file(name), bytes).expect("written");
    }
    let elsewhere = |arguments: &[&str]| {
        let identity = key("age");
        let all = [&["deliver", "--state-namespace", &home.world.name, "-i", identity.to_str().expect("text")], arguments].concat();
        home.run(&all).env("XDG_STATE_HOME", home.world.folder().join(".elsewhere")).run()
    };
    let ran = elsewhere(&[]);
    assert_eq!((ran.code, home.versions()), (3, before), "{}", ran.stderr);
    assert!(ran.stderr.contains("the files are older than those that were delivered last"), "{}", ran.stderr);
    // A node needs no right to write them.
    let folder = file("");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).expect("read-only");
    let ran = elsewhere(&["--trust"]);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("as it was");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

/// As on a node: agenix decrypted everything, the key of the index too.
#[test]
fn values_come_from_what_agenix_decrypted() {
    let Some(home) = Deliveries::new("deliver-agenix") else { return };
    let Some(age) = part("age") else { return };
    home.made();
    let decrypted = home.world.folder().join("run-agenix");
    fs::create_dir(&decrypted).expect("a folder");
    let decrypt = |name: &str| {
        let file = home.world.folder().join("secrets").join(format!("{name}.age"));
        let output = Command::new(&age).arg("-d").arg("-i").arg(key("host-ed25519")).arg(file).output().expect("age runs");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        fs::write(decrypted.join(name), output.stdout).expect("written");
    };
    for name in ["mail", "token", "web", "repo"] {
        decrypt(name);
    }
    let deliver = || {
        let arguments = ["deliver", "--from", "run-agenix", "--state-namespace", &home.world.name];
        home.run(&arguments).env("HOME", home.world.folder()).run()
    };
    let ran = deliver();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("or let agenix decrypt it too: `run-agenix/index-key`"), "{}", ran.stderr);
    decrypt("index-key");
    let ran = deliver();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(home.values("mail")["password"], "hunter2-hunter2");
    fs::remove_file(decrypted.join("web")).expect("removed");
    let ran = deliver();
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("`run-agenix/web` cannot be read"), "{}", ran.stderr);
}
