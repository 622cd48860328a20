// A wallet of @openid4vc/openid4vci (OpenWallet Foundation), with keys in memory.

import { createHash, randomBytes } from 'node:crypto';

import {
  clientAuthenticationAnonymous,
  clientAuthenticationNone,
  HashAlgorithm,
  setGlobalConfig,
} from '@openid4vc/oauth2';
import { Openid4vciClient } from '@openid4vc/openid4vci';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

import { issuer, ready } from './issuer.js';

// The example is at http://localhost.
setGlobalConfig({ allowInsecureUrls: true });

/** Private keys, by `x` of their public parts. */
const keys = new Map();

/** A new key on P-256: its public JWK. */
export async function newKey() {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(publicKey);
  keys.set(jwk.x, privateKey);
  return jwk;
}

/** The private part of a key. */
export function privateKey(publicJwk) {
  return keys.get(publicJwk.x);
}

/** Who signs with this key, as the library wants it told. */
export function signer(publicJwk) {
  return { method: 'jwk', alg: 'ES256', publicJwk };
}

/** A JWT with exactly this header and these claims, by a key of `newKey`. */
export function sign(publicJwk, header, payload) {
  return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', ...header }).sign(keys.get(publicJwk.x));
}

/** What the library calls for cryptography. */
export const callbacks = {
  hash: (data, algorithm) => {
    if (algorithm !== HashAlgorithm.Sha256) throw new Error(`not supported: ${algorithm}`);
    return createHash('sha256').update(data).digest();
  },
  generateRandom: (length) => randomBytes(length),
  signJwt: async ({ publicJwk }, { header, payload }) => ({
    jwt: await sign(publicJwk, header, payload),
    signerJwk: publicJwk,
  }),
  verifyJwt: () => ({ verified: false }),
  decryptJwe: () => ({ decrypted: false }),
  encryptJwe: () => {
    throw new Error('the wallet does not encrypt');
  },
};

/** A client of the library, for a wallet that nobody knows. */
export function anonymous() {
  return new Openid4vciClient({ callbacks: { ...callbacks, clientAuthentication: clientAuthenticationAnonymous() } });
}

/** The same for a wallet that is registered, without a secret. */
export function registered({ id } = ready.clients.wallet) {
  const clientAuthentication = clientAuthenticationNone({ clientId: id });
  return new Openid4vciClient({ callbacks: { ...callbacks, clientAuthentication } });
}

/** A wallet with an access token, ready to ask for credentials. */
export class Wallet {
  constructor(client, issuerMetadata, accessToken, dpop) {
    Object.assign(this, { client, issuerMetadata, accessToken, dpop });
  }

  /** Redeems the pre-authorized code of an offer. */
  static async preAuthorized({ byReference, txCode }, { dpop, client = anonymous() } = {}) {
    const credentialOffer = await client.resolveCredentialOffer(byReference);
    const issuerMetadata = await client.resolveIssuerMetadata(credentialOffer.credential_issuer);
    const { accessTokenResponse, dpop: next } = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({
      credentialOffer,
      issuerMetadata,
      txCode,
      dpop,
    });
    return new Wallet(client, issuerMetadata, accessTokenResponse.access_token, next);
  }

  /** Proofs for keys, with a fresh nonce. */
  async proofs(publicJwks, credentialConfigurationId) {
    const { c_nonce: nonce } = await this.client.requestNonce({ issuerMetadata: this.issuerMetadata });
    const proof = async (publicJwk) => {
      const { issuerMetadata } = this;
      const options = { issuerMetadata, credentialConfigurationId, nonce, signer: signer(publicJwk) };
      return (await this.client.createCredentialRequestJwtProof(options)).jwt;
    };
    return Promise.all(publicJwks.map(proof));
  }

  /** Asks for credentials that are bound to these keys. Gives the response. */
  async ask(credentialConfigurationId, publicJwks) {
    const jwt = await this.proofs(publicJwks, credentialConfigurationId);
    const { issuerMetadata, accessToken, dpop } = this;
    const response = await this.client.retrieveCredentials({
      issuerMetadata,
      accessToken,
      credentialConfigurationId,
      proofs: { jwt },
      dpop,
    });
    this.dpop = response.dpop ?? dpop;
    return response.credentialResponse;
  }

  /** Asks, and goes on asking while the issuer defers. Gives the credentials. */
  async fetch(credentialConfigurationId, publicJwks) {
    let response = await this.ask(credentialConfigurationId, publicJwks);
    for (let attempts = 0; response.transaction_id && attempts < 5; attempts += 1) {
      await new Promise((resolve) => setTimeout(resolve, response.interval * 1000));
      const { issuerMetadata, accessToken, dpop } = this;
      const transactionId = response.transaction_id;
      const options = { issuerMetadata, accessToken, transactionId, dpop };
      response = (await this.client.retrieveDeferredCredentials(options)).deferredCredentialResponse;
    }
    this.notificationId = response.notification_id;
    return response.credentials.map(({ credential }) => credential);
  }
}

export { issuer };
