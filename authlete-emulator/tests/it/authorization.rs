//! What an authorization request may say, and how its errors travel.

use serde_json::{Value, json};

use crate::world::{REDIRECT_URI, World, assert_error, fragment, parameter, send};

#[tokio::test]
async fn errors_without_a_redirect_uri_to_trust_are_shown() {
    let world = World::plain().await;
    let id = world.client_id();
    for parameters in [
        String::new(),
        format!("response_type=code&redirect_uri={REDIRECT_URI}"),
        format!("response_type=code&client_id=1&redirect_uri={REDIRECT_URI}"),
        format!("response_type=code&client_id={id}&client_id={id}"),
        format!("response_type=code&client_id={id}&redirect_uri={REDIRECT_URI}/"),
        format!("response_type=code&client_id={id}&redirect_uri={REDIRECT_URI}?a=b"),
        format!("response_type=code&client_id={id}&redirect_uri={REDIRECT_URI}&redirect_uri={REDIRECT_URI}"),
        format!("response_type=code&client_id={id}&redirect_uri=https://CLIENT.example.org/cb/example.com"),
        format!("response_type=code&client_id={id}&scope=openid"),
    ] {
        let answer = world.act("/auth/authorization", json!({"parameters": parameters})).await;
        assert_error(&answer, "BAD_REQUEST", "invalid_request");
    }
}

#[tokio::test]
async fn a_call_without_parameters_is_the_servers_mistake() {
    let world = World::plain().await;
    for body in [json!({}), json!({"parameters": null})] {
        assert_error(&world.act("/auth/authorization", body).await, "INTERNAL_SERVER_ERROR", "server_error");
    }
}

#[tokio::test]
async fn other_errors_go_to_the_client() {
    let grants = json!(["AUTHORIZATION_CODE", "IMPLICIT"]);
    let service = json!({"supportedResponseTypes": ["CODE", "TOKEN"], "supportedGrantTypes": grants});
    let world = World::new(service, json!({"responseModes": ["QUERY", "FRAGMENT"]})).await;
    let id = world.client_id();
    for (more, error) in [
        ("", "invalid_request"),
        ("&response_type=id_token", "unsupported_response_type"),
        ("&response_type=nonsense", "unsupported_response_type"),
        ("&response_type=token", "unauthorized_client"),
        ("&response_type=code&scope=read&scope=write", "invalid_request"),
        ("&response_type=code&response_mode=letter", "invalid_request"),
        ("&response_type=code&response_mode=form_post", "invalid_request"),
        ("&response_type=code&prompt=none+login", "invalid_request"),
        ("&response_type=code&prompt=dance", "invalid_request"),
        ("&response_type=code&prompt=LOGIN", "invalid_request"),
        ("&response_type=code&max_age=-1", "invalid_request"),
        ("&response_type=code&max_age=99999999999", "invalid_request"),
        ("&response_type=code&display=paper", "invalid_request"),
        ("&response_type=code&code_challenge_method=S256", "invalid_request"),
    ] {
        let parameters = format!("client_id={id}&redirect_uri={REDIRECT_URI}&state=xyz{more}");
        let answer = world.act("/auth/authorization", json!({"parameters": parameters})).await;
        if more.contains("form_post") {
            assert_eq!(answer["action"], "FORM");
            continue;
        }
        // Where tokens were to come in the fragment, so does the error.
        let find = if more.contains("token") { fragment } else { parameter };
        assert_eq!(find(&answer, "error").as_deref(), Some(error), "{more}");
        assert_eq!(find(&answer, "state").as_deref(), Some("xyz"), "{more}");
        assert_eq!(find(&answer, "iss").as_deref(), Some("https://as.example.com"), "{more}");
        assert!(find(&answer, "error_description").is_some_and(|text| text.starts_with("[A0043")), "{more}");
    }
}

#[tokio::test]
async fn a_service_can_do_without_issuer_and_descriptions() {
    let service = json!({"issSuppressed": true, "errorDescriptionOmitted": true});
    let world = World::new(service, json!({})).await;
    let answer = world.authorize("prompt=dance").await;
    assert_eq!(answer["responseContent"], format!("{REDIRECT_URI}?error=invalid_request"));
}

#[tokio::test]
async fn a_scope_can_be_required_or_come_by_default() {
    let world = World::new(json!({"scopeRequired": true}), json!({})).await;
    let answer = world.authorize("").await;
    assert_eq!(parameter(&answer, "error").as_deref(), Some("invalid_scope"));
    assert_eq!(world.authorize("scope=read").await["action"], "INTERACTION");

    let scopes = json!([{"name": "read", "defaultEntry": true}, {"name": "write"}]);
    let world = World::new(json!({"scopeRequired": true, "supportedScopes": scopes}), json!({})).await;
    assert_eq!(world.authorize("").await["scopes"], json!([{"name": "read", "defaultEntry": true}]));
}

#[tokio::test]
async fn a_client_can_be_held_to_its_own_scopes() {
    let extension = json!({"requestableScopesEnabled": true, "requestableScopes": ["write"]});
    let world = World::new(json!({}), json!({"extension": extension})).await;
    assert_eq!(world.authorize("scope=read+write").await["scopes"], json!([{"name": "write"}]));
}

#[tokio::test]
async fn prompt_none_is_for_the_server_alone() {
    let world = World::plain().await;
    let answer = world.authorize("prompt=none&max_age=60").await;
    assert_eq!(answer["action"], "NO_INTERACTION");
    assert_eq!((&answer["prompts"], &answer["lowestPrompt"]), (&json!(["NONE"]), &json!("NONE")));
    assert_eq!(answer["maxAge"], 60);
    let body = json!({"ticket": answer["ticket"], "subject": "john"});
    assert!(parameter(&world.act("/auth/authorization/issue", body).await, "code").is_some());
}

