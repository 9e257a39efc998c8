//! `secret` on real files: with Debian's age and ssh-keygen, killed at any moment, and with every wrong file.

mod broken;
mod certificate;
mod interop;
pub(crate) mod killed;
mod leak;

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{Ran, Run, folder};

/// A folder with a cluster file and the test keys.
pub(crate) struct Home {
    folder: tempfile::TempDir,
}

/// A private test key of `fixtures/secrets`.
pub(crate) fn key(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/secrets").join(name)
}

/// Its public key.
pub(crate) fn public(name: &str) -> String {
    let text = fs::read_to_string(key(&format!("{name}.pub"))).expect("a public test key");
    text.trim().to_owned()
}

/// The cluster of most tests: a secret of each kind.
pub(crate) fn cluster() -> String {
    format!(
        "\
cluster: {{name: test}}
nodes:
  - {{name: primer, role: server, address: 192.168.1.10, hostKeys: [{host}]}}
recipients:
  admins: [{admin}]
headscale: {{useAgenixSecrets: true}}
secrets:
  - {{name: k3s-token, make: {{type: random, length: 48}}, deliver: [{{type: k3s-token}}]}}
  - {{name: noise, make: {{type: noise-key}}, deliver: [{{type: headscale-noise-key}}]}}
  - {{name: wg, armor: true, make: {{type: wireguard-key}}, nodes: [primer]}}
  - {{name: ssh, make: {{type: ssh-key}}, deliver: [{{type: argocd-repository, url: 'git@git.example.com:a.git'}}]}}
  - {{name: web, make: {{type: tls, ca: ca, hosts: [web.example.com, 10.0.0.1]}}, deliver: [{{type: tls, namespace: shop, name: web}}]}}
  - {{name: ca, make: {{type: tls-ca}}}}
  - {{name: mail, deliver: [{{type: kubernetes, namespace: shop, name: mail, key: password}}]}}
",
        host = public("host-ed25519"),
        admin = public("age"),
    )
}

impl Home {
    pub(crate) fn new(cluster: &str) -> Self {
        let folder = folder();
        fs::write(folder.path().join("cluster.yaml"), cluster).expect("written");
        Self { folder }
    }

    /// With every secret made.
    pub(crate) fn made() -> Self {
        let home = Self::new(&cluster());
        home.with_mail("hunter2-hunter2");
        home.run(&["create"]).good();
        home
    }

    pub(crate) fn with_mail(&self, value: &str) {
        self.command(&["create", "mail", "--from", "-"], "age").input(value).run().good();
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) fn write(&self, path: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.path().join(path), contents).expect("written");
    }

    /// A `secret` command with an identity of the fixtures.
    pub(crate) fn command(&self, arguments: &[&str], identity: &str) -> Run {
        let identity = key(identity);
        let mut all = vec!["secret"];
        all.extend(arguments);
        let identity = identity.to_str().expect("a path of text");
        all.extend(["-i", identity]);
        Run::new(self.path(), &all).env("HOME", self.path()).env("XDG_STATE_HOME", self.path().join(".state"))
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments, "age").run()
    }

    /// The encrypted files, by name.
    pub(crate) fn encrypted(&self) -> Vec<String> {
        self.files().into_iter().filter(|file| Path::new(file).extension().is_some_and(|extension| extension == "age")).collect()
    }

    /// All files of the folder, by name.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.path().join("secrets"))
            .expect("the folder")
            .flatten()
            .map(|entry| format!("secrets/{}", entry.file_name().to_string_lossy()))
            .collect();
        names.sort();
        names
    }
}

