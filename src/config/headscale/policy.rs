//! Who may reach whom: the policy file, typed.
//!
//! The shapes are those of `hscontrol/policy/v2/types.go` in headscale 0.28.0 and 0.29.0, whose names are Tailscale's own, so that
//! the policy written out is this struct without `mode`.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::config::Cidr;

/// Who may reach whom. Without `acls` and `grants`, every node reaches every other one; with `acls: []`, none does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Policy {
    /// Whether the rules stand here or in Headscale's database, where `headscale policy set` puts them.
    pub mode: PolicyMode,
    /// Groups of users: `group:admins: [alice@]`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, Vec<String>>,
    /// Names for addresses: `nas: 192.168.1.5` or `lan: 192.168.1.0/24`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub hosts: BTreeMap<String, String>,
    /// Who may give a node a tag: `tag:server: [group:admins]`. Every tag that a rule uses stands here.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tag_owners: BTreeMap<String, Vec<String>>,
    /// What is allowed, by address and port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acls: Option<Vec<Acl>>,
    /// What is allowed, by address and port or by application. Headscale 0.29 and later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grants: Option<Vec<Grant>>,
    /// Capabilities of nodes. Headscale 0.29 and later.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub node_attrs: Vec<NodeAttr>,
    /// Routes that need nobody's approval.
    #[serde(skip_serializing_if = "AutoApprovers::is_empty")]
    pub auto_approvers: AutoApprovers,
    /// Who may log in by Tailscale SSH.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ssh: Vec<SshRule>,
    /// What must be allowed and denied; Headscale refuses a change that breaks one. Headscale 0.29 and later.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<PolicyTest>,
    /// Likewise for Tailscale SSH. Headscale 0.29 and later.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ssh_tests: Vec<SshTest>,
    /// Whether clients use a random port for WireGuard instead of 41641. Headscale 0.29 and later; before, it is
    /// `headscale.randomizeClientPort`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub randomize_client_port: Option<bool>,
}

impl Policy {
    /// Whether nothing is said but the mode.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self { mode: self.mode, ..Self::default() }
    }
}

/// Where the rules are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PolicyMode {
    /// In this section.
    #[default]
    File,
    /// In Headscale's database.
    Database,
}

/// One who or what in a rule: `*`, a user (`alice@`), `group:…`, `tag:…`, `autogroup:…`, a name of `hosts`, an address or a network.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline, extend("pattern" = r"^\S+$"), example = "tag:server", example = "group:admins", example = "*")]
pub struct Alias(pub String);

/// What an [`Alias`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AliasKind {
    /// `*`.
    Wildcard,
    /// An address or network.
    Prefix,
    /// A user: anything with an `@`.
    User,
    /// `group:…`.
    Group,
    /// `tag:…`.
    Tag,
    /// `autogroup:…`.
    AutoGroup,
    /// A name of `hosts`.
    Host,
    /// Nothing that Headscale knows.
    Unknown,
}

impl Alias {
    /// What it is, decided in the order in which Headscale does.
    #[must_use]
    pub fn kind(&self) -> AliasKind {
        Self::kind_of(&self.0)
    }

    /// What a text is.
    #[must_use]
    pub fn kind_of(text: &str) -> AliasKind {
        match text {
            text if is_prefix(text) => AliasKind::Prefix,
            "*" => AliasKind::Wildcard,
            text if text.contains('@') => AliasKind::User,
            text if text.starts_with("group:") => AliasKind::Group,
            text if text.starts_with("tag:") => AliasKind::Tag,
            text if text.starts_with("autogroup:") => AliasKind::AutoGroup,
            text if text.contains(':') || text.is_empty() => AliasKind::Unknown,
            _ => AliasKind::Host,
        }
    }
}

/// Whether this is an address, or a network with or without host bits.
pub(super) fn is_prefix(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok() || text.parse::<ipnet::IpNet>().is_ok()
}

