//! What Argo CD's programs may do in the cluster.

use k8s_openapi::api::core::v1::{ObjectReference, ServiceAccount};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject};

use super::part::{Labels, Part};
use super::{Context, Output, at};
use crate::config::argocd::Scope;
use crate::diag::Result;

/// Groups, resources, verbs, and the names that a rule is about; none for all.
struct Rule(&'static [&'static str], &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const ALL: &[&str] = &["*"];
const CORE: &[&str] = &[""];
const ARGO: &[&str] = &["argoproj.io"];
const READ: &[&str] = &["get", "list", "watch"];
const LEASES: &[&str] = &["coordination.k8s.io"];
/// The lease of the ApplicationSet controller's leader.
const LEADER: &[&str] = &["58ac56fa.applicationsets.argoproj.io"];
const WRITE: &[&str] = &["create", "delete", "get", "list", "patch", "update", "watch"];
const SECRETS_AND_CONFIG: &[&str] = &["secrets", "configmaps"];
const SETS: &[&str] = &["applications", "applicationsets", "applicationsets/finalizers"];
const OLD_DEPLOYMENTS: &[&str] = &["apps", "extensions"];

impl Rule {
    fn rule(&self) -> PolicyRule {
        let list = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        PolicyRule {
            api_groups: Some(list(self.0)),
            resources: Some(list(self.1)),
            verbs: list(self.2),
            resource_names: Some(list(self.3)).filter(|names| !names.is_empty()),
            non_resource_urls: None,
        }
    }
}

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    for part in context.parts() {
        out.object(part.origin(), &service_account(context, part))?;
        let rules = rules(context, part);
        if !rules.is_empty() {
            // Upstream's chart of Redis gives both of its roles one name.
            let labels = if part == Part::HaProxy { Part::RedisHa.labels() } else { part.labels() };
            let rules = Some(rules.iter().map(Rule::rule).collect());
            out.object(part.origin(), &Role { metadata: context.metadata(part.name(), labels), rules })?;
            out.object(part.origin(), &role_binding(context, part, labels))?;
        }
        let rules = cluster_rules(context, part);
        if context.argocd.scope == Scope::Cluster && !rules.is_empty() {
            cluster_role(context, part, part.name(), rules, out)?;
        }
    }
    if !context.argocd.application_namespaces.is_empty() {
        // Upstream's `examples/k8s-rbac/argocd-server-applications`. Without its own the notifications controller, which then watches all
        // namespaces, gives up waiting for what it may not read.
        let rules =
            [Rule(CORE, &["events"], &["create"], &[]), Rule(ARGO, &["applications"], &["create", "delete", "update", "patch"], &[])];
        cluster_role(context, Part::Server, "argocd-server-cluster-apps", rules.iter().map(Rule::rule).collect(), out)?;
        if context.has(Part::Notifications) {
            let rules = [
                Rule(ARGO, &["applications"], &["get", "list", "watch", "update", "patch"], &[]),
                Rule(CORE, &["secrets", "configmaps"], READ, &[]),
            ];
            let name = "argocd-notifications-controller-cluster-apps";
            cluster_role(context, Part::Notifications, name, rules.iter().map(Rule::rule).collect(), out)?;
        }
    }
    Ok(())
}

fn service_account(context: Context<'_>, part: Part) -> ServiceAccount {
    let secret = || vec![ObjectReference { name: Some("argocd-redis".to_owned()), ..ObjectReference::default() }];
    ServiceAccount {
        metadata: context.metadata(part.name(), part.labels()),
        secrets: (part == Part::RedisHa).then(secret),
        ..ServiceAccount::default()
    }
}

fn role_binding(context: Context<'_>, part: Part, labels: Labels<'_>) -> RoleBinding {
    let subject = Subject { kind: "ServiceAccount".to_owned(), name: part.name().to_owned(), ..Subject::default() };
    RoleBinding { metadata: context.metadata(part.name(), labels), role_ref: role_ref("Role", part.name()), subjects: Some(vec![subject]) }
}

fn role_ref(kind: &str, name: &str) -> RoleRef {
    RoleRef { api_group: "rbac.authorization.k8s.io".to_owned(), kind: kind.to_owned(), name: name.to_owned() }
}

fn cluster_role(context: Context<'_>, part: Part, name: &str, rules: Vec<PolicyRule>, out: &mut Output) -> Result<()> {
    let metadata = context.cluster_metadata(name, Labels { name, ..part.labels() });
    let subject = Subject {
        kind: "ServiceAccount".to_owned(),
        name: part.name().to_owned(),
        namespace: Some(context.argocd.namespace.to_string()),
        api_group: None,
    };
    out.object(at(["scope"]), &ClusterRole { metadata: metadata.clone(), rules: Some(rules), aggregation_rule: None })?;
    let role_ref = role_ref("ClusterRole", name);
    out.object(at(["scope"]), &ClusterRoleBinding { metadata, role_ref, subjects: Some(vec![subject]) })
}

