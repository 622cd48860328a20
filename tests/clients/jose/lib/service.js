// A service of its own on the emulator, and short ways to call it.

import assert from 'node:assert/strict';

const { EMULATOR, EMULATOR_TOKEN } = process.env;

export const issuer = 'https://as.example.com';
export const redirectUri = 'https://client.example.org/callback';

async function call(method, path, body) {
  const response = await fetch(`${EMULATOR}${path}`, {
    method,
    headers: { authorization: `Bearer ${EMULATOR_TOKEN}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const answer = await response.json();
  assert.ok(response.ok, JSON.stringify(answer));
  return answer;
}

export class Service {
  static async create() {
    const grantTypes = ['AUTHORIZATION_CODE', 'REFRESH_TOKEN'];
    const settings = { serviceName: 'Tested by jose', issuer, supportedGrantTypes: grantTypes };
    const service = await call('POST', '/api/service/create', {
      ...settings,
      supportedScopes: [{ name: 'openid' }],
    });
    return new Service(service.apiKey);
  }

  constructor(id) {
    this.id = id;
  }

  act(path, body) {
    return call('POST', `/api/${this.id}${path}`, body);
  }

  keys() {
    return call('GET', `/api/${this.id}/service/jwks/get`);
  }

  register(settings) {
    return this.act('/client/create', {
      clientName: 'Tested by jose',
      clientType: 'CONFIDENTIAL',
      grantTypes: ['AUTHORIZATION_CODE'],
      responseTypes: ['CODE'],
      redirectUris: [redirectUri],
      ...settings,
    });
  }

  /** The ID token that the client gets for the user `john`. */
  async idToken(client) {
    const query = { client_id: client.clientId, response_type: 'code', redirect_uri: redirectUri, scope: 'openid' };
    const opened = await this.act('/auth/authorization', { parameters: `${new URLSearchParams(query)}` });
    assert.equal(opened.action, 'INTERACTION', opened.resultMessage);
    const issued = await this.act('/auth/authorization/issue', { ticket: opened.ticket, subject: 'john' });
    const grant = { grant_type: 'authorization_code', code: issued.authorizationCode, redirect_uri: redirectUri };
    const { clientId, clientSecret } = client;
    const token = await this.act('/auth/token', { parameters: `${new URLSearchParams(grant)}`, clientId, clientSecret });
    assert.equal(token.action, 'OK', token.resultMessage);
    return token.idToken;
  }

  /** What becomes of an authorization request whose parameters are inside this object. */
  open(client, object) {
    const query = { client_id: client.clientId, request: object };
    return this.act('/auth/authorization', { parameters: `${new URLSearchParams(query)}` });
  }
}

/** The claims of a request object of the client's. */
export function requestOf(client) {
  return {
    iss: `${client.clientId}`,
    client_id: `${client.clientId}`,
    aud: issuer,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid',
  };
}
