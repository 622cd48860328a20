// Verifiers that others wrote: @sd-jwt/sd-jwt-vc, sd-jwt and pymdoccbor (Python), @auth0/mdl, isomdl (Rust).

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { fileURLToPath } from 'node:url';

import { DeviceResponse, parse, Verifier } from '@auth0/mdl';
import { digest, generateSalt } from '@sd-jwt/crypto-nodejs';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import { CompactSign, compactVerify, decodeProtectedHeader, exportJWK, importJWK } from 'jose';

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

/** Calls a program with what it is to verify. Gives what it says, or the error. */
function ask(command, what) {
  const input = JSON.stringify({ root: ready.root_certificate, ...what });
  const run = spawnSync(command[0], command.slice(1), { input, encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  return JSON.parse(run.stdout);
}

const pythonProgram = fileURLToPath(new URL('../verify.py', import.meta.url));

/** sd-jwt or, with a `doctype`, pymdoccbor. */
export const verifyInPython = (what) => ask([process.env.PYTHON_VERIFIERS, pythonProgram], what);

/** isomdl: an mdoc, or what its holder shows of it. It compares no digests of elements. */
export const verifyInRust = (what) => ask([process.env.RUST_VERIFIER], what);

/** As much of CBOR as is needed: what is short, with bytes of others in it. */
const head = (major, length) => Buffer.from(length < 24 ? [(major << 5) | length] : [(major << 5) | 24, length]);
const text = (value) => Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
const array = (elements) => Buffer.concat([head(4, elements.length), ...elements]);
const map = (pairs) => Buffer.concat([head(5, pairs.length), ...pairs.flatMap(([name, value]) => [text(name), value])]);

/** An mdoc as it is issued, in a document for readers: the bytes of the issuer stay as they are. */
function inDocument(credential, doctype) {
  const document = map([['docType', text(doctype)], ['issuerSigned', Buffer.from(credential, 'base64url')]]);
  return map([['version', text('1.0')], ['documents', array([document])], ['status', Buffer.from([0])]]);
}

/** What holder and verifier agree on, as a session transcript: here a nonce. */
function transcript(nonce) {
  const nothing = Buffer.from([0xf6]);
  const session = array([nothing, nothing, array([text(nonce)])]);
  return Buffer.concat([Buffer.from([0xd8, 24]), head(2, session.length), session]);
}

/** What a holder of an mdoc shows: one element, signed by the device key for a verifier's nonce. */
export async function presentMdoc(credential, { doctype, element, privateKey, nonce }) {
  const fields = [{ path: [`$['${doctype}']['${element}']`], intent_to_retain: false }];
  const constraints = { limit_disclosure: 'required', fields };
  const definition = {
    id: 'request',
    input_descriptors: [{ id: doctype, format: { mso_mdoc: { alg: ['ES256'] } }, constraints }],
  };
  const response = DeviceResponse.from(parse(inDocument(credential, doctype)))
    .usingPresentationDefinition(definition)
    .usingSessionTranscriptBytes(transcript(nonce))
    .authenticateWithSignature({ ...(await exportJWK(privateKey)), kid: 'device' }, 'ES256');
  return (await response.sign()).encode();
}

/** Verifies what a holder shows with @auth0/mdl: issuer, validity, digests and device key. Gives the elements. */
export async function verifyMdoc(presentation, { doctype, nonce }) {
  const verifier = new Verifier([ready.root_certificate]);
  const { documents } = await verifier.verify(presentation, { encodedSessionTranscript: transcript(nonce) });
  assert.equal(documents.length, 1);
  return documents[0].getIssuerNameSpace(doctype);
}
