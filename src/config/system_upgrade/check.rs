//! What a schema cannot say about the section.

use super::Target;
use crate::config::{Cluster, Problems};
use crate::source::ConfigPath;

const RULE: &str = "config/system-upgrade";

/// Checks the section, where there is one.
pub fn check(cluster: &Cluster, problems: &mut Problems) {
    let Some(upgrade) = &cluster.system_upgrade else { return };
    let at = |key: &str| ConfigPath::of(["systemUpgrade"]).key(key);
    if upgrade.version.is_some() && upgrade.channel.is_some() {
        let message = "`version` and `channel` both say which k3s the nodes get, and the controller takes `version`";
        problems.error(at("channel"), RULE, message, "remove one of them").involving(at("version"));
    }
    let minor = cluster.cluster.version.minor();
    if let Target::Version(version) = upgrade.target(cluster)
        && !version.starts_with(&format!("v{minor}."))
    {
        let message = format!("nodes get k3s `{version}`, and everything else is rendered for Kubernetes {minor}");
        let hint = "set `cluster.version` to what the nodes run";
        problems.error(at("version"), RULE, message, hint).involving(ConfigPath::of(["cluster", "version"]));
    }
    if let Some(channel) = upgrade.channel.as_deref().filter(|channel| matches!(*channel, "stable" | "latest" | "testing")) {
        let message = format!("`{channel}` goes on to the next minor by itself, and everything else is rendered for Kubernetes {minor}");
        let hint = format!("use the channel `v{minor}`, which is the default");
        problems.warning(at("channel"), RULE, message, hint).involving(ConfigPath::of(["cluster", "version"]));
    }
    if let Some(window) = upgrade.window.as_ref().filter(|window| window.start_time == window.end_time) {
        let message = format!("the window begins and ends at {}", window.start_time);
        problems.error(at("window").key("endTime"), RULE, message, "end it later").involving(at("window").key("startTime"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;
    use crate::config::check::testing::{cluster, said};

    fn of(upgrade: Value) -> String {
        said(check, &cluster(json!({"cluster": {"name": "c", "version": "1.36"}, "systemUpgrade": upgrade})))
    }

    #[test]
    fn one_thing_says_which_version_comes() {
        assert_eq!(of(json!({})), "");
        assert_eq!(of(json!({"version": "v1.36.3+k3s1"})), "");
        assert_eq!(of(json!({"channel": "v1.36", "upgradeImage": "registry.example.com:5000/rancher/k3s-upgrade"})), "");
        insta::assert_snapshot!([
            json!({"version": "v1.35.1+k3s1", "channel": "v1.35"}),
            json!({"channel": "stable"}),
            json!({"window": {"days": ["monday"], "startTime": "02:00", "endTime": "02:00"}}),
        ].map(of).concat(), @"
        error systemUpgrade.channel config/system-upgrade: `version` and `channel` both say which k3s the nodes get, and the controller takes `version`
        error systemUpgrade.version config/system-upgrade: nodes get k3s `v1.35.1+k3s1`, and everything else is rendered for Kubernetes 1.36
        warning systemUpgrade.channel config/system-upgrade: `stable` goes on to the next minor by itself, and everything else is rendered for Kubernetes 1.36
        error systemUpgrade.window.endTime config/system-upgrade: the window begins and ends at 02:00
        ");
    }
}