impl fmt::Display for Alias {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl From<&str> for Alias {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Allows traffic by address and port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Acl {
    /// What the rule does; there is no other than `accept`.
    #[serde(default)]
    pub action: AclAction,
    /// The protocol, by name (`tcp`, `udp`, `icmp`, …) or number; none is TCP, UDP and ICMP. Ports only go with `tcp`, `udp`, `sctp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proto: Option<String>,
    /// Who.
    pub src: Vec<Alias>,
    /// Reaches what, with ports: `tag:server:22`, `*:*`, `10.0.0.0/8:80,443`, `nas:8000-8010`.
    pub dst: Vec<String>,
}

/// What an ACL does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AclAction {
    /// Allows.
    #[default]
    Accept,
}

/// Allows traffic by address and port, or the use of an application. Has `ip` or `app`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grant {
    /// Who.
    pub src: Vec<Alias>,
    /// Reaches what.
    pub dst: Vec<Alias>,
    /// Ports, with a protocol or without: `*`, `443`, `tcp:80-90`, `icmp:*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ip: Vec<String>,
    /// Capabilities of an application, by name, such as `tailscale.com/cap/drive`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub app: Map<String, Value>,
    /// Tags of the nodes that carry the traffic.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<Alias>,
}

/// Gives capabilities to nodes. Tailscale's `ipPool` has no key: Headscale refuses every policy that has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodeAttr {
    /// The nodes.
    pub target: Vec<Alias>,
    /// The capabilities, such as `magicdns-aaaa` or `drive:share`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attr: Vec<String>,
}

/// Routes that need nobody's approval when one of these advertises them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AutoApprovers {
    /// Users, groups and tags, by network. A network inside of one listed is approved, too.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub routes: BTreeMap<Cidr, Vec<Alias>>,
    /// Users, groups and tags whose nodes may be exit nodes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exit_node: Vec<Alias>,
}

impl AutoApprovers {
    fn is_empty(&self) -> bool {
        self.routes.is_empty() && self.exit_node.is_empty()
    }
}

/// Allows a log-in by Tailscale SSH.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SshRule {
    /// Whether the user has to log in to Headscale first.
    pub action: SshAction,
    /// Who: users, groups, tags, `autogroup:member`, `autogroup:tagged`.
    pub src: Vec<Alias>,
    /// On which nodes: tags, `autogroup:self`, `autogroup:member`, `autogroup:tagged`, or the one user in `src`.
    pub dst: Vec<Alias>,
    /// As which users of the node: names, `root`, `autogroup:nonroot`, `localpart:*@DOMAIN`.
    pub users: Vec<String>,
    /// With `check`: how long one log-in counts, at most `168h`; or, from Headscale 0.29, `always`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_period: Option<String>,
    /// Environment variables that the client may set. Headscale 0.29 and later.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept_env: Vec<String>,
}

/// Whether an SSH user has to log in to Headscale first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SshAction {
    /// No.
    Accept,
    /// Yes.
    Check,
}

/// What must be allowed and denied for one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyTest {
    /// Who.
    pub src: Alias,
    /// `tcp`, `udp` or `sctp`; none is what a client does without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proto: Option<String>,
    /// What it must reach, with one port each: `tag:server:22`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<String>,
    /// What it must not reach.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<String>,
}

/// What must be allowed and denied for one source by Tailscale SSH.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SshTest {
    /// Who.
    pub src: Alias,
    /// On which nodes, without ports.
    pub dst: Vec<Alias>,
    /// Users that it must be able to log in as, with or without a check.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<String>,
    /// Users that it must not be able to log in as.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<String>,
    /// Users that it must be able to log in as only after a check.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub check: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_told_apart_as_headscale_does() {
        for (text, kind) in [
            ("*", AliasKind::Wildcard),
            ("10.0.0.1", AliasKind::Prefix),
            ("10.0.0.5/8", AliasKind::Prefix),
            ("fd7a::/48", AliasKind::Prefix),
            ("alice@", AliasKind::User),
            ("group:a@b", AliasKind::User),
            ("group:a", AliasKind::Group),
            ("tag:a", AliasKind::Tag),
            ("autogroup:self", AliasKind::AutoGroup),
            ("nas", AliasKind::Host),
            ("nas:22", AliasKind::Unknown),
            ("", AliasKind::Unknown),
        ] {
            assert_eq!(Alias::kind_of(text), kind, "{text}");
        }
    }
}
