//! Makes one call many times, for a profiler: `profile ours|progenitor|reqwest introspection|authorization|service ROUNDS`.

use benchmarks::{Server, by_progenitor, by_reqwest, by_us, runtime};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [way, call, rounds] = &arguments[..] else {
        return Err("give a way, a call and the number of rounds".into());
    };
    let server = Server::start()?;
    let contestant = match way.as_str() {
        "ours" => by_us(server.base_url()),
        "progenitor" => by_progenitor(server.base_url()),
        "reqwest" => by_reqwest(server.base_url()),
        other => return Err(format!("there is no way called {other}").into()),
    };
    let runtime = runtime()?;
    for _ in 0..rounds.parse()? {
        contestant(&runtime, call);
    }
    Ok(())
}
