//! Kinds that need one thing only.

use crate::manifest::Object;
use crate::reference::{Field, Need, Target};

use super::{Needs, Part};

pub(super) fn collect<'a>(object: &'a Object, needs: &mut Needs<'a, '_>) {
    match (object.group(), object.kind()) {
        ("autoscaling", "HorizontalPodAutoscaler") => {
            let Some(reference) = Field::of(object, &["spec", "scaleTargetRef"]) else { return };
            let group = reference.text("apiVersion").and_then(|version| version.split_once('/')).map_or("", |(group, _)| group);
            if let (Some(kind), Some(name), Some(field)) = (reference.text("kind"), reference.text("name"), reference.get("name")) {
                let target = Target::Object { group, kind, namespace: needs.namespace, name };
                needs.target(Need::ScaleTarget, target, field, Part::Whole, false);
            }
        }
        ("argoproj.io", "Application") => {
            // Every Argo CD has the project `default` (https://argo-cd.readthedocs.io/en/stable/user-guide/projects/).
            let project = Field::of(object, &["spec", "project"]).filter(|project| project.as_str() != Some("default"));
            needs.named(Need::Project, ("argoproj.io", "AppProject"), project);
        }
        ("helm.cattle.io", "HelmChartConfig") => {
            needs.named(Need::HelmChart, ("helm.cattle.io", "HelmChart"), Field::of(object, &["metadata", "name"]));
        }
        _ => {}
    }
}
