//! What people may do.

use std::collections::BTreeSet;

use super::{Check, at};
use crate::config::Problems;
use crate::config::argocd::{Effect, MatchMode, PolicyLine, RbacPolicy, RbacResource};
use crate::diag::did_you_mean;
use crate::source::ConfigPath;

const RULE: &str = "config/argocd-rbac";

/// How a line of `csv` is written.
const LINE: &str = "write `p, SUBJECT, RESOURCE, ACTION, OBJECT, EFFECT` or `g, SUBJECT, ROLE`";

/// Roles that Argo CD has of its own.
const BUILT_IN: [&str; 2] = ["role:admin", "role:readonly"];

pub(super) fn check(check: &mut Check<'_>) {
    let rbac = &check.argocd.rbac;
    let mut roles: BTreeSet<String> = BUILT_IN.map(ToOwned::to_owned).into();
    // Whoever a policy or a binding speaks of may be what others are bound to.
    roles.extend(rbac.policies.iter().map(|policy| policy.subject.clone()));
    roles.extend(rbac.bindings.iter().map(|binding| binding.subject.clone()));
    lines(check, &mut roles);
    for (index, policy) in check.argocd.rbac.policies.iter().enumerate() {
        let path = at(["rbac", "policies"]).index(index);
        check.only_new(policy.resource == RbacResource::WriteRepositories, path.key("resource"));
        one_policy(check, policy, &path);
    }
    for (index, binding) in check.argocd.rbac.bindings.iter().enumerate() {
        let path = at(["rbac", "bindings"]).index(index);
        text(check, &binding.subject, &path.key("subject"));
        role(check, &binding.role, &roles, path.key("role"));
    }
    if let Some(default) = &check.argocd.rbac.default_role {
        role(check, default, &roles, at(["rbac", "defaultRole"]));
    }
}

fn role(check: &mut Check<'_>, role: &str, roles: &BTreeSet<String>, path: ConfigPath) {
    if check.argocd.rbac.match_mode == Some(MatchMode::Regex) && BUILT_IN.contains(&role) {
        // argo-cd#13127
        let message = format!("`{role}` allows nothing with `matchMode: regex`: the `*` in it is no regular expression");
        check.error(path, RULE, message, "make a role of your own with `.*`, or leave out `matchMode`");
        return;
    }
    // A role of a project says itself what it may.
    if roles.contains(role) || role.starts_with("proj:") {
        return;
    }
    let near = roles.get(&format!("role:{role}")).map(String::as_str);
    let hint = match near.or_else(|| did_you_mean(role, roles.iter().map(String::as_str))) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "roles: {}; a policy with the subject `role:NAME` makes one",
            roles.iter().map(String::as_str).filter(|role| role.starts_with("role:")).collect::<Vec<_>>().join(", ")
        ),
    };
    check.error(path, RULE, format!("there is no role `{role}`, so it allows nothing"), hint);
}

fn one_policy(check: &mut Check<'_>, policy: &RbacPolicy, path: &ConfigPath) {
    text(check, &policy.subject, &path.key("subject"));
    text(check, &policy.object, &path.key("object"));
    if check.argocd.rbac.match_mode == Some(MatchMode::Regex) {
        if policy.resource == RbacResource::All {
            let hint = "name each resource, or write the line into `csv` with `.*`";
            check.error(path.key("resource"), RULE, "`*` is no regular expression, which `matchMode: regex` reads it as", hint);
        }
        for (key, pattern) in [("action", &policy.action), ("object", &policy.object)] {
            if regex::Regex::new(pattern).is_err() {
                let message = format!("`{pattern}` is no regular expression, which `matchMode: regex` reads it as");
                check.error(path.key(key), RULE, message, "write `.*` for everything");
            }
        }
        return;
    }
    if policy.subject.contains('*') {
        check.error(path.key("subject"), RULE, "a subject is a name, never a pattern", "name the role, account or group");
    }
    action(check, policy, path);
    // Patterns are globs without separators: `shop*` matches `shop/web`.
    let is_whole = policy.object.contains('/') || is_glob(&policy.object);
    if policy.resource.is_in_project() && !is_whole {
        let message = format!("`{}` names no {}: they are `PROJECT/NAME`", policy.object, policy.resource.as_str());
        check.error(path.key("object"), RULE, message, format!("write `*/{0}`, or `{0}/*` for a project", policy.object));
    }
}

