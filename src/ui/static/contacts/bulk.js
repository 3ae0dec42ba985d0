// @ts-check
// What is done with many contacts at once: first how many it would change, then a job, then a way
// back where there is one.

import { html, useEffect, useState } from "../dom.js";
import { listQueues, listUsers, Problem, request } from "../api.js";
import { Icon } from "../parts/icons.js";
import { watch } from "../state/jobs.js";
import { may, mayMerge } from "../state/me.js";
import { toast } from "../state/session.js";
import { offerUndo } from "../state/undo.js";
import { plural } from "../text/words.js";
import { complain, createItem, listItems, saidOf } from "../state/items.js";
import { MergeChosen } from "../work/merge.js";
import { Export } from "./export.js";
import { clear, count, isWhole, selected, selection } from "./state.js";
import { say, t, told } from "../text/say.js";
import { locale } from "../text/locale.js";

/** @typedef {import("./state.js").Asked} Asked @typedef {import("../state/items.js").Item} Item */

/** So many consents are recorded one by one. */
const MOST_CONSENTS = 500;
const MOST_MERGED = 50;

/** @param {Record<string, unknown>} select @param {any} action @param {any} [more] */
const ask = async (select, action, more) => (await request("POST", "/api/v1/contacts/bulk-actions", { body: { select, action, match: "loose", ...more } })).body;

/** Runs an action to its end and says what came of it. @param {Record<string, unknown>} select @param {any} action @param {string} text @param {number} [expected] */
async function run(select, action, text, expected) {
  const { job_id: id } = await ask(select, action, expected === undefined ? {} : { expect_total: expected });
  const job = await watch(id, text);
  if (job.state === "failed") throw new Problem(500, { detail: job.error ?? t("It did not work.") });
  return job;
}

/** Takes back what a job has changed, and says what stays as it is. @param {string} id */
async function takeBack(id) {
  const { body } = await request("POST", `/api/v1/jobs/${encodeURIComponent(id)}/undo`);
  const job = await watch(body.job_id ?? body.id, t("Taking back"));
  toast(t("Taken back{0}.", job.refused ? t(", but {0}: {1}", plural(job.refused, "contact"), job.refusals[0]?.detail ? told(job.refusals[0].detail, job.refusals[0].code) : t("changed since")) : ""), { bad: Boolean(job.refused) });
}

/** What is asked for before an action. @param {{kind: string, onAction: (action: any) => void}} props */
function Wanted({ kind, onAction }) {
  const [text, setText] = useState("");
  const [choices, setChoices] = useState(/** @type {[string, string][]} */ ([]));
  useEffect(() => {
    if (kind === "assign") listUsers().then((all) => setChoices([["", t("Nobody")], ...all.map((one) => /** @type {[string, string]} */ ([one.id, one.name]))]), complain);
    if (kind === "queue") listQueues().then((all) => setChoices(all.map((one) => /** @type {[string, string]} */ ([one.id, one.name]))), complain);
    if (kind === "visibility") setChoices([["all", t("Everybody")], ["queue", t("The queue")], ["owner", t("The owner")]]);
    if (kind === "list") listItems("lists", { kind: "static", per_page: 200 }).then((all) => setChoices([...all.items.map((one) => /** @type {[string, string]} */ ([one.id, one.name])), ["new", t("A new list…")]]), complain);
    if (kind === "tag" || kind === "untag") listItems("tags", { per_page: 200 }).then((all) => setChoices(all.items.map((one) => /** @type {[string, string]} */ ([one.tag, one.tag]))), complain);
  }, [kind]);
  const tags = text.split(",").map((one) => one.trim()).filter(Boolean);
  const change = (/** @type {string} */ value) => {
    setText(value);
    const words = value.split(",").map((one) => one.trim()).filter(Boolean);
    if (kind === "tag") onAction(words.length ? { type: "add_tags", tags: words } : null);
    if (kind === "untag") onAction(words.length ? { type: "remove_tags", tags: words } : null);
    if (kind === "assign") onAction({ type: "assign", to: value || null });
    if (kind === "queue") onAction(value ? { type: "assign_to_queue", queue: value } : null);
    if (kind === "visibility") onAction({ type: "set_visibility", visibility: value });
    if (kind === "list" || kind === "new-list") onAction(value ? { type: "list", list: value } : null);
  };
  if (kind === "tag" || kind === "untag") {
    return html`<input class="editor" type="text" list="bulk-tags" aria-label=${t("Tags")} placeholder=${t("Tags, with commas between")} value=${text} autocomplete="off"
      onInput=${(/** @type {any} */ event) => change(event.target.value)} ref=${(/** @type {any} */ box) => box && !text && document.activeElement === document.body && box.focus()} data-test="bulk-tags" />
      <datalist id="bulk-tags">${choices.map(([value]) => html`<option value=${[...tags.slice(0, -1), value].join(", ")}></option>`)}</datalist>`;
  }
  if (kind === "list" && text === "new") {
    return html`<input class="editor" type="text" aria-label=${t("Name of the new list")} placeholder=${t("Name of the new list")} onInput=${(/** @type {any} */ event) => onAction(event.target.value.trim() ? { type: "list", fresh: event.target.value.trim() } : null)} data-test="bulk-new-list" />`;
  }
  return html`<select class="editor" aria-label=${t("Choose")} onChange=${(/** @type {any} */ event) => change(event.target.value)} data-test="bulk-choice">
    <option value="" disabled selected=${text === ""}>${t("Choose…")}</option>${choices.map(([value, name]) => html`<option value=${value} selected=${value !== "" && value === text}>${name}</option>`)}</select>`;
}

