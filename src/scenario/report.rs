//! What a scenario did, and what that proves.

use std::fmt::Write as _;
use std::time::Instant;

use serde::Serialize;

use crate::diag::{Error, ErrorKind, Progress, Result};

/// One step of a scenario.
#[derive(Debug, Clone, Serialize)]
pub struct ReportStep {
    /// What was done.
    pub name: String,
    /// How long it took.
    pub seconds: f64,
    /// What was seen, where it is worth a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Why it was not played here. What it says was then not seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// The commands on nodes that ended as they should, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Checked>,
}

/// A command that ended as it should.
#[derive(Debug, Clone, Serialize)]
pub struct Checked {
    /// The command, for bash.
    pub run: String,
    /// It had to fail.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub fails: bool,
    /// On how many nodes, or between how many pairs of them.
    pub times: usize,
}

/// The report of a scenario.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The form of this document.
    pub version: u32,
    /// The scenario's name.
    pub scenario: String,
    /// What the API server called itself; empty when there was none.
    pub server: String,
    /// Whether every step succeeded.
    pub passed: bool,
    /// From the first step to the end of the last.
    pub seconds: f64,
    /// The steps, in order. After one that failed there is only the clean-up.
    pub steps: Vec<ReportStep>,
    /// What was not the real thing.
    pub simulated: Vec<String>,
}

impl Report {
    /// The JSON form.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The JUnit form, which CI systems read: a test suite with a test case for each step.
    #[must_use]
    pub fn to_junit(&self) -> String {
        let failures = self.steps.iter().filter(|step| step.failure.is_some()).count();
        let skipped = self.steps.iter().filter(|step| step.skipped.is_some()).count();
        let (name, count) = (escaped(&self.scenario), self.steps.len());
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "<testsuite name=\"{name}\" tests=\"{count}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\" time=\"{:.3}\">",
            self.seconds
        );
        text.push_str("  <properties>\n");
        let _ = writeln!(text, "    <property name=\"server\" value=\"{}\"/>", escaped(&self.server));
        for simulated in &self.simulated {
            let _ = writeln!(text, "    <property name=\"simulated\" value=\"{}\"/>", escaped(simulated));
        }
        text.push_str("  </properties>\n");
        for step in &self.steps {
            let case = format!("  <testcase classname=\"{name}\" name=\"{}\" time=\"{:.3}\"", escaped(&step.name), step.seconds);
            let inside = match (&step.skipped, &step.failure, &step.seen) {
                (Some(why), ..) => format!(">\n    <skipped message=\"{}\"/>\n  </testcase>", escaped(why)),
                (_, Some(failure), _) => format!(">\n    <failure message=\"{}\"/>\n  </testcase>", escaped(failure)),
                (.., Some(seen)) => format!(">\n    <system-out>{}</system-out>\n  </testcase>", escaped(seen)),
                _ => "/>".to_owned(),
            };
            let _ = writeln!(text, "{case}{inside}");
        }
        text.push_str("</testsuite>\n");
        text
    }
}

/// For text and for attributes; what XML 1.0 has no place for becomes `?`.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => escaped.push('?'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// What a step came to, and what was seen, where it is worth a word.
pub(super) type Seen<T> = Result<(T, Option<String>)>;

/// Writes down what a scenario does.
pub(super) struct Recorder<'a> {
    progress: &'a dyn Progress,
    began: Instant,
    report: Report,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(scenario: &str, simulated: &[&str], progress: &'a dyn Progress) -> Self {
        let simulated = simulated.iter().map(|what| (*what).to_owned()).collect();
        let report = Report {
            version: 1,
            scenario: scenario.to_owned(),
            server: String::new(),
            passed: true,
            seconds: 0.0,
            steps: Vec::new(),
            simulated,
        };
        Self { progress, began: Instant::now(), report }
    }

    /// Adds something that is not the real thing, which showed on the way.
    pub(super) fn simulates(&mut self, what: &str) {
        self.report.simulated.push(what.to_owned());
    }

    /// Names the API server that it all happens on.
    pub(super) fn on_server(&mut self, version: &str) {
        version.clone_into(&mut self.report.server);
    }

    /// Does one step. `None` when it failed: the story ends there, and the report says why.
    ///
    /// # Errors
    /// Only an interruption.
    pub(super) async fn step<T>(&mut self, name: &str, work: impl Future<Output = Seen<T>>) -> Result<Option<T>> {
        self.progress.step(name);
        let began = Instant::now();
        let done = work.await;
        let seconds = began.elapsed().as_secs_f64();
        let (value, seen, failure) = match done {
            Ok((value, seen)) => (Some(value), seen, None),
            Err(error) if error.kind == ErrorKind::Interrupted => return Err(error),
            Err(error) => (None, None, Some(told(&error))),
        };
        let word = failure.as_deref().or(seen.as_deref()).map(|text| format!(": {text}")).unwrap_or_default();
        self.progress.note(&format!("{seconds:6.1} s  {}{name}{word}", if failure.is_some() { "FAILED " } else { "" }));
        self.report.passed &= failure.is_none();
        self.report.steps.push(ReportStep { name: name.to_owned(), seconds, seen, failure, skipped: None, checks: Vec::new() });
        Ok(value)
    }

    /// Writes down the commands of the last step.
    pub(super) fn checked(&mut self, checks: Vec<Checked>) {
        if let Some(step) = self.report.steps.last_mut() {
            step.checks = checks;
        }
    }

    /// Writes down a step that is not played here.
    pub(super) fn leave_out(&mut self, name: &str, because: &str) {
        self.progress.note(&format!("         not here: {name}: {because}"));
        let (name, skipped) = (name.to_owned(), Some(because.to_owned()));
        self.report.steps.push(ReportStep { name, seconds: 0.0, seen: None, failure: None, skipped, checks: Vec::new() });
    }

    pub(super) fn finish(mut self) -> Report {
        self.report.seconds = self.began.elapsed().as_secs_f64();
        self.report
    }
}

/// An error in one text, with what lay beneath.
pub(super) fn told(error: &Error) -> String {
    let mut text = error.message.clone();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    for finding in &error.findings {
        let _ = write!(text, "; {}", finding.message);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::NoProgress;

    #[test]
    fn a_failure_is_in_both_forms() {
        let mut recorder = Recorder::new("story", &["the <network>"], &NoProgress);
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let fine = runtime.block_on(recorder.step("look", async { Ok(((), Some("3 & 4".to_owned()))) })).expect("no interruption");
        assert!(fine.is_some());
        let failed = runtime.block_on(recorder.step::<()>("leap", async { Err(Error::environment("a \"gap\"")) }));
        assert!(failed.expect("no interruption").is_none());
        recorder.leave_out("reboot", "no <power>");
        let report = recorder.finish();
        assert!(!report.passed);
        let xml = report.to_junit();
        for part in [
            "tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\"",
            "<skipped message=\"no &lt;power&gt;\"/>",
            "<failure message=\"a &quot;gap&quot;\"/>",
            "3 &amp; 4",
            "the &lt;network&gt;",
        ] {
            assert!(xml.contains(part), "{part} is not in {xml}");
        }
        let json: serde_json::Value = serde_json::from_str(&report.to_json()).expect("JSON");
        assert_eq!((&json["passed"], &json["steps"][1]["failure"]), (&false.into(), &"a \"gap\"".into()));
    }
}
