//! What a namespace of one's own may use: ResourceQuota and LimitRange.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{LimitRange, LimitRangeItem, LimitRangeSpec, ResourceQuota, ResourceQuotaSpec};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::{Output, metadata};
use crate::config::{self, Cluster};
use crate::diag::Result;
use crate::source::ConfigPath;

pub(super) fn render(cluster: &Cluster, output: &mut Output) -> Result<()> {
    for (at, entry) in cluster.cluster.namespaces.iter().enumerate() {
        let origin = ConfigPath::of(["cluster", "namespaces"]).index(at);
        let namespace = Some(entry.name.as_str());
        if let Some(hard) = amounts(&entry.quota) {
            let spec = ResourceQuotaSpec { hard: Some(hard), ..ResourceQuotaSpec::default() };
            let quota = ResourceQuota { metadata: metadata("quota", namespace), spec: Some(spec), status: None };
            output.object(origin.key("quota"), &quota)?;
        }
        if let Some(containers) = &entry.containers {
            let item = LimitRangeItem {
                type_: "Container".to_owned(),
                default: amounts(&containers.limits),
                default_request: amounts(&containers.requests),
                max: amounts(&containers.max),
                min: amounts(&containers.min),
                max_limit_request_ratio: None,
            };
            let range = LimitRange { metadata: metadata("containers", namespace), spec: Some(LimitRangeSpec { limits: vec![item] }) };
            output.object(origin.key("containers"), &range)?;
        }
    }
    Ok(())
}

fn amounts(amounts: &BTreeMap<String, config::Quantity>) -> Option<BTreeMap<String, Quantity>> {
    let amounts: BTreeMap<_, _> = amounts.iter().map(|(name, amount)| (name.clone(), Quantity(amount.to_string()))).collect();
    Some(amounts).filter(|amounts| !amounts.is_empty())
}
