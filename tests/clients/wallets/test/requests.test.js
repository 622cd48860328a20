// Requests that the wallet's library does not make: encrypted ones, by jose, and those that have to be refused (OpenID4VCI
// 1.0, section 13).

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CompactEncrypt, compactDecrypt, decodeProtectedHeader, exportJWK, generateKeyPair, importJWK } from 'jose';

import { issuer, offer } from '../lib/issuer.js';
import { verifySdJwtVc } from '../lib/verifiers.js';
import { anonymous, newKey, sign, Wallet } from '../lib/wallet.js';

const PRE_AUTHORIZED = 'urn:ietf:params:oauth:grant-type:pre-authorized_code';
const now = () => Math.floor(Date.now() / 1000);

/** Posts to the issuer, as a wallet. */
async function post(path, wallet, body, type = 'application/json') {
  const headers = { authorization: `Bearer ${wallet.accessToken}`, 'content-type': type };
  const response = await fetch(`${issuer}${path}`, { method: 'POST', headers, body });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

async function nonce() {
  return (await (await fetch(`${issuer}/nonce`, { method: 'POST' })).json()).c_nonce;
}

/** A request for a person's credential, with a proof that is right but for these changes of header and claims. */
async function request({ header = {}, claims = {}, key, signedBy, more = {} } = {}) {
  key ??= await newKey();
  const payload = { aud: issuer, iat: now(), nonce: await nonce(), ...claims };
  const proof = await sign(signedBy ?? key, { typ: 'openid4vci-proof+jwt', jwk: key, ...header }, payload);
  return { credential_configuration_id: 'person', proofs: { jwt: [proof] }, ...more };
}

/** The metadata of the issuer. */
async function metadata() {
  return (await fetch(`${issuer}/.well-known/openid-credential-issuer`)).json();
}

/** Encrypts to a key. */
async function encrypt(text, jwk, enc = 'A128GCM', header = {}) {
  const protectedHeader = { alg: 'ECDH-ES', enc, kid: jwk.kid, ...header };
  return new CompactEncrypt(Buffer.from(text)).setProtectedHeader(protectedHeader).encrypt(await importJWK(jwk, 'ECDH-ES'));
}

test('requests and responses are encrypted, at once and deferred', async () => {
  const wallet = await Wallet.preAuthorized(await offer('all'));
  const [issuerKey] = (await metadata()).credential_request_encryption.jwks.keys;
  assert.equal(issuerKey.d, undefined);
  const { privateKey, publicKey } = await generateKeyPair('ECDH-ES', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), alg: 'ECDH-ES', use: 'enc', kid: 'mine' };
  const decrypt = async ({ type, text }) => {
    assert.equal(type, 'application/jwt', text);
    assert.equal(decodeProtectedHeader(text).kid, 'mine');
    return JSON.parse(Buffer.from((await compactDecrypt(text, privateKey)).plaintext));
  };
  for (const enc of ['A128GCM', 'A256GCM']) {
    const more = { credential_response_encryption: { jwk, enc } };
    const body = await encrypt(JSON.stringify(await request({ more })), issuerKey, enc);
    const response = await post('/credential', wallet, body, 'application/jwt');
    assert.equal(response.status, 200, response.text);
    assert.equal(decodeProtectedHeader(response.text).enc, enc);
    const { credentials } = await decrypt(response);
    assert.equal((await verifySdJwtVc(credentials[0].credential)).given_name, 'Ada');
  }
  const more = { credential_configuration_id: 'diploma', credential_response_encryption: { jwk, enc: 'A128GCM' } };
  let response = await post('/credential', wallet, await encrypt(JSON.stringify(await request({ more })), issuerKey), 'application/jwt');
  assert.equal(response.status, 202, response.text);
  const { transaction_id, interval } = await decrypt(response);
  await new Promise((resolve) => setTimeout(resolve, interval * 1000));
  const ask = { transaction_id, credential_response_encryption: more.credential_response_encryption };
  response = await post('/deferred-credential', wallet, await encrypt(JSON.stringify(ask), issuerKey), 'application/jwt');
  assert.equal(response.status, 200, response.text);
  assert.equal((await decrypt(response)).credentials.length, 1);
});