/// An action that Argo CD never asks about allows nothing, and nothing says so.
fn action(check: &mut Check<'_>, policy: &RbacPolicy, path: &ConfigPath) {
    let actions = policy.resource.actions();
    let (name, has_path) = policy.action.split_once('/').map_or((policy.action.as_str(), false), |(name, _)| (name, true));
    if is_glob(name) {
        return;
    }
    let takes_path =
        matches!(policy.resource, RbacResource::Applications | RbacResource::All) && matches!(name, "action" | "update" | "delete");
    let resource = policy.resource.as_str();
    if !actions.contains(&name) {
        let hint = did_you_mean(name, actions.iter().copied()).map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        let message = format!("`{}` is nothing that can be done to {resource}", policy.action);
        check.error(path.key("action"), RULE, message, format!("{hint}possible: {}, `*`", quoted(actions)));
    } else if name == "action" && !has_path {
        let message = "`action` alone is never asked about";
        check.error(path.key("action"), RULE, message, "write `action/GROUP/KIND/NAME`, or `action/*` for all");
    } else if has_path && !takes_path {
        let message = format!("`{name}` of {resource} takes no path");
        check.error(path.key("action"), RULE, message, format!("write `{name}`"));
    }
}

fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Lines end at a line break, whatever stands around it.
fn text(check: &mut Check<'_>, text: &str, path: &ConfigPath) {
    if text.trim().is_empty() || text.contains(['\n', '\r']) {
        check.error(path.clone(), RULE, format!("`{path}` is empty or has a line break"), "write one name");
    }
}

/// The lines of `csv`; adds the roles that they make.
fn lines(check: &mut Check<'_>, roles: &mut BTreeSet<String>) {
    let Some(csv) = &check.argocd.rbac.csv else { return };
    let mut parsed = Vec::new();
    for (number, line) in csv.lines().enumerate() {
        match PolicyLine::read(line) {
            Ok(None) => {}
            Ok(Some(line)) => {
                let (PolicyLine::Policy([subject, ..]) | PolicyLine::Binding([subject, _])) = &line;
                roles.insert(subject.clone());
                parsed.push((number + 1, line));
            }
            Err(wrong) => {
                check.error(at(["rbac", "csv"]), RULE, format!("line {} of `csv`: {wrong}", number + 1), LINE);
            }
        }
    }
    for (number, line) in parsed {
        // Each as if it were an entry of `policies` or `bindings`.
        let mut found = Problems::new();
        let mut inner = Check { cluster: check.cluster, argocd: check.argocd, problems: &mut found };
        match line {
            PolicyLine::Policy(fields) => policy_line(&mut inner, fields),
            PolicyLine::Binding([_, target]) => role(&mut inner, &target, roles, at(["rbac", "csv"])),
        }
        for problem in found.as_slice() {
            check.error(at(["rbac", "csv"]), RULE, format!("line {number} of `csv`: {}", problem.message), problem.hint.clone());
        }
    }
}

