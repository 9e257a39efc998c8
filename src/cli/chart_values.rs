//! Values of operators against the `values.schema.json` of their charts, where a copy of the chart is on this machine.
//!
//! It reads files, so it is part of `validate` alone: rendering does no I/O. Helm holds the values against the schema when it installs
//! (`pkg/chartutil/jsonschema.go`), and the operator would be missing until somebody reads its log.

use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value};

use crate::config::Cluster;
use crate::config::operators::{Chart, Operator};
use crate::diag::Finding;
use crate::source::{ConfigPath, Sources};
use crate::yaml::{self, Limits};

const RULE: &str = "operators/values";
const CHART_RULE: &str = "operators/chart";
/// Bytes of a file of a chart. The largest schemas have some hundred kilobytes.
const MOST: u64 = 4 << 20;

/// What is wrong with values of operators whose charts are here.
pub(super) fn check(cluster: &Cluster) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, operator) in cluster.operators.iter().enumerate() {
        let path = ConfigPath::of(["operators"]).index(number);
        if let Some(folder) = &operator.chart.folder {
            of_operator(&path, operator, Path::new(folder), &mut findings);
        }
        if let Some((crds, folder)) = operator.crds.as_ref().and_then(|crds| Some((crds, crds.folder.as_ref()?))) {
            same_chart(&path.key("crds"), crds, Path::new(folder), &mut findings);
        }
    }
    findings
}

fn of_operator(path: &ConfigPath, operator: &Operator, folder: &Path, findings: &mut Vec<Finding>) {
    if !same_chart(&path.key("chart"), &operator.chart, folder, findings) {
        return;
    }
    let mut problem = |text: String| findings.push(Finding::warning(CHART_RULE, text).with_config_path(path.key("chart").key("folder")));
    let defaults = match file(&folder.join("values.yaml"), yaml_text) {
        Ok(defaults) => defaults.unwrap_or_default(),
        Err(text) => return problem(text),
    };
    let values = merged(defaults, Value::Object(operator.values.clone()));
    let mut at = Vec::new();
    of_chart(folder, &values, &mut at, &path.key("values"), findings);
}

/// The chart's own schema, and those of the charts in it, which see the values below their names.
fn of_chart(folder: &Path, values: &Value, at: &mut Vec<String>, path: &ConfigPath, findings: &mut Vec<Finding>) {
    let here = at.iter().fold(path.clone(), |path, key| path.key(key));
    match file(&folder.join("values.schema.json"), |text| serde_json::from_str(text).map_err(|cause| cause.to_string())) {
        Ok(None) => {}
        Ok(Some(schema)) => match jsonschema::validator_for(&schema) {
            Ok(validator) => findings.extend(validator.iter_errors(values).map(|error| {
                let place = inside(&here, values, error.instance_path().as_str());
                Finding::error(RULE, format!("the chart refuses this: {}", error.masked_with("the value")))
                    .with_hint(format!("see `{}`", folder.join("values.schema.json").display()))
                    .with_config_path(place)
            })),
            Err(cause) => {
                let text = format!("the schema `{}` cannot be used: {cause}", folder.join("values.schema.json").display());
                findings.push(Finding::warning(CHART_RULE, text).with_config_path(here));
            }
        },
        Err(text) => findings.push(Finding::warning(CHART_RULE, text).with_config_path(here)),
    }
    let charts = std::fs::read_dir(folder.join("charts")).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        charts.filter(|entry| entry.path().is_dir()).filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    // A chart in a chart in a chart: folders of a real one are three deep at most, and a link back to a parent never ends.
    if at.len() > 8 {
        return;
    }
    for name in names {
        let Some(below) = values.get(&name).filter(|below| below.is_object()) else { continue };
        let folder = folder.join("charts").join(&name);
        let defaults = file(&folder.join("values.yaml"), yaml_text).ok().flatten().unwrap_or_default();
        let below = merged(defaults, below.clone());
        at.push(name);
        of_chart(&folder, &below, at, path, findings);
        at.pop();
    }
}

/// The place of a value by its JSON pointer; the names of keys of a mapping may be digits.
fn inside(path: &ConfigPath, values: &Value, pointer: &str) -> ConfigPath {
    let mut value = Some(values);
    pointer.split('/').skip(1).fold(path.clone(), |path, step| {
        let step = step.replace("~1", "/").replace("~0", "~");
        let index = step.parse::<usize>().ok().filter(|_| value.is_some_and(Value::is_array));
        value = value.and_then(|value| index.map_or_else(|| value.get(&step), |index| value.get(index)));
        index.map_or_else(|| path.key(&step), |index| path.index(index))
    })
}

/// Whether the folder holds the chart that is named; says so where it does not.
fn same_chart(path: &ConfigPath, chart: &Chart, folder: &Path, findings: &mut Vec<Finding>) -> bool {
    let mut say = |text: String, hint: &str| {
        findings.push(Finding::warning(CHART_RULE, text).with_hint(hint).with_config_path(path.key("folder")));
    };
    let found = match file(&folder.join("Chart.yaml"), yaml_text) {
        Ok(Some(found)) => found,
        Ok(None) => {
            let text = format!("there is no chart in `{}`: it has no `Chart.yaml`", folder.display());
            say(text, "name the folder that `helm pull --untar` made, relative to where manifestgen runs");
            return false;
        }
        Err(text) => {
            say(text, "");
            return false;
        }
    };
    let of = |key| found.get(key).and_then(Value::as_str).unwrap_or_default();
    let same_version = of("version").trim_start_matches('v') == chart.version.trim_start_matches('v');
    if of("name") != chart.name || !same_version {
        let text = format!("`{}` holds `{}` {}, not `{}` {}", folder.display(), of("name"), of("version"), chart.name, chart.version);
        say(text, "the values are held against another chart than is installed");
    }
    true
}

/// A file's content; none where there is no file.
fn file(path: &Path, parse: impl Fn(&str) -> Result<Value, String>) -> Result<Option<Value>, String> {
    let wrong = |cause: String| format!("`{}` cannot be read: {cause}", path.display());
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(error.to_string())),
    };
    let mut text = String::new();
    file.take(MOST).read_to_string(&mut text).map_err(|error| wrong(error.to_string()))?;
    parse(&text).map(Some).map_err(wrong)
}

fn yaml_text(text: &str) -> Result<Value, String> {
    let mut sources = Sources::new();
    let source = sources.add("chart", text);
    let documents = yaml::parse(source, text, Limits::CONFIG).map_err(|error| error.message)?;
    Ok(documents.first().map(yaml::Node::to_json).filter(|value| !value.is_null()).unwrap_or_else(|| Value::Object(Map::new())))
}

/// As Helm lays values over the chart's own (`pkg/chartutil/coalesce.go`): maps merge, null removes.
fn merged(below: Value, over: Value) -> Value {
    let (Value::Object(mut below), Value::Object(over)) = (below, over.clone()) else { return over };
    for (key, value) in over {
        if value.is_null() {
            below.shift_remove(&key);
        } else {
            let under = below.get(&key).cloned().unwrap_or_default();
            below.insert(key, merged(under, value));
        }
    }
    Value::Object(below)
}
