//! Mutated input: bodies for every type, requests to every operation of the emulator, and descriptions for the generator.
//!
//! The inputs are valid ones with a few changes, since random bytes and random values rarely come past the first check. Crates
//! that make values from types (proptest, arbitrary, bolero) do not change a given JSON document, and coverage-guided fuzzing
//! needs a nightly compiler; so the changes are made here, by the numbers of [`fastrand`], which a seed repeats.
//!
//! As normal tests these take a fixed number of cases. `FUZZ_SECONDS=60` makes cases for that long from a random seed, and
//! `FUZZ_SEED` repeats the case of a failure, which prints it; together, they begin with that seed. `.ci/fuzz` is the long form.

mod bodies;
mod descriptions;
mod mutate;
mod requests;

use std::env;
use std::time::{Duration, Instant};

use fastrand::Rng;

/// One case: the numbers that it is made by.
struct Case {
    seed: u64,
    rng: Rng,
}

impl Case {
    fn new(seed: u64) -> Self {
        Self { seed, rng: Rng::with_seed(seed) }
    }
}

impl Drop for Case {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("FUZZ_SEED={} repeats this case", self.seed);
        }
    }
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name} has to be a number")))
}

/// The cases to try: this many, unless the environment says otherwise.
fn cases(count: u64) -> impl Iterator<Item = Case> {
    let (seed, seconds) = (number("FUZZ_SEED"), number("FUZZ_SECONDS"));
    let first = seed.unwrap_or_else(|| if seconds.is_some() { fastrand::u64(..) } else { 1 });
    let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let count = match (seed, seconds) {
        (_, Some(_)) => u64::MAX,
        (Some(_), None) => 1,
        (None, None) => count,
    };
    println!("the first seed is {first}");
    (0..count)
        .take_while(move |_| end.is_none_or(|end| Instant::now() < end))
        .map(move |number| Case::new(first.wrapping_add(number)))
}
