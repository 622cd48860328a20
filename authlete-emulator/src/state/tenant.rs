//! One service with all that belongs to it. Services share nothing, so one's codes and tokens mean nothing to another.

use serde::{Deserialize, Serialize};

use super::{
    Authorized, Client, Clients, Consents, CredentialRequest, Decision, Details, Expiring, GrantRequest, Grants,
    Lifetimes, Offers, PendingTable, Settings, Tokens, Unresolved,
};
use crate::error::ApiError;
use crate::fetch::Documents;
use crate::jose;
use crate::oauth::OAuthError;
use crate::oauth::destination::Destination;
use crate::oauth::keys::Keys;
use crate::oauth::parameters::Parameters;
use crate::oauth::pkce::Challenge;
use crate::oauth::response_type::ResponseType;

/// A service.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Tenant {
    pub(crate) id: u64,
    pub(crate) settings: Settings,
    /// The service access token: what the console issues for the real API.
    pub(crate) access_token: String,
    pub(crate) clients: Clients,
    /// How many clients there have ever been: the next one's `number`.
    pub(crate) created: u64,
    pub(crate) tickets: Expiring<String, Ticket>,
    pub(crate) pushed: Expiring<String, Pushed>,
    pub(crate) codes: Expiring<String, Code>,
    /// Password grants that wait for `auth_token_issue_api` or `auth_token_fail_api`.
    pub(crate) token_tickets: Expiring<String, TokenTicket>,
    /// By user code and device code.
    pub(crate) devices: PendingTable,
    /// By ticket and `auth_req_id`.
    pub(crate) backchannels: PendingTable,
    pub(crate) tokens: Tokens,
    pub(crate) grants: Grants,
    pub(crate) consents: Consents,
    pub(crate) batches: Expiring<String, Batch>,
    pub(crate) offers: Offers,
    /// By the identifiers that `vci_single_parse_api` and its like give them; those of deferred ones are transaction IDs.
    pub(crate) credential_requests: Expiring<String, CredentialRequest>,
    pub(crate) keys: Keys,
    /// Assertions and proofs that have been seen, by a hash of their ids, so that none works twice.
    assertions: Expiring<String, ()>,
    proofs: Expiring<String, ()>,
    /// What pairwise subjects are made from, once one has been asked for, and whose they are.
    pub(crate) pairwise_salt: Option<String>,
    pub(crate) pairwise: Expiring<String, String>,
    /// What the nonces for DPoP proofs are made from, once one has been asked for.
    pub(crate) nonce_secret: Option<String>,
    /// What has been fetched for the call that is being served.
    #[serde(skip)]
    pub(crate) documents: Documents,
    /// The client of that call, where its identifier is a URL that leads to no client.
    #[serde(skip)]
    pub(crate) unresolved: Option<Unresolved>,
}

/// An authorization request that waits for the user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Ticket {
    pub(crate) client_id: u64,
    pub(crate) alias_used: bool,
    pub(crate) destination: Destination,
    /// Whether the request named its redirect URI, in which case the token request has to name it too.
    pub(crate) redirect_uri_given: bool,
    pub(crate) scopes: Vec<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) response_type: ResponseType,
    /// What the request does to a grant, if anything.
    pub(crate) grant_request: Option<GrantRequest>,
    /// The user that the client expects.
    pub(crate) subject: Option<String>,
    /// How old the login may be, in seconds, where the request or the client says so. With 0 the user has to log in anew.
    pub(crate) max_age: Option<u64>,
    /// Milliseconds since 1970.
    pub(crate) opened_at: u64,
    /// The ACRs of which one has to be satisfied; none where none has to.
    pub(crate) essential_acrs: Vec<String>,
    /// A string that the authorization server keeps with the ticket.
    pub(crate) context: Option<String>,
    pub(crate) details: Details,
}

/// An authorization request that came ahead of the browser (RFC 9126).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pushed {
    pub(crate) client_id: u64,
    pub(crate) parameters: Parameters,
    /// The claims of its request object, if it had one.
    pub(crate) payload: Option<String>,
}

