// @ts-check
// What runs in the background and what has run: changes of many contacts and imports.

import { html, useEffect, useState } from "../dom.js";
import { Problem, request } from "../api.js";
import { Icon } from "../parts/icons.js";
import { may, me } from "../state/me.js";
import { openContact } from "../state/url.js";
import { ago, inFull } from "../text/time.js";
import { label as labelOf, plural } from "../text/words.js";
import { act, complain, listItems } from "../state/items.js";
import { Nothing } from "../work/sheet.js";

/** @typedef {import("../state/items.js").Item} Item */

const ASK_MS = 2000;

/** @returns {Promise<Item[]>} */
async function load() {
  const mayImport = me.peek()?.permissions.import;
  const [jobs, imports] = await Promise.all([listItems("jobs"), mayImport ? listItems("imports", { per_page: 50 }).catch(() => ({ items: [] })) : { items: [] }]);
  const known = new Set(jobs.items.map((one) => one.id));
  const all = [...jobs.items, ...imports.items.filter((one) => !known.has(one.id)).map((one) => ({ ...one, kind: "import" }))];
  return all.sort((a, b) => String(b.created_at).localeCompare(String(a.created_at)));
}

/** @param {Item} job */
function said(job) {
  const name = job.kind === "import" ? `Import${job.source ? ` of ${job.source}` : ""}` : labelOf(job.kind ?? job.action ?? "Change of many contacts");
  const counts = job.counts ? Object.entries(job.counts).filter(([, count]) => count) : ["changed", "unchanged", "refused"].map((key) => [key, job[key]]).filter(([, count]) => count);
  return `${name}: ${counts.length ? counts.map(([key, count]) => `${Number(count).toLocaleString()} ${key}`).join(", ") : plural(job.total ?? job.progress?.total ?? 0, "contact")}`;
}

/** @param {{job: Item, again: () => void}} props */
function Line({ job, again }) {
  const isOn = ["running", "queued"].includes(job.state);
  const { done = (job.changed ?? 0) + (job.unchanged ?? 0) + (job.refused ?? 0), total = job.total ?? 0 } = job.progress ?? {};
  const cancel = job.cancel_url ?? (job.kind === "import" ? `/api/v1/imports/${job.id}/cancel` : null);
  const isUndoable = job.kind !== "import" && job.state === "done" && job.changed > 0 && !job.undone_by && !job.undo_of;
  const undo = isUndoable && may("edit") ? `/api/v1/jobs/${job.id}/undo` : null;
  return html`<li data-test="job"><span><strong>${said(job)}</strong><br /><span class="quiet-text">${labelOf(job.state)} · <time datetime=${job.created_at} title=${inFull(job.created_at)}>${ago(job.created_at)}</time>${job.by_name ? ` · ${job.by_name}` : ""}${job.undo_of ? " · took another one back" : ""}${job.undone_by ? " · taken back" : ""}${job.error ? ` · ${job.error}` : ""}</span>
      ${isOn && total ? html`<span class="meter" role="progressbar" aria-label="Progress" aria-valuenow=${done} aria-valuemax=${total}><span style=${{ width: `${(done / total) * 100}%` }}></span></span>` : null}
      ${job.refusals?.length ? html`<details><summary>${plural(job.refused ?? job.refusals.length, "contact")} refused</summary><ul>${job.refusals.slice(0, 50).map((/** @type {any} */ one) => html`<li><button type="button" class="link" onClick=${() => openContact(one.id)}>${one.id}</button> ${one.detail ?? one.code}</li>`)}</ul></details>` : null}</span>
    ${job.errors_url ? html`<a href=${job.errors_url} download>Error file</a>` : null}
    ${isOn && cancel ? html`<button type="button" class="button" onClick=${() => act(() => request("POST", cancel), "It stops.", null, again)}>Stop</button>` : null}
    ${!isOn && undo ? html`<button type="button" class="button" data-test="undo-job" onClick=${() => act(() => request("POST", undo), "It is being taken back.", null, again)}>Undo</button>` : null}</li>`;
}

export function Jobs() {
  const [jobs, setJobs] = useState(/** @type {Item[]|null} */ (null));
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let isLast = true;
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    let timer;
    const ask = async () => {
      try {
        const found = await load();
        if (!isLast) return;
        setJobs(found);
        if (found.some((one) => ["running", "queued"].includes(one.state))) timer = setTimeout(ask, ASK_MS);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (isLast) complain(error);
      }
    };
    void ask();
    return () => {
      isLast = false;
      clearTimeout(timer);
    };
  }, [attempt]);
  useEffect(() => {
    document.title = "Jobs · Ringdex";
    return () => {
      document.title = "Ringdex";
    };
  }, []);
  const again = () => setAttempt((now) => now + 1);
  return html`<main class="page" data-test="jobs"><section class="page-main" aria-label="Jobs">
    <div class="page-head"><h1>Jobs</h1><span class="count" role="status">${jobs ? plural(jobs.length, "job") : ""}</span><span class="push"><button type="button" class="button" onClick=${again}><${Icon} name="job" />Look again</button></span></div>
    ${jobs && !jobs.length ? html`<${Nothing} title="Nothing has run yet"><p>Changes of many contacts and imports are listed here, with what they could not do.</p><//>`
      : html`<div class="scroll" role="region" tabindex="0" aria-label="All jobs"><ul class="lines">${(jobs ?? []).map((job) => html`<${Line} key=${job.id} job=${job} again=${again} />`)}</ul></div>`}
  </section></main>`;
}
