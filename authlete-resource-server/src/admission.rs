//! The decision: whether a request may be served, by the token and the proof that it presents.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use authlete_api::actions::IntrospectionAction;
use authlete_api::http_inputs::TokenScheme;
use authlete_api::types::{IntrospectionRequest, IntrospectionResponse};
use authlete_api::{AuthleteService, Reply};
use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tokio::time::sleep;

use crate::challenge::Refused;
use crate::jwt::verifier::{self, JwtVerifier, Thumbprint, Verified};
use crate::jwt::{JwtError, dpop};
use crate::layer::{Bound, Route};
use crate::metadata::same_resource;
use crate::principal::{Binding, Principal, Token, VerifiedBy, millis, moment};
use crate::request::{Presented, thumbprint};
use crate::shared::SharedStore;
use crate::verdicts::{Key, Turn, key};

/// How long a signature that was verified counts, at most: a key that the issuer removed works no longer than this and
/// the time for which keys are kept.
pub(crate) const LOCAL_TTL: Duration = Duration::from_secs(300);

/// How long an instance waits between two looks for the verdict that another one is asking for, and how often it looks.
const FLEET_WAIT: Duration = Duration::from_millis(25);
const LOOKS: u32 = 20;

/// How long Authlete is left alone where the signature will do, after it could not be asked.
const PAUSE: Duration = Duration::from_secs(5);

/// A request that may be served.
pub(crate) struct Admitted {
    pub(crate) principal: Principal,
    /// What the response has to carry: a new nonce for DPoP proofs.
    pub(crate) headers: HeaderMap,
}

/// What introspection found, as it is kept in the shared store.
#[derive(Serialize, Deserialize)]
struct Stored {
    /// When Authlete was asked, in milliseconds since 1970.
    asked: u64,
    token: Token,
}

impl Route {
    /// Decides about a request.
    ///
    /// # Errors
    /// The response to a request that may not be served.
    pub(crate) async fn admit(&self, presented: &Presented) -> Result<Admitted, Refused> {
        let settings = &self.server.inner().settings;
        let verifier = settings.verifier.as_ref().filter(|_| is_jwt(&presented.token));
        let mut headers = HeaderMap::new();
        let token = match (verifier, &settings.service) {
            (Some(verifier), service) => {
                let mut token = self.verified(verifier, presented).await?;
                self.check_binding(&token, presented).await?;
                match service {
                    Some(service) if self.requirements.introspect => {
                        token = self.ask(service, presented, &mut headers).await?;
                    }
                    Some(service) => self.introspect_when_due(service, presented).await?,
                    None if self.requirements.introspect => {
                        let reason = "the route wants introspection, and the resource server has no service to ask";
                        return Err(Refused::unavailable(false, None, reason));
                    }
                    None => {}
                }
                token
            }
            (None, Some(_)) if settings.only_jwts => {
                return Err(self.challenger.invalid_token(presented.scheme, "the access token is not a JWT"));
            }
            (None, Some(service)) => self.introspected(service, presented, &mut headers).await?,
            (None, None) => return Err(self.challenger.invalid_token(presented.scheme, JwtError::Malformed.reason())),
        };
        self.check(&token, presented.scheme)?;
        let principal = Principal::new(token, presented.scheme, Arc::clone(&self.challenger));
        Ok(Admitted { principal, headers })
    }

