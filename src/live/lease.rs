//! One apply at a time: a `Lease` of `coordination.k8s.io/v1`.
//!
//! The protocol is that of k8s.io/client-go/tools/leaderelection: whoever wrote its name holds it for `leaseDurationSeconds` after the last
//! change that others *saw*, so that clocks need not agree. A holder on this very machine is known to be dead at once.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kube::Client;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::delete::delete;
use super::inventory::parent_name;
use super::request::{Answer, Call, JSON, allowed, failed, get, segment, send};
use super::target::Target;
use crate::diag::{Error, Progress, Result};

/// How long a holder that says nothing keeps the lease.
const DURATION: Duration = Duration::from_secs(15);
/// How often a holder says something.
const RENEW: Duration = Duration::from_secs(5);
/// A holder that could not say anything for this long stops: somebody else may begin soon.
const GIVE_UP: Duration = Duration::from_secs(12);
const POLL: Duration = Duration::from_millis(500);

/// The right to change a release, for as long as it is held.
pub(super) struct Lease {
    shared: Arc<Shared>,
    renewal: JoinHandle<()>,
    lost: watch::Receiver<bool>,
}

struct Shared {
    client: Client,
    path: String,
    collection: String,
    name: String,
    namespace: String,
    holder: String,
}

impl Lease {
    /// Who holds a release's lease.
    pub(super) async fn holder(target: &Target, release: &str, namespace: &str) -> Result<Option<String>> {
        let lease = get(&target.client, &path_of(release, namespace)).await?;
        Ok(lease.as_ref().and_then(holder_of).filter(|holder| !is_dead(holder)).map(shown))
    }

    /// Takes a release's lease, from a holder that is dead too.
    ///
    /// # Errors
    /// An environment error when a holder is alive, or the server does not allow it.
    pub(super) async fn take(target: &Target, release: &str, namespace: &str, progress: &dyn Progress) -> Result<Self> {
        let path = path_of(release, namespace);
        let collection = path.rsplit_once('/').map_or_else(String::new, |(collection, _)| collection.to_owned());
        let (name, namespace) = (parent_name(release), namespace.to_owned());
        let shared = Arc::new(Shared { client: target.client.clone(), path, collection, name, namespace, holder: identity() });
        shared.acquire(release, progress).await?;
        let (tell, lost) = watch::channel(false);
        let renewal = tokio::spawn(renew(Arc::clone(&shared), tell));
        Ok(Self { shared, renewal, lost })
    }

    /// Waits until the lease is lost, which ends the right to go on.
    pub(super) async fn lost(&self) -> Box<Error> {
        let mut lost = self.lost.clone();
        // The sender ends with the renewal, which never ends by itself before it has told.
        let _ = lost.wait_for(|lost| *lost).await;
        Error::environment("the lease of this release was lost: the API server was out of reach for too long, or somebody took it")
            .hint("run the command again: it goes on where it stopped")
    }

    /// Removes what is left of the lease of a release that is gone.
    pub(super) async fn forget(target: &Target, release: &str, namespace: &str) -> Result<()> {
        let path = path_of(release, namespace);
        match get(&target.client, &path).await? {
            // Somebody began to apply it anew.
            Some(lease) if holder_of(&lease).is_some() => Ok(()),
            Some(lease) => {
                let uid = lease.pointer("/metadata/uid").and_then(Value::as_str);
                delete(&target.client, &path, uid).await.map(|_| ())
            }
            None => Ok(()),
        }
    }

