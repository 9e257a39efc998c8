//! The commands around rendering: init, schema, explain, completions, man; and the reference page of all of them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::command::{Run, folder, folder_with};

#[test]
fn init_writes_a_file_that_renders() {
    for profile in ["primer", "worker", "minimal", "full"] {
        let folder = folder();
        Run::new(folder.path(), &["init", "--profile", profile]).run().good();
        let text = fs::read_to_string(folder.path().join("cluster.yaml")).expect("written");
        assert!(text.starts_with("# yaml-language-server: $schema=cluster.schema.json\n"), "{text}");
        assert!(folder.path().join("cluster.schema.json").exists());
        Run::new(folder.path(), &["render"]).run().good();
        let again = Run::new(folder.path(), &["init"]).run();
        assert_eq!(again.code, 2, "{}", again.stderr);
        Run::new(folder.path(), &["init", "--force"]).run().good();
    }
}

#[test]
fn the_schema_is_one_and_accepts_what_we_accept() {
    let folder = folder();
    let schema: serde_json::Value = serde_json::from_str(&Run::new(folder.path(), &["schema"]).run().good()).expect("JSON");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    assert!(validator.is_valid(&serde_json::json!({"cluster": {"name": "a"}, "headscale": {}})));
    assert!(!validator.is_valid(&serde_json::json!({"cluster": {"nam": "a"}})));
}

#[test]
fn explain_says_where_a_value_comes_from() {
    let folder = folder_with("cluster:\n  name: test\n  network:\n    cidr: 10.60.0.0/16\n");
    let run = |arguments: &[&str]| Run::new(folder.path(), arguments).run().shown();
    insta::assert_snapshot!(run(&["explain", "cluster.network.cidr"]), @"
    exit code 0
    --- stdout
    cluster.network.cidr: string (IP network)

    Addresses of pods (k3s `cluster-cidr`).

    default:  10.42.0.0/16
    examples: 10.42.0.0/16, 10.42.0.0/16,fd42::/56
    value:    10.60.0.0/16  (file, cluster.yaml:4)
    --- stderr
    using `cluster.yaml`
    ");
    insta::assert_snapshot!(run(&["explain", "cluster.network.cidr", "--set", "cluster.network.cidr=10.61.0.0/16"]), @"
    exit code 0
    --- stdout
    cluster.network.cidr: string (IP network)

    Addresses of pods (k3s `cluster-cidr`).

    default:  10.42.0.0/16
    examples: 10.42.0.0/16, 10.42.0.0/16,fd42::/56
    value:    10.61.0.0/16  (--set)
    --- stderr
    using `cluster.yaml`
    ");
    insta::assert_snapshot!(run(&["explain", "cluster.netwrok"]), @"
    exit code 2
    --- stderr
    using `cluster.yaml`
    error: `netwrok` is no key of `cluster`
    hint: did you mean `cluster.network`?
    ");
}

#[test]
fn completions_and_manual_pages_are_made() {
    let folder = folder();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(Run::new(folder.path(), &["completions", shell]).run().good().contains("manifestgen"));
    }
    assert!(Run::new(folder.path(), &["man"]).run().good().starts_with(".ie"));
    assert!(Run::new(folder.path(), &["man", "render"]).run().good().contains("render"));
}

/// The commands below `secret`.
const SECRET: [&str; 7] = ["secret", "secret create", "secret edit", "secret rekey", "secret rotate", "secret check", "secret deliver"];

/// The commands below `mesh`.
const MESH: [&str; 7] = ["mesh", "mesh allocate", "mesh config", "mesh up", "mesh down", "mesh discover", "mesh status"];

/// docs/CLI.md is `--help` of every command. `MANIFESTGEN_UPDATE=1` writes it anew.
#[test]
fn the_reference_page_is_what_help_says() {
    let folder = folder();
    let mut page = String::from("# Command line\n\nWhat `--help` says, command by command. A test keeps this page true.\n");
    for command in [
        "",
        "init",
        "render",
        "validate",
        "plan",
        "apply",
        "status",
        "rollback",
        "delete",
        "rehearse",
        "lab",
        "lab up",
        "lab status",
        "lab kubeconfig",
        "lab exec",
        "lab logs",
        "lab port-forward",
        "lab test",
        "lab down",
        "schema",
        "explain",
        "graph",
        "completions",
        "man",
    ]
    .into_iter()
    .chain(SECRET)
    .chain(MESH)
    {
        let arguments: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let help = Run::new(folder.path(), &arguments).env("COLUMNS", "100").run().good();
        let _ =
            write!(page, "\n## `manifestgen{}{command}`\n\n```text\n{}\n```\n", if command.is_empty() { "" } else { " " }, help.trim_end());
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/CLI.md");
    if std::env::var_os("MANIFESTGEN_UPDATE").is_some() {
        fs::write(&path, &page).expect("written");
    }
    assert_eq!(
        fs::read_to_string(&path).unwrap_or_default(),
        page,
        "MANIFESTGEN_UPDATE=1 cargo test the_reference_page writes docs/CLI.md"
    );
}
