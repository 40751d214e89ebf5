/** Makes an object of names, with a space between them, and their values. */
export const pair = (names, values) => Object.fromEntries(names.split(' ').map((name, at) => [name, values[at]]));
