//! Names in notifications: a message that nobody sends, and a message that nobody gets, are silent.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Check, at};
use crate::diag::did_you_mean;
use crate::source::ConfigPath;

const RULE: &str = "config/argocd-notification";

pub(super) fn check(check: &mut Check<'_>) {
    let notifications = &check.argocd.notifications;
    let templates: BTreeSet<&str> = notifications.templates.keys().map(String::as_str).collect();
    let triggers: BTreeSet<&str> = notifications.triggers.keys().map(String::as_str).collect();
    // `webhook.chat` is called `chat` (notifications-engine `pkg/api/config.go`).
    let services: BTreeSet<&str> = notifications.services.keys().map(|key| key.rsplit('.').next().unwrap_or(key)).collect();
    forms(check);
    for (name, conditions) in &notifications.triggers {
        let path = at(["notifications", "triggers"]).key(name);
        for (index, condition) in conditions.as_array().into_iter().flatten().enumerate() {
            names(check, &path.index(index).key("send"), condition.get("send"), "template", &templates);
        }
    }
    for (index, subscription) in notifications.subscriptions.iter().enumerate() {
        let path = at(["notifications", "subscriptions"]).index(index);
        names(check, &path.key("triggers"), subscription.get("triggers"), "trigger", &triggers);
        let recipients = subscription.get("recipients").and_then(Value::as_array).into_iter().flatten().enumerate();
        for (index, recipient) in recipients.filter_map(|(index, recipient)| Some((index, recipient.as_str()?))) {
            let service = recipient.split(':').next().unwrap_or_default();
            one(check, path.key("recipients").index(index), service, "service", &services);
        }
    }
    subscribed(check, &triggers, &services);
    for (index, name) in notifications.default_triggers.iter().enumerate() {
        one(check, at(["notifications", "defaultTriggers"]).index(index), name, "trigger", &triggers);
    }
}

/// One entry of another form, and the controller reads none of them (`ParseConfig` of notifications-engine `pkg/api/config.go`).
fn forms(check: &mut Check<'_>) {
    let notifications = &check.argocd.notifications;
    let mut wrong = |key: &str, name: &str, message: String, hint: &str| {
        check.problems.error(at(["notifications", key]).key(name), RULE, message, hint);
    };
    for (name, service) in &notifications.services {
        if !service.is_object() {
            wrong(
                "services",
                name,
                format!("the service `{name}` is no mapping"),
                "write its settings as keys and values, such as `{token: $slack-token}`",
            );
        }
        if name.split('.').count() > 2 {
            wrong("services", name, format!("`{name}` has more than two parts"), "write `TYPE`, or `TYPE.NAME` such as `webhook.chat`");
        }
    }
    for (name, _) in notifications.templates.iter().filter(|(_, template)| !template.is_object()) {
        wrong("templates", name, format!("the template `{name}` is no mapping"), "write `{message: …}`");
    }
    for (name, _) in notifications.triggers.iter().filter(|(_, trigger)| !trigger.is_array()) {
        wrong("triggers", name, format!("the trigger `{name}` is no list"), "write `[{when: …, send: [TEMPLATE]}]`");
    }
}

/// Annotations by which Applications subscribe: `…/subscribe.TRIGGER.SERVICE`, or without a trigger for the default ones.
fn subscribed(check: &mut Check<'_>, triggers: &BTreeSet<&str>, services: &BTreeSet<&str>) {
    let entries = check.cluster.applications.iter().enumerate();
    for (number, key) in entries.flat_map(|(number, entry)| entry.annotations.keys().map(move |key| (number, key))) {
        let Some(rest) = key.strip_prefix("notifications.argoproj.io/subscribe.") else { continue };
        let path = ConfigPath::of(["applications"]).index(number).key("annotations").key(key);
        let (trigger, service) = rest.split_once('.').map_or((None, rest), |(trigger, service)| (Some(trigger), service));
        if let Some(trigger) = trigger.filter(|trigger| !trigger.is_empty()) {
            one(check, path.clone(), trigger, "trigger", triggers);
        }
        one(check, path, service, "service", services);
    }
}