    /// What the route wants beyond a good token.
    fn check(&self, token: &Token, scheme: TokenScheme) -> Result<(), Refused> {
        let wanted = &self.requirements;
        let for_this = |resource: &String| token.audiences.iter().any(|audience| same_resource(audience, resource));
        // Authlete was asked for scopes, resources, ACR and age as well: where it says that the token is good and does not name
        // them, it is.
        let asked = token.verified_by == VerifiedBy::Introspection;
        let unnamed = asked && token.audiences.is_empty();
        if !wanted.resources.is_empty() && !unnamed && !wanted.resources.iter().any(for_this) {
            return Err(self.challenger.invalid_token(scheme, "the access token is for another resource"));
        }
        let bound = |bound: &Bound| match (bound, &token.binding) {
            (Bound::Key, Some(Binding::Dpop(_))) | (Bound::Certificate, Some(Binding::Certificate(_))) => true,
            (Bound::Key | Bound::Certificate, _) => false,
        };
        if !wanted.bound_by.is_empty() && !wanted.bound_by.iter().any(bound) {
            return Err(self.challenger.invalid_token(scheme, "the access token is not bound as the route wants"));
        }
        if !asked && !wanted.scopes.iter().all(|scope| token.scopes.contains(scope)) {
            return Err(self.challenger.insufficient_scope(scheme, &wanted.scopes, &token.scopes));
        }
        let acr = match &token.acr {
            Some(acr) => wanted.acr_values.is_empty() || wanted.acr_values.contains(acr),
            None => wanted.acr_values.is_empty() || asked,
        };
        let age = match (wanted.max_age, token.auth_time) {
            (Some(most), Some(time)) => moment(time) + most >= SystemTime::now(),
            (most, None) => most.is_none() || asked,
            (None, Some(_)) => true,
        };
        match acr && age {
            true => Ok(()),
            false => Err(self.challenger.insufficient_authentication(scheme, &wanted.acr_values, wanted.max_age)),
        }
    }

    /// Whose credentials Authlete is asked with, as a hash.
    async fn asker(&self, service: &AuthleteService) -> Result<Key, Refused> {
        if let Some(id) = self.server.inner().settings.cache.credentials {
            return Ok(id);
        }
        let fingerprint = service.client().credentials_fingerprint().await;
        fingerprint.map_err(|_| Refused::unavailable(true, None, "there are no credentials to ask Authlete with"))
    }

    /// Verifies a JWT by its signature, or finds that this was done a moment ago.
    async fn verified(&self, verifier: &JwtVerifier, presented: &Presented) -> Result<Arc<Token>, Refused> {
        let shared = self.server.inner();
        let revocations = &shared.settings.revocations;
        let key = key(&[&[0; 32]], &presented.token, None);
        if let Some(good) = shared.local.good(&key, &presented.token) {
            return Ok(Arc::clone(&good.token));
        }
        let generation = revocations.generation();
        let verified = verifier.verify(&presented.token).await.map_err(|error| match error {
            JwtError::KeysUnavailable => Refused::unavailable(true, None, error.reason()),
            error => self.challenger.invalid_token(presented.scheme, error.reason()),
        })?;
        let token = Arc::new(Token::from(verified));
        if revocations.covers(&token, &Sha256::digest(&presented.token).into()) {
            return Err(self.challenger.invalid_token(presented.scheme, "the access token was revoked"));
        }
        shared.local.keep(key, &token, LOCAL_TTL, generation);
        Ok(token)
    }

    /// Whether the request proves what a token that was verified locally is bound to.
    async fn check_binding(&self, token: &Token, presented: &Presented) -> Result<(), Refused> {
        let refuse = |reason| Err(self.challenger.invalid_token(presented.scheme, reason));
        match (&token.binding, presented.scheme) {
            (Some(Binding::Dpop(expected)), TokenScheme::DPoP) => {
                let Some(proof) = &presented.proof else { return refuse("the request has no DPoP proof") };
                let target = dpop::Target { method: &proof.method, url: &proof.url, token: &presented.token };
                let checked = dpop::check(&proof.value, &target).map_err(|what| self.challenger.invalid_proof(what))?;
                if expected.as_ref() != Some(&checked.thumbprint) {
                    return refuse("the DPoP proof is by another key than the access token is bound to");
                }
                let shared = self.server.inner();
                match shared.proofs.use_once(&checked, shared.settings.store.as_deref()).await {
                    true => Ok(()),
                    false => Err(self.challenger.invalid_proof("the DPoP proof was used before")),
                }
            }
            (Some(Binding::Certificate(expected)), TokenScheme::Bearer) => {
                match presented.certificate.as_deref().and_then(thumbprint) == Some(expected.clone()) {
                    true => Ok(()),
                    false => refuse("the client certificate is not the one that the access token is bound to"),
                }
            }
            (None, TokenScheme::Bearer) => Ok(()),
            (Some(Binding::Dpop(_)), _) => refuse("the access token is bound to a key, and was not presented as such"),
            _ => refuse("the access token is not bound to a key, and was presented as if it were"),
        }
    }

