// A wallet fetches credentials from the example, and verifiers by others accept them and refuse what was changed.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { issuer, offer } from '../lib/issuer.js';
import { verifyInPython, verifySdJwtVc } from '../lib/verifiers.js';
import { anonymous, newKey, signer, Wallet } from '../lib/wallet.js';

test('an offer is the same by reference and by value', async () => {
  const { byReference, byValue } = await offer('all');
  const client = anonymous();
  const [one, other] = [await client.resolveCredentialOffer(byReference), await client.resolveCredentialOffer(byValue)];
  assert.deepEqual(one, other);
  assert.equal(one.credential_issuer, issuer);
});

test('an SD-JWT VC is issued by pre-authorized code, and verified by two libraries', async () => {
  const wallet = await Wallet.preAuthorized(await offer('person'));
  const key = await newKey();
  const [credential] = await wallet.fetch('person', [key]);
  const claims = await verifySdJwtVc(credential, { disclosed: ['given_name', 'address.country'] });
  assert.equal(claims.given_name, 'Ada');
  assert.deepEqual(claims.address, { locality: 'London', country: 'GB' });
  assert.equal(claims.cnf.jwk.x, key.x);
  const inPython = verifyInPython({ credential });
  assert.equal(inPython.claims?.given_name, 'Ada', inPython.refused);
});

test('an mdoc is issued and verified', async () => {
  const wallet = await Wallet.preAuthorized(await offer('person_mdoc'));
  const [credential] = await wallet.fetch('person_mdoc', [await newKey()]);
  const { claims, refused } = verifyInPython({ credential, doctype: 'org.example.person.1' });
  assert.equal(claims?.given_name, 'Ada', refused);
});

test('a DPoP-bound token works with its key alone', async () => {
  const dpop = { signer: signer(await newKey()) };
  const wallet = await Wallet.preAuthorized(await offer('person'), { dpop });
  assert.equal((await wallet.fetch('person', [await newKey()])).length, 1);
  wallet.dpop = { signer: signer(await newKey()) };
  await assert.rejects(wallet.ask('person', [await newKey()]), ({ response }) => {
    assert.equal(response.response.status, 401);
    assert.match(response.response.headers.get('www-authenticate'), /^DPoP .*error="invalid_(dpop_proof|token)"/);
    return true;
  });
});

test('a deferred credential comes later', async () => {
  const wallet = await Wallet.preAuthorized(await offer('diploma'));
  const [credential] = await wallet.fetch('diploma', [await newKey()]);
  assert.equal((await verifySdJwtVc(credential)).title, 'Analytical Engineer');
});

test('the issuer is told what became of a credential', async () => {
  const wallet = await Wallet.preAuthorized(await offer('person'));
  await wallet.fetch('person', [await newKey()]);
  const { issuerMetadata, accessToken, client } = wallet;
  const notify = (notificationId) =>
    client.sendNotification({
      issuerMetadata,
      accessToken,
      notification: { notificationId, event: 'credential_accepted' },
    });
  assert.equal((await notify(wallet.notificationId)).response.status, 204);
  await assert.rejects(notify('nothing'));
});

test('a deferred mdoc comes later', async () => {
  const wallet = await Wallet.preAuthorized(await offer('diploma_mdoc'));
  const [credential] = await wallet.fetch('diploma_mdoc', [await newKey()]);
  const { claims, refused } = verifyInPython({ credential, doctype: 'org.example.diploma.1' });
  assert.equal(claims?.title, 'Analytical Engineer', refused);
});

test('a batch has a credential for each key', async () => {
  const wallet = await Wallet.preAuthorized(await offer('all'));
  const keys = await Promise.all([newKey(), newKey(), newKey()]);
  const credentials = await wallet.fetch('person', keys);
  const bound = await Promise.all(credentials.map(async (credential) => (await verifySdJwtVc(credential)).cnf.jwk.x));
  assert.deepEqual(bound, keys.map(({ x }) => x));
  assert.equal((await wallet.fetch('person_mdoc', keys)).length, 3);
});

test('who has no diploma is denied one', async () => {
  const wallet = await Wallet.preAuthorized(await offer('diploma', 'pre-authorized', 'alan', 'turing'));
  await assert.rejects(wallet.ask('diploma', [await newKey()]), ({ response }) => {
    assert.equal(response.credentialErrorResponseResult.data.error, 'credential_request_denied');
    return true;
  });
});
