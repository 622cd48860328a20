// Clients that prove who they are with a key (RFC 7523), and tokens that are bound to one (DPoP, RFC 9449).

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import * as oidc from 'openid-client';

import { codeFlow, configure, keyPair, me, register, rejectsAsClient, resourceServer } from '../lib/client.js';
import { change } from '../lib/service.js';

for (const alg of ['ES256', 'ES384', 'PS256', 'RS256']) {
  test(`a client with a key pair, ${alg}`, async () => {
    const { key, jwks } = await keyPair(alg);
    const registered = await register({ tokenAuthMethod: 'PRIVATE_KEY_JWT', tokenAuthSignAlg: alg, jwks });
    const config = await configure(registered, oidc.PrivateKeyJwt(key));
    const { tokens } = await codeFlow(config, { build: oidc.buildAuthorizationUrlWithPAR });
    assert.equal(tokens.claims().sub, '1001');
    await oidc.tokenRevocation(config, tokens.access_token);
    await assert.rejects(me(config, tokens.access_token), { status: 401 });

    const stranger = await configure(registered, oidc.PrivateKeyJwt((await keyPair(alg)).key));
    await rejectsAsClient(oidc.refreshTokenGrant(stranger, tokens.refresh_token));
  });
}

test('an assertion for another server', async () => {
  const { key, jwks } = await keyPair();
  const registered = await register({ tokenAuthMethod: 'PRIVATE_KEY_JWT', tokenAuthSignAlg: 'ES256', jwks });
  const elsewhere = (_, payload) => Object.assign(payload, { aud: 'https://attacker.example' });
  const config = await configure(registered, oidc.PrivateKeyJwt(key, { [oidc.modifyAssertion]: elsewhere }));
  await rejectsAsClient(oidc.clientCredentialsGrant(config));
});

/** The code flow of a client that binds its tokens, what they are worth, and what they are worth to others. */
async function bound(settings, build) {
  const config = await configure(await register(settings));
  const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair());
  const { tokens } = await codeFlow(config, { build: build?.(DPoP), options: { DPoP } });
  assert.equal(tokens.token_type, 'dpop');
  const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, '1001', { DPoP });
  assert.equal(userinfo.sub, '1001');
  assert.equal((await me(config, tokens.access_token, { DPoP })).subject, '1001');

  const thumbprint = await DPoP.calculateThumbprint();
  const known = await oidc.tokenIntrospection(await resourceServer(), tokens.access_token);
  assert.deepEqual([known.active, known.cnf?.jkt], [true, thumbprint]);

  const thief = { DPoP: oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair()) };
  for (const options of [thief, undefined]) {
    await assert.rejects(me(config, tokens.access_token, options), { status: 401 });
    await assert.rejects(oidc.fetchUserInfo(config, tokens.access_token, '1001', options), { status: 401 });
  }
  return { config, tokens, DPoP, thief };
}

test('a token that is bound to a key', async () => {
  const { config, tokens, DPoP } = await bound();
  const fresh = await oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
  assert.equal((await me(config, fresh.access_token, { DPoP })).subject, '1001');
});

test('a code that is bound to a key by the pushed request', async () => {
  const build = (DPoP) => (config, parameters) => oidc.buildAuthorizationUrlWithPAR(config, parameters, { DPoP });
  const { config } = await bound({}, build);
  const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair());
  const other = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair());
  await assert.rejects(codeFlow(config, { build: build(DPoP), options: { DPoP: other } }), { error: 'invalid_grant' });
});

test('a code that is bound to a key by its thumbprint in the request', async () => {
  const config = await configure(await register());
  const [DPoP, other] = await Promise.all(
    [1, 2].map(async () => oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair())),
  );
  const parameters = { dpop_jkt: await DPoP.calculateThumbprint() };
  assert.equal((await codeFlow(config, { parameters, options: { DPoP } })).tokens.token_type, 'dpop');
  await assert.rejects(codeFlow(config, { parameters, options: { DPoP: other } }), { error: 'invalid_grant' });
});

test("a public client's refresh token is bound too", async () => {
  const registered = await register({ clientType: 'PUBLIC', tokenAuthMethod: 'NONE' });
  const config = await configure(registered, oidc.None());
  const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair());
  const { tokens } = await codeFlow(config, { options: { DPoP } });
  const thief = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair());
  await assert.rejects(oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP: thief }));
  const fresh = await oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
  assert.equal(fresh.token_type, 'dpop');
});

test('a client that must bind its tokens', async () => {
  const config = await configure(await register({ dpopRequired: true }));
  await assert.rejects(codeFlow(config), { error: 'invalid_dpop_proof' });
});

describe('proofs with a nonce of the server', () => {
  let restore;
  before(async () => (restore = await change({ dpopNonceRequired: true })));
  after(() => restore());

  test('the client learns the nonce at every endpoint, and tries again', async () => {
    const build = (DPoP) => (config, parameters) => oidc.buildAuthorizationUrlWithPAR(config, parameters, { DPoP });
    await bound({}, build);
    await bound();
  });

  test('a proof without one is refused', async () => {
    const registered = await register({ grantTypes: ['CLIENT_CREDENTIALS'], responseTypes: [], redirectUris: [] });
    const config = await configure(registered);
    const seen = [];
    config[oidc.customFetch] = async (url, init) => {
      const response = await fetch(url, init);
      seen.push([response.status, response.headers.has('dpop-nonce')]);
      return response;
    };
    const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair());
    await oidc.clientCredentialsGrant(config, { scope: 'profile' }, { DPoP });
    assert.deepEqual(seen, [
      [400, true],
      [200, true],
    ]);
  });
});
