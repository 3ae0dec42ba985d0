// @ts-check
// What runs in the background and what has run, of every kind, with what can be done about each.

import { html, useEffect, useState } from "../dom.js";
import { Problem, request } from "../api.js";
import { Icon } from "../parts/icons.js";
import { useLive } from "../state/live.js";
import { may } from "../state/me.js";
import { goPage, openContact } from "../state/url.js";
import { ago, inFull } from "../text/time.js";
import { label as labelOf, plural } from "../text/words.js";
import { act, complain, listItems } from "../state/items.js";
import { Nothing } from "../work/sheet.js";
import { lower, say, t, told } from "../text/say.js";
import { locale } from "../text/locale.js";

/** @typedef {import("../state/items.js").Item} Item */

const ASK_MS = 2000;
const PER_PAGE = 100;

/** @param {Item} job */
const counted = (job) => Object.entries(job.counts ?? job.result ?? { changed: job.changed, unchanged: job.unchanged, refused: job.refused })
  .filter((/** @type {[string, any]} */ [key, count]) => key !== "bytes" && typeof count === "number" && count > 0);

/** @param {Item} job */
function said(job) {
  const name = job.kind === "import" ? t("Import{0}{1}", job.source ? t(" of {0}", job.source) : "", job.dry_run ? t(" (a trial)") : "") : `${labelOf(job.kind ?? "bulk_action")}${job.kind === "export" && job.format ? t(" as {0}", job.format.toUpperCase()) : ""}`;
  const counts = counted(job);
  const total = job.progress?.total ?? job.total;
  if (counts.length) return `${name}: ${counts.map(([key, count]) => `${count.toLocaleString(locale())} ${lower(labelOf(key))}`).join(", ")}`;
  return total ? `${name}: ${plural(total, "contact")}` : name;
}

/** @param {number} bytes */
const sizeOf = (bytes) => (bytes < 1_048_576 ? `${Math.ceil(bytes / 1024).toLocaleString(locale())} KiB` : `${(bytes / 1_048_576).toLocaleString(locale(), { maximumFractionDigits: 1 })} MiB`);

/** @param {{job: Item, again: () => void}} props */
function Line({ job, again }) {
  const isOn = ["running", "queued"].includes(job.state);
  const { done = 0, total = 0 } = job.progress ?? {};
  const undo = job.undo_url && may("edit") ? job.undo_url : null;
  const report = job.result?.report_url;
  const isAsking = job.kind === "import" && job.state === "done" && job.counts?.asked > 0 && !job.dry_run;
  return html`<li data-test="job" data-kind=${job.kind}><span><strong>${said(job)}</strong><br /><span class="quiet-text">${labelOf(job.state)} · <time datetime=${job.created_at} title=${inFull(job.created_at)}>${ago(job.created_at)}</time>${job.by_name ? ` · ${job.by_name}` : ""}${job.undo_of ? t(" · took another one back") : ""}${job.undone_by ? t(" · taken back") : ""}${job.error ? ` · ${told(job.error)}` : ""}</span>
      ${isOn && total ? html`<span class="meter" role="progressbar" aria-label=${t("Progress")} aria-valuenow=${done} aria-valuemax=${total}><span style=${{ width: `${(done / total) * 100}%` }}></span></span>` : null}
      ${job.refusals?.length ? html`<details><summary>${say("{0} refused", plural(job.refused ?? job.refusals.length, "contact"))}</summary><ul>${job.refusals.slice(0, 50).map((/** @type {any} */ one) => html`<li><button type="button" class="link" onClick=${() => openContact(one.id)}>${one.id}</button> ${one.detail ? told(one.detail, one.code) : labelOf(one.code ?? "")}</li>`)}</ul></details>` : null}</span>
    ${job.errors_url ? html`<a href=${job.errors_url} download>${t("Error file")}</a>` : null}
    ${job.file_url ? html`<a class="button" href=${job.file_url} download data-test="job-file">${say("Download{0}", job.bytes ? ` (${sizeOf(job.bytes)})` : "")}</a>` : null}
    ${job.kind === "export" && job.state === "done" && !job.file_url ? html`<span class="quiet-text">${t("The file is gone")}</span>` : null}
    ${report ? html`<a class="button" href=${report} download>${t("Report")}</a>` : null}
    ${isAsking ? html`<button type="button" class="button" onClick=${() => goPage("import", { rest: job.id })} data-test="to-questions">${say("Decide {0}", plural(job.counts.asked, "row"))}</button>` : null}
    ${isOn && job.cancel_url ? html`<button type="button" class="button" data-test="stop-job" onClick=${() => act(() => request("POST", job.cancel_url), t("It stops."), null, again)}>${t("Stop")}</button>` : null}
    ${!isOn && undo ? html`<button type="button" class="button" data-test="undo-job" onClick=${() => act(() => request("POST", undo), t("It is being taken back."), null, again)}>${t("Undo")}</button>` : null}</li>`;
}

export function Jobs() {
  const [jobs, setJobs] = useState(/** @type {Item[]|null} */ (null));
  const [older, setOlder] = useState(/** @type {Item[]} */ ([]));
  const [total, setTotal] = useState(0);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let isLast = true;
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    let timer;
    const ask = async () => {
      try {
        const { items, total: all } = await listItems("jobs", { per_page: PER_PAGE });
        if (!isLast) return;
        setJobs(items);
        setTotal(all);
        if (items.some((one) => ["running", "queued"].includes(one.state))) timer = setTimeout(ask, ASK_MS);
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
    document.title = `${t("Jobs")} · Ringdex`;
    return () => {
      document.title = "Ringdex";
    };
  }, []);
  const known = new Set((jobs ?? []).map((one) => one.id));
  const shown = [...(jobs ?? []), ...older.filter((one) => !known.has(one.id))];
  const earlier = async () => {
    try {
      // New ones may have moved the pages: the last one is read again.
      const { items, total: all } = await listItems("jobs", { per_page: PER_PAGE, page: Math.floor(shown.length / PER_PAGE) + 1 });
      const seen = new Set(shown.map((one) => one.id));
      setOlder([...older, ...items.filter((one) => !seen.has(one.id))]);
      setTotal(all);
    } catch (error) {
      complain(error);
    }
  };
  const again = () => setAttempt((now) => now + 1);
  useLive((told) => Boolean(told.by?.endsWith(")")), again, ASK_MS);
  return html`<main class="page" data-test="jobs"><section class="page-main" aria-label=${t("Jobs")}>
    <div class="page-head"><h1>${t("Jobs")}</h1><span class="count" role="status">${jobs ? plural(total, "job") : ""}</span><span class="push"><button type="button" class="button" onClick=${again}><${Icon} name="job" />${t("Look again")}</button></span></div>
    ${jobs && !jobs.length ? html`<${Nothing} title=${t("Nothing has run yet")}><p>${t("Changes of many contacts, imports and exports are listed here, with what they could not do.")}</p><//>`
      : html`<div class="scroll" role="region" tabindex="0" aria-label=${t("All jobs")}><ul class="lines">${shown.map((job) => html`<${Line} key=${job.id} job=${job} again=${again} />`)}</ul>
        ${shown.length < total ? html`<p><button type="button" class="button" onClick=${earlier} data-test="earlier-jobs">${t("Earlier")}</button></p>` : null}</div>`}
  </section></main>`;
}
