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
    assert_snapshot!(said("cluster: {name: home}\n"), @"");
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
argocd: {}
";
    assert_snapshot!(said(text), @"");
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
    assert_snapshot!(said(text), @"");
}

#[test]
fn a_version_without_quotes_keeps_its_digits() {
    assert_snapshot!(said("cluster: {name: home, version: 1.30}\n"), @"");
    assert_snapshot!(said("cluster: {name: home, version: v1.36.3+k3s1}\n"), @"");
    assert_snapshot!(said("cluster: {name: home, version: 1.36}\n"), @"");
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
    assert_snapshot!(said(text), @"");
}

#[test]
fn nothing_is_said_about_what_depends_on_a_wrong_value() {
    // A pod network of /33 is not compared; the default in its place would overlap.
    assert_snapshot!(said("cluster: {name: a, network: {cidr: 10.43.0.0/33, serviceCidr: 10.42.0.0/16}}\n"), @"");
    assert_snapshot!(said("cluster: {name: a, network: {cdr: 10.44.0.0/16, serviceCidr: 10.42.0.0/16}}\n"), @"");
}

#[test]
fn sections_to_come_say_so() {
    let text = "\
cluster: {name: a}
argocd: {}
applications: []
ingress: {}
dashboard: {}
operators: []
dagger: {}
mesh: {}
secrets: {}
";
    assert_snapshot!(said(text), @"");
    assert_snapshot!(said("cluster: {name: a}\nargocd: null\n"), @"");
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
        "argocd.x=1",
        "profiles.a=1",
        "k3s.tlsSan[1]=a",
    ];
    assert_snapshot!(said_with(config, None, &sets), @"");
    assert_snapshot!(said_with(config, None, &["nodes[0].address=192.168.1.7", "nodes[name=b]={role: agent, address: 192.168.1.8}"]), @"");
}

#[test]
fn an_unknown_profile_lists_the_known_ones() {
    assert_snapshot!(said_with("cluster: {name: a}\nprofiles: {staging: {}}\n", Some("stagin"), &[]), @"");
    assert_snapshot!(said_with("cluster: {name: a}\n", Some("\u{1b}[31mx"), &[]), @"");
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
    assert_snapshot!(said_with(text, Some("small"), &[]), @"");
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
    assert_snapshot!(said, @"");
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
    assert_snapshot!(said, @"");
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
    assert_snapshot!(said(text), @"");
}

/// Input that is no config at all.
#[test]
fn bad_files() {
    assert_snapshot!(said(""), @"");
    assert_snapshot!(said(" \n\t\n"), @"");
    assert_snapshot!(said("# only a comment\n"), @"");
    assert_snapshot!(said("- a\n"), @"");
    assert_snapshot!(said("text\n"), @"");
    assert_snapshot!(said("cluster: {name: a}\n---\ncluster: {name: b}\n"), @"");
    assert_snapshot!(said("cluster:\n\tname: a\n"), @"");
    assert_snapshot!(said("cluster: {name: a}\ncluster: {name: b}\n"), @"");
    assert_snapshot!(said("cluster: {name: a\n"), @"");
    assert_snapshot!(said("\u{0}\u{1}\u{2}ELF\n"), @"");
    assert_snapshot!(said("profiles: []\n"), @"");
}

#[test]
fn windows_line_breaks_and_a_byte_order_mark_are_fine() {
    assert_eq!(said("\u{feff}cluster:\r\n  name: home\r\n"), "ok\n");
    assert_snapshot!(said("\u{feff}cluster:\r\n  name: Home\r\n"), @"");
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
    assert_snapshot!(all, @"");
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
    assert_snapshot!(all, @"");
}