fn policy_line(check: &mut Check<'_>, [subject, resource, action, object, effect]: [String; 5]) {
    let path = at(["rbac", "csv"]);
    let effect = match effect.as_str() {
        "allow" => Effect::Allow,
        "deny" => Effect::Deny,
        _ => {
            let message = format!("the effect is `allow` or `deny`, and here `{effect}`");
            check.error(path, RULE, message, LINE);
            return;
        }
    };
    let names = RbacResource::ALL.map(RbacResource::as_str);
    let Some(known) = RbacResource::ALL.into_iter().find(|known| known.as_str() == resource) else {
        // The resource of a policy may be a pattern as well.
        if !resource.contains(['*', '?', '[', '{', '.', '|', '(']) {
            let hint = match did_you_mean(&resource, names.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("possible: {}", quoted(&names)),
            };
            check.error(path, RULE, format!("Argo CD never asks about `{resource}`, so it allows nothing"), hint);
        }
        return;
    };
    one_policy(check, &RbacPolicy { subject, resource: known, action, object, effect }, &path);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::said;

    #[test]
    fn policies_mean_something() {
        let policies = json!([
            {"subject": "role:a", "resource": "applications", "action": "snyc", "object": "shop/*"},
            {"subject": "role:a", "resource": "logs", "action": "create", "object": "shop/*"},
            {"subject": "role:a", "resource": "clusters", "action": "update/x", "object": "*"},
            {"subject": "role:*", "resource": "applications", "action": "action/apps/Deployment/restart", "object": "shop"},
            {"subject": "role:b", "resource": "write-repositories", "action": "get", "object": "a\nb"},
            {"subject": "role:c", "resource": "*", "action": "*", "object": "*", "effect": "deny"},
        ]);
        let bindings = json!([{"subject": "devs", "role": "role:a"}, {"subject": "ops", "role": "role:admni"}]);
        insta::assert_snapshot!(said(json!({"version": "2.13.2", "rbac": {"policies": policies, "bindings": bindings, "defaultRole": "readonly"}})), @"
        error argocd.rbac.policies[0].action config/argocd-rbac: `snyc` is nothing that can be done to applications
          did you mean `sync`? possible: `get`, `create`, `update`, `delete`, `sync`, `override`, `action`, `*`
        error argocd.rbac.policies[1].action config/argocd-rbac: `create` is nothing that can be done to logs
          possible: `get`, `*`
        error argocd.rbac.policies[2].action config/argocd-rbac: `update` of clusters takes no path
          write `update`
        error argocd.rbac.policies[3].subject config/argocd-rbac: a subject is a name, never a pattern
          name the role, account or group
        error argocd.rbac.policies[3].object config/argocd-rbac: `shop` names no applications: they are `PROJECT/NAME`
          write `*/shop`, or `shop/*` for a project
        error argocd.rbac.policies[4].resource config/argocd-version: `argocd.rbac.policies[4].resource` is something that Argo CD 3.5 has and 2.13.2 has not
          remove it, or set `argocd.version: 3.5.1`
        error argocd.rbac.policies[4].object config/argocd-rbac: `argocd.rbac.policies[4].object` is empty or has a line break
          write one name
        error argocd.rbac.bindings[1].role config/argocd-rbac: there is no role `role:admni`, so it allows nothing
          did you mean `role:admin`?
        error argocd.rbac.defaultRole config/argocd-rbac: there is no role `readonly`, so it allows nothing
          did you mean `role:readonly`?
        ");
    }

    #[test]
    fn lines_are_read() {
        let csv = "# fine\np, role:x, applications, get, */*, allow\np, role:x, applications, get\np, a, b, c, d, yes\nq, a\n";
        insta::assert_snapshot!(said(json!({"rbac": {"csv": csv, "defaultRole": "role:x"}})), @"
        error argocd.rbac.csv config/argocd-rbac: line 3 of `csv`: `p` has 5 fields after it, and here 3
          write `p, SUBJECT, RESOURCE, ACTION, OBJECT, EFFECT` or `g, SUBJECT, ROLE`
        error argocd.rbac.csv config/argocd-rbac: line 5 of `csv`: a line begins with `p` or `g`, and this one with `q`
          write `p, SUBJECT, RESOURCE, ACTION, OBJECT, EFFECT` or `g, SUBJECT, ROLE`
        error argocd.rbac.csv config/argocd-rbac: line 4 of `csv`: the effect is `allow` or `deny`, and here `yes`
          write `p, SUBJECT, RESOURCE, ACTION, OBJECT, EFFECT` or `g, SUBJECT, ROLE`
        ");
    }

    #[test]
    fn regular_expressions_are_some() {
        let policies = json!([{"subject": "a", "resource": "applications", "action": ".*", "object": "*"}]);
        insta::assert_snapshot!(said(json!({"rbac": {"matchMode": "regex", "policies": policies}})), @"
        error argocd.rbac.policies[0].object config/argocd-rbac: `*` is no regular expression, which `matchMode: regex` reads it as
          write `.*` for everything
        ");
    }

    /// Only their form was looked at: these allow nothing.
    #[test]
    fn lines_mean_something() {
        let csv = "p, role:y, applicatons, sync, shop/*, allow\np, role:y, applications, snyc, shop/*, allow\ng, alice, role:nosuch\n";
        insta::assert_snapshot!(said(json!({"rbac": {"csv": csv}})), @"
        error argocd.rbac.csv config/argocd-rbac: line 1 of `csv`: Argo CD never asks about `applicatons`, so it allows nothing
          did you mean `applications`?
        error argocd.rbac.csv config/argocd-rbac: line 2 of `csv`: `snyc` is nothing that can be done to applications
          did you mean `sync`? possible: `get`, `create`, `update`, `delete`, `sync`, `override`, `action`, `*`
        error argocd.rbac.csv config/argocd-rbac: line 3 of `csv`: there is no role `role:nosuch`, so it allows nothing
          roles: role:admin, role:readonly, role:y; a policy with the subject `role:NAME` makes one
        ");
        let csv = "p, role:y, app*, sync, shop/*, allow\np, team, applications, action/apps/*, shop/*, allow\ng, alice, team\ng, bob, role:admin\n";
        assert_eq!(said(json!({"rbac": {"csv": csv}})), "");
    }

    /// `argocd admin settings rbac can` says yes to them; upstream's own policies have the last two.
    #[test]
    fn patterns_and_upstreams_own_lines_are_taken() {
        let line = |rest: &str| format!("p, role:x, {rest}, allow\n");
        let lines = [
            "applications, get, my-project*",
            "applications, get, **",
            "applications, get, \"{shop,web}*\"",
            "applications, \"{get,sync}\", */*",
            "applications, ge?, */*",
            "certificates, update, *",
            "accounts, create, *",
        ];
        let csv: String = lines.iter().map(|rest| line(rest)).collect();
        let bindings = json!([{"subject": "ci", "role": "proj:shop:ci"}]);
        assert_eq!(said(json!({"rbac": {"csv": csv, "bindings": bindings}})), "");
        insta::assert_snapshot!(said(json!({"rbac": {"csv": line("applications, action, */*")}})), @"
        error argocd.rbac.csv config/argocd-rbac: line 1 of `csv`: `action` alone is never asked about
          write `action/GROUP/KIND/NAME`, or `action/*` for all
        ");
    }

    /// Argo CD denies all of it, without a word (argo-cd#13127).
    #[test]
    fn built_in_roles_are_no_regular_expressions() {
        let bindings = json!([{"subject": "bob", "role": "role:admin"}]);
        let policies = json!([{"subject": "role:x", "resource": "*", "action": ".*", "object": ".*"}]);
        let rbac = json!({"matchMode": "regex", "defaultRole": "role:readonly", "bindings": bindings, "policies": policies});
        insta::assert_snapshot!(said(json!({"rbac": rbac})), @"
        error argocd.rbac.policies[0].resource config/argocd-rbac: `*` is no regular expression, which `matchMode: regex` reads it as
          name each resource, or write the line into `csv` with `.*`
        error argocd.rbac.bindings[0].role config/argocd-rbac: `role:admin` allows nothing with `matchMode: regex`: the `*` in it is no regular expression
          make a role of your own with `.*`, or leave out `matchMode`
        error argocd.rbac.defaultRole config/argocd-rbac: `role:readonly` allows nothing with `matchMode: regex`: the `*` in it is no regular expression
          make a role of your own with `.*`, or leave out `matchMode`
        ");
    }
}
