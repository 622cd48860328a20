//! The processor time of a call, by each way. Only the calling thread's time counts: not the server's, not waiting.

use std::hint::black_box;
use std::time::Duration;

use benchmarks::{CALLS, Contestant, Server, by_progenitor, by_reqwest, by_us, runtime};
use cpu_time::ThreadTime;
use criterion::{Criterion, criterion_group, criterion_main};

fn calls(criterion: &mut Criterion) {
    let server = Server::start().expect("a port");
    let runtime = runtime().expect("a runtime");
    let contestants: [(&str, Contestant); 3] = [
        ("ours", by_us(server.base_url())),
        ("progenitor", by_progenitor(server.base_url())),
        ("reqwest", by_reqwest(server.base_url())),
    ];
    for (call, _) in CALLS {
        let mut group = criterion.benchmark_group(call);
        for (name, contestant) in &contestants {
            group.bench_function(*name, |bencher| {
                bencher.iter_custom(|rounds| {
                    let start = ThreadTime::now();
                    for _ in 0..rounds {
                        contestant(&runtime, black_box(call));
                    }
                    start.elapsed()
                });
            });
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(10)).sample_size(50);
    targets = calls
}
criterion_main!(benches);
