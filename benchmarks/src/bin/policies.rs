//! What a request costs under each policy: `policies` prints a table, `policies NAME ROUNDS` serves requests for a profiler,
//! `policies --list` prints the names, and `policies --memory` what a verdict takes that is kept.
//!
//! Allocations and processor time are those of the serving thread, without a network; requests per second of one core
//! include axum's server and a connection on the loopback interface.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use benchmarks::{Policy, Server, policies, runtime};
use cpu_time::ThreadTime;

/// Bytes that are allocated, by all threads.
static LIVE: AtomicI64 = AtomicI64::new(0);

thread_local! {
    /// Of this thread alone: the server's do not count.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as i64, Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

fn count(bytes: i64) {
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
    LIVE.fetch_add(bytes, Ordering::Relaxed);
}

#[global_allocator]
static COUNTING: Counting = Counting;

const ROUNDS: usize = 2000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let server = Server::start()?;
    match &arguments[..] {
        [] => table(server.base_url()),
        [name] if name == "--memory" => memory(server.base_url()),
        [name] if name == "--list" => {
            policies(server.base_url()).iter().for_each(|policy| println!("{}", policy.name));
            Ok(())
        }
        [name, rounds] => {
            let all = policies(server.base_url());
            let policy = all.iter().find(|policy| policy.name == name).ok_or("there is no such policy")?;
            let runtime = runtime()?;
            for _ in 0..rounds.parse()? {
                policy.serve(&runtime, black_box(policy.request()));
            }
            Ok(())
        }
        _ => Err("give nothing, or a policy and the number of rounds".into()),
    }
}

fn table(base_url: &str) -> Result<(), Box<dyn std::error::Error>> {
    println!("{:<32}{:>12}{:>14}{:>14}{:>18}", "", "allocations", "µs of CPU", "µs added", "requests/s/core");
    let mut floor = None;
    for policy in policies(base_url) {
        let (allocations, micros) = cost(&policy)?;
        let floor = *floor.get_or_insert(micros);
        let rate = over_the_network(policy)?;
        println!("{:<32}{allocations:>12.1}{micros:>14.2}{:>14.2}{:>18.0}", rate.0, micros - floor, rate.1);
    }
    Ok(())
}

/// Bytes for each token whose verdict is kept.
fn memory(base_url: &str) -> Result<(), Box<dyn std::error::Error>> {
    const TOKENS: i64 = 10_000;
    let runtime = runtime()?;
    for (name, requests) in benchmarks::for_memory(base_url) {
        let mut requests = requests;
        let (first, rest) = (requests(), (1..=TOKENS).map(|_| requests()));
        first.serve(&runtime, first.request());
        let rest: Vec<_> = rest.collect();
        let before = LIVE.load(Ordering::Relaxed);
        for policy in &rest {
            policy.serve(&runtime, policy.request());
        }
        println!("{name:<32}{:>8} bytes", (LIVE.load(Ordering::Relaxed) - before) / TOKENS);
    }
    Ok(())
}

/// Allocations, and microseconds of the processor, of a request; the median of several runs, since other programs disturb.
fn cost(policy: &Policy) -> std::io::Result<(f64, f64)> {
    let runtime = runtime()?;
    let mut allocations = 0.0;
    let mut times: Vec<f64> = (0..15)
        .map(|_| {
            let requests: Vec<_> = (0..ROUNDS).map(|_| policy.request()).collect();
            let (before, start) = (ALLOCATIONS.get(), ThreadTime::now());
            for request in requests {
                policy.serve(&runtime, request);
            }
            let time = start.elapsed();
            allocations = (ALLOCATIONS.get() - before) as f64 / ROUNDS as f64;
            time.as_secs_f64() * 1e6 / ROUNDS as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    Ok((allocations, times[times.len() / 2]))
}

/// Requests per second of the serving thread's processor time, over four connections; the median of several runs.
fn over_the_network(policy: Policy) -> std::io::Result<(&'static str, f64)> {
    let name = policy.name;
    let rounds = ROUNDS * 2;
    let batches: Vec<Vec<Vec<u8>>> = (0..7).map(|_| (0..rounds).map(|_| written(&policy)).collect()).collect();
    let address = serve(policy.router)?;
    let mut rates = Vec::new();
    for requests in batches {
        let before = cpu_time(address)?;
        let threads: Vec<_> = requests
            .chunks(rounds / 4)
            .map(|chunk| {
                let chunk = chunk.to_vec();
                std::thread::spawn(move || send(address, &chunk))
            })
            .collect();
        for thread in threads {
            thread.join().map_err(|_| std::io::Error::other("a client failed"))??;
        }
        rates.push(rounds as f64 / (cpu_time(address)? - before).as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);
    Ok((name, rates[rates.len() / 2]))
}

/// Serves a router, on a thread of its own that also tells its processor time.
fn serve(router: Router) -> std::io::Result<SocketAddr> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || -> std::io::Result<()> {
        runtime()?.block_on(async {
            let micros = || async { ThreadTime::now().as_duration().as_micros().to_string() };
            let listener = tokio::net::TcpListener::from_std(listener)?;
            axum::serve(listener, router.route("/cpu", get(micros))).await
        })
    });
    Ok(address)
}

fn written(policy: &Policy) -> Vec<u8> {
    let request = policy.request();
    let mut text = format!("GET {} HTTP/1.1\r\nhost: localhost\r\n", request.uri());
    for (name, value) in request.headers() {
        text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap_or_default()));
    }
    (text + "\r\n").into_bytes()
}

fn cpu_time(address: SocketAddr) -> std::io::Result<Duration> {
    let bodies = send(address, &[b"GET /cpu HTTP/1.1\r\nhost: localhost\r\n\r\n".to_vec()])?;
    Ok(Duration::from_micros(bodies.trim().parse().map_err(std::io::Error::other)?))
}

/// Sends requests one after the other, and returns the last body.
fn send(address: SocketAddr, requests: &[Vec<u8>]) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut body = Vec::new();
    for request in requests {
        stream.write_all(request)?;
        let (mut length, mut line) = (0, String::new());
        reader.read_line(&mut line)?;
        if !line.contains(" 200 ") {
            return Err(std::io::Error::other(line));
        }
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line)?;
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        body.resize(length, 0);
        reader.read_exact(&mut body)?;
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}
