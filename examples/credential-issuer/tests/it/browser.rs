//! As much of a browser as the pages need.

use std::collections::BTreeMap;

use reqwest::redirect::Policy;

/// A browser with its cookies.
pub(crate) struct Browser {
    url: String,
    http: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

/// A page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) html: String,
}

impl Page {
    fn between(&self, start: &str, end: char) -> Option<String> {
        let (_, rest) = self.html.split_once(start)?;
        let text = rest.split(end).next()?;
        let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
        Some(entities.iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character)))
    }

    /// The value of a field of a form.
    pub(crate) fn field(&self, name: &str) -> String {
        self.between(&format!("name=\"{name}\" value=\""), '"').unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }

    /// Where a link leads.
    pub(crate) fn link(&self, id: &str) -> String {
        self.between(&format!("id=\"{id}\" href=\""), '"').unwrap_or_else(|| panic!("no {id}: {self:?}"))
    }

    /// What an element says.
    pub(crate) fn element(&self, id: &str) -> Option<String> {
        self.between(&format!("id=\"{id}\">"), '<')
    }
}

impl Browser {
    pub(crate) fn new(url: &str) -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        Self { url: url.to_owned(), http, cookies: BTreeMap::new() }
    }

    pub(crate) async fn open(&mut self, path: &str) -> Page {
        self.go(path, None).await
    }

    pub(crate) async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.go(path, Some(fields)).await
    }

    /// Opens a page that wants a login, and logs in.
    pub(crate) async fn log_in(&mut self, path: &str, name: &str, password: &str) -> Page {
        let page = self.open(path).await;
        let (csrf, next) = (page.field("csrf"), page.field("next"));
        self.submit("/login", &[("csrf", &csrf), ("next", &next), ("username", name), ("password", password)]).await
    }

    async fn go(&mut self, path: &str, mut fields: Option<&[(&str, &str)]>) -> Page {
        let mut path = path.to_owned();
        for _ in 0..5 {
            let target = format!("{}{path}", self.url);
            let request = match fields.take() {
                Some(fields) => self.http.post(target).form(fields),
                None => self.http.get(target),
            };
            let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let response = request.header("cookie", cookies.join("; ")).send().await.unwrap();
            for cookie in response.headers().get_all("set-cookie") {
                let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            match response.headers().get("location") {
                Some(location) => path = location.to_str().unwrap().to_owned(),
                None => return Page { html: response.text().await.unwrap() },
            }
        }
        panic!("redirects without end, to {path}");
    }
}