/// A token request with a user's password, which the authorization server checks.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TokenTicket {
    pub(crate) client_id: u64,
    pub(crate) alias_used: bool,
    /// What the user authorizes by the password, with the keys that the token request has proven.
    pub(crate) authorized: Authorized,
    pub(crate) lifetimes: Lifetimes,
    /// The access token, where the token request's call chooses it.
    pub(crate) access_token: Option<String>,
}

/// An authorization code: what was granted, and whether it has been used.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) ticket: Ticket,
    pub(crate) authorized: Authorized,
    /// Milliseconds since 1970.
    pub(crate) expires_at: u64,
    /// The token it was exchanged for, once it has been.
    pub(crate) token: Option<u64>,
}

/// What became of tokens that were made many at a time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Batch {
    /// Milliseconds since 1970.
    pub(crate) created_at: u64,
    pub(crate) token_count: usize,
    /// What was wrong, if anything was; then there are no tokens.
    pub(crate) error: Option<String>,
}

/// Something that waits for a decision, and the key that the authorization server has for it.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) kind: &'static str,
    pub(crate) client_id: u64,
    pub(crate) scopes: Vec<String>,
    pub(crate) key: String,
}

impl Tenant {
    pub(crate) fn new(id: u64, settings: Settings, access_token: String) -> Self {
        Self {
            id,
            settings,
            access_token,
            clients: Clients::default(),
            created: 0,
            tickets: Expiring::new(),
            pushed: Expiring::new(),
            codes: Expiring::new(),
            token_tickets: Expiring::new(),
            devices: PendingTable::new(),
            backchannels: PendingTable::new(),
            tokens: Tokens::new(),
            grants: Grants::new(),
            consents: Consents::new(),
            batches: Expiring::new(),
            offers: Offers::new(),
            credential_requests: Expiring::new(),
            keys: Keys::default(),
            assertions: Expiring::new(),
            proofs: Expiring::new(),
            pairwise_salt: None,
            pairwise: Expiring::new(),
            nonce_secret: None,
            documents: Documents::default(),
            unresolved: None,
        }
    }

    /// Forgets what has expired.
    pub(crate) fn purge(&mut self, now: u64) {
        self.tickets.purge(now);
        self.pushed.purge(now);
        self.codes.purge(now);
        self.token_tickets.purge(now);
        self.devices.purge(now);
        self.backchannels.purge(now);
        self.tokens.purge(now);
        self.assertions.purge(now);
        self.proofs.purge(now);
        self.batches.purge(now);
        self.offers.purge(now);
        self.credential_requests.purge(now);
    }

