//! The page at `/`: what a person wants to see of the emulator and do to it. Plain HTML, which works without scripts.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use serde_json::Value;

use super::api::{self, Error};
use super::{START, text};
use crate::faults::Fault;
use crate::generated::OPERATIONS;
use crate::html::escape;
use crate::random;
use crate::record::Call;
use crate::server::Server;
use crate::state::{State, Tenant};

/// The page shows this many calls, and this much of each body.
const CALLS: usize = 50;
const LONGEST_SHOWN: usize = 20_000;

const STYLE: &str = include_str!("page.css");

/// What is allowed on the page: its own style and forms, nothing else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; \
                      base-uri 'none'";

/// Members whose values are credentials, or have some in them.
const SECRET: &[&str] = &[
    "accesstoken",
    "actortoken",
    "apisecret",
    "assertion",
    "attestation",
    "authorizationcode",
    "authreqid",
    "clientassertion",
    "clientnotificationtoken",
    "clientsecret",
    "cnonce",
    "code",
    "credentialjwks",
    "credentialoffer",
    "credentialrequestencryptionjwks",
    "devicecode",
    "devicesecret",
    "dpop",
    "federationjwks",
    "headers",
    "hint",
    "idtoken",
    "idtokenhint",
    "issuerstate",
    "json",
    "jwks",
    "jwtaccesstoken",
    "logouttoken",
    "oauthclientattestation",
    "oauthclientattestationpop",
    "parameters",
    "password",
    "preauthorizedcode",
    "refreshtoken",
    "registrationaccesstoken",
    "requestcontent",
    "requesturi",
    "responsecontent",
    "sharedkeyforencryption",
    "sharedkeyforsign",
    "subjecttoken",
    "ticket",
    "token",
    "transactionid",
    "txcode",
    "usercode",
    "verificationuricomplete",
];

pub(super) fn show(server: &Arc<Server>, query: &str) -> Response<Body> {
    let secrets = form_urlencoded::parse(query.as_bytes()).any(|(name, value)| name == "secrets" && value == "shown");
    let mut response = text("text/html;charset=utf-8", html(server, secrets));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Does what a form of the page asks for.
pub(super) fn act(server: &Arc<Server>, form_token: &str, body: &[u8]) -> Result<(), Error> {
    let fields: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    let field = |name: &str| fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim());
    if !random::same(field("form_token"), form_token) {
        return Err(Error::new(403, "The form is not one of this emulator's page. Reload the page and try again."));
    }
    let number = |name: &str, otherwise: u64| match field(name) {
        "" => Ok(otherwise),
        text => text.parse::<u64>().map_err(|_| Error::new(400, format!("{name} is not a whole number from 0."))),
    };
    match field("action") {
        "advance" => server.clock.advance(Duration::from_secs(number("seconds", 0)?)),
        "reset" => {
            api::reset(server, if field("state").is_empty() { START } else { field("state") })?;
        }
        "save" => match field("state") {
            "" => return Err(Error::new(400, "The state has no name.")),
            name => server.control.states.save(server, name)?,
        },
        "fault" => {
            let status = u16::try_from(number("status", 503)?).unwrap_or(503);
            let fault = match field("kind") {
                "delay" => Fault::delay(Duration::from_millis(number("milliseconds", 1_000)?)),
                "disconnectBeforeServing" => Fault::disconnect_before_serving(),
                "disconnectAfterServing" => Fault::disconnect_after_serving(),
                "truncate" => Fault::truncate(),
                _ => Fault::status(status),
            };
            let fault = fault.times(usize::try_from(number("times", 1)?).unwrap_or(usize::MAX));
            let fault = if field("operation").is_empty() { fault } else { fault.on(field("operation")) };
            server.faults.add(fault.resolved(OPERATIONS).map_err(|error| Error::new(400, error.to_string()))?);
        }
        "clear-faults" => server.faults.clear(),
        "clear-calls" => server.record.clear(),
        _ => return Err(Error::new(400, "The form asks for nothing that there is.")),
    }
    Ok(())
}

/// A form with one button; the fields are HTML.
fn form(server: &Server, action: &str, label: &str, fields: &str) -> String {
    format!(
        "<form method=\"post\" action=\"/\"><input type=\"hidden\" name=\"form_token\" value=\"{}\"><input type=\"hidden\" \
         name=\"action\" value=\"{action}\">{fields}<button>{label}</button></form>",
        server.control.form_token
    )
}