#[tokio::test]
async fn hints_for_the_pages() {
    let world = World::new(json!({"supportedAcrs": ["gold"]}), json!({"defaultMaxAge": 9})).await;
    let more = "prompt=consent+login&display=popup&ui_locales=fr+de&login_hint=john%40example.com&acr_values=lead+gold";
    let answer = world.authorize(more).await;
    assert_eq!(answer["prompts"], json!(["CONSENT", "LOGIN"]));
    assert_eq!(answer["lowestPrompt"], "LOGIN");
    assert_eq!(answer["display"], "POPUP");
    assert_eq!(answer["uiLocales"], json!(["fr", "de"]));
    assert_eq!(answer["loginHint"], "john@example.com");
    assert_eq!(answer["acrs"], json!(["gold"]));
    assert_eq!(answer["maxAge"], 9);
}

#[tokio::test]
async fn response_modes() {
    let world = World::plain().await;
    for (mode, action, start) in [
        ("query", "LOCATION", format!("{REDIRECT_URI}?code=")),
        ("fragment", "LOCATION", format!("{REDIRECT_URI}#code=")),
        ("form_post", "FORM", "<!DOCTYPE html>".to_owned()),
    ] {
        let ticket = world.authorize(&format!("response_mode={mode}&state=%3Cb%3E")).await["ticket"].clone();
        let answer = world.act("/auth/authorization/issue", json!({"ticket": ticket, "subject": "john"})).await;
        assert_eq!(answer["action"], action);
        let content = answer["responseContent"].as_str().expect("a string");
        assert!(content.starts_with(&start), "{content}");
        if action == "FORM" {
            let code = answer["authorizationCode"].as_str().expect("a code");
            assert!(content.contains(&format!("name=\"code\" value=\"{code}\"")), "{content}");
            assert!(content.contains("name=\"state\" value=\"&lt;b&gt;\""), "{content}");
            assert!(content.contains(&format!("action=\"{REDIRECT_URI}\"")), "{content}");
        }
    }
}

#[tokio::test]
async fn what_is_not_implemented_is_refused_by_name() {
    let world = World::plain().await;
    let hash = "claims=%7B%22transformed_claims%22%3A%7B%22a%22%3A%7B%22claim%22%3A%22b%22%2C%22fn%22%3A%5B%22hash%22%5D%7D%7D%7D";
    for (more, what) in [(hash, "hash")] {
        let id = world.client_id();
        let parameters = format!("response_type=code&client_id={id}&redirect_uri={REDIRECT_URI}&{more}");
        assert_refused(&world, "/auth/authorization", &json!({"parameters": parameters}), Some(what)).await;
    }
}

async fn assert_refused(world: &World, path: &str, body: &Value, what: Option<&str>) {
    let (status, answer) = world.call("POST", &format!("/api/{}{path}", world.service_id()), Some(body)).await;
    assert_eq!(status, 501, "{answer}");
    let what = what.expect("a name");
    assert!(answer["resultMessage"].as_str().expect("a message").contains(what), "{answer}");
}

#[tokio::test]
async fn a_locked_client_is_refused_and_an_alias_is_a_name() {
    let alias = json!({"clientIdAlias": "shop", "clientIdAliasEnabled": true});
    let world = World::new(json!({"clientIdAliasEnabled": true}), alias).await;
    let parameters = format!("response_type=code&client_id=shop&redirect_uri={REDIRECT_URI}");
    let answer = world.act("/auth/authorization", json!({"parameters": parameters})).await;
    assert_eq!((&answer["action"], &answer["clientIdAliasUsed"]), (&json!("INTERACTION"), &json!(true)));

    let locked = world.add_client(json!({"locked": true})).await;
    let parameters = format!("response_type=code&client_id={}&redirect_uri={REDIRECT_URI}", locked["clientId"]);
    let path = format!("/api/{}/auth/authorization", world.service_id());
    let (status, answer) = world.call("POST", &path, Some(&json!({"parameters": parameters}))).await;
    assert_eq!((status, &answer["resultCode"]), (403, &json!("A001215")));
}

#[tokio::test]
async fn a_form_serves_as_well_as_json() {
    let world = World::plain().await;
    let parameters = format!("response_type=code&client_id={}&redirect_uri={REDIRECT_URI}", world.client_id());
    let request = world.request("POST", &format!("/api/{}/auth/authorization", world.service_id()));
    let body = format!("parameters={}", parameters.replace('&', "%26").replace('=', "%3D"));
    let request = request
        .bearer_auth(world.emulator.organization_token())
        .header("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
        .body(body);
    assert_eq!(send(request).await.1["action"], "INTERACTION");
}

#[tokio::test]
async fn the_port_of_a_loopback_redirect_uri_may_vary_where_the_service_says_so() {
    let client = json!({"redirectUris": ["http://127.0.0.1/cb"]});
    for (service, action) in
        [(json!({}), "BAD_REQUEST"), (json!({"loopbackRedirectionUriVariable": true}), "INTERACTION")]
    {
        let world = World::new(service, client.clone()).await;
        let id = world.client_id();
        let parameters = format!("response_type=code&client_id={id}&redirect_uri=http://127.0.0.1:5000/cb");
        let answer = world.act("/auth/authorization", json!({"parameters": parameters})).await;
        assert_eq!(answer["action"], action);
        if action == "INTERACTION" {
            let body = json!({"ticket": answer["ticket"], "subject": "john"});
            let answer = world.act("/auth/authorization/issue", body).await;
            assert!(answer["responseContent"].as_str().expect("a URI").starts_with("http://127.0.0.1:5000/cb?code="));
        }
    }
}
