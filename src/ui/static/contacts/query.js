// @ts-check
// The query text as a filter: its parts as chips, and values of fields switched on and off in it.

/** @typedef {{text: string, field: string, values: string[], isNot: boolean}} Part `field` is empty for words and what is no plain filter */

/** The parts of a query: what stands between spaces, quotes and parentheses whole. @param {string} q @returns {string[]} */
export function partsOf(q) {
  const parts = [];
  let now = "";
  let depth = 0;
  let isQuoted = false;
  for (const letter of q) {
    if (letter === '"') isQuoted = !isQuoted;
    if (!isQuoted && letter === "(") depth += 1;
    if (!isQuoted && letter === ")") depth -= 1;
    if (letter === " " && !isQuoted && depth <= 0) {
      if (now) parts.push(now);
      now = "";
    } else now += letter;
  }
  if (now) parts.push(now);
  return parts;
}

const FILTER = /^(-?)((?:cf\.)?[\w]+|cf\."[^"]+"):=?(?:"((?:[^"]|"")*)"|([^\s()"]+))$/;

/** @param {string} text @returns {Part} */
export function readPart(text) {
  const group = text.match(/^(-?)\((.+)\)$/);
  const inside = group ? partsOf(group[2]).filter((one) => one !== "OR") : [text];
  const read = inside.map((one) => one.match(FILTER));
  const first = read[0];
  if (!first || read.some((one) => !one || one[2] !== first[2] || (group && one[1]))) return { text, field: "", values: [], isNot: false };
  return {
    text,
    field: first[2],
    values: read.map((one) => (one?.[3] ?? one?.[4] ?? "").replaceAll('""', '"')),
    isNot: Boolean(group ? group[1] : first[1]),
  };
}

/** @param {string} field @param {string} value */
const one = (field, value) => `${field}:="${value.replaceAll('"', '""')}"`;

/** @param {string} field @param {string[]} values */
const write = (field, values) => (values.length === 1 ? one(field, values[0]) : `(${values.map((value) => one(field, value)).join(" OR ")})`);

/** The values of a field that a query asks for. @param {string} q @param {string} field */
export function valuesOf(q, field) {
  return partsOf(q).map(readPart).find((part) => part.field === field && !part.isNot)?.values ?? [];
}

/** @param {string} a @param {string} b */
const same = (a, b) => a.toLowerCase() === b.toLowerCase();

/** Switches a value of a field on or off. @param {string} q @param {string} field @param {string} value */
export function toggleValue(q, field, value) {
  const before = valuesOf(q, field);
  const after = before.some((each) => same(each, value)) ? before.filter((each) => !same(each, value)) : [...before, value];
  return setPart(q, field, after.length ? write(field, after) : "");
}

/** Puts another part in the place of that of a field; an empty one goes. @param {string} q @param {string} field @param {string} text */
export function setPart(q, field, text) {
  const parts = partsOf(q);
  const at = parts.findIndex((part) => {
    const read = readPart(part);
    return (read.field === field && !read.isNot) || (!read.field && part.startsWith(`${field}:`));
  });
  if (at >= 0) parts.splice(at, 1, ...(text ? [text] : []));
  else if (text) parts.push(text);
  return parts.join(" ");
}

/** The text of the part of a field, as it stands. @param {string} q @param {string} field */
export const partOf = (q, field) => partsOf(q).find((part) => part.startsWith(`${field}:`)) ?? "";

/** @param {string} q @param {number} index of a part */
export const withoutPart = (q, index) => partsOf(q).filter((_, at) => at !== index).join(" ");
