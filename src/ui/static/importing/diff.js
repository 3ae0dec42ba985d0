// @ts-check
// What an import would change, before it changes anything.

import { html } from "../dom.js";
import { label as labelOf, plural } from "../text/words.js";

/** @typedef {import("./api.js").Preview} Preview */

/** @type {[string, string][]} */
const GROUPS = [["new", "New contacts"], ["updated", "Updated"], ["unchanged", "As they are"], ["conflicts", "To be asked about"], ["invalid", "Not imported"], ["duplicates_in_file", "Twice in the list"]];

/** @param {{preview: Preview}} props */
export function Diff({ preview }) {
  const { counts, updates_by_field: fields, problems, problems_total: total, warnings } = preview;
  return html`<div class="part" data-test="diff"><dl class="figures">${GROUPS.map(([key, title]) => html`<div key=${key}><dt>${title}</dt><dd data-test=${`count-${key}`}>${(counts[key] ?? 0).toLocaleString()}</dd></div>`)}</dl>
    ${Object.keys(fields).length ? html`<p>Changes: ${Object.entries(fields).map(([field, count]) => `${labelOf(field)} ${count}`).join(", ")}.</p>` : null}
    ${problems.length ? html`<h2>${plural(total, "cell does", "cells do")} not fit</h2><ul class="lines">${problems.slice(0, 50).map((one, at) => html`<li key=${at} data-test="problem"><span>Row ${one.row}${one.column ? `, ${one.column}` : ""}: “${one.value}” ${one.detail}<br /><span class="quiet-text">${labelOf(one.repair)}.</span></span></li>`)}</ul>` : null}
    ${warnings.length ? html`<h2>${plural(preview.warnings_total, "note")}</h2><ul class="lines">${warnings.slice(0, 30).map((one, at) => html`<li key=${at}><span>${typeof one === "string" ? one : `${one.row ? `Row ${one.row}: ` : ""}${one.detail ?? one.code ?? ""}`}</span></li>`)}</ul>` : null}</div>`;
}
