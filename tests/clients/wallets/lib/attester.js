// Who vouches for wallets: a certificate authority of its own, and attestations that a certified key signs.

import { webcrypto } from 'node:crypto';

import * as x509 from '@peculiar/x509';
import { SignJWT } from 'jose';

x509.cryptoProvider.set(webcrypto);
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export class Attester {
  /** An attester whose key is certified by a root of its own. */
  static async create() {
    const [rootKeys, keys] = await Promise.all([0, 1].map(() => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])));
    const [notBefore, notAfter] = [new Date(Date.now() - 86_400_000), new Date(Date.now() + 86_400_000)];
    const root = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=Attester Root, C=GB',
      serialNumber: '01',
      notBefore,
      notAfter,
      keys: rootKeys,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      ],
    });
    const certificate = await x509.X509CertificateGenerator.create({
      subject: 'CN=Attester, C=GB',
      issuer: root.subject,
      serialNumber: '02',
      notBefore,
      notAfter,
      publicKey: keys.publicKey,
      signingKey: rootKeys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true)],
    });
    return new Attester(root.toString('pem'), certificate.toString('base64'), keys.privateKey);
  }

  constructor(root, certificate, privateKey) {
    Object.assign(this, { root, certificate, privateKey });
  }

  /** A client attestation for this key, with other claims. */
  attest(clientId, publicJwk, claims = {}) {
    const now = Math.floor(Date.now() / 1000);
    const payload = { iss: 'https://attester.example.com', sub: clientId, iat: now, exp: now + 3600, cnf: { jwk: publicJwk } };
    return this.sign('oauth-client-attestation+jwt', { ...payload, ...claims });
  }

  /** Any JWT, with the certificate in its header. */
  sign(typ, payload) {
    const header = { alg: 'ES256', typ, x5c: [this.certificate] };
    return new SignJWT(payload).setProtectedHeader(header).sign(this.privateKey);
  }
}
