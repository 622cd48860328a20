// A wallet of @credo-ts/openid4vc (OpenWallet Foundation): a whole agent, with keys and records in memory in the place of
// the native ones.

import { EventEmitter } from 'node:events';
import { randomBytes, randomUUID, webcrypto } from 'node:crypto';

import { Agent, InjectionSymbols, Kms, RecordDuplicateError, RecordNotFoundError, X509Module } from '@credo-ts/core';
import { OpenId4VcModule } from '@credo-ts/openid4vc';

import { ready } from './issuer.js';

const P256 = { name: 'ECDSA', namedCurve: 'P-256' };
const SHA256 = { name: 'ECDSA', hash: 'SHA-256' };

/** Keys on P-256, by WebCrypto. */
class MemoryKeys {
  backend = 'memory';
  keys = new Map();

  isOperationSupported(_context, { operation, algorithm, type }) {
    if (operation === 'randomBytes') return true;
    if (operation === 'createKey') return type?.crv === 'P-256';
    return ['sign', 'verify'].includes(operation) && algorithm === 'ES256';
  }

  async getPublicKey(_context, keyId) {
    return this.keys.get(keyId)?.publicJwk ?? null;
  }

  async createKey(_context, { keyId = randomUUID() }) {
    const { privateKey, publicKey } = await webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']);
    const { kty, crv, x, y } = await webcrypto.subtle.exportKey('jwk', publicKey);
    const publicJwk = { kty, crv, x, y, kid: keyId };
    this.keys.set(keyId, { privateKey, publicJwk });
    return { keyId, publicJwk };
  }

  async sign(_context, { keyId, data }) {
    const signature = await webcrypto.subtle.sign(SHA256, this.keys.get(keyId).privateKey, data);
    return { signature: new Uint8Array(signature) };
  }

  async verify(_context, { key, data, signature }) {
    const publicJwk = key.publicJwk ?? this.keys.get(key.keyId).publicJwk;
    const { kty, crv, x, y } = publicJwk;
    const imported = await webcrypto.subtle.importKey('jwk', { kty, crv, x, y }, P256, false, ['verify']);
    const verified = await webcrypto.subtle.verify(SHA256, imported, signature, data);
    return verified ? { verified, publicJwk } : { verified };
  }

  randomBytes(_context, { length }) {
    return new Uint8Array(randomBytes(length));
  }
}

/** Records, of which the agent has no more than it makes itself. */
class MemoryRecords {
  supportsCursorPagination = false;
  records = new Map();

  async save(_context, record) {
    if (this.records.has(record.id)) throw new RecordDuplicateError(record.id, { recordType: record.type });
    this.records.set(record.id, record);
  }

  async update(_context, record) {
    this.records.set(record.id, record);
  }

  async delete(_context, record) {
    this.records.delete(record.id);
  }

  async deleteById(_context, _class, id) {
    this.records.delete(id);
  }

  async getById(_context, { type }, id) {
    return this.records.get(id) ?? Promise.reject(new RecordNotFoundError(id, { recordType: type }));
  }

  async getAll(_context, { type }) {
    return [...this.records.values()].filter((record) => record.type === type);
  }

  async findByQuery(context, kind, query) {
    const fits = (record) => Object.entries(query).every(([name, value]) => record.getTags()[name] === value);
    return (await this.getAll(context, kind)).filter(fits);
  }
}

/** An agent that trusts the issuer's root. */
export async function startAgent() {
  const agent = new Agent({
    config: { allowInsecureHttpUrls: true, autoUpdateStorageOnStartup: true },
    dependencies: { FileSystem: class {}, EventEmitterClass: EventEmitter, fetch, WebSocketClass: class {} },
    modules: {
      kms: new Kms.KeyManagementModule({ backends: [new MemoryKeys()] }),
      x509: new X509Module({ trustedCertificates: [ready.root_certificate] }),
      openid4vc: new OpenId4VcModule(),
      records: {
        register: (dependencies) =>
          dependencies.registerInstance(InjectionSymbols.StorageService, new MemoryRecords()),
      },
    },
  });
  await agent.initialize();
  return agent;
}

/** Resolves what the wallet binds credentials to: as many new keys as were asked for. */
export function newKeys(count = 1) {
  return async ({ agentContext }) => {
    const kms = agentContext.dependencyManager.resolve(Kms.KeyManagementApi);
    const key = async () => {
      const { publicJwk } = await kms.createKey({ type: { kty: 'EC', crv: 'P-256' } });
      return Kms.PublicJwk.fromPublicJwk(publicJwk);
    };
    return { method: 'jwk', keys: await Promise.all(Array.from({ length: count }, key)) };
  };
}
