//! Admission and conversion webhooks that do not answer.
//!
//! The API server says so with code 500, as it does when it fails itself, although it is well: the webhook's pods are on their way, or
//! nobody runs them.

use super::refusal::Cause;

/// The webhook that did not answer, and why, from the server's message.
///
/// Messages: `k8s.io/apiserver/pkg/admission/plugin/webhook/errors` and `k8s.io/apiextensions-apiserver/pkg/apiserver/conversion`.
fn silent(message: &str) -> Option<(String, &str)> {
    let message = message.strip_prefix("Internal error occurred: ").unwrap_or(message);
    if let Some((name, cause)) = message.strip_prefix("failed calling webhook \"").and_then(|rest| rest.split_once("\": ")) {
        return Some((format!("webhook `{name}`"), cause));
    }
    let (kind, cause) = message.strip_prefix("conversion webhook for ")?.split_once(" failed: ")?;
    Some((format!("conversion webhook of `{kind}`"), cause))
}

/// Whether a failure is a webhook's, which may come up.
pub(super) fn is_silent(message: &str) -> bool {
    silent(message).is_some()
}

/// The rule of [`cause`].
pub(super) const RULE: &str = "live/webhook";

/// What such a failure says about the object that was sent.
pub(super) fn cause(message: &str) -> Option<Cause> {
    let (webhook, why) = silent(message)?;
    // The request's whole URL says nothing to a person; the address and what happened there follow it.
    let why = why.strip_prefix("failed to call webhook: ").unwrap_or(why);
    let why = why.strip_prefix("Post \"").and_then(|rest| rest.split_once("\": ")).map_or(why, |(_, rest)| rest);
    let cause = Cause::new(RULE, format!("the {webhook} does not answer: {why}"));
    Some(cause.hint("the API server takes no such object until it does: see whether its pods run and its Service has endpoints"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webhooks_are_told_from_failures_of_the_server() {
        let message = "Internal error occurred: failed calling webhook \"check.example.com\": failed to call webhook: \
                       Post \"https://localhost:1/?timeout=2s\": dial tcp 127.0.0.1:1: connect: connection refused";
        let cause = cause(message).expect("a webhook");
        assert_eq!(cause.message, "the webhook `check.example.com` does not answer: dial tcp 127.0.0.1:1: connect: connection refused");
        let message = "conversion webhook for example.com/v1, Kind=X failed: Post \"https://a.b.svc:443/convert?timeout=30s\": \
                       service \"a\" not found";
        let cause = super::cause(message).expect("a webhook");
        assert_eq!(cause.message, "the conversion webhook of `example.com/v1, Kind=X` does not answer: service \"a\" not found");
        assert!(!is_silent("Internal error occurred: etcdserver: request timed out"));
    }
}
