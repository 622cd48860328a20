//! The processor time of a request under each policy. Only the time of the thread that serves counts: neither Authlete's
//! stand-in, nor making the request.

use std::time::Duration;

use benchmarks::{Server, policies, runtime};
use cpu_time::ThreadTime;
use criterion::{Criterion, criterion_group, criterion_main};

fn all(criterion: &mut Criterion) {
    let server = Server::start().expect("a port");
    let runtime = runtime().expect("a runtime");
    let mut group = criterion.benchmark_group("policies");
    for policy in policies(server.base_url()) {
        group.bench_function(policy.name, |bencher| {
            bencher.iter_custom(|rounds| {
                let mut total = Duration::ZERO;
                let mut left = rounds;
                while left > 0 {
                    // A batch, so that reading the clock does not count.
                    let batch = left.min(64);
                    let requests: Vec<_> = (0..batch).map(|_| policy.request()).collect();
                    let start = ThreadTime::now();
                    for request in requests {
                        policy.serve(&runtime, request);
                    }
                    total += start.elapsed();
                    left -= batch;
                }
                total
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(5)).sample_size(50);
    targets = all
}
criterion_main!(benches);
