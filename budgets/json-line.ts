/**
 * The line of a JSON text on which a value stands, so that an error names file:line beside the path.
 * Owns: finding it. Does not own: reading (JSON.parse) or judging the value.
 */

export type JsonPath = readonly (string | number)[];

const tokens = /"(?:\\.|[^"\\])*"|[{}[\]:,]|[^\s{}[\]:,"]+/g;

/** Of the value at `path`; of the innermost value around it that exists when there is none. `text` is valid JSON. */
export function jsonLine(text: string, path: JsonPath): number {
  const open: (string | number)[] = [];
  let isKey = false;
  let found = { depth: -1, at: 0 };
  for (const { 0: token, index } of text.matchAll(tokens)) {
    const here = open.at(-1);
    if (token === '}' || token === ']') {
      open.pop();
    } else if (token === ',') {
      isKey = typeof here === 'string';
      if (typeof here === 'number') open[open.length - 1] = here + 1;
    } else if (token === ':') {
      isKey = false;
    } else if (isKey) {
      open[open.length - 1] = String(JSON.parse(token));
    } else {
      const isOnPath = open.length <= path.length && open.every((key, depth) => key === path[depth]);
      if (isOnPath && open.length > found.depth) found = { depth: open.length, at: index };
      isKey = token === '{';
      if (token === '{') open.push('');
      if (token === '[') open.push(0);
    }
  }
  return text.slice(0, found.at).split('\n').length;
}
