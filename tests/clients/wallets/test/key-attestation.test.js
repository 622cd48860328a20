// Wallets whose keys are attested: beside a proof of possession by @openid4vc/openid4vci, and as a proof by itself by Credo.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Attester } from '../lib/attester.js';
import { startAgent } from '../lib/credo.js';
import { api, offer, withSettings } from '../lib/issuer.js';
import { verifySdJwtVc } from '../lib/verifiers.js';
import { newKey, signer, Wallet } from '../lib/wallet.js';

/** Makes the issuer want attestations of this attester for a person's credential. */
async function wantAttestations(t, attester) {
  const { credentialIssuerMetadata } = await api('/service/get');
  const configurations = JSON.parse(credentialIssuerMetadata.credentialsSupported);
  const demands = {
    proof_signing_alg_values_supported: ['ES256'],
    key_attestations_required: { key_storage: ['iso_18045_high'] },
  };
  configurations.person.proof_types_supported = { jwt: demands, attestation: demands };
  await withSettings(t, {
    keyAttesterRootsEnabled: true,
    keyAttesterRoots: [attester.root],
    credentialIssuerMetadata: { ...credentialIssuerMetadata, credentialsSupported: JSON.stringify(configurations) },
  });
}

/** What an attester says of keys. */
function attestation(attester, keys, claims = {}) {
  const now = Math.floor(Date.now() / 1000);
  const payload = { iat: now, exp: now + 600, attested_keys: keys, key_storage: ['iso_18045_high'], ...claims };
  return attester.sign('key-attestation+jwt', payload);
}

test('an attestation stands beside the proof of one of its keys', async (t) => {
  const attester = await Attester.create();
  await wantAttestations(t, attester);
  const keys = [await newKey(), await newKey()];
  const wallet = await Wallet.preAuthorized(await offer('person'));
  const ask = async (key, keyAttestationJwt) => {
    const { client, issuerMetadata, accessToken } = wallet;
    const { c_nonce: nonce } = await client.requestNonce({ issuerMetadata });
    const credentialConfigurationId = 'person';
    const options = { issuerMetadata, credentialConfigurationId, nonce, signer: signer(key), keyAttestationJwt };
    const { jwt } = await client.createCredentialRequestJwtProof(options);
    const request = { issuerMetadata, accessToken, credentialConfigurationId, proofs: { jwt: [jwt] } };
    return (await client.retrieveCredentials(request)).credentialResponse.credentials;
  };
  const credentials = await ask(keys[0], await attestation(attester, keys));
  const bound = await Promise.all(credentials.map(async ({ credential }) => (await verifySdJwtVc(credential)).cnf.jwk.x));
  assert.deepEqual(bound, keys.map(({ x }) => x));

  const stranger = await Attester.create();
  const now = Math.floor(Date.now() / 1000);
  // One that is missing, or for other keys, the library itself does not send.
  for (const [why, key, wrong] of [
    ['of an unknown attester', keys[0], await attestation(stranger, keys)],
    ['expired', keys[0], await attestation(attester, keys, { exp: now - 60 })],
    ['of weaker keys', keys[0], await attestation(attester, keys, { key_storage: ['iso_18045_basic'] })],
  ]) {
    const isProof = ({ response }) => response.credentialErrorResponseResult.data.error === 'invalid_proof';
    await assert.rejects(ask(key, wrong), isProof, why);
  }
});

test('an attestation is a proof by itself', async (t) => {
  const attester = await Attester.create();
  await wantAttestations(t, attester);
  const agent = await startAgent();
  t.after(() => agent.shutdown());
  const { holder } = agent.modules.openid4vc;
  const keys = await Promise.all([0, 1].map(() => agent.kms.createKey({ type: { kty: 'EC', crv: 'P-256' } })));
  const fetchWith = async (claims) => {
    const { byReference, txCode } = await offer('person');
    const resolvedCredentialOffer = await holder.resolveCredentialOffer(byReference);
    const token = await holder.requestToken({ resolvedCredentialOffer, txCode });
    return holder.requestCredentials({
      resolvedCredentialOffer,
      ...token,
      credentialConfigurationIds: ['person'],
      credentialBindingResolver: async ({ cNonce }) => ({
        method: 'attestation',
        keyAttestationJwt: await attestation(attester, keys.map(({ publicJwk }) => publicJwk), { nonce: cNonce, ...claims }),
      }),
    });
  };
  const { credentials } = await fetchWith({});
  assert.equal(credentials[0].record.credentialInstances.length, 2);
  await assert.rejects(fetchWith({ nonce: 'of-another-time' }));
});
