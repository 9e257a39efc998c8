//! Keys of WireGuard.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::Interface;
use crate::config::{Cluster, Make};
use crate::diag::{Error, Result};

/// Public keys by the names of nodes, as `wg pubkey` prints them.
pub type Keys = BTreeMap<String, String>;

/// The public keys of all nodes of the mesh: from their entries, or from the `.pub` files beside the secrets; `base` is the cluster file's folder.
///
/// # Errors
/// Usage: keys that are missing, no keys, or one key of two nodes; all of them at once. Environment: a file cannot be read.
pub fn public_keys(cluster: &Cluster, base: &Path) -> Result<Keys> {
    let mut keys = Keys::new();
    let (mut absent, mut undeclared) = (Vec::new(), Vec::new());
    for (_, node, mesh) in cluster.mesh_nodes() {
        let name = node.name.to_string();
        if let Some(key) = &mesh.public_key {
            keys.insert(name, key.clone());
            continue;
        }
        let Some(secret) = cluster.mesh_secret(node) else {
            undeclared.push(name);
            continue;
        };
        let path = base.join(cluster.mesh_public_key_file(node).unwrap_or_default());
        match fs::read_to_string(&path) {
            Ok(text) if parse(text.trim()).is_some() => {
                keys.insert(name, text.trim().to_owned());
            }
            Ok(_) => {
                return Err(Error::usage(format!("`{}` holds no public key of WireGuard", path.display()))
                    .hint("it is one line of 44 characters, as `wg pubkey` prints it"));
            }
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                absent.push((name, secret.name.to_string(), secret.make == Make::WireguardKey));
            }
            Err(cause) => return Err(Error::environment(format!("cannot read `{}`", path.display())).caused_by(cause)),
        }
    }
    if !absent.is_empty() || !undeclared.is_empty() {
        return Err(without_keys(&absent, &undeclared));
    }
    let mut owners: BTreeMap<&String, &String> = BTreeMap::new();
    for (name, key) in &keys {
        if let Some(other) = owners.insert(key, name) {
            return Err(Error::usage(format!("nodes `{other}` and `{name}` have the same key, `{key}`"))
                .hint("WireGuard knows a peer by its key alone: make one of the two anew"));
        }
    }
    Ok(keys)
}

fn without_keys(absent: &[(String, String, bool)], undeclared: &[String]) -> Box<Error> {
    let names: Vec<String> = absent.iter().map(|(name, ..)| name).chain(undeclared).map(|name| format!("`{name}`")).collect();
    let mut error = Error::usage(format!("there is no public key of {}", names.join(", ")));
    let made: Vec<&str> = absent.iter().filter(|(_, _, made)| *made).map(|(_, secret, _)| secret.as_str()).collect();
    if !made.is_empty() {
        error = error.hint(format!("`manifestgen secret create {}` makes the keys", made.join(" ")));
    }
    for (name, ..) in absent.iter().filter(|(_, _, made)| !made) {
        error = error.hint(format!("write the key of `{name}` as `mesh.publicKey` into its entry"));
    }
    if let Some(name) = undeclared.first() {
        error = error
            .hint(format!("add `{{name: wireguard-{name}, make: {{type: wireguard-key}}}}` to `secrets`, or `mesh.publicKey` to the node"));
    }
    error
}

/// The bytes of a key in base64.
fn parse(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let bytes = Zeroizing::new(BASE64_STANDARD.decode(text).ok()?);
    Some(Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).ok()?))
}

/// A private key from the file that a node has it in, with the public key that belongs to it.
pub(super) struct PrivateKey {
    /// As `wg genkey` prints it.
    pub(super) text: Zeroizing<String>,
    pub(super) public: String,
    /// Whether users other than the file's owner and group can read it.
    pub(super) is_open: bool,
}