test('wrong encryption is refused in the clear', async () => {
  const wallet = await Wallet.preAuthorized(await offer('person'));
  const [issuerKey] = (await metadata()).credential_request_encryption.jwks.keys;
  const { publicKey } = await generateKeyPair('ECDH-ES', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), alg: 'ECDH-ES' };
  const refused = async (body) => {
    const { status, type, text } = await post('/credential', wallet, body, 'application/jwt');
    assert.deepEqual([status, type.split(';')[0]], [400, 'application/json'], text);
    return JSON.parse(text).error;
  };
  const text = JSON.stringify(await request());
  assert.equal(await refused(await encrypt(text, { ...jwk, kid: issuerKey.kid })), 'invalid_encryption_parameters');
  assert.equal(await refused(await encrypt(text, { ...issuerKey, kid: 'other' })), 'invalid_encryption_parameters');
  const wrong = { credential_response_encryption: { jwk, enc: 'A192GCM' } };
  const asked = await encrypt(JSON.stringify(await request({ more: wrong })), issuerKey);
  assert.equal(await refused(asked), 'invalid_encryption_parameters');
});

test('proofs that are not for now, for this issuer, or of the key are refused', async () => {
  const wallet = await Wallet.preAuthorized(await offer('person'));
  const [key, other] = [await newKey(), await newKey()];
  for (const [expected, changes] of [
    ['invalid_nonce', { claims: { nonce: 'of-another-time' } }],
    ['invalid_proof', { claims: { nonce: undefined } }],
    ['invalid_proof', { claims: { aud: 'https://other.example.com' } }],
    ['invalid_proof', { claims: { aud: undefined } }],
    ['invalid_proof', { claims: { iat: now() - 3600 } }],
    ['invalid_proof', { claims: { iat: now() + 3600 } }],
    ['invalid_proof', { header: { typ: 'JWT' } }],
    ['invalid_proof', { header: { typ: 'dpop+jwt' } }],
    ['invalid_proof', { header: { jwk: undefined } }],
    ['invalid_proof', { key, signedBy: other }],
    ['invalid_proof', { more: { proofs: undefined } }],
    ['invalid_proof', { more: { proofs: { jwt: ['a.b.c'] } } }],
    ['invalid_proof', { more: { proofs: { di_vp: [{}] } } }],
    ['unknown_credential_configuration', { more: { credential_configuration_id: 'license' } }],
    ['unknown_credential_identifier', { more: { credential_configuration_id: undefined, credential_identifier: 'x' } }],
    ['invalid_credential_request', { more: { credential_identifier: 'x' } }],
    ['invalid_credential_request', { more: { credential_configuration_id: 'diploma' } }],
  ]) {
    const { status, text } = await post('/credential', wallet, JSON.stringify(await request(changes)));
    assert.deepEqual([status, JSON.parse(text).error], [400, expected], JSON.stringify(changes));
  }
  for (const body of ['', 'not JSON', '[]', '{}']) {
    const { status, text } = await post('/credential', wallet, body);
    assert.deepEqual([status, JSON.parse(text).error], [400, 'invalid_credential_request'], body);
  }
  const { status } = await post('/credential', { accessToken: 'unknown' }, JSON.stringify(await request()));
  assert.equal(status, 401);
});

test('a deferred credential is for who asked for it', async () => {
  const wallet = await Wallet.preAuthorized(await offer('diploma'));
  const { transaction_id } = await wallet.ask('diploma', [await newKey()]);
  const error = async (who, body) => JSON.parse((await post('/deferred-credential', who, JSON.stringify(body))).text).error;
  const alan = await Wallet.preAuthorized(await offer('diploma', 'pre-authorized', 'alan', 'turing'));
  assert.equal(await error(alan, { transaction_id }), 'invalid_transaction_id');
  assert.equal(await error(wallet, { transaction_id: 'x' }), 'invalid_transaction_id');
  assert.equal(await error(wallet, {}), 'invalid_transaction_id');
});

test('an offer is redeemed once, with its transaction code, in a few attempts', async () => {
  const client = anonymous();
  const code = async (offered) =>
    (await client.resolveCredentialOffer(offered.byReference)).grants[PRE_AUTHORIZED]['pre-authorized_code'];
  const redeem = async (value, txCode) => {
    const body = new URLSearchParams({ grant_type: PRE_AUTHORIZED, 'pre-authorized_code': value });
    if (txCode) body.set('tx_code', txCode);
    const response = await fetch(`${issuer}/token`, { method: 'POST', body });
    return response.ok ? 'ok' : (await response.json()).error;
  };
  const first = await offer('person');
  const value = await code(first);
  assert.equal(await redeem(value), 'invalid_request');
  assert.equal(await redeem(value, '0'), 'invalid_grant');
  assert.equal(await redeem(value, first.txCode), 'ok');
  assert.equal(await redeem(value, first.txCode), 'invalid_grant');
  const second = await offer('person');
  const guessed = await code(second);
  for (let attempt = 0; attempt < 10; attempt += 1) assert.equal(await redeem(guessed, '0'), 'invalid_grant');
  assert.equal(await redeem(guessed, second.txCode), 'invalid_grant');
  assert.equal(await redeem('unknown', '0'), 'invalid_grant');
});
