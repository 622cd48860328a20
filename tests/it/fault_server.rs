//! A server on a loopback port that does what servers should not.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What happens to a request.
#[derive(Clone)]
pub(crate) enum Fault {
    /// It gets these bytes, and then the connection ends.
    Answer(Vec<u8>),
    /// It gets these bytes, and then the connection is reset.
    Reset(Vec<u8>),
    /// It gets these bytes, and then nothing.
    Stall(Vec<u8>),
}

/// An answer, whose length may be given wrongly among the headers.
pub(crate) fn answer(status: &str, headers: &[&str], body: &str) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    for header in headers {
        text.push_str(&format!("{header}\r\n"));
    }
    if !headers.iter().any(|header| header.starts_with("Content-Length:")) {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    format!("{text}\r\n{body}").into_bytes()
}

/// The server; it goes with the process.
pub(crate) struct Server {
    pub(crate) base_url: String,
    requests: Arc<AtomicUsize>,
}

impl Server {
    /// Meets the requests with the faults in order; the last one stays.
    pub(crate) fn start(faults: Vec<Fault>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (faults, counted) = (faults.clone(), Arc::clone(&counted));
                thread::spawn(move || serve(stream.unwrap(), &faults, &counted));
            }
        });
        Self { base_url, requests }
    }

    /// A base URL where nobody listens.
    pub(crate) fn nobody() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    }

    /// A base URL whose certificate no authority signed, and how many connections were made.
    pub(crate) fn unknown_authority() -> (String, Arc<AtomicUsize>) {
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key.into())
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        thread::spawn(move || {
            for stream in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
                // It ends when the client refuses the certificate.
                let _ = connection.complete_io(&mut stream.unwrap());
            }
        });
        (base_url, connections)
    }

    /// How many requests arrived.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn serve(mut stream: TcpStream, faults: &[Fault], counted: &AtomicUsize) {
    // A connection made in advance, and not used, is no request.
    if !stream.peek(&mut [0]).is_ok_and(|count| count > 0) {
        return;
    }
    let number = counted.fetch_add(1, Ordering::SeqCst);
    let fault = &faults[number.min(faults.len() - 1)];
    // Who has gone does not mind.
    match fault {
        Fault::Answer(bytes) => {
            let _ = stream.set_read_timeout(Some(std::time::Duration::from_millis(20)));
            let _ = stream.read(&mut [0; 1 << 16]);
            let _ = stream.write_all(bytes);
            let _ = stream.shutdown(Shutdown::Write);
            // Until the client has read it all: what it sent meanwhile would reset the connection.
            let _ = stream.set_read_timeout(None);
            while stream.read(&mut [0; 1 << 12]).is_ok_and(|count| count > 0) {}
        }
        // A connection that is closed while something is unread is reset.
        Fault::Reset(bytes) => {
            let _ = stream.write_all(bytes);
        }
        Fault::Stall(bytes) => {
            let _ = stream.write_all(bytes);
            while stream.read(&mut [0; 1 << 12]).is_ok_and(|count| count > 0) {}
        }
    }
}