    /// For the policy that asks Authlete now and then about tokens that were verified locally.
    async fn introspect_when_due(&self, service: &AuthleteService, presented: &Presented) -> Result<(), Refused> {
        let shared = self.server.inner();
        let Some(every) = shared.settings.introspect_every else { return Ok(()) };
        let Ok(asker) = self.asker(service).await else { return Ok(()) };
        let of_token = key(&[&[1; 32], &asker], &presented.token, None);
        loop {
            // What Authlete said is kept for as long as it need not be asked again.
            if shared.local.good(&of_token, &presented.token).is_some() || shared.pause.lasts() {
                return Ok(());
            }
            // What a route wants is part of the question, and so of what others can be told of its answer.
            let of_route = key(&[&[3; 32], &self.key, &asker], &presented.token, presented.certificate.as_deref());
            let generation = shared.settings.revocations.generation();
            let outcome = match shared.in_flight.turn((of_route, generation)) {
                Turn::Lead(leader) => {
                    let outcome = self.ask(service, presented, &mut HeaderMap::new()).await;
                    if outcome.as_ref().is_err_and(|refused| !refused.is_verdict()) {
                        shared.pause.begin(PAUSE);
                    }
                    leader.finish(outcome.clone());
                    outcome
                }
                // Another request of the same token asks: its outcome counts for this one too, but for what may have been
                // wrong with its proof. When that request was given up, it is this one's turn.
                Turn::Follow(follower) => match follower.outcome().await {
                    Some(Err(refused)) if refused.is_verdict() && presented.proof.is_some() => {
                        self.ask(service, presented, &mut HeaderMap::new()).await
                    }
                    Some(outcome) => outcome,
                    None => continue,
                },
            };
            return match outcome {
                Ok(token) => {
                    shared.local.keep(of_token, &token, every, generation);
                    Ok(())
                }
                Err(refused) if refused.is_verdict() => Err(refused),
                // Authlete is away: the signature has to do.
                Err(_) => Ok(()),
            };
        }
    }

    /// Asks Authlete about a token, or finds that this was done a moment ago.
    async fn introspected(
        &self,
        service: &AuthleteService,
        presented: &Presented,
        headers: &mut HeaderMap,
    ) -> Result<Arc<Token>, Refused> {
        let shared = self.server.inner();
        // A proof is for one request, and so is the answer to it; an age has to be judged anew.
        if presented.proof.is_some() {
            self.refuse_unbound(service, presented).await?;
            return self.ask(service, presented, headers).await;
        }
        if self.requirements.introspect || self.requirements.max_age.is_some() {
            return self.ask(service, presented, headers).await;
        }
        let asker = self.asker(service).await?;
        let key = key(&[&self.key, &asker], &presented.token, presented.certificate.as_deref());
        loop {
            if let Some(good) = shared.introspected.good(&key, &presented.token) {
                return Ok(Arc::clone(&good.token));
            }
            if let Some(refused) = shared.introspected.refusal(&key) {
                return Err(refused);
            }
            let generation = shared.settings.revocations.generation();
            match shared.in_flight.turn((key, generation)) {
                Turn::Lead(leader) => {
                    let outcome = self.look_up_or_ask(service, presented, (key, generation), headers).await;
                    leader.finish(outcome.clone());
                    return outcome;
                }
                Turn::Follow(follower) => {
                    if let Some(outcome) = follower.outcome().await {
                        return outcome;
                    }
                }
            }
        }
    }