fn html(server: &Arc<Server>, secrets: bool) -> String {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Authlete emulator</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header><h1>Authlete emulator</h1><p>Version {} · <a href=\"/\">Reload</a> · {}</p></header>\n<main>\n",
        env!("CARGO_PKG_VERSION"),
        if secrets { "<a href=\"/\">Hide secrets</a>" } else { "<a href=\"/?secrets=shown\">Show secrets</a>" },
    );
    page.push_str(&clock(server));
    page.push_str(&faults(server));
    page.push_str(&server.with_state(|state| services(state, secrets)));
    page.push_str(&calls(server, secrets));
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn clock(server: &Server) -> String {
    let seconds = server.clock.now_millis() / 1000;
    let advance = form(
        server,
        "advance",
        "Advance",
        "<label>Seconds <input name=\"seconds\" type=\"number\" min=\"1\" value=\"60\" required></label>",
    );
    let names = server.control.states.names();
    let options: String = names.iter().map(|name| format!("<option>{}</option>", escape(name))).collect();
    let reset =
        form(server, "reset", "Reset", &format!("<label>State <select name=\"state\">{options}</select></label>"));
    let save = form(
        server,
        "save",
        "Save",
        "<label>Present state as <input name=\"state\" maxlength=\"100\" required></label>",
    );
    format!(
        "<section><h2>Clock and state</h2>\n<p><time datetime=\"{time}\">{time}</time> ({seconds} seconds since \
         1970)</p>\n<div class=\"forms\">{advance}{reset}{save}</div></section>\n",
        time = utc(seconds),
    )
}

/// A time in the form of RFC 3339.
fn utc(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // The civil calendar by eras of 400 years, which begin in March of the year 0.
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3_600, rest / 60 % 60, rest % 60)
}

fn faults(server: &Server) -> String {
    let waiting = server.faults.waiting();
    let rows: String = waiting
        .iter()
        .map(|fault| {
            let text =
                |name: &str| escape(&fault[name].as_str().map_or_else(|| fault[name].to_string(), str::to_owned));
            let operation = if fault["operation"].is_null() { "any".to_owned() } else { text("operation") };
            format!("<tr><td>{}</td><td>{operation}</td><td>{}</td></tr>\n", text("kind"), text("times"))
        })
        .collect();
    let table = match waiting.is_empty() {
        true => "<p>None waits for its call.</p>".to_owned(),
        false => format!(
            "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"Faults\">\
             <table><thead><tr><th>Kind</th><th>Operation</th><th>Times</th></tr></thead>\
             <tbody>{rows}</tbody></table></div>{}",
            form(server, "clear-faults", "Take back", "")
        ),
    };
    let names: String = OPERATIONS.iter().map(|one| format!("<option>{}</option>", one.name)).collect();
    let fields = format!(
        "<label>Kind <select name=\"kind\"><option value=\"status\">status</option><option value=\"delay\">delay</option>\
         <option value=\"disconnectBeforeServing\">disconnect before serving</option>\
         <option value=\"disconnectAfterServing\">disconnect after serving</option>\
         <option value=\"truncate\">truncate</option></select></label>\
         <label>Status <input name=\"status\" type=\"number\" min=\"100\" max=\"999\" value=\"503\"></label>\
         <label>Milliseconds <input name=\"milliseconds\" type=\"number\" min=\"0\" value=\"1000\"></label>\
         <label>Operation <select name=\"operation\"><option value=\"\">any</option>{names}</select></label>\
         <label>Times <input name=\"times\" type=\"number\" min=\"1\" value=\"1\"></label>"
    );
    format!("<section><h2>Faults</h2>\n{table}\n{}</section>\n", form(server, "fault", "Inject", &fields))
}

