// A wallet that sends the user to the authorization endpoint: PAR, PKCE, DPoP, and an attestation of the wallet.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';

import { clientAuthenticationClientAttestationJwt } from '@openid4vc/oauth2';
import { Openid4vciClient } from '@openid4vc/openid4vci';

import { Attester } from '../lib/attester.js';
import { api, Browser, issuer, offer, ready, withSettings } from '../lib/issuer.js';
import { verifyInPython, verifySdJwtVc } from '../lib/verifiers.js';
import { callbacks, newKey, registered, sign, signer, Wallet } from '../lib/wallet.js';

const { id: clientId, redirect_uri: redirectUri } = ready.clients.wallet;

/** Goes from an offer to a wallet with an access token, by the authorization code flow. */
async function throughLogin(client, { byValue }, options) {
  const credentialOffer = await client.resolveCredentialOffer(byValue);
  const issuerMetadata = await client.resolveIssuerMetadata(credentialOffer.credential_issuer);
  const started = await client.initiateAuthorization({ credentialOffer, issuerMetadata, redirectUri, ...options });
  const request = new URL(started.authorizationRequestUrl);
  assert.match(request.searchParams.get('request_uri') ?? '', /^urn:/, 'the request is not pushed');
  const back = await new Browser().authorize(request);
  const response = client.parseAndVerifyAuthorizationResponseRedirectUrl({
    url: back.href,
    authorizationServerMetadata: issuerMetadata.authorizationServers[0],
  });
  const { accessTokenResponse, dpop } = await client.retrieveAuthorizationCodeAccessTokenFromOffer({
    issuerMetadata,
    credentialOffer,
    authorizationCode: response.code ?? assert.fail(back.href),
    pkceCodeVerifier: started.pkce?.codeVerifier,
    redirectUri,
    dpop: options.dpop,
  });
  assert.equal(accessTokenResponse.token_type, options.dpop ? 'DPoP' : 'Bearer');
  return new Wallet(client, issuerMetadata, accessTokenResponse.access_token, dpop);
}

test('a wallet gets both formats by PAR and DPoP', async () => {
  const options = { clientId, scope: 'person person_mdoc', dpop: { signer: signer(await newKey()) } };
  const wallet = await throughLogin(registered(), await offer('all', 'code'), options);
  const [person] = await wallet.fetch('person', [await newKey()]);
  assert.equal((await verifySdJwtVc(person)).family_name, 'Lovelace');
  const [credential] = await wallet.fetch('person_mdoc', [await newKey()]);
  assert.equal(verifyInPython({ credential, doctype: 'org.example.person.1' }).claims?.family_name, 'Lovelace');
});

test('an offer needs no scope: its issuer_state says what it is about', async () => {
  const wallet = await throughLogin(registered(), await offer('diploma', 'code'), { clientId });
  const [diploma] = await wallet.fetch('diploma', [await newKey()]);
  assert.equal((await verifySdJwtVc(diploma)).university, 'University of London');
  await assert.rejects(wallet.ask('person', [await newKey()]), /invalid_credential_request|400/);
});

/** A client that authenticates by attestations. */
async function registerAttested(t) {
  const registration = {
    clientName: 'An attested wallet',
    clientType: 'CONFIDENTIAL',
    tokenAuthMethod: 'ATTEST_JWT_CLIENT_AUTH',
    grantTypes: ['AUTHORIZATION_CODE', 'PRE_AUTHORIZED_CODE'],
    responseTypes: ['CODE'],
    redirectUris: [redirectUri],
  };
  const id = String((await api('/client/create', registration)).clientId);
  t.after(() => api(`/client/delete/${id}`, undefined, 'DELETE'));
  return id;
}

/** The library, for a wallet with this attestation. */
function attestedClient(clientAttestationJwt) {
  const clientAuthentication = clientAuthenticationClientAttestationJwt({ clientAttestationJwt, callbacks });
  return new Openid4vciClient({ callbacks: { ...callbacks, clientAuthentication } });
}

