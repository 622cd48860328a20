// The example as a member of a federation (OpenID Federation 1.0): @openid-federation/core resolves its trust chain, and
// clients of that library's making are registered, explicitly and automatically.

import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { fetchEntityConfiguration, resolveTrustChains } from '@openid-federation/core';
import { compactVerify, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';

import { Federation, verifyJwtCallback } from '../lib/federation.js';
import { api, issuer } from '../lib/issuer.js';

const STATEMENT = 'application/entity-statement+jwt';
let federation;
let settings;

before(async () => {
  federation = await Federation.start();
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: 'federation', alg: 'ES256', use: 'sig' };
  settings = await api('/service/get');
  await api('/service/update', {
    ...settings,
    federationEnabled: true,
    federationJwks: JSON.stringify({ keys: [key] }),
    federationRegistrationEndpoint: `${issuer}/federation/register`,
    supportedClientRegistrationTypes: ['AUTOMATIC', 'EXPLICIT'],
    authorityHints: [federation.organization.id],
    trustAnchors: [{ entityId: federation.anchor.id, jwks: JSON.stringify({ keys: [federation.anchor.jwk] }) }],
  });
  const { d, ...publicKey } = key;
  assert.ok(d);
  federation.organization.vouch(issuer, { keys: [publicKey] });
});

after(async () => {
  federation.stop();
  await api('/service/update', settings);
});

/** Explicit registration. */
async function register(body, type = STATEMENT) {
  const response = await fetch(`${issuer}/federation/register`, { method: 'POST', headers: { 'content-type': type }, body });
  const text = await response.text();
  const refused = response.status === 400 || response.status === 415 ? JSON.parse(text).error : undefined;
  return { status: response.status, type: response.headers.get('content-type'), text, refused };
}

/** A pushed request of a client that is known by its entity identifier, authenticated by its own key. */
async function push(client, { key = client.protocolKey, audience = issuer } = {}) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: client.id, sub: client.id, aud: audience, iat: now, exp: now + 60, jti: randomUUID() };
  const assertion = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'protocol' }).sign(key);
  const body = new URLSearchParams({
    client_id: client.id,
    response_type: 'code',
    scope: 'openid',
    redirect_uri: 'https://rp.example.org/callback',
    code_challenge: createHash('sha256').update('v'.repeat(43)).digest('base64url'),
    code_challenge_method: 'S256',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  });
  const response = await fetch(`${issuer}/par`, { method: 'POST', body });
  return { status: response.status, ...(await response.json()) };
}

test('the entity configuration is what the library takes for one, and leads to the trust anchor', async () => {
  const claims = await fetchEntityConfiguration({ entityId: issuer, verifyJwtCallback });
  assert.equal(claims.metadata.openid_provider.federation_registration_endpoint, `${issuer}/federation/register`);
  const chains = await resolveTrustChains({
    entityId: issuer,
    trustAnchorEntityIds: [federation.anchor.id],
    verifyJwtCallback,
  });
  assert.equal(chains.length, 1);
  assert.equal(chains[0].resolvedLeafMetadata.openid_provider.issuer, issuer);
});

test('a client registers itself explicitly', async () => {
  const client = await federation.client('explicit');
  const response = await register(await client.configuration({ aud: issuer }));
  assert.equal(response.status, 200, response.text);
  const [key] = decodeJwt(await (await fetch(`${issuer}/.well-known/openid-federation`)).text()).jwks.keys;
  await compactVerify(response.text, await importJWK(key, 'ES256'));
  const said = decodeJwt(response.text);
  assert.deepEqual([said.iss, said.sub, said.aud], [issuer, client.id, client.id]);
  assert.equal(said.trust_anchor, federation.anchor.id);
  assert.match(decodeProtectedHeader(response.text).typ, /jwt$/);
  // Whoever is registered already is refused, as by Authlete.
  assert.equal((await register(await client.configuration({ aud: issuer }))).status, 400);
});

test('a client registers itself by its trust chain', async () => {
  const client = await federation.client('by-chain');
  const { organization, anchor } = federation;
  const chain = [await client.configuration({ aud: issuer }), await organization.statement(client.id), await anchor.statement(organization.id)];
  const response = await register(JSON.stringify(chain), 'application/trust-chain+json');
  assert.equal(response.status, 200, response.text);
});

test('a client is registered by its first pushed request', async () => {
  const client = await federation.client('automatic');
  const first = await push(client);
  assert.equal(first.status, 201, JSON.stringify(first));
  const again = await push(client);
  assert.equal(again.status, 201, JSON.stringify(again));
});

test('metadata policies of superiors are kept', async () => {
  const policy = { metadata_policy: { openid_relying_party: { token_endpoint_auth_method: { one_of: ['private_key_jwt'] } } } };
  const good = await federation.client('within-policy', {}, policy);
  assert.equal((await push(good)).status, 201);
  const bad = { ...policy, metadata_policy: { openid_relying_party: { client_name: { one_of: ['other'] } } } };
  const refused = await federation.client('against-policy', {}, bad);
  const { status, error } = await push(refused);
  assert.ok([400, 401].includes(status), `${status} ${error}`);
  const [chains] = [await resolveTrustChains({ entityId: refused.id, trustAnchorEntityIds: [federation.anchor.id], verifyJwtCallback })];
  assert.equal(chains.length, 0, 'the library resolves what the emulator refuses');
});

test('clients that nobody vouches for, and statements of others, are refused', async () => {
  const denied = async (what, pending) => {
    const { status } = await pending;
    assert.ok([400, 401].includes(status), `${what}: ${status}`);
  };
  const stranger = await federation.client('stranger');
  federation.organization.subordinates.delete(stranger.id);
  await denied('nobody vouches', push(stranger));
  await denied('nobody vouches', register(await stranger.configuration({ aud: issuer })));

  const impostor = await federation.client('impostor');
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  await denied('a key that is not in the metadata', push(impostor, { key: privateKey }));
  await denied('an assertion for another server', push(impostor, { audience: 'https://other.example.com' }));
  await denied('a statement for another server', register(await impostor.configuration({ aud: 'https://other.example.com' })));
  await denied('an expired statement', register(await impostor.configuration({ aud: issuer, exp: Math.floor(Date.now() / 1000) - 10 })));
  const own = impostor.privateKey;
  impostor.privateKey = privateKey;
  await denied('a statement by another key', register(await impostor.configuration({ aud: issuer })));
  impostor.privateKey = own;
  assert.equal((await register('{}', 'application/json')).status, 415);
});
