//! What is read and sent back loses nothing, and a newer server breaks nothing.

use authlete_api::types::{AuthorizationResponseAction, OAuthClient, Service};
use serde_json::{Value, json};

use crate::sample::Description;
use crate::server::{Server, json as answer};

#[tokio::test]
async fn a_service_is_updated_without_losing_what_we_do_not_know() {
    let sample = Description::read().sample("Service", 8);
    // The sample has unknown fields at every level; these are but three of them.
    for pointer in
        ["/aFieldOfTomorrow", "/supportedScopes/0/aFieldOfTomorrow", "/supportedScopes/0/attributes/0/aFieldOfTomorrow"]
    {
        assert!(sample.pointer(pointer).is_some(), "{pointer}: {sample}");
    }
    let server = Server::start(vec![answer("200 OK", &sample.to_string()), answer("200 OK", &sample.to_string())]);
    let client = server.client();
    let mut service: Service = client.get().await.unwrap().into_inner();
    service.service_name = Some("Another name".to_owned());
    let answered = client.update(&service).await.unwrap();

    let mut expected = sample.clone();
    expected["serviceName"] = json!("Another name");
    assert_eq!(sent(&server), expected);
    assert_eq!(serde_json::to_value(&*answered).unwrap(), sample);
}

#[tokio::test]
async fn a_client_is_updated_without_losing_what_we_do_not_know() {
    let sample = Description::read().sample("OAuthClient", 8);
    for pointer in ["/aFieldOfTomorrow", "/extension/aFieldOfTomorrow", "/attributes/0/aFieldOfTomorrow"] {
        assert!(sample.pointer(pointer).is_some(), "{pointer}: {sample}");
    }
    let server = Server::start(vec![answer("200 OK", &sample.to_string()), answer("200 OK", &sample.to_string())]);
    let client = server.client();
    let mut oauth_client: OAuthClient = client.clients().get(2).await.unwrap().into_inner();
    oauth_client.client_name = None;
    client.clients().update(2, &oauth_client).await.unwrap();

    let mut expected = sample;
    expected.as_object_mut().unwrap().remove("clientName");
    assert_eq!(sent(&server), expected);
}

/// The body of the last request, as JSON.
fn sent(server: &Server) -> Value {
    serde_json::from_str(&server.last_body()).expect("the client sends JSON")
}

#[test]
fn everything_within_a_service_and_a_client_keeps_unknown_fields() {
    fn forgetful(value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            // What the sample made for an unknown field is no component.
            Value::Object(map) if !path.ends_with("aFieldOfTomorrow") => {
                if !map.contains_key("aFieldOfTomorrow") {
                    found.push(path.to_owned());
                }
                map.iter().for_each(|(key, value)| forgetful(value, &format!("{path}/{key}"), found));
            }
            Value::Array(items) if !path.ends_with("aFieldOfTomorrow") => {
                items.iter().for_each(|item| forgetful(item, path, found));
            }
            _ => {}
        }
    }
    let description = Description::read();
    let mut found = Vec::new();
    for name in ["Service", "OAuthClient"] {
        forgetful(&description.sample(name, 8), name, &mut found);
    }
    assert_eq!(found, Vec::<String>::new());
}

#[tokio::test]
async fn an_enum_value_of_tomorrow_is_kept_and_sent_back() {
    let body = r#"{"applicationType":"HOLOGRAM","grantTypes":["AUTHORIZATION_CODE","TELEPATHY"]}"#;
    let server = Server::start(vec![answer("200 OK", body), answer("200 OK", body)]);
    let client = server.client();
    let oauth_client = client.clients().get(2).await.unwrap().into_inner();
    client.clients().update(2, &oauth_client).await.unwrap();
    assert_eq!(server.last_body(), body);

    let server = Server::once(answer("200 OK", r#"{"action":"ASK_THE_ORACLE","ticket":"t"}"#));
    let request = authlete_api::types::AuthorizationRequest::new("client_id=1");
    let response = server.client().authorization().process(&request).raw().await.unwrap();
    assert_eq!(response.action, Some(AuthorizationResponseAction::Unknown("ASK_THE_ORACLE".to_owned())));
    assert_eq!(response.ticket, Some("t".into()));
}

#[tokio::test]
async fn an_answer_with_nulls_and_texts_for_numbers_is_read() {
    let body =
        r#"{"scopeDetails":[null],"scopes":null,"expiresAt":"1700000000000","clientId":7,"subject":42,"action":null}"#;
    let server = Server::once(answer("200 OK", body));
    let request = authlete_api::types::IntrospectionRequest::new("a token");
    let response = server.client().introspection().process(&request).raw().await.unwrap();
    assert_eq!(response.scope_details.as_ref().map(Vec::len), Some(0));
    assert_eq!((&response.scopes, &response.action), (&None, &None));
    assert_eq!((response.expires_at, response.client_id), (Some(1_700_000_000_000), Some(7)));
    assert_eq!(response.subject.as_deref(), Some("42"));
}

#[test]
fn what_is_unknown_and_not_kept_need_not_be_readable() {
    let body = br#"{"action":"NO_INTERACTION","ofTomorrow":1e999}"#;
    let response: authlete_api::types::AuthorizationResponse = authlete_api::decode(body).unwrap();
    assert_eq!(response.action, Some(AuthorizationResponseAction::NoInteraction));
}
