// @ts-check
// The tab of a card that tells what has happened and what is to be done.

import { html, useEffect, useState } from "../dom.js";
import { Problem } from "../api.js";
import { useLive } from "../state/live.js";
import { may } from "../state/me.js";
import { toast } from "../state/session.js";
import { ago, inFull } from "../text/time.js";
import { label as labelOf, problemText, valueText } from "../text/words.js";
import { AsItWas } from "./as-it-was.js";
import { addNote, addTask, listOpenTasks, readTimeline, setTaskDone } from "./api.js";
import { t } from "../text/say.js";

/** @typedef {import("./api.js").Event} Event @typedef {import("./api.js").Task} Task */

/** @param {unknown} error */
function complain(error) {
  if (!(error instanceof Problem)) throw error;
  toast(problemText(error), { bad: true });
}

/** @param {{event: Event}} props */
function EventLine({ event }) {
  const changes = event.changes ?? [];
  return html`<li data-test="event">
    <p><strong>${labelOf(event.type)}</strong><span>${event.title}</span>
      <span class="quiet-text"><time datetime=${event.occurred_at} title=${inFull(event.occurred_at)}>${ago(event.occurred_at)}</time> · ${event.by}</span></p>
    ${changes.length && event.type !== "created" ? html`<details><summary>${t("What changed")}</summary><ul>
      ${changes.map((one) => html`<li>${labelOf(one.field)}: ${one.before === null ? t("nothing") : valueText(one.before)} → ${one.after === null ? t("nothing") : valueText(one.after)}</li>`)}
    </ul></details>` : null}
  </li>`;
}

/** @param {{contact: import("../api.js").Contact}} props */
export function CardTimeline({ contact }) {
  /** @type {[any, any]} */
  const [page, setPage] = useState(null);
  const [tasks, setTasks] = useState(/** @type {Task[]} */ ([]));
  const [note, setNote] = useState("");
  const [title, setTitle] = useState("");
  const [due, setDue] = useState("");

  const show = async () => {
    try {
      const [told, open] = await Promise.all([readTimeline(contact.id), listOpenTasks(contact.id)]);
      setPage(told);
      setTasks(open);
    } catch (error) {
      complain(error);
    }
  };
  useEffect(() => void show(), [contact.id, contact.version]);
  useLive((told) => told.gone || told.data?.contact_id === contact.id, show);
  const more = async () => {
    try {
      const next = await readTimeline(contact.id, page.next_cursor);
      setPage({ events: page.events.concat(next.events), next_cursor: next.next_cursor });
    } catch (error) {
      complain(error);
    }
  };
  /** @param {() => Promise<void>} work @param {() => void} [then] */
  const done = async (work, then) => {
    try {
      await work();
      then?.();
      await show();
    } catch (error) {
      complain(error);
    }
  };
  const saveNote = (/** @type {any} */ event) => {
    event.preventDefault();
    if (note.trim()) void done(() => addNote(contact.id, note), () => setNote(""));
  };
  const saveTask = (/** @type {any} */ event) => {
    event.preventDefault();
    const at = due ? new Date(due).toISOString() : null;
    if (title.trim()) void done(() => addTask(contact.id, title, at), () => { setTitle(""); setDue(""); });
  };
  return html`<section aria-label=${t("Timeline")} class="timeline" data-test="timeline">
    ${may("edit") ? html`<form onSubmit=${saveNote}>
      <textarea rows="2" aria-label=${t("A note")} placeholder=${t("Write a note")} value=${note} onInput=${(/** @type {any} */ event) => setNote(event.target.value)}></textarea>
      <button class="button" disabled=${!note.trim()}>${t("Add note")}</button></form>
    <form onSubmit=${saveTask}>
      <input aria-label=${t("What is to be done")} placeholder=${t("What is to be done")} value=${title} onInput=${(/** @type {any} */ event) => setTitle(event.target.value)} />
      <input type="datetime-local" aria-label=${t("Until when")} value=${due} onInput=${(/** @type {any} */ event) => setDue(event.target.value)} />
      <button class="button" disabled=${!title.trim()}>${t("Add task")}</button></form>` : null}
    ${tasks.length ? html`<ul class="tasks">${tasks.map((task) => html`<li key=${task.id} data-test="task"><label class="check">
      <input type="checkbox" disabled=${!may("edit")} onChange=${() => done(() => setTaskDone(task.id))} />${task.title}
      ${task.due_at ? html`<span class=${Date.parse(task.due_at) < Date.now() ? "bad" : "quiet-text"}> ${inFull(task.due_at)}</span>` : null}</label></li>`)}</ul>` : null}
    <${AsItWas} contact=${contact} />
    ${page === null ? html`<p class="quiet-text" aria-busy="true">…</p>` : html`<ul>${page.events.map((/** @type {Event} */ event) => html`<${EventLine} key=${event.id} event=${event} />`)}</ul>
      ${page.next_cursor ? html`<button type="button" class="link" onClick=${more}>${t("Earlier")}</button>` : null}`}
  </section>`;
}
