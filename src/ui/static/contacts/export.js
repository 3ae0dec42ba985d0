// @ts-check
// Takes contacts out as a file: what a query finds, or the rows that are selected.

import { html, useState } from "../dom.js";
import { findContact, Problem, token } from "../api.js";
import { toast } from "../state/session.js";
import { plural, problemText, valueText } from "../text/words.js";
import { exportColumns } from "./columns.js";
import { count, isWhole, selected } from "./state.js";

/** @typedef {import("./state.js").Asked} Asked */

const FORMATS = [["csv", "CSV, for a spreadsheet"], ["jsonl", "JSON Lines, everything of each contact"]];
/** So many are fetched one by one. */
const MOST_CHOSEN = 1000;

/** @param {Blob} blob @param {string} name */
function download(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** A cell of a CSV: quoted, and no formula for a spreadsheet. @param {string} text */
const cell = (text) => `"${(/^[=@\t\r]|^[+-](?![\d ()./-]*$)/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;

/** @param {any} contact @param {string} name of a column @returns {string} */
function valueOf(contact, name) {
  if (name === "name") return contact.display_name;
  if (name === "phones") return (contact.phones ?? []).map((/** @type {any} */ one) => one.number ?? one.raw).join(", ");
  if (name === "emails") return (contact.emails ?? []).map((/** @type {any} */ one) => one.address).join(", ");
  if (name === "city" || name === "country") return contact[name] ?? contact.addresses?.[0]?.[name] ?? "";
  if (name.startsWith("cf.")) return String(contact.custom_fields?.[name.slice(3)] ?? "");
  const value = contact[name];
  return Array.isArray(value) ? value.join(", ") : typeof value === "string" ? value : valueText(value);
}

/** The rows that are selected, in the order in which they were. @param {string} format @param {string[]} names */
async function chosenFile(format, names) {
  const contacts = [];
  for (const id of selected.peek().keys()) contacts.push((await findContact(id)).contact);
  const lines = format === "jsonl" ? contacts.map((one) => JSON.stringify(one))
    : [names.map(cell).join(","), ...contacts.map((one) => names.map((name) => cell(valueOf(one, name))).join(","))];
  // The mark tells a spreadsheet that it is UTF-8.
  return new Blob([format === "csv" ? "\ufeff" : "", lines.join("\r\n"), "\r\n"], { type: format === "csv" ? "text/csv" : "application/x-ndjson" });
}

/** @param {string} format @param {string} q @param {string[]|null} names */
async function queryFile(format, q, names) {
  const url = new URL("/api/v1/contacts/export", location.origin);
  url.searchParams.set("format", format);
  // As the list has found them.
  if (q) url.searchParams.set("match", "loose");
  if (q) url.searchParams.set("q", q);
  if (names && format === "csv") url.searchParams.set("columns", names.join(","));
  /** @type {Record<string, string>} */
  const headers = token() ? { Authorization: `Bearer ${token()}` } : {};
  const answer = await fetch(url, { headers, cache: "no-store" });
  if (!answer.ok) throw new Problem(answer.status, await answer.json().catch(() => ({})));
  return answer.blob();
}

/** @param {{asked: Asked, onClose: () => void}} props without a selection it is everything that is asked for */
export function Export({ asked, onClose }) {
  const [format, setFormat] = useState("csv");
  const [shown, setShown] = useState(true);
  const [busy, setBusy] = useState(false);
  const isQuery = isWhole.value || selected.value.size === 0;
  const total = isQuery ? asked.total : count(asked);
  const isTooMany = !isQuery && total > MOST_CHOSEN;
  const start = async () => {
    setBusy(true);
    try {
      const names = shown ? exportColumns() : null;
      const blob = isQuery ? await queryFile(format, asked.q.trim(), names) : await chosenFile(format, names ?? exportColumns());
      download(blob, `contacts.${format}`);
      toast(`${plural(total, "contact")} exported.`);
      onClose();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      toast(problemText(error), { bad: true });
    }
    setBusy(false);
  };
  return html`<div class="bulk-line" role="group" aria-label="Export" data-test="export">
    <select class="editor" aria-label="Format" onChange=${(/** @type {any} */ event) => setFormat(event.target.value)}>${FORMATS.map(([value, text]) => html`<option value=${value} selected=${value === format}>${text}</option>`)}</select>
    ${format === "csv" && isQuery ? html`<label class="check"><input type="checkbox" checked=${shown} onChange=${(/** @type {any} */ event) => setShown(event.target.checked)} />only the columns on the screen</label>` : null}
    <button type="button" class="button main" disabled=${busy || isTooMany || total === 0} onClick=${start}>Export ${plural(total, "contact")}</button>
    <button type="button" class="button" onClick=${onClose}>Cancel</button>
    ${isTooMany ? html`<span class="quiet-text">Select at most ${MOST_CHOSEN} rows, or the whole query.</span>` : null}</div>`;
}
