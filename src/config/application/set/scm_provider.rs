//! Repositories of an organisation as parameters.

use std::collections::BTreeMap;

use super::Template;
use crate::config::application::resource::resource;
use crate::config::application::set::{BearerToken, ServerLogin};
use crate::config::application::value::{ConfigMapKeyRef, SecretRef};

resource! {
    /// Repositories of an organisation.
    ScmProviderGenerator {
        ;
        /// GitHub.
        github: ScmGithub,
        /// GitLab.
        gitlab: ScmGitlab,
        /// Gitea and Forgejo.
        gitea: ScmGitea,
        /// Bitbucket Cloud.
        bitbucket: ScmBitbucket,
        /// Bitbucket Server.
        bitbucket_server: ScmBitbucketServer,
        /// Azure DevOps.
        azure_dev_ops: ScmAzureDevOps,
        /// AWS CodeCommit.
        aws_code_commit: ScmAwsCodeCommit,
        /// Takes only repositories that match one of them.
        filters: Vec<ScmFilter>,
        /// How repositories are cloned: `ssh` or `https`.
        clone_protocol: String,
        /// How often the provider is asked, in seconds.
        requeue_after_seconds: i64,
        /// Further parameters.
        values: BTreeMap<String, String>,
        /// Lies over the ApplicationSet's own template.
        template: Template,
    }

    /// An organisation at GitHub.
    ScmGithub {
        /// Its name.
        organization: String,
        ;
        /// The URL of an own server's API.
        api: String,
        /// The access token.
        token_ref: SecretRef,
        /// The Secret of a GitHub App, instead of a token.
        app_secret_name: String,
        /// Whether all branches are taken and not only the default one.
        all_branches: bool,
        /// Whether archived repositories are left out.
        exclude_archived_repos: bool,
    }

    /// A group at GitLab.
    ScmGitlab {
        /// Its path or id.
        group: String,
        ;
        /// The URL of an own server's API.
        api: String,
        /// The access token.
        token_ref: SecretRef,
        /// Whether subgroups are searched.
        include_subgroups: bool,
        /// Whether projects shared with the group are taken; by default they are.
        include_shared_projects: bool,
        /// Whether archived projects are taken.
        include_archived_repos: bool,
        /// Takes only projects with this topic.
        topic: String,
        /// Whether all branches are taken and not only the default one.
        all_branches: bool,
        /// Whether the server's certificate is not verified.
        insecure: bool,
        /// The certificate authority of the server.
        ca_ref: ConfigMapKeyRef,
    }

    /// An owner at Gitea or Forgejo.
    ScmGitea {
        /// The organisation or user.
        owner: String,
        /// The URL of the server.
        api: String,
        ;
        /// The access token.
        token_ref: SecretRef,
        /// Whether all branches are taken and not only the default one.
        all_branches: bool,
        /// Whether the server's certificate is not verified.
        insecure: bool,
        /// Whether archived repositories are left out.
        exclude_archived_repos: bool,
    }

    /// A workspace at Bitbucket Cloud.
    ScmBitbucket {
        /// The workspace.
        owner: String,
        /// The user who asks.
        user: String,
        /// The user's app password.
        app_password_ref: SecretRef,
        ;
        /// Whether all branches are taken and not only the default one.
        all_branches: bool,
    }

    /// A project of a Bitbucket Server.
    ScmBitbucketServer {
        /// The project's key.
        project: String,
        /// The URL of the server's API.
        api: String,
        ;
        /// User and password.
        basic_auth: ServerLogin,
        /// A token instead.
        bearer_token: BearerToken,
        /// Whether all branches are taken and not only the default one.
        all_branches: bool,
        /// Whether the server's certificate is not verified.
        insecure: bool,
        /// The certificate authority of the server.
        ca_ref: ConfigMapKeyRef,
    }

    /// A project at Azure DevOps.
    ScmAzureDevOps {
        /// The organisation.
        organization: String,
        /// The project.
        team_project: String,
        /// The access token.
        access_token_ref: SecretRef,
        ;
        /// The URL of an own server.
        api: String,
        /// Whether all branches are taken and not only the default one.
        all_branches: bool,
    }

    /// Repositories at AWS CodeCommit.
    ScmAwsCodeCommit {
        ;
        /// Takes only repositories with these tags.
        tag_filters: Vec<TagFilter>,
        /// The role to assume.
        role: String,
        /// The region.
        region: String,
        /// Whether all branches are taken and not only the default one.
        all_branches: bool,
    }

    /// A tag of a repository.
    TagFilter {
        /// Its key.
        key: String,
        ;
        /// Its value.
        value: String,
    }

    /// Conditions on a repository, which must all be met.
    ScmFilter {
        ;
        /// A regular expression for its name.
        repository_match: String,
        /// Paths that must be there.
        paths_exist: Vec<String>,
        /// Paths that must not be there.
        paths_do_not_exist: Vec<String>,
        /// A regular expression for its labels.
        label_match: String,
        /// A regular expression for the branch.
        branch_match: String,
    }
}
