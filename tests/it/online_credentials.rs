//! `validate --online` with the credentials that Argo CD gets: Git over HTTPS and SSH, and charts, all behind a door.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::SystemTime;

use manifestgen::certificate::Authority;
use rustix::process::{Pid, Signal, kill_process};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::command::{Ended, Ran, Run, free_port};
use crate::online::{INDEX, git, start};
use crate::parts::{part, python_with};
use crate::process::eventually;
use crate::secret::{Home, key, public};

const PASSWORD: &str = "pass word: \"of\" the's test%";
const TOKEN: &str = "token-of-the-test";

/// A folder over HTTPS, for those who have the password or the token.
const DOOR: &str = "\
import base64, http.server, ssl, sys

port, folder, password, token = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
basic = lambda user: 'Basic ' + base64.b64encode((user + ':' + password).encode()).decode()
wanted = {'closed.git': basic('me'), 'alone.git': basic('x-access-token'), 'token.git': 'Bearer ' + token, 'charts': basic('me')}


class Door(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *args):
        super().__init__(*args, directory=folder)

    def do_GET(self):
        if self.path.startswith('/moved.git'):
            self.send_response(302)
            self.send_header('Location', self.path.replace('moved', 'closed'))
            self.send_header('Content-Length', '0')
            self.end_headers()
        elif self.headers.get('Authorization') == wanted.get(self.path.split('/')[1]):
            super().do_GET()
        else:
            self.send_response(401)
            self.send_header('WWW-Authenticate', 'Basic realm=\"test\"')
            self.send_header('Content-Length', '0')
            self.end_headers()


server = http.server.ThreadingHTTPServer(('127.0.0.1', port), Door)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder + '/server.crt', folder + '/server.key')
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
";

/// Repositories that need no program on the server's side, and a chart.
fn fill(scratch: &Path) {
    for name in ["closed.git", "alone.git", "token.git"] {
        let work = scratch.join(format!("{name}-work"));
        fs::create_dir(&work).expect("made");
        git(&work, &["init", "-q", "-b", "main"]);
        git(&work, &["commit", "-q", "--allow-empty", "-m", "first"]);
        git(scratch, &["clone", "-q", "--bare", &work.display().to_string(), name]);
        git(&scratch.join(name), &["update-server-info"]);
    }
    fs::create_dir(scratch.join("charts")).expect("made");
    fs::write(scratch.join("charts/index.yaml"), INDEX).expect("written");
}

/// An SSH server of this test alone, which lets the owner of the key in as the user who runs it.
fn ssh_server(scratch: &Path, sshd: &Path, authorized: &[u8], port: u16) -> Ended {
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(scratch.join("host-key")).status();
    assert!(made.expect("ssh-keygen runs").success());
    fs::write(scratch.join("authorized"), authorized).expect("written");
    let config = format!(
        "ListenAddress 127.0.0.1:{port}\nHostKey {0}/host-key\nAuthorizedKeysFile {0}/authorized\nPidFile none\nStrictModes no\n\
         PermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\n",
        scratch.display()
    );
    fs::write(scratch.join("sshd_config"), config).expect("written");
    if !rustix::process::geteuid().is_root() {
        return start(Command::new(sshd).args(["-D", "-e", "-f"]).arg(scratch.join("sshd_config")), port);
    }
    // For root it wants a user and a folder that its package would have made: here in a mount namespace, which goes with it.
    let users = fs::read_to_string("/etc/passwd").expect("users");
    fs::write(scratch.join("passwd"), format!("{}\nsshd:x:64000:65534::/run/sshd:/usr/sbin/nologin\n", users.trim_end())).expect("written");
    let script = "mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd && mount --bind \"$1/passwd\" /etc/passwd && exec \"$0\" -D -e -f \"$1/sshd_config\"";
    start(Command::new("unshare").args(["--mount", "sh", "-c", script]).arg(sshd).arg(scratch), port)
}

