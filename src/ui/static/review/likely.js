// @ts-check
// Says while somebody types who this may be already. It never stands in the way: nothing
// waits for it, and what comes too late is dropped.

import { html, useEffect, useState } from "../dom.js";
import { openContact } from "../state/url.js";
import { checkDuplicates } from "./api.js";
import { percent } from "./waterfall.js";
import { t } from "../text/say.js";

const REST_MS = 250;

/** @param {{draft: Record<string, any>, id?: string}} props `id` is of the contact that is changed */
export function Likely({ draft, id }) {
  const [found, setFound] = useState(/** @type {any[]} */ ([]));
  const text = JSON.stringify(draft);
  useEffect(() => {
    const asking = new AbortController();
    const timer = setTimeout(() => {
      checkDuplicates({ ...JSON.parse(text), id }, asking.signal)
        // Without an answer, for whatever reason, there is no warning; saving says what is wrong.
        .then(({ matches }) => matches, () => [])
        .then((matches) => !asking.signal.aborted && setFound(matches));
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      asking.abort();
    };
  }, [text, id]);
  return html`<div role="status" aria-live="polite">${found.length ? html`<aside class="lookalikes likely" data-test="likely">
    <p><strong>${id ? t("With this it looks like:") : found[0].probability < 0.5 ? t("Is it one of these?") : t("You may have this person already:")}</strong></p>
    <ul>${found.map((one) => html`<li key=${one.id}><a href=${`/?c=${one.id}`} target=${id ? "_blank" : undefined}
      onClick=${(/** @type {Event} */ event) => { if (id) return; event.preventDefault(); openContact(one.id); }}>${one.display_name}</a>
      <span class="num"> ${percent(one.probability)}</span><span class="quiet-text"> ${one.summary.replace(/: \d+ %$/, "")}</span></li>`)}</ul>
  </aside>` : null}</div>`;
}
