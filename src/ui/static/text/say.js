// @ts-check
// What is said, in the language of the reader. The English text is the key; another language is a
// catalogue of its own file, which only its readers load. It is there before anything is drawn, so
// that tables of words may be made when a file is read; another language is another page.

import { language } from "./locale.js";

/** @type {Record<string, string>} */
const catalogue = language === "de" ? await Promise.all([import("../lang/de.js"), import("../lang-words/de.js")])
  .then(([texts, server]) => ({ ...server.words, ...texts.german })) : {};

/** @param {string} text */
const said = (text) => catalogue[text] ?? text;

/** A text of ours, with values at its places {0}, {1}. @param {string} text @param {...unknown} values */
export const t = (text, ...values) => said(text).replace(/\{(\d)\}/g, (_, place) => String(values[place] ?? ""));

/** Words in the middle of a sentence; German keeps the capitals of its nouns. @param {string} text */
export const lower = (text) => (language === "de" ? text : text.toLowerCase());

/** The same with markup at its places. @param {string} text @param {...any} parts @returns {any[]} */
export const say = (text, ...parts) => said(text).split(/\{(\d)\}/).map((part, index) => (index % 2 ? parts[Number(part)] : part));
