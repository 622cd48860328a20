//! Runs authorization code flows against an emulator in this process, and prints how soon the emulator is ready, how many
//! flows there are in a second, and how much memory the process has.
//!
//! ```console
//! $ cargo run --release -p authlete-emulator --example flows -- 100000
//! ```
//!
//! Each flow is four calls over a connection that stays open: authorization, issue, token with an ID token by ES256,
//! introspection; four flows run at a time. The memory is that of the emulator and the client together, as Linux counts it.

use std::cell::Cell;
use std::error::Error;
use std::time::Instant;

use authlete_emulator::Emulator;
use serde_json::{Value, json};

const REDIRECT_URI: &str = "https://client.example.org/cb";
const STEPS: u64 = 10;

/// An emulator with a service and a client.
struct World {
    http: reqwest::Client,
    base_url: String,
    token: String,
    client: Value,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let flows: u64 = match std::env::args().nth(1) {
        Some(text) => text.parse().map_err(|_| format!("{text} is not a number of flows"))?,
        None => 100_000,
    };
    // It reads the system's certificates, which is not the emulator's time.
    let http = reqwest::Client::new();
    let start = Instant::now();
    let emulator = Emulator::start().await?;
    let world = World::new(http, &emulator).await?;
    let ready = start.elapsed();
    println!("ready with a service, its EC key and a client after {:.1} ms", ready.as_secs_f64() * 1000.0);
    println!("{:>10} {:>9} {:>9} {:>12}", "flows", "seconds", "a second", "memory");
    let run = Run { flows, begun: Cell::new(0), done: Cell::new(0), start: Instant::now() };
    run.report();
    tokio::try_join!(run.work(&world), run.work(&world), run.work(&world), run.work(&world))?;
    emulator.stop().await;
    Ok(())
}

/// The flows that were begun and that are done.
struct Run {
    flows: u64,
    begun: Cell<u64>,
    done: Cell<u64>,
    start: Instant,
}

impl Run {
    /// Runs one flow after the other until all were begun.
    async fn work(&self, world: &World) -> Result<(), Box<dyn Error>> {
        while self.begun.get() < self.flows {
            self.begun.set(self.begun.get() + 1);
            world.flow().await?;
            self.done.set(self.done.get() + 1);
            if self.done.get().is_multiple_of((self.flows / STEPS).max(1)) {
                self.report();
            }
        }
        Ok(())
    }

    fn report(&self) {
        let (done, seconds) = (self.done.get(), self.start.elapsed().as_secs_f64());
        let memory = resident().map_or("unknown".to_owned(), |kib| format!("{kib} KiB"));
        println!("{done:>10} {seconds:>9.1} {:>9.0} {memory:>12}", done as f64 / seconds);
    }
}

impl World {
    async fn new(http: reqwest::Client, emulator: &Emulator) -> Result<Self, Box<dyn Error>> {
        let mut world = Self {
            http,
            base_url: format!("{}/api", emulator.base_url()),
            token: emulator.organization_token().to_owned(),
            client: Value::Null,
        };
        let service = json!({"issuer": "https://as.example.com", "supportedScopes": [{"name": "openid"}]});
        let service = world.call("/service/create", &service).await?;
        world.base_url = format!("{}/{}", world.base_url, service["apiKey"]);
        let client = json!({
            "grantTypes": ["AUTHORIZATION_CODE", "REFRESH_TOKEN"], "redirectUris": [REDIRECT_URI], "idTokenSignAlg": "ES256",
        });
        world.client = world.call("/client/create", &client).await?;
        // The first flow has the key made.
        world.flow().await?;
        Ok(world)
    }

    /// One flow, from the authorization request to the use of the access token.
    async fn flow(&self) -> Result<(), Box<dyn Error>> {
        let id = &self.client["clientId"];
        let parameters =
            format!("response_type=code&client_id={id}&redirect_uri={REDIRECT_URI}&scope=openid&nonce=n&state=s");
        let opened = self.act("/auth/authorization", "INTERACTION", json!({"parameters": parameters})).await?;
        let decision = json!({"ticket": opened["ticket"], "subject": "john"});
        let issued = self.act("/auth/authorization/issue", "LOCATION", decision).await?;
        let code = issued["authorizationCode"].as_str().unwrap_or_default();
        let request = json!({
            "parameters": format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}"),
            "clientId": id.to_string(),
            "clientSecret": self.client["clientSecret"],
        });
        let tokens = self.act("/auth/token", "OK", request).await?;
        self.act("/auth/introspection", "OK", json!({"token": tokens["accessToken"]})).await?;
        Ok(())
    }

    /// A call that has to end with this action.
    async fn act(&self, path: &str, action: &str, body: Value) -> Result<Value, Box<dyn Error>> {
        let answer = self.call(path, &body).await?;
        if answer["action"] == action { Ok(answer) } else { Err(format!("{path}: {}", answer["resultMessage"]).into()) }
    }

    async fn call(&self, path: &str, body: &Value) -> Result<Value, Box<dyn Error>> {
        let request = self.http.post(format!("{}{path}", self.base_url)).bearer_auth(&self.token);
        Ok(request.json(body).send().await?.error_for_status()?.json().await?)
    }
}

/// The resident memory of this process in KiB, where the system says it as Linux does.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
