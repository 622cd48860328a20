// The wallet of Credo, which verifies what it gets before it keeps it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { newKeys, startAgent } from '../lib/credo.js';
import { Browser, offer, ready } from '../lib/issuer.js';

let agent;
let holder;

before(async () => {
  agent = await startAgent();
  holder = agent.modules.openid4vc.holder;
});

after(() => agent.shutdown());

/** Redeems an offer's pre-authorized code, and asks for credentials. */
async function fetchCredentials(credential, ids, keys) {
  const { byReference, txCode } = await offer(credential);
  const resolvedCredentialOffer = await holder.resolveCredentialOffer(byReference);
  const token = await holder.requestToken({ resolvedCredentialOffer, txCode });
  return request(resolvedCredentialOffer, token, ids, keys);
}

function request(resolvedCredentialOffer, token, credentialConfigurationIds, keys) {
  return holder.requestCredentials({
    resolvedCredentialOffer,
    ...token,
    credentialConfigurationIds,
    credentialBindingResolver: newKeys(keys),
  });
}

test('both formats are fetched and verified', async () => {
  // Not in one call: Credo 0.6.3 fetches one nonce, and uses it for the first credential alone.
  const [person] = (await fetchCredentials('person', ['person'])).credentials;
  assert.equal(person.record.firstCredential.prettyClaims.given_name, 'Ada');
  const [mdoc] = (await fetchCredentials('person_mdoc', ['person_mdoc'])).credentials;
  assert.equal(mdoc.record.firstCredential.issuerSignedNamespaces['org.example.person.1'].given_name, 'Ada');
});

test('a batch is fetched', async () => {
  const { credentials } = await fetchCredentials('person', ['person'], 3);
  assert.equal(credentials[0].record.credentialInstances.length, 3);
});

test('a deferred credential is fetched', async () => {
  const { byReference, txCode } = await offer('diploma');
  const resolvedCredentialOffer = await holder.resolveCredentialOffer(byReference);
  const token = await holder.requestToken({ resolvedCredentialOffer, txCode });
  const { deferredCredentials } = await request(resolvedCredentialOffer, token, ['diploma']);
  const [deferred] = deferredCredentials;
  await new Promise((resolve) => setTimeout(resolve, deferred.interval * 1000));
  const { credentials } = await holder.requestDeferredCredentials({
    ...deferred,
    ...token,
    issuerMetadata: resolvedCredentialOffer.metadata,
  });
  assert.equal(credentials[0].record.firstCredential.prettyClaims.title, 'Analytical Engineer');
});

test('the user logs in, and the token is bound by DPoP', async () => {
  const { id: clientId, redirect_uri: redirectUri } = ready.clients.wallet;
  const resolvedCredentialOffer = await holder.resolveCredentialOffer((await offer('person', 'code')).byValue);
  const options = { clientId, redirectUri, scope: ['person'] };
  const started = await holder.resolveOpenId4VciAuthorizationRequest(resolvedCredentialOffer, options);
  const back = await new Browser().authorize(started.authorizationRequestUrl);
  const { codeVerifier, dpop } = started;
  const code = back.searchParams.get('code');
  const token = await holder.requestToken({ resolvedCredentialOffer, code, clientId, redirectUri, codeVerifier, dpop });
  assert.equal(token.accessTokenResponse.token_type, 'DPoP');
  const { credentials } = await request(resolvedCredentialOffer, token, ['person']);
  assert.equal(credentials[0].record.firstCredential.prettyClaims.family_name, 'Lovelace');
});