test('a wallet authenticates by its attestation', async (t) => {
  const attester = await Attester.create();
  await withSettings(t, { clientAttesterRootsEnabled: true, clientAttesterRootsOnly: true, clientAttesterRoots: [attester.root] });
  const attested = await registerAttested(t);
  const instance = await newKey();
  const options = async () => ({ clientId: attested, scope: 'person', dpop: { signer: signer(await newKey()) } });
  const attestation = await attester.attest(attested, instance);
  const wallet = await throughLogin(attestedClient(attestation), await offer('person', 'code'), await options());
  const [credential] = await wallet.fetch('person', [await newKey()]);
  assert.equal((await verifySdJwtVc(credential)).given_name, 'Ada');
  const again = await Wallet.preAuthorized(await offer('person'), { client: attestedClient(attestation) });
  assert.equal((await again.fetch('person', [await newKey()])).length, 1);

  const refused = async (wrong, message) => {
    const begun = throughLogin(attestedClient(wrong), await offer('person', 'code'), await options());
    await assert.rejects(begun, /invalid_client|use_fresh_attestation|invalid_client_attestation|40[01]/, message);
  };
  const stranger = await Attester.create();
  await refused(await stranger.attest(attested, instance), 'an unknown attester');
  await refused(await attester.attest(attested, instance, { exp: Math.floor(Date.now() / 1000) - 3600 }), 'expired');
  await refused(await attester.attest('999', instance), 'an unknown client');
  await refused(await attester.attest(clientId, instance), 'the attestation of another client');
});

test('HAIP is met by a wallet with an attestation and DPoP, and by no other', async (t) => {
  const attester = await Attester.create();
  await withSettings(t, { haipVersion: '1.0', clientAttesterRootsEnabled: true, clientAttesterRoots: [attester.root] });
  const clientId = await registerAttested(t);
  const client = attestedClient(await attester.attest(clientId, await newKey()));
  const options = { clientId, scope: 'person', dpop: { signer: signer(await newKey()) } };
  const wallet = await throughLogin(client, await offer('person', 'code'), options);
  const [credential] = await wallet.fetch('person', [await newKey()]);
  assert.equal((await verifySdJwtVc(credential)).given_name, 'Ada');

  await assert.rejects(throughLogin(client, await offer('person', 'code'), { ...options, dpop: undefined }));
  await assert.rejects(throughLogin(client, await offer('person', 'code'), { ...options, scope: 'profile' }));
  await assert.rejects(throughLogin(registered(), await offer('person', 'code'), { ...options, clientId: ready.clients.wallet.id }));
  await assert.rejects(Wallet.preAuthorized(await offer('person')));
});

test('a proof of possession for another server or key is refused', async (t) => {
  const attester = await Attester.create();
  await withSettings(t, { clientAttesterRootsEnabled: true, clientAttesterRoots: [attester.root] });
  const registration = { tokenAuthMethod: 'ATTEST_JWT_CLIENT_AUTH', clientType: 'CONFIDENTIAL', grantTypes: ['CLIENT_CREDENTIALS'] };
  const id = String((await api('/client/create', registration)).clientId);
  t.after(() => api(`/client/delete/${id}`, undefined, 'DELETE'));
  const instance = await newKey();
  const attestation = await attester.attest(id, instance);
  const ask = async (changes, key = instance) => {
    const claims = { aud: issuer, jti: randomUUID(), iat: Math.floor(Date.now() / 1000), ...changes };
    const proof = await sign(key, { typ: 'oauth-client-attestation-pop+jwt' }, claims);
    return (await askWith(attestation, proof)).status;
  };
  const askWith = (one, proof) =>
    fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { 'oauth-client-attestation': one, 'oauth-client-attestation-pop': proof },
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id: id, scope: 'profile' }),
    });
  assert.equal(await ask({}), 200);
  assert.ok([400, 401].includes(await ask({ aud: 'https://other.example.com' })), 'for another server');
  assert.ok([400, 401].includes(await ask({}, await newKey())), 'by another key');
  assert.ok([400, 401].includes(await ask({ iat: Math.floor(Date.now() / 1000) - 3600 })), 'an old one');
  const jti = randomUUID();
  assert.deepEqual([await ask({ jti }), (await ask({ jti })) >= 400], [200, true], 'once');
});
