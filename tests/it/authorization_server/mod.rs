//! The example, driven as clients and browsers drive it. It believes to be at `https://as.example.com`; what is sent
//! there reaches it on a loopback port, as through a proxy that ends TLS.

pub(crate) mod attacks;
pub(crate) mod browser;
mod consent;
mod decisions;
pub(crate) mod endpoints;
mod errors;
mod introspection;
mod oauth_client;
mod openid_client;
mod pages;
mod possession;
mod start;
mod throttle;

use std::collections::HashMap;

use authlete_api::types::OAuthClient;
use authlete_emulator::Emulator;
use authorization_server::demo::{Demo, Options, settings};
use authorization_server::{App, Resources};
use reqwest::redirect::Policy;
use tokio::net::TcpListener;

use browser::Browser;

pub(crate) const URL: &str = "https://as.example.com";

/// The example, with the emulator behind it.
pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) demo: Demo,
    address: String,
    pub(crate) http: reqwest::Client,
    /// Id and secret with which a resource server introspects.
    resource_server: (String, String),
}

impl World {
    async fn start() -> Self {
        Self::start_with(URL, Options::default(), Resources::default()).await
    }

    pub(crate) async fn start_with(url: &str, options: Options, resources: Resources) -> Self {
        let emulator = Emulator::start().await.unwrap();
        let demo = Demo::set_up_in(&emulator, url, settings(url, &options)).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let app = App::new(demo.service.clone(), url, resources).unwrap();
        let (id, secret) = app.resource_server().split_once(':').unwrap();
        let resource_server = (id.to_owned(), secret.to_owned());
        tokio::spawn(app.run(listener));
        let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        Self { emulator, demo, address, http, resource_server }
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.address.clone(), self.http.clone())
    }

    /// Where a URL of the server really is.
    fn local(&self, url: &str) -> String {
        url.replacen(URL, &self.address, 1)
    }

    /// Carries a request of a client's library to the server.
    async fn carry(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, reqwest::Error> {
        let (parts, body) = request.into_parts();
        let url = self.local(&parts.uri.to_string());
        let answer = self.http.request(parts.method, url).headers(parts.headers).body(body).send().await?;
        let mut response = http::Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            response = response.header(name, value);
        }
        Ok(response.body(answer.bytes().await?.to_vec()).unwrap())
    }
}

/// The id of a client, and its secret where it has one.
fn credentials(client: &OAuthClient) -> (String, String) {
    (client.client_id.unwrap().to_string(), client.client_secret.clone().unwrap_or_default())
}

pub(crate) fn query_of(url: &str) -> HashMap<String, String> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}
