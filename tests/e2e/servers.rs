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
