//! A Redis server on a free port, without files.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// A running server. It ends when this is dropped.
pub(crate) struct RedisServer {
    process: Child,
    port: u16,
}

impl RedisServer {
    pub(crate) async fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { process: run(port).await, port }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) async fn kill(&mut self) {
        self.process.kill().await.unwrap();
    }

    /// Starts it again, with nothing in it.
    pub(crate) async fn restart(&mut self) {
        self.process = run(self.port).await;
    }
}

async fn run(port: u16) -> Child {
    let process = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("redis-server is on the path");
    for _ in 0..500 {
        if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return process;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("redis-server does not listen on port {port}");
}
