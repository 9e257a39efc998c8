//! What agenix reads: `secrets.nix`, by which its command line works on the same files, and `nodes.nix`, the `age.secrets` of each node
//! (github.com/ryantm/agenix, README, "Tutorial" and "Reference").

use std::fmt::Write as _;

use super::index::{INDEX_KEY, INDEX_KEY_NAME};
use crate::config::{Cluster, NodeFile, PublicKey, SECRETS_FOLDER};
use crate::diag::{Error, Result};

/// The file, relative to the cluster file. agenix takes the paths in it relative to its folder.
pub(super) const SECRETS_NIX: &str = "secrets/secrets.nix";

/// Its text: an attribute set of files with the keys that they are encrypted for.
pub(super) fn secrets_nix(cluster: &Cluster, all: &[PublicKey]) -> Result<String> {
    let mut text = String::from("# Written by `manifestgen secret`. The keys stand in the cluster file.\n{\n");
    let mut entry = |file: &str, keys: &[PublicKey], armor: bool| -> Result<()> {
        let name = file.strip_prefix(&format!("{SECRETS_FOLDER}/")).map_or_else(|| format!("../{file}"), ToOwned::to_owned);
        let name = string(&name)?;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name}.publicKeys = [");
        for key in keys {
            let _ = writeln!(text, "    {}", string(&key.0)?);
        }
        let _ = writeln!(text, "  ];");
        if armor {
            let _ = writeln!(text, "  {name}.armor = true;");
        }
        Ok(())
    };
    for secret in &cluster.secrets {
        let keys: Vec<PublicKey> = cluster.recipients_of_secret(secret).into_iter().map(|recipient| recipient.key).collect();
        entry(&secret.path(), &keys, secret.armor)?;
    }
    entry(INDEX_KEY, all, false)?;
    text.push_str("}\n");
    Ok(text)
}

/// The `age.secrets` of each node, relative to the cluster file.
pub(super) const NODES_NIX: &str = "secrets/nodes.nix";

/// Its text: for each node by name what its NixOS module takes as `age.secrets`, paths included.
pub(super) fn nodes_nix(cluster: &Cluster) -> Result<String> {
    let mut text = String::from("# Written by `manifestgen secret`: `age.secrets = (import ./nodes.nix).NODE;`.\n{\n");
    for node in &cluster.nodes {
        let _ = writeln!(text, "  {} = {{", string(node.name.as_str())?);
        for NodeFile { name, file, path, owner, group, mode } in cluster.secret_files_of(node) {
            let _ = writeln!(text, "    {} = {{", string(&name)?);
            let _ = writeln!(text, "      file = ./.. + {};", string(&format!("/{file}"))?);
            for (key, value) in [("path", path.as_str()), ("owner", owner.as_str()), ("group", group.as_str()), ("mode", mode.as_str())] {
                let _ = writeln!(text, "      {key} = {};", string(value)?);
            }
            let _ = writeln!(text, "    }};");
        }
        if cluster.reads_secret_index(node) {
            let _ = writeln!(text, "    {}.file = ./.. + {};", string(INDEX_KEY_NAME)?, string(&format!("/{INDEX_KEY}"))?);
        }
        let _ = writeln!(text, "  }};");
    }
    text.push_str("}\n");
    Ok(text)
}

fn string(text: &str) -> Result<String> {
    crate::nix::string(text).map_err(|cause| Error::internal("a file for agenix cannot be written").caused_by(cause))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_and_files_are_strings_of_nix() {
        let key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
        let cluster: Cluster = serde_json::from_value(json!({"cluster": {"name": "a"}, "recipients": {"admins": [key]}, "secrets": [
            {"name": "a"}, {"name": "b", "file": "other/${b}\".age", "armor": true},
        ]}))
        .expect("a cluster");
        insta::assert_snapshot!(secrets_nix(&cluster, &[PublicKey(key.to_owned())]).expect("a text"), @r#"
        # Written by `manifestgen secret`. The keys stand in the cluster file.
        {
          "a.age".publicKeys = [
            "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
          ];
          "../other/\${b}\".age".publicKeys = [
            "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
          ];
          "../other/\${b}\".age".armor = true;
          "index-key.age".publicKeys = [
            "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
          ];
        }
        "#);
    }
}
