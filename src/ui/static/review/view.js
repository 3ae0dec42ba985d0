// @ts-check
// The review of duplicates: the queue and beside it the contacts of one group, side by side.

import { html, useEffect, useState } from "../dom.js";
import { Problem } from "../api.js";
import { previewMerge } from "./api.js";
import { Compare, fieldName, lines, textOf } from "./compare.js";
import { Hint } from "../parts/hint.js";
import { Icon } from "../parts/icons.js";
import { percent, Waterfall } from "./waterfall.js";
import { mayMerge, me } from "../state/me.js";
import { choose, current, dismissNow, figures, later, loadQueue, mergeNow, move, plan, problem, queue, request } from "./state.js";
import { dialog, letterKeys, narrow, needsSignIn, usedKey } from "../state/session.js";
import { isCommand } from "../state/typing.js";
import { undoLast } from "../state/undo.js";
import { go, openContact, place } from "../state/url.js";
import { locale } from "../text/locale.js";
import { plural, problemText } from "../text/words.js";
import { say, t } from "../text/say.js";
import { Runs } from "../work/runs.js";

/** @typedef {import("./state.js").Group} Group */

/** When it comes back, by name. @type {[string, () => string|undefined][]} */
const LATER = [[t("Tomorrow"), () => morning(1)], [t("Next week"), () => morning(8 - (new Date().getDay() || 7))], [t("Until I look for it"), () => undefined]];

/** Eight o'clock in some days. @param {number} days */
function morning(days) {
  const time = new Date();
  time.setDate(time.getDate() + days);
  time.setHours(8, 0, 0, 0);
  return time.toISOString();
}

const unlike = () => dismissNow("not_duplicate", t("They are different people, and stay so."));

/** @param {Group} group */
function others(group) {
  const [first, ...rest] = group.members.map((one) => one.contact.display_name);
  return [...new Set(rest)].filter((name) => name !== first).join(", ") || plural(group.members.length, "contact");
}

function Queue() {
  const { by, p, contact } = place.value;
  const now = figures.value;
  const name = queue.value[0]?.members.find((one) => one.id === contact)?.contact.display_name;
  const kind = by === "pairs" ? "pair" : "group";
  const states = /** @type {Record<string, string>} */ ({ current: t("up to date"), following: t("taking over the last changes"),
    building: t("comparing all contacts{0}", now?.contacts_read ? t(", {0} read", now.contacts_read.toLocaleString(locale())) : "") });
  return html`<div class="headline tools-line">
      <span class="switch" role="group" aria-label=${t("Show")}>${["", "pairs"].map((one) => html`<button type="button" aria-pressed=${String(by === one)} onClick=${() => go({ by: one, group: "" })}>${one ? t("Pairs") : t("Groups")}</button>`)}</span>
      ${contact ? html`<button type="button" class="link" onClick=${() => go({ contact: null, group: "" })}>${t("Everybody")}</button>`
        : html`<select aria-label=${t("How likely")} value=${p} onChange=${(/** @type {any} */ event) => go({ p: event.target.value, group: "" })}>
        <option value="" selected=${!p}>${t("from 90 %")}</option><option value="0.5" selected=${p === "0.5"}>${t("from 50 %")}</option></select>`}
    </div>
    <p class="headline" role="status" data-test="figures">${now ? `${contact ? t("Who may be {0}: ", name ?? t("the same person")) : ""}${now.total_exact ? "" : t("about ")}${plural(now.total, kind)} · ${states[now.state]}` : ""}</p>
    ${problem.value ? html`<div class="trouble" role="alert">${problemText(problem.value)} <button type="button" class="link" onClick=${() => loadQueue()}>${t("Try again")}</button></div>` : null}
    ${now && !queue.value.length ? html`<div class="empty" data-test="nothing"><h2>${now.state === "building" ? t("Comparing all contacts") : contact ? t("Nobody else looks like this person") : t("Nobody is here twice")}</h2>
      <p>${now.state === "building" ? t("What is found appears here by itself.") : t("What you decided is kept. New contacts are compared as they come in.")}</p>
      ${contact ? html`<button type="button" class="button" data-free onClick=${() => openContact(contact)}>${t("Back to the card")}</button>` : null}</div>` : null}
    <details class="runs-of-all" data-test="reports"><summary>${t("Reports of all contacts")}</summary><${Runs} /></details>
    <ol class="candidates queue" aria-label=${t("Duplicates")} onScroll=${(/** @type {any} */ { target }) => { if (target.scrollHeight - target.scrollTop < 2 * target.clientHeight) void loadQueue({ more: true }); }}>
      ${queue.value.map((group) => {
        const isOpen = group === current.value;
        return html`<li key=${group.id}><button type="button" data-free class=${isOpen ? "row open" : "row"} aria-current=${isOpen ? "true" : undefined} tabindex=${isOpen || !current.value ? 0 : -1}
          onClick=${() => go({ group: group.id })} data-test="group"><span class="row-line"><span class="name">${group.members[0].contact.display_name}</span><span class="number">${percent(group.probability)}</span></span>
        <span class="row-line"><span class="second"><span>${others(group)}</span></span><span class="why">${t(group.pairs[0]?.why.find((one) => one.weight > 0)?.words ?? "")}</span></span></button></li>`;
      })}
    </ol>`;
}

