//! Thousands of slightly wrong objects with the verdicts of a real API server, for measuring validators.
//!
//! `cargo run --example schema_corpus -- make DIR` starts etcd and kube-apiserver (`--assets`, as `manifestgen validate --server`
//! finds them), or takes the server of `--kubeconfig FILE`, and writes `DIR/manifests/*.json`, `DIR/definitions/*.json` (the
//! CustomResourceDefinitions that the custom kinds need) and `DIR/verdicts.jsonl`: a line each with `set`, `file`, `kind`, `class`, `path`,
//! `number` (the same for the same object and change), `accepted` and the server's `message`. The server is to be thrown away afterwards: the definitions stay in it.
//!
//! With `--objects PATH` it changes those manifests instead of the own ones: a set that nobody tuned the check on. Definitions among them
//! are brought to the server before, and count for the offline check.
//!
//! `cargo run --example schema_corpus -- check DIR` compares the offline check with these verdicts. `benches/corpus.py` measures any program.

// This is a tool, not the library: it may talk.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "../../tests/it/schema_differential/change.rs"]
mod change;
#[path = "../../tests/it/schema_differential/compare.rs"]
mod compare;
#[path = "../../tests/it/schema_differential/mutant.rs"]
mod mutant;
#[path = "../../tests/it/schema_differential/seeds.rs"]
mod seeds;
#[path = "../../tests/it/schema_differential/server.rs"]
mod server;

use std::collections::BTreeSet;
use std::env::args_os;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use manifestgen::diag::NoProgress;
use manifestgen::lab::{self, ControlPlane, ControlPlaneOptions};
use manifestgen::process;
use manifestgen::schema::Catalog;
use serde_json::{Value, json};

use compare::{Case, Comparison};
use seeds::Set;
use server::Server;

#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Ask a server about all mutants, and write them down with its verdicts
    Make {
        /// The folder to write
        folder: PathBuf,
        /// A server to ask, as JSON or YAML kubeconfig; by default one is started
        #[arg(long)]
        kubeconfig: Option<PathBuf>,
        /// Where etcd and kube-apiserver are
        #[arg(long)]
        assets: Option<PathBuf>,
        /// Manifests to change instead of the project's own: files, or folders whose files are all read; what is no YAML is passed over
        #[arg(long)]
        objects: Vec<PathBuf>,
        /// One in so many mutants, always the same; unchanged objects are always among them
        #[arg(long, default_value_t = 1)]
        part: u64,
    },
    /// Compare the offline check with the verdicts
    Check {
        /// The folder that `make` wrote
        folder: PathBuf,
        /// The version to check against
        #[arg(long, default_value = "1.36")]
        kubernetes: String,
        /// How many lines of disagreements to show
        #[arg(long, default_value_t = 40)]
        lines: usize,
    },
}

/// From so many bytes on, an object is only asked about as it is.
const LARGE: usize = 32 << 10;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    // As in `manifestgen` itself: the children of a control plane live under this same program, started again.
    let arguments = || args_os().skip(1);
    if let Some(code) = process::guard::dispatch(arguments()).or_else(|| lab::dispatch(arguments())) {
        return code;
    }
    let done = match Arguments::parse().command {
        Command::Make { folder, kubeconfig, assets, objects, part } => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
            let sets = if objects.is_empty() { seeds::sets().into() } else { vec![given(&objects)] };
            runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(make(&folder, kubeconfig.as_deref(), assets, (sets, part))))
        }
        Command::Check { folder, kubernetes, lines } => check(&folder, &kubernetes, lines),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("error: {cause}");
            ExitCode::FAILURE
        }
    }
}

/// The objects of manifests from elsewhere, in the one namespace that the server has.
fn given(paths: &[PathBuf]) -> Set {
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files);
    }
    let mut objects: Vec<Value> = files.iter().flat_map(|path| seeds::documents(path).unwrap_or_default()).collect();
    objects.retain(|object| object["apiVersion"].is_string() && object["kind"].is_string() && object["metadata"].is_object());
    for object in &mut objects {
        if object["metadata"].get("namespace").is_some() {
            object["metadata"]["namespace"] = "default".into();
        }
    }
    Set { name: "given", objects }
}

