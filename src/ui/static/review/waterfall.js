// @ts-check
// How a score comes about: every reason with its weight, as a bar that begins where the
// one before ended. The bars repeat the figures, so screen readers do not hear of them.

import { html } from "../dom.js";
import { say, t } from "../text/say.js";

/** "+6.1". @param {number} weight */
const signed = (weight) => `${weight < 0 ? "−" : "+"}${Math.abs(weight).toFixed(1)}`;

/** "97 %"; never a certainty that is none. @param {number} probability */
export const percent = (probability) => `${Math.min(99, Math.round(probability * 100))} %`;

/** @param {{pair: import("./api.js").Pair}} props */
export function Waterfall({ pair }) {
  let sum = 0;
  // What weighs nothing is left out.
  const steps = [{ words: t("Before anything is compared"), weight: pair.prior }, ...pair.why.filter((one) => Math.abs(one.weight) >= 0.05)].map(({ words, weight }) => {
    const from = sum;
    sum += weight;
    return { words, weight, low: Math.min(from, sum), high: Math.max(from, sum) };
  });
  const low = Math.min(0, ...steps.map((one) => one.low));
  const width = Math.max(1, Math.max(0, ...steps.map((one) => one.high)) - low);
  const bar = (/** @type {number} */ from, /** @type {number} */ to, /** @type {boolean} */ against) => html`<span class="track" aria-hidden="true">
    <span class=${against ? "against" : ""} style=${{ left: `${((from - low) / width) * 100}%`, width: `${((to - from) / width) * 100}%` }}></span></span>`;
  return html`<ol class="waterfall" data-test="waterfall">
    ${steps.map((one) => html`<li><span>${t(one.words)}</span>${bar(one.low, one.high, one.weight < 0)}<span class="num">${signed(one.weight)}</span></li>`)}
    <li class="sum"><span>${say("Together: {0} the same person", percent(pair.probability))}</span>${bar(Math.min(0, sum), Math.max(0, sum), sum < 0)}<span class="num">${signed(sum)}</span></li>
  </ol>`;
}
