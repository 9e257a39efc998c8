//! As much of Grafana's dashboard as is used (schema version 41, `kinds/dashboard/dashboard_kind.cue` of Grafana 12).

use serde::Serialize;

/// What panels ask: the Prometheus that is chosen at the top of the page.
const SOURCE: &str = "${datasource}";
/// How wide a page is, in Grafana's own units.
const WIDTH: u32 = 24;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Dashboard {
    uid: &'static str,
    title: &'static str,
    tags: [&'static str; 1],
    schema_version: u32,
    refresh: &'static str,
    time: Time,
    templating: Templating,
    panels: Vec<Panel>,
}

#[derive(Serialize)]
struct Time {
    from: &'static str,
    to: &'static str,
}

#[derive(Serialize)]
struct Templating {
    list: [Variable; 1],
}

#[derive(Serialize)]
struct Variable {
    name: &'static str,
    label: &'static str,
    r#type: &'static str,
    query: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Panel {
    id: u32,
    title: &'static str,
    r#type: Kind,
    grid_pos: Place,
    datasource: Source,
    field_config: FieldConfig,
    targets: Vec<Target>,
}

/// How a panel shows its figures.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum Kind {
    /// The last one, large.
    #[serde(rename = "stat")]
    Stat,
    /// Over time.
    #[serde(rename = "timeseries")]
    Lines,
}

impl Kind {
    /// Width and height.
    const fn size(self) -> (u32, u32) {
        match self {
            Self::Stat => (8, 4),
            Self::Lines => (12, 8),
        }
    }
}

/// What the figures are (`packages/grafana-data/src/valueFormats/categories.ts`).
#[derive(Clone, Copy, Serialize)]
pub(super) enum Unit {
    #[serde(rename = "short")]
    Short,
    #[serde(rename = "s")]
    Seconds,
    #[serde(rename = "bytes")]
    Bytes,
    #[serde(rename = "cps")]
    PerSecond,
}

#[derive(Default, Serialize)]
struct Place {
    x: u32,
    y: u32,
    w: u32,
    h: u32,
}

#[derive(Serialize)]
struct Source {
    r#type: &'static str,
    uid: &'static str,
}

#[derive(Serialize)]
struct FieldConfig {
    defaults: Defaults,
    /// Grafana wants the list, though it is empty.
    overrides: [(); 0],
}

#[derive(Serialize)]
struct Defaults {
    unit: Unit,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Target {
    ref_id: &'static str,
    expr: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    legend_format: &'static str,
}

impl Panel {
    pub(super) fn new(title: &'static str, kind: Kind, unit: Unit) -> Self {
        Self {
            id: 0,
            title,
            r#type: kind,
            grid_pos: Place::default(),
            datasource: Source { r#type: "prometheus", uid: SOURCE },
            field_config: FieldConfig { defaults: Defaults { unit }, overrides: [] },
            targets: Vec::new(),
        }
    }

    /// Shows an expression; the legend may name its labels in Grafana's braces.
    pub(super) fn with(mut self, expr: String, legend_format: &'static str) -> Self {
        self.targets.push(Target { ref_id: "A", expr, legend_format });
        self
    }
}

impl Dashboard {
    /// Panels are laid out line by line.
    pub(super) fn new<const N: usize>(uid: &'static str, title: &'static str, panels: [Panel; N]) -> Self {
        let (mut x, mut y, mut line) = (0, 0, 0);
        let mut placed = Vec::with_capacity(N);
        for (id, mut panel) in (1..).zip(panels) {
            let (w, h) = panel.r#type.size();
            if x + w > WIDTH || (line != 0 && h != line) {
                (x, y) = (0, y + line);
            }
            panel.id = id;
            panel.grid_pos = Place { x, y, w, h };
            (x, line) = (x + w, h);
            placed.push(panel);
        }
        Self {
            uid,
            title,
            tags: ["manifestgen"],
            schema_version: 41,
            refresh: "1m",
            time: Time { from: "now-6h", to: "now" },
            templating: Templating {
                list: [Variable { name: "datasource", label: "Data source", r#type: "datasource", query: "prometheus" }],
            },
            panels: placed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_do_not_overlap_and_fit_the_page() {
        let stat = || Panel::new("a", Kind::Stat, Unit::Short);
        let lines = || Panel::new("b", Kind::Lines, Unit::Short);
        let dashboard = Dashboard::new("a", "a", [stat(), stat(), lines(), lines(), lines(), stat(), stat(), stat(), stat()]);
        let places: Vec<_> = dashboard.panels.iter().map(|panel| (panel.grid_pos.x, panel.grid_pos.y)).collect();
        assert_eq!(places, [(0, 0), (8, 0), (0, 4), (12, 4), (0, 12), (0, 20), (8, 20), (16, 20), (0, 24)]);
        let place = |panel: &Panel| (panel.grid_pos.x, panel.grid_pos.y, panel.grid_pos.w, panel.grid_pos.h);
        for (at, one) in dashboard.panels.iter().map(place).enumerate() {
            assert!(one.0 + one.2 <= WIDTH);
            for other in dashboard.panels.iter().skip(at + 1).map(place) {
                let beside = one.0 + one.2 <= other.0 || other.0 + other.2 <= one.0;
                assert!(beside || one.1 + one.3 <= other.1 || other.1 + other.3 <= one.1, "{one:?} {other:?}");
            }
        }
    }
}
