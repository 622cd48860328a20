//! Arguments and settings beyond the common flows, each with the effect that it has.

use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use crate::keys::{Key, claims};
use crate::world::{World, assert_error, content, parameter};

#[tokio::test]
async fn pairwise_subjects_are_the_same_within_a_sector_alone() {
    let mut world = World::new(json!({}), json!({"subjectType": "PAIRWISE"})).await;
    let mut subjects = Vec::new();
    for redirect in
        ["https://client.example.org/cb/example.com", "https://client.example.org/other", "https://b.example/cb"]
    {
        world.client = world.add_client(json!({"subjectType": "PAIRWISE", "redirectUris": [redirect]})).await;
        let parameters =
            format!("response_type=code&client_id={}&redirect_uri={redirect}&scope=openid", world.client_id());
        let ticket = world.act("/auth/authorization", json!({"parameters": parameters})).await["ticket"].clone();
        let issued = world.act("/auth/authorization/issue", json!({"ticket": ticket, "subject": "john"})).await;
        let code = parameter(&issued, "code").expect("a code");
        let token = world.token(&format!("grant_type=authorization_code&code={code}&redirect_uri={redirect}")).await;
        let id_token = token["idToken"].as_str().expect("an ID token").to_owned();
        let sub = world.verified(&id_token, Algorithm::ES256).await["sub"].clone();
        assert_ne!(sub, "john");
        let userinfo = world.act("/auth/userinfo/issue", json!({"token": token["accessToken"]})).await;
        assert_eq!(content(&userinfo)["sub"], sub);
        // The authorization server knows its own name for the user, also from a hint.
        assert_eq!(world.introspect(&token["accessToken"]).await["subject"], "john");
        let hinted = format!("{parameters}&id_token_hint={id_token}");
        assert_eq!(world.act("/auth/authorization", json!({"parameters": hinted})).await["subject"], "john");
        subjects.push(sub);
    }
    assert_eq!(subjects[0], subjects[1]);
    assert_ne!(subjects[0], subjects[2]);
    let plain = World::plain().await;
    let token = plain.exchange(&plain.code("scope=openid").await).await;
    assert_eq!(claims(token["idToken"].as_str().expect("an ID token"))["sub"], "john");
}

#[tokio::test]
async fn a_logout_token() {
    let service = json!({"backchannelLogoutSupported": true, "backchannelLogoutSessionSupported": true});
    let world = World::new(service, json!({"backchannelLogoutUri": "https://client.example.org/logout"})).await;
    let ask = |body: Value| {
        let world = &world;
        async move { world.act("/backchannel/logout/token", body).await }
    };
    let body = json!({"clientIdentifier": world.client_id(), "subject": "john", "sessionId": "s1"});
    let response = ask(body).await;
    assert_eq!((&response["action"], &response["resultCode"]), (&json!("OK"), &json!("A504001")));
    assert_eq!(response["backchannelLogoutUri"], "https://client.example.org/logout");
    let token = response["logoutToken"].as_str().expect("a token");
    assert_eq!(jsonwebtoken::decode_header(token).expect("a header").typ.as_deref(), Some("logout+jwt"));
    let told = world.verified(token, Algorithm::ES256).await;
    assert_eq!((&told["sub"], &told["sid"], &told["aud"]), (&json!("john"), &json!("s1"), &json!(world.client_id())));
    assert_eq!(told["events"], json!({"http://schemas.openid.net/event/backchannel-logout": {}}));
    assert!(told.get("nonce").is_none() && told["jti"].is_string());
    for wrong in
        [json!({}), json!({"clientIdentifier": world.client_id()}), json!({"clientIdentifier": "1", "subject": "john"})]
    {
        assert_eq!(ask(wrong.clone()).await["action"], "CALLER_ERROR", "{wrong}");
    }
    // The session is in ID tokens, so that the client knows it again.
    let ticket = world.authorize("scope=openid").await["ticket"].clone();
    let body = json!({"ticket": ticket, "subject": "john", "sessionId": "s1"});
    let code = world.act("/auth/authorization/issue", body).await["authorizationCode"].clone();
    let token = world.exchange(code.as_str().expect("a code")).await;
    assert_eq!(claims(token["idToken"].as_str().expect("an ID token"))["sid"], "s1");
    let demanding = World::new(json!({}), json!({"backchannelLogoutSessionRequired": true})).await;
    let body = json!({"clientIdentifier": demanding.client_id(), "subject": "john"});
    assert_eq!(demanding.act("/backchannel/logout/token", body).await["action"], "CALLER_ERROR");
}