    /// Gives the lease back.
    pub(super) async fn release(self) {
        self.renewal.abort();
        // Nobody is harmed when this fails: the lease ends by itself.
        if let Ok(Some(lease)) = get(&self.shared.client, &self.shared.path).await
            && lease.pointer("/spec/holderIdentity").and_then(Value::as_str) == Some(&self.shared.holder)
        {
            let _ = self.shared.put(&self.shared.lease("", Some(&lease))).await;
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

impl Shared {
    async fn acquire(&self, release: &str, progress: &dyn Progress) -> Result<()> {
        let mut watched: Option<(Value, Instant)> = None;
        loop {
            let Some(lease) = get(&self.client, &self.path).await? else {
                let answer = send(&self.client, &Call::with("POST", &self.collection, JSON, &self.lease(&self.holder, None))).await?;
                // Somebody else was quicker, or our own request arrived and its answer did not.
                if self.wrote(&allowed(answer)?)? {
                    return Ok(());
                }
                continue;
            };
            let holder = holder_of(&lease);
            let free = holder.is_none_or(|holder| holder == self.holder || is_dead(holder)) || is_expired(&lease, watched.as_ref());
            if free {
                if self.wrote(&self.put(&self.lease(&self.holder, Some(&lease))).await?)? {
                    return Ok(());
                }
                continue;
            }
            let renewed = lease.pointer("/spec/renewTime").cloned().unwrap_or_default();
            match &watched {
                None => {
                    progress.step("waiting for another apply of this release, which may be dead");
                    watched = Some((renewed, Instant::now()));
                }
                Some((seen, _)) if *seen != renewed => {
                    let who = holder.map(shown).unwrap_or_default();
                    return Err(Error::environment(format!("`{release}` is being applied by {who}")).hint("wait until it is done"));
                }
                Some(_) => {}
            }
            sleep(POLL).await;
        }
    }

    /// Whether a write made the lease ours.
    fn wrote(&self, answer: &Answer) -> Result<bool> {
        match answer.code {
            _ if answer.is_good() => Ok(answer.object().pointer("/spec/holderIdentity").and_then(Value::as_str) == Some(&self.holder)),
            409 => Ok(false),
            // It was deleted meanwhile.
            404 if answer.status().details.is_some_and(|details| details.kind != "namespaces") => Ok(false),
            _ => Err(failed(&answer.status()).hint("the inventory, the lease and the history are in the namespace of `--state-namespace`")),
        }
    }

    async fn put(&self, lease: &Value) -> Result<Answer> {
        allowed(send(&self.client, &Call::with("PUT", &self.path, JSON, lease)).await?)
    }

    /// The lease as it will be written; the version of the present one makes a lost race visible.
    fn lease(&self, holder: &str, present: Option<&Value>) -> Value {
        let now = micro_time(SystemTime::now());
        let of_present = |pointer: &str| present.and_then(|present| present.pointer(pointer)).cloned();
        let same_holder = of_present("/spec/holderIdentity").is_some_and(|own| own == holder);
        let count = of_present("/spec/leaseTransitions").and_then(|count| count.as_u64()).unwrap_or(0) + u64::from(!same_holder);
        let acquired = of_present("/spec/acquireTime").filter(|_| same_holder).unwrap_or_else(|| now.as_str().into());
        let mut lease = json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"name": self.name, "namespace": self.namespace, "labels": {"app.kubernetes.io/managed-by": "manifestgen"}},
            "spec": {
                "holderIdentity": holder, "leaseDurationSeconds": DURATION.as_secs(), "leaseTransitions": count,
                "acquireTime": acquired, "renewTime": now,
            },
        });
        if let Some(version) = of_present("/metadata/resourceVersion") {
            lease["metadata"]["resourceVersion"] = version;
        }
        lease
    }
}

async fn renew(shared: Arc<Shared>, tell: watch::Sender<bool>) {
    let mut renewed = Instant::now();
    loop {
        sleep(RENEW).await;
        let attempt = async {
            let lease = get(&shared.client, &shared.path).await.ok()??;
            if holder_of(&lease) != Some(&shared.holder) {
                return Some(false);
            }
            shared.put(&shared.lease(&shared.holder, Some(&lease))).await.ok().map(|answer| answer.is_good())
        };
        match tokio::time::timeout_at(renewed + GIVE_UP, attempt).await {
            Ok(Some(true)) => renewed = Instant::now(),
            // Overtaken, or out of reach for now: asked again until time is up.
            Ok(_) if renewed.elapsed() + POLL < GIVE_UP && still_ours(&shared).await => {}
            _ => {
                let _ = tell.send(true);
                return;
            }
        }
    }
}

async fn still_ours(shared: &Shared) -> bool {
    get(&shared.client, &shared.path).await.is_ok_and(|lease| lease.as_ref().and_then(holder_of) == Some(&shared.holder))
}

