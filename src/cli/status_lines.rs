//! How a release fares, as text.

use crate::live::{Health, ObjectStatus, StatusReport};
use crate::ui::{StyledLine, Tone};

use super::plan_lines::name;

/// Every object, what is not well with its reasons, and a summary.
pub(super) fn lines(report: &StatusReport) -> Vec<StyledLine> {
    let mut lines: Vec<_> = report.objects.iter().flat_map(object).collect();
    lines.push(StyledLine::new(Tone::Plain, ""));
    if let Some(newest) = report.revisions.last() {
        let older = report.revisions.len() - 1;
        let text = format!("release `{}`, revision {} of {}, {older} older", report.release, newest.number, newest.created);
        lines.push(StyledLine::new(Tone::Plain, text));
    }
    if let Some(busy) = &report.busy {
        lines.push(StyledLine::new(Tone::Changed, format!("being applied by {busy}")));
    }
    lines.push(summary(report));
    lines
}

/// Only what is not well.
pub(super) fn of_sick(report: &StatusReport) -> Vec<StyledLine> {
    let mut lines: Vec<_> = report.objects.iter().filter(|status| !status.health.is_good()).flat_map(object).collect();
    lines.push(summary(report));
    lines
}

fn object(status: &ObjectStatus) -> Vec<StyledLine> {
    let tone = match status.health {
        Health::Current => Tone::Added,
        Health::InProgress | Health::Terminating | Health::Suspended => Tone::Changed,
        Health::Failed | Health::NotFound => Tone::Bad,
    };
    let message = status.message.as_deref().map(|message| format!(": {message}")).unwrap_or_default();
    let mut lines = vec![StyledLine::new(tone, format!("{:<11} {}{message}", word(status.health), name(&status.object)))];
    lines.extend(status.details.iter().map(|detail| StyledLine::new(Tone::Plain, format!("            {detail}"))));
    lines
}

const fn word(health: Health) -> &'static str {
    match health {
        Health::Current => "ok",
        Health::InProgress => "in progress",
        Health::Suspended => "suspended",
        Health::Failed => "failed",
        Health::Terminating => "terminating",
        Health::NotFound => "not found",
    }
}

fn summary(report: &StatusReport) -> StyledLine {
    let good = report.objects.iter().filter(|status| status.health.is_good()).count();
    let all = report.objects.len();
    let tone = if good == all { Tone::Added } else { Tone::Bad };
    StyledLine::new(tone, format!("{good} of {all} objects are healthy"))
}