/// The definitions among the objects, but for those that are known already.
fn definitions_of(sets: &[Set], known: &[Value]) -> Vec<Value> {
    let mut names: BTreeSet<String> = known.iter().map(|crd| crd["metadata"]["name"].to_string()).collect();
    let objects = sets.iter().flat_map(|set| &set.objects).filter(|object| object["kind"] == "CustomResourceDefinition");
    objects.filter(|crd| names.insert(crd["metadata"]["name"].to_string())).cloned().collect()
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_dir() {
        let mut inner: Vec<_> = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        inner.sort();
        for path in &inner {
            collect(path, files);
        }
    } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml" || extension == "json") {
        files.push(path.to_owned());
    }
}

async fn make(folder: &Path, kubeconfig: Option<&Path>, assets: Option<PathBuf>, (sets, part): (Vec<Set>, u64)) -> Result<(), Failure> {
    let own = match kubeconfig {
        Some(_) => None,
        None => Some(ControlPlane::start(&ControlPlaneOptions::new(assets), &NoProgress).await?),
    };
    let path = kubeconfig.or_else(|| own.as_ref().map(ControlPlane::kubeconfig)).ok_or("no server")?;
    let kubeconfig = fs::read(path)?;
    let mut definitions = seeds::definitions();
    let server = Server::connect(&kubeconfig, &definitions).await;
    let given = definitions_of(&sets, &definitions);
    let verdicts = server.ask(&given).await;
    definitions.extend(given.into_iter().zip(verdicts).filter(|(_, verdict)| verdict.accepted() == Some(true)).map(|(crd, _)| crd));
    let server = Server::connect(&kubeconfig, &definitions).await;
    let (manifests, crds) = (folder.join("manifests"), folder.join("definitions"));
    fs::create_dir_all(&manifests)?;
    fs::create_dir_all(&crds)?;
    for definition in &definitions {
        let name = definition.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        fs::write(crds.join(format!("{name}.json")), definition.to_string())?;
    }
    let mut lines = String::new();
    for set in sets {
        let kept = |mutant: &mutant::Mutant| mutant.class == "unchanged" || mutant.number().is_multiple_of(part.max(1));
        // All mutants of a large object at once would not fit into memory: each is a copy of it.
        let changed =
            |object: &Value| if object.to_string().len() > LARGE { vec![mutant::unchanged(object)] } else { mutant::mutants(object) };
        let mutants: Vec<_> = set.objects.iter().flat_map(|object| changed(object).into_iter().filter(kept)).collect();
        let verdicts = server.ask(mutants.iter().map(|mutant| &mutant.object)).await;
        let mut left_out = 0;
        for (number, (mutant, verdict)) in mutants.iter().zip(verdicts).enumerate() {
            let Some(accepted) = verdict.accepted() else {
                left_out += 1;
                continue;
            };
            let file = format!("{}-{number:06}.json", set.name);
            fs::write(manifests.join(&file), mutant.object.to_string())?;
            let row = json!({"set": set.name, "file": file, "kind": mutant.object["kind"], "class": mutant.class, "path": mutant.path,
                "number": mutant.number(), "accepted": accepted, "message": verdict.message});
            writeln!(lines, "{row}")?;
        }
        println!("{}: {} mutants; {left_out} left out, on which the server gave no verdict", set.name, mutants.len());
    }
    fs::write(folder.join("verdicts.jsonl"), lines)?;
    if let Some(own) = own {
        own.stop().await?;
    }
    Ok(())
}

fn check(folder: &Path, version: &str, lines: usize) -> Result<(), Failure> {
    let mut catalog = Catalog::new(version)?;
    for entry in fs::read_dir(folder.join("definitions"))? {
        catalog.add_crd(&serde_json::from_slice(&fs::read(entry?.path())?)?)?;
    }
    let rows = fs::read_to_string(folder.join("verdicts.jsonl"))?;
    let rows: Vec<Value> = rows.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    for set in ["built-in", "custom", "given"] {
        let mut objects = Vec::new();
        for row in rows.iter().filter(|row| row["set"] == set) {
            let file = folder.join("manifests").join(text(row, "file"));
            objects.push((row, serde_json::from_slice::<Value>(&fs::read(file)?)?));
        }
        let cases = objects.iter().map(|(row, object)| Case {
            class: text(row, "class"),
            path: text(row, "path"),
            object,
            accepted: row["accepted"] == true,
            message: text(row, "message"),
        });
        if !objects.is_empty() {
            println!("{}", Comparison::of(&catalog, cases).report(set, lines));
        }
    }
    Ok(())
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_default()
}
