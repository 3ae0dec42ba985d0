// @ts-check
// Tasks: one's own, the team's, those that are due. Space or the box marks one as done.

import { html } from "../dom.js";
import { may, me } from "../state/me.js";
import { personName } from "../state/people.js";
import { ago, inFull } from "../text/time.js";
import { act, updateItem } from "../state/items.js";
import { NameOf } from "../parts/name-of.js";
import { t } from "../text/say.js";

/** @typedef {import("../state/items.js").Item} Item */

/** @param {Item} task @param {() => void} again */
function toggle(task, again) {
  const status = task.status === "done" ? "open" : "done";
  let saved = task;
  void act(async () => (saved = await updateItem("tasks", task, { status })), `${task.title}: ${status === "done" ? "done" : t("open again")}.`, async () => {
    await updateItem("tasks", saved, { status: task.status });
  }, again);
}

/** @param {Item} row */
const isLate = (row) => row.status === "open" && row.due_at && Date.parse(row.due_at) < Date.now();

/** @param {Item} row */
const due = (row) => (row.due_at ? html`<time datetime=${row.due_at} title=${inFull(row.due_at)} class=${isLate(row) ? "bad" : ""}>${isLate(row) ? "late: " : ""}${ago(row.due_at)}</time>` : "");

/** @type {import("../work/list-page.js").Spec} */
export const tasks = {
  noun: "tasks",
  title: t("Tasks"),
  one: "task",
  sort: "due_at",
  empty: t("What is to be done for a contact, or for nobody in particular. d marks the chosen one as done."),
  filters: [
    { key: "assigned_to", label: t("Whose"), get start() { return me.peek()?.user_id ? "me" : ""; }, options: () => [["", t("The team's")], ...(me.value?.user_id ? [/** @type {[string, string]} */ (["me", t("Mine")])] : []), ["none", t("Nobody's")]] },
    { key: "status", label: t("Status"), start: "open", options: () => [["open", t("Open")], ["done", t("Done")], ["", t("Open and done")]] },
  ],
  columns: [
    { key: "title", label: t("What"), sort: "title", width: "minmax(200px, 2fr)", cell: (row) => (row.status === "done" ? html`<s>${row.title}</s>` : row.title) },
    { key: "due_at", label: t("Due"), sort: "due_at", cell: due },
    { key: "contact", label: t("Contact"), cell: (row) => html`<${NameOf} noun="contacts" id=${row.contact_id} />` },
    { key: "assigned_to", label: t("Who"), sort: "assigned_to", cell: (row) => (row.assigned_to ? personName(row.assigned_to) : "") },
    { key: "status", label: t("Status"), sort: "status", width: "minmax(80px, .5fr)", cell: (row) => (row.status === "done" ? t("Done") : t("Open")) },
  ],
  card: (row) => html`<p>${row.title}</p><p>${due(row)}</p><p class="quiet-text">${row.assigned_to ? personName(row.assigned_to) : ""}</p>`,
  fields: () => [
    { key: "title", label: t("What"), required: true },
    { key: "due_at", label: t("Until"), type: "time" },
    { key: "contact_id", label: t("Contact"), type: "contacts" },
    { key: "assigned_to", label: t("Who"), type: "user", start: me.peek()?.user_id ?? "" },
    { key: "status", label: t("Status"), type: "select", start: "open", options: [{ value: "open", text: t("Open") }, { value: "done", text: t("Done") }] },
    { key: "notes", label: t("Notes"), type: "textarea" },
  ],
  onKey: (pressed, row, again) => {
    if (!row || !may("edit") || !["d", " "].includes(pressed)) return false;
    toggle(row, again);
    return true;
  },
};