#[tokio::test]
async fn the_authorization_server_chooses_an_access_token() {
    let grants = json!(["AUTHORIZATION_CODE", "IMPLICIT", "PASSWORD", "CLIENT_CREDENTIALS", "REFRESH_TOKEN"]);
    let types = json!(["CODE", "TOKEN"]);
    let service = json!({"supportedGrantTypes": grants, "supportedResponseTypes": types});
    let world = World::new(service, json!({"grantTypes": grants, "responseTypes": types})).await;
    let mut body = world.token_body("grant_type=client_credentials&scope=read");
    body["accessToken"] = json!("chosen-1");
    let token = world.act("/auth/token", body.clone()).await;
    assert_eq!((&token["accessToken"], &content(&token)["access_token"]), (&json!("chosen-1"), &json!("chosen-1")));
    assert_eq!(world.introspect(&json!("chosen-1")).await["action"], "OK");
    // There is one already.
    assert_eq!(world.act("/auth/token", body).await["action"], "INTERNAL_SERVER_ERROR");

    let ticket = world.token("grant_type=password&username=john&password=x&scope=read").await["ticket"].clone();
    let body = json!({"ticket": ticket, "subject": "john", "accessToken": "chosen-2"});
    assert_eq!(world.act("/auth/token/issue", body).await["accessToken"], "chosen-2");

    let parameters = format!(
        "response_type=token&client_id={}&redirect_uri={}&scope=read",
        world.client_id(),
        crate::world::REDIRECT_URI
    );
    let ticket = world.act("/auth/authorization", json!({"parameters": parameters})).await["ticket"].clone();
    let body = json!({"ticket": ticket, "subject": "john", "accessToken": "chosen-3"});
    let issued = world.act("/auth/authorization/issue", body).await;
    assert!(issued["responseContent"].as_str().expect("a URI").contains("access_token=chosen-3"), "{issued}");
}

#[tokio::test]
async fn grants_and_claims_in_the_device_flow_and_in_ciba() {
    let grants = json!(["DEVICE_CODE", "CIBA", "REFRESH_TOKEN"]);
    let service = json!({
        "supportedGrantTypes": grants, "deviceVerificationUri": "https://as.example.com/device",
        "supportedBackchannelTokenDeliveryModes": ["POLL"], "supportedClaims": ["email", "name", "phone_number"],
    });
    let world = World::new(service, json!({"grantTypes": grants, "bcDeliveryMode": "POLL"})).await;
    let more = "grant_management_action=create&claims=%7B%22id_token%22:%7B%22email%22:null%7D,%22userinfo%22:%7B%22name%22:null%7D%7D";
    let device = world.act("/device/authorization", world.token_body(&format!("scope=openid+read&{more}"))).await;
    assert_eq!((&device["gmAction"], &device["claimNames"]), (&json!("CREATE"), &json!(["email", "name"])), "{device}");
    let page = world.act("/device/verification", json!({"userCode": device["userCode"]})).await;
    assert_eq!((&page["gmAction"], &page["claimNames"]), (&json!("CREATE"), &json!(["email", "name"])));
    let body = json!({"userCode": device["userCode"], "result": "AUTHORIZED", "subject": "john", "claims": "{\"email\":\"j@e.example\"}"});
    assert_eq!(world.act("/device/complete", body).await["action"], "SUCCESS");
    let code = device["deviceCode"].as_str().expect("a device code");
    let token =
        world.token(&format!("grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code={code}")).await;
    let grant_id = token["grantId"].as_str().expect("a grant").to_owned();
    assert_eq!(content(&token)["grant_id"], json!(grant_id));
    assert_eq!(claims(token["idToken"].as_str().expect("an ID token"))["email"], "j@e.example");
    assert_eq!(world.act("/auth/userinfo", json!({"token": token["accessToken"]})).await["claims"], json!(["name"]));

    let merge = format!("scope=openid+write&login_hint=john&grant_management_action=merge&grant_id={grant_id}");
    let asked = world.act("/backchannel/authentication", world.token_body(&merge)).await;
    assert_eq!((&asked["gmAction"], &asked["grantSubject"]), (&json!("MERGE"), &json!("john")), "{asked}");
    world.act("/backchannel/authentication/issue", json!({"ticket": asked["ticket"]})).await;
    let body = json!({"ticket": asked["ticket"], "result": "AUTHORIZED", "subject": "john", "accessToken": "ciba-1"});
    let done = world.act("/backchannel/authentication/complete", body).await;
    let id = done["authReqId"].as_str().expect("an id");
    let token = world.token(&format!("grant_type=urn:openid:params:grant-type:ciba&auth_req_id={id}")).await;
    assert_eq!((&token["grantId"], &token["accessToken"]), (&json!(grant_id), &json!("ciba-1")), "{token}");
    let grant = &world.introspect(&token["accessToken"]).await["grant"];
    assert_eq!(grant["scopes"][0]["scope"], "openid read write");
    let unknown = world.token_body("scope=openid&grant_management_action=merge&grant_id=nothing");
    assert_error(&world.act("/device/authorization", unknown).await, "BAD_REQUEST", "invalid_grant_id");
}

