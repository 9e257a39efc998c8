//! The `secrets` section: what is wrong is shown at its line, and what a Secret lacks is found without any identity.

use crate::command::{Run, folder_with};

const KEY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

fn validated(text: &str) -> String {
    let folder = folder_with(&text.replace("$PUBLIC", KEY));
    Run::new(folder.path(), &["--quiet", "validate"]).run().shown()
}

#[test]
fn what_is_wrong_is_shown_at_its_line() {
    let text = "\
cluster: {name: c}
nodes:
  - {name: primer, role: server, hostKeys: [AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ]}
recipients:
  admins: [$PUBLIC, ecdsa-sha2-nistp256 AAAAE2VjZHNh]
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
    insta::assert_snapshot!(validated(text), @"
    exit code 2
    --- stderr
    error[config/value]: `nodes[0].hostKeys[0]` is a private key, which must not stand here
     --> cluster.yaml:3:45
      |
    3 |   - {name: primer, role: server, hostKeys: [••••••••••••••••••••••••••••••••••••••••••••••••••••••••••••••••••••••
      |                                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: remove it, and use another key from now on: whoever reads this file has it
    error[config/value]: `ecdsa-sha2-nistp256 AAAAE2VjZHNh` is not a public key: age encrypts for the SSH keys `ssh-ed25519` and `ssh-rsa` alone
     --> cluster.yaml:5:76
      |
    5 |   admins: [age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p, ecdsa-sha2-nistp256 AAAAE2VjZHNh]
      |                                                                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = hint: use one of these, or an `age1…` key
    error[config/unknown-key]: `value` is no key of `secrets[0]`
     --> cluster.yaml:8:5
      |
    8 |     value: •••••••
      |     ^^^^^
      |
      = hint: no value stands in the config: `manifestgen secret create` asks for it and writes it encrypted
    error[config/value]: `secrets[0].make.length` is 0, at least 1 is possible
     --> cluster.yaml:9:34
      |
    9 |     make: {type: random, length: 0, lenght: 3}
      |                                  ^
      |
      = hint: the range is 1 to 4096
    error[config/unknown-key]: `lenght` is no key of `secrets[0].make`
     --> cluster.yaml:9:37
      |
    9 |     make: {type: random, length: 0, lenght: 3}
      |                                     ^^^^^^
      |
      = hint: did you mean `length`?
    error[config/unknown-key]: `path` is no key of `secrets[0].deliver[0]`
      --> cluster.yaml:11:27
       |
    11 |       - {type: k3s-token, path: /x}
       |                           ^^^^
       |
       = hint: the keys are `type`
    error[config/value]: `secrets[0].deliver[1].type` cannot be `kubernete`
      --> cluster.yaml:12:16
       |
    12 |       - {type: kubernete, namespace: a}
       |                ^^^^^^^^^
       |
       = hint: did you mean `kubernetes`? Possible: `kubernetes`, `tls`, `file`, `k3s-token`, `k3s-agent-token`, `tailscale-auth-key`, `headscale-noise-key`, `headscale-derp-key`, `headscale-postgres-password`, `headscale-oidc-client-secret`, `argocd-repository`
    error[config/missing]: `secrets[0].deliver[2]` has no `key`
      --> cluster.yaml:13:9
       |
    13 |       - {type: kubernetes, namespace: a, name: b}
       |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = hint: add it, like `key: password`
    error[config/value]: `Web` is not a DNS name: only lower-case letters are allowed
      --> cluster.yaml:14:12
       |
    14 |   - {name: Web, recipients: [admin], make: {type: noise}}
       |            ^^^
       |
       = hint: did you mean `web`?
    error[config/value]: `secrets[1].make.type` cannot be `noise`
      --> cluster.yaml:14:51
       |
    14 |   - {name: Web, recipients: [admin], make: {type: noise}}
       |                                                   ^^^^^
       |
       = hint: did you mean `noise-key`? Possible: `given`, `random`, `noise-key`, `wireguard-key`, `ssh-key`, `tls-ca`, `tls`
    error: `cluster.yaml` has 10 errors
    ");
}

#[test]
fn a_secret_without_the_key_that_a_workload_needs_is_a_finding() {
    let text = "\
cluster: {name: c, security: {networkPolicies: false}}
nodes: [{name: primer, role: server, address: 192.168.1.10, hostKeys: [$PUBLIC]}]
recipients: {admins: [$PUBLIC]}
headscale: {useAgenixSecrets: true, derp: {server: {enabled: true}}}
secrets:
  - {name: noise, make: {type: noise-key}, deliver: [{type: headscale-noise-key}]}
";
    insta::assert_snapshot!(validated(text), @"
    exit code 1
    --- stderr
    error[reference/secret-key]: Secret `headscale-secrets` has no key `derp-private.key`
     --> cluster.yaml:4:62
      |
    4 | headscale: {useAgenixSecrets: true, derp: {server: {enabled: true}}}
      |                                                              ^^^^
      |
      = object: Deployment headscale/headscale at /spec/template/spec/volumes/4/projected/sources/1/secret/items/0/key
    ");
    let whole = format!("{text}  - {{name: derp, make: {{type: noise-key}}, deliver: [{{type: headscale-derp-key}}]}}\n");
    insta::assert_snapshot!(validated(&whole), @"exit code 0");
}