fn path_of(release: &str, namespace: &str) -> String {
    format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases/{}", segment(namespace), segment(&parent_name(release)))
}

fn holder_of(lease: &Value) -> Option<&str> {
    lease.pointer("/spec/holderIdentity").and_then(Value::as_str).filter(|holder| !holder.is_empty())
}

/// Whether nothing was heard of the holder for as long as it asked for, by our own clock.
fn is_expired(lease: &Value, watched: Option<&(Value, Instant)>) -> bool {
    let duration = lease.pointer("/spec/leaseDurationSeconds").and_then(Value::as_u64).map_or(DURATION, Duration::from_secs);
    let renewed = lease.pointer("/spec/renewTime").cloned().unwrap_or_default();
    watched.is_some_and(|(seen, since)| *seen == renewed && since.elapsed() >= duration)
}

/// `HOST_BOOT_PIDS_PID_START`: who holds it, for people, and whether it lives, for us.
///
/// The boot id and the namespace of process ids tell whether a number means the same process here (proc_sys_kernel(5), pid_namespaces(7));
/// the start time whether it is the same one still (field 22 in proc_pid_stat(5)).
fn identity() -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let pid = std::process::id();
    format!("{}_{}_{pid}_{}", host.trim(), place(), start_time(pid).unwrap_or_default())
}

fn place() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let pids = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let digits = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    format!("{}_{}", digits(&boot), digits(&pids.to_string_lossy()))
}

fn start_time(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program stands in parentheses, with any characters.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    // One that ended and that nobody has waited for yet.
    let ended = matches!(fields.next()?, "Z" | "X");
    fields.nth(18).filter(|_| !ended).map(ToOwned::to_owned)
}

/// Whether a holder is a process of this machine that is no more.
fn is_dead(holder: &str) -> bool {
    let mut parts = holder.rsplitn(5, '_');
    let (Some(start), Some(pid), Some(pids), Some(boot)) = (parts.next(), parts.next(), parts.next(), parts.next()) else { return false };
    let Ok(pid) = pid.parse() else { return false };
    format!("{boot}_{pids}") == place() && start_time(pid).as_deref() != Some(start)
}

/// A holder as people name it.
fn shown(holder: &str) -> String {
    let mut parts = holder.rsplitn(5, '_');
    let (pid, host) = (parts.nth(1), parts.nth(2));
    match (host, pid) {
        (Some(host), Some(pid)) => format!("process {pid} on `{host}`"),
        _ => format!("`{holder}`"),
    }
}

/// A time as `metav1.MicroTime` has it.
fn micro_time(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let date = time::OffsetDateTime::from_unix_timestamp(i64::try_from(since.as_secs()).unwrap_or_default())
        .unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    let (hour, minute, second) = (date.hour(), date.minute(), date.second());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:06}Z", since.subsec_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_is_gone_holds_nothing() {
        let own = identity();
        assert!(!is_dead(&own), "{own}");
        let (rest, _) = own.rsplit_once('_').expect("a start time");
        assert!(is_dead(&format!("{rest}_1")), "the number was given to another process");
        assert!(!is_dead("kubectl"), "nothing is known about others");
        let elsewhere = own.replacen(&place(), "otherboot_pid1", 1);
        assert!(!is_dead(&elsewhere));
        assert!(shown(&own).starts_with(&format!("process {}", std::process::id())), "{}", shown(&own));
    }

    #[test]
    fn a_lease_expires_by_our_own_clock() {
        let lease = json!({"spec": {"renewTime": "t", "leaseDurationSeconds": 1}});
        assert!(!is_expired(&lease, None));
        let seen = |time: &str, ago: u64| (json!(time), Instant::now().checked_sub(Duration::from_secs(ago)).expect("up for seconds"));
        assert!(!is_expired(&lease, Some(&seen("t", 0))));
        assert!(is_expired(&lease, Some(&seen("t", 2))));
        assert!(!is_expired(&lease, Some(&seen("earlier", 2))), "it was renewed");
    }

    #[test]
    fn times_are_whole() {
        assert_eq!(micro_time(UNIX_EPOCH + Duration::from_millis(1_500)), "1970-01-01T00:00:01.500000Z");
    }
}
