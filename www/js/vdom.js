/** A small virtual DOM: views return plain nodes, `render` changes only what differs. */

const SVG = 'http://www.w3.org/2000/svg';
/** What is set on the element and not as an attribute. */
const PROPERTIES = new Set(['srcObject', 'muted']);
/** What each element was last rendered from. */
const rendered = new WeakMap();

/** Describes an element; `key` names it among its siblings, falsy children hold their place. */
export function h(tag, props, ...children) {
  const { key = null, ...rest } = props ?? {};
  return { tag, key, props: rest, children: children.flat(Infinity) };
}

/** Makes the children of `parent` match the given nodes, keeping elements (and focus) where it can. */
export function render(parent, ...nodes) {
  reconcile(parent, nodes.flat(Infinity), parent.namespaceURI);
}

function reconcile(parent, nodes, namespace) {
  const keyed = keyedChildren(parent);
  let cursor = parent.firstChild;
  for (const node of nodes) {
    const old = match(node, cursor, keyed);
    const made = old ?? create(node, namespace);
    if (made === cursor) cursor = cursor.nextSibling;
    else parent.insertBefore(made, cursor);
    update(made, node, namespace);
    if (!old && cursor && keyOf(cursor) === null) cursor = removed(cursor);
  }
  while (cursor) cursor = removed(cursor);
}

function keyedChildren(parent) {
  const pairs = [...parent.childNodes].map((child) => [keyOf(child), child]);
  return new Map(pairs.filter(([key]) => key !== null));
}

const keyOf = (child) => rendered.get(child)?.key ?? null;
const isElement = (node) => typeof node === 'object' && node !== null;
const textOf = (node) => (node === null || node === undefined || node === false || node === true ? '' : String(node));

/** Returns the existing child that the node may take over, if there is one. */
function match(node, cursor, keyed) {
  if (isElement(node) && node.key !== null) {
    const child = keyed.get(node.key);
    return child && rendered.get(child).tag === node.tag ? child : null;
  }
  if (!cursor || keyOf(cursor) !== null) return null;
  if (!isElement(node)) return cursor.nodeType === Node.TEXT_NODE ? cursor : null;
  return rendered.get(cursor)?.tag === node.tag ? cursor : null;
}

function create(node, namespace) {
  if (!isElement(node)) return document.createTextNode('');
  const element = document.createElementNS(node.tag === 'svg' ? SVG : namespace, node.tag);
  rendered.set(element, { tag: node.tag, key: node.key, props: {} });
  return element;
}

function update(child, node, namespace) {
  if (!isElement(node)) {
    const text = textOf(node);
    if (child.data !== text) child.data = text;
    return;
  }
  const before = rendered.get(child).props;
  rendered.set(child, { tag: node.tag, key: node.key, props: node.props });
  for (const name of Object.keys(before)) if (!(name in node.props)) setProp(child, name, null);
  reconcile(child, node.children, node.tag === 'svg' ? SVG : namespace);
  for (const [name, value] of Object.entries(node.props)) setProp(child, name, value, before[name]);
}

function setProp(element, name, value, before) {
  if (name === 'value' || name === 'checked') {
    // Compared with the element and not with `before`: the person may have typed since.
    if (element[name] !== value) element[name] = value ?? '';
  } else if (PROPERTIES.has(name)) {
    if (element[name] !== value) element[name] = value;
  } else if (value === before) return;
  else if (name === 'modal') element.showModal();
  else if (name.startsWith('on')) element[name] = value;
  else if (name === 'vars') setVars(element, value);
  else if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? '' : value);
}

/** Sets CSS custom properties through the CSSOM, which a strict content policy allows. */
function setVars(element, vars) {
  for (const [name, value] of Object.entries(vars ?? {})) element.style.setProperty(name, value);
}

function removed(child) {
  const next = child.nextSibling;
  if (child instanceof HTMLElement) letGo(child);
  child.remove();
  return next;
}

/** A dialog that closes gives the focus back; a picture that nobody sees is not decoded. */
function letGo(element) {
  if (element instanceof HTMLDialogElement) element.close();
  for (const video of element.querySelectorAll('video')) video.srcObject = null;
}
