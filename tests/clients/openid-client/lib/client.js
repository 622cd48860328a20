// Clients of openid-client's, registered as a test needs them.

import assert from 'node:assert/strict';

import * as oidc from 'openid-client';

import { Browser } from './browser.js';
import { manage } from './service.js';

export const server = new URL(process.env.AUTHORIZATION_SERVER);
export const callback = 'https://client.example/callback';

/** Registers a client by the management API: one for the code flow, unless the settings say otherwise. */
export function register(settings = {}) {
  return manage('POST', '/client/create', {
    clientName: 'Tested by openid-client',
    clientType: 'CONFIDENTIAL',
    applicationType: 'WEB',
    redirectUris: [callback],
    responseTypes: ['CODE'],
    grantTypes: ['AUTHORIZATION_CODE', 'REFRESH_TOKEN'],
    tokenAuthMethod: 'CLIENT_SECRET_BASIC',
    idTokenSignAlg: 'ES256',
    ...settings,
  });
}

/** The same, for openid-client, which is to check all signatures. The server is on this machine, without TLS. */
export function configure(registered, authentication, metadata = {}, execute = []) {
  return oidc.discovery(
    server,
    String(registered.clientId),
    { id_token_signed_response_alg: registered.idTokenSignAlg, ...metadata },
    authentication ?? oidc.ClientSecretBasic(registered.clientSecret),
    { execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks, ...execute] },
  );
}

/** What an authorization request says, and what the client holds its answer against. */
export async function request(parameters = {}) {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const checks = { pkceCodeVerifier, expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce() };
  return {
    checks,
    parameters: {
      redirect_uri: callback,
      scope: 'openid profile email offline_access',
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      ...parameters,
    },
  };
}

/** The code flow, with the user's agreement. `build` makes the URL that the browser opens. */
export async function codeFlow(config, { parameters, build = oidc.buildAuthorizationUrl, options } = {}) {
  const { checks, parameters: all } = await request(parameters);
  const arrived = await new Browser().authorize(await build(config, all));
  const tokens = await oidc.authorizationCodeGrant(config, arrived, checks, undefined, options);
  return { tokens, arrived, checks };
}

/** Holds that the server does not take the client for who it says it is: by a body, beside the challenge of HTTP. */
export async function rejectsAsClient(promise) {
  const error = await promise.then(
    () => assert.fail('the client was believed'),
    (error) => error,
  );
  assert.equal(error.status, 401, error);
  assert.match(error.response.headers.get('www-authenticate'), /^Basic /);
  assert.equal((await error.response.json()).error, 'invalid_client');
}

/** What the API behind the layer answers. */
export async function me(config, token, options) {
  const response = await oidc.fetchProtectedResource(
    config,
    token,
    new URL('/api/me', server),
    'GET',
    null,
    undefined,
    options,
  );
  return response.json();
}

/** The resource server, which may introspect. */
export function resourceServer() {
  const [id, secret] = process.env.RESOURCE_SERVER.split(':');
  return configure({ clientId: id, clientSecret: secret });
}

/** The key pair of a client, with its public key as Authlete's `jwks` has it. */
export async function keyPair(alg = 'ES256') {
  const { privateKey, publicKey } = await oidc.randomDPoPKeyPair(alg, { extractable: true });
  const jwk = { ...(await crypto.subtle.exportKey('jwk', publicKey)), kid: crypto.randomUUID(), use: 'sig', alg };
  delete jwk.key_ops;
  delete jwk.ext;
  return { key: { key: privateKey, kid: jwk.kid }, jwk, jwks: JSON.stringify({ keys: [jwk] }) };
}
