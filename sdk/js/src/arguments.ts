/** Says what is wrong with an argument: JavaScript has no compiler that would. */
import { CallError } from './error.js';

/** What a value has to be, for a person, and whether it is. What the test throws is the cause of the refusal. */
export type Shape = readonly [text: string, fits: (value: unknown) => unknown];

/** The shape of each option. */
export type Shapes<T> = Record<keyof T, Shape>;

/** How much of a wrong text is shown. */
const MOST_SHOWN = 40;

export const invalid = (message: string, cause?: unknown): CallError => new CallError('INVALID_ARGUMENT', message, { cause });

/** Refuses a value that is not of a shape; `what` is its name. */
export function mustBe([text, fits]: Shape, what: string, value: unknown): void {
  let cause: unknown;
  try {
    if (fits(value)) return;
  } catch (thrown) {
    cause = thrown;
  }
  throw invalid(`${what} is ${shown(value)}: it has to be ${text}.`, cause);
}

/**
 * Reads options, each of them once. One that is null is as good as absent.
 *
 * @param of Whose they are.
 */
export function readOptions<T extends object>(of: string, given: T, shapes: Shapes<T>): T {
  mustBe(RECORD, `The last argument of ${of}`, given);
  const read: Partial<T> = {};
  try {
    const unknown = Object.keys(given).find((name) => !Object.hasOwn(shapes, name));
    if (unknown !== undefined) throw unknownName(`${of} has no option`, unknown, Object.keys(shapes));
    for (const name of Object.keys(shapes) as (keyof T & string)[]) {
      const value = given[name];
      if ((value ?? null) !== null) mustBe(shapes[name], `The option ${name} of ${of}`, value);
      if (value !== undefined) read[name] = value;
    }
  } catch (thrown) {
    throw thrown instanceof CallError ? thrown : invalid(`The options of ${of} cannot be read: see \`cause\`.`, thrown);
  }
  return read as T;
}

/** Refuses a name that is none of those that there are. */
export function unknownName(start: string, name: unknown, known: readonly string[]): CallError {
  const meant = nearest(String(name), known);
  return invalid(`${start} ${shown(name)}${meant ? `: '${meant}' may be meant` : ''}. There are: ${known.join(', ')}.`);
}

const isRecord = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Shapes that more than one argument has. */
export const RECORD: Shape = ['an object', isRecord];
export const FLAG: Shape = ['true or false', (value) => typeof value === 'boolean'];
export const TEXT: Shape = ['a text', (value) => typeof value === 'string'];
export const FUNCTION: Shape = ['a function', (value) => typeof value === 'function'];
export const SIGNAL: Shape = ['an AbortSignal', (value) => value instanceof AbortSignal];
/** An id, as the protocol bounds it. */
export const idOf = (most: number): Shape => [
  `a text of 1 to ${most} characters, without control characters`,
  (value) => typeof value === 'string' && value !== '' && [...value].length <= most && !/\p{Cc}/u.test(value),
];

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}…` : value}'`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? 'an array' : 'an object';
}

/** Returns the name that a wrong one was probably meant to be, if there is one. */
function nearest(name: string, known: readonly string[]): string | undefined {
  // The names of the wire are near, too: `call:participant-joined`.
  const plain = name.slice(0, MOST_SHOWN).replace(/^call:|-/g, '').toLowerCase();
  const [best] = known.map((one) => [distance(plain, one.toLowerCase()), one] as const).sort(([a], [b]) => a - b);
  return best && best[0] <= Math.max(2, plain.length / 3) ? best[1] : undefined;
}

/** How many characters have to be put in, taken out or exchanged (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [line, letter] of [...from].entries()) {
    const next = [line + 1];
    for (let column = 0; column < to.length; column += 1) {
      next.push(Math.min(row[column + 1]! + 1, next[column]! + 1, row[column]! + (letter === to[column] ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1)!;
}
