// What the emulator signs, jose verifies, and the other way round.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import * as jose from 'jose';

import { Service, issuer, requestOf } from '../lib/service.js';

const asymmetric = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const symmetric = ['HS256', 'HS384', 'HS512'];

let service;

before(async () => {
  service = await Service.create();
});

for (const alg of [...asymmetric, ...symmetric]) {
  test(`an ID token signed by ${alg}`, async () => {
    const client = await service.register({ idTokenSignAlg: alg });
    const token = await service.idToken(client);
    const options = { issuer, audience: `${client.clientId}`, algorithms: [alg] };
    const key = symmetric.includes(alg)
      ? new TextEncoder().encode(client.clientSecret)
      : jose.createLocalJWKSet(await service.keys());
    const { payload } = await jose.jwtVerify(token, key, options);
    assert.equal(payload.sub, 'john');
  });
}

for (const alg of asymmetric) {
  test(`a request object signed by ${alg}`, async () => {
    const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
    const jwks = JSON.stringify({ keys: [await jose.exportJWK(publicKey)] });
    const client = await service.register({ jwks, requestSignAlg: alg });
    const jwt = new jose.SignJWT(requestOf(client)).setProtectedHeader({ alg }).setExpirationTime('1m');
    const opened = await service.open(client, await jwt.sign(privateKey));
    assert.equal(opened.action, 'INTERACTION', opened.resultMessage);
  });
}
