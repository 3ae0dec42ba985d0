// @ts-check
// Takes contacts out as a file: what a query finds, or the rows that are selected.

import { html, useState } from "../dom.js";
import { Problem, request, token } from "../api.js";
import { complain } from "../state/items.js";
import { watch } from "../state/jobs.js";
import { toast } from "../state/session.js";
import { goPage } from "../state/url.js";
import { plural, problemText } from "../text/words.js";
import { exportColumns } from "./columns.js";
import { count, isWhole, selected } from "./state.js";
import { say, t } from "../text/say.js";

/** @typedef {import("./state.js").Asked} Asked */

/** @type {[string, string][]} */
const FORMATS = [["csv", t("CSV, for a spreadsheet")], ["xlsx", t("Excel")], ["vcf", t("vCard, for telephones")], ["jsonl", t("JSON Lines, everything of each contact")]];
const TABLES = ["csv", "xlsx"];
/** So many ids stand in an address. */
const AT_ONCE = 100;

/** From so many contacts on the file is better made in the background. */
const MANY = 5_000;
/** So many may be named in the body of an export. */
const MOST_NAMED = 10_000;

/** Has the file made while work goes on, and says when it is there. @param {Record<string, unknown>} body */
async function inBackground(body) {
  const { body: job } = await request("POST", "/api/v1/exports", { body });
  toast(t("The file is being made. It will be among the jobs."), { action: { label: t("Jobs"), run: () => goPage("jobs") } });
  const tell = async () => {
    const done = await watch(job.id, t("Export"));
    if (done.state === "done") toast(t("The file is there."), { action: { label: t("Jobs"), run: () => goPage("jobs") } });
    else if (done.error) toast(done.error, { bad: true });
  };
  void tell().catch(complain);
}

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
  const isLarge = isTooMany || total > MANY;
  const later = async () => {
    setBusy(true);
    try {
      const q = asked.q.trim();
      const columns = shown && TABLES.includes(format) ? { columns: exportColumns() } : {};
      await inBackground({ format, ...columns, ...(isQuery ? (q ? { q, match: "loose" } : {}) : { ids: [...selected.peek().keys()] }) });
      onClose();
    } catch (error) {
      complain(error);
    }
    setBusy(false);
  };
  const start = async () => {
    setBusy(true);
    try {
      const q = asked.q.trim();
      /** @type {Record<string, string>} */
      const params = { format, ...(shown && TABLES.includes(format) ? { columns: exportColumns().join(",") } : {}) };
      // As the list has found them.
      download(isQuery ? await fetchFile({ ...params, ...(q ? { q, match: "loose" } : {}) }) : await chosenFile(format, params), `contacts.${format}`);
      toast(t("{0} exported.", plural(total, "contact")));
      onClose();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      toast(problemText(error), { bad: true });
    }
    setBusy(false);
  };
  return html`<div class="bulk-line" role="group" aria-label=${t("Export")} data-test="export">
    <select class="editor" aria-label=${t("Format")} onChange=${(/** @type {any} */ event) => setFormat(event.target.value)} data-test="export-format">${FORMATS.map(([value, text]) => html`<option value=${value} selected=${value === format}>${text}</option>`)}</select>
    ${TABLES.includes(format) ? html`<label class="check"><input type="checkbox" checked=${shown} onChange=${(/** @type {any} */ event) => setShown(event.target.checked)} />${t("only the columns on the screen")}</label>` : null}
    <button type="button" class=${isLarge ? "button" : "button main"} disabled=${busy || isTooMany || total === 0} onClick=${start} data-test="export-now">${say("Export {0}", plural(total, "contact"))}</button>
    <button type="button" class=${isLarge ? "button main" : "button"} disabled=${busy || total === 0 || (!isQuery && total > MOST_NAMED)} onClick=${later} data-test="export-later">${t("In the background")}</button>
    <button type="button" class="button" onClick=${onClose}>${t("Cancel")}</button>
    ${isTooMany ? html`<span class="quiet-text">${say("A workbook of more than {0} selected rows is made in the background.", AT_ONCE)}</span>` : isLarge ? html`<span class="quiet-text">${t("So many take a while: made in the background, the file waits among the jobs.")}</span>` : null}</div>`;
}
