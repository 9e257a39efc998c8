//! How a Helm chart is rendered.

use serde_json::{Map, Value};

use super::resource::resource;

resource! {
    /// How a Helm chart is rendered.
    Helm {
        ;
        /// The name of the release; by default the Application's.
        release_name: String,
        /// Files of values in the source, or of another source as `$ref/path`.
        value_files: Vec<String>,
        /// Values as YAML.
        values_object: Map<String, Value>,
        /// Values as YAML in one text. `valuesObject` comes before it.
        values: String,
        /// Single values, which come before all others.
        parameters: Vec<HelmParameter>,
        /// Single values that are the content of files.
        file_parameters: Vec<HelmFileParameter>,
        /// The version of Helm, `v3`.
        version: String,
        /// Whether credentials go to all hosts that a chart is fetched from.
        pass_credentials: bool,
        /// Whether files of `valueFiles` may be missing.
        ignore_missing_value_files: bool,
        /// Whether the chart's custom resource definitions are left out.
        skip_crds: bool,
        /// Whether the chart's tests are left out. Newer than Argo CD 2.13.
        skip_tests: bool,
        /// Whether values are not held against the chart's `values.schema.json`. Newer than Argo CD 2.13.
        skip_schema_validation: bool,
        /// The namespace that templates see; by default that of the destination.
        namespace: String,
        /// The Kubernetes version that templates see; by default that of the destination.
        kube_version: String,
        /// The API versions that templates see; by default those of the destination.
        api_versions: Vec<String>,
    }

    /// A single value.
    HelmParameter {
        ;
        /// Its path, `image.tag`.
        name: String,
        /// Its value.
        value: String,
        /// Whether the value stays a text although it looks like a number or a boolean.
        force_string: bool,
    }

    /// A single value that is the content of a file.
    HelmFileParameter {
        ;
        /// Its path in the values.
        name: String,
        /// The file in the source.
        path: String,
    }
}