/** The number of a contact's column. @param {string} id */
const tell = (id) => (current.value?.members.findIndex((one) => one.id === id) ?? -1) + 1;

/** What would be left behind, or why it cannot be. */
function Preview() {
  const body = JSON.stringify(request.value);
  const [answer, setAnswer] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let isLast = true;
    if (body !== "null") {
      previewMerge(JSON.parse(body)).catch((error) => {
        if (error instanceof Problem) return error;
        throw error;
      }).then((found) => isLast && setAnswer(found));
    }
    return () => {
      isLast = false;
    };
  }, [body]);
  if (!answer || body === "null") return null;
  if (answer instanceof Problem) return html`<div class="trouble" role="alert">${problemText(answer)}</div>`;
  const lost = answer.lost.filter((/** @type {any} */ one) => !/^(first|last)_name$/.test(one.field));
  return html`<section aria-label=${t("What becomes of them")} data-test="preview"><h2>${lost.length ? t("Left behind") : t("Nothing is left behind")}</h2>
    ${lost.length ? html`<dl class="facts">${lost.map((/** @type {any} */ one) => html`<div class="field"><dt>${fieldName(one.field)}</dt><dd>${textOf(one.field, one.value)}<span class="note">${say("of {0}", tell(one.id))}</span></dd></div>`)}</dl>` : null}
    <p class="quiet-text">${t("Numbers, addresses, tags and notes are united. Undo brings everything back.")}</p></section>`;
}

