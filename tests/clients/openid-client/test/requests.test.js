// Authorization requests that are pushed (RFC 9126) or signed (RFC 9101), and answers in a JWT (JARM).

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as oidc from 'openid-client';

import { Browser } from '../lib/browser.js';
import { codeFlow, configure, keyPair, register, rejectsAsClient, request, server } from '../lib/client.js';

test('a pushed request', async () => {
  const config = await configure(await register({ parRequired: true }));
  const { tokens } = await codeFlow(config, { build: oidc.buildAuthorizationUrlWithPAR });
  assert.equal(tokens.claims().sub, '1001');

  const { checks, parameters } = await request();
  const page = await new Browser().open(oidc.buildAuthorizationUrl(config, parameters));
  await assert.rejects(oidc.authorizationCodeGrant(config, page.url, checks), { error: 'invalid_request' });
});

test('a pushed request that says what cannot be', async () => {
  const config = await configure(await register());
  const { parameters } = await request({ redirect_uri: 'https://attacker.example/' });
  await assert.rejects(oidc.buildAuthorizationUrlWithPAR(config, parameters), { error: 'invalid_request' });
  const stranger = await configure({ ...(await register()), clientSecret: 'guess' });
  const { parameters: good } = await request();
  await rejectsAsClient(oidc.buildAuthorizationUrlWithPAR(stranger, good));
});

test('a pushed request works once', async () => {
  const config = await configure(await register());
  const { parameters } = await request();
  const url = await oidc.buildAuthorizationUrlWithPAR(config, parameters);
  await new Browser().authorize(url);
  const again = await new Browser().open(url);
  assert.equal(again.url.origin, server.origin);
  assert.equal(again.status, 400);
});

test('a signed request', async () => {
  const { key, jwks } = await keyPair();
  const config = await configure(await register({ jwks, requestSignAlg: 'ES256', requestObjectRequired: true }));
  const build = (config, parameters) => oidc.buildAuthorizationUrlWithJAR(config, parameters, key);
  const { tokens } = await codeFlow(config, { build });
  assert.equal(tokens.claims().sub, '1001');
  const pushed = async (config, parameters) =>
    oidc.buildAuthorizationUrlWithPAR(config, (await build(config, parameters)).searchParams);
  assert.equal((await codeFlow(config, { build: pushed })).tokens.claims().sub, '1001');

  const { checks, parameters } = await request();
  const page = await new Browser().open(oidc.buildAuthorizationUrl(config, parameters));
  await assert.rejects(oidc.authorizationCodeGrant(config, page.url, checks), { error: 'invalid_request' });
});

test('a request that somebody else signed', async () => {
  const [{ jwks }, other] = [await keyPair(), await keyPair()];
  const config = await configure(await register({ jwks, requestSignAlg: 'ES256' }));
  const { parameters } = await request();
  const page = await new Browser().open(await oidc.buildAuthorizationUrlWithJAR(config, parameters, other.key));
  assert.equal(page.url.origin, server.origin);
  assert.equal(page.status, 400);
  assert.match(page.html, /invalid_request_object/);
});

for (const mode of ['jwt', 'query.jwt', 'form_post.jwt']) {
  test(`an answer by a JWT, ${mode}`, async () => {
    const registered = await register({ authorizationSignAlg: 'ES256' });
    const metadata = { authorization_signed_response_alg: 'ES256' };
    const config = await configure(registered, undefined, metadata, [oidc.useJwtResponseMode]);
    const { tokens } = await codeFlow(config, { parameters: { response_mode: mode } });
    assert.equal(tokens.claims().sub, '1001');

    const { checks, parameters } = await request({ response_mode: mode, prompt: 'consent' });
    const refused = await new Browser().authorize(oidc.buildAuthorizationUrl(config, parameters), 'deny');
    await assert.rejects(oidc.authorizationCodeGrant(config, refused, checks), { error: 'access_denied' });
  });
}
