//! The limit of calls that instances share.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use authlete_resource_server::shared::redis::RedisStore;

use crate::redis_server::RedisServer;

/// Four instances want as many calls as they can get.
pub(crate) async fn no_second_has_more_calls_than_the_limit() {
    let redis = RedisServer::start().await;
    let began = Instant::now();
    // From when to when a call was granted: the moment itself lies between.
    let granted: Arc<Mutex<Vec<(Instant, Instant)>>> = Arc::default();
    let workers: Vec<_> = (0..4)
        .map(|_| RedisStore::connect(&redis.url(), 1).unwrap())
        .flat_map(|store| [store.rate_limiter(100), store.rate_limiter(100)])
        .map(|limiter| {
            let granted = Arc::clone(&granted);
            tokio::spawn(async move {
                while began.elapsed() < Duration::from_secs(3) {
                    let asked = Instant::now();
                    match limiter.acquire().await {
                        Ok(None) => granted.lock().unwrap().push((asked, Instant::now())),
                        Ok(Some(wait)) => tokio::time::sleep(wait).await,
                        // A machine that is busy may be slower than a command may take: that grants nothing.
                        Err(_) => tokio::task::yield_now().await,
                    }
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    let granted = granted.lock().unwrap().clone();
    let second = Duration::from_secs(1);
    let within = |start: Instant| granted.iter().filter(|(from, to)| *from >= start && *to < start + second).count();
    let most = granted.iter().map(|(start, _)| within(*start)).max().unwrap_or_default();
    println!("limit of 100 a second, four instances: {} in {:.2?}, {most} in a second", granted.len(), began.elapsed());
    assert!(most <= 100, "{most} calls in a second");
    assert!(granted.len() >= 100, "the limit lets through what it allows: {}", granted.len());
}

pub(crate) async fn the_limit_holds_while_redis_goes_and_comes_back() {
    let mut redis = RedisServer::start().await;
    let began = Instant::now();
    let granted: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let workers: Vec<_> = (0..4)
        .map(|_| RedisStore::connect(&redis.url(), 1).unwrap().rate_limiter(100).fallback(20))
        .flat_map(|limiter| [limiter.clone(), limiter])
        .map(|limiter| {
            let granted = Arc::clone(&granted);
            tokio::spawn(async move {
                while began.elapsed() < Duration::from_secs(5) {
                    limiter.wait().await;
                    granted.lock().unwrap().push(began.elapsed());
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    redis.kill().await;
    let killed = began.elapsed();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    redis.restart().await;
    let restarted = began.elapsed();
    for worker in workers {
        worker.await.unwrap();
    }
    let (granted, seconds) = (granted.lock().unwrap().clone(), began.elapsed().as_secs_f64());
    let alone = granted.iter().filter(|at| (killed..restarted).contains(*at)).count();
    println!("the same with Redis away for a while: {} in {seconds:.2} s, {alone} of them without it", granted.len());
    assert!((granted.len() as f64) <= 100.0 * seconds, "{} in {seconds} s", granted.len());
    assert!(alone >= 20, "without Redis instances go on by themselves: {alone}");
    let after = granted.iter().filter(|at| **at > restarted + Duration::from_secs(1)).count();
    assert!(after >= 20, "and with it again when it is back: {after}");
}
