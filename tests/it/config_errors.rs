//! What is said about a wrong config: every message with its place and its way out.

use std::fmt::Write as _;
use std::path::Path;

use insta::assert_snapshot;
use manifestgen::config::{ConfigFile, LoadRequest, load};
use manifestgen::diag::{ErrorKind, Finding};
use manifestgen::source::Sources;

/// Loads a text and shows what was said: the error's message, and `line:column rule message | hint` for each finding.
fn said(text: &str) -> String {
    said_with(text, None, &[])
}

fn said_with(text: &str, profile: Option<&str>, sets: &[&str]) -> String {
    let request = LoadRequest {
        file: Some(ConfigFile { name: "cluster.yaml".to_owned(), text: text.to_owned() }),
        profile: profile.map(ToOwned::to_owned),
        sets: sets.iter().map(|set| (*set).to_owned()).collect(),
    };
    shown(&request)
}

fn shown(request: &LoadRequest) -> String {
    let mut sources = Sources::new();
    let mut out = String::new();
    match load(request, &mut sources) {
        Ok(loaded) => {
            out.push_str("ok\n");
            lines(&mut out, loaded.warnings());
        }
        Err(error) => {
            assert_eq!(error.kind, ErrorKind::Usage, "{error}: {:?}", error.findings);
            writeln!(out, "{}", error.message).expect("text");
            for hint in &error.hints {
                writeln!(out, "  hint: {hint}").expect("text");
            }
            lines(&mut out, &error.findings);
        }
    }
    out
}

fn lines(out: &mut String, findings: &[Finding]) {
    for finding in findings {
        let place = finding.location.as_ref().map_or_else(String::new, |at| format!("{}:{}:{}", at.file, at.line, at.column));
        write!(out, "{place} {} {}", finding.rule, finding.message).expect("text");
        if let Some(hint) = &finding.hint {
            write!(out, " | {hint}").expect("text");
        }
        out.push('\n');
    }
}

#[test]
fn a_small_config_is_good() {
    assert_snapshot!(said("cluster: {name: home}\n"), @"ok");
}

