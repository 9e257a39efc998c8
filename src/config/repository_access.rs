//! What Argo CD knows of a repository besides its URL: how it is reached, and which Secret has credentials for it.

use super::argocd::{CredentialTemplate, Repository, SECRET_TYPE};
use super::repository_url::comparable;
use super::{Cluster, DeliveredSecret};

/// What Argo CD knows of a repository, or of all whose URL begins like this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryAccess {
    /// The Secret that tells it, `NAMESPACE/NAME`.
    pub secret: String,
    /// The URL.
    pub url: String,
    /// Whether it is for all repositories whose URL begins with this one.
    pub is_template: bool,
    /// The only project that may use it; none for all.
    pub project: Option<String>,
    /// Whether the Secret has credentials.
    pub has_credentials: bool,
    /// Where they come from, when an entry of `secrets` has them.
    pub delivered: Option<DeliveredSecret>,
    /// Whether its certificate or host key is taken unseen.
    pub insecure: bool,
    /// The proxy that leads to it.
    pub proxy: Option<String>,
}

/// What Argo CD will know of repositories.
#[must_use]
pub fn repository_accesses(cluster: &Cluster) -> Vec<RepositoryAccess> {
    let mut all: Vec<RepositoryAccess> = cluster.delivered_secrets().into_iter().filter_map(of_delivered).collect();
    let Some(argocd) = &cluster.argocd else { return all };
    let named = |name: String| format!("{}/{name}", argocd.namespace);
    let repositories = argocd.repositories.iter().map(|repository| of_repository(named(repository.secret()), repository));
    let templates = argocd.credential_templates.iter().map(|template| of_template(named(template.secret()), template));
    for access in repositories.chain(templates) {
        if all.iter().all(|known| known.secret != access.secret) {
            all.push(access);
        }
    }
    all
}

fn of_delivered(secret: DeliveredSecret) -> Option<RepositoryAccess> {
    let is_template = match secret.labels.get(SECRET_TYPE)?.as_str() {
        "repository" => false,
        "repo-creds" => true,
        _ => return None,
    };
    Some(RepositoryAccess {
        secret: format!("{}/{}", secret.namespace, secret.name),
        url: secret.plain.get("url")?.clone(),
        is_template,
        project: secret.plain.get("project").cloned(),
        has_credentials: true,
        insecure: secret.plain.get("insecure").is_some_and(|value| value == "true"),
        proxy: secret.plain.get("proxy").cloned(),
        delivered: Some(secret),
    })
}

fn of_repository(secret: String, repository: &Repository) -> RepositoryAccess {
    RepositoryAccess {
        secret,
        url: repository.url.clone(),
        is_template: false,
        project: repository.project.clone(),
        has_credentials: repository.credentials.is_some(),
        delivered: None,
        insecure: repository.insecure,
        proxy: repository.proxy.clone(),
    }
}

fn of_template(secret: String, template: &CredentialTemplate) -> RepositoryAccess {
    RepositoryAccess {
        secret,
        url: template.url.clone(),
        is_template: true,
        project: None,
        has_credentials: true,
        delivered: None,
        insecure: false,
        proxy: None,
    }
}

