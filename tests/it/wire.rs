//! Requests as they are on the wire, byte for byte.

use authlete_api::types::{
    AuthorizationIssueRequest, AuthorizationRequest, ClientAuthorizationUpdateRequest, GrantType, TokenCreateRequest,
};
use authlete_api::{Authlete, Region};
use http::{HeaderName, HeaderValue};

use crate::server::{Server, json};

/// A request of the given head and body, with what every request carries.
fn expected(server: &Server, line: &str, headers: &str, body: &str) -> String {
    let host = server.base_url.trim_start_matches("http://");
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "{line} HTTP/1.1\r\naccept: application/json\r\n{headers}user-agent: authlete-api/{version}\r\nauthorization: Bearer s3cret-token\r\nhost: {host}\r\n{length}\r\n{body}",
        length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) },
    )
}

/// The requests without what the feature `gzip` adds.
fn sent(server: &Server) -> Vec<String> {
    server.requests().into_iter().map(|request| request.replace("accept-encoding: gzip\r\n", "")).collect()
}

const JSON: &str = "content-type: application/json\r\n";

#[tokio::test]
async fn a_post_has_a_json_body_of_the_fields_that_are_set() {
    let server = Server::once(json("200 OK", "{}"));
    let request = AuthorizationRequest::new("response_type=code&client_id=1");
    let _ = server.client().authlete().service("715948317").authorization().process(&request).raw().await.unwrap();
    let body = r#"{"parameters":"response_type=code&client_id=1"}"#;
    let line = "POST /api/715948317/auth/authorization";
    assert_eq!(sent(&server), [expected(&server, line, JSON, body)]);
}

#[tokio::test]
async fn an_absent_list_is_left_out_and_an_empty_one_is_sent() {
    let server = Server::start(vec![json("200 OK", "{}"), json("200 OK", "{}")]);
    let mut request = ClientAuthorizationUpdateRequest::new("john");
    server.client().clients().update_authorizations(2, &request).await.unwrap();
    assert_eq!(server.last_body(), r#"{"subject":"john"}"#);
    request.scopes = Some(Vec::new());
    server.client().clients().update_authorizations(2, &request).await.unwrap();
    assert_eq!(server.last_body(), r#"{"scopes":[],"subject":"john"}"#);
}

#[tokio::test]
async fn numbers_flags_and_lists_of_bodies_keep_their_json_types() {
    let server = Server::start(vec![json("200 OK", "{}"), json("200 OK", "{}")]);
    let mut issue = AuthorizationIssueRequest::new("jane", "a ticket");
    issue.auth_time = Some(1_700_000_000);
    issue.scopes = Some(vec!["openid".to_owned()]);
    let _ = server.client().authorization().issue(&issue).raw().await.unwrap();
    assert_eq!(
        server.last_body(),
        r#"{"authTime":1700000000,"scopes":["openid"],"subject":"jane","ticket":"a ticket"}"#
    );

    let tokens = vec![TokenCreateRequest::new(GrantType::ClientCredentials).client_id(9_007_199_254_740_993)];
    server.client().access_tokens().create_batch(&tokens).dry_run(true).await.unwrap();
    let line = "POST /api/1/auth/token/create/batch?dryRun=true";
    let body = r#"[{"clientId":9007199254740993,"grantType":"CLIENT_CREDENTIALS"}]"#;
    assert_eq!(sent(&server)[1], expected(&server, line, JSON, body));
}

#[tokio::test]
async fn query_parameters_are_escaped_and_absent_ones_left_out() {
    let server = Server::start(vec![json("200 OK", "{}"), json("200 OK", "{}")]);
    let client = server.client();
    client.access_tokens().list().client_identifier("a b&c=d/ä").start(10).end(20).await.unwrap();
    client.access_tokens().list().await.unwrap();
    let lines = [
        "GET /api/1/auth/token/get/list?clientIdentifier=a+b%26c%3Dd%2F%C3%A4&start=10&end=20",
        "GET /api/1/auth/token/get/list",
    ];
    assert_eq!(sent(&server), lines.map(|line| expected(&server, line, "", "")));
}

#[tokio::test]
async fn a_path_parameter_stays_within_its_segment() {
    let server = Server::once(json("200 OK", "{}"));
    let subject = "acct:j%/../../x?y#z ä";
    server.client().clients().list_authorized_by_subject(subject).await.unwrap();
    let line = "GET /api/1/client/authorization/get/list/acct%3Aj%25%2F..%2F..%2Fx%3Fy%23z%20%C3%A4";
    assert_eq!(sent(&server), [expected(&server, line, "", "")]);
}

#[tokio::test]
async fn a_delete_has_no_body() {
    let server = Server::once(crate::server::full("204 No Content", &[], ""));
    server.client().clients().delete(12).await.unwrap();
    let request = sent(&server).remove(0);
    assert!(request.starts_with("DELETE /api/1/client/delete/12 HTTP/1.1\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n") && !request.contains("content-"), "{request}");
    assert!(request.contains("authorization: Bearer s3cret-token\r\n"), "{request}");
}

#[tokio::test]
async fn the_path_of_a_base_url_stands_before_the_operations() {
    let server = Server::start(vec![json("200 OK", "{}"), json("200 OK", "{}")]);
    for base_url in ["/stage/one", "/stage/one/"] {
        let base_url = format!("{}{base_url}", server.base_url);
        let client = Authlete::builder().base_url(base_url).service_token(1, "t").build_service().unwrap();
        client.get().await.unwrap();
    }
    for request in sent(&server) {
        assert!(request.starts_with("GET /stage/one/api/1/service/get HTTP/1.1\r\n"), "{request}");
    }
    assert_eq!(sent(&server).len(), 2);
}

#[tokio::test]
async fn a_header_of_a_call_is_added() {
    let server = Server::once(json("200 OK", "{}"));
    let client = server.client();
    let trace = HeaderValue::from_static("00-1-2-01");
    client.get().header(HeaderName::from_static("traceparent"), trace).await.unwrap();
    let request = sent(&server).remove(0);
    assert!(request.contains("traceparent: 00-1-2-01\r\n"), "{request}");
}

#[test]
fn the_regions_are_the_servers_of_the_description() {
    let description = crate::sample::Description::read();
    let servers = description.0["servers"].as_array().into_iter().flatten();
    let mut urls: Vec<_> = servers.filter_map(|server| server["url"].as_str()).collect();
    urls.sort_unstable();
    let mut regions = [Region::Us, Region::Jp, Region::Eu, Region::Br].map(Region::base_url);
    regions.sort_unstable();
    assert_eq!(urls, regions);
}
