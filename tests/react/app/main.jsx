import { StrictMode } from 'react';
import { createRoot, hydrateRoot } from 'react-dom/client';

import { App } from './App.jsx';

const given = new URLSearchParams(location.search);
/** What the page's own JavaScript passes down; a test may change it. */
let props = { url: given.get('url'), token: given.get('token'), members: given.get('members')?.split(',') ?? [] };
window.seen = [];

const tree = () => <StrictMode>{props && <App {...props} />}</StrictMode>;
const container = document.getElementById('root');
const root = container.firstElementChild
  ? hydrateRoot(container, tree(), { onRecoverableError: (error) => window.seen.push({ event: 'hydration failed', payload: { message: String(error) } }) })
  : createRoot(container);

/** Renders with other properties; null: unmounts everything. */
window.show = (changed) => {
  props = changed && { ...props, ...changed };
  root.render(tree());
};
if (!container.firstElementChild) window.show({});
