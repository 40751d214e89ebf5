// The OpenAPI and AsyncAPI documents are valid, and the golden messages have the shapes that they give.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';

import { errorCodes, fixtures } from './fixtures.mjs';

const require = createRequire(import.meta.url);
const document = (name) => JSON.parse(readFileSync(new URL(`../../docs/${name}.json`, import.meta.url), 'utf8'));
const [openapi, asyncapi] = [document('openapi'), document('asyncapi')];

/** Returns a function that checks values against the named schemas of a document. */
function checker(components) {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema({ $id: 'document', components });
  return (value, schema) => {
    const validate = ajv.getSchema(`document#/components/schemas/${schema}`);
    return { valid: validate(value), errors: validate.errors };
  };
}

const checkRest = checker(openapi.components);
const checkEvent = checker(asyncapi.components);
const isValid = ({ valid, errors }, what) => assert.ok(valid, `${what}: ${JSON.stringify(errors)}`);

/** The key of the schema of an event's message. */
const schemaOf = (action, event) => {
  const operation = Object.values(asyncapi.operations).find(({ action: own, title }) => own === action && title === event);
  const name = (message) => message.$ref.split('/').at(-1);
  return { payload: name(operation.messages[0]), acks: (operation.reply?.messages ?? []).map(name) };
};

test('the OpenAPI document is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(openapi));
  assert.ok(valid, JSON.stringify(errors, null, 2));
  assert.equal(validator.version, '3.1');
});

test('the AsyncAPI document is valid AsyncAPI 3', () => {
  // It brings the meta schema along.
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, meta: false, validateSchema: false });
  const validate = ajv.compile(require('@asyncapi/specs/schemas/3.0.0.json'));
  assert.ok(validate(asyncapi), JSON.stringify(validate.errors, null, 2));
});

test('every reference of a document leads somewhere', () => {
  for (const whole of [openapi, asyncapi]) {
    for (const [, path] of JSON.stringify(whole).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      assert.ok(path.split('/').reduce((at, key) => at?.[key], whole), path);
    }
  }
});

for (const { event, payload, reference } of fixtures('client').filter(({ payload }) => payload !== undefined && payload !== null)) {
  test(`the golden ${event} of a client has the documented shape`, () => {
    const schema = schemaOf('receive', event).payload;
    if (!asyncapi.components.schemas[schema]) return assert.equal(asyncapi.components.messages[schema].payload, undefined);
    isValid(checkEvent(payload, schema), event);
    if (reference) isValid(checkEvent(reference, schema), `${event} of the reference`);
  });
}

for (const { event, payload } of fixtures('server')) {
  test(`the golden ${event} of the server has the documented shape`, () => {
    isValid(checkEvent(payload, schemaOf('send', event).payload), event);
  });
}

for (const { file, event, ack } of fixtures('ack').filter(({ event }) => event)) {
  test(`the golden ack ${file} has the documented shape`, () => {
    const { acks } = schemaOf('receive', event);
    assert.ok(acks.some((schema) => checkEvent(ack, schema).valid), JSON.stringify(acks.map((schema) => checkEvent(ack, schema).errors)));
  });
}

test('a message without a field that is required has not the documented shape', () => {
  assert.equal(checkEvent({ chatId: 'c' }, 'CallInitiateRequest').valid, false);
  assert.equal(checkEvent({ chatId: 'c', callType: 'telepathy' }, 'CallInitiateRequest').valid, false);
  assert.equal(checkEvent({ success: true }, 'AckFailure').valid, false);
});

test('the golden REST bodies have the documented shapes', () => {
  const bodies = {
    chat: 'Chat', details: 'CallRecordAnswer', 'dev-join': 'DevJoin', 'dev-token': 'DevToken', failure: 'RestFailure', history: 'CallHistoryAnswer',
    quality: 'CallQualityTimelineAnswer', statistics: 'CallStatisticsAnswer', 'statistics-empty': 'CallStatisticsAnswer', timeline: 'CallTimelineAnswer',
  };
  for (const { file, body } of fixtures('rest')) isValid(checkRest(body, bodies[file]), file);
});

test('both documents list every error code', () => {
  const codes = errorCodes().map(({ code }) => code);
  for (const { components } of [openapi, asyncapi]) {
    assert.deepEqual(components.schemas.ErrorCode.oneOf.map((choice) => choice.const), codes);
  }
});
