/** Where ringback-server runs; `?server=https://...` in the address of this page names another. */
export const SERVER = new URLSearchParams(location.search).get('server') ?? 'http://localhost:3000';

/** In a real application your own backend signs this token, for the person who is signed in. */
export async function fetchToken(chatId, userId) {
  const response = await fetch(`${SERVER}/api/dev/join`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ chatId, userId }),
  });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error);
  return body.token;
}