#[test]
fn secrets_are_made_checked_rotated_and_given_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::made();
    assert_eq!(home.run(&["check"]).stderr, "using `cluster.yaml`\n7 secrets are as they should be\n");
    for file in home.encrypted() {
        let mode = fs::metadata(home.path().join(&file)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let names = home.files().iter().map(|file| file.trim_start_matches("secrets/").to_owned()).collect::<Vec<_>>().join(" ");
    assert_eq!(
        names,
        "ca.age ca.crt index-key.age index.json k3s-token.age mail.age nodes.nix noise.age secrets.nix ssh.age ssh.pub web.age web.crt wg.age wg.pub"
    );

    // Nothing to do is nothing done.
    let before = home.read("secrets/index.json");
    home.run(&["create"]).good();
    home.run(&["rekey"]).good();
    assert_eq!(home.read("secrets/index.json"), before);

    // A new value for one alone, and what must be restarted.
    let (noise, token) = (home.read("secrets/noise.age"), home.read("secrets/k3s-token.age"));
    let rotated = home.run(&["rotate", "noise"]);
    insta::assert_snapshot!(rotated.stderr, @"
    using `cluster.yaml`
    made `noise` in `secrets/noise.age`
    `noise`: `secret deliver` changes Secret `headscale/headscale-secrets`, and restarts Deployment `headscale/headscale`
    `noise`: then restart `tailscaled` on every node of the mesh: it knows the server by the former key until then
    hint: old values stay in version control and in backups: revoke them where they were used
    ");
    assert_ne!(home.read("secrets/noise.age"), noise);
    assert_eq!(home.read("secrets/k3s-token.age"), token);

    // A recipient goes: what he has read stays known to him until it is rotated.
    let other = cluster().replace(&public("host-ed25519"), &public("ssh-rsa"));
    home.write("cluster.yaml", &other);
    let checked = home.run(&["check"]);
    assert_eq!(checked.code, 1, "{}", checked.stderr);
    assert!(checked.stderr.contains("secret/recipients"), "{}", checked.stderr);
    let rekeyed = home.run(&["rekey"]);
    insta::assert_snapshot!(rekeyed.stderr, @"
    using `cluster.yaml`
    encrypted anew: `k3s-token`, `noise`, `wg`, `ssh`, `web`, `mail`
    warning: recipients that are gone have read the values of `k3s-token`, `noise`, `wg`, `ssh`, `web`, `mail`
    hint: `manifestgen secret rotate k3s-token noise wg ssh web mail` makes new ones
    ");
    let checked = home.run(&["check"]);
    assert!(checked.code == 0 && checked.stderr.contains("secret/exposed"), "{}", checked.stderr);
    // A node reads what it delivers; the key of the CA is not for nodes.
    let on_node = home.command(&["check"], "ssh-rsa").run();
    assert_eq!(on_node.stderr.matches("error[").count(), 1, "{}", on_node.stderr);
    assert!(on_node.stderr.contains("`secrets/ca.age` cannot be decrypted"), "{}", on_node.stderr);
    assert_eq!(home.command(&["check"], "host-ed25519").run().code, 2);
}

/// The key of the index changes when a recipient goes. Who worked with the former one goes on without being told to trust anything.
#[test]
fn another_admin_goes_on_after_a_rekey() {
    let other = || format!("[{}, {}]", public("age"), public("other-age"));
    let admins = |keys: &str| cluster().replace(&format!("[{}]\nheadscale", public("age")), &format!("{keys}\nheadscale"));
    let home = Home::new(&admins(&format!("[{}, {}, {}]", public("age"), public("other-age"), public("ssh-rsa"))));
    home.with_mail("hunter2-hunter2");
    home.run(&["create"]).good();
    let as_other = |arguments: &[&str]| home.command(arguments, "other-age").env("XDG_STATE_HOME", home.path().join(".other")).run();
    assert_eq!(as_other(&["check"]).code, 0);
    home.write("cluster.yaml", admins(&other()));
    home.run(&["rekey"]).good();
    let rotated = as_other(&["rotate", "noise"]);
    assert_eq!(rotated.code, 0, "{}", rotated.stderr);
    assert_eq!(home.run(&["check"]).code, 0);
}
