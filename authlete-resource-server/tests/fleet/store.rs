//! What instances tell one another over Redis, whatever fails on the way.

use std::time::{Duration, Instant};

use authlete_resource_server::shared::SharedStore as _;
use authlete_resource_server::shared::redis::RedisStore;
use authlete_resource_server::{Revocation, Revocations};

use crate::redis_server::RedisServer;

/// An instance: its store, and what it knows.
struct Instance {
    store: RedisStore,
    known: Revocations,
}

impl Instance {
    fn new(redis: &RedisServer) -> Self {
        Self { store: RedisStore::connect(&redis.url(), 1).unwrap(), known: Revocations::default() }
    }

    async fn follow(self) -> Self {
        tokio::spawn(self.store.watch(self.known.clone()));
        until("it is connected", || self.store.is_connected()).await;
        self
    }

    fn knows(&self, revocation: &Revocation) -> bool {
        self.known.all().contains(revocation)
    }
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(10), "not within ten seconds: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn connection(redis: &RedisServer) -> redis::aio::MultiplexedConnection {
    redis::Client::open(redis.url()).unwrap().get_multiplexed_async_connection().await.unwrap()
}

pub(crate) async fn what_a_command_could_not_tell_is_told_later() {
    let redis = RedisServer::start().await;
    let (one, other) = (Instance::new(&redis).follow().await, Instance::new(&redis).follow().await);
    let mut admin = connection(&redis).await;
    let mut scripts = async |rights: &str| {
        let mut command = redis::cmd("ACL");
        command.arg("SETUSER").arg("default").arg(format!("{rights}eval")).arg(format!("{rights}evalsha"));
        command.exec_async(&mut admin).await.unwrap();
    };
    scripts("-").await;
    let revocation = Revocation::token("token");
    one.known.add(revocation.clone());
    assert!(one.store.revoke(&revocation).await.is_err());
    assert!(one.store.forget_all().await.is_err());
    assert!(!other.knows(&revocation));
    scripts("+").await;
    until("the other knows the revocation", || other.knows(&revocation)).await;
    until("the other has forgotten everything", || other.known.generation() == 1).await;
}

pub(crate) async fn events_that_the_stream_dropped_are_not_missed() {
    let redis = RedisServer::start().await;
    let instance = Instance::new(&redis).follow().await;
    let mut connection = connection(&redis).await;
    let (seen, dropped) = (Revocation::token("seen"), Revocation::token("dropped"));
    let text = |revocation: &Revocation| serde_json::to_string(revocation).unwrap();
    let (revoked, events) = ("authlete:{1}:revoked", "authlete:{1}:events");
    let add = |pipeline: &mut redis::Pipeline, revocation: &Revocation| {
        pipeline.cmd("ZADD").arg(revoked).arg(u32::MAX).arg(text(revocation)).ignore();
        pipeline.cmd("XADD").arg(events).arg("*").arg("revocation").arg(text(revocation)).ignore();
    };
    let mut first = redis::pipe();
    add(&mut first, &seen);
    first.exec_async(&mut connection).await.unwrap();
    until("the first event is seen", || instance.knows(&seen)).await;
    // All at once, so that the event of the second is gone before the instance can read it.
    let mut second = redis::pipe();
    second.atomic();
    add(&mut second, &dropped);
    second.cmd("XADD").arg(events).arg("*").arg("another").arg("event").ignore();
    second.cmd("XTRIM").arg(events).arg("MAXLEN").arg(1).ignore();
    second.exec_async(&mut connection).await.unwrap();
    until("the second is known all the same", || instance.knows(&dropped)).await;
}

pub(crate) async fn what_was_forgotten_before_there_was_a_connection_is_told() {
    let redis = RedisServer::start().await;
    let old = Instance::new(&redis).follow().await;
    for _ in 0..5 {
        old.store.forget_all().await.unwrap();
    }
    until("the generation is known", || old.known.generation() == 5).await;
    let new = Instance::new(&redis);
    assert!(new.store.forget_all().await.is_err(), "it is not connected yet");
    let new = new.follow().await;
    until("the old instance forgets", || old.known.generation() == 6).await;
    assert_eq!((new.known.generation(), new.store.generation()), (6, 6));
}

pub(crate) async fn a_newer_generation_of_an_instance_reaches_the_others() {
    let redis = RedisServer::start().await;
    let one = Instance::new(&redis).follow().await;
    // It was cut off from a server that has since lost its data.
    let other = Instance::new(&redis);
    other.known.set_generation(9);
    other.follow().await;
    until("the generation travels", || one.known.generation() == 9).await;
}