/** @param {any} action @param {number} total */
function saidAction(action, total) {
  const whom = plural(total, "contact");
  const tags = (action.tags ?? []).join(", ");
  const said = /** @type {Record<string, string>} */ ({ add_tags: t("Tag {0} with {1}", whom, tags), remove_tags: t("Take {0} off {1}", tags, whom), assign: t("Change the owner of {0}", whom), assign_to_queue: t("Put {0} into the queue", whom),
    set_visibility: t("Change who sees {0}", whom), archive: t("Archive {0}", whom), unarchive: t("Take {0} out of the archive", whom), delete: t("Delete {0}", whom), restore: t("Restore {0}", whom), list: t("Put {0} on the list", whom),
    opted_in: t("Record that {0} agree", whom), opted_out: t("Record that {0} do not agree", whom) });
  return said[action.type];
}

/** One action with its trial. @param {{kind: string, asked: Asked, onDone: () => void, onClose: () => void}} props */
function Doing({ kind, asked, onDone, onClose }) {
  const isSet = ["archive", "unarchive", "delete", "restore", "opted_in", "opted_out"].includes(kind);
  const [action, setAction] = useState(/** @type {any} */ (isSet ? { type: kind } : null));
  const [trial, setTrial] = useState(/** @type {any} */ (null));
  const [problem, setProblem] = useState("");
  const [evidence, setEvidence] = useState("");
  const select = selection(asked);
  const isConsent = kind === "opted_in" || kind === "opted_out";
  const wanted = JSON.stringify([action, select]);
  useEffect(() => {
    let isLast = true;
    setTrial(null);
    setProblem("");
    if (!action || isConsent) return undefined;
    const tried = action.type === "list" ? (action.list ? request("PUT", `/api/v1/lists/${action.list}/members`, { body: { ...select, dry_run: true } }).then((answer) => answer.body) : Promise.resolve({ total: count(asked) })) : ask(select, action, { dry_run: true });
    tried.then((found) => isLast && setTrial(found), (error) => isLast && setProblem(error instanceof Problem ? saidOf(error) : String(error)));
    return () => {
      isLast = false;
    };
  }, [wanted]);
  const go = async () => {
    const rows = isWhole.peek() ? null : [...selected.peek().values()];
    const total = isConsent ? count(asked) : trial.total;
    const text = saidAction(action, total);
    onClose();
    try {
      if (action.type === "list") {
        const list = action.list ?? (await createItem("lists", { name: action.fresh, kind: "static" })).id;
        const { body } = await request("PUT", `/api/v1/lists/${list}/members`, { body: select });
        offerUndo(t("{0} put on the list.", plural(body.changed, "contact")), async () => {
          await request("DELETE", `/api/v1/lists/${list}/members`, { body: select });
          toast(t("Taken off the list."));
          onDone();
        });
      } else if (isConsent) {
        let done = 0;
        for (const row of rows ?? []) {
          await request("POST", `/api/v1/contacts/${row.id}/consents`, { body: { status: kind, source: "manual", ...(evidence.trim() ? { evidence: evidence.trim() } : {}) } });
          done += 1;
        }
        toast(t("Recorded for {0}.", plural(done, "contact")));
      } else {
        const job = await run(select, action, text, total);
        const said = t("{0} changed{1}.", plural(job.changed, "contact"), job.refused ? t(", {0} refused: {1}", job.refused, job.refusals[0]?.detail ? told(job.refusals[0].detail, job.refusals[0].code) : t("see Jobs")) : "");
        if (job.changed) offerUndo(said, () => takeBack(job.id).catch(complain).then(onDone));
        else toast(said);
      }
    } catch (error) {
      complain(error);
    }
    if (action.type === "delete" || action.type === "restore") clear();
    onDone();
  };
  const total = isConsent ? count(asked) : trial?.total;
  return html`<div class="bulk-line" data-test="doing">
    ${isSet ? null : html`<${Wanted} kind=${kind} onAction=${setAction} />`}
    ${isConsent ? html`<input class="editor" type="text" aria-label=${t("What proves it")} placeholder=${t("What proves it, for example: form of 3 May")} value=${evidence} onInput=${(/** @type {any} */ event) => setEvidence(event.target.value)} />` : null}
    ${problem ? html`<span class="bad" role="alert"><${Icon} name="info" />${problem}</span>` : null}
    ${action && total !== undefined && !problem ? html`<button type="button" class=${action.type === "delete" ? "button danger" : "button main"} onClick=${go} data-test="do-it">${saidAction(action, total)}</button>` : null}
    <button type="button" class="button" onClick=${onClose}>${t("Cancel")}</button>
    ${trial?.examples?.length ? html`<span class="quiet-text" role="status">${trial.examples.slice(0, 4).map((/** @type {any} */ one) => one.display_name).join(", ")}${trial.total > 4 ? t(" and {0} more", (trial.total - 4).toLocaleString(locale())) : ""}</span>` : null}
  </div>`;
}

