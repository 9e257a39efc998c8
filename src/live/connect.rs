//! Reaching a cluster.

use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use serde_json::Value;
use tokio::time::sleep;

use super::request::{Answer, Call, once, send};
use crate::diag::{Error, Result, did_you_mean};

const CONNECT: Duration = Duration::from_secs(10);
/// A dry run through slow webhooks may take 30 s each (their longest timeout).
const READ: Duration = Duration::from_mins(2);

/// A connection that breaks while it is being made says little; three say that nobody is there.
const FIRST_TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// A cluster that has answered.
#[derive(Clone)]
pub struct Connection {
    /// Asks it.
    pub client: Client,
    /// The context that led there.
    pub context: String,
    /// What the API server calls itself, `v1.36.3+k3s1`.
    pub version: String,
}

/// Connects to the cluster of a kubeconfig context; by default the current one.
///
/// The kubeconfig is what KUBECONFIG names (several files are merged), else `~/.kube/config`.
///
/// # Errors
/// Environment errors: no kubeconfig, no such context, no answer, credentials that are not accepted.
pub async fn connect(context: Option<&str>) -> Result<Connection> {
    let kubeconfig = Kubeconfig::read().map_err(unreadable)?;
    let context = choose(&kubeconfig, context)?;
    let client = client(kubeconfig, Some(context.clone())).await?;
    let answer = first_answer(&client, &context).await?;
    if answer.code == 401 {
        return Err(Error::environment(format!("the API server of context `{context}` does not accept its credentials"))
            .hint("log in again, or name another context with `--context`"));
    }
    if !answer.is_good() {
        let said = answer.status().message;
        return Err(Error::environment(format!("the API server of context `{context}` does not tell its version: {said}")));
    }
    let version = answer.object()["gitVersion"].as_str().unwrap_or_default().to_owned();
    Ok(Connection { client, context, version })
}

/// Asks for the version. A server that is not there is said to be so at once, one that is busy is asked again.
async fn first_answer(client: &Client, context: &str) -> Result<Answer> {
    let call = Call::get("/version");
    let mut left = FIRST_TRIES;
    loop {
        left -= 1;
        match once(client, &call).await {
            Ok(answer) if answer.code == 429 || answer.code >= 500 => return send(client, &call).await,
            Ok(answer) => return Ok(answer),
            Err(cause) if left == 0 => {
                return Err(Error::environment(format!("the API server of context `{context}` cannot be reached"))
                    .caused_by(cause)
                    .hint("check the address in the kubeconfig and that the cluster runs, or name another context with `--context`"));
            }
            Err(_) => sleep(FIRST_PAUSE).await,
        }
    }
}

/// A client of the current context of a kubeconfig in memory. Nothing is sent yet.
pub async fn client_of(kubeconfig: Value) -> Result<Client> {
    let kubeconfig =
        serde_json::from_value(kubeconfig).map_err(|cause| Error::internal("a kubeconfig of our own is wrong").caused_by(cause))?;
    client(kubeconfig, None).await
}

async fn client(kubeconfig: Kubeconfig, context: Option<String>) -> Result<Client> {
    let options = KubeConfigOptions { context, ..KubeConfigOptions::default() };
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(unreadable)?;
    config.connect_timeout = Some(CONNECT);
    config.read_timeout = Some(READ);
    // Retries are ours: see `request`.
    config.default_retry = false;
    Client::try_from(config).map_err(|cause| Error::environment("the kubeconfig cannot be used").caused_by(cause))
}

fn unreadable(cause: KubeconfigError) -> Box<Error> {
    match cause {
        KubeconfigError::ReadConfig(cause, path) if cause.kind() == std::io::ErrorKind::NotFound => {
            Error::environment(format!("there is no kubeconfig `{}`", path.display()))
                .hint("set KUBECONFIG, or check without a cluster: `--server=ephemeral`")
        }
        cause => Error::environment("the kubeconfig cannot be used").caused_by(cause),
    }
}

fn choose(kubeconfig: &Kubeconfig, wanted: Option<&str>) -> Result<String> {
    let names: Vec<_> = kubeconfig.contexts.iter().map(|context| context.name.as_str()).collect();
    let have = if names.is_empty() { "it has none".to_owned() } else { format!("it has `{}`", names.join("`, `")) };
    match wanted.or(kubeconfig.current_context.as_deref().filter(|name| !name.is_empty())) {
        Some(name) if names.contains(&name) => Ok(name.to_owned()),
        Some(name) => {
            let error = Error::environment(format!("the kubeconfig has no context `{name}`; {have}"));
            Err(did_you_mean(name, names).into_iter().fold(error, |error, near| error.hint(format!("did you mean `{near}`?"))))
        }
        None => Err(Error::environment(format!("the kubeconfig has no current context; {have}")).hint("name one with `--context`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kubeconfig(current: &str) -> Kubeconfig {
        let text = serde_json::json!({"current-context": current, "contexts": [{"name": "home"}, {"name": "work"}]});
        serde_json::from_value(text).expect("a kubeconfig")
    }

    #[test]
    fn the_current_context_is_the_default() {
        assert_eq!(choose(&kubeconfig("work"), None).expect("a context"), "work");
        assert_eq!(choose(&kubeconfig("work"), Some("home")).expect("a context"), "home");
    }

    #[test]
    fn an_unknown_context_lists_those_that_are_there() {
        let error = choose(&kubeconfig("work"), Some("hom")).expect_err("no such context");
        assert_eq!(error.message, "the kubeconfig has no context `hom`; it has `home`, `work`");
        assert_eq!(error.hints, ["did you mean `home`?"]);
        assert_eq!(choose(&kubeconfig(""), None).expect_err("none is current").hints, ["name one with `--context`"]);
    }
}
