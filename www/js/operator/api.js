/** What the page asks of the server, with the operator's service token. */

const KEY = 'ringback-operator-token';

/** The token of this tab: from the address (`#token=…`, which is taken out of it), else as it was kept. */
export function keptToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given) {
    keepToken(given);
    history.replaceState(null, '', location.pathname + location.search);
  }
  return sessionStorage.getItem(KEY);
}

/** Keeps the token for as long as the tab is open. */
export const keepToken = (token) => sessionStorage.setItem(KEY, token);

/** Forgets it. */
export const forgetToken = () => sessionStorage.removeItem(KEY);

/** Asks for everything that the page shows; fails with the server's own text, and `code`. */
export async function everything(token, hours) {
  const [nodes, calls, recent] = await Promise.all(['nodes', 'calls', `recent?hours=${hours}`].map((what) => ask(token, what)));
  return { nodes, calls, recent, ready: await readiness() };
}

/** Ends a call for everyone in it; fails with `code`, also when it is over already. */
export const endCall = (token, id) => ask(token, `calls/${encodeURIComponent(id)}/end`, 'POST');

async function ask(token, what, method = 'GET') {
  const response = await fetch(`/api/operator/${what}`, { method, headers: { authorization: `Bearer ${token}` } });
  // Between here and the server there may be a proxy that has an error page of its own.
  const body = await response.json().catch(() => ({ error: `HTTP ${response.status}` }));
  if (!body.success) throw Object.assign(new Error(body.error), { code: body.code });
  return body.data;
}

async function readiness() {
  const response = await fetch('/readyz');
  // A proxy may keep it to itself.
  return response.status === 200 || response.status === 503 ? response.json() : null;
}
