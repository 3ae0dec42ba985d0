// @ts-check
// How the server is: contacts, imports, duplicates, errors, storage, backups, and what to do about it.

import { html, useEffect, useState } from "../dom.js";
import { request } from "../api.js";
import { me } from "../state/me.js";
import { toast } from "../state/session.js";
import { ago, inFull } from "../text/time.js";
import { copy } from "../state/card.js";
import { label as labelOf, plural } from "../text/words.js";
import { act, complain } from "../state/items.js";
import { t } from "../text/say.js";
import { locale } from "../text/locale.js";

/** @param {string} name @param {any} value */
function shown(name, value) {
  if (value === null || value === undefined) return t("not known yet");
  if (/rate|accuracy|precision|recall/.test(name)) return `${(value * 100).toLocaleString(locale(), { maximumFractionDigits: 2 })} %`;
  if (/^last_/.test(name)) return html`<time datetime=${value} title=${inFull(value)}>${ago(value)}</time>`;
  if (/bytes/.test(name)) return `${(value / 1_048_576).toLocaleString(locale(), { maximumFractionDigits: 1 })} MiB`;
  return typeof value === "number" ? value.toLocaleString(locale()) : String(value);
}

const BACKUP_DAYS = 7;

/** @param {{health: any}} props */
function Backups({ health }) {
  const last = health.last_backup;
  const isOld = !last || Date.now() - Date.parse(last) > BACKUP_DAYS * 86_400_000;
  const command = `ringdex --server ${location.origin} --token TOKEN backup FOLDER`;
  return html`<div class="part" data-test="backups"><h2>${t("Backups")}</h2><p class=${isOld ? "bad" : ""} data-test="last-backup">${last ? html`${t("The last backup was taken")} <time datetime=${last} title=${inFull(last)}>${ago(last)}</time>.` : t("No backup has been taken yet.")}${isOld ? t(" Take one each night, and keep it on another machine.") : ""}</p>
    <div class="copied"><pre tabindex="0" role="region" aria-label=${t("Command that takes a backup")}><code>${command}</code></pre><button type="button" class="button" aria-label=${t("Copy the command")} onClick=${() => copy(command)}>${t("Copy")}</button></div>
    ${me.value?.operator ? html`<p class="quiet-text">${t("Only a token of who runs the server may take one. It holds all organisations.")}</p>` : html`<p class="quiet-text">${t("Who runs the server takes it.")}</p>`}</div>`;
}

/** @param {{title: string, figures: Record<string, any>}} props */
const Figures = ({ title, figures }) => html`<div class="part"><h2>${title}</h2><dl class="figures">${Object.entries(figures).filter(([, value]) => typeof value !== "object" || value === null)
  .map(([name, value]) => html`<div key=${name}><dt>${labelOf(name.replace(/_bytes$/, ""))}</dt><dd>${shown(name, value)}</dd></div>`)}</dl></div>`;

export function Health() {
  const [health, setHealth] = useState(/** @type {any} */ (null));
  const [attempt, setAttempt] = useState(0);
  const [busy, setBusy] = useState(false);
  useEffect(() => void request("GET", "/api/v1/health").then(({ body }) => setHealth(body), complain), [attempt]);
  const groups = Object.entries(health ?? {}).filter(([, value]) => value && typeof value === "object" && !Array.isArray(value));
  const single = Object.fromEntries(Object.entries(health ?? {}).filter(([name, value]) => typeof value === "number" || (typeof value === "string" && !["status", "last_backup"].includes(name))));
  const check = async () => {
    try {
      const { body } = await request("POST", "/api/v1/admin/check");
      toast(body.troubles?.length ? t("{0} found. The log of the server names them.", plural(body.troubles.length, "trouble")) : t("Everything is in order."), { bad: Boolean(body.troubles?.length) });
    } catch (error) {
      complain(error);
    }
  };
  const compact = async () => {
    setBusy(true);
    try {
      await request("POST", "/api/v1/admin/compact");
      toast(t("The files are as small as they can be."));
      setAttempt((now) => now + 1);
    } catch (error) {
      complain(error);
    }
    setBusy(false);
  };
  return html`<section class="page-main" aria-label=${t("Server")} data-test="health"><div class="page-head"><h1>${t("Server")}</h1>${health ? html`<span class=${health.status === "ok" ? "count" : "bad"} role="status">${health.status === "ok" ? t("Everything works") : labelOf(String(health.status))}</span>` : null}
      <span class="push"><button type="button" class="button" onClick=${() => setAttempt(attempt + 1)} data-test="health-again">${t("Look again")}</button>${me.value?.operator ? html`<button type="button" class="button" onClick=${check}>${t("Check the data")}</button>
      <button type="button" class="button" onClick=${() => act(() => request("POST", "/api/v1/admin/reindex"), t("The index is being built anew."))}>${t("Build the index anew")}</button>
      <button type="button" class="button" disabled=${busy} onClick=${compact} data-test="compact">${busy ? t("Compacting…") : t("Compact")}</button>` : null}</span></div>
    <div class="scroll" role="region" tabindex="0" aria-label=${t("Figures")}>${(health?.reasons ?? []).map((/** @type {any} */ one) => html`<p class="bad" role="alert">${typeof one === "string" ? one : JSON.stringify(one)}</p>`)}
      ${health ? html`<${Backups} health=${health} />` : null}${health ? html`<${Figures} title=${t("In all")} figures=${single} />` : null}${groups.map(([name, figures]) => html`<${Figures} key=${name} title=${labelOf(name)} figures=${figures} />`)}</div></section>`;
}