/** @param {{asked: Asked, kind: string|null, setKind: (kind: string|null) => void, isTrash: boolean, onDone: () => void}} props */
export function Bulk({ asked, kind, setKind, isTrash, onDone }) {
  const total = count(asked);
  if (!total && kind !== "export") return null;
  const rows = [...selected.value.values()];
  const close = () => setKind(null);
  const actions = isTrash ? [["restore", t("Restore"), may("delete")]] : [
    ["tag", t("Tag"), may("edit")], ["untag", t("Untag"), may("edit")], ["assign", t("Owner"), may("edit")], ["queue", t("Queue"), may("edit")], ["visibility", t("Who sees them"), may("edit")], ["list", t("List"), may("edit")],
    ["opted_in", t("Opt in"), may("edit") && !isWhole.value && total <= MOST_CONSENTS], ["opted_out", t("Opt out"), may("edit") && !isWhole.value && total <= MOST_CONSENTS],
    ["archive", t("Archive"), may("edit")], ["unarchive", t("Unarchive"), may("edit") && /status:=?"?archived/.test(asked.q)],
    ["merge", t("Merge"), mayMerge() && !isWhole.value && total > 1 && total <= MOST_MERGED], ["export", t("Export"), may("export")], ["delete", t("Delete"), may("delete")],
  ];
  return html`<section class="bulk" aria-label=${t("With the selected contacts")} data-test="bulk" onKeyDown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === "Escape" && kind) { event.preventDefault(); event.stopPropagation(); close(); } }}>
    ${total ? html`<div class="bulk-line"><strong role="status" data-test="selected-count">${say("{0} selected", total.toLocaleString(locale()))}</strong>
      ${!isWhole.value && !isTrash && asked.total > total ? html`<button type="button" class="link" onClick=${() => (isWhole.value = true)} data-test="select-query">${say("Select all {0}", asked.total.toLocaleString(locale()))}</button>` : null}
      <button type="button" class="link" onClick=${() => { clear(); close(); }}>${t("Clear")}</button>
      ${actions.filter(([, , mayDo]) => mayDo).map(([key, name]) => html`<button type="button" key=${key} class="button" aria-pressed=${String(kind === key)} onClick=${() => setKind(kind === key ? null : /** @type {string} */ (key))} data-test=${`bulk-${key}`}>${name}</button>`)}</div>` : null}
    ${kind === "export" ? html`<${Export} asked=${asked} onClose=${close} />`
      : kind === "merge" && rows.length > 1 ? html`<${MergeChosen} members=${rows} onClose=${close} onDone=${() => { clear(); close(); onDone(); }} />`
      : kind && total ? html`<${Doing} key=${kind} kind=${kind} asked=${asked} onDone=${onDone} onClose=${close} />` : null}
  </section>`;
}
