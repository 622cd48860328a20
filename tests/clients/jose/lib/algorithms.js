// The algorithms of JWE that both sides have, and how the API names them.

import { createHash } from 'node:crypto';

export const encodings = [
  'A128CBC-HS256',
  'A192CBC-HS384',
  'A256CBC-HS512',
  'A128GCM',
  'A192GCM',
  'A256GCM',
];

export const toRsa = ['RSA-OAEP', 'RSA-OAEP-256'];
export const toCurve = ['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW', 'ECDH-ES+A256KW'];
export const curves = ['P-256', 'P-384', 'P-521', 'X25519'];
export const byPassword = ['PBES2-HS256+A128KW', 'PBES2-HS384+A192KW', 'PBES2-HS512+A256KW'];
export const bySecret = ['A128KW', 'A192KW', 'A256KW', 'A128GCMKW', 'A192GCMKW', 'A256GCMKW', 'dir', ...byPassword];

/** The name among the settings of a client. */
export const setting = (name) => name.replace(/[-+]/g, '_').replace('dir', 'DIR');

/** The key that a client's secret stands for (OpenID Connect Core 1.0, section 10.2). */
export function secretKey(secret, alg, enc) {
  if (alg.startsWith('PBES2')) return new TextEncoder().encode(secret);
  const contentBits = { 'A128CBC-HS256': 256, 'A192CBC-HS384': 384, 'A256CBC-HS512': 512 }[enc] ?? +enc.slice(1, 4);
  const bits = alg === 'dir' ? contentBits : +alg.slice(1, 4);
  const hash = bits <= 256 ? 'sha256' : bits <= 384 ? 'sha384' : 'sha512';
  return new Uint8Array(createHash(hash).update(secret).digest().subarray(0, bits / 8));
}
