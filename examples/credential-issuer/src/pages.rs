//! The pages, in the look of the authorization server's.

use authlete_api::credential_issuance::OfferLink;
use authorization_server::reuse::{Session, form_fields, page};
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, PreEscaped, html};
use qrcode::QrCode;
use qrcode::render::svg;

use crate::records::Credential;

/// The credentials on offer, each with the ways to get it.
pub(crate) fn choose(session: &Session) -> Response {
    page(
        StatusCode::OK,
        "Get a credential",
        &html! {
            @for credential in Credential::ALL { (choice(session, credential.id(), credential.name())) }
            (choice(session, "all", "All of them"))
        },
    )
}

fn choice(session: &Session, id: &str, name: &str) -> Markup {
    html! {
        article {
            p { strong { (name) } }
            form method="post" action="/offer" {
                (form_fields(session))
                input type="hidden" name="credential" value=(id);
                button name="flow" value="pre-authorized" { "With a transaction code" }
                button.plain name="flow" value="code" { "With a login from the wallet" }
            }
        }
    }
}

/// An offer: by reference as a QR code, which has to be small, and by value for a wallet on the same device.
pub(crate) fn offer(links: Option<(OfferLink, OfferLink)>, transaction_code: Option<&str>) -> Response {
    let Some((by_reference, by_value)) = links.map(|(reference, value)| (reference.to_string(), value.to_string()))
    else {
        return page(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong", &html! { p { "There is no offer." } });
    };
    page(
        StatusCode::OK,
        "Your credential is ready",
        &html! {
            p { "Scan this with your wallet." }
            @match picture(&by_reference) {
                Some(picture) => div role="img" aria-label="QR code of the link" { (PreEscaped(picture)) },
                None => p { code { (by_reference) } },
            }
            @if let Some(code) = transaction_code {
                p { "The wallet asks for this code:" }
                blockquote { code id="transaction-code" { (code) } }
            }
            p { a id="by-value" href=(by_value) { "Open a wallet on this device" } }
            p.soft { a id="by-reference" href=(by_reference) { "The same link as in the picture" } }
        },
    )
}

/// The link as a picture, to stand in a page.
fn picture(link: &str) -> Option<String> {
    let code = QrCode::new(link).ok()?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(240, 240).build();
    // What comes before is for files.
    Some(picture[picture.find("<svg")?..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_become_pictures() {
        let picture = picture("openid-credential-offer://?credential_offer_uri=x").unwrap();
        assert!(picture.starts_with("<svg") && picture.ends_with("</svg>"), "{picture}");
        assert!(!picture.contains("style="), "the pages' policy allows no styles");
        assert!(super::picture(&"x".repeat(10_000)).is_none());
    }
}
