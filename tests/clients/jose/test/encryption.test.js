// What the emulator encrypts, jose decrypts, and the other way round.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';

import * as jose from 'jose';

import { byPassword, bySecret, curves, encodings, secretKey, setting, toCurve, toRsa } from '../lib/algorithms.js';
import { Service, issuer, requestOf } from '../lib/service.js';

let service;
let published;
let signer;

before(async () => {
  service = await Service.create();
  published = await service.keys();
  signer = await jose.generateKeyPair('ES256', { extractable: true });
});

/** Decrypts an ID token of the client's, and verifies what is inside by the service's published keys. */
async function check(client, alg, enc, key) {
  const token = await service.idToken(client);
  const options = { keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: [enc] };
  const { plaintext, protectedHeader } = await jose.compactDecrypt(token, key, options);
  assert.deepEqual([protectedHeader.alg, protectedHeader.enc, protectedHeader.cty], [alg, enc, 'JWT']);
  const jwt = new TextDecoder().decode(plaintext);
  const audience = `${client.clientId}`;
  const { payload } = await jose.jwtVerify(jwt, jose.createLocalJWKSet(published), { issuer, audience });
  assert.equal(payload.sub, 'john');
}

function encrypted(alg, enc) {
  return { idTokenEncryptionAlg: setting(alg), idTokenEncryptionEnc: setting(enc) };
}

async function register(alg, enc, publicKey) {
  const jwk = publicKey && { ...(await jose.exportJWK(publicKey)), use: 'enc', kid: 'enc' };
  const jwks = jwk && JSON.stringify({ keys: [jwk] });
  return service.register({ ...encrypted(alg, enc), ...(jwks && { jwks }) });
}

describe('jose decrypts what the emulator encrypts', () => {
  for (const alg of toRsa) {
    test(alg, async () => {
      const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
      for (const enc of encodings) await check(await register(alg, enc, publicKey), alg, enc, privateKey);
    });
  }
  for (const alg of toCurve) {
    for (const crv of curves) {
      test(`${alg} over ${crv}`, async () => {
        const { publicKey, privateKey } = await jose.generateKeyPair(alg, { crv, extractable: true });
        for (const enc of encodings) await check(await register(alg, enc, publicKey), alg, enc, privateKey);
      });
    }
  }
  for (const alg of bySecret) {
    test(`${alg} with the client's secret`, async () => {
      for (const enc of encodings) {
        const client = await register(alg, enc);
        await check(client, alg, enc, secretKey(client.clientSecret, alg, enc));
      }
    });
  }
});

async function signedRequest(client) {
  const jwt = new jose.SignJWT(requestOf(client)).setProtectedHeader({ alg: 'ES256' }).setExpirationTime('1m');
  return new TextEncoder().encode(await jwt.sign(signer.privateKey));
}

async function sends() {
  const jwk = await jose.exportJWK(signer.publicKey);
  return service.register({ jwks: JSON.stringify({ keys: [jwk] }) });
}

describe('the emulator decrypts what jose encrypts', () => {
  for (const alg of [...toRsa, ...toCurve]) {
    test(`${alg} to the service's key`, async () => {
      const client = await sends();
      const kty = alg.startsWith('RSA') ? 'RSA' : 'EC';
      const jwk = published.keys.find((key) => key.use === 'enc' && key.kty === kty);
      const key = await jose.importJWK(jwk, alg);
      for (const enc of encodings) {
        const header = { alg, enc, kid: jwk.kid, cty: 'JWT' };
        const object = await new jose.CompactEncrypt(await signedRequest(client)).setProtectedHeader(header).encrypt(key);
        const opened = await service.open(client, object);
        assert.equal(opened.action, 'INTERACTION', opened.resultMessage);
      }
    });
  }
  for (const alg of bySecret) {
    test(`${alg} with the client's secret`, async () => {
      const client = await sends();
      for (const enc of encodings) {
        const key = secretKey(client.clientSecret, alg, enc);
        const encrypt = new jose.CompactEncrypt(await signedRequest(client)).setProtectedHeader({ alg, enc });
        if (byPassword.includes(alg)) encrypt.setKeyManagementParameters({ p2c: 4096 });
        const opened = await service.open(client, await encrypt.encrypt(key));
        assert.equal(opened.action, 'INTERACTION', opened.resultMessage);
      }
    });
  }
  test('what was changed on the way is refused', async () => {
    const client = await sends();
    const jwk = published.keys.find((key) => key.use === 'enc' && key.kty === 'EC');
    const encrypt = new jose.CompactEncrypt(await signedRequest(client));
    const object = await encrypt
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A128CBC-HS256', kid: jwk.kid })
      .encrypt(await jose.importJWK(jwk, 'ECDH-ES'));
    const parts = object.split('.');
    const bytes = jose.base64url.decode(parts[3]);
    bytes[0] ^= 1;
    parts[3] = jose.base64url.encode(bytes);
    const opened = await service.open(client, parts.join('.'));
    assert.equal(opened.action, 'BAD_REQUEST');
    assert.equal(JSON.parse(opened.responseContent).error, 'invalid_request_object');
  });
});
