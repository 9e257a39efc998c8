//! `validate --online` before real repositories: Git's own over HTTP, and charts on a server of files.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::command::{Ended, Run, folder, folder_with, free_port};
use crate::parts::part;

/// Starts a server that listens on the port, and waits until it does.
pub(crate) fn start(command: &mut Command, port: u16) -> Ended {
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let server = Ended(child);
    let started = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(started.elapsed() < Duration::from_secs(30), "nobody listens on {port}");
        thread::sleep(Duration::from_millis(20));
    }
    server
}

pub(crate) fn git(folder: &Path, arguments: &[&str]) {
    let settings = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").current_dir(folder).args(settings).args(arguments).output().expect("git runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Repositories below `scratch`: `shop.git` with a branch and two tags, `empty.git`.
fn repositories(scratch: &Path) {
    let shop = scratch.join("shop.git");
    fs::create_dir(&shop).expect("made");
    git(&shop, &["init", "-q", "-b", "main"]);
    git(&shop, &["commit", "-q", "--allow-empty", "-m", "first"]);
    git(&shop, &["tag", "v1.2.0"]);
    git(&shop, &["tag", "-a", "v1.3.0", "-m", "annotated"]);
    fs::create_dir(scratch.join("empty.git")).expect("made");
    git(&scratch.join("empty.git"), &["init", "-q"]);
}

pub(crate) const INDEX: &str = "\
apiVersion: v1
entries:
  web:
  - {name: web, version: 1.4.0, urls: [web-1.4.0.tgz]}
  - {name: web, version: 2.0.0, urls: [web-2.0.0.tgz]}
";

#[test]
fn repositories_are_asked_for_revisions_and_charts() {
    let (Some(_), Some(python)) = (part("git"), crate::parts::python_with("http.server")) else { return };
    let scratch = folder();
    repositories(scratch.path());
    let (git_port, charts_port) = (free_port(), free_port());
    let mut daemon = Command::new("git");
    daemon.args(["daemon", "--reuseaddr", "--export-all", "--listen=127.0.0.1"]).arg(format!("--port={git_port}"));
    daemon.arg(format!("--base-path={}", scratch.path().display())).arg(scratch.path());
    let _git = start(&mut daemon, git_port);
    fs::write(scratch.path().join("index.yaml"), INDEX).expect("written");
    let mut files = Command::new(python);
    files.args(["-m", "http.server", "--bind", "127.0.0.1"]).arg(charts_port.to_string()).current_dir(scratch.path());
    let _charts = start(&mut files, charts_port);
    let (git_url, charts_url) = (format!("git://127.0.0.1:{git_port}"), format!("http://127.0.0.1:{charts_port}"));
    let application = |name: &str, rest: &str| format!("- {{name: {name}, namespace: shop, {rest}}}\n");
    let from_git = |name: &str, repository: &str, revision: &str| {
        application(name, &format!("repoURL: '{git_url}/{repository}', path: ., targetRevision: '{revision}'"))
    };
    let chart = |name: &str, chart: &str, version: &str| {
        application(name, &format!("repoURL: '{charts_url}', chart: {chart}, targetRevision: '{version}'"))
    };
    let config = |applications: &[String]| {
        folder_with(&format!("cluster: {{name: a}}\nargocd: {{}}\nexternal: []\napplications:\n{}", applications.concat()))
    };
    let validate = |applications: &[String]| Run::new(config(applications).path(), &["validate", "--online"]).run();

    let good = validate(&[
        from_git("branch", "shop.git", "main"),
        from_git("head", "shop.git", "HEAD"),
        from_git("tag", "shop.git", "v1.3.0"),
        from_git("range", "shop.git", "1.x"),
        from_git("commit", "shop.git", "0123456789abcdef0123456789abcdef01234567"),
        chart("chart", "web", "1.4.0"),
        chart("charts", "web", "^2"),
    ]);
    assert!(!good.stderr.contains("online/"), "{}", good.shown());

    let bad = validate(&[
        from_git("branch", "shop.git", "mian"),
        from_git("empty", "empty.git", "HEAD"),
        from_git("gone", "nothing.git", "main"),
        chart("chart", "wbe", "1.4.0"),
        chart("version", "web", "^3"),
    ]);
    assert_eq!(bad.code, 1, "{}", bad.shown());
    let shown = bad.stderr.replace(&git_url, "GIT").replace(&charts_url, "CHARTS");
    for (line, told) in [
        (5, "error[online/revision]: `GIT/shop.git` has no branch or tag `mian`"),
        (6, "error[online/revision]: `GIT/empty.git` has no commit yet"),
        (7, "error[online/repository]: `GIT/nothing.git` does not answer as it should"),
        (8, "error[online/chart]: `CHARTS` has no chart `wbe`"),
        (9, "error[online/chart]: the chart `web` of `CHARTS` has no version `^3`"),
    ] {
        let at = shown.find(told).unwrap_or_else(|| panic!("{told}: {shown}"));
        assert!(shown[at..].lines().nth(1).is_some_and(|place| place.contains(&format!("cluster.yaml:{line}:"))), "{told}: {shown}");
    }
    assert!(
        shown.contains("did you mean `main`?") && shown.contains("did you mean `web`?") && shown.contains("its newest is `2.0.0`"),
        "{shown}"
    );
    // Without being asked to it asks nobody.
    let offline = Run::new(config(&[from_git("gone", "nothing.git", "main")]).path(), &["validate"]).run();
    assert!(!offline.stderr.contains("online/"), "{}", offline.shown());
}

#[test]
fn what_does_not_answer_and_what_is_not_asked_is_told() {
    let Some(_) = part("git") else { return };
    let port = free_port();
    let config = folder_with(&format!(
        "cluster: {{name: a}}\nargocd: {{}}\napplications:\n\
         - {{name: chart, namespace: shop, repoURL: 'http://127.0.0.1:{port}', chart: web, targetRevision: 1.0.0}}\n\
         - {{name: git, namespace: shop, repoURL: 'http://127.0.0.1:{port}/x.git', path: .}}\n\
         - {{name: oci, namespace: shop, repoURL: registry.example.com/charts, chart: web, targetRevision: 1.0.0}}\n"
    ));
    let ran = Run::new(config.path(), &["validate", "--online"]).run();
    assert_eq!(ran.code, 1, "{}", ran.shown());
    assert_eq!(ran.stderr.matches("error[online/repository]").count(), 2, "{}", ran.shown());
    assert!(ran.stderr.contains("not checked: `registry.example.com/charts`"), "{}", ran.shown());
}

/// Git was ended, and the child of it that waited for the server held the command for ever.
#[test]
fn a_server_that_says_nothing_is_given_up() {
    let Some(_) = part("git") else { return };
    let silent = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = silent.local_addr().expect("an address").port();
    let taken = thread::spawn(move || silent.incoming().take(1).flatten().collect::<Vec<_>>());
    let config = folder_with(&format!(
        "cluster: {{name: a}}\nargocd: {{}}\napplications:\n- {{name: git, namespace: shop, repoURL: 'http://127.0.0.1:{port}/x.git', path: .}}\n"
    ));
    let ran = Run::new(config.path(), &["validate", "--online"]).run();
    assert_eq!(ran.code, 1, "{}", ran.shown());
    assert!(ran.stderr.contains("error[online/repository]"), "{}", ran.shown());
    drop(taken);
}
