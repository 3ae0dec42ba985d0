// @ts-check
// How long contacts are kept: rules, what they would do now, and doing it.

import { html, useEffect, useState } from "../dom.js";
import { Problem, request } from "../api.js";
import { Icon } from "../parts/icons.js";
import { act, complain, saidOf } from "../state/items.js";
import { watch } from "../state/jobs.js";
import { toast } from "../state/session.js";
import { openContact } from "../state/url.js";
import { label as labelOf, plural } from "../text/words.js";
import { say, t } from "../text/say.js";

/** @typedef {{action: string, after_days: number, statuses?: string[]|null, tags?: string[]|null, when?: any}} Rule */

const ACTIONS = [["archive", "archive"], ["delete", t("delete, can be restored")], ["erase", t("delete for good")]];

/** @param {string} text */
const words = (text) => text.split(",").map((one) => one.trim()).filter(Boolean);

export function Retention() {
  const [now, setNow] = useState(/** @type {any} */ (null));
  const [rules, setRules] = useState(/** @type {Rule[]} */ ([]));
  const [problem, setProblem] = useState("");
  const [trial, setTrial] = useState(/** @type {any} */ (null));
  const take = (/** @type {any} */ body) => {
    setNow(body.settings.retention ?? {});
    setRules(body.settings.retention?.rules ?? []);
  };
  useEffect(() => void request("GET", "/api/v1/settings").then(({ body }) => take(body), complain), []);
  const put = async (/** @type {any} */ part) => take((await request("PATCH", "/api/v1/settings", { body: { retention: part }, type: "application/merge-patch+json" })).body);
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setProblem("");
    setTrial(null);
    const before = now.rules ?? [];
    try {
      await put({ rules });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error.errors.map((one) => `${labelOf((one.pointer ?? "").replace(/^\/retention\//, "").replaceAll("/", " "))}: ${one.detail}`).join(" ") || saidOf(error));
      return;
    }
    void act(async () => {}, t("The rules are saved."), () => put({ rules: before }));
  };
  const change = (/** @type {number} */ at, /** @type {Partial<Rule>} */ part) => setRules(rules.map((one, index) => (index === at ? { ...one, ...part } : one)));
  const look = () => request("POST", "/api/v1/retention/runs", { body: { dry_run: true } }).then(({ body }) => setTrial(body), complain);
  const run = async () => {
    setTrial(null);
    try {
      const { body } = await request("POST", "/api/v1/retention/runs", { body: { dry_run: false } });
      const job = await watch(body.job_id ?? body.id, t("Retention"));
      toast(t("{0} put away or deleted.", plural(job.changed, "contact")));
    } catch (error) {
      complain(error);
    }
  };
  if (!now) return html`<section class="page-main" aria-label=${t("Retention")} aria-busy="true"></section>`;
  const total = trial?.rules?.reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + one.total, 0) ?? 0;
  return html`<section class="page-main" aria-label=${t("Retention")} data-test="retention"><div class="page-head"><h1>${t("Retention")}</h1></div><div class="scroll" role="region" tabindex="0" aria-label=${t("Rules")}>
    <p class="quiet-text">${t("A rule is about contacts with which nothing has happened for so many days. The strongest rule that is due counts.")}</p>
    ${problem ? html`<div class="trouble" role="alert">${problem}</div>` : null}
    <form class="part" onSubmit=${save}><ul class="lines">${rules.map((rule, at) => html`<li key=${at} class="bulk-line" data-test="rule">
        <span class="bulk-line">${t("After")} <input class="editor short" type="number" min="1" aria-label=${t("Days")} value=${rule.after_days} onInput=${(/** @type {any} */ event) => change(at, { after_days: Number(event.target.value) })} /> ${t("days")}
        <select class="editor" aria-label=${t("What happens")} onChange=${(/** @type {any} */ event) => change(at, { action: event.target.value })}>${ACTIONS.map(([value, text]) => html`<option value=${value} selected=${value === rule.action}>${text}</option>`)}</select>
        <input class="editor" aria-label=${t("Only with these tags")} placeholder=${t("only with tags")} value=${(rule.tags ?? []).join(", ")} onChange=${(/** @type {any} */ event) => change(at, { tags: words(event.target.value).length ? words(event.target.value) : null })} />
        <input class="editor" aria-label=${t("Only of these statuses")} placeholder=${t("only of statuses")} value=${(rule.statuses ?? []).join(", ")} onChange=${(/** @type {any} */ event) => change(at, { statuses: words(event.target.value).length ? words(event.target.value) : null })} />
        <input class="editor" aria-label=${t("Only who meets this query")} placeholder=${t("only who meets: -has:deals")} value=${typeof rule.when === "string" ? rule.when : ""} onChange=${(/** @type {any} */ event) => change(at, { when: event.target.value.trim() || null })} /></span>
        <button type="button" class="quiet" aria-label=${t("Take the rule away")} onClick=${() => setRules(rules.filter((_, index) => index !== at))}><${Icon} name="close" /></button></li>`)}</ul>
      <p class="bulk-line"><button type="button" class="button" onClick=${() => setRules([...rules, { action: "archive", after_days: 730 }])} data-test="add-rule"><${Icon} name="plus" />${t("A rule")}</button><button class="button main">${t("Save the rules")}</button></p></form>
    <div class="part"><label class="check"><input type="checkbox" checked=${now.automatic === true} onChange=${(/** @type {any} */ event) => put({ automatic: event.target.checked }).catch(complain)} />${t("Apply the rules each night")}</label>
      <p class="bulk-line"><button type="button" class="button" onClick=${look} data-test="try-rules">${t("What would they do now?")}</button></p></div>
    ${trial ? html`<div class="part" data-test="retention-trial"><ul class="lines">${(trial.rules ?? []).map((/** @type {any} */ one) => html`<li key=${one.rule}><span>${say("{0} after {1} days:", labelOf(one.action), one.after_days)} <strong>${plural(one.total, "contact")}</strong>${one.protected ? html` <span class="quiet-text">${say("{0} protected", one.protected)}</span>` : null}<br />
      ${(one.examples ?? []).map((/** @type {any} */ each) => html`<button type="button" key=${each.id} class="link" onClick=${() => openContact(each.id)}>${each.display_name}</button> `)}</span></li>`)}</ul>
      <p><button type="button" class="button danger" disabled=${total === 0} onClick=${run}>${say("Apply them to {0}", plural(total, "contact"))}</button></p></div>` : null}
  </div></section>`;
}