/// How a repository is reached for a project, and whose credentials go with it, as `util/db/repository_secrets.go` chooses among them: the
/// project's own Secret, then one for all projects, then the template with the longest URL.
#[must_use]
pub fn access_of<'a>(
    all: &'a [RepositoryAccess],
    url: &str,
    project: Option<&str>,
) -> (Option<&'a RepositoryAccess>, Option<&'a RepositoryAccess>) {
    let url = comparable(url);
    let known = || all.iter().filter(|access| !access.is_template && comparable(&access.url) == url);
    let own = known().find(|access| project.is_some() && access.project.as_deref() == project);
    let own = own.or_else(|| known().find(|access| access.project.is_none()));
    let template = || {
        let fitting = all.iter().filter(|access| access.is_template && url.starts_with(&comparable(&access.url)));
        fitting.max_by_key(|access| comparable(&access.url).len())
    };
    let credentials = own.filter(|own| own.has_credentials).or_else(template);
    (own, credentials)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn accesses() -> Vec<RepositoryAccess> {
        let cluster = serde_json::from_value(json!({
            "cluster": {"name": "c"},
            "argocd": {
                "repositories": [
                    {"name": "open", "url": "https://git.example.com/team/open.git", "proxy": "http://proxy.example.com:3128"},
                    {"name": "closed", "url": "git@git.example.com:team/closed.git", "credentials": "ssh", "insecure": true},
                    {"name": "elsewhere", "url": "https://git.example.com/elsewhere", "credentials": "basic"},
                ],
                "credentialTemplates": [
                    {"name": "all", "url": "https://git.example.com", "credentials": "basic"},
                    {"name": "team", "url": "https://git.example.com/team", "credentials": "basic"},
                ],
            },
            "secrets": [
                {"name": "key", "deliver": [{"type": "kubernetes", "namespace": "argocd", "name": "repository-closed", "key": "sshPrivateKey"}]},
                {"name": "own", "deliver": [{"type": "argocd-repository", "url": "https://other.example.com/a.git", "username": "me"}]},
                {"name": "team", "deliver": [{"type": "kubernetes", "namespace": "argocd", "name": "repo-creds-team", "key": "password"}]},
            ],
        }));
        repository_accesses(&cluster.expect("a cluster"))
    }

    #[test]
    fn the_nearest_credentials_are_taken() {
        let all = accesses();
        let told = |url: &str| {
            let (own, credentials) = access_of(&all, url, None);
            let name = |access: Option<&RepositoryAccess>| access.map_or_else(|| "-".to_owned(), |access| access.secret.clone());
            let is_ours = credentials.is_some_and(|access| access.delivered.is_some());
            format!("{} {} {is_ours}", name(own), name(credentials))
        };
        for (url, expected) in [
            ("https://git.example.com/team/open", "argocd/repository-open argocd/repo-creds-team true"),
            ("https://git.example.com/Team/more.git", "- argocd/repo-creds-team true"),
            ("https://git.example.com/x", "- argocd/repo-creds-all false"),
            ("https://git.example.com/elsewhere.git", "argocd/repository-elsewhere argocd/repository-elsewhere false"),
            ("ssh://git@git.example.com/team/closed", "argocd/repository-closed argocd/repository-closed true"),
            ("https://other.example.com/a", "argocd/own argocd/own true"),
            ("https://nobody.example.com/a", "- - false"),
        ] {
            assert_eq!(told(url), expected, "{url}");
        }
        let (own, _) = access_of(&all, "git@git.example.com:team/closed.git", Some("shop"));
        assert!(own.is_some_and(|own| own.insecure));
        let (own, _) = access_of(&all, "https://git.example.com/team/open.git", None);
        assert_eq!(own.and_then(|own| own.proxy.as_deref()), Some("http://proxy.example.com:3128"));
    }

    #[test]
    fn a_project_has_its_own_credentials_or_those_of_all() {
        let access = |secret: &str, project: Option<&str>| RepositoryAccess {
            secret: secret.to_owned(),
            url: "https://git.example.com/a".to_owned(),
            is_template: false,
            project: project.map(ToOwned::to_owned),
            has_credentials: true,
            delivered: None,
            insecure: false,
            proxy: None,
        };
        let all = [access("shop", Some("shop")), access("bank", Some("bank")), access("all", None)];
        let secret = |all: &[RepositoryAccess], project| {
            access_of(all, "https://git.example.com/a.git", project).1.map(|access| access.secret.clone())
        };
        assert_eq!(secret(&all, Some("bank")).as_deref(), Some("bank"));
        assert_eq!(secret(&all, Some("other")).as_deref(), Some("all"));
        assert_eq!(secret(&all, None).as_deref(), Some("all"));
        assert_eq!(secret(&all[..2], Some("other")), None);
    }
}