#[test]
fn all_problems_at_once() {
    let text = "\
clustr: {}
cluster:
  name: no
  version: 1.30
  network:
    cidr: 10.42.0.0/33
    serviceCIDR: 10.43.0.0/16
  security:
    podSecurityStandard: restrictd
    networkPolicies: 'yes'
nodes:
  - nam: primer
images: [a]
mesh: {}
";
    assert_snapshot!(said(text), @r#"
    `cluster.yaml` has 9 errors
    cluster.yaml:1:1 config/unknown-key `clustr` is no key of the config | did you mean `cluster`?
    cluster.yaml:3:9 config/type `cluster.name` takes a DNS label, written as a string, not a boolean | YAML reads `no` as false; put it in quotes: `"no"`
    cluster.yaml:6:11 config/value `10.42.0.0/33` is not an IP network: the prefix length `33` is no number from 0 to 32
    cluster.yaml:7:5 config/unknown-key `serviceCIDR` is no key of `cluster.network` | did you mean `serviceCidr`?
    cluster.yaml:9:26 config/value `cluster.security.podSecurityStandard` cannot be `restrictd` | did you mean `restricted`? Possible: `restricted`, `baseline`, `privileged`
    cluster.yaml:10:22 config/type `cluster.security.networkPolicies` takes `true` or `false`, not a string | write `true` or `false`
    cluster.yaml:12:5 config/unknown-key `nam` is no key of `nodes[0]` | did you mean `name`?
    cluster.yaml:13:9 config/type `images` takes a mapping, not a list | write `key: value` lines without `-`
    cluster.yaml:14:1 config/missing `mesh` has no `cidr` | add it, like `cidr: 10.42.0.0/16`
    "#);
}

#[test]
fn types_are_named_as_yaml_reads_them() {
    let text = "\
cluster:
  name: 012
  version: [1.36]
  network: 10.42.0.0/16
  storage: {defaultClass: true}
nodes: {name: a}
headscale: []
images: {a:1: 2}
extraObjects: [1, {apiVersion: v1}]
";
    assert_snapshot!(said(text), @r#"
    `cluster.yaml` has 10 errors
    cluster.yaml:2:9 config/type `cluster.name` takes a DNS label, written as a string, not a number | YAML reads `012` as the number 10; put it in quotes: `"012"`
    cluster.yaml:3:12 config/type `cluster.version` takes a Kubernetes version, written as a string, not a list
    cluster.yaml:4:12 config/type `cluster.network` takes a mapping, not a string
    cluster.yaml:5:27 config/type `cluster.storage.defaultClass` takes a DNS name, written as a string, not a boolean | YAML reads `true` as true; put it in quotes: `"true"`
    cluster.yaml:6:8 config/type `nodes` takes a list, not a mapping
    cluster.yaml:7:12 config/type `headscale` takes a mapping, not a list | write `key: value` lines without `-`
    cluster.yaml:8:15 config/type `images."a:1"` takes an image reference, written as a string, not a number | put it in quotes: `"2"`
    cluster.yaml:9:16 config/type `extraObjects[0]` takes a mapping, not a number
    cluster.yaml:9:19 config/object an object has no `kind` | add it, like `ConfigMap`
    cluster.yaml:9:19 config/object an object has no `metadata.name` | add it, like `example`
    "#);
}

#[test]
fn a_version_without_quotes_keeps_its_digits() {
    assert_snapshot!(said("cluster: {name: home, version: 1.30}\n"), @"
    `cluster.yaml` has an error
    cluster.yaml:1:32 config/version Kubernetes `1.30` is not known | known are `1.33`, `1.34`, `1.35`, `1.36`, `1.37`
    ");
    assert_snapshot!(said("cluster: {name: home, version: v1.36.3+k3s1}\n"), @"
    `cluster.yaml` has an error
    cluster.yaml:1:32 config/value `v1.36.3+k3s1` is not a Kubernetes version: it must be numbers and dots alone | did you mean `1.36.3`?
    ");
    assert_snapshot!(said("cluster: {name: home, version: 1.36}\n"), @"ok");
}

#[test]
fn checks_across_values_run_beside_wrong_values() {
    let text = "\
cluster:
  name: Home
  network: {cidr: 10.0.0.0/8, serviceCidr: 10.43.0.0/16}
images: {a: b:1}
nodes: [{name: a, role: srver}]
";
    assert_snapshot!(said(text), @"
    `cluster.yaml` has 4 errors
    cluster.yaml:2:9 config/value `Home` is not a DNS label: only lower-case letters are allowed | did you mean `home`?
    cluster.yaml:3:44 config/network the network of Services, `10.43.0.0/16`, overlaps that of pods, `10.0.0.0/8` | choose networks that do not overlap
    cluster.yaml:4:13 config/image the key `a` is not an image reference: it has neither tag nor digest | write the version that you mean: `a:TAG`
    cluster.yaml:5:25 config/value `nodes[0].role` cannot be `srver` | did you mean `server`? Possible: `server`, `agent`
    ");
}

#[test]
fn nothing_is_said_about_what_depends_on_a_wrong_value() {
    // A pod network of /33 is not compared; the default in its place would overlap.
    assert_snapshot!(said("cluster: {name: a, network: {cidr: 10.43.0.0/33, serviceCidr: 10.42.0.0/16}}\n"), @"
    `cluster.yaml` has an error
    cluster.yaml:1:36 config/value `10.43.0.0/33` is not an IP network: the prefix length `33` is no number from 0 to 32
    ");
    assert_snapshot!(said("cluster: {name: a, network: {cdr: 10.44.0.0/16, serviceCidr: 10.42.0.0/16}}\n"), @"
    `cluster.yaml` has an error
    cluster.yaml:1:30 config/unknown-key `cdr` is no key of `cluster.network` | did you mean `cidr`?
    ");
}

#[test]
fn settings_are_shown_as_they_were_given() {
    let config = "cluster: {name: home}\nnodes: [{name: a, role: server}]\n";
    let sets = [
        "cluster.name=no",
        "cluster.nme=x",
        "cluster",
        "=x",
        "cluster.name=",
        "nodes[3].role=agent",
        "nodes[name=a].name=b",
        "cluster.network.cidr={",
        "nodes[name=a].labels.\"example.com/disk\"=ssd",
        "mesh.x=1",
        "profiles.a=1",
        "k3s.tlsSan[1]=a",
    ];
    assert_snapshot!(said_with(config, None, &sets), @r#"
    `cluster.yaml` has 12 errors
    --set:1:14 config/type `cluster.name` takes a DNS label, written as a string, not a boolean | YAML reads `no` as false; put it in quotes: `"no"`
    --set:1:9 config/unknown-key `nme` is no key of `cluster` | did you mean `name`?
    --set:1:1 config/set `cluster` has no `=` | write `--set KEY=VALUE`
    --set:1:1 config/set `=x` names no key | write `--set KEY=VALUE`
    --set:1:1 config/set `cluster.name=` has no value | write `null` to remove the value, or `''` for an empty text
    --set:1:6 config/set `nodes` has no entry 3; write `nodes[name=…]` for a new one
    --set:1:15 config/set an entry of `nodes` cannot be given another name
    --set:1:22 config/set the value is not YAML: `{` is never closed
    --set:1:1 config/missing `mesh` has no `cidr` | add it, like `cidr: 10.42.0.0/16`
    --set:1:6 config/unknown-key `x` is no key of `mesh` | the keys are `cidr`, `port`, `mtu`, `persistentKeepalive`, `discovery`
    --set:1:1 config/set a profile cannot be set | set the value itself
    --set:1:11 config/set `k3s.tlsSan` has 0 entries, so there is no place 1
    "#);
    assert_snapshot!(said_with(config, None, &["nodes[0].address=192.168.1.7", "nodes[name=b]={role: agent, address: 192.168.1.8}"]), @"ok");
}

#[test]
fn an_unknown_profile_lists_the_known_ones() {
    assert_snapshot!(said_with("cluster: {name: a}\nprofiles: {staging: {}}\n", Some("stagin"), &[]), @"
    there is no profile `stagin`
      hint: did you mean `staging`?
      hint: the file has `staging`; built in are `primer`, `worker`, `minimal`, `full`
    ");
    assert_snapshot!(said_with("cluster: {name: a}\n", Some("\u{1b}[31mx"), &[]), @"
    there is no profile `␛[31mx`
      hint: built in are `primer`, `worker`, `minimal`, `full`
    ");
}

#[test]
fn removals_and_duplicates_have_their_places() {
    let text = "\
cluster: {name: a}
nodes:
  - {name: a, role: server}
  - {name: a}
  - {name: b, $patch: delete}
profiles:
  small:
    nodes: [{name: a, $patch: remove}]
";
    assert_snapshot!(said_with(text, Some("small"), &[]), @"
    `cluster.yaml` has 3 errors
    cluster.yaml:4:12 config/duplicate two entries of `nodes` have the name `a` | an entry of a list that is merged by name stands there once
    cluster.yaml:5:12 config/patch `nodes` inherits no `b` to delete | nothing is inherited
    cluster.yaml:8:31 config/patch `remove` is no `$patch` | the only one is `delete`
    ");
}

#[test]
fn secrets_are_not_repeated() {
    let text = "\
cluster: {name: a}
k3s: {token: K10secret::server:abc, tokenFile: K10secret}
headscale: {password: hunter2}
";
    let said = said(text);
    assert!(!said.contains("hunter2") && !said.contains("K10secret"), "{said}");
    assert_snapshot!(said, @"
    `cluster.yaml` has 3 errors
    cluster.yaml:2:7 config/unknown-key `token` is no key of `k3s` | a token must not stand in the config: name the file that holds it with `k3s.tokenFile`
    cluster.yaml:2:48 config/value `k3s.tokenFile` is not an absolute path
    cluster.yaml:3:13 config/unknown-key `password` is no key of `headscale` | `manifestgen explain headscale` lists the keys
    cluster.yaml:3:1 config/headscale-server-url no `headscale.serverUrl` is set and no server node has an address, so the server calls itself `http://headscale.headscale.svc.cluster.local:8080`, which only pods of this cluster reach | set `headscale.serverUrl`, or `address` of the first server node
    ");
    let mut sources = Sources::new();
    let request =
        LoadRequest { file: Some(ConfigFile { name: "cluster.yaml".to_owned(), text: text.to_owned() }), ..LoadRequest::default() };
    let error = load(&request, &mut sources).expect_err("unknown keys");
    let lines = error.findings.iter().filter_map(|finding| finding.location.as_ref()).map(|at| at.text.as_str());
    assert!(lines.clone().all(|line| !line.contains("hunter2") && !line.contains("K10secret")), "{:?}", lines.collect::<Vec<_>>());
}

#[test]
fn control_characters_are_made_visible() {
    let text = "cluster: {name: \"\\e[31mred\"}\n\"\\e]0;x\": 1\n";
    let said = said(text);
    assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{said:?}");
    assert_snapshot!(said, @"
    `cluster.yaml` has 2 errors
    cluster.yaml:1:17 config/value `␛[31mred` is not a DNS label: `␛` is not allowed | use lower-case letters, digits and `-`
    cluster.yaml:2:1 config/unknown-key `␛]0;x` is no key of the config | `manifestgen explain` lists the keys
    ");
}

#[test]
fn profiles_are_checked_even_when_not_chosen() {
    let text = "\
cluster: {name: home}
profiles:
  big: {extends: huge, clusters: {}}
  small: 3
  odd: {profiles: {}, cluster: {network: {cidr: 10.0.0.1/8}}}
";
    assert_snapshot!(said(text), @"
    `cluster.yaml` has 5 errors
    cluster.yaml:3:18 config/value `profiles.big.extends` cannot be `huge` | possible: `primer`, `worker`, `minimal`, `full`
    cluster.yaml:3:24 config/unknown-key `clusters` is no key of `profiles.big` | did you mean `cluster`?
    cluster.yaml:4:10 config/type `profiles.small` takes a mapping, not a number | a profile holds parts of a config
    cluster.yaml:5:9 config/unknown-key `profiles` is no key of `profiles.odd` | a profile cannot hold profiles
    cluster.yaml:5:49 config/value `10.0.0.1/8` is not an IP network: it has bits set after the prefix | the network is `10.0.0.0/8`
    ");
}

/// Input that is no config at all.
#[test]
fn bad_files() {
    assert_snapshot!(said(""), @"
    `cluster.yaml` is empty
      hint: `manifestgen init` writes a cluster file
    ");
    assert_snapshot!(said(" \n\t\n"), @"
    `cluster.yaml` is empty
      hint: `manifestgen init` writes a cluster file
    ");
    assert_snapshot!(said("# only a comment\n"), @"
    `cluster.yaml` has an error
    cluster.yaml:1:1 config/missing the config has no `cluster` | add `cluster`
    ");
    assert_snapshot!(said("- a\n"), @"
    `cluster.yaml` is no cluster file
    cluster.yaml:1:3 config/type a cluster file is a mapping, not a list | `manifestgen init` writes one to start from
    ");
    assert_snapshot!(said("text\n"), @"
    `cluster.yaml` is no cluster file
    cluster.yaml:1:1 config/type a cluster file is a mapping, not a string | `manifestgen init` writes one to start from
    ");
    assert_snapshot!(said("cluster: {name: a}\n---\ncluster: {name: b}\n"), @"
    `cluster.yaml` is no cluster file
    cluster.yaml:3:1 config/documents a second document begins | keep one, and put variants under `profiles`
    ");
    assert_snapshot!(said("cluster:\n\tname: a\n"), @"
    `cluster.yaml` is no cluster file
    cluster.yaml:2:1 config/syntax a tab is used as indentation | indent with spaces; YAML does not allow tabs there
    ");
    assert_snapshot!(said("cluster: {name: a}\ncluster: {name: b}\n"), @"
    `cluster.yaml` is no cluster file
    cluster.yaml:2:1 config/syntax the key `cluster` stands twice, first at line 1, column 1 | remove one of them, or give it another name
    ");
    assert_snapshot!(said("cluster: {name: a\n"), @"
    `cluster.yaml` is no cluster file
    cluster.yaml:1:10 config/syntax `{` is never closed
    ");
    assert_snapshot!(said("\u{0}\u{1}\u{2}ELF\n"), @"
    `cluster.yaml` is no cluster file
    cluster.yaml:1:1 config/syntax the control character U+0000 stands in the text | remove it; is this a binary file, or UTF-16 text?
    ");
    assert_snapshot!(said("profiles: []\n"), @"
    `cluster.yaml` is no cluster file
    cluster.yaml:1:11 config/type `profiles` takes a mapping of names to configs, not a list
    ");
}

#[test]
fn windows_line_breaks_and_a_byte_order_mark_are_fine() {
    assert_eq!(said("\u{feff}cluster:\r\n  name: home\r\n"), "ok\n");
    assert_snapshot!(said("\u{feff}cluster:\r\n  name: Home\r\n"), @"
    `cluster.yaml` has an error
    cluster.yaml:2:9 config/value `Home` is not a DNS label: only lower-case letters are allowed | did you mean `home`?
    ");
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut text = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (from, to) in ('a'..='h').zip('b'..='i') {
        let aliases = vec![format!("*{from}"); 9].join(", ");
        writeln!(text, "{to}: &{to} [{aliases}]").expect("text");
    }
    let said = said(&text);
    assert!(said.starts_with("`cluster.yaml` is no cluster file\ncluster.yaml:") && said.lines().count() == 2, "{said}");
}

/// Files on disk: a folder, a device without end, one that is too large, bytes that are no text, one that is not there.
#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    };
    let refused = |path: &Path| {
        let error = ConfigFile::read(path).expect_err("no config");
        assert!(error.findings.len() <= 1, "{error:?}");
        let mut out = format!("{:?} {}", error.kind, error.message.replace(&folder.path().display().to_string(), "FOLDER"));
        for hint in &error.hints {
            write!(out, " | {hint}").expect("text");
        }
        out.push('\n');
        for finding in &error.findings {
            let at = finding.location.as_ref().expect("a place");
            writeln!(out, "{}:{} {} {:?}", at.line, at.column, finding.message, at.text).expect("text");
        }
        out
    };
    let mut all = String::new();
    all += &refused(folder.path());
    all += &refused(&folder.path().join("absent.yaml"));
    all += &refused(Path::new("/dev/zero"));
    all += &refused(&write("utf16.yaml", b"\xff\xfec\0l\0"));
    all += &refused(&write("latin1.yaml", b"cluster:\n  name: gr\xf6\xdfe \x1b[31m\n"));
    let large = write("large.yaml", b"");
    std::fs::File::options().write(true).open(&large).expect("the file").set_len(100 << 20).expect("100 MB");
    all += &refused(&large);
    assert_snapshot!(all, @r#"
    Usage `FOLDER` is a folder, not a file | name the cluster file in it, like `-c cluster.yaml`
    Usage there is no file `FOLDER/absent.yaml` | `manifestgen init` writes a cluster file, and `--profile primer` needs none
    Usage `/dev/zero` holds more than 4 MiB | a cluster file has a few hundred lines; is this the right one?
    Usage `FOLDER/utf16.yaml` is UTF-16 text | save it as UTF-8
    Usage `FOLDER/latin1.yaml` is not UTF-8 text
    2:11 the byte 0xF6 is no UTF-8 "  name: gr��e ␛[31m"
    Usage `FOLDER/large.yaml` holds more than 4 MiB | a cluster file has a few hundred lines; is this the right one?
    "#);
}

/// The files under `fixtures/bad`, each with what is said about it.
#[test]
fn fixtures() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bad");
    let mut names: Vec<_> = std::fs::read_dir(&folder).expect("fixtures").flatten().map(|entry| entry.path()).collect();
    names.sort();
    let mut all = String::new();
    for path in names {
        let mut file = ConfigFile::read(&path).expect("a text");
        file.name = path.file_name().expect("a name").to_string_lossy().into_owned();
        all += &shown(&LoadRequest { file: Some(file), ..LoadRequest::default() });
    }
    assert_snapshot!(all, @"
    `many-mistakes.yaml` has 16 errors
    many-mistakes.yaml:2:3 config/unknown-key `nmae` is no key of `cluster` | did you mean `name`?
    many-mistakes.yaml:3:12 config/version Kubernetes `1.12` is not known | known are `1.33`, `1.34`, `1.35`, `1.36`, `1.37`
    many-mistakes.yaml:5:11 config/value `10.42.3.0/16` is not an IP network: it has bits set after the prefix | the network is `10.42.0.0/16`
    many-mistakes.yaml:7:10 config/network `10.42.0.10` is not in the network of Services, `10.42.128.0/17` | leave it out for the tenth address of that network
    many-mistakes.yaml:9:5 config/unknown-key `defaultclass` is no key of `cluster.storage` | did you mean `defaultClass`?
    many-mistakes.yaml:11:11 config/value `Primer_1` is not a DNS label: only lower-case letters are allowed | did you mean `primer-1`?
    many-mistakes.yaml:12:11 config/value `nodes[0].role` cannot be `master` | possible: `server`, `agent`
    many-mistakes.yaml:13:5 config/unknown-key `adress` is no key of `nodes[0]` | did you mean `address`?
    many-mistakes.yaml:14:14 config/key `a/b/c` is not a label key: only one `/` is allowed | write `prefix/name`, the prefix being a DNS name
    many-mistakes.yaml:14:30 config/value `two words` is not a label value: ` ` is not allowed | letters, digits, `-`, `_` and `.` are
    many-mistakes.yaml:15:5 config/missing `nodes[1]` has no `name` | add it, like `name: primer`
    many-mistakes.yaml:16:14 config/value `192.168.1.300` is not an IP address: `300` is above 255
    many-mistakes.yaml:18:14 config/value `headscale.example.com` is not an HTTP URL: it has no scheme | did you mean `https://headscale.example.com`?
    many-mistakes.yaml:20:11 config/value `12Gb` is not a quantity: `Gb` is no unit | did you mean `12Gi` or `12G`?
    many-mistakes.yaml:23:26 config/value `5min` is not a duration: `min` is no unit | did you mean `5m`?
    many-mistakes.yaml:25:5 config/object an object has no `apiVersion` | add it, like `v1`
    `original-template.yaml` is no cluster file
    original-template.yaml:3:9 config/syntax no value can start with `@` | put the text in quotes if it is meant as text
    `profiles.yaml` has 4 errors
    profiles.yaml:4:14 config/value `profiles.staging.extends` cannot be `prmer` | did you mean `primer`? Possible: `primer`, `worker`, `minimal`, `full`
    profiles.yaml:5:5 config/unknown-key `clutser` is no key of `profiles.staging` | did you mean `cluster`?
    profiles.yaml:6:33 config/value `big` is not a quantity: it does not begin with a number | write a number and a unit, like `10Gi` or `500m`
    profiles.yaml:7:11 config/type `profiles.broken` takes a mapping, not a list | a profile holds parts of a config
    ");
}
