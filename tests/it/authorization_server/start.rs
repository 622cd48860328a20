//! What the server says when it is ready, to programs.

use authlete_emulator::Emulator;
use authorization_server::demo::{Demo, Options, ready_line, settings};
use authorization_server::{App, Resources};
use serde_json::{Value, json};

use super::{URL, credentials};

#[tokio::test]
async fn one_line_says_where_everything_is() {
    let emulator = Emulator::start().await.unwrap();
    let demo = Demo::set_up_in(&emulator, URL, settings(URL, &Options::default())).await.unwrap();
    let app = App::new(demo.service.clone(), URL, Resources::default()).unwrap();
    let line = ready_line(&app, Some(&demo)).to_string();
    assert!(!line.contains('\n'), "{line}");
    let mut said: Value = serde_json::from_str(&line).unwrap();
    let instructions = said.as_object_mut().unwrap().remove("instructions").unwrap();
    for part in [&format!("Log in and agree: {URL}/authorize?response_type=code&"), "Users: ada"] {
        assert!(instructions.as_str().unwrap().contains(part), "{instructions}");
    }
    let (id, secret) = app.resource_server().split_once(':').unwrap();
    let client = |client| {
        let (id, secret) = credentials(client);
        json!({"id": id, "secret": secret})
    };
    let mut web = client(&demo.web);
    web["redirect_uri"] = json!("https://as.example.com/client/callback");
    assert_eq!(
        said,
        json!({
            "issuer": URL,
            "emulator": {
                "base_url": emulator.base_url(),
                "organization_token": emulator.organization_token(),
                "service_id": demo.service.id().to_string(),
            },
            "clients": {
                "web": web,
                "backchannel": client(&demo.backend),
                "device": {"id": demo.device.client_id.unwrap().to_string()},
                "resource_server": {"id": id, "secret": secret},
            },
            "users": [{"name": "ada", "password": "lovelace"}, {"name": "alan", "password": "turing"}],
        })
    );
    // With a service of Authlete's own there is nothing to tell of it.
    let real = ready_line(&app, None);
    assert_eq!((&real["emulator"], &real["clients"]["web"]), (&Value::Null, &Value::Null));
    assert!(
        real["instructions"].as_str().unwrap().contains(&format!("with the service {} of Authlete", demo.service.id()))
    );
}
