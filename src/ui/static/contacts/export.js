// @ts-check
// Takes contacts out as a file: what a query finds, or the rows that are selected.

import { html, useState } from "../dom.js";
import { Problem, token } from "../api.js";
import { toast } from "../state/session.js";
import { plural, problemText } from "../text/words.js";
import { exportColumns } from "./columns.js";
import { count, isWhole, selected } from "./state.js";

/** @typedef {import("./state.js").Asked} Asked */

/** @type {[string, string][]} */
const FORMATS = [["csv", "CSV, for a spreadsheet"], ["xlsx", "Excel"], ["vcf", "vCard, for telephones"], ["jsonl", "JSON Lines, everything of each contact"]];
const TABLES = ["csv", "xlsx"];
/** So many ids stand in an address. */
const AT_ONCE = 100;

/** @param {Blob} blob @param {string} name */
function download(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** @param {Record<string, string>} params @returns {Promise<Blob>} */
async function fetchFile(params) {
  const url = new URL("/api/v1/contacts/export", location.origin);
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
  /** @type {Record<string, string>} */
  const headers = token() ? { Authorization: `Bearer ${token()}` } : {};
  const answer = await fetch(url, { headers, cache: "no-store" });
  if (!answer.ok) throw new Problem(answer.status, await answer.json().catch(() => ({})));
  return answer.blob();
}

/** The rows that are selected, some at a time. @param {string} format @param {Record<string, string>} params */
async function chosenFile(format, params) {
  const ids = [...selected.peek().keys()];
  const parts = [];
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const part = await fetchFile({ ...params, ids: ids.slice(at, at + AT_ONCE).join(",") });
    // Only the first part needs the names of the columns.
    parts.push(format === "csv" && at > 0 ? (await part.text()).replace(/^[^\n]*\n/, "") : part);
  }
  return new Blob(parts);
}

/** @param {{asked: Asked, onClose: () => void}} props without a selection it is everything that is asked for */
export function Export({ asked, onClose }) {
  const [format, setFormat] = useState("csv");
  const [shown, setShown] = useState(true);
  const [busy, setBusy] = useState(false);
  const isQuery = isWhole.value || selected.value.size === 0;
  const total = isQuery ? asked.total : count(asked);
  const isTooMany = !isQuery && format === "xlsx" && total > AT_ONCE;
  const start = async () => {
    setBusy(true);
    try {
      const q = asked.q.trim();
      /** @type {Record<string, string>} */
      const params = { format, ...(shown && TABLES.includes(format) ? { columns: exportColumns().join(",") } : {}) };
      // As the list has found them.
      download(isQuery ? await fetchFile({ ...params, ...(q ? { q, match: "loose" } : {}) }) : await chosenFile(format, params), `contacts.${format}`);
      toast(`${plural(total, "contact")} exported.`);
      onClose();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      toast(problemText(error), { bad: true });
    }
    setBusy(false);
  };
  return html`<div class="bulk-line" role="group" aria-label="Export" data-test="export">
    <select class="editor" aria-label="Format" onChange=${(/** @type {any} */ event) => setFormat(event.target.value)} data-test="export-format">${FORMATS.map(([value, text]) => html`<option value=${value} selected=${value === format}>${text}</option>`)}</select>
    ${TABLES.includes(format) ? html`<label class="check"><input type="checkbox" checked=${shown} onChange=${(/** @type {any} */ event) => setShown(event.target.checked)} />only the columns on the screen</label>` : null}
    <button type="button" class="button main" disabled=${busy || isTooMany || total === 0} onClick=${start} data-test="export-now">Export ${plural(total, "contact")}</button>
    <button type="button" class="button" onClick=${onClose}>Cancel</button>
    ${isTooMany ? html`<span class="quiet-text">A workbook takes ${AT_ONCE} selected rows at most, or the whole query.</span>` : null}</div>`;
}
