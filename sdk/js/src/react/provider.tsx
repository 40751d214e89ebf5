import { createContext, useContext, useEffect, useInsertionEffect, useRef, useState, type ReactNode } from 'react';

import type { ConnectOptions, VoiceCallManager } from '../index.js';
import { keepConnected } from './connection.js';
import { CallsStore } from './store.js';

/** A connection that the provider makes and closes, or a manager that the application keeps. */
export type CallsProviderProps = { children?: ReactNode } & (
  | {
      /** The server, such as `https://calls.example.com`; without it, or without a token, nothing is connected. */
      url: string | null | undefined;
      /** The user's JWT, or how to fetch one. A new token of the same user leaves the connection as it is; one of another user makes a new one. */
      token: ConnectOptions['token'] | null | undefined;
      /** Read when a connection is made. With a function as `token`, another `userId` makes a new connection. */
      options?: Omit<ConnectOptions, 'token' | 'signal'>;
      manager?: never;
    }
  | {
      /** A manager of the application's own, which the provider does not dispose of; null: not there yet. */
      manager: VoiceCallManager | null;
      url?: never;
      token?: never;
      options?: never;
    }
);

const Context = createContext<CallsStore | null>(null);

/** Gives the hooks below it their calls: one connection for as long as it is mounted. */
export function CallsProvider(props: CallsProviderProps) {
  const [store] = useState(() => new CallsStore());
  const latest = useRef(props);
  useInsertionEffect(() => {
    latest.current = props;
  });
  const { manager, url, token, options } = props;
  const user = token ? (options?.userId ?? userOf(token)) : null;

  useEffect(() => {
    if (manager) return store.take([manager], () => store.attach(manager));
    if (!url || user === null) return;
    return store.take([url, user], () => keepConnected(store, url, () => ({ ...latest.current.options, token: () => tokenOf(latest.current) })));
  }, [store, manager, url, user]);

  const given = typeof token === 'string' ? token : null;
  useEffect(() => {
    // A token that was refused is replaced by one that may be taken.
    if (given && store.read().calls.connection === 'failed') store.read().calls.retry();
  }, [store, given]);

  return <Context.Provider value={store}>{props.children}</Context.Provider>;
}

/** The store of the provider above. */
export function useStore(): CallsStore {
  const store = useContext(Context);
  if (!store) throw new Error('The hooks of ringback/react work inside a <CallsProvider> only.');
  return store;
}

async function tokenOf({ token }: CallsProviderProps): Promise<string> {
  if (!token) throw new Error('The provider was given no token.');
  return typeof token === 'function' ? token() : token;
}

/** Tells one user's tokens from another's: by the subject (RFC 7519, section 4.1.2), else by the token itself. */
function userOf(token: ConnectOptions['token']): string {
  if (typeof token === 'function') return '';
  try {
    const claims = token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
    return `sub ${JSON.parse(atob(claims)).sub}`;
  } catch {
    return token;
  }
}
