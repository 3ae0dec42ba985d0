// @ts-check
// A small sign of the key that does the same; it goes when the person knows the key.

import { html } from "../dom.js";
import { isLearned, letterKeys } from "../state/session.js";

/** @param {{keys: string}} props */
export function Hint({ keys }) {
  if (isLearned(keys) || (!letterKeys.value && /^[a-z]$/.test(keys))) return null;
  return html`<kbd class="hint" aria-hidden="true">${keys}</kbd>`;
}