impl PrivateKey {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let cannot = |cause: io::Error| {
            let error = Error::environment(format!("cannot read the private key in `{}`", path.display()));
            let missing = cause.kind() == io::ErrorKind::NotFound;
            let error = if missing { error.hint("the secret has to be decrypted on this node first, as agenix does") } else { error };
            error.caused_by(cause)
        };
        let file = fs::File::open(path).map_err(cannot)?;
        let mode = file.metadata().map_err(cannot)?.mode();
        // A key has 44 characters; a file that never ends is not read to its end. Room for all, so that no copy is left behind.
        let mut text = Zeroizing::new(String::with_capacity(256));
        file.take(200).read_to_string(&mut text).map_err(cannot)?;
        let key = parse(text.trim()).ok_or_else(|| {
            Error::environment(format!("`{}` holds no private key of WireGuard", path.display()))
                .hint("it is one line of 44 characters, as `wg genkey` prints it")
        })?;
        let public = BASE64_STANDARD.encode(PublicKey::from(&StaticSecret::from(*key)).as_bytes());
        Ok(Self { text: Zeroizing::new(text.trim().to_owned()), public, is_open: mode & 0o007 != 0 })
    }

    /// That it is the one of a node, as that one's public key is recorded.
    pub(super) fn is_of(&self, interface: &Interface) -> Result<()> {
        if self.public == interface.public_key {
            return Ok(());
        }
        Err(Error::environment(format!(
            "the private key in `{}` is not the one of node `{}`: its public key is `{}`, and `{}` is recorded",
            interface.private_key_file, interface.node, self.public, interface.public_key
        ))
        .hint("after `secret rotate` the node has to get the new file, and all nodes the new public key"))
    }

    /// The secret that it has together with another node's key (X25519, RFC 7748). None where that is no key, or one of the few that have the same
    /// secret with everybody (section 6.1).
    pub(super) fn shared_with(&self, public: &str) -> Option<Zeroizing<[u8; 32]>> {
        let (own, other) = (StaticSecret::from(*parse(&self.text)?), PublicKey::from(*parse(public)?));
        let shared = own.diffie_hellman(&other);
        shared.was_contributory().then(|| Zeroizing::new(*shared.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use serde_json::json;

    use super::*;

    // A published example; `wg pubkey` says that its public key is the one below.
    const PRIVATE: &str = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=";

    fn cluster() -> Cluster {
        serde_json::from_value(json!({"cluster": {"name": "c"}, "nodes": [
            {"name": "a", "mesh": {"type": "wireguard"}},
            {"name": "b", "mesh": {"type": "wireguard"}},
            {"name": "c", "mesh": {"type": "wireguard", "publicKey": "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="}},
            {"name": "d", "mesh": {"type": "tailscale"}},
        ], "secrets": [
            {"name": "wireguard-a", "make": {"type": "wireguard-key"}},
        ]}))
        .expect("a cluster")
    }

    #[test]
    fn all_that_is_missing_is_said_at_once() {
        let base = tempfile::tempdir().expect("a folder");
        let error = public_keys(&cluster(), base.path()).expect_err("nothing there");
        insta::assert_snapshot!(format!("{error}\n{}", error.hints.join("\n")), @"
        there is no public key of `a`, `b`
        `manifestgen secret create wireguard-a` makes the keys
        add `{name: wireguard-b, make: {type: wireguard-key}}` to `secrets`, or `mesh.publicKey` to the node
        ");
    }

    #[test]
    fn keys_are_read_and_must_differ() {
        let base = tempfile::tempdir().expect("a folder");
        let mut cluster = cluster();
        cluster.nodes.remove(1);
        let file = base.path().join("secrets/wireguard-a.pub");
        fs::create_dir(base.path().join("secrets")).expect("a folder");
        fs::write(&file, "no key\n").expect("written");
        assert!(public_keys(&cluster, base.path()).expect_err("no key").message.contains("holds no public key"));
        fs::write(&file, "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=\n").expect("written");
        assert!(public_keys(&cluster, base.path()).expect_err("twice").message.contains("have the same key"));
        fs::write(&file, "HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=\n").expect("written");
        assert_eq!(public_keys(&cluster, base.path()).expect("keys").len(), 2);
    }

    #[test]
    fn a_private_key_tells_its_public_one() {
        let base = tempfile::tempdir().expect("a folder");
        let file = base.path().join("key");
        fs::write(&file, format!("{PRIVATE}\n")).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("its mode");
        let key = PrivateKey::read(&file).expect("a key");
        assert_eq!((key.public.as_str(), key.is_open), ("HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=", true));
        let other = StaticSecret::from([7; 32]);
        let (public, of_other) = (BASE64_STANDARD.encode(PublicKey::from(&other).as_bytes()), parse(&key.public).expect("a key"));
        let shared = key.shared_with(&public).expect("a secret");
        assert_eq!(*shared, other.diffie_hellman(&PublicKey::from(*of_other)).to_bytes());
        assert!(key.shared_with(&BASE64_STANDARD.encode([0; 32])).is_none() && key.shared_with("short").is_none());
        fs::write(&file, "short").expect("written");
        assert!(PrivateKey::read(&file).is_err_and(|error| !error.to_string().contains("short")));
    }
}
