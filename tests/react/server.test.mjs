// `ringback/react` where there is no browser: server-side rendering.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CallsProvider, useCall, useCalls, useDevices } from 'ringback/react';
import { createElement } from 'react';
import { renderToString } from 'react-dom/server';

function Everything() {
  const { connection, incoming } = useCalls();
  const { state, participants } = useCall();
  const { microphones } = useDevices();
  return createElement('p', null, [connection, incoming.length, state, participants.length, microphones.length].join(' '));
}

const rendered = (props) => renderToString(createElement(CallsProvider, props, createElement(Everything)));

test('it renders in Node as if there were no calls yet, and starts nothing', () => {
  assert.equal(rendered({ url: 'https://calls.example.com', token: 'a.b.c' }), '<p>idle 0 idle 0 0</p>');
  assert.equal(rendered({ manager: null }), '<p>idle 0 idle 0 0</p>');
  assert.deepEqual(process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name)), []);
});

test('a hook outside of a provider says what is missing', () => {
  assert.throws(() => renderToString(createElement(Everything)), /inside a <CallsProvider>/);
});
