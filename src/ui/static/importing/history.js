// @ts-check
// What became of an import, and those before it.

import { html, useEffect, useState } from "../dom.js";
import { Problem, request } from "../api.js";
import { goPage } from "../state/url.js";
import { watch } from "../state/jobs.js";
import { toast } from "../state/session.js";
import { ago, inFull } from "../text/time.js";
import { label as labelOf, plural } from "../text/words.js";
import { complain, listItems } from "../state/items.js";
import { lower, say, t, told } from "../text/say.js";
import { locale } from "../text/locale.js";

/** What the server says of an import that can be taken back. */
const UNDOABLE = ["available"];

/** @param {Record<string, number>|undefined} counts */
const said = (counts) => Object.entries(counts ?? {}).filter(([, count]) => count).map(([name, count]) => `${count.toLocaleString(locale())} ${lower(labelOf(name))}`).join(", ") || t("nothing");

/** @param {any} job */
async function takeBack(job) {
  const { body } = await request("POST", `/api/v1/imports/${job.id}/undo`);
  const done = await watch(body.job_id ?? body.id, t("Taking the import back"));
  toast(t("{0} taken back.", plural(done.changed ?? 0, "contact")));
}

/** @param {{job: any, now: {done: number, total: number}|null|undefined, name: string}} props */
export function Result({ job, now, name }) {
  const isOn = ["running", "queued"].includes(job.state);
  const stop = () => request("POST", `/api/v1/imports/${job.id}/cancel`).then(() => toast(t("It stops.")), complain);
  if (isOn) {
    return html`<div class="part" data-test="import-runs"><h2>${say("Importing {0}", name)}</h2><div class="meter" role="progressbar" aria-label=${t("Progress")} aria-valuenow=${now?.done ?? 0} aria-valuemax=${now?.total ?? 0}><span style=${{ width: `${now?.total ? (now.done / now.total) * 100 : 0}%` }}></span></div>
      <p class="quiet-text">${say("{0}. You may leave the page; it goes on.", now?.total ? t("{0} of {1}", now.done.toLocaleString(locale()), plural(now.total, "row")) : "…")}</p><p><button type="button" class="button" onClick=${stop}>${t("Stop")}</button></p></div>`;
  }
  return html`<div class="part" data-test="import-done"><h2>${job.state === "done" ? t("The list is imported") : t("The import is {0}", lower(labelOf(job.state)))}</h2><p role="status">${said(job.counts)}${job.error ? `. ${told(job.error)}` : ""}</p>
    <p class="bulk-line">${job.counts?.errors && job.errors_url ? html`<a class="button" href=${job.errors_url} download data-test="errors-file">${t("Rows that were not taken, as a file")}</a>` : null}
      ${job.counts?.asked ? html`<button type="button" class="button main" onClick=${() => goPage("import", { rest: job.id })} data-test="to-questions">${say("Decide {0}", plural(job.counts.asked, "row"))}</button>` : null}
      <button type="button" class="button" onClick=${() => goPage("contacts", { more: { sort: "-updated_at" } })}>${t("Show the contacts")}</button></p></div>`;
}

export function History() {
  const [items, setItems] = useState(/** @type {any[]|null} */ (null));
  const [attempt, setAttempt] = useState(0);
  useEffect(() => void listItems("imports", { per_page: 30 }).then((found) => setItems(found.items), (error) => {
    if (!(error instanceof Problem) || ![404, 405].includes(error.status)) complain(error);
  }), [attempt]);
  const undo = (/** @type {any} */ job) => takeBack(job).then(() => setAttempt(attempt + 1), complain);
  if (!items?.length) return null;
  return html`<section class="part" aria-label=${t("Before")} data-test="import-history"><h2>${t("Before")}</h2><ul class="lines">${items.map((one) => html`<li key=${one.id}><span><strong>${one.source ?? t("A list")}</strong>${one.dry_run ? t(" (a trial)") : ""}: ${said(one.counts)}<br />
      <span class="quiet-text">${labelOf(one.state)} · <time datetime=${one.created_at} title=${inFull(one.created_at)}>${ago(one.created_at)}</time>${one.by_name ? ` · ${one.by_name}` : ""}</span></span>
    ${one.counts?.errors && one.errors_url ? html`<a href=${one.errors_url} download>${t("Error file")}</a>` : null}
    ${one.counts?.asked && one.state === "done" && !one.dry_run ? html`<button type="button" class="button" onClick=${() => goPage("import", { rest: one.id })}>${say("Decide {0}", plural(one.counts.asked, "row"))}</button>` : null}
    ${UNDOABLE.includes(one.undo_state) ? html`<button type="button" class="button" onClick=${() => undo(one)}>${t("Undo")}</button>` : null}</li>`)}</ul></section>`;
}
