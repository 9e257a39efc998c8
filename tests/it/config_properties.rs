//! What holds for every config.

use manifestgen::config::{Cluster, ConfigFile, LoadRequest, load, profiles, schema, template};
use manifestgen::diag::{Error, ErrorKind};
use manifestgen::source::{ConfigPath, Sources};
use proptest::prelude::*;
use serde_json::Value;

fn request(text: &str, profile: Option<&str>, sets: &[String]) -> LoadRequest {
    let file = Some(ConfigFile { name: "cluster.yaml".to_owned(), text: text.to_owned() });
    LoadRequest { file, profile: profile.map(ToOwned::to_owned), sets: sets.to_vec() }
}

fn loaded(request: &LoadRequest) -> Result<Cluster, Box<Error>> {
    load(request, &mut Sources::new()).map(|loaded| loaded.cluster().clone())
}

fn built_in(profile: &str) -> Cluster {
    let request = LoadRequest { profile: Some(profile.to_owned()), ..LoadRequest::default() };
    loaded(&request).unwrap_or_else(|error| panic!("{profile}: {:#?}", error.findings))
}

#[test]
fn the_primer_needs_no_file() {
    let primer = built_in("primer");
    assert_eq!(primer.cluster.name.as_str(), "primer");
    assert_eq!(primer.nodes[0].address.as_ref().map(manifestgen::config::IpAddress::as_str), Some("192.168.1.10"));
    let headscale = primer.headscale.as_ref().expect("the section");
    let url = manifestgen::config::headscale::ServerUrl::of(&primer, headscale).expect("a URL");
    assert_eq!(url.to_string(), "http://192.168.1.10:30080");
}

#[test]
fn what_was_read_is_written_and_read_back_unchanged() {
    for profile in profiles() {
        let cluster = built_in(profile);
        let json = serde_json::to_value(&cluster).expect("JSON");
        assert_eq!(serde_json::from_value::<Cluster>(json.clone()).expect("a cluster"), cluster);
        let yaml = manifestgen::yaml::to_string(&json).expect("YAML");
        assert_eq!(loaded(&request(&yaml, None, &[])).unwrap_or_else(|error| panic!("{:#?}", error.findings)), cluster);
    }
}

#[test]
fn nodes_of_a_file_replace_the_example_of_a_profile() {
    let text = "nodes: [{name: one, role: server, address: 10.0.0.1}]\n";
    let cluster = loaded(&request(text, Some("primer"), &[])).unwrap_or_else(|error| panic!("{:#?}", error.findings));
    assert_eq!(cluster.nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(), ["one"]);
    let sets = ["nodes[0].address=10.0.0.2".to_owned()];
    let cluster =
        loaded(&LoadRequest { profile: Some("primer".to_owned()), sets: sets.to_vec(), file: None }).expect("the example, changed");
    assert_eq!(cluster.nodes[0].address.as_ref().map(manifestgen::config::IpAddress::as_str), Some("10.0.0.2"));
}

#[test]
fn layers_are_told_apart() {
    let text = "\
cluster:
  name: home
  network: {cidr: 10.42.0.0/16}
nodes: [{name: a, role: server, address: 10.0.0.1}]
profiles:
  staging:
    extends: primer
    cluster: {name: staging}
";
    let mut sources = Sources::new();
    let request = request(text, Some("staging"), &["cluster.network.dns=10.43.0.9".to_owned()]);
    let loaded = load(&request, &mut sources).unwrap_or_else(|error| panic!("{:#?}", error.findings));
    let place = |keys: &[&str]| {
        let (at, origin) = loaded.place(&ConfigPath::of(keys.iter().copied()), &sources).expect("a place");
        format!("{}:{}:{} {} {}", at.file, at.line, at.column, origin.layer, origin.key)
    };
    assert_eq!(place(&["cluster", "name"]), "cluster.yaml:8:21 profiles.staging cluster.name");
    assert_eq!(place(&["cluster", "network", "cidr"]), "cluster.yaml:3:19 file cluster.network.cidr");
    assert_eq!(place(&["cluster", "network", "dns"]), "--set:1:21 --set cluster.network.dns");
    assert_eq!(place(&["cluster", "network", "domain"]), "cluster.yaml:3:3 file cluster.network.domain");
    assert!(place(&["headscale", "service", "nodePort"]).starts_with("profile primer (built in):"));
}