#[tokio::test]
async fn the_discovery_document_is_patched() {
    let world = World::plain().await;
    let path = format!("/api/{}/service/configuration", world.service_id());
    let (_, plain) = world.call("GET", &path, None).await;
    let patch = "%5B%7B%22op%22:%22add%22,%22path%22:%22/mtls_endpoint_aliases%22,%22value%22:%7B%7D%7D,%7B%22op%22:%22remove%22,%22path%22:%22/issuer%22%7D%5D";
    let (_, patched) = world.call("GET", &format!("{path}?patch={patch}"), None).await;
    assert_eq!((patched.get("issuer"), &patched["mtls_endpoint_aliases"]), (None, &json!({})));
    assert_eq!(patched["scopes_supported"], plain["scopes_supported"]);
    for wrong in ["x", "%7B%7D", "%5B%7B%22op%22:%22remove%22,%22path%22:%22/nothing%22%7D%5D"] {
        assert_eq!(world.call("GET", &format!("{path}?patch={wrong}"), None).await.0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn a_software_statement_takes_precedence_if_the_service_signed_it() {
    let key = Key::ec();
    let mut private: Value = serde_json::from_str(&key.private_set()).expect("a key set");
    private["keys"][0]["use"] = json!("sig");
    let world = World::new(json!({"dynamicRegistrationSupported": true, "jwks": private.to_string()}), json!({})).await;
    let register = |statement: String| {
        let metadata = json!({"client_name": "Plain", "software_statement": statement});
        let world = &world;
        async move { world.act("/client/registration", json!({"json": metadata.to_string()})).await }
    };
    let statement = json!({"client_name": "Stated", "software_id": "s1", "iss": "https://as.example.com"});
    let created = register(key.sign(&statement)).await;
    assert_eq!(created["action"], "CREATED", "{created}");
    let metadata = content(&created);
    assert_eq!((&metadata["client_name"], &metadata["software_id"]), (&json!("Stated"), &json!("s1")));
    assert_error(&register(Key::ec().sign(&statement)).await, "BAD_REQUEST", "unapproved_software_statement");
    let mut old = statement.clone();
    old["exp"] = json!(1);
    assert_error(&register(key.sign(&old)).await, "BAD_REQUEST", "unapproved_software_statement");
    assert_error(&register("no JWT".to_owned()).await, "BAD_REQUEST", "invalid_software_statement");
}

#[tokio::test]
async fn a_token_for_attachments_elsewhere() {
    let world = World::plain().await;
    for flag in [true, false] {
        let body = json!({
            "grantType": "CLIENT_CREDENTIALS", "clientId": world.client["clientId"], "forExternalAttachment": flag,
        });
        let token = world.act("/auth/token/create", body).await;
        let seen = world.introspect(&token["accessToken"]).await;
        assert_eq!(seen["forExternalAttachment"], flag, "{seen}");
        let body = json!({"accessToken": token["accessToken"], "forExternalAttachment": !flag});
        assert_eq!(world.act("/auth/token/update", body).await["action"], "OK");
        assert_eq!(world.introspect(&token["accessToken"]).await["forExternalAttachment"], !flag);
    }
}
