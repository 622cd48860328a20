// A federation of three levels on this machine, whose statements @openid-federation/core makes: a trust anchor, an
// organization below it, and clients below that.

import { createServer } from 'node:http';

import { createEntityConfiguration, createEntityStatement } from '@openid-federation/core';
import { compactVerify, exportJWK, generateKeyPair, importJWK } from 'jose';
import { webcrypto } from 'node:crypto';

const seconds = (fromNow) => Math.floor(Date.now() / 1000) + fromNow;

/** Checks a signature for the library. */
export async function verifyJwtCallback({ jwt, jwk }) {
  try {
    await compactVerify(jwt, await importJWK(jwk, 'ES256'));
    return true;
  } catch {
    return false;
  }
}

/** A member of the federation. */
class Entity {
  static async create(id) {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: `key-of-${new URL(id).pathname}`, alg: 'ES256', use: 'sig' };
    return new Entity(id, jwk, privateKey);
  }

  constructor(id, jwk, privateKey) {
    Object.assign(this, { id, jwk, privateKey, subordinates: new Map() });
  }

  /** Signs for the library. */
  signJwtCallback = async ({ toBeSigned }) => {
    const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
    return new Uint8Array(await webcrypto.subtle.sign(algorithm, this.privateKey, toBeSigned));
  };

  /** What it says of itself. */
  configuration(claims = {}) {
    const authority = { federation_entity: { federation_fetch_endpoint: `${this.id}/fetch` } };
    return createEntityConfiguration({
      header: { typ: 'entity-statement+jwt', kid: this.jwk.kid, alg: 'ES256' },
      claims: {
        iss: this.id,
        sub: this.id,
        iat: seconds(-1),
        exp: seconds(3600),
        jwks: { keys: [this.jwk] },
        metadata: this.metadata ?? authority,
        ...(this.superior && { authority_hints: [this.superior.id] }),
        ...claims,
      },
      signJwtCallback: this.signJwtCallback,
    });
  }

  /** Vouches for another, with more in the statement. */
  vouch(id, jwks, claims = {}) {
    this.subordinates.set(id, { jwks, ...claims });
  }

  /** What it says of another. */
  statement(sub) {
    const { jwks, ...claims } = this.subordinates.get(sub);
    return createEntityStatement({
      header: { typ: 'entity-statement+jwt', kid: this.jwk.kid, alg: 'ES256' },
      jwk: this.jwk,
      claims: { iss: this.id, sub, iat: seconds(-1), exp: seconds(1800), jwks, ...claims },
      signJwtCallback: this.signJwtCallback,
    });
  }
}

/** The federation, and the server on which its members are. */
export class Federation {
  static async start() {
    const federation = new Federation();
    const server = createServer((request, response) => {
      federation.answer(new URL(request.url, federation.url)).then(
        (statement) => {
          const headers = { 'content-type': 'application/entity-statement+jwt' };
          response.writeHead(statement ? 200 : 404, statement ? headers : {}).end(statement);
        },
        (error) => response.writeHead(500).end(String(error)),
      );
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    federation.url = `http://localhost:${server.address().port}`;
    federation.stop = () => server.close();
    federation.anchor = await federation.add('anchor');
    federation.organization = await federation.add('organization', federation.anchor);
    return federation;
  }

  entities = new Map();

  /** Adds a member below another, who vouches for it. */
  async add(name, superior, claims) {
    const entity = await Entity.create(`${this.url}/${name}`);
    entity.superior = superior;
    superior?.vouch(entity.id, { keys: [entity.jwk] }, claims);
    this.entities.set(entity.id, entity);
    return entity;
  }

  /** A client below the organization. */
  async client(name, metadata = {}, claims = {}) {
    const client = await this.add(name, this.organization, claims);
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    client.protocolKey = privateKey;
    client.metadata = {
      openid_relying_party: {
        client_name: name,
        redirect_uris: ['https://rp.example.org/callback'],
        grant_types: ['authorization_code'],
        response_types: ['code'],
        token_endpoint_auth_method: 'private_key_jwt',
        client_registration_types: ['automatic', 'explicit'],
        jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: 'protocol', alg: 'ES256', use: 'sig' }] },
        ...metadata,
      },
    };
    return client;
  }

  /** What is at a URL. */
  async answer(url) {
    const [, id, place] = url.href.split('?')[0].match(/^(.*\/[^/]+)\/(fetch|\.well-known\/openid-federation)$/) ?? [];
    const entity = this.entities.get(id);
    if (!entity) return undefined;
    if (place === 'fetch') {
      const sub = url.searchParams.get('sub');
      return entity.subordinates.has(sub) ? entity.statement(sub) : undefined;
    }
    return entity.configuration();
  }
}
