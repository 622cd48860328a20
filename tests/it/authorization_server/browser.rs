//! As much of a browser as the pages need: cookies, redirects, forms, and a user who types.

use std::collections::BTreeMap;

use super::URL;

/// A browser with its cookies.
pub(crate) struct Browser {
    address: String,
    http: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

/// What the browser shows now.
#[derive(Debug)]
pub(crate) struct Shown {
    /// Where it is: at the server, or at the client, whose pages are not loaded.
    pub(crate) url: String,
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) html: String,
}

impl Shown {
    /// The value of a field of a form.
    pub(crate) fn field(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.html.split_once(&start).unwrap_or_else(|| panic!("no {name}: {self:?}"));
        let value = rest.split('"').next().unwrap();
        let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
        entities.iter().fold(value.to_owned(), |value, (entity, character)| value.replace(entity, character))
    }

    pub(crate) fn says(&self, text: &str) -> bool {
        self.html.contains(text)
    }
}

impl Browser {
    pub(crate) fn new(address: String, http: reqwest::Client) -> Self {
        Self { address, http, cookies: BTreeMap::new() }
    }

    pub(crate) async fn open(&mut self, url: &str) -> Shown {
        self.go(url, None).await
    }

    pub(crate) async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Shown {
        self.go(&format!("{URL}{path}"), Some(fields)).await
    }

    /// Follows redirects until there is a page, or until they leave for the client.
    async fn go(&mut self, url: &str, fields: Option<&[(&str, &str)]>) -> Shown {
        let (mut url, mut fields) = (url.to_owned(), fields);
        for _ in 0..10 {
            if url.starts_with('/') {
                url = format!("{URL}{url}");
            }
            let path = url.strip_prefix(URL).filter(|path| !path.starts_with("/client/callback"));
            let Some(path) = path else {
                return Shown { url, status: 200, headers: http::HeaderMap::new(), html: String::new() };
            };
            let target = format!("{}{path}", self.address);
            let request = match fields.take() {
                Some(fields) => self.http.post(target).form(fields),
                None => self.http.get(target),
            };
            let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let answer = request.header("cookie", cookies.join("; ")).send().await.unwrap();
            for cookie in answer.headers().get_all("set-cookie") {
                let cookie = cookie.to_str().unwrap();
                assert!(cookie.contains("; HttpOnly; SameSite=Lax;") && cookie.ends_with("; Secure"), "{cookie}");
                let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            match answer.headers().get("location") {
                Some(location) => url = location.to_str().unwrap().to_owned(),
                None => {
                    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
                    return Shown { url, status, headers, html: answer.text().await.unwrap() };
                }
            }
        }
        panic!("redirects without end, to {url}");
    }

    /// The cookie of the session.
    pub(crate) fn session(&self) -> Option<&String> {
        self.cookies.get("__Host-session")
    }

    /// Fills in the login page.
    pub(crate) async fn log_in(&mut self, page: &Shown, username: &str, password: &str) -> Shown {
        let (csrf, next) = (page.field("csrf"), page.field("next"));
        let fields = [("csrf", &*csrf), ("next", &*next), ("username", username), ("password", password)];
        self.submit("/login", &fields).await
    }

    /// Answers the question on the page.
    pub(crate) async fn decide(&mut self, page: &Shown, decision: &str) -> Shown {
        let path = page.url.strip_prefix(URL).unwrap().split('?').next().unwrap().to_owned();
        self.submit(&path, &[("csrf", &page.field("csrf")), ("decision", decision)]).await
    }

    /// Goes from the authorization endpoint to the client, as Ada, who agrees unless she did before.
    pub(crate) async fn agree(&mut self, url: &str) -> String {
        let page = self.open(url).await;
        let page = self.log_in(&page, "ada", "lovelace").await;
        match page.says("Do you agree?") {
            true => self.decide(&page, "allow").await.url,
            false => page.url,
        }
    }
}