function Review() {
  const { group, members } = /** @type {NonNullable<typeof plan.value>} */ (plan.value);
  const [now, setNow] = useState("");
  const open = lines().filter((one) => one.winner);
  const at = Math.max(0, open.findIndex((one) => one.field === now));

  useEffect(() => {
    if (document.activeElement?.id !== "search") document.getElementById("card-name")?.focus({ preventScroll: true });
    document.querySelector(".review")?.scrollTo(0, 0);
    document.querySelector(".queue .open")?.scrollIntoView({ block: "nearest" });
    setNow("");
  }, [group.id]);
  useEffect(() => {
    if (later.value) /** @type {HTMLElement|null} */ (document.querySelector(".choices button"))?.focus();
  }, [later.value]);
  useEffect(() => {
    const keys = /** @type {Record<string, () => void>} */ ({ Enter: mergeNow, x: unlike, l: () => (later.value = true),
      p: () => choose({ primary: members[(members.findIndex((one) => one.id === plan.value?.primary) + 1) % members.length].id }) });
    const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
      // A key that is held down must not decide about the groups that follow.
      if (!isFree(event) || event.repeat) return;
      const side = members[Number(event.key) - 1];
      if (side && open[at]) {
        choose({ fields: { .../** @type {any} */ (plan.value).fields, [open[at].field]: side.id } });
        const next = open[Math.min(at + 1, open.length - 1)].field;
        setNow(next);
        document.querySelector(`[data-field="${CSS.escape(next)}"]`)?.scrollIntoView({ block: "nearest" });
      } else if (keys[event.key] && (event.key === "Enter" || isCommand(event))) {
        keys[event.key]();
        usedKey(event.key);
      } else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  });
  return html`<article class="card review" data-test="review">
    <button type="button" class="back" onClick=${() => go({ group: "" })}><${Icon} name="back" />${t("Duplicates")}</button>
    <header class="head"><h1 id="card-name" tabindex="-1">${say("{0} contacts, one person?", members.length)} <span class="num">${percent(group.probability)}</span></h1>
      <div class="actions" role="group" aria-label=${t("What they are")}>
        <button type="button" class="button main" disabled=${!request.value} onClick=${mergeNow}>${t("Merge")}<${Hint} keys="Enter" /></button>
        <button type="button" class="button" onClick=${unlike}>${t("Not the same")}<${Hint} keys="x" /></button>
        <button type="button" class="button" aria-expanded=${String(later.value)} onClick=${() => (later.value = !later.value)}>${t("Later")}<${Hint} keys="l" /></button>
      </div>
      ${later.value ? html`<div class="choices" role="group" aria-label=${t("Until when")} onKeyDown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === "Escape") { later.value = false; event.preventDefault(); document.getElementById("card-name")?.focus(); } }}>
        ${LATER.map(([name, until]) => html`<button type="button" class="tag add" onClick=${() => dismissNow("later", t("Put aside."), until())}>${name}</button>`)}</div>` : null}
    </header>
    <${Compare} now=${open[at]?.field ?? ""} onNow=${setNow} />
    ${letterKeys.value && open.length ? html`<p class="quiet-text keys-line"><kbd>1</kbd> <kbd>2</kbd> ${t("say whose value stays,")} <kbd>p</kbd> ${t("who stays,")} <kbd>j</kbd> <kbd>k</kbd> ${t("go on,")} <kbd>u</kbd> ${t("undoes")}</p>` : null}
    <${Preview} />
    <section aria-label=${t("Why they may be the same")}>${group.pairs.map((pair, index) => html`<details open=${index === 0}><summary>${group.members.length > 2 ? t("{0} and {1}: ", tell(pair.id_a), tell(pair.id_b)) : t("Why: ")}${pair.summary}</summary><${Waterfall} pair=${pair} /></details>`)}</section>
  </article>`;
}

/** Whether a key is for the review, and not for a field, a dialog or a button elsewhere. @param {KeyboardEvent} event */
function isFree(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey || dialog.value || needsSignIn.value) return false;
  if (target.closest("input, textarea, select") || (event.key.length === 1 && !letterKeys.value)) return false;
  return event.key !== "Enter" || !target.closest("a, summary, button:not([data-free])");
}

export function Duplicates() {
  const { by, p, contact, group } = place.value;
  const allowed = mayMerge();
  useEffect(() => {
    if (allowed) void loadQueue({ anew: true });
  }, [by, p, contact, allowed]);
  useEffect(() => {
    const keys = /** @type {Record<string, () => void>} */ ({ j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1), u: () => undoLast() });
    const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
      if (!keys[event.key] || !isFree(event) || (event.key === "u" && !isCommand(event))) return;
      keys[event.key]();
      event.preventDefault();
    };
    addEventListener("keydown", onKeyDown);
    document.title = `${t("Duplicates")} · Ringdex`;
    return () => {
      removeEventListener("keydown", onKeyDown);
      document.title = "Ringdex";
    };
  }, []);
  if (!me.value) return html`<main class="panes" aria-busy="true"></main>`;
  if (!allowed) return html`<main class="panes"><div class="empty" data-test="may-not"><h2>${t("Duplicates")}</h2><p>${t("You may not merge contacts. Ask a manager if you should.")}</p></div></main>`;
  return html`<main class=${group ? "panes side-by-side card-over" : "panes side-by-side"}>
    <section class="list-pane" aria-label=${t("Duplicates")}><${Queue} /></section>
    <section class="card-pane" aria-label=${t("Side by side")}>${current.value ? html`<${Review} />` : null}</section>
  </main>`;
}