fn config(https: u16, ssh: u16, scratch: &Path, user: &str, certificate: &str, known_host: &str) -> String {
    let pem = certificate.trim().replace('\n', "\n      ");
    format!(
        "\
cluster: {{name: test}}
nodes: [{{name: primer, role: server, hostKeys: [{host}]}}]
recipients: {{admins: [{admin}]}}
argocd:
  tlsCertificates:
    localhost: |
      {pem}
  sshKnownHosts: ['{known_host}']
  repositories:
  - {{name: closed, url: 'https://localhost:{https}/closed.git', credentials: basic}}
  - {{name: alone, url: 'https://localhost:{https}/alone.git', credentials: basic}}
  - {{name: token, url: 'https://localhost:{https}/token.git', credentials: bearerToken}}
  - {{name: charts, url: 'https://localhost:{https}/charts', type: helm, credentials: basic}}
  credentialTemplates:
  - {{name: ssh, url: 'ssh://{user}@127.0.0.1:{ssh}', credentials: ssh}}
secrets:
- {{name: user, deliver: [{{type: kubernetes, namespace: argocd, name: repository-closed, key: username}}, {{type: kubernetes, namespace: argocd, name: repository-charts, key: username}}]}}
- name: password
  deliver:
  - {{type: kubernetes, namespace: argocd, name: repository-closed, key: password}}
  - {{type: kubernetes, namespace: argocd, name: repository-charts, key: password}}
- name: alone
  deliver: [{{type: argocd-repository, name: repository-alone, url: 'https://localhost:{https}/alone.git', username: x-access-token}}]
- {{name: token, deliver: [{{type: kubernetes, namespace: argocd, name: repository-token, key: bearerToken}}]}}
- {{name: ssh, make: {{type: ssh-key}}, deliver: [{{type: kubernetes, namespace: argocd, name: repo-creds-ssh, key: sshPrivateKey}}]}}
applications:
- {{name: closed, namespace: shop, repoURL: 'https://localhost:{https}/closed.git', path: ., targetRevision: main}}
- {{name: alone, namespace: shop, repoURL: 'https://localhost:{https}/alone.git', path: ., targetRevision: main}}
- {{name: token, namespace: shop, repoURL: 'https://localhost:{https}/token.git', path: ., targetRevision: main}}
- {{name: charts, namespace: shop, repoURL: 'https://localhost:{https}/charts', chart: web, targetRevision: 1.4.0}}
- {{name: ssh, namespace: shop, repoURL: 'ssh://{user}@127.0.0.1:{ssh}{folder}/closed.git', path: ., targetRevision: main}}
",
        host = public("host-ed25519"),
        admin = public("age"),
        folder = scratch.display(),
    )
}

fn validate(home: &Home, identity: &str) -> Ran {
    let identity = key(identity);
    let identity = identity.to_str().expect("a path of text");
    // Nobody's own credentials help.
    let run = Run::new(home.path(), &["validate", "--online", "-i", identity]).env("HOME", home.path());
    let run = run.env("XDG_STATE_HOME", home.path().join(".state")).env("SSH_AUTH_SOCK", "");
    // What would open the door, and is the user's: none of it counts beside Argo CD's own.
    let header = format!("Authorization: Basic {}", BASE64_STANDARD.encode(format!("me:{PASSWORD}")));
    let ran = run.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "http.extraHeader").env("GIT_CONFIG_VALUE_0", header).run();
    for value in [PASSWORD, TOKEN, "wrong-value"] {
        assert!(!ran.shown().contains(value), "{}", ran.shown());
    }
    ran
}

