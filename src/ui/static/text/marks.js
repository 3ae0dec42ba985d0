// @ts-check
// Draws the matched letters and digits. Ranges are [start, end) in UTF-16 code units
// over the string as the JSON has it.

import { html } from "../dom.js";
import { layOutPhone } from "./phone.js";

/** @typedef {[number, number][]} Ranges */

/** @param {string} text @param {(index: number) => boolean} isMarked */
function draw(text, isMarked) {
  const parts = [];
  let start = 0;
  for (let i = 1; i <= text.length; i += 1) {
    if (i === text.length || isMarked(i) !== isMarked(start)) {
      const piece = text.slice(start, i);
      parts.push(isMarked(start) ? html`<mark>${piece}</mark>` : piece);
      start = i;
    }
  }
  return parts;
}

/** @param {string|null|undefined} text @param {Ranges|undefined} ranges */
export function marked(text, ranges) {
  if (!text) return null;
  if (!ranges?.length) return text;
  return draw(text, (index) => ranges.some(([start, end]) => index >= start && index < end));
}

/**
 * A number in the reader's format with the matched digits marked. Punctuation between
 * two marked digits is marked too, so that the mark is one piece.
 * @param {string} number @param {Ranges|undefined} ranges
 */
export function markedPhone(number, ranges) {
  const { text, from } = layOutPhone(number);
  if (!ranges?.length) return text;
  const hit = from.map((place) => place >= 0 && ranges.some(([start, end]) => place >= start && place < end));
  const nearest = (/** @type {number} */ index, /** @type {number} */ step) => {
    let at = index;
    while (at >= 0 && at < from.length && from[at] < 0) at += step;
    return hit[at] ?? false;
  };
  return draw(text, (index) => (from[index] >= 0 ? hit[index] : nearest(index, -1) && nearest(index, 1)));
}

/**
 * Cuts a long text around its first mark.
 * @param {string} text @param {Ranges} ranges
 */
export function snippet(text, ranges) {
  const start = Math.max(0, (ranges[0]?.[0] ?? 0) - 24);
  const cut = start > 0 ? text.indexOf(" ", start) + 1 || start : 0;
  const piece = text.slice(cut, cut + 120);
  const moved = /** @type {Ranges} */ (ranges.map(([from, to]) => [from - cut, to - cut]));
  return [cut > 0 ? "… " : "", marked(piece, moved)];
}
