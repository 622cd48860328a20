// The code flow: discovery, PKCE, ID token, userinfo, refresh, introspection, revocation.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import * as oidc from 'openid-client';

import { Browser } from '../lib/browser.js';
import {
  callback,
  codeFlow,
  configure,
  me,
  register,
  rejectsAsClient,
  request,
  resourceServer,
  server,
} from '../lib/client.js';

test('the code flow, from discovery to revocation', async () => {
  const config = await configure(await register());
  assert.equal(config.serverMetadata().issuer, server.origin);
  assert.ok(config.serverMetadata().supportsPKCE());

  const { tokens } = await codeFlow(config);
  const claims = tokens.claims();
  assert.equal(claims.sub, '1001');
  const hash = createHash('sha256').update(tokens.access_token).digest().subarray(0, 16).toString('base64url');
  assert.equal(claims.at_hash, hash);
  assert.ok(tokens.expiresIn() > 0);

  const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
  assert.deepEqual([userinfo.name, userinfo.email], ['Ada Lovelace', 'ada@example.com']);
  assert.equal((await me(config, tokens.access_token)).subject, claims.sub);

  const fresh = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  assert.notEqual(fresh.access_token, tokens.access_token);
  const less = await oidc.refreshTokenGrant(config, fresh.refresh_token, { scope: 'openid email' });
  assert.deepEqual(less.scope.split(' ').sort(), ['email', 'openid']);
  await assert.rejects(me(config, less.access_token), { status: 403 });

  const introspector = await resourceServer();
  const known = await oidc.tokenIntrospection(introspector, less.access_token);
  assert.deepEqual([known.active, known.sub, known.client_id], [true, claims.sub, config.clientMetadata().client_id]);
  await oidc.tokenRevocation(config, less.refresh_token);
  assert.equal((await oidc.tokenIntrospection(introspector, less.access_token)).active, false);
  await assert.rejects(oidc.fetchUserInfo(config, less.access_token, claims.sub), { status: 401 });
  await assert.rejects(oidc.refreshTokenGrant(config, less.refresh_token), { error: 'invalid_grant' });
});

test('metadata of RFC 8414 is the same', async () => {
  const { clientId } = await register();
  const options = { execute: [oidc.allowInsecureRequests] };
  const [a, b] = await Promise.all(
    ['oidc', 'oauth2'].map((algorithm) =>
      oidc.discovery(server, String(clientId), {}, oidc.None(), { ...options, algorithm }),
    ),
  );
  assert.deepEqual({ ...a.serverMetadata() }, { ...b.serverMetadata() });
});

for (const [method, authentication] of [
  ['CLIENT_SECRET_POST', oidc.ClientSecretPost],
  ['CLIENT_SECRET_JWT', oidc.ClientSecretJwt],
  ['NONE', oidc.None],
]) {
  test(`the code flow of a client that authenticates by ${method}`, async () => {
    const clientType = method === 'NONE' ? 'PUBLIC' : 'CONFIDENTIAL';
    const registered = await register({ tokenAuthMethod: method, clientType });
    const { tokens } = await codeFlow(await configure(registered, authentication(registered.clientSecret)));
    assert.equal(tokens.claims().sub, '1001');
    if (method !== 'NONE') {
      const stranger = await configure(registered, authentication('a wrong secret, which is long enough for HS256'));
      await rejectsAsClient(oidc.refreshTokenGrant(stranger, tokens.refresh_token));
    }
  });
}

for (const alg of ['RS256', 'PS256', 'ES384', 'EdDSA']) {
  test(`an ID token that is signed by ${alg}`, async () => {
    const { tokens } = await codeFlow(await configure(await register({ idTokenSignAlg: alg })));
    assert.equal(JSON.parse(Buffer.from(tokens.id_token.split('.')[0], 'base64url')).alg, alg);
  });
}

test('an answer by a form, which the browser posts', async () => {
  const config = await configure(await register());
  const { tokens, arrived } = await codeFlow(config, { parameters: { response_mode: 'form_post' } });
  assert.deepEqual([arrived.method, arrived.url], ['POST', callback]);
  assert.equal(tokens.claims().sub, '1001');
});