    /// Asks Authlete, unless another instance did. The generation is the one from before.
    async fn look_up_or_ask(
        &self,
        service: &AuthleteService,
        presented: &Presented,
        (key, generation): (Key, u64),
        headers: &mut HeaderMap,
    ) -> Result<Arc<Token>, Refused> {
        let shared = self.server.inner();
        let revocations = &shared.settings.revocations;
        let ttl = shared.introspected.settings().ttl;
        // While a "forget all" of this instance is on its way to the store, what is there is what has to be forgotten.
        let store = shared.settings.store.as_deref().filter(|store| !ttl.is_zero() && store.generation() == generation);
        if let Some(store) = store
            && let Some(stored) = shared_verdict(store, &key, generation).await
        {
            let token = Arc::new(stored.token);
            let age = Duration::from_millis(millis(SystemTime::now()).saturating_sub(stored.asked));
            let left = ttl.saturating_sub(age);
            let revoked = revocations.covers(&token, &Sha256::digest(&presented.token).into());
            if !revoked && !shared.introspected.keep(key, &token, left, generation).is_zero() {
                return Ok(token);
            }
        }
        let asked = millis(SystemTime::now());
        let outcome = self.ask(service, presented, headers).await;
        match &outcome {
            Ok(token) => {
                let left = shared.introspected.keep(key, token, ttl, generation);
                if let Some(store) = store.filter(|_| !left.is_zero()) {
                    let stored = Stored { asked, token: (**token).clone() };
                    if let Ok(bytes) = serde_json::to_vec(&stored) {
                        // Without the store every instance asks for itself.
                        let _ = store.put(&key, generation, bytes, left).await;
                    }
                }
            }
            Err(refused) if refused.is_verdict() => shared.introspected.keep_refusal(key, refused.clone(), generation),
            Err(_) => {}
        }
        outcome
    }

    /// Refuses a token that is presented as bound to a key and is not (RFC 9449 section 7.1). Authlete accepts the proof
    /// for such a token and does not say whether the token is bound; that it accepts the token without a proof tells.
    async fn refuse_unbound(&self, service: &AuthleteService, presented: &Presented) -> Result<(), Refused> {
        let shared = self.server.inner();
        let asker = self.asker(service).await?;
        let of_token = key(&[&[2; 32], &asker], &presented.token, presented.certificate.as_deref());
        // The challenge of a refusal is the route's.
        let of_route = key(&[&[2; 32], &self.key, &asker], &presented.token, presented.certificate.as_deref());
        let generation = shared.settings.revocations.generation();
        if let Some(refused) = shared.introspected.refusal(&of_route) {
            return Err(refused);
        }
        if shared.proofs.is_bound(&of_token) {
            return Ok(());
        }
        let mut question = IntrospectionRequest::new(presented.token.clone());
        question.client_certificate = presented.certificate.clone();
        match self.call(service, question).await? {
            IntrospectionAction::Ok(_) => {
                let reason = "the access token is not bound to a key, and was presented as if it were";
                let refused = self.challenger.invalid_token(presented.scheme, reason);
                shared.introspected.keep_refusal(of_route, refused.clone(), generation);
                Err(refused)
            }
            IntrospectionAction::InternalServerError(_) | IntrospectionAction::Unknown(_) => Ok(()),
            _ => {
                shared.proofs.remember_bound(of_token);
                Ok(())
            }
        }
    }

