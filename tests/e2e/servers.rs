//! Real servers on free ports of the loopback interface. Each ends with the value that holds it.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::programs::server;

/// A server that listens. It is killed when this is dropped, and when the test's thread ends.
pub(crate) struct Running {
    child: Child,
    /// One for each that was asked for.
    pub(crate) ports: Vec<u16>,
    _dir: TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ports where nobody listens, all different. Another program may take one before the server does.
pub(crate) fn free_ports(count: usize) -> Vec<u16> {
    let held: Vec<TcpListener> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    held.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
}

/// Starts `program` on `count` free ports; `arguments` gets a folder for its files, and the ports. A server that ends at
/// once is started again on others, because a port may have been taken.
pub(crate) fn start(program: &str, count: usize, arguments: impl Fn(&Path, &[u16]) -> Vec<String>) -> Running {
    let mut said = String::new();
    for _ in 0..5 {
        let dir = tempfile::tempdir().unwrap();
        let ports = free_ports(count);
        let output = dir.path().join("output");
        let log = File::create(&output).unwrap();
        let child = server(program, &arguments(dir.path(), &ports), dir.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("`setpriv` (util-linux) does not start: {error}; `.ci/run` installs it"));
        let mut running = Running { child, ports, _dir: dir };
        if running.listens() {
            return running;
        }
        said = fs::read_to_string(&output).unwrap();
    }
    panic!("the server `{program}` does not start (`.ci/run` installs it); it said:\n{said}");
}

/// nginx with a server for each set of directives, in TLS 1.2 and in 1.3, which answers with what it thinks of
/// the client's certificate; behind them one that speaks plain HTTP.
pub(crate) fn nginx(cert: &Path, key: &Path, client_ca: &Path, directives: &[&str]) -> Running {
    start("nginx", 2 * directives.len() + 1, |dir, ports| {
        let mut config = format!(
            "daemon off; master_process off; pid {0}/pid; error_log {0}/error.log;\nevents {{}}\nhttp {{\naccess_log off;\n",
            dir.display()
        );
        for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
            config += &format!("{kind}_temp_path {}/{kind};\n", dir.display());
        }
        config += &format!("ssl_certificate {}; ssl_certificate_key {};\n", cert.display(), key.display());
        let versions = ["TLSv1.2", "TLSv1.3"];
        for (directives, ports) in directives.iter().zip(ports.chunks(2)) {
            for (port, version) in ports.iter().zip(versions) {
                config += &format!(
                    "server {{ listen 127.0.0.1:{port} ssl; ssl_protocols {version}; ssl_client_certificate {}; \
                     ssl_verify_depth 3; {directives} location / {{ return 200 '$ssl_client_verify $ssl_client_s_dn\n'; }} }}\n",
                    client_ca.display()
                );
            }
        }
        config +=
            &format!("server {{ listen 127.0.0.1:{}; location / {{ return 200 ok; }} }}\n}}\n", ports.last().unwrap());
        let file = dir.join("nginx.conf");
        fs::write(&file, config).unwrap();
        let file = file.to_str().unwrap();
        ["-p", dir.to_str().unwrap(), "-e", "stderr", "-c", file].map(str::to_owned).to_vec()
    })
}

impl Running {
    /// Waits until every port answers; `false` if the server ends instead, or takes too long.
    fn listens(&mut self) -> bool {
        let start = Instant::now();
        let answers = |port: &u16| {
            let address = SocketAddr::from(([127, 0, 0, 1], *port));
            TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
        };
        while start.elapsed() < Duration::from_secs(10) {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if self.ports.iter().all(answers) {
                return self.child.try_wait().unwrap().is_none();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }
}
