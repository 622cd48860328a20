//! Waiting for an emulator that is starting elsewhere: in a container, which has no other program that could ask.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::thread;
use std::time::{Duration, Instant};

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(20);

/// Returns when the emulator at the URL answers its health check.
pub(crate) fn until_healthy(url: &str, timeout: Duration) -> Result<(), String> {
    let authority = url.strip_prefix("http://").ok_or_else(|| format!("--wait: {url} is not an http URL"))?;
    let authority = authority.split('/').next().unwrap_or_default();
    let address = if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
    let started = Instant::now();
    loop {
        let left = timeout.saturating_sub(started.elapsed());
        match ask(&address, authority, left.max(PAUSE)) {
            Ok(()) => return Ok(()),
            Err(error) if left <= PAUSE => {
                return Err(format!("--wait: nothing healthy at {url} within {} s: {error}", timeout.as_secs()));
            }
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

fn ask(address: &str, host: &str, timeout: Duration) -> Result<(), String> {
    let mut addresses = address.to_socket_addrs().map_err(|error| error.to_string())?;
    let address = addresses.next().ok_or("the name has no address")?;
    let mut stream = TcpStream::connect_timeout(&address, timeout).map_err(|error| error.to_string())?;
    stream.set_read_timeout(Some(timeout)).map_err(|error| error.to_string())?;
    let request = format!("GET /health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
    let mut status = [0; 12];
    stream.read_exact(&mut status).map_err(|error| error.to_string())?;
    if &status[9..] == b"200" { Ok(()) } else { Err(String::from_utf8_lossy(&status).into_owned()) }
}
