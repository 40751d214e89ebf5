/** Which page the address asks for: `#/calls/<id>` is the page of a call, anything else the room. */

/** Returns the id of the call whose page a hash asks for, or null. */
export function callIdIn(hash) {
  const [, id] = hash.match(/^#\/calls\/([^/]+)$/) ?? [];
  return id ? decodeURIComponent(id) : null;
}

/** Returns the address of a call's page within this page. */
export function hrefOfCall(id) {
  return `#/calls/${encodeURIComponent(id)}`;
}
