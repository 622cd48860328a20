//! Notifications of clients (CIBA), as a client's endpoint sees them.

use authlete_api::actions::{
    BackchannelAuthenticationCompleteAction, BackchannelAuthenticationCompleteNotification, IntoAction,
    NotificationError, NotificationSender,
};
use authlete_api::types::BackchannelAuthenticationCompleteResponse;
use serde_json::json;

use super::SECRET;
use crate::server::{Answer, Server, full, json};

fn notification(endpoint: &str) -> BackchannelAuthenticationCompleteNotification {
    let response = json!({
        "action": "NOTIFICATION", "clientNotificationEndpoint": endpoint, "clientNotificationToken": SECRET,
        "responseContent": format!("{{\"auth_req_id\":\"{SECRET}\"}}"),
    });
    let response: BackchannelAuthenticationCompleteResponse = serde_json::from_value(response).unwrap();
    match response.into_action() {
        BackchannelAuthenticationCompleteAction::Notification(notification) => notification,
        other => panic!("{other:?}"),
    }
}

async fn sent_to(server: &Server) -> Result<(), NotificationError> {
    let sender = NotificationSender::to_any_address().unwrap();
    sender.send(&notification(&format!("{}/cb", server.base_url))).await
}

#[tokio::test]
async fn it_arrives_with_its_token() {
    for (status, host) in [("204 No Content", "127.0.0.1"), ("200 OK", "localhost")] {
        let mut server = Server::once(json(status, "{}"));
        server.base_url = server.base_url.replace("127.0.0.1", host);
        sent_to(&server).await.unwrap();
        let request = &server.requests()[0];
        assert!(request.starts_with("POST /cb HTTP/1.1\r\n"), "{request}");
        let lower = request.to_ascii_lowercase();
        assert!(lower.contains(&format!("authorization: bearer {}\r\n", SECRET.to_ascii_lowercase())), "{request}");
        assert!(lower.contains("content-type: application/json\r\n"), "{request}");
        assert_eq!(server.last_body(), format!("{{\"auth_req_id\":\"{SECRET}\"}}"));
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::once(json("200 OK", "{}"));
    for status in ["302 Found", "307 Temporary Redirect"] {
        let location = format!("Location: {}/cb", elsewhere.base_url);
        let server = Server::once(full(status, &[&location], ""));
        let error = sent_to(&server).await.unwrap_err();
        assert_eq!(error.status().unwrap().as_str(), &status[..3]);
        assert!(error.to_string().contains("redirects"), "{error}");
        assert_eq!((server.requests().len(), elsewhere.requests().len()), (1, 0));
    }
}

#[tokio::test]
async fn what_goes_wrong_is_told_without_the_token() {
    let broken = Server::once(Answer::Bytes(b"nonsense".to_vec()));
    let refusing = Server::once(json("500 Internal Server Error", SECRET));
    let nobody = format!("http://127.0.0.1:{}/{SECRET}", {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    });
    let sender = NotificationSender::to_any_address().unwrap();
    for (endpoint, complaint) in [
        (refusing.base_url.clone(), "answered 500"),
        (broken.base_url.clone(), "connection broke"),
        (nobody, "no connection"),
        ("no URL".to_owned(), "is not a URL"),
        (format!("http://client.example/{SECRET}"), "not https"),
    ] {
        let error = sender.send(&notification(&endpoint)).await.unwrap_err();
        let mut text = format!("{error} {error:?}");
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            text += &format!(" {error} {error:?}");
            cause = error.source();
        }
        assert!(error.to_string().contains(complaint) && !text.contains(SECRET), "{endpoint}: {text}");
        assert_eq!((error.is_timeout(), error.is_forbidden()), (false, complaint == "not https"), "{text}");
        assert_eq!(std::error::Error::source(&error).is_some(), complaint.contains("connection"), "{text}");
    }
}

#[tokio::test]
async fn a_slow_endpoint_is_given_up() {
    let silent = Server::once(Answer::Silence);
    let client = reqwest::Client::builder().timeout(std::time::Duration::from_millis(100)).build().unwrap();
    let error = NotificationSender::with_client(client).send(&notification(&silent.base_url)).await.unwrap_err();
    assert!(error.is_timeout() && error.to_string().contains("time ran out"), "{error}");
}

#[tokio::test]
async fn nothing_inside_is_reached_unless_allowed() {
    let inside = Server::once(json("200 OK", "{}"));
    let port = inside.base_url.rsplit(':').next().unwrap().to_owned();
    let sender = NotificationSender::new().unwrap();
    for endpoint in [
        inside.base_url.clone(),
        format!("https://127.0.0.1:{port}/"),
        format!("https://localhost:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
    ] {
        let error = sender.send(&notification(&endpoint)).await.unwrap_err();
        assert!(error.is_forbidden(), "{endpoint}: {error}");
    }
    assert!(inside.requests().is_empty());
}
