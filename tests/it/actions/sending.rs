//! Steps that are sent: what they answer, and that a step which did not arrive is given back.

use authlete_api::actions::{AuthorizationAction, AuthorizationInteraction, AuthorizationNext, IntoAction};
use authlete_api::types::AuthorizationResponse;
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
