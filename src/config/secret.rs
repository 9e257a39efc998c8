//! The `secrets` and `recipients` sections: age files, who can read them, how their values are made and where they go.
//!
//! No value ever stands in the config. Rendering needs names and keys alone, so it needs no identity.

mod argocd;
mod check;
mod destination;
mod interval;
mod make;
mod public_key;
mod resolve;

pub(super) use check::check;
pub use destination::{Destination, NodeFile};
pub use make::{Encoding, Make};
pub use public_key::PublicKey;
pub(super) use public_key::check_public_key;
pub use resolve::{DeliveredSecret, NamedRecipient};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::headscale::DayDuration;
use super::{DnsLabel, DnsName};

/// The folder of secret files, beside the cluster file.
pub const SECRETS_FOLDER: &str = "secrets";

/// The file of the key of the index that lies beside the secret files, and the name under which agenix decrypts it.
pub const INDEX_KEY: &str = "secrets/index-key.age";
/// See [`INDEX_KEY`].
pub const INDEX_KEY_NAME: &str = "index-key";

/// A secret in a file of its own, encrypted with age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-elsewhere" = {
    "value": "no value stands in the config: `manifestgen secret create` asks for it and writes it encrypted",
    "publicKeys": "keys stand in groups in the top-level `recipients`, or as `nodes[].hostKeys`; name the groups in `recipients` of the secret",
    "path": "it is a destination: `deliver: [{type: file, path: …}]`; the encrypted file itself is `file`",
}))]
pub struct SecretEntry {
    /// Its name, also the name under which agenix decrypts it (`/run/agenix/NAME`).
    pub name: DnsName,
    /// The groups of `recipients` whose keys can read and change it. By default all groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["admins"]]))]
    pub recipients: Vec<DnsLabel>,
    /// The nodes that decrypt it: their `hostKeys` are recipients too. By default all nodes for a token or key that every node uses, the
    /// node whose key of WireGuard it is, or else the first server, which delivers into the cluster.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["primer"]]))]
    pub nodes: Vec<DnsLabel>,
    /// The encrypted file, relative to the cluster file. By default `secrets/NAME.age`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[^/\x00-\x1f][^\x00-\x1f]*\.age$"), extend("examples" = ["secrets/k3s-token.age"]))]
    pub file: Option<String>,
    /// Whether the file is text (age's armor), for tools that take no binary files.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub armor: bool,
    /// How its value is made.
    #[serde(default)]
    pub make: Make,
    /// Where its value goes. A secret that goes nowhere is only decrypted on its nodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deliver: Vec<Destination>,
    /// How long a value may be used. `secret check` reports one that is older; `secret rotate --overdue` makes a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotate_every: Option<DayDuration>,
}