    /// How much there is of what comes and goes, with a label for each.
    pub(crate) fn counts(&self) -> [(&'static str, usize); 6] {
        [
            ("Clients", self.clients.len()),
            ("Access tokens", self.tokens.len()),
            ("Codes", self.codes.len()),
            ("Tickets", self.tickets.len() + self.token_tickets.len()),
            ("Pushed requests", self.pushed.len()),
            ("Device and CIBA requests", self.devices.len() + self.backchannels.len()),
        ]
    }

    /// What waits for the authorization server or the user, of each kind at most `most`.
    pub(crate) fn waiting(&self, most: usize) -> Vec<Waiting> {
        let tickets = self.tickets.iter().take(most).map(|(key, ticket)| Waiting {
            kind: "authorization request",
            client_id: ticket.client_id,
            scopes: ticket.scopes.clone(),
            key: key.clone(),
        });
        let passwords = self.token_tickets.iter().take(most).map(|(key, ticket)| Waiting {
            kind: "password",
            client_id: ticket.client_id,
            scopes: ticket.authorized.scopes.clone(),
            key: key.clone(),
        });
        let pending = |kind, table: &PendingTable| {
            let waiting = table.waiting().take(most).map(|(key, pending)| Waiting {
                kind,
                client_id: pending.client_id,
                scopes: pending.scopes.clone(),
                key: key.to_owned(),
            });
            waiting.collect::<Vec<_>>()
        };
        let devices = pending("device", &self.devices);
        let backchannels = pending("CIBA request", &self.backchannels);
        tickets.chain(passwords).chain(devices).chain(backchannels).collect()
    }

    /// A client that is known to be there, or was until now.
    pub(crate) fn known_client(&mut self, id: u64) -> Result<&mut Client, ApiError> {
        let service = self.id;
        let missing = || ApiError::not_found(format!("Service {service} has no client {id}."));
        self.clients.get_mut(&id).ok_or_else(missing)
    }

    /// Notes what a user agreed to, if the user did.
    pub(crate) fn record_consent(&mut self, client_id: u64, decision: &Decision, now: u64) {
        if let Decision::Approved(approval) = decision
            && let Some(subject) = &approval.authorized.subject
        {
            self.consents.record(client_id, subject, &approval.authorized.scopes, now);
        }
    }

    /// The clients, oldest first.
    pub(crate) fn clients_in_order(&self) -> Vec<&Client> {
        let mut clients: Vec<&Client> = self.clients.values().collect();
        clients.sort_by_key(|client| client.settings.number("number"));
        clients
    }

    /// A client by its id or, where the service and the client allow it, by its alias. The flag says which it was.
    pub(crate) fn client(&self, identifier: &str) -> Option<(&Client, bool)> {
        if let Some(client) = identifier.parse().ok().and_then(|id: u64| self.clients.get(&id)) {
            return Some((client, false));
        }
        if self.unresolved.as_ref().is_some_and(|unresolved| unresolved.identifier == identifier) {
            return None;
        }
        if let Some(client) = self.clients.by_url(identifier).filter(|client| self.accepts_url_of(client)) {
            return Some((client, false));
        }
        if !self.settings.flag("clientIdAliasEnabled") {
            return None;
        }
        let found = self.clients.by_alias(identifier).filter(|client| client.alias().is_some())?;
        Some((found, true))
    }

    /// Whether the service still identifies clients by URLs as this one is.
    fn accepts_url_of(&self, client: &Client) -> bool {
        match client.settings.string("metadataDocumentLocation") {
            Some(_) => self.settings.flag("clientIdMetadataDocumentSupported"),
            None => self.settings.flag("federationEnabled"),
        }
    }

    /// The error of a request from a client that is not known: this one, unless there is a better one.
    pub(crate) fn unknown_client(&self, identifier: &str, error: &'static str, code: &'static str) -> OAuthError {
        match self.unresolved.as_ref().filter(|unresolved| unresolved.identifier == identifier) {
            Some(unresolved) => {
                let (error, code) = unresolved.error.unwrap_or((error, code));
                let message = format!("The client cannot be taken from its URL. {}.", unresolved.reason);
                OAuthError::new(error, code, message)
            }
            None => OAuthError::new(error, code, "There is no such client."),
        }
    }

    /// Whether this client assertion is seen for the first time. It is remembered until it ends.
    pub(crate) fn is_first_assertion(&mut self, client_id: u64, id: &str, ends_at: u64) -> bool {
        is_first(&mut self.assertions, &format!("{client_id} {id}"), ends_at)
    }

    /// Whether this DPoP proof is seen for the first time. It is remembered until it ends.
    pub(crate) fn is_first_proof(&mut self, thumbprint: &str, id: &str, ends_at: u64) -> bool {
        is_first(&mut self.proofs, &format!("{thumbprint} {id}"), ends_at)
    }

    /// A duration among the settings, in seconds, or the one that applies where none is set.
    pub(crate) fn duration(&self, name: &str, default: u64) -> u64 {
        match self.settings.number(name) {
            0 => default,
            seconds => seconds,
        }
    }
}

/// An id can be of any length, its hash cannot.
fn is_first(seen: &mut Expiring<String, ()>, id: &str, ends_at: u64) -> bool {
    let key = jose::sha256(id);
    let first = seen.get(&key).is_none();
    if first {
        seen.insert(key, ends_at, ());
    }
    first
}
