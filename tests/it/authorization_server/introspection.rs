//! The introspection endpoint: in the form that the resource server accepts (RFC 9110 12.5.1), and never a failure of the
//! server for what the server lacks.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::attacks::{client, header};
use super::endpoints::text;
use super::{URL, World};

const JWT: &str = "application/token-introspection+jwt";

impl World {
    async fn introspect(&self, accept: &str, token: &str) -> http::Response<String> {
        let (id, secret) = &self.resource_server;
        let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        let mut headers = vec![("authorization", &*basic), ("content-type", "application/x-www-form-urlencoded")];
        if !accept.is_empty() {
            headers.push(("accept", accept));
        }
        self.send("POST", "/introspect", &headers, &format!("token={token}")).await
    }

    async fn token_of_ada(&self) -> String {
        let web = self.register(client("Web")).await;
        let code = self.code(&web, &[]).await;
        text(&self.exchange(&web, &code, &[]).await.1, "access_token").to_owned()
    }
}

#[tokio::test]
async fn the_form_is_the_one_that_is_accepted() {
    let world = World::start().await;
    let token = world.token_of_ada().await;
    for (accept, kind) in [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        (JWT, JWT),
        (&*format!("{JWT};q=0, application/json"), "application/json"),
        (&format!("{JWT};q=0"), "application/json"),
        ("application/json; charset=utf-8", "application/json"),
        ("text/html", "application/json"),
        (&format!("{JWT};q=0.5, application/json"), "application/json"),
        (&format!("application/json;q=0.5, {JWT}"), JWT),
    ] {
        let answer = world.introspect(accept, &token).await;
        assert_eq!(answer.status(), 200, "{accept}: {answer:?}");
        assert!(header(&answer, "content-type").starts_with(kind), "{accept}: {answer:?}");
        let told = match kind == JWT {
            true => {
                let payload = answer.body().split('.').nth(1).unwrap();
                let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
                let claims: Value = serde_json::from_slice(&payload).unwrap();
                assert_eq!((&claims["iss"], &claims["aud"]), (&json!(URL), &json!("resource-server")));
                claims["token_introspection"].clone()
            }
            false => serde_json::from_str(answer.body()).unwrap(),
        };
        assert_eq!((&told["active"], &told["sub"]), (&json!(true), &json!("1001")), "{accept}: {told}");
    }
    for accept in ["application/json;q=0", &format!("{JWT};q=0, application/json;q=0")] {
        let answer = world.introspect(accept, &token).await;
        assert_eq!(answer.status(), 406, "{accept}: {answer:?}");
        assert!(header(&answer, "cache-control").contains("no-store"), "{accept}: {answer:?}");
    }
}

#[tokio::test]
async fn a_service_that_makes_no_jwts_answers_in_json_or_says_so() {
    let world = World::start().await;
    let token = world.token_of_ada().await;
    // Without a key to sign with, or an issuer to name, there is no JWT.
    world.demo.service.modify(|service: &mut authlete_api::types::Service| service.issuer = None).await.unwrap();
    let answer = world.introspect(&format!("{JWT}, application/json;q=0.1"), &token).await;
    assert_eq!(answer.status(), 200, "{answer:?}");
    assert!(header(&answer, "content-type").starts_with("application/json"), "{answer:?}");
    let answer = world.introspect(JWT, &token).await;
    assert_eq!(answer.status(), 406, "{answer:?}");
}
