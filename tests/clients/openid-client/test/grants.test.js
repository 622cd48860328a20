// Grants without a redirection: client credentials, devices (RFC 8628), backchannel authentication (CIBA); and clients
// that register themselves (RFC 7591).

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as oidc from 'openid-client';

import { approve, Browser } from '../lib/browser.js';
import { callback, codeFlow, configure, keyPair, me, register, rejectsAsClient, server } from '../lib/client.js';

const withoutBrowser = { redirectUris: [], responseTypes: [] };

test('a client for itself', async () => {
  const config = await configure(await register({ ...withoutBrowser, grantTypes: ['CLIENT_CREDENTIALS'] }));
  const tokens = await oidc.clientCredentialsGrant(config, { scope: 'profile' });
  assert.deepEqual([tokens.token_type, tokens.scope, tokens.refresh_token], ['bearer', 'profile', undefined]);
  assert.deepEqual(await me(config, tokens.access_token), {
    subject: null,
    client: config.clientMetadata().client_id,
    scopes: ['profile'],
  });
  // Authlete passes over scopes that it does not know.
  assert.equal((await oidc.clientCredentialsGrant(config, { scope: 'profile unheard-of' })).scope, 'profile');
  await assert.rejects(oidc.clientCredentialsGrant(await configure(await register())), {
    error: 'unauthorized_client',
  });
});

for (const decision of ['allow', 'deny']) {
  test(`a device: ${decision}`, { timeout: 60_000 }, async () => {
    const grants = ['DEVICE_CODE', 'REFRESH_TOKEN'];
    const settings = { ...withoutBrowser, clientType: 'PUBLIC', tokenAuthMethod: 'NONE', grantTypes: grants };
    const config = await configure(await register(settings), oidc.None());
    const device = await oidc.initiateDeviceAuthorization(config, { scope: 'openid profile offline_access' });
    const poll = oidc.pollDeviceAuthorizationGrant(config, device);
    // It is waited for only after the user, and must not count as unheard until then.
    poll.catch(() => {});

    const browser = new Browser();
    const page = await browser.logIn(await browser.open(device.verification_uri_complete));
    const done = await browser.decide(page, decision);
    assert.match(done.html, /Done/);
    if (decision === 'deny') {
      await assert.rejects(poll, { error: 'access_denied' });
      return;
    }
    const tokens = await poll;
    assert.equal(tokens.claims().sub, '1001');
    assert.equal((await me(config, tokens.access_token)).subject, '1001');
    const fresh = await oidc.refreshTokenGrant(config, tokens.refresh_token);
    assert.notEqual(fresh.access_token, tokens.access_token);
  });

  test(`a request by the back channel: ${decision}`, { timeout: 60_000 }, async () => {
    const { key, jwks } = await keyPair();
    const config = await configure(
      await register({
        ...withoutBrowser,
        grantTypes: ['CIBA'],
        bcDeliveryMode: 'POLL',
        tokenAuthMethod: 'PRIVATE_KEY_JWT',
        tokenAuthSignAlg: 'ES256',
        jwks,
      }),
      oidc.PrivateKeyJwt(key),
    );
    const binding_message = `W-${crypto.randomUUID().slice(0, 8)}`;
    const asked = { scope: 'openid profile', login_hint: 'ada', binding_message };
    const authentication = await oidc.initiateBackchannelAuthentication(config, asked);
    const poll = oidc.pollBackchannelAuthenticationGrant(config, authentication);
    poll.catch(() => {});
    await approve(decision, binding_message);
    if (decision === 'deny') {
      await assert.rejects(poll, { error: 'access_denied' });
      return;
    }
    const tokens = await poll;
    assert.equal(tokens.claims().sub, '1001');
    assert.equal((await me(config, tokens.access_token)).subject, '1001');
  });
}

test('a device that asks before the user has decided', { timeout: 60_000 }, async () => {
  const settings = { ...withoutBrowser, clientType: 'PUBLIC', tokenAuthMethod: 'NONE', grantTypes: ['DEVICE_CODE'] };
  const config = await configure(await register(settings), oidc.None());
  const device = await oidc.initiateDeviceAuthorization(config, { scope: 'profile' });
  const ask = () =>
    oidc.genericGrantRequest(config, 'urn:ietf:params:oauth:grant-type:device_code', {
      device_code: device.device_code,
    });
  await assert.rejects(ask(), { error: 'authorization_pending' });
  await assert.rejects(ask(), { error: 'slow_down' });
});

test('a request by the back channel for nobody we know', async () => {
  const config = await configure(await register({ ...withoutBrowser, grantTypes: ['CIBA'], bcDeliveryMode: 'POLL' }));
  const asked = { scope: 'openid', login_hint: 'nobody' };
  await assert.rejects(oidc.initiateBackchannelAuthentication(config, asked), { error: 'unknown_user_id' });
});

test('a client that registers itself', async () => {
  const metadata = {
    client_name: 'Self-made',
    redirect_uris: [callback],
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['authorization_code', 'refresh_token'],
    id_token_signed_response_alg: 'ES256',
  };
  const execute = [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks];
  const config = await oidc.dynamicClientRegistration(server, metadata, oidc.ClientSecretBasic(), { execute });
  const registered = config.clientMetadata();
  assert.equal(registered.client_name, 'Self-made');
  assert.ok(registered.client_secret && registered.registration_client_uri && registered.registration_access_token);
  assert.equal((await codeFlow(config)).tokens.claims().sub, '1001');

  const options = { headers: { authorization: `Bearer ${registered.registration_access_token}` } };
  const read = await fetch(registered.registration_client_uri, options);
  assert.equal((await read.json()).client_name, 'Self-made');
  assert.equal((await fetch(registered.registration_client_uri, { ...options, method: 'DELETE' })).status, 204);
  await rejectsAsClient(oidc.clientCredentialsGrant(config));

  const { key, jwk } = await keyPair();
  const byKey = { ...metadata, token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } };
  const keyed = await oidc.dynamicClientRegistration(server, byKey, oidc.PrivateKeyJwt(key), { execute });
  assert.equal((await codeFlow(keyed)).tokens.claims().sub, '1001');

  const wrong = oidc.dynamicClientRegistration(server, { ...metadata, redirect_uris: ['not a URI'] }, undefined, {
    execute,
  });
  await assert.rejects(wrong, { error: 'invalid_redirect_uri' });
});
