// The emulated service behind the server: what its management API is for here.

const { EMULATOR, EMULATOR_TOKEN, EMULATOR_SERVICE } = process.env;

/** Calls the management API of the service. */
export async function manage(method, path, body) {
  const response = await fetch(`${EMULATOR}/api/${EMULATOR_SERVICE}${path}`, {
    method,
    headers: { authorization: `Bearer ${EMULATOR_TOKEN}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text && JSON.parse(text);
}

/** Changes settings of the service, and gives a function that puts back what was there. */
export async function change(settings) {
  const before = await manage('GET', '/service/get');
  await manage('POST', '/service/update', { ...before, ...settings });
  return () => manage('POST', '/service/update', before);
}
