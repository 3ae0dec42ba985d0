// @ts-check
// What is said, in the language of the reader. The English text is the key; another language is a
// catalogue of its own file, which only its readers load. It is there before anything is drawn, so
// that tables of words may be made when a file is read; another language is another page.

import { language } from "./locale.js";

/** @type {{texts: Record<string, string>, problems: Record<string, string>, codes: Record<string, string>}} */
const { texts: catalogue, problems, codes } = language === "de" ? await Promise.all([import("../lang/de.js"), import("../lang-words/de.js")])
  .then(([texts, server]) => ({ texts: { ...server.words, ...texts.german }, problems: server.problems, codes: server.codes })) : { texts: {}, problems: {}, codes: {} };

/** @param {string} text */
const said = (text) => catalogue[text] ?? text;

/** A text of ours, with values at its places {0}, {1}. @param {string} text @param {...unknown} values */
export const t = (text, ...values) => said(text).replace(/\{(\d)\}/g, (_, place) => String(values[place] ?? ""));

/** Words in the middle of a sentence; German keeps the capitals of its nouns. @param {string} text */
export const lower = (text) => (language === "de" ? text : text.toLowerCase());

/** The same with markup at its places. @param {string} text @param {...any} parts @returns {any[]} */
export const say = (text, ...parts) => said(text).split(/\{(\d)\}/).map((part, index) => (index % 2 ? parts[Number(part)] : part));

/** @typedef {{pattern: RegExp, german: string, size: number}} Template */

/** Sentences of the server with values in them, the most particular first; made when the first is needed. @type {Template[]|undefined} */
let templates;

function sentences() {
  const escaped = (/** @type {string} */ text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  templates ??= Object.entries(problems).filter(([english]) => english.includes("{0}"))
    .map(([english, german]) => ({ german, size: english.length, pattern: new RegExp(`^${english.split(/\{\d\}/).map(escaped).join("(.+?)")}$`, "s") }))
    .sort((a, b) => b.size - a.size);
  return templates;
}

/**
 * What the server says is wrong, in the language of the reader: its sentence where that is known, else
 * what its code means in general beside the server's own words.
 * @param {string} detail @param {string} [code]
 */
export function told(detail, code = "") {
  if (language !== "de" || !detail) return detail;
  const known = problems[detail] ?? catalogue[detail];
  if (known) return known;
  for (const { pattern, german } of sentences()) {
    const values = detail.match(pattern)?.slice(1).map(said);
    if (values) return german.replace(/\{(\d)\}/g, (_, place) => values[place] ?? "");
  }
  return codes[code] ? `${codes[code]} (${detail})` : detail;
}
