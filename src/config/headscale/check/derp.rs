//! Relays: without at least one region Headscale does not start.

use std::collections::BTreeSet;

use super::{Check, at};

const RULE: &str = "config/headscale-derp";

pub(super) fn check(check: &mut Check<'_>) {
    let derp = &check.headscale.derp;
    let server = &derp.server;
    let own_regions = derp.map.as_ref().map_or(&[][..], |map| &map.regions);
    let adds_region = server.enabled && server.automatically_add_embedded_derp_region;
    if server.enabled && !adds_region && !own_regions.iter().any(|region| region.region_id == server.region_id) {
        check.error(
            at(["derp", "server", "automaticallyAddEmbeddedDerpRegion"]),
            RULE,
            format!("the embedded DERP server's region {} is in no map, so no client finds it", server.region_id),
            "describe it in `headscale.derp.map.regions`, or let Headscale add it",
        );
    } else if !adds_region && derp.urls.is_empty() && own_regions.is_empty() {
        check.error(
            at(["derp"]),
            RULE,
            "there is no DERP region at all, and Headscale does not start without one",
            "set `headscale.derp.server.enabled: true`, or give `headscale.derp.urls` or `headscale.derp.map`",
        );
    }
    regions(check, adds_region);
}

fn regions(check: &mut Check<'_>, adds_region: bool) {
    let derp = &check.headscale.derp;
    let Some(map) = &derp.map else { return };
    let path = at(["derp", "map", "regions"]);
    let (mut numbers, mut names) = (BTreeSet::new(), BTreeSet::new());
    for (place, region) in map.regions.iter().enumerate() {
        let path = path.index(place);
        if !numbers.insert(region.region_id) {
            let hint = "give each region a number of its own";
            check.error(path.key("regionId"), RULE, format!("region {} is there twice", region.region_id), hint);
        } else if adds_region && region.region_id == derp.server.region_id {
            let message = format!("region {} is the embedded DERP server's, which would take its place", region.region_id);
            check
                .error(path.key("regionId"), RULE, message, "give each region a number of its own")
                .involving(at(["derp", "server", "regionId"]));
        }
        if map.disabled_regions.contains(&region.region_id) {
            check.error(path.key("regionId"), RULE, format!("region {} is disabled, too", region.region_id), "remove one of the two");
        }
        if region.nodes.is_empty() {
            check.error(path.key("nodes"), RULE, format!("region {} has no relay", region.region_id), "name at least one node");
        }
        for (place, node) in region.nodes.iter().enumerate() {
            if !names.insert(&node.name) {
                let hint = "names are unique in all regions: `900a`, `900b`";
                check.error(path.key("nodes").index(place).key("name"), RULE, format!("two relays are called `{}`", node.name), hint);
            }
        }
    }
}
