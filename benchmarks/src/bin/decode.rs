//! Decodes one answer many times, for a profiler: `decode introspection|authorization|service ROUNDS`.

use std::hint::black_box;

use authlete_api::{decode, types};
use benchmarks::CALLS;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [call, rounds] = &arguments[..] else { return Err("give a call and the number of rounds".into()) };
    let (_, body) = CALLS.iter().find(|(name, _)| name == call).ok_or("there is no such call")?;
    for _ in 0..rounds.parse()? {
        match call.as_str() {
            "introspection" => drop(black_box(decode::<types::IntrospectionResponse>(body.as_bytes())?)),
            "authorization" => drop(black_box(decode::<types::AuthorizationResponse>(body.as_bytes())?)),
            _ => drop(black_box(decode::<types::Service>(body.as_bytes())?)),
        }
    }
    eprintln!(
        "bytes: introspection {}, authorization {}, service {}",
        size_of::<types::IntrospectionResponse>(), size_of::<types::AuthorizationResponse>(), size_of::<types::Service>()
    );
    Ok(())
}
