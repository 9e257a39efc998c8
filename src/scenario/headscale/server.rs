//! Headscale, by its command line and over HTTP.

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{PATIENCE, POLL};
use crate::diag::{Error, Result};
use crate::lab::{Forward, Recipe};
use crate::manifest::Release;
use crate::scenario::kubectl::Kubectl;
use crate::scenario::report::Seen;
use crate::scenario::web;

/// Whose nodes they are.
pub(super) const USER: &str = "lab";

/// Where the image has the program, as upstream's image does, which is built with ko.
const PROGRAM: &str = "/ko-app/headscale";

/// An image under the name that the release asks for.
pub(in crate::scenario) fn recipe(release: &Release, program: &str) -> Result<Recipe> {
    let deployment = release.objects().iter().find(|object| object.kind() == "Deployment" && object.name() == "headscale");
    let image = deployment.and_then(|object| object.value().get("spec")?.pointer("/template/spec/containers/0/image")?.as_str());
    let image = image.ok_or_else(|| Error::internal("the release has no Headscale"))?;
    let mut recipe = Recipe::of_program(image, PROGRAM, program);
    recipe.user = Some("65532:65532".to_owned());
    recipe.environment = [("PATH".to_owned(), "/ko-app:/usr/bin:/bin".to_owned())].into();
    Ok(recipe)
}

pub(in crate::scenario) async fn health(forward: &Forward) -> Seen<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match web::get(forward.port, "/health").await {
            Ok((200, body)) => return Ok(((), Some(format!("200 {}", body.trim())))),
            other if Instant::now() >= deadline => {
                return Err(Error::environment("it does not answer").caused_by(format!("{other:?}")));
            }
            _ => sleep(POLL).await,
        }
    }
}

/// The public half of the key that the server has now.
pub(super) async fn public_key(forward: &Forward) -> Option<String> {
    let (status, body) = web::get(forward.port, "/key?v=106").await.ok()?;
    let answer: Value = serde_json::from_str(&body).ok()?;
    answer["publicKey"].as_str().filter(|_| status == 200).map(ToOwned::to_owned)
}

/// The command line inside of the pod.
pub(in crate::scenario) struct Headscale<'a> {
    pub(in crate::scenario) kubectl: &'a Kubectl,
}

impl Headscale<'_> {
    async fn run(&self, arguments: &[&str]) -> Result<Value> {
        let inside = ["--namespace=headscale", "exec", "deployment/headscale", "--", "headscale", "--output=json"];
        self.kubectl.json(&[&inside[..], arguments].concat()).await
    }

    pub(in crate::scenario) async fn create_user(&self) -> Seen<u64> {
        let user = self.run(&["users", "create", USER]).await?;
        let id = user["id"].as_u64().or_else(|| user["id"].as_str()?.parse().ok());
        id.map(|id| (id, Some(format!("`{USER}` with id {id}")))).ok_or_else(|| Error::environment(format!("no id in {user}")))
    }

    /// The key stays out of the report.
    pub(in crate::scenario) async fn create_key(&self, user: u64) -> Seen<String> {
        let key = self.run(&["preauthkeys", "create", "--user", &user.to_string(), "--reusable", "--expiration", "24h"]).await?;
        let text = key["key"].as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned);
        text.map(|text| (text, None)).ok_or_else(|| Error::environment("no key in the answer"))
    }

    pub(in crate::scenario) async fn user_names(&self) -> Result<Vec<(u64, String)>> {
        let users = self.run(&["users", "list"]).await?;
        let user = |user: &Value| {
            let id = user["id"].as_u64().or_else(|| user["id"].as_str()?.parse().ok())?;
            Some((id, user["name"].as_str()?.to_owned()))
        };
        Ok(users.as_array().into_iter().flatten().filter_map(user).collect())
    }

    /// Names of the nodes that are connected.
    async fn online(&self) -> Result<Vec<String>> {
        let nodes = self.run(&["nodes", "list"]).await?;
        let online = nodes.as_array().into_iter().flatten().filter(|node| node["online"] == true);
        let mut names: Vec<String> = online.filter_map(|node| Some(node["given_name"].as_str()?.to_owned())).collect();
        names.sort();
        Ok(names)
    }

    pub(in crate::scenario) async fn wait_for_online(&self, count: usize) -> Seen<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let online = self.online().await;
            match online {
                Ok(names) if names.len() == count => return Ok(((), Some(format!("online: {}", names.join(", "))))),
                other if Instant::now() >= deadline => {
                    return Err(Error::environment(format!("not {count} nodes are online")).caused_by(format!("{other:?}")));
                }
                _ => sleep(POLL).await,
            }
        }
    }
}
