// Verifiers that others wrote: @sd-jwt/sd-jwt-vc, sd-jwt and pymdoccbor (Python), @auth0/mdl.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { X509Certificate } from 'node:crypto';
import { digest, generateSalt } from '@sd-jwt/crypto-nodejs';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import { CompactSign, compactVerify, decodeProtectedHeader, importJWK } from 'jose';

import { ready } from './issuer.js';

/** The key in `x5c`, if the certificate is one that the issuer's root has signed. */
function certified(jwt) {
  const [leaf] = decodeProtectedHeader(jwt).x5c;
  const certificate = new X509Certificate(Buffer.from(leaf, 'base64'));
  const root = new X509Certificate(ready.root_certificate);
  assert.ok(certificate.verify(root.publicKey), 'the certificate is not of the root');
  return certificate.publicKey;
}

/**
 * Verifies an SD-JWT VC with @sd-jwt/sd-jwt-vc, and with a key binding JWT where there is one: against the `nonce`. Gives
 * its claims.
 */
export async function verifySdJwtVc(credential, { nonce, disclosed = [] } = {}) {
  const verify = async (key, data, signature) => {
    try {
      await compactVerify(`${data}.${signature}`, key);
      return true;
    } catch {
      return false;
    }
  };
  const jwt = credential.split('~')[0];
  const instance = new SDJwtVcInstance({
    hasher: digest,
    hashAlg: 'sha-256',
    saltGenerator: generateSalt,
    verifier: (data, signature) => verify(certified(jwt), data, signature),
    kbVerifier: async (data, signature, payload) => verify(await importJWK(payload.cnf.jwk, 'ES256'), data, signature),
  });
  const result = await instance.verify(credential, {
    requiredClaimKeys: disclosed,
    keyBindingNonce: nonce,
  });
  return result.payload;
}

/** A presentation of an SD-JWT VC with these claims disclosed, for a verifier, by who has the private key. */
export async function present(credential, frame, { privateKey, nonce, audience }) {
  const instance = new SDJwtVcInstance({
    hasher: digest,
    hashAlg: 'sha-256',
    saltGenerator: generateSalt,
    kbSigner: async (data) => {
      const [header, payload] = data.split('.');
      const text = Buffer.from(payload, 'base64url');
      const protectedHeader = JSON.parse(Buffer.from(header, 'base64url'));
      const jwt = await new CompactSign(text).setProtectedHeader(protectedHeader).sign(privateKey);
      return jwt.split('.')[2];
    },
    kbSignAlg: 'ES256',
  });
  const payload = { iat: Math.floor(Date.now() / 1000), aud: audience, nonce };
  return instance.present(credential, frame, { kb: { payload } });
}

/** Calls `verify.py` with what it is to verify. Gives what it says, or the error. */
export function verifyInPython(what) {
  const program = fileURLToPath(new URL('../verify.py', import.meta.url));
  const input = JSON.stringify({ root: ready.root_certificate, ...what });
  const run = spawnSync(process.env.PYTHON_VERIFIERS, [program], { input, encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  return JSON.parse(run.stdout);
}
