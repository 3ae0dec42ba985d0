// @ts-check
// What an import would change, before it changes anything: how much of each group, and the rows of
// the one that is opened, with what they say now and would say then.

import { html, useEffect, useState } from "../dom.js";
import { customLabel } from "../state/definitions.js";
import { complain } from "../state/items.js";
import { openContact } from "../state/url.js";
import { label as labelOf, plural, valueText } from "../text/words.js";
import { previewRows } from "./api.js";
import { say, t, told } from "../text/say.js";
import { locale } from "../text/locale.js";

/** @typedef {import("./api.js").Preview} Preview @typedef {import("./api.js").PreviewRow} PreviewRow */

/** The count, what it is called, and the group whose rows can be looked at. @type {[string, string, string][]} */
const GROUPS = [["new", t("New contacts"), "new"], ["updated", t("Updated"), "updated"], ["unchanged", t("As they are"), "unchanged"], ["conflicts", t("To be asked about"), "conflict"], ["invalid", t("Not imported"), "invalid"], ["duplicates_in_file", t("Twice in the list"), ""]];
const PER_PAGE = 50;

/** A part of a contact in a few words. @param {any} value @returns {string} */
export function shortText(value) {
  if (Array.isArray(value)) return value.map(shortText).filter(Boolean).join(", ");
  if (!value || typeof value !== "object") return valueText(value);
  const said = value.e164 ?? value.raw ?? value.number ?? value.address ?? value.email ?? value.name ?? value.value;
  return said === undefined ? Object.values(value).filter((one) => typeof one === "string" && one).join(", ") : valueText(said);
}

/** @param {string} field */
const nameOf = (field) => (/^(cf|custom_fields)[./]/.test(field) ? customLabel(field.replace(/^(cf|custom_fields)[./]/, "")) : labelOf(field));

/** @param {{row: PreviewRow}} props */
function Row({ row }) {
  const { id, display_name: name, before, after, problems } = row;
  const fields = Object.keys(after);
  return html`<tr data-test="preview-row"><th scope="row">${say("Row {0}", row.row)}<br />${id ? html`<button type="button" class="link" onClick=${() => openContact(id)}>${name ?? t("the contact")}</button>` : html`<span>${name ?? ""}</span>`}</th>
    <td>${fields.map((field) => html`<p key=${field}><span class="quiet-text">${nameOf(field)}</span> ${row.group === "new" || !shortText(before[field]) ? null : html`<del>${shortText(before[field])}</del> → `}<ins>${shortText(after[field]) || t("empty")}</ins></p>`)}
      ${problems.map((one, at) => html`<p key=${at} class=${row.group === "invalid" ? "complaint" : "note"}>${one.column ? `${one.column}: ` : ""}${one.value ? `“${one.value}” ` : ""}${told(one.detail, one.code)}</p>`)}
      ${fields.length || problems.length ? null : html`<span class="quiet-text">${t("Says nothing new.")}</span>`}</td></tr>`;
}

/** @param {{upload: string, group: string, title: string}} props */
function Rows({ upload, group, title }) {
  const [page, setPage] = useState(1);
  const [found, setFound] = useState(/** @type {{total: number, items: PreviewRow[]}|null} */ (null));
  useEffect(() => {
    const asking = new AbortController();
    previewRows(upload, { group, page, per_page: PER_PAGE }, asking.signal).then((rows) => !asking.signal.aborted && setFound(rows), (error) => !asking.signal.aborted && complain(error));
    return () => asking.abort();
  }, [upload, group, page]);
  if (!found) return html`<p aria-busy="true">…</p>`;
  const last = Math.max(1, Math.ceil(found.total / PER_PAGE));
  return html`<h2>${title}</h2><table class="mapping changes" data-test="preview-rows"><thead><tr><th scope="col">${t("Row")}</th><th scope="col">${group === "invalid" ? t("Why not") : t("What it says")}</th></tr></thead><tbody>${found.items.map((row) => html`<${Row} key=${row.row} row=${row} />`)}</tbody></table>
    ${last > 1 ? html`<p class="pager"><button type="button" class="button" disabled=${page <= 1} onClick=${() => setPage(page - 1)}>${t("Before")}</button><span role="status">${say("{0} of {1}", page, last)}</span><button type="button" class="button" disabled=${page >= last} onClick=${() => setPage(page + 1)} data-test="rows-next">${t("Next")}</button></p>` : null}`;
}

/** @param {{preview: Preview}} props */
export function Diff({ preview }) {
  const { counts, updates_by_field: fields, problems, problems_total: total, warnings } = preview;
  const [group, setGroup] = useState("");
  const shown = GROUPS.find(([, , name]) => name && name === group);
  return html`<div class="part" data-test="diff"><dl class="figures">${GROUPS.map(([key, title, name]) => {
      const count = counts[key] ?? 0;
      return html`<div key=${key}><dt>${title}</dt><dd data-test=${`count-${key}`}>${count.toLocaleString(locale())}</dd>
        ${name && count ? html`<dd><button type="button" class="link" aria-expanded=${String(group === name)} onClick=${() => setGroup(group === name ? "" : name)} data-test=${`show-${name}`} aria-label=${t("{0} the rows: {1}", group === name ? t("Hide") : t("Show"), title)}>${say("{0} the rows", group === name ? t("Hide") : t("Show"))}</button></dd>` : null}</div>`;
    })}</dl>
    ${Object.keys(fields).length ? html`<p>${say("Changes: {0}.", Object.entries(fields).map(([field, count]) => `${nameOf(field)} ${count}`).join(", "))}</p>` : null}
    ${shown ? html`<${Rows} key=${group} upload=${preview.upload_id} group=${group} title=${shown[1]} />` : null}
    ${problems.length && group !== "invalid" ? html`<h2>${say("{0} not fit", plural(total, "cell does", "cells do"))}</h2><ul class="lines">${problems.slice(0, 50).map((one, at) => html`<li key=${at} data-test="problem"><span>${say("Row {0}{1}: “{2}” {3}", one.row, one.column ? `, ${one.column}` : "", one.value, told(one.detail, one.code))}<br /><span class="quiet-text">${labelOf(one.repair)}.</span></span></li>`)}</ul>` : null}
    ${warnings.length ? html`<h2>${plural(preview.warnings_total, "note")}</h2><ul class="lines">${warnings.slice(0, 30).map((one, at) => html`<li key=${at}><span>${typeof one === "string" ? one : `${one.row ? t("Row {0}: ", one.row) : ""}${told(one.detail ?? "", one.code)}`}</span></li>`)}</ul>` : null}</div>`;
}
