// @ts-check
// How the base is: contacts, imports, duplicates, errors, the index, and what to do about it.

import { html, useEffect, useState } from "../dom.js";
import { request } from "../api.js";
import { me } from "../state/me.js";
import { toast } from "../state/session.js";
import { label as labelOf, plural } from "../text/words.js";
import { act, complain } from "../state/items.js";

/** @param {string} name @param {any} value */
function shown(name, value) {
  if (value === null || value === undefined) return "not known yet";
  if (/rate|accuracy|precision|recall/.test(name)) return `${(value * 100).toLocaleString(undefined, { maximumFractionDigits: 2 })} %`;
  if (/bytes/.test(name)) return `${(value / 1_048_576).toLocaleString(undefined, { maximumFractionDigits: 1 })} MiB`;
  return typeof value === "number" ? value.toLocaleString() : String(value);
}

/** @param {{title: string, figures: Record<string, any>}} props */
const Figures = ({ title, figures }) => html`<div class="part"><h2>${title}</h2><dl class="figures">${Object.entries(figures).filter(([, value]) => typeof value !== "object" || value === null)
  .map(([name, value]) => html`<div key=${name}><dt>${labelOf(name.replace(/_bytes$/, ""))}</dt><dd>${shown(name, value)}</dd></div>`)}</dl></div>`;

export function Health() {
  const [health, setHealth] = useState(/** @type {any} */ (null));
  const [attempt, setAttempt] = useState(0);
  useEffect(() => void request("GET", "/api/v1/health").then(({ body }) => setHealth(body), complain), [attempt]);
  const groups = Object.entries(health ?? {}).filter(([, value]) => value && typeof value === "object" && !Array.isArray(value));
  const single = Object.fromEntries(Object.entries(health ?? {}).filter(([name, value]) => typeof value === "number" || (typeof value === "string" && name !== "status")));
  const check = async () => {
    try {
      const { body } = await request("POST", "/api/v1/admin/check");
      toast(body.troubles?.length ? `${plural(body.troubles.length, "trouble")} found. The log of the server names them.` : "Everything is in order.", { bad: Boolean(body.troubles?.length) });
    } catch (error) {
      complain(error);
    }
  };
  return html`<section class="page-main" aria-label="Health" data-test="health"><div class="page-head"><h1>Health</h1>${health ? html`<span class=${health.status === "ok" ? "count" : "bad"} role="status">${health.status === "ok" ? "Everything works" : labelOf(String(health.status))}</span>` : null}
      <span class="push"><button type="button" class="button" onClick=${() => setAttempt(attempt + 1)}>Look again</button>${me.value?.operator ? html`<button type="button" class="button" onClick=${check}>Check the data</button>
      <button type="button" class="button" onClick=${() => act(() => request("POST", "/api/v1/admin/reindex"), "The index is being built anew.")}>Build the index anew</button>` : null}</span></div>
    <div class="scroll" role="region" tabindex="0" aria-label="Figures">${(health?.reasons ?? []).map((/** @type {any} */ one) => html`<p class="bad" role="alert">${typeof one === "string" ? one : JSON.stringify(one)}</p>`)}
      ${health ? html`<${Figures} title="In all" figures=${single} />` : null}${groups.map(([name, figures]) => html`<${Figures} key=${name} title=${labelOf(name)} figures=${figures} />`)}</div></section>`;
}
