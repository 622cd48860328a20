// The credential issuer example: where it is, what its page offers, and the settings of its emulated service.

import assert from 'node:assert/strict';

/** What the example printed when it was ready. */
export const ready = JSON.parse(process.env.CREDENTIAL_ISSUER);

/** The credential issuer's identifier, which is its base URL. */
export const issuer = ready.issuer;

/** A call of the emulated service's API, with the organization's token. */
export async function api(path, body, method = body ? 'POST' : 'GET') {
  const { base_url: base, organization_token: token, service_id: service } = ready.emulator;
  const response = await fetch(`${base}/api/${service}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${path}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

/** Changes settings of the service, and puts them back when the test is over. */
export async function withSettings(test, changes) {
  const before = await api('/service/get');
  await api('/service/update', { ...before, ...changes });
  test.after(() => api('/service/update', before));
}

/** A browser with cookies, as far as the pages need one. */
export class Browser {
  #cookies = new Map();

  async open(url, init) {
    for (let hops = 0; hops < 10; hops += 1) {
      url = new URL(url, issuer);
      if (url.pathname === '/client/callback') return { url, html: '' };
      const cookie = [...this.#cookies].map((pair) => pair.join('=')).join('; ');
      const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie } });
      for (const line of response.headers.getSetCookie()) {
        const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
        this.#cookies.set(name, value);
      }
      const location = response.headers.get('location');
      if (!location) return { url, html: await response.text(), status: response.status };
      [url, init] = [new URL(location, url), undefined];
    }
    throw new Error(`redirects without end, to ${url}`);
  }

  post(url, fields) {
    return this.open(url, { method: 'POST', body: new URLSearchParams(fields) });
  }

  async logIn(page, username, password) {
    const fields = { csrf: field(page, 'csrf'), next: field(page, 'next'), username, password };
    return this.post('/login', fields);
  }

  /** Goes through an authorization request as a user who agrees. Gives the URL that leads back to the wallet. */
  async authorize(url, username = 'ada', password = 'lovelace') {
    let page = await this.logIn(await this.open(url), username, password);
    if (/Do you agree/.test(page.html)) {
      page = await this.post(page.url.pathname, { csrf: field(page, 'csrf'), decision: 'allow' });
    }
    assert.equal(page.url.pathname, '/client/callback', page.html);
    return page.url;
  }
}

function field({ html }, name) {
  const found = html.match(new RegExp(`name="${name}" value="([^"]*)"`));
  assert.ok(found, `there is no ${name}: ${html}`);
  return unescape(found[1]);
}

function unescape(text) {
  return text.replace(/&(amp|lt|gt|quot);/g, (_, name) => ({ amp: '&', lt: '<', gt: '>', quot: '"' })[name]);
}

/** What the offer page shows to a user who chose a credential: two links, and a transaction code with the one flow. */
export async function offer(credential, flow = 'pre-authorized', username = 'ada', password = 'lovelace') {
  const browser = new Browser();
  const choice = await browser.logIn(await browser.open('/offer'), username, password);
  const { html } = await browser.post('/offer', { csrf: field(choice, 'csrf'), credential, flow });
  const link = (id) => unescape(html.match(new RegExp(`id="${id}" href="([^"]*)"`))?.[1] ?? assert.fail(html));
  return {
    byReference: link('by-reference'),
    byValue: link('by-value'),
    txCode: html.match(/id="transaction-code">(\d+)</)?.[1],
  };
}
