// @ts-check
// What waits for the person here while nobody is looked for: callers nobody knows, calls to return,
// tasks, recent callers, saved searches.

import { html, useEffect, useState } from "../dom.js";
import { deleteContact, request } from "../api.js";
import { Icon } from "./icons.js";
import { useLive } from "../state/live.js";
import { may, me } from "../state/me.js";
import { goPage, openContact } from "../state/url.js";
import { showPhone } from "../text/phone.js";
import { ago, inFull } from "../text/time.js";
import { act, createItem, listItems, updateItem } from "../state/items.js";
import { NameOf } from "./name-of.js";
import { t } from "../text/say.js";

/** @typedef {import("../state/items.js").Item} Item */

const FEW = 6;
const ASK_MS = 60_000;
/** Calls of a busy day come together. */
const LIVE_MS = 2000;

/** What cannot be asked for is left out. @param {Promise<any>} asked */
const orNothing = (asked) => asked.catch(() => ({ items: [] }));

async function load() {
  const mine = me.peek()?.user_id ? "me" : undefined;
  const [calls, unknown, callbacks, tasks, searches] = await Promise.all([
    orNothing(listItems("calls", { sort: "-started_at", per_page: 40 })),
    orNothing(listItems("calls", { sort: "-started_at", contact_id: "none", direction: "in", per_page: 40 })),
    orNothing(request("GET", "/api/v1/calls/callbacks").then(({ body }) => body)),
    orNothing(listItems("tasks", { assigned_to: mine, status: "open", sort: "due_at", per_page: FEW })),
    orNothing(listItems("saved-searches")),
  ]);
  const today = new Date().toDateString();
  const numbers = new Set();
  const isFirst = (/** @type {Item} */ one) => !numbers.has(one.e164 ?? one.number) && numbers.add(one.e164 ?? one.number);
  const people = new Set();
  return {
    unknown: unknown.items.filter((/** @type {Item} */ one) => one.number && new Date(one.started_at).toDateString() === today && isFirst(one)).slice(0, FEW),
    recent: calls.items.filter((/** @type {Item} */ one) => one.contact_id && !people.has(one.contact_id) && people.add(one.contact_id)).slice(0, FEW),
    callbacks: callbacks.items.slice(0, FEW),
    tasks: tasks.items.slice(0, FEW),
    searches: searches.items.slice(0, FEW),
  };
}

/** @param {string} at */
const when = (at) => html`<time class="quiet-text" datetime=${at} title=${inFull(at)}>${ago(at)}</time>`;

/** @param {{title: string, items: any[], test: string, line: (item: any) => any}} props */
const Part = ({ title, items, test, line }) => (items.length ? html`<section aria-label=${title} data-test=${`home-${test}`}><h2>${title}</h2><ul>${items.map((one) => html`<li key=${one.id ?? one.call}>${line(one)}</li>`)}</ul></section>` : null);

/** @param {string} number */
const answer = (number) => goPage("pop", { number });

export function Home() {
  const [now, setNow] = useState(/** @type {any} */ (null));
  const [attempt, setAttempt] = useState(0);
  const isKnown = me.value !== null;
  useEffect(() => {
    // Whose tasks are meant is known by then, and nobody is asked in vain who has to sign in first.
    if (!isKnown) return undefined;
    let isLast = true;
    const ask = () => !document.hidden && void load().then((found) => isLast && setNow(found));
    ask();
    const timer = setInterval(ask, ASK_MS);
    return () => {
      isLast = false;
      clearInterval(timer);
    };
  }, [attempt, isKnown, me.value?.user_id]);
  const again = () => setAttempt((before) => before + 1);
  useLive(({ kind }) => kind === "call" || kind === "task", again, LIVE_MS);
  if (!now) return null;
  const spam = (/** @type {Item} */ call) => {
    let made = { id: "" };
    void act(async () => (made = await createItem("contacts", { name: `Spam ${call.number}`, phone: call.number, blocked: true, tags: ["Spam"] })), t("{0} is blocked.", call.number),
      () => deleteContact(made.id, { permanent: false }), again);
  };
  const keepPrivate = (/** @type {Item} */ call) => void act(() => updateItem("calls", call, { contact_id: null, notes: call.notes ?? "private" }), t("The call stays with nobody."), null, () =>
    setNow((/** @type {any} */ before) => ({ ...before, unknown: before.unknown.filter((/** @type {Item} */ one) => one.id !== call.id) })));
  const done = (/** @type {Item} */ task) => {
    let saved = task;
    void act(async () => (saved = await updateItem("tasks", task, { status: "done" })), t("{0}: done.", task.title), () => updateItem("tasks", saved, { status: "open" }), again);
  };
  return html`<div class="home" data-test="home">
    <${Part} title=${t("Nobody knows them, today")} test="unknown" items=${now.unknown} line=${(/** @type {Item} */ call) => html`<button type="button" class="link num" onClick=${() => answer(call.e164 ?? call.number)}>${showPhone(call.e164 ?? call.number)}</button>${when(call.started_at)}
      ${may("create") ? html`<span class="home-acts"><button type="button" class="button" onClick=${() => answer(call.e164 ?? call.number)} title=${t("A new contact, or add the number to somebody")}>${t("Save…")}</button><button type="button" class="button" onClick=${() => spam(call)}>${t("Spam")}</button>${may("edit") ? html`<button type="button" class="button" onClick=${() => keepPrivate(call)}>${t("Private")}</button>` : null}</span>` : null}`} />
    <${Part} title=${t("To call back")} test="callbacks" items=${now.callbacks} line=${(/** @type {any} */ one) => html`<button type="button" class="link" onClick=${() => (one.contact_id ? openContact(one.contact_id) : answer(one.number))}>${one.display_name ?? showPhone(one.number ?? "")}</button>
      ${one.do_not_contact ? html`<span class="bad"><${Icon} name="no-call" />${t("Do not call")}</span>` : null}${when(one.last_missed_at)}<span class="quiet-text">${one.missed > 1 ? t("{0} times", one.missed) : ""}</span>`} />
    <${Part} title=${me.value?.user_id ? t("My tasks") : t("Tasks")} test="tasks" items=${now.tasks} line=${(/** @type {Item} */ task) => html`<label class="check"><input type="checkbox" disabled=${!may("edit")} onChange=${() => done(task)} /><span>${task.title}</span></label>
      <${NameOf} noun="contacts" id=${task.contact_id} />${task.due_at ? html`<span class=${Date.parse(task.due_at) < Date.now() ? "bad" : ""}>${when(task.due_at)}</span>` : null}`} />
    <${Part} title=${t("Last calls")} test="recent" items=${now.recent} line=${(/** @type {Item} */ call) => html`<${NameOf} noun="contacts" id=${call.contact_id} />${when(call.started_at)}<span class="quiet-text">${call.outcome ?? ""}</span>`} />
    <${Part} title=${t("Saved searches")} test="searches" items=${now.searches} line=${(/** @type {Item} */ one) => html`<button type="button" class="link" onClick=${() => goPage("contacts", { q: one.q ?? "", more: { ...(one.sort ? { sort: one.sort } : {}), saved: one.id } })}>${one.name}</button>`} />
  </div>`;
}
