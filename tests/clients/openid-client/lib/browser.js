// As much of a browser as the pages need: cookies, redirects, forms, and a user who types.

import assert from 'node:assert/strict';

const server = new URL(process.env.AUTHORIZATION_SERVER);

/** A page: where it is, what it says, and its forms. Pages of clients are not loaded. */
class Page {
  constructor(url, status = 0, html = '') {
    Object.assign(this, { url, status, html });
  }

  /** The forms, each with its method, its address, and the values of its fields that are not buttons. */
  forms() {
    return [...this.html.matchAll(/<form([^>]*)>(.*?)<\/form>/gs)].map(([, start, content]) => {
      const attributes = attributesOf(start);
      const inputs = [...content.matchAll(/<input([^>]*)>/g)].map(([, input]) => attributesOf(input));
      const fields = inputs.filter((input) => input.name).map((input) => [input.name, input.value ?? '']);
      return {
        method: attributes.method ?? 'get',
        action: new URL(attributes.action ?? '', this.url),
        fields: Object.fromEntries(fields),
      };
    });
  }
}

function attributesOf(tag) {
  const attributes = [...tag.matchAll(/([a-z-]+)="([^"]*)"/gi)].map(([, name, value]) => [
    name.toLowerCase(),
    unescape(value),
  ]);
  return Object.fromEntries(attributes);
}

function unescape(text) {
  const entities = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#x27': "'" };
  return text.replace(/&([#\w]+);/g, (entity, name) => entities[name] ?? entity);
}

/** A browser with a cookie jar of its own. */
export class Browser {
  #cookies = new Map();

  /** Follows redirects until there is a page of the server's, or a URL of a client's. */
  async #go(url, init) {
    for (let hops = 0; hops < 10; hops += 1) {
      if (url.origin !== server.origin) return new Page(url);
      const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie } });
      for (const line of response.headers.getSetCookie()) {
        const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
        this.#cookies.set(name, value);
      }
      const location = response.headers.get('location');
      if (!location) return new Page(url, response.status, await response.text());
      url = new URL(location, url);
      init = undefined;
    }
    throw new Error(`redirects without end, to ${url}`);
  }

  open(url) {
    return this.#go(new URL(url, server));
  }

  /** Submits a form with its fields, changed by `values`. */
  submit(form, values = {}) {
    assert.equal(form.method, 'post');
    return this.#go(form.action, { method: 'POST', body: new URLSearchParams({ ...form.fields, ...values }) });
  }

  /** Fills in the login page. */
  async logIn(page, username = 'ada', password = 'lovelace') {
    const form = page.forms().find(({ fields }) => 'password' in fields);
    assert.ok(form, `there is no login page: ${page.status} ${page.html}`);
    return this.submit(form, { username, password });
  }

  /** Answers the question on the page, `allow` or `deny`. */
  decide(page, decision) {
    assert.match(page.html, /Do you agree\?/);
    return this.submit(page.forms()[0], { decision });
  }

  /**
   * Goes through an authorization request as Ada, who decides unless she agreed before. Gives what the browser brings
   * to the client: a URL, or what it posts there.
   */
  async authorize(url, decision = 'allow') {
    let page = await this.logIn(await this.open(url));
    if (decision === 'deny' || /Do you agree/.test(page.html)) page = await this.decide(page, decision);
    if (page.url.origin !== server.origin) return page.url;
    const [form] = page.forms();
    assert.ok(form, `there is no form for the client: ${page.status} ${page.html}`);
    return new Request(form.action, { method: 'POST', body: new URLSearchParams(form.fields) });
  }
}

/** What a user does about a request that came by the back channel. */
export async function approve(decision, bindingMessage) {
  const browser = new Browser();
  const page = await browser.logIn(await browser.open('/approvals'));
  const articles = [...page.html.matchAll(/<article>(.*?)<\/article>/gs)].map(([article]) => article);
  const article = articles.find((article) => article.includes(bindingMessage));
  assert.ok(article, `nothing waits with ${bindingMessage}: ${page.html}`);
  await browser.submit(new Page(page.url, page.status, article).forms()[0], { decision });
}
