//! Credential offers (OpenID4VCI 1.0, 4): who is logged in chooses a credential, and takes it with a wallet.

use authlete_api::types::{VciOfferCreateRequest, VciOfferInfoRequest};
use authorization_server::reuse::{Answer, Browser, ready, to_login};
use axum::extract::{Path, State};
use axum::{Extension, Form};
use serde::Deserialize;

use crate::records::Credential;
use crate::{Issuer, pages};

/// What was chosen on the page.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Choice {
    csrf: String,
    credential: String,
    flow: String,
}

/// The page with the credentials on offer.
pub(crate) async fn choose(Extension(browser): Extension<Browser>) -> Answer {
    match browser.subject() {
        Some(_) => Ok(pages::choose(&browser.session())),
        None => Ok(to_login("/offer", None)),
    }
}

/// Makes an offer, and shows it.
pub(crate) async fn create(
    State(issuer): State<Issuer>,
    Extension(browser): Extension<Browser>,
    Form(choice): Form<Choice>,
) -> Answer {
    let Some(subject) = browser.subject() else { return Ok(to_login("/offer", None)) };
    if !browser.session().gave(&choice.csrf) {
        return Ok(pages::choose(&browser.session()));
    }
    let chosen = Credential::ALL.into_iter().filter(|one| choice.credential == "all" || choice.credential == one.id());
    let ids: Vec<_> = chosen.map(Credential::id).collect();
    let mut request = VciOfferCreateRequest::default().credential_configuration_ids(ids).subject(subject);
    let mut transaction_code = None;
    if choice.flow == "code" {
        // The wallet sends the user to the authorization endpoint.
        request = request.authorization_code_grant_included(true).issuer_state_included(true);
    } else {
        // The login of now stands for the one there. The transaction code goes to the user by another way, so that a
        // photograph of the screen is worth nothing; here it is shown, because there is no other way.
        let code = format!("{:06}", fastrand::u32(..1_000_000));
        request = request
            .pre_authorized_code_grant_included(true)
            .tx_code(code.as_str())
            .tx_code_input_mode("numeric")
            .tx_code_description("It is on the page with the QR code.");
        transaction_code = Some(code);
    }
    let offer = issuer.service().credential_issuer().create_offer(request).await?.proceed()?;
    let links = offer.link_by_reference(format!("{}/offers", issuer.url())).zip(offer.link());
    Ok(pages::offer(links, transaction_code.as_deref()))
}

/// An offer, for the wallet that has its URL.
pub(crate) async fn by_reference(State(issuer): State<Issuer>, Path(id): Path<String>) -> Answer {
    let request = VciOfferInfoRequest::default().identifier(id);
    ready(issuer.service().credential_issuer().offer_info(request).await?)
}
