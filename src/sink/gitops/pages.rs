//! The pages of the tree, and its CI workflow.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment as Templates, UndefinedBehavior, context};
use serde_json::json;

use super::super::tree::Entry;
use super::kustomization::text;
use super::scripts::{VERSION, quoted};
use super::{Environment, Facts};
use crate::diag::{Error, Result};

/// Path and template.
const PAGES: [(&str, &str); 8] = [
    ("README.md", include_str!("text/readme.md.j2")),
    ("bootstrap/README.md", include_str!("text/bootstrap.md.j2")),
    ("bootstrap/docs/install.md", include_str!("text/install.md.j2")),
    ("argocd/README.md", include_str!("text/argocd.md.j2")),
    ("infrastructure/README.md", include_str!("text/infrastructure.md.j2")),
    ("applications/README.md", include_str!("text/applications.md.j2")),
    ("docs/operations.md", include_str!("text/operations.md.j2")),
    ("ci/README.md", include_str!("text/ci.md.j2")),
];

pub(super) fn pages(environments: &[Environment], facts: &Facts) -> Result<Vec<Entry>> {
    let mut templates = Templates::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_syntax(
        SyntaxConfig::builder()
            .keep_trailing_newline(true)
            .trim_blocks(true)
            .build()
            .map_err(|cause| Error::internal("the syntax of pages is not one").caused_by(cause))?,
    );
    let Some(base) = environments.first() else { return Ok(Vec::new()) };
    let secrets = match said(environments, "   ", secrets_of) {
        Said::Same(all) if all.is_empty() => String::new(),
        Said::Same(all) => format!(" {all}."),
        Said::Each(lines) => format!("\n{lines}"),
    };
    let (argocd_namespace, argocd_namespaces) = match said(environments, "", |environment| environment.argocd_namespace().to_owned()) {
        Said::Same(namespace) => (namespace, String::new()),
        Said::Each(lines) => ("NAMESPACE".to_owned(), lines),
    };
    let mut command = "manifestgen render --format gitops -o .".to_owned();
    for argument in &facts.arguments {
        // A plain word needs no quotes to be read.
        let is_plain = argument.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_=./:,@".contains(letter));
        command = format!("{command} {}", if is_plain { argument.clone() } else { quoted(argument)? });
    }
    let values = context! {
        cluster => base.release.name().to_owned(),
        environments => environments.iter().map(|environment| environment.name.clone()).collect::<Vec<_>>(),
        environment => base.name.clone(),
        argocd_namespace => argocd_namespace,
        argocd_namespaces => argocd_namespaces,
        repository => base.repository.clone(),
        path => facts.path.clone(),
        command => command,
        secrets => secrets,
    };
    let mut entries = Vec::new();
    for (path, template) in PAGES {
        let contents = templates
            .render_str(template, values.clone())
            .map_err(|cause| Error::internal(format!("the page `{path}` cannot be written")).caused_by(cause))?;
        entries.push(Entry { path: path.to_owned(), contents, executable: false });
    }
    // GitHub looks for workflows at the root of a repository only, and nothing outside of the tree is written.
    let path = if facts.path.is_none() { ".github/workflows/cluster.yaml" } else { "ci/workflow.yaml" };
    entries.push(Entry { path: path.to_owned(), contents: workflow(facts.path.as_deref())?, executable: false });
    Ok(entries)
}

/// What a page says of the environments: the first one alone would hide what another needs.
enum Said {
    /// The same of all.
    Same(String),
    /// A line for each that has something.
    Each(String),
}

fn said(environments: &[Environment], indent: &str, of: impl Fn(&Environment) -> String) -> Said {
    let texts: Vec<String> = environments.iter().map(of).collect();
    let first = texts.first().cloned().unwrap_or_default();
    if texts.iter().all(|text| *text == first) {
        return Said::Same(first);
    }
    let with = environments.iter().zip(&texts).filter(|(_, text)| !text.is_empty());
    let lines: Vec<String> = with.map(|(environment, text)| format!("{indent}- `{}`: {text}", environment.name)).collect();
    Said::Each(lines.join("\n"))
}

/// The Secrets that somebody has to deliver.
fn secrets_of(environment: &Environment) -> String {
    let secrets = environment.release.secrets().iter().map(|secret| format!("`{}/{}`", secret.namespace, secret.name));
    secrets.collect::<Vec<_>>().join(", ")
}

fn workflow(path: Option<&str>) -> Result<String> {
    let script = path.map_or_else(|| Ok("ci/check.sh".to_owned()), |path| quoted(&format!("{path}/ci/check.sh")))?;
    text(&json!({
        "name": "cluster",
        "on": {"push": {}, "pull_request": {}},
        "permissions": {"contents": "read"},
        "jobs": {"check": {
            "runs-on": "ubuntu-latest",
            "steps": [
                {"uses": "actions/checkout@v4"},
                {"name": "install manifestgen", "run": format!("cargo install --locked --version {VERSION} manifestgen")},
                {"name": "validate the cluster file, and see that the tree is up to date", "run": script},
            ],
        }},
    }))
}