    /// Asks Authlete about the token of this request.
    async fn ask(
        &self,
        service: &AuthleteService,
        presented: &Presented,
        headers: &mut HeaderMap,
    ) -> Result<Arc<Token>, Refused> {
        let wanted = &self.requirements;
        let mut question = IntrospectionRequest::new(presented.token.clone());
        question.scopes = (!wanted.scopes.is_empty()).then(|| wanted.scopes.clone());
        question.resources = (!wanted.resources.is_empty()).then(|| wanted.resources.clone());
        question.acr_values = (!wanted.acr_values.is_empty()).then(|| wanted.acr_values.clone());
        question.max_age = wanted.max_age.map(|age| i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
        question.client_certificate = presented.certificate.clone();
        if let Some(proof) = &presented.proof {
            question.dpop = Some(proof.value.clone());
            question.htm = Some(proof.method.clone());
            question.htu = Some(proof.url.clone());
        }
        match self.call(service, question).await? {
            IntrospectionAction::Ok(found) => {
                found.extra_headers().add_to(headers);
                let settings = &self.server.inner().settings;
                let mut token = Token::of_response(found.response(), presented.scheme);
                let duration = settings
                    .access_token_duration
                    .map(|duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX));
                token.issued_at =
                    token.expires_at.zip(duration).map(|(expires, duration)| expires.saturating_sub(duration));
                let token = Arc::new(token);
                match settings.revocations.covers(&token, &Sha256::digest(&presented.token).into()) {
                    false => Ok(token),
                    true => Err(self.challenger.invalid_token(presented.scheme, "the access token was revoked")),
                }
            }
            // What Authlete has to say of its own failures is not for clients.
            IntrospectionAction::InternalServerError(_) | IntrospectionAction::Unknown(_) => {
                Err(Refused::unavailable(false, None, "Authlete could not tell whether the access token is good"))
            }
            IntrospectionAction::BadRequest(reply)
            | IntrospectionAction::Unauthorized(reply)
            | IntrospectionAction::Forbidden(reply) => Err(self.refused_by_authlete(&reply, presented.scheme)),
        }
    }

    fn refused_by_authlete(&self, reply: &Reply, scheme: TokenScheme) -> Refused {
        // A token for another resource is no use here whatever its scopes: the client needs another one.
        let challenge = reply.headers().get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if ["invalid_target", "invalid_resource"].iter().any(|error| challenge.contains(&format!("error=\"{error}\"")))
        {
            return self.challenger.invalid_token(scheme, "the access token is for another resource");
        }
        self.challenger.of_authlete(reply, scheme)
    }

    async fn call(
        &self,
        service: &AuthleteService,
        question: IntrospectionRequest,
    ) -> Result<IntrospectionAction, Refused> {
        let mut call = service.introspection().process(question);
        if let Some(timeout) = self.server.inner().settings.timeout {
            call = call.timeout(timeout);
        }
        call.await.map_err(|error| {
            Refused::unavailable(error.is_retryable(), error.retry_after(), "Authlete could not be asked")
        })
    }
}

/// The verdict that another instance left in the store. Of several instances that miss it at the same time one asks
/// Authlete, and the others look a few times more before they ask too.
async fn shared_verdict(store: &dyn SharedStore, key: &Key, generation: u64) -> Option<Stored> {
    let look = async || {
        let found = store.get(key, generation).await.ok()?;
        Some(found.and_then(|bytes| serde_json::from_slice::<Stored>(&bytes).ok()))
    };
    if let Some(stored) = look().await? {
        return Some(stored);
    }
    let turn: Key = Sha256::new().chain_update(generation.to_be_bytes()).chain_update(key).finalize().into();
    if store.use_once(&turn, FLEET_WAIT * LOOKS).await.unwrap_or(true) {
        return None;
    }
    for _ in 0..LOOKS {
        sleep(FLEET_WAIT).await;
        if let Some(stored) = look().await? {
            return Some(stored);
        }
    }
    None
}

/// Whether a token has the three parts of a signed JWT. Authlete's other tokens have no dots.
fn is_jwt(token: &str) -> bool {
    token.split('.').count() == 3
}