/// In Argo CD's own namespace.
fn rules(context: Context<'_>, part: Part) -> Vec<Rule> {
    let is_new = context.is_new();
    match part {
        Part::Controller => {
            let kinds: &[&str] =
                if is_new { &["applications", "applicationsets", "appprojects"] } else { &["applications", "appprojects"] };
            vec![
                Rule(CORE, SECRETS_AND_CONFIG, READ, &[]),
                Rule(ARGO, kinds, &["create", "get", "list", "watch", "update", "patch", "delete"], &[]),
                Rule(CORE, &["events"], &["create", "list"], &[]),
                Rule(&["apps"], &["deployments"], READ, &[]),
            ]
        }
        Part::ApplicationSet => {
            let mut rules = vec![
                Rule(ARGO, SETS, WRITE, &[]),
                Rule(ARGO, &["appprojects"], &["get", "list", "watch"], &[]),
                Rule(ARGO, &["applicationsets/status"], &["get", "patch", "update"], &[]),
                Rule(CORE, &["events"], &["create", "get", "list", "patch", "watch"], &[]),
                Rule(CORE, SECRETS_AND_CONFIG, READ, &[]),
            ];
            if is_new {
                rules.extend(leader_election());
            } else {
                rules.push(Rule(OLD_DEPLOYMENTS, &["deployments"], READ, &[]));
            }
            rules
        }
        Part::Dex => vec![Rule(CORE, SECRETS_AND_CONFIG, READ, &[])],
        Part::Notifications => vec![
            Rule(ARGO, &["applications", "appprojects"], &["get", "list", "watch", "update", "patch"], &[]),
            Rule(CORE, &["configmaps", "secrets"], &["list", "watch"], &[]),
            Rule(CORE, &["configmaps"], &["get"], &["argocd-notifications-cm"]),
            Rule(CORE, &["secrets"], &["get"], &["argocd-notifications-secret"]),
        ],
        Part::Redis => vec![Rule(CORE, &["secrets"], &["get"], &["argocd-redis"]), Rule(CORE, &["secrets"], &["create"], &[])],
        Part::RedisHa => vec![Rule(CORE, &["endpoints"], &["get"], &[])],
        Part::HaProxy => vec![
            Rule(CORE, &["secrets"], &["create"], &[]),
            Rule(CORE, &["secrets"], &["get"], &["argocd-redis"]),
            Rule(CORE, &["endpoints"], &["get"], &[]),
        ],
        Part::RepoServer => Vec::new(),
        Part::Server => vec![
            Rule(CORE, SECRETS_AND_CONFIG, &["create", "get", "list", "watch", "update", "patch", "delete"], &[]),
            Rule(
                ARGO,
                &["applications", "appprojects", "applicationsets"],
                &["create", "get", "list", "watch", "update", "delete", "patch"],
                &[],
            ),
            Rule(CORE, &["events"], &["create", "list"], &[]),
        ],
    }
}

/// In the whole cluster.
fn cluster_rules(context: Context<'_>, part: Part) -> Vec<PolicyRule> {
    let urls = PolicyRule { non_resource_urls: Some(vec!["*".to_owned()]), verbs: vec!["*".to_owned()], ..PolicyRule::default() };
    match part {
        Part::Controller => vec![Rule(ALL, ALL, ALL, &[]).rule(), urls],
        Part::ApplicationSet if context.is_new() => rules(context, part).iter().map(Rule::rule).collect(),
        Part::ApplicationSet => [
            Rule(ARGO, SETS, WRITE, &[]),
            Rule(ARGO, &["applicationsets/status"], &["get", "patch", "update"], &[]),
            Rule(ARGO, &["appprojects"], &["get", "list", "watch"], &[]),
            Rule(CORE, &["events"], &["create", "get", "list", "patch", "watch"], &[]),
            Rule(CORE, &["configmaps"], &["create", "update", "delete", "get", "list", "patch", "watch"], &[]),
            Rule(CORE, &["secrets"], READ, &[]),
            Rule(OLD_DEPLOYMENTS, &["deployments"], READ, &[]),
            Rule(LEASES, &["leases"], WRITE, &[]),
        ]
        .iter()
        .map(Rule::rule)
        .collect(),
        Part::Server => [
            Rule(ALL, ALL, &["delete", "get", "patch"], &[]),
            Rule(CORE, &["events"], &["list"], &[]),
            Rule(CORE, &["pods", "pods/log"], &["get"], &[]),
            Rule(ARGO, &["applications", "applicationsets"], READ, &[]),
            Rule(&["batch"], &["jobs"], &["create"], &[]),
            Rule(ARGO, &["workflows"], &["create"], &[]),
        ]
        .iter()
        .map(Rule::rule)
        .collect(),
        _ => Vec::new(),
    }
}

fn leader_election() -> [Rule; 2] {
    [Rule(LEASES, &["leases"], &["create"], &[]), Rule(LEASES, &["leases"], &["get", "update", "create"], LEADER)]
}