fn services(state: &State, secrets: bool) -> String {
    let mut html = String::from("<section><h2>Services</h2>\n");
    if state.services.len() == 0 {
        html.push_str("<p>There is none yet.</p>");
    }
    let mut tenants: Vec<&Tenant> = state.services.values().collect();
    tenants.sort_by_key(|tenant| tenant.settings.number("number"));
    let shown = |value: &str| if secrets { escape(value) } else { HIDDEN.to_owned() };
    if !tenants.is_empty() {
        let _ = writeln!(html, "<p>Organization token: <code>{}</code></p>", shown(&state.organization_token));
    }
    for tenant in tenants {
        let name = tenant.settings.string("serviceName").unwrap_or("(without a name)");
        let _ = write!(
            html,
            "<article><h3>{} <small>{}</small></h3>\n<dl><dt>Issuer</dt><dd>{}</dd><dt>Access token</dt><dd><code>{}</code>\
             </dd>",
            escape(name),
            tenant.id,
            escape(tenant.settings.string("issuer").unwrap_or("none")),
            shown(&tenant.access_token),
        );
        for (label, count) in tenant.counts() {
            let _ = write!(html, "<dt>{label}</dt><dd>{count}</dd>");
        }
        html.push_str("</dl>\n");
        let clients = tenant.clients_in_order();
        if !clients.is_empty() {
            html.push_str(
                "<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"Clients\">\
                 <table><thead><tr><th>Client</th><th>Name</th><th>Type</th><th>Secret</th></tr>\
                 </thead><tbody>\n",
            );
            for client in clients.iter().take(200) {
                let text = |name| escape(client.settings.string(name).unwrap_or_default());
                let _ = writeln!(
                    html,
                    "<tr><td>{}</td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>",
                    client.id,
                    text("clientName"),
                    text("clientType"),
                    shown(client.settings.string("clientSecret").unwrap_or_default()),
                );
            }
            html.push_str("</tbody></table></div>\n");
        }
        let waiting = tenant.waiting(CALLS);
        if !waiting.is_empty() {
            html.push_str(
                "<h4>Waiting</h4><div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"Waiting\">\
                 <table><thead><tr><th>What</th><th>Client</th><th>Scopes</th>\
                 <th>Key</th></tr></thead><tbody>\n",
            );
            for one in waiting {
                let _ = writeln!(
                    html,
                    "<tr><td>{}</td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>",
                    one.kind,
                    one.client_id,
                    escape(&one.scopes.join(" ")),
                    shown(&one.key)
                );
            }
            html.push_str("</tbody></table></div>\n");
        }
        html.push_str("</article>\n");
    }
    html.push_str("</section>\n");
    html
}

fn calls(server: &Server, secrets: bool) -> String {
    let calls = server.record.all();
    let mut html = format!("<section><h2>Calls</h2>\n<p>{} recorded, the latest first.</p>", calls.len());
    if !calls.is_empty() {
        html.push_str(&form(server, "clear-calls", "Forget", ""));
    }
    for call in calls.iter().rev().take(CALLS) {
        let status = call.response().map_or_else(|| "no response".to_owned(), |(status, _)| status.to_string());
        let class = match call.response() {
            Some((status, _)) if status < 400 => "good",
            _ => "bad",
        };
        let _ = writeln!(
            html,
            "<details><summary><span class=\"{class}\">{status}</span> <b>{}</b> {} <small>{}</small></summary>",
            escape(call.method()),
            escape(call.operation_name().unwrap_or("(no operation)")),
            escape(call.path()),
        );
        let _ = writeln!(html, "<h3>Request</h3><pre>{}</pre>", request(call, secrets));
        if let Some((_, body)) = call.response() {
            let _ = writeln!(html, "<h3>Response</h3><pre>{}</pre>", body_text(body, secrets));
        }
        html.push_str("</details>\n");
    }
    html.push_str("</section>\n");
    html
}

fn request(call: &Call, secrets: bool) -> String {
    let mut text = String::new();
    for (name, value) in call.query() {
        let _ = writeln!(text, "?{}={}", escape(&name), escape(&value));
    }
    for (name, value) in call.headers() {
        let _ = writeln!(text, "{}: {}", escape(name), escape(value));
    }
    if !call.bytes().is_empty() {
        text.push('\n');
        text.push_str(&body_text(call.bytes(), secrets));
    }
    text
}

const HIDDEN: &str = "•••";

fn body_text(body: &[u8], secrets: bool) -> String {
    let text = match serde_json::from_slice::<Value>(body) {
        Ok(mut value) => {
            if !secrets {
                hide(&mut value);
            }
            format!("{value:#}")
        }
        Err(_) if secrets || body.is_empty() => String::from_utf8_lossy(body).into_owned(),
        Err(_) => HIDDEN.to_owned(),
    };
    let end = text.char_indices().nth(LONGEST_SHOWN).map_or(text.len(), |(at, _)| at);
    escape(text.get(..end).unwrap_or_default()) + if end < text.len() { "…" } else { "" }
}

fn hide(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
                match SECRET.contains(&plain.to_lowercase().as_str()) && !value.is_null() {
                    true => *value = Value::from(HIDDEN),
                    false => hide(value),
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(hide),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{body_text, utc};

    #[test]
    fn times() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_798_761_599, "2026-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(seconds), expected);
        }
    }

    #[test]
    fn secrets_are_hidden_unless_they_are_asked_for() {
        let body = br#"{"clientSecret":"s3cret","list":[{"access_token":"s3cret"}],"name":"<b>"}"#;
        let hidden = body_text(body, false);
        assert!(!hidden.contains("s3cret") && hidden.contains("&lt;b&gt;"), "{hidden}");
        assert_eq!(body_text(body, true).matches("s3cret").count(), 2);
        assert!(!body_text(b"code=s3cret", false).contains("s3cret"));
    }
}
