//! Mutated bodies into every type, and into the errors of calls.

use std::sync::{Arc, Mutex};

use authlete_api::layers::RetryPolicy;
use authlete_api::types::{AuthorizationRequest, IntrospectionRequest};
use authlete_api::{Authlete, AuthleteService, BoxFuture, Error, Operation, Transport, TransportError};
use bytes::Bytes;
use http::{Request, Response};

use super::{cases, mutate};
use crate::redaction::every_struct;
use crate::sample::Description;

/// What every string of a sample has in it that must not be printed; mutations may cut off the rest.
const SECRET: &str = "s3cret";

fn assert_hidden(printed: &str, marks: &[&str], name: &str, body: &[u8]) {
    for mark in marks {
        assert!(!printed.contains(mark), "{name} prints {mark}: {printed}\n{}", body.escape_ascii());
    }
}

#[test]
fn of_every_type() {
    let description = Description::read();
    let mut decoded = 0;
    let mut tried = 0;
    for mut case in cases(20) {
        for (name, debugged) in every_struct() {
            let mut value = description.sample(name, case.rng.usize(..3));
            for _ in 0..case.rng.usize(1..4) {
                mutate::value(&mut case.rng, &mut value);
            }
            let body = mutate::written(&mut case.rng, &value);
            tried += 1;
            match debugged(&body) {
                Ok(printed) => {
                    decoded += 1;
                    assert_hidden(&printed, &[SECRET], name, &body);
                }
                // No value at all stands in an error.
                Err(error) => assert_hidden(&format!("{error} {error:?}"), &[SECRET, "public!"], name, &body),
            }
        }
    }
    println!("{tried} bodies, of which {decoded} were decoded");
    assert!(decoded > tried / 10 && decoded < tried, "{decoded} of {tried}: the mutations are too many or too few");
}

/// Responds with what is put into it.
#[derive(Clone)]
struct Canned(Arc<Mutex<Response<Bytes>>>);

impl Transport for Canned {
    fn send<'a>(
        &'a self,
        _: Request<Bytes>,
        _: &'static Operation,
    ) -> BoxFuture<'a, Result<Response<Bytes>, TransportError>> {
        let response = self.0.lock().unwrap().clone();
        Box::pin(async { Ok(response) })
    }
}

/// Makes the call of this number, whose response is of the type named.
async fn call(service: &AuthleteService, number: usize) -> Result<(), Error> {
    match number {
        0 => service.get().await.map(drop),
        1 => service.clients().get(1).await.map(drop),
        2 => service.authorization().process(AuthorizationRequest::new("a=b")).raw().await.map(drop),
        3 => service.introspection().process(IntrospectionRequest::new("token")).raw().await.map(drop),
        _ => service.clients().list().await.map(drop),
    }
}

const RESPONSES: [&str; 5] =
    ["Service", "OAuthClient", "AuthorizationResponse", "IntrospectionResponse", "ClientGetListResponse"];

#[tokio::test]
async fn of_calls_that_fail() {
    let canned = Canned(Arc::default());
    let builder = Authlete::builder().base_url("http://127.0.0.1:1").service_token(1, "t").retry(RetryPolicy::off());
    let service = builder.transport(canned.clone()).build_service().unwrap();
    let description = Description::read();
    let samples = RESPONSES.map(|name| description.sample(name, 2));
    let mut failed = 0;
    for mut case in cases(500) {
        let number = case.rng.usize(..RESPONSES.len());
        let mut value = samples[number].clone();
        for _ in 0..case.rng.usize(1..4) {
            mutate::value(&mut case.rng, &mut value);
        }
        let body = mutate::written(&mut case.rng, &value);
        let status = [200, 200, 200, 201, 204, 302, 400, 401, 404, 429, 500, 503][case.rng.usize(..12)];
        let response = Response::builder().status(status).body(Bytes::from(body.clone()));
        *canned.0.lock().unwrap() = response.unwrap();
        let Err(error) = call(&service, number).await else { continue };
        failed += 1;
        let mut printed = format!("{error} {error:?} {error:#?}");
        let mut source = std::error::Error::source(&error);
        while let Some(error) = source {
            printed.push_str(&format!(" {error} {error:?}"));
            source = error.source();
        }
        assert_hidden(&printed, &[SECRET], RESPONSES[number], &body);
        assert!(printed.len() < 10_000, "an error of {} characters\n{}", printed.len(), body.escape_ascii());
        if status == 200 {
            assert_hidden(&printed, &["public!"], RESPONSES[number], &body);
        }
    }
    assert!(failed > 0, "no call failed");
}