#[test]
fn the_published_schema_takes_what_the_reader_takes() {
    let validator = jsonschema::draft202012::new(&schema()).expect("a schema");
    let json = |text: &str| -> Value {
        let mut sources = Sources::new();
        let source = sources.add("x", text);
        manifestgen::yaml::parse(source, text, manifestgen::yaml::Limits::CONFIG).expect("YAML").remove(0).to_json()
    };
    let mut good = vec![
        "cluster: {name: a, version: 1.36}".to_owned(),
        "headscale: null".to_owned(),
        "nodes: [{name: a, $patch: delete}, {name: b, labels: {x: null}}]".to_owned(),
        "cluster: {name: a}\nprofiles: {staging: {extends: primer, cluster: {version: 1.35}, nodes: [{name: a}]}, none: null}".to_owned(),
        "cluster: {name: a, network: null, security: {networkPolicies: null}}\nmesh: null".to_owned(),
    ];
    good.extend(profiles().iter().map(|profile| template(profile).expect("a template")));
    for text in &good {
        let errors: Vec<String> = validator.iter_errors(&json(text)).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{text}\n{errors:#?}");
    }
    for text in [
        "clustr: {}",
        "cluster: {name: 1}",
        "mesh: {}",
        "profiles: {a: {clustr: {}}}",
        "profiles: {a: {extends: x}}",
        "profiles: {a: {profiles: {}}}",
        "nodes: [{role: server}]",
        "cluster: {name: a, security: {podSecurityStandard: none}}",
        "nodes: [{name: a, $patch: drop}]",
        "cluster: {name: Upper}",
        "nodes: [{name: a, labels: {a/b/c: x}}]",
    ] {
        assert!(!validator.is_valid(&json(text)), "{text}");
    }
}

/// A line of a good config, changed in some way.
fn mutated() -> impl Strategy<Value = String> {
    let text = template("full").expect("a template").replace("  # ", "    ").replace("# headscale", "headscale");
    let base = prop_oneof![Just(template("primer").expect("a template")), Just(text)];
    let piece = prop_oneof![
        Just("null".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
        Just("-1".to_owned()),
        Just("{type: x}".to_owned()),
        Just("1e3".to_owned()),
        Just("'".to_owned()),
        Just("no".to_owned()),
        Just("\t".to_owned()),
        Just("- ".to_owned()),
        Just("*a".to_owned()),
        Just(".inf".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just("{name: a, $patch: delete}".to_owned()),
        "[a-z:#\\[{\"%@ é\u{1b}]{1,6}",
    ];
    (base, proptest::collection::vec((any::<prop::sample::Index>(), 0..4_u8, piece), 1..6)).prop_map(|(text, changes)| {
        let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
        for (at, how, piece) in changes {
            let at = at.index(lines.len());
            let line = lines[at].clone();
            match (how, line.split_once(": ")) {
                (0, _) => {
                    lines.remove(at);
                }
                (1, _) => lines.insert(at, line),
                (2, Some((key, _))) => lines[at] = format!("{key}: {piece}"),
                (_, _) => lines[at] = format!("{line}{piece}"),
            }
            if lines.is_empty() {
                lines.push(String::new());
            }
        }
        lines.join("\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_config_is_read_or_refused_with_places(text in mutated(), profile in prop_oneof![Just(None), Just(Some("primer")), Just(Some("worker"))]) {
        if let Err(error) = loaded(&request(&text, profile, &[])) {
            // A text that the schema takes and the types refuse is a bug.
            prop_assert_eq!(error.kind, ErrorKind::Usage, "{:#?}", error.findings);
            prop_assert!(!error.findings.is_empty() || !error.hints.is_empty());
            for finding in &error.findings {
                prop_assert!(finding.location.is_some(), "{:?}", finding);
                prop_assert!(!finding.message.chars().any(char::is_control), "{:?}", finding);
            }
        }
    }

    #[test]
    fn a_setting_counts_as_if_it_stood_in_the_file(name in "[a-z][a-z0-9]{0,8}", number in 30000_u16..32767, network in 0_u8..250) {
        let base = "cluster: {name: home}\nnodes: [{name: a, role: server, address: 192.168.1.2}]\nheadscale: {}\n";
        let cases = [
            (format!("cluster.name={name}"), base.replace("home", &name)),
            (format!("cluster.network.cidr=172.{}.{network}.0/24", 16), base.replace("home", &format!("home, network: {{cidr: 172.16.{network}.0/24}}"))),
            (format!("headscale.service.nodePort={number}"), base.replace("headscale: {}", &format!("headscale: {{service: {{nodePort: {number}}}}}"))),
            (format!("headscale={{service: {{nodePort: {number}}}}}"), base.replace("headscale: {}", &format!("headscale: {{service: {{nodePort: {number}}}}}"))),
            (format!("nodes[name=a].labels.{name}=x"), base.replace("192.168.1.2", &format!("192.168.1.2, labels: {{{name}: x}}"))),
            (format!("nodes[0].labels={{{name}: x}}"), base.replace("192.168.1.2", &format!("192.168.1.2, labels: {{{name}: x}}"))),
            ("headscale=null".to_owned(), base.replace("headscale: {}", "")),
            (format!("k3s.tlsSan[0]={name}"), format!("{base}k3s: {{tlsSan: [{name}]}}\n")),
        ];
        for (set, file) in cases {
            let by_set = loaded(&request(base, None, std::slice::from_ref(&set)));
            let by_file = loaded(&request(&file, None, &[]));
            match (by_set, by_file) {
                (Ok(by_set), Ok(by_file)) => prop_assert_eq!(by_set, by_file, "{}", set),
                (by_set, by_file) => {
                    let said = |result: Result<Cluster, Box<Error>>| result.err().map(|error| error.findings.iter().map(|finding| finding.message.clone()).collect::<Vec<_>>());
                    prop_assert_eq!(said(by_set), said(by_file), "{}", set);
                }
            }
        }
    }
}
