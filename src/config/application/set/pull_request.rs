//! Open pull requests as parameters.

use std::collections::BTreeMap;

use super::Template;
use crate::config::application::resource::resource;
use crate::config::application::value::{ConfigMapKeyRef, SecretRef};

resource! {
    /// Open pull requests.
    PullRequestGenerator {
        ;
        /// GitHub.
        github: PullRequestGithub,
        /// GitLab.
        gitlab: PullRequestGitlab,
        /// Gitea and Forgejo.
        gitea: PullRequestGitea,
        /// Bitbucket Cloud.
        bitbucket: PullRequestBitbucket,
        /// Bitbucket Server.
        bitbucket_server: PullRequestBitbucketServer,
        /// Azure DevOps.
        azuredevops: PullRequestAzureDevOps,
        /// Takes only pull requests that match one of them.
        filters: Vec<PullRequestFilter>,
        /// How often the provider is asked, in seconds.
        requeue_after_seconds: i64,
        /// Whether a repository that is gone is no error.
        continue_on_repo_not_found_error: bool,
        /// Further parameters.
        values: BTreeMap<String, String>,
        /// Lies over the ApplicationSet's own template.
        template: Template,
    }

    /// A repository at GitHub.
    PullRequestGithub {
        /// The organisation or user.
        owner: String,
        /// The repository.
        repo: String,
        ;
        /// The URL of an own server's API.
        api: String,
        /// The access token.
        token_ref: SecretRef,
        /// The Secret of a GitHub App, instead of a token.
        app_secret_name: String,
        /// Labels that the pull request must have.
        labels: Vec<String>,
    }

    /// A project at GitLab.
    PullRequestGitlab {
        /// Its id or path.
        project: String,
        ;
        /// The URL of an own server's API.
        api: String,
        /// The access token.
        token_ref: SecretRef,
        /// Labels that the merge request must have.
        labels: Vec<String>,
        /// The state of merge requests: `opened`, `closed`, `merged` or `locked`; by default all.
        pull_request_state: String,
        /// Whether the server's certificate is not verified.
        insecure: bool,
        /// The certificate authority of the server.
        ca_ref: ConfigMapKeyRef,
    }

    /// A repository at Gitea or Forgejo.
    PullRequestGitea {
        /// The organisation or user.
        owner: String,
        /// The repository.
        repo: String,
        /// The URL of the server.
        api: String,
        ;
        /// The access token.
        token_ref: SecretRef,
        /// Whether the server's certificate is not verified.
        insecure: bool,
        /// Labels that the pull request must have.
        labels: Vec<String>,
    }

    /// A repository at Bitbucket Cloud.
    PullRequestBitbucket {
        /// The workspace.
        owner: String,
        /// The repository.
        repo: String,
        ;
        /// The URL of the API.
        api: String,
        /// User and app password.
        basic_auth: ServerLogin,
        /// A token instead.
        bearer_token: BearerToken,
    }

    /// A repository of a Bitbucket Server.
    PullRequestBitbucketServer {
        /// The project's key.
        project: String,
        /// The repository.
        repo: String,
        /// The URL of the server's API.
        api: String,
        ;
        /// User and password.
        basic_auth: ServerLogin,
        /// A token instead.
        bearer_token: BearerToken,
        /// Whether the server's certificate is not verified.
        insecure: bool,
        /// The certificate authority of the server.
        ca_ref: ConfigMapKeyRef,
    }

    /// A repository at Azure DevOps.
    PullRequestAzureDevOps {
        /// The organisation.
        organization: String,
        /// The project.
        project: String,
        /// The repository.
        repo: String,
        ;
        /// The URL of an own server.
        api: String,
        /// The access token.
        token_ref: SecretRef,
        /// Labels that the pull request must have.
        labels: Vec<String>,
    }

    /// Conditions on a pull request, which must all be met.
    PullRequestFilter {
        ;
        /// A regular expression for its branch.
        branch_match: String,
        /// A regular expression for the branch that it is for.
        target_branch_match: String,
        /// A regular expression for its title.
        title_match: String,
    }

    /// A user and a password.
    ServerLogin {
        /// The user.
        username: String,
        /// The password.
        password_ref: SecretRef,
        ;
    }

    /// A token.
    BearerToken {
        /// Where it is.
        token_ref: SecretRef,
        ;
    }
}
