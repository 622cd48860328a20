//! A server on a loopback port that records what it is sent, byte for byte, and answers what it was told to.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use authlete_api::layers::RetryPolicy;
use authlete_api::{Authlete, AuthleteService};

/// The token that [`Server::client`] sends.
pub(crate) const TOKEN: &str = "s3cret-token";

/// What a connection gets for its request.
pub(crate) enum Answer {
    /// These bytes, and then the end of the connection.
    Bytes(Vec<u8>),
    /// Nothing, while the connection stays open.
    Silence,
}

/// An answer with a JSON body.
pub(crate) fn json(status: &str, body: &str) -> Answer {
    full(status, &["Content-Type: application/json"], body)
}

/// An answer with all its parts.
pub(crate) fn full(status: &str, headers: &[&str], body: &str) -> Answer {
    let mut text = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    for header in headers {
        text.push_str(&format!("{header}\r\n"));
    }
    if !status.starts_with("204") {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    Answer::Bytes(format!("{text}\r\n{body}").into_bytes())
}

/// The server; it goes with the process.
pub(crate) struct Server {
    pub(crate) base_url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers each request with the next answer, one for each connection.
    pub(crate) fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let recorded = Arc::clone(&requests);
        thread::spawn(move || {
            let mut open = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let request = read(&mut stream);
                recorded.lock().unwrap().push(String::from_utf8(request).unwrap());
                match answer {
                    Answer::Bytes(bytes) => {
                        // A client that has given up is its own test's matter.
                        let _ = stream.write_all(&bytes);
                        let _ = stream.shutdown(Shutdown::Write);
                    }
                    Answer::Silence => open.push(stream),
                }
            }
            // Keeps silent connections, and the port, until the process ends.
            loop {
                thread::park();
            }
        });
        Self { base_url, requests }
    }

    /// One answer, for one request.
    pub(crate) fn once(answer: Answer) -> Self {
        Self::start(vec![answer])
    }

    /// A service on this server. It tries nothing again, since there is one answer for each request.
    pub(crate) fn client(&self) -> AuthleteService {
        let builder = Authlete::builder().base_url(&self.base_url).service_token(1, TOKEN);
        builder.retry(RetryPolicy::off()).build_service().unwrap()
    }

    /// What has been sent up to now.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// The body of the last request.
    pub(crate) fn last_body(&self) -> String {
        let requests = self.requests();
        requests
            .last()
            .and_then(|request| request.split_once("\r\n\r\n"))
            .map(|(_, body)| body.to_owned())
            .unwrap_or_default()
    }
}

/// A request with its body, by its `Content-Length`.
fn read(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or_default();
            if bytes.len() >= end + 4 + length {
                return bytes;
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return bytes,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}
