//! Steps that are sent: what they answer, and that a step which did not arrive is given back.

use authlete_api::actions::{AuthorizationAction, AuthorizationInteraction, AuthorizationNext, IntoAction, TokenNext};
use authlete_api::types::{self, AuthorizationResponse};
use authlete_api::{
    Authlete, AuthleteService, BoxFuture, Operation, Reply, Transport, TransportError, TransportErrorKind,
};
use bytes::Bytes;

use super::SECRET;

/// Answers every call with the same, or not at all.
struct Same(Result<(u16, &'static str), TransportErrorKind>);

impl Transport for Same {
    fn send<'a>(
        &'a self,
        _: http::Request<Bytes>,
        _: &'static Operation,
    ) -> BoxFuture<'a, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(async {
            let (status, body) = self.0.map_err(|kind| TransportError::new(kind, "a test"))?;
            let mut response = http::Response::new(Bytes::from_static(body.as_bytes()));
            *response.status_mut() = http::StatusCode::from_u16(status).expect("a status");
            Ok(response)
        })
    }
}

fn service(answer: Result<(u16, &'static str), TransportErrorKind>) -> AuthleteService {
    let builder = Authlete::builder().base_url("http://127.0.0.1").service_token(1, "t");
    builder.transport(Same(answer)).build_service().expect("a service")
}

fn interaction() -> AuthorizationInteraction {
    let response = format!(r#"{{"action":"INTERACTION","ticket":"{SECRET}"}}"#);
    let response: AuthorizationResponse = serde_json::from_str(&response).expect("the response has its type");
    match response.into_action() {
        AuthorizationAction::Interaction(step) => step,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_step_is_sent_and_its_answer_read() {
    let service = service(Ok((200, r#"{"action":"LOCATION","responseContent":"https://client.example/"}"#)));
    let reply = interaction().issue("ada").send(&service).await.expect("it arrives").into_reply();
    assert_eq!(reply.status(), 302);
    assert_eq!(reply.headers()["location"], "https://client.example/");
}

#[tokio::test]
async fn a_step_that_surely_did_not_arrive_comes_back() {
    let unsent = interaction().issue("ada").send(&service(Err(TransportErrorKind::Connect))).await;
    let unsent = unsent.expect_err("nobody is there");
    assert!(!format!("{unsent:?} {unsent}").contains(SECRET));
    let step = unsent.step.expect("the step comes back");
    assert_eq!((step.ticket.as_str(), step.subject.as_str()), (SECRET, "ada"));

    for answer in
        [Err(TransportErrorKind::Timeout), Err(TransportErrorKind::Interrupted), Ok((500, "{}")), Ok((200, "["))]
    {
        let unsent = interaction().issue("ada").send(&service(answer)).await.expect_err("it fails");
        assert!(unsent.step.is_none(), "{answer:?}");
        let reply = Reply::from(unsent);
        assert_eq!((reply.status().as_u16(), &reply.body()[..]), (500, &br#"{"error":"server_error"}"#[..]));
        assert!(std::error::Error::source(&reply).is_some());
    }
}

#[tokio::test]
async fn a_question_mark_ends_a_handler() {
    async fn handler(service: &AuthleteService) -> Result<Reply, Reply> {
        match service.authorization().process("").await?.proceed()? {
            AuthorizationNext::Interaction(step) => Ok(step.issue("ada").send(service).await?.into_reply()),
            AuthorizationNext::NoInteraction(step) => Ok(step.fail("DENIED").send(service).await?.into_reply()),
        }
    }
    let refused = service(Ok((200, r#"{"action":"BAD_REQUEST","responseContent":"{}"}"#)));
    assert_eq!(handler(&refused).await.expect_err("an answer").status(), 400);
    let failing = service(Ok((403, r#"{"resultCode":"A1","resultMessage":"no"}"#)));
    assert_eq!(handler(&failing).await.expect_err("an answer").status(), 500);
}

// RFC 9449 8.2, and OAuth 2.0 Attestation-Based Client Authentication: they go with whatever answers the client's request.
#[tokio::test]
async fn headers_of_the_first_call_survive_a_second_that_fails() {
    for failure in [Err(TransportErrorKind::Connect), Err(TransportErrorKind::Timeout), Ok((500, "{}")), Ok((200, "["))]
    {
        let first = r#"{"action":"PASSWORD","ticket":"t","dpopNonce":"n","attestationChallenge":"c"}"#;
        let first: types::TokenResponse = serde_json::from_str(first).expect("the response has its type");
        let Ok(TokenNext::Password(step)) = first.into_action().proceed() else { panic!("another action") };
        let failed = step.issue("ada").send(&service(failure)).await.expect_err("it fails");
        let reply = Reply::from(failed);
        assert_eq!((reply.status().as_u16(), &reply.body()[..]), (500, &br#"{"error":"server_error"}"#[..]));
        assert_eq!(reply.headers()["dpop-nonce"], "n");
        assert_eq!(reply.headers()["oauth-client-attestation-challenge"], "c");
    }
}

// RFC 6750 3.1, and RFC 9449 7.1
#[tokio::test]
async fn a_challenge_follows_from_what_the_client_sent() {
    let unauthorized = || service(Ok((200, r#"{"action":"UNAUTHORIZED","responseContent":"{}"}"#)));
    for (token, challenge) in [("rat", r#"Bearer error="invalid_token""#), ("", "Bearer")] {
        let service = unauthorized();
        let get = service.registration().get(types::ClientRegistrationGetRequest::new("1", token)).await;
        let update = service.registration().update(types::ClientRegistrationUpdateRequest::new("1", "{}", token)).await;
        let delete = service.registration().delete(types::ClientRegistrationDeleteRequest::new("1", token)).await;
        for reply in [get.map(Reply::from), update.map(Reply::from), delete.map(Reply::from)] {
            let reply = reply.expect("an answer");
            assert_eq!(
                (reply.status().as_u16(), &reply.headers()["www-authenticate"]),
                (401, &challenge.parse().expect("a value"))
            );
        }
    }
    let silent = || service(Ok((200, r#"{"action":"UNAUTHORIZED"}"#)));
    for (proof, challenge) in [(None, "Bearer"), (Some("eyJ.eyJ.sig"), "DPoP")] {
        let mut request = types::UserInfoRequest::new("at");
        request.dpop = proof.map(str::to_owned);
        let reply = silent().userinfo().process(request).await.expect("an answer").proceed().expect_err("a refusal");
        assert_eq!(reply.headers()["www-authenticate"], challenge);
    }
}