fn names(check: &mut Check<'_>, path: &ConfigPath, value: Option<&Value>, what: &str, known: &BTreeSet<&str>) {
    for (index, name) in value.and_then(Value::as_array).into_iter().flatten().enumerate() {
        if let Some(name) = name.as_str() {
            one(check, path.index(index), name, what, known);
        }
    }
}

fn one(check: &mut Check<'_>, path: ConfigPath, name: &str, what: &str, known: &BTreeSet<&str>) {
    if known.contains(name) {
        return;
    }
    let hint = match did_you_mean(name, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("add it to `argocd.notifications.{what}s`"),
    };
    check.error(path, RULE, format!("there is no {what} `{name}`, so no message is sent"), hint);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::said;

    /// None of them was ever sent.
    #[test]
    fn notifications_name_what_is_there() {
        let section = |template: &str, trigger: &str, recipient: &str| {
            json!({"notifications": {
                "services": {"slack": {"token": "$slack-token"}, "webhook.chat": {"url": "https://chat.example.com"}},
                "templates": {"app-done": {"message": "done"}},
                "triggers": {"on-done": [{"when": "true", "send": [template]}]},
                "subscriptions": [{"recipients": [recipient, "chat:x"], "triggers": [trigger]}],
                "defaultTriggers": [trigger],
                "secretKeys": ["slack-token"],
            }})
        };
        assert_eq!(said(section("app-done", "on-done", "slack:deploys")), "");
        insta::assert_snapshot!(said(section("app-don", "on-nothing", "slak:deploys")), @"
        error argocd.notifications.triggers.on-done[0].send[0] config/argocd-notification: there is no template `app-don`, so no message is sent
          did you mean `app-done`?
        error argocd.notifications.subscriptions[0].triggers[0] config/argocd-notification: there is no trigger `on-nothing`, so no message is sent
          add it to `argocd.notifications.triggers`
        error argocd.notifications.subscriptions[0].recipients[0] config/argocd-notification: there is no service `slak`, so no message is sent
          did you mean `slack`?
        error argocd.notifications.defaultTriggers[0] config/argocd-notification: there is no trigger `on-nothing`, so no message is sent
          add it to `argocd.notifications.triggers`
        ");
    }

    #[test]
    fn annotations_of_applications_name_triggers_and_services() {
        let config = |key: &str| {
            let entry = json!({"name": "a", "repoURL": "https://git.example.com/a.git", "annotations": {key: "deploys"}});
            let notifications = json!({"services": {"slack": {}}, "templates": {"done": {"message": "x"}}, "triggers": {"on-done": [{"when": "true", "send": ["done"]}]}});
            super::super::testing::said_of_cluster(json!({"argocd": {"notifications": notifications}, "applications": [entry]}))
        };
        assert_eq!(config("notifications.argoproj.io/subscribe.on-done.slack"), "");
        assert_eq!(config("notifications.argoproj.io/subscribe.slack"), "");
        insta::assert_snapshot!(config("notifications.argoproj.io/subscribe.on-nosuch.slak"), @r#"
        error applications[0].annotations."notifications.argoproj.io/subscribe.on-nosuch.slak" config/argocd-notification: there is no trigger `on-nosuch`, so no message is sent
          add it to `argocd.notifications.triggers`
        error applications[0].annotations."notifications.argoproj.io/subscribe.on-nosuch.slak" config/argocd-notification: there is no service `slak`, so no message is sent
          did you mean `slack`?
        "#);
    }

    #[test]
    fn one_entry_of_another_form_ends_all_notifications() {
        let section = json!({"notifications": {
            "services": {"slack": "token: x", "webhook.my.hook": {}}, "templates": {"t": "text"}, "triggers": {"on-x": {"when": "true"}},
        }});
        insta::assert_snapshot!(said(section), @r#"
        error argocd.notifications.services.slack config/argocd-notification: the service `slack` is no mapping
          write its settings as keys and values, such as `{token: $slack-token}`
        error argocd.notifications.services."webhook.my.hook" config/argocd-notification: `webhook.my.hook` has more than two parts
          write `TYPE`, or `TYPE.NAME` such as `webhook.chat`
        error argocd.notifications.templates.t config/argocd-notification: the template `t` is no mapping
          write `{message: …}`
        error argocd.notifications.triggers.on-x config/argocd-notification: the trigger `on-x` is no list
          write `[{when: …, send: [TEMPLATE]}]`
        "#);
    }
}
