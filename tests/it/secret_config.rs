//! The `secrets` section: what is wrong is shown at its line, and what a Secret lacks is found without any identity.

use crate::command::{Run, folder_with};

const KEY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

fn validated(text: &str) -> String {
    let folder = folder_with(&text.replace("KEY", KEY));
    Run::new(folder.path(), &["--quiet", "validate"]).run().shown()
}

#[test]
fn what_is_wrong_is_shown_at_its_line() {
    let text = "\
cluster: {name: c}
nodes:
  - {name: primer, role: server, hostKeys: [AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ]}
recipients:
  admins: [KEY, ecdsa-sha2-nistp256 AAAAE2VjZHNh]
secrets:
  - name: token
    value: hunter2
    make: {type: random, length: 0, lenght: 3}
    deliver:
      - {type: k3s-token, path: /x}
      - {type: kubernete, namespace: a}
      - {type: kubernetes, namespace: a, name: b}
  - {name: Web, recipients: [admin], make: {type: noise}}
";
    insta::assert_snapshot!(validated(text), @"");
}

#[test]
fn a_secret_without_the_key_that_a_workload_needs_is_a_finding() {
    let text = "\
cluster: {name: c, security: {networkPolicies: false}}
nodes: [{name: primer, role: server, hostKeys: [KEY]}]
recipients: {admins: [KEY]}
headscale: {useAgenixSecrets: true, derp: {server: {enabled: true}}}
secrets:
  - {name: noise, make: {type: noise-key}, deliver: [{type: headscale-noise-key}]}
";
    insta::assert_snapshot!(validated(text), @"");
    let whole = format!("{text}  - {{name: derp, make: {{type: noise-key}}, deliver: [{{type: headscale-derp-key}}]}}\n");
    insta::assert_snapshot!(validated(&whole), @"");
}
