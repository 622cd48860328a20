//! Prints how often a call allocates, by each way, once connections are there.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use benchmarks::{CALLS, Contestant, Server, by_progenitor, by_reqwest, by_us, runtime};

thread_local! {
    /// Of this thread alone: the server's do not count.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(pointer, layout, size) }
    }
}

fn count() {
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
}

#[global_allocator]
static COUNTING: Counting = Counting;

const ROUNDS: u64 = 1000;

fn main() -> std::io::Result<()> {
    let server = Server::start()?;
    let runtime = runtime()?;
    let contestants: [(&str, Contestant); 3] = [
        ("ours", by_us(server.base_url())),
        ("progenitor", by_progenitor(server.base_url())),
        ("reqwest", by_reqwest(server.base_url())),
    ];
    println!("{:<15}{:>12}{:>12}{:>12}", "allocations", "ours", "progenitor", "reqwest");
    for (call, _) in CALLS {
        print!("{call:<15}");
        for (_, contestant) in &contestants {
            for _ in 0..ROUNDS / 10 {
                contestant(&runtime, call);
            }
            let before = ALLOCATIONS.get();
            for _ in 0..ROUNDS {
                contestant(&runtime, call);
            }
            print!("{:>12.1}", (ALLOCATIONS.get() - before) as f64 / ROUNDS as f64);
        }
        println!();
    }
    Ok(())
}
