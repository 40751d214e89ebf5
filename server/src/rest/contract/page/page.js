// Shows the OpenAPI and the AsyncAPI document of this server. No dependency, nothing from elsewhere.

const METHODS = ['get', 'put', 'post', 'delete', 'patch'];

const [rest, events] = await Promise.all(['/api/openapi.json', '/api/asyncapi.json'].map(load)).catch(notThere);
document.getElementById('version').textContent = rest.info.version;
const restSections = sectionsOfRest(rest);
const eventSections = sectionsOfEvents(events);
const sections = [...restSections, ...eventSections, shapes('REST shapes', 'rest', rest), shapes('Event shapes', 'event', events)];
document.getElementById('contents').replaceChildren(...sections.map(contents));
document.getElementById('content').replaceChildren(
  el('p', { class: 'about' }, prose(rest.info.description)), el('p', { class: 'about' }, prose(events.info.description)), ...sections.map(shown));
document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();

async function load(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response.json();
}

/** Says so instead of loading for ever. */
function notThere(error) {
  document.getElementById('content').replaceChildren(
    el('p', { class: 'alert', role: 'alert' }, `The documents cannot be loaded (${error.message}). `, el('a', { href: '/api/docs' }, 'Try again')));
  throw error;
}

function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/** A text with `code` in it. */
function prose(text = '') {
  return text.split('`').map((part, index) => (index % 2 === 1 ? el('code', {}, part) : part));
}

function contents({ title, items }) {
  return el('section', {}, el('h2', {}, title),
    el('ul', {}, items.map(({ id, name }) => el('li', {}, el('a', { href: `#${id}` }, name)))));
}

function shown({ title, text, items }) {
  return el('section', {}, el('h2', {}, title), text ? el('p', {}, prose(text)) : null, items.map(({ id, body }) => el('article', { id }, body)));
}

/** The operations of the REST API, by their tag. */
function sectionsOfRest({ paths, tags }) {
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({ path, method, ...item[method] })));
  return tags.map(({ name, description }) => ({
    title: `REST: ${name}`,
    text: description,
    items: operations.filter(({ tags: own }) => own?.includes(name)).map(operation),
  })).filter(({ items }) => items.length > 0);
}

function operation({ path, method, summary, operationId, parameters = [], requestBody, responses, security = [] }) {
  const tokens = security.flatMap((requirement) => Object.keys(requirement));
  const body = requestBody?.content['application/json'].schema;
  return {
    id: operationId,
    name: `${method.toUpperCase()} ${path}`,
    body: [
      el('h3', {}, el('span', { class: 'method' }, method), ' ', path),
      el('p', {}, prose(`${summary}.`)),
      el('p', { class: 'dim' }, prose(tokens.length > 0 ? `Needs a ${tokens.map((token) => rest.components.securitySchemes[token].description.replace(/^A |\.$/g, '')).join(' or a ')}.` : 'Needs no token.')),
      parameters.length > 0 ? [el('h4', {}, 'Parameters'), rows(parameters.map(({ name, required, schema, description }) =>
        [name, required, schema, description ?? schema.description]), 'rest')] : null,
      body ? [el('h4', {}, 'Body'), el('p', {}, type(body, 'rest'))] : null,
      el('h4', {}, 'Answers'),
      table(['status', 'body', ''], Object.entries(responses).map(([status, { description, content }]) =>
        [status, content ? type(Object.values(content)[0].schema, 'rest') : '', prose(description)])),
    ],
  };
}

/** The events of both directions. */
function sectionsOfEvents({ operations }) {
  const all = Object.entries(operations);
  const of = (action) => all.filter(([, { action: own }]) => own === action).map(([id, event]) => eventItem(id, event));
  return [
    { title: 'Events to the server', items: of('receive') },
    { title: 'Events from the server', items: of('send') },
  ];
}

