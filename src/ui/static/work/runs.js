// @ts-check
// Comparing all contacts with each other once, with a report, and the reports that there are.

import { html, useEffect, useState } from "../dom.js";
import { request } from "../api.js";
import { act, complain } from "../state/items.js";
import { watch } from "../state/jobs.js";
import { t, told } from "../text/say.js";
import { ago, inFull } from "../text/time.js";
import { label as labelOf, numeral, plural } from "../text/words.js";

const MOST_RUNS = 10;
const PATH = "/api/v1/duplicates/runs";

/** @param {any} run */
function said({ of, state, summary, error }) {
  const name = of === "list" ? t("A list") : t("All contacts");
  if (error) return `${name}: ${told(error)}`;
  return `${name}: ${summary ? t("{0} compared, {1} in {2}", numeral(summary.contacts), plural(summary.pairs, "likely pair"), plural(summary.groups, "group")) : labelOf(state)}`;
}

export function Runs() {
  const [runs, setRuns] = useState(/** @type {any[]|null} */ (null));
  const load = () => request("GET", PATH).then(({ body }) => setRuns(body.runs), complain);
  useEffect(() => void load(), []);
  const start = () => act(async () => {
    const { body } = await request("POST", PATH, { body: { format: "html" } });
    void watch(body.id, t("Comparing all contacts"), PATH).then(load, complain);
  }, t("All contacts are being compared."), null, load);
  const isOn = runs?.some((run) => ["running", "queued"].includes(run.state));
  return html`<div data-test="runs"><p class="quiet-text">${t("A run compares everybody with everybody and writes a report: who is here twice, how likely, and why. It changes nothing.")}</p>
    <p><button type="button" class="button" disabled=${isOn} onClick=${start} data-test="start-run">${t("Compare now")}</button></p>
    <ul class="lines">${(runs ?? []).slice(0, MOST_RUNS).map((run) => html`<li key=${run.id} data-test="run" data-state=${run.state}><span>${said(run)}<br />
      <span class="quiet-text"><time datetime=${run.created_at} title=${inFull(run.created_at)}>${ago(run.created_at)}</time></span></span>
      ${run.report_url ? html`<a class="button" href=${run.report_url} download data-test="run-report">${t("Report")}</a>` : null}</li>`)}</ul></div>`;
}
