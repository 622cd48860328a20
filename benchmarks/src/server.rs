//! A server that reads a request and writes an answer that is ready: as little as HTTP allows.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// Serves until the process ends.
pub struct Server {
    base_url: String,
}

type Answers = Arc<HashMap<&'static str, Vec<u8>>>;

impl Server {
    /// Starts on any free port.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let answers: Answers = Arc::new(crate::CALLS.iter().map(|(name, body)| (*name, answer(body))).collect());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let answers = Arc::clone(&answers);
                thread::spawn(move || serve(stream, &answers));
            }
        });
        Ok(Self { base_url })
    }

    /// Where it listens.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }
}

fn answer(body: &str) -> Vec<u8> {
    let body = body.trim_end();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json;charset=utf-8\r\ncontent-length: {}\r\n\
         date: Sat, 21 Nov 2026 12:00:00 GMT\r\nx-ratelimit-limit: 100\r\nx-ratelimit-remaining: 99\r\n\
         x-ratelimit-reset: 1\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn serve(stream: TcpStream, answers: &Answers) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    let mut line = String::new();
    let mut body = Vec::new();
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let name = CALL_NAMES.iter().find(|(path, _)| line.contains(path)).map_or("service", |(_, name)| name);
        let mut length = 0;
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        body.resize(length, 0);
        reader.read_exact(&mut body)?;
        if let Some(answer) = answers.get(name) {
            writer.write_all(answer)?;
        }
    }
}

const CALL_NAMES: [(&str, &str); 2] = [("/auth/introspection", "introspection"), ("/auth/authorization", "authorization")];
