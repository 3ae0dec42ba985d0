// @ts-check
// One hit: who, the number or field that matched, where from, and why it is here.

import { html } from "../dom.js";
import { answered } from "../state/search.js";
import { marked, markedPhone, snippet } from "../text/marks.js";
import { mainPhone, phoneText } from "../text/phone.js";
import { label, mayCall, valueText, whyText } from "../text/words.js";
import { Icon } from "./icons.js";

/** @typedef {import("../api.js").Hit} Hit */

/** Marks drawn on their own place; any other marked field is shown as a snippet. */
const OWN_PLACE = /^(display_name|company|phones\/\d+|tags\/\d+|first_name|last_name)$/;

/** @param {Hit} hit @param {string} pointer */
function at(hit, pointer) {
  /** @type {any} */
  let value = hit;
  for (const step of pointer.split("/")) value = value?.[step];
  if (pointer.startsWith("emails/")) return value?.address ?? value;
  return value;
}

/** The number to show: the one that matched, else the main one. @param {Hit} hit */
function number(hit) {
  const marks = hit.match?.highlights ?? {};
  const matched = Object.keys(marks).find((key) => /^phones\/\d+/.test(key));
  const phone = matched ? hit.phones[Number(matched.split("/")[1])] : mainPhone(hit);
  if (!phone) return null;
  return phone.number ? markedPhone(phone.number, matched ? marks[matched] : undefined) : phoneText(phone);
}

/** @param {Hit} hit */
function second(hit) {
  const marks = hit.match?.highlights ?? {};
  // Addresses repeat names; where the name is marked, an e-mail says nothing more.
  const repeats = (/** @type {string} */ key) => key.startsWith("emails/") && marks.display_name && !/[@.]/.test(answered.value ?? "");
  const other = Object.keys(marks).find((key) => !OWN_PLACE.test(key) && !repeats(key) && at(hit, key));
  const parts = [];
  if (other) {
    const text = valueText(at(hit, other));
    const name = other.startsWith("emails/") ? "" : `${label(other.split("/").pop() ?? other)}: `;
    parts.push(html`<span>${name}${snippet(text, marks[other])}</span>`);
  }
  if (hit.company) parts.push(html`<span>${marked(hit.company, marks.company)}</span>`);
  if (hit.title && !other) parts.push(html`<span class="extra">${hit.title}</span>`);
  const tags = (hit.tags ?? []).map((tag, index) => ({ tag, marks: marks[`tags/${index}`] }));
  tags.sort((a, b) => Number(Boolean(b.marks)) - Number(Boolean(a.marks)));
  for (const { tag, marks: ranges } of tags.slice(0, 2)) parts.push(html`<span class="tag">${marked(tag, ranges)}</span>`);
  return parts;
}

/**
 * @param {{hit: Hit, index: number, top: number, count: number, isActive: boolean, isOpen: boolean,
 *   onOpen: () => void}} props
 */
export function HitRow({ hit, index, top, count, isActive, isOpen, onOpen }) {
  const { may, facts } = mayCall(hit);
  return html`<li id=${`hit-${hit.id}`} role="option" aria-selected=${String(isActive)} aria-setsize=${count}
    aria-posinset=${index + 1} class=${`row${isActive ? " active" : ""}${isOpen ? " open" : ""}`}
    style=${{ transform: `translateY(${top}px)` }} onClick=${onOpen} data-test="hit">
    <span class="row-line"><span class="name">${marked(hit.display_name, hit.match?.highlights?.display_name)}</span>
    <span class="number">${number(hit)}</span></span>
    <span class="row-line"><span class="second">
      ${may ? null : html`<span class="bad"><${Icon} name=${facts[0].icon} />${facts[0].text}</span>`}${second(hit)}
    </span>
    <span class=${hit.match?.weak ? "why guess" : "why"} title=${whyText(hit.match?.why, 9)}>${hit.match?.weak ? "perhaps: " : ""}${whyText(hit.match?.why, 1)}</span></span>
  </li>`;
}
