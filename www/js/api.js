/** The REST API of the server, as one person in one room. */

/** A request that failed; `code` is the server's, or `UNREACHABLE`. */
export class ApiError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

const UNREACHABLE = 'The server does not answer. Check that ringback-server is running, then try again.';
const NOT_DEV = 'This server does not let guests join: start it with --dev to use this page.';

/** Opens the API for `{id, name, room, roomId}`; tokens are fetched when one is needed. */
export function createApi(me) {
  let token = null;

  async function join() {
    const body = { chatId: me.roomId, userId: me.id, name: me.name };
    const answer = await request('/api/dev/join', { method: 'POST', body: JSON.stringify(body) });
    token = answer.token;
    return token;
  }

  async function get(path, params = {}) {
    const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value !== ''));
    const ask = () => request(`${path}?${query}`, { headers: { Authorization: `Bearer ${token}` } });
    if (!token) await join();
    try {
      return await ask();
    } catch (error) {
      if (error.code !== 'TOKEN_EXPIRED' && error.code !== 'UNAUTHENTICATED') throw error;
      await join();
      return ask();
    }
  }

  return {
    join,
    members: async () => {
      const { participants } = await get(`/api/dev/chats/${encodeURIComponent(me.roomId)}`);
      return participants.map((member) => ({ ...member, name: member.name ?? member.id }));
    },
    history: (filter, offset, limit) => get('/api/calls', { chatId: me.roomId, ...filter, limit, offset }),
    ongoing: async () => (await get('/api/calls', { chatId: me.roomId, status: 'ongoing', limit: 5 })).calls,
    details: (id) => get(`/api/calls/${encodeURIComponent(id)}`),
    timeline: (id) => get(`/api/calls/${encodeURIComponent(id)}/timeline`),
    quality: (id) => get(`/api/calls/${encodeURIComponent(id)}/quality`),
    stats: (timeframe) => get('/api/calls/stats', { chatId: me.roomId, timeframe }),
  };
}

async function request(path, options) {
  const headers = { Accept: 'application/json', ...options.headers };
  if (options.body) headers['Content-Type'] = 'application/json';
  const response = await fetch(path, { ...options, headers }).catch(() => {
    throw new ApiError('UNREACHABLE', UNREACHABLE);
  });
  const body = await response.json().catch(() => null);
  if (response.ok && body) return body.data ?? body;
  throw failure(path, response.status, body);
}

function failure(path, status, body) {
  if (body?.code) return new ApiError(body.code, body.error);
  if (status === 404 && path === '/api/dev/join') return new ApiError('NOT_DEV', NOT_DEV);
  if (status >= 502 && status <= 504) return new ApiError('UNREACHABLE', UNREACHABLE);
  return new ApiError('INTERNAL', `The server answered with status ${status}. Try again.`);
}