#[test]
fn credentials_of_age_files_are_tried() {
    let parts = ["git", "ssh", "ssh-keygen", "sshd"].map(part);
    let (false, Some(python)) = (parts.iter().any(Option::is_none), python_with("http.server")) else { return };
    let scratch = tempfile::tempdir().expect("a folder");
    fill(scratch.path());
    let authority = Authority::generate("test CA", SystemTime::now()).expect("a CA");
    let pair = authority.issue(&["localhost"], SystemTime::now()).expect("a certificate");
    fs::write(scratch.path().join("server.crt"), &pair.certificate).expect("written");
    fs::write(scratch.path().join("server.key"), &pair.key).expect("written");
    let (https, ssh) = (free_port(), free_port());
    let mut door = Command::new(python);
    door.args(["-c", DOOR, &https.to_string()]).arg(scratch.path()).args([PASSWORD, TOKEN]);
    let _door = start(&mut door, https);
    let user = Command::new("id").arg("-un").output().expect("id runs").stdout;
    let user = String::from_utf8(user).expect("a name").trim().to_owned();

    let with_host = |known_host: &str| config(https, ssh, scratch.path(), &user, authority.certificate(), known_host);
    let home = Home::new(&with_host(&format!(
        "[127.0.0.1]:{ssh} ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN"
    )));
    home.run(&["create", "ssh"]).good();
    for (name, value) in [("user", "me"), ("password", PASSWORD), ("alone", PASSWORD), ("token", TOKEN)] {
        home.command(&["create", name, "--from", "-"], "age").input(value).run().good();
    }
    let sshd = parts[3].as_ref().expect("asked above");
    let _sshd = ssh_server(scratch.path(), sshd, &home.read("secrets/ssh.pub"), ssh);

    // Somebody answers with another key than Argo CD knows.
    let told = validate(&home, "age");
    assert_eq!(told.code, 1, "{}", told.shown());
    assert_eq!(told.stderr.matches("error[online/").count(), 1, "{}", told.shown());
    assert!(told.stderr.contains("Argo CD does not know `127.0.0.1`"), "{}", told.shown());

    let host_key = fs::read_to_string(scratch.path().join("host-key.pub")).expect("a key");
    let known = format!("[127.0.0.1]:{ssh} {}", host_key.rsplit_once(' ').map_or(host_key.as_str(), |(key, _)| key));
    home.write("cluster.yaml", with_host(&known));
    let told = validate(&home, "age");
    assert!(!told.stderr.contains("online/") && !told.stderr.contains("not tried"), "{}", told.shown());

    // Whoever cannot decrypt them is told what was not tried, and gets no error for it.
    let told = validate(&home, "other-age");
    assert!(!told.stderr.contains("error[online/"), "{}", told.shown());
    assert_eq!(told.stderr.matches("are not tried").count(), 5, "{}", told.shown());

    for name in ["password", "token"] {
        home.command(&["edit", name, "--from", "-"], "age").input("wrong-value").run().good();
    }
    let told = validate(&home, "age");
    for (secret, entry) in [("repository-closed", "password"), ("repository-charts", "password"), ("repository-token", "token")] {
        let said = format!("does not answer as it should with the credentials of Secret `argocd/{secret}`");
        assert!(told.stderr.contains(&said), "{said}: {}", told.shown());
        assert!(told.stderr.contains(&format!("`manifestgen secret edit {entry}` changes the value")), "{}", told.shown());
    }
    assert!(!told.stderr.contains("Secret `argocd/repository-alone`") && !told.stderr.contains("repo-creds-ssh"), "{}", told.shown());
    // Argo CD takes a line break for a part of the password, and follows nobody elsewhere.
    home.command(&["edit", "alone", "--from", "-"], "age").input(format!("{PASSWORD}\n")).run().good();
    let moved =
        format!("{}- {{name: moved, namespace: shop, repoURL: 'https://localhost:{https}/moved.git', path: .}}\n", with_host(&known));
    home.write("cluster.yaml", moved);
    let told = validate(&home, "age");
    assert!(told.stderr.contains("its `password` has a line break"), "{}", told.shown());
    assert!(told.stderr.contains("Argo CD follows no redirect"), "{}", told.shown());
    // Nothing stays where Git had to read it.
    let ours = |entry: &fs::DirEntry| {
        fs::read_dir(entry.path()).into_iter().flatten().flatten().any(|file| {
            let text = fs::read_to_string(file.path()).unwrap_or_default();
            [PASSWORD, TOKEN].iter().any(|value| text.contains(value))
        })
    };
    assert!(!fs::read_dir("/dev/shm").into_iter().flatten().flatten().any(|entry| ours(&entry)));
}

/// Whoever interrupts or kills it leaves no password behind, and no Git.
#[test]
fn an_interrupted_run_leaves_no_password() {
    let Some(_) = part("git") else { return };
    let silent = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = silent.local_addr().expect("an address").port();
    let _taken = thread::spawn(move || silent.incoming().flatten().collect::<Vec<_>>());
    let home = Home::new(&format!(
        "cluster: {{name: test}}\nrecipients: {{admins: [{}]}}\nargocd: {{}}\n\
         secrets:\n- {{name: password, deliver: [{{type: argocd-repository, url: 'http://127.0.0.1:{port}/a.git', username: me}}]}}\n\
         applications:\n- {{name: a, namespace: shop, repoURL: 'http://127.0.0.1:{port}/a.git', path: .}}\n",
        public("age"),
    ));
    home.command(&["create", "password", "--from", "-"], "age").input(PASSWORD).run().good();
    for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
        let identity = key("age");
        let run = Run::new(home.path(), &["validate", "--online", "-i", identity.to_str().expect("a path of text")]);
        let run = run.env("HOME", home.path()).env("XDG_STATE_HOME", home.path().join(".state")).env("XDG_RUNTIME_DIR", "");
        let mut child = run.start();
        let prefix = format!("manifestgen-{}-", child.id());
        let scratch = || {
            let mut all = fs::read_dir("/dev/shm").into_iter().flatten().flatten();
            all.find(|entry| entry.file_name().to_string_lossy().starts_with(&prefix)).map(|entry| entry.path())
        };
        eventually("Git has the password", || {
            scratch().is_some_and(|folder| folder.join("0-answer").exists() && folder.join("git-0.log").exists())
        });
        let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(id, signal).expect("a signal");
        let status = child.wait().expect("its end");
        assert_eq!(status.code(), (signal != Signal::KILL).then_some(130), "{signal:?}");
        eventually("the folder is gone", || scratch().is_none());
    }
}