function eventItem(id, { title, summary, messages, reply }) {
  const payload = message(messages[0]).payload;
  return {
    id,
    name: title,
    body: [
      el('h3', {}, title),
      el('p', {}, prose(summary)),
      payload ? el('div', {}, fields(payload, 'event')) : el('p', { class: 'dim' }, 'No payload.'),
      reply ? el('p', {}, 'Acked with ', reply.messages.map((ack, index) => [index > 0 ? ' or ' : '', type(message(ack).payload, 'event')]).flat(), '.') : null,
    ],
  };
}

function message({ $ref }) {
  return events.components.messages[$ref.split('/').at(-1)];
}

/** Every named schema of a document. */
function shapes(title, prefix, { components }) {
  return {
    title,
    items: Object.entries(components.schemas).map(([name, schema]) => ({
      id: `${prefix}-${name}`,
      name,
      body: [el('h3', {}, name), schema.description ? el('p', {}, prose(schema.description)) : null, fields(schema, prefix)],
    })),
  };
}

/** The fields of an object, the choices of a choice, or what else a schema allows. */
function fields(schema, prefix) {
  const target = schema.$ref ? resolve(schema.$ref, prefix) : schema;
  if (target.allOf) return el('div', {}, target.allOf.map((part) => fields(part, prefix)));
  if (target.oneOf?.every((choice) => 'const' in choice || 'enum' in choice)) {
    return table(['value', ''], target.oneOf.flatMap((choice) => (choice.enum ?? [choice.const]).map((value) => [el('code', {}, value), prose(choice.description)])));
  }
  if (!target.properties) return el('p', {}, type(target, prefix));
  const required = target.required ?? [];
  return rows(Object.entries(target.properties).map(([name, field]) => [name, required.includes(name), field, field.description]), prefix);
}

function rows(list, prefix) {
  return table(['field', 'type', ''], list.map(([name, required, schema, description]) =>
    [el('span', {}, el('code', {}, name), required ? '' : ' (optional)'), el('span', {}, type(schema, prefix)), prose(description)]));
}

function table(head, body) {
  const heading = (text) => el(text ? 'th' : 'td', text ? { scope: 'col' } : {}, text);
  return el('table', {},
    el('thead', {}, el('tr', {}, head.map(heading))),
    el('tbody', {}, body.map((cells) => el('tr', {}, cells.map((cell) => el('td', {}, cell))))));
}

function resolve($ref, prefix) {
  return (prefix === 'rest' ? rest : events).components.schemas[$ref.split('/').at(-1)];
}

/** Says what a schema allows, in a few words and links. */
function type(schema, prefix) {
  if (schema === undefined) return ['text'];
  if (schema === true) return ['anything'];
  if (schema.$ref) {
    const name = schema.$ref.split('/').at(-1);
    return [el('a', { href: `#${prefix}-${name}` }, name)];
  }
  if ('const' in schema) return [el('code', {}, JSON.stringify(schema.const))];
  if (schema.enum) return schema.enum.flatMap((value, index) => [index > 0 ? ' or ' : '', el('code', {}, JSON.stringify(value))]);
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choices) return choices.flatMap((choice, index) => [index > 0 ? (schema.allOf ? ' and ' : ' or ') : '', ...type(choice, prefix)]);
  if (schema.type === 'array') return ['list of ', ...type(schema.items, prefix)];
  if (schema.additionalProperties) return ['map to ', ...type(schema.additionalProperties, prefix)];
  return [[[schema.type].flat().join(' or ') || 'anything', limits(schema)].filter(Boolean).join(', ')];
}

function limits({ format, minimum, maximum, minLength, maxLength, maxItems }) {
  const said = [];
  if (format && !/^u?int|double/.test(format)) said.push(format);
  if (minimum !== undefined && maximum !== undefined) said.push(`${minimum} to ${maximum}`);
  if (minLength !== undefined && maxLength !== undefined) said.push(`${minLength} to ${maxLength} characters`);
  if (maxItems !== undefined) said.push(`at most ${maxItems}`);
  return said.join(', ');
}