impl From<Verified> for Token {
    fn from(verified: Verified) -> Self {
        let Verified { claims, expires_at, audiences, thumbprint } = verified;
        let string = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let moment = |name: &str| verifier::time(&claims, name).ok().flatten().map(millis);
        Self {
            subject: string("sub"),
            // A number where the client has no alias.
            client_id: string("client_id")
                .or_else(|| claims.get("client_id").and_then(Value::as_u64).map(|id| id.to_string())),
            scopes: string("scope")
                .map(|scope| scope.split(' ').filter(|s| !s.is_empty()).map(str::to_owned).collect())
                .unwrap_or_default(),
            audiences,
            expires_at: Some(millis(expires_at)),
            issued_at: moment("iat"),
            auth_time: moment("auth_time"),
            acr: string("acr"),
            token_id: string("jti"),
            grant_id: string("grant_id"),
            binding: thumbprint.map(|thumbprint| match thumbprint {
                Thumbprint::Key(thumbprint) => Binding::Dpop(Some(thumbprint)),
                Thumbprint::Certificate(thumbprint) => Binding::Certificate(thumbprint),
            }),
            properties: Vec::new(),
            verified_by: VerifiedBy::Signature,
            claims,
        }
    }
}

impl Token {
    /// The token that an introspection response describes, with claims as RFC 7662 names them.
    fn of_response(response: &IntrospectionResponse, scheme: TokenScheme) -> Self {
        let client_id = match (&response.client_id_alias, response.client_id_alias_used) {
            (Some(alias), Some(true)) => Some(alias.clone()),
            _ => response.metadata_document_location.clone().filter(|_| response.metadata_document_used == Some(true)),
        }
        .or_else(|| response.client_id.map(|id| id.to_string()));
        let scopes = response.scopes.clone().unwrap_or_default();
        let audiences =
            response.access_token_resources.as_ref().or(response.resources.as_ref()).cloned().unwrap_or_default();
        let properties: Vec<(String, String)> = response
            .properties
            .iter()
            .flatten()
            .filter_map(|property| Some((property.key.clone()?, property.value.clone().unwrap_or_default())))
            .collect();
        let binding = match (response.certificate_thumbprint.clone(), scheme) {
            (_, TokenScheme::DPoP) => Some(Binding::Dpop(None)),
            (Some(thumbprint), _) => Some(Binding::Certificate(thumbprint)),
            (None, _) => None,
        };
        let expires_at = response.expires_at.and_then(|time| u64::try_from(time).ok());
        let auth_time = response.auth_time.and_then(|time| u64::try_from(time).ok()).filter(|time| *time > 0);
        let grant_id = response.grant_id.as_ref().map(|grant| grant.as_str().to_owned());

        let mut claims = Map::new();
        let mut claim = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                claims.insert(name.to_owned(), value);
            }
        };
        claim("sub", response.subject.clone().map(Value::from));
        claim("client_id", client_id.clone().map(Value::from));
        claim("scope", (!scopes.is_empty()).then(|| Value::from(scopes.join(" "))));
        claim("exp", expires_at.map(|time| Value::from(time / 1000)));
        claim("aud", (!audiences.is_empty()).then(|| Value::from(audiences.clone())));
        claim("acr", response.acr.clone().map(Value::from));
        claim("auth_time", auth_time.map(Value::from));
        claim("grant_id", grant_id.clone().map(Value::from));
        claim(
            "authorization_details",
            response.authorization_details.as_ref().and_then(|details| {
                serde_json::to_value(details).ok().and_then(|mut value| value.get_mut("elements").map(Value::take))
            }),
        );
        for (key, value) in &properties {
            claims.entry(key.clone()).or_insert_with(|| Value::from(value.clone()));
        }
        Self {
            subject: response.subject.clone(),
            client_id,
            scopes,
            audiences,
            expires_at,
            issued_at: None,
            auth_time: auth_time.map(|time| time.saturating_mul(1000)),
            acr: response.acr.clone(),
            token_id: None,
            grant_id,
            binding,
            properties,
            claims,
            verified_by: VerifiedBy::Introspection,
        }
    }
}