test('claims that are asked for one by one', async () => {
  const config = await configure(await register());
  const claims = JSON.stringify({ id_token: { email: { essential: true } }, userinfo: { name: null } });
  const { tokens } = await codeFlow(config, { parameters: { scope: 'openid', claims } });
  assert.deepEqual([tokens.claims().email, tokens.claims().name], ['ada@example.com', undefined]);
  const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, '1001');
  assert.deepEqual([userinfo.email, userinfo.name], [undefined, 'Ada Lovelace']);
});

test('claims in a signed answer of the userinfo endpoint', async () => {
  const registered = await register({ userInfoSignAlg: 'RS256' });
  const config = await configure(registered, undefined, { userinfo_signed_response_alg: 'RS256' });
  const { tokens } = await codeFlow(config);
  const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, '1001');
  assert.equal(userinfo.email, 'ada@example.com');
});

test('a user who refuses', async () => {
  const config = await configure(await register());
  const { checks, parameters } = await request();
  const arrived = await new Browser().authorize(oidc.buildAuthorizationUrl(config, parameters), 'deny');
  await assert.rejects(oidc.authorizationCodeGrant(config, arrived, checks), { error: 'access_denied' });
});

test('a request without a login, which may show no page', async () => {
  const config = await configure(await register());
  const { checks, parameters } = await request({ prompt: 'none' });
  const page = await new Browser().open(oidc.buildAuthorizationUrl(config, parameters));
  await assert.rejects(oidc.authorizationCodeGrant(config, page.url, checks), { error: 'login_required' });
});

test('a request without a page, after one with', async () => {
  const config = await configure(await register());
  const browser = new Browser();
  const first = await request();
  const arrived = await browser.authorize(oidc.buildAuthorizationUrl(config, first.parameters));
  const tokens = await oidc.authorizationCodeGrant(config, arrived, first.checks);
  const { checks, parameters } = await request({ prompt: 'none', id_token_hint: tokens.id_token });
  const page = await browser.open(oidc.buildAuthorizationUrl(config, parameters));
  const again = await oidc.authorizationCodeGrant(config, page.url, checks);
  assert.deepEqual([again.claims().sub, again.claims().auth_time], ['1001', tokens.claims().auth_time]);
});

test('an answer that is not for this request', async () => {
  const config = await configure(await register());
  const { checks, parameters } = await request();
  const arrived = await new Browser().authorize(oidc.buildAuthorizationUrl(config, parameters));
  const grant = (url, changed) => oidc.authorizationCodeGrant(config, url, { ...checks, ...changed });
  const elsewhere = new URL(arrived);
  elsewhere.searchParams.set('iss', 'https://attacker.example');
  await assert.rejects(grant(elsewhere, {}));
  await assert.rejects(grant(arrived, { expectedState: 'another' }));
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  await assert.rejects(grant(arrived, { pkceCodeVerifier }), { error: 'invalid_grant' });
});

test('an ID token with another nonce', async () => {
  const config = await configure(await register());
  const { checks, parameters } = await request();
  const arrived = await new Browser().authorize(oidc.buildAuthorizationUrl(config, parameters));
  await assert.rejects(
    oidc.authorizationCodeGrant(config, arrived, { ...checks, expectedNonce: 'another' }),
    (error) => {
      assert.match(error.cause.message, /nonce/);
      return true;
    },
  );
});

test('a code that is used twice takes its tokens along', async () => {
  const config = await configure(await register());
  const { tokens, arrived, checks } = await codeFlow(config);
  await assert.rejects(oidc.authorizationCodeGrant(config, arrived, checks), { error: 'invalid_grant' });
  await assert.rejects(me(config, tokens.access_token), { status: 401 });
});

test('a refresh token that is used twice is worth nothing', async () => {
  const config = await configure(await register());
  const { tokens } = await codeFlow(config);
  await oidc.refreshTokenGrant(config, tokens.refresh_token);
  await assert.rejects(oidc.refreshTokenGrant(config, tokens.refresh_token), { error: 'invalid_grant' });
});

test('a login that has to be recent', async () => {
  const config = await configure(await register());
  const { checks, parameters } = await request({ max_age: '300' });
  const arrived = await new Browser().authorize(oidc.buildAuthorizationUrl(config, parameters));
  const tokens = await oidc.authorizationCodeGrant(config, arrived, { ...checks, maxAge: 300 });
  assert.ok(tokens.claims().auth_time > Date.now() / 1000 - 300);
});
