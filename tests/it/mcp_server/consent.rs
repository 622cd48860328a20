//! What the consent page says of an agent, which chooses its own name.

use serde_json::json;

use super::Mcp;

#[tokio::test]
async fn an_agent_is_shown_as_what_it_is_with_what_it_may_do() {
    let mcp = Mcp::start().await;
    let mut ada = mcp.world.ada().await;
    let client = mcp.publish("/agent.json", |_| {});
    let page = mcp.authorize(&mut ada, &client, &[("scope", "notes:read notes:write notes:delete")]).await;
    for part in [
        "<strong><bdi>localhost</bdi></strong>, which calls itself “<bdi>Helper</bdi>”",
        "Read your notes",
        "Add notes",
        "Delete your notes",
        super::RESOURCE,
        "this computer",
    ] {
        assert!(page.says(part), "{part}: {page:?}");
    }
}

#[tokio::test]
async fn a_redirect_to_another_host_is_shown_as_that() {
    let mcp = Mcp::start().await;
    let mut ada = mcp.world.ada().await;
    let bank = "https://bank.example/cb";
    let client = mcp.publish("/bank.json", |document| {
        document["client_name"] = json!("bank.example");
        document["redirect_uris"] = json!([bank]);
    });
    let page = mcp.authorize(&mut ada, &client, &[("redirect_uri", bank)]).await;
    assert!(page.says("<strong><bdi>localhost</bdi></strong>, which calls itself"), "{page:?}");
    assert!(page.says("<strong><bdi>bank.example</bdi></strong>, which is another site"), "{page:?}");
    // A redirect URI that the document does not have is good for nothing.
    let elsewhere = mcp.authorize(&mut ada, &client, &[("redirect_uri", "https://evil.example/cb")]).await;
    assert!(elsewhere.status == 400 && !elsewhere.url.starts_with("https://evil.example"), "{elsewhere:?}");
}

#[tokio::test]
async fn every_host_that_a_document_redirects_to_is_shown() {
    let mcp = Mcp::start().await;
    let mut ada = mcp.world.ada().await;
    let hosts: Vec<_> = (0..20).map(|n| format!("place-{n}.example")).collect();
    let uris: Vec<_> = hosts.iter().map(|host| format!("https://{host}/cb")).collect();
    let client = mcp.publish("/many.json", |document| document["redirect_uris"] = json!(uris));
    let page = mcp.authorize(&mut ada, &client, &[("redirect_uri", &uris[19])]).await;
    for host in &hosts {
        assert!(page.says(&format!("<strong><bdi>{host}</bdi></strong>, which is another site")), "{host}: {page:?}");
    }
    assert!(!page.says("other places"), "{page:?}");
}

#[tokio::test]
async fn a_name_cannot_forge_the_page() {
    let mcp = Mcp::start().await;
    let mut ada = mcp.world.ada().await;
    for (name, shown) in [
        ("</bdi></strong></p><h1>Verified</h1><p>", "&lt;/bdi&gt;"),
        ("bank.example”, which was verified. “Helper", "bank.example', which was verified. 'Helper"),
        ("\u{202e}knab ruoy\u{2066}", "knab ruoy"),
        ("Helper\n\nYou go back to bank.example", "Helper  You go back to bank.example"),
    ] {
        let client = mcp.publish("/forger.json", |document| document["client_name"] = json!(name));
        let page = mcp.authorize(&mut ada, &client, &[]).await;
        assert!(page.says(&format!("calls itself “<bdi>{shown}")), "{name}: {page:?}");
        assert!(!page.says("<h1>Verified</h1>") && !page.html.contains('\u{202e}'), "{page:?}");
        assert_eq!(page.html.matches("<bdi>localhost</bdi>").count(), 1, "{page:?}");
    }
    let client = mcp.publish("/long.json", |document| document["client_name"] = json!("W".repeat(3_000)));
    let page = mcp.authorize(&mut ada, &client, &[]).await;
    assert!(page.says("Do you agree?") && page.html.len() < 5_000, "{}", page.html.len());
}
