// @ts-check
// Custom fields: their order, types, options and who sees them. A change that values do not fit is
// tried first.

import { html, useEffect, useState } from "../dom.js";
import { Problem, request } from "../api.js";
import { Icon } from "../parts/icons.js";
import { loadDefinitions } from "../state/definitions.js";
import { watch } from "../state/jobs.js";
import { toast } from "../state/session.js";
import { goMore, place } from "../state/url.js";
import { label as labelOf, plural } from "../text/words.js";
import { act, complain, listItems } from "../state/items.js";
import { RecordForm } from "../work/form.js";
import { Nothing, Sheet } from "../work/sheet.js";

/** @typedef {import("../state/items.js").Item} Item */

/** @type {[string, string][]} */
const TYPES = [["short_text", "A line of text"], ["long_text", "Several lines"], ["integer", "A whole number"], ["decimal", "A number"], ["date", "A date"], ["boolean", "Yes or no"], ["dropdown", "One of several options"], ["multi_select", "Several options"]];
const SEEN = [["everybody", "Everybody"], ["manager", "Managers and admins"], ["admin", "Admins"]];

/** @param {Item} field */
const seenBy = (field) => (field.visible_to.includes("agent") ? "everybody" : field.visible_to.includes("manager") ? "manager" : "admin");

/** @param {{field: Item|null, again: () => void}} props */
function FieldSheet({ field, again }) {
  const [misfit, setMisfit] = useState(/** @type {{body: any, text: string}|null} */ (null));
  const close = () => goMore({ open: "" });
  const fields = /** @type {import("../work/form.js").FormField[]} */ ([
    { key: "label", label: "Label", required: true, hint: "What people read" },
    ...(field ? [] : [{ key: "key", label: "Key", hint: "What programs read; made of the label if empty, and never changed" }]),
    { key: "type", label: "Type", type: "select", start: "short_text", options: TYPES.map(([value, text]) => ({ value, text })) },
    { key: "options", label: "Options", type: "words", hint: "Of a choice, in order, with commas between" },
    { key: "required", label: "Required", type: "yes", hint: "Whether every new contact needs a value" },
    { key: "visible_to", label: "Seen by", type: "select", start: "everybody", options: SEEN.map(([value, text]) => ({ value, text })) },
    ...(field ? [{ key: "archived", label: "Put away", type: "yes", hint: "Shown to nobody; its values are kept" }] : []),
  ]);
  const done = () => { void loadDefinitions({ again: true }); again(); };
  const change = async (/** @type {any} */ body) => {
    const { body: answer } = await request("PATCH", `/api/v1/custom-fields/${field?.id}`, { body, type: "application/merge-patch+json", headers: { "If-Match": `"${field?.version}"` } });
    setMisfit(null);
    toast(`The field “${field?.label}” is changed.`);
    if (answer.job) void watch(answer.job, "Changing a field").then(done, complain);
    done();
  };
  const save = async (/** @type {any} */ body) => {
    if (!field) {
      const made = (await request("POST", "/api/v1/custom-fields", { body })).body;
      toast(`The field “${made.label}” is there.`);
      done();
      goMore({ open: made.id }, { replace: true });
      return;
    }
    if (!Object.keys(body).length) return close();
    try {
      await change(body);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 409) throw error;
      const trial = error.body;
      setMisfit({ body, text: `${error.message} ${(trial.examples ?? []).slice(0, 3).map((/** @type {any} */ one) => one.value ?? one.display_name).filter(Boolean).join(", ")}` });
    }
  };
  const remove = async () => {
    const text = `The field “${field?.label}” and its values are deleted.`;
    if (await act(() => request("DELETE", `/api/v1/custom-fields/${field?.id}`, { params: { confirm: true } }), text)) { close(); done(); }
  };
  const [asks, setAsks] = useState(false);
  return html`<${Sheet} title=${field ? field.label : "New field"} onClose=${close}>
    <${RecordForm} key=${field?.id ?? "new"} name="Field" fields=${fields} item=${field ? { ...field, visible_to: seenBy(field) } : undefined} save=${field ? "Save" : "Make the field"} onSave=${save} onClose=${close} />
    ${misfit ? html`<div class="conflict" role="alert" data-test="misfit"><p>${misfit.text}</p><div class="choose"><button type="button" class="button" onClick=${() => change({ ...misfit.body, on_misfit: "keep" }).catch(complain)}>Leave those values</button>
      <button type="button" class="button danger" onClick=${() => change({ ...misfit.body, on_misfit: "clear" }).catch(complain)}>Remove those values</button></div></div>` : null}
    ${field ? html`<p class="quiet-text">Key: ${field.key}${field.usage === null || field.usage === undefined ? "" : `, used by ${plural(field.usage, "contact")}`}${field.declared ? "" : ", made by using it"}</p>
    <p>${asks ? html`<button type="button" class="button danger" onClick=${remove} data-test="really-delete">Delete the field and ${plural(field.usage ?? 0, "value")} for good</button>`
      : html`<button type="button" class="button danger" onClick=${() => setAsks(true)}><${Icon} name="trash" />Delete…</button>`}</p>` : null}
  <//>`;
}

export function Fields() {
  const [items, setItems] = useState(/** @type {Item[]|null} */ (null));
  const [attempt, setAttempt] = useState(0);
  const { open } = place.value.more;
  useEffect(() => void listItems("custom-fields", { usage: true, archived: true }).then((found) => setItems(found.items), complain), [attempt]);
  const again = () => setAttempt((now) => now + 1);
  const move = (/** @type {string} */ key, /** @type {number} */ to) => {
    const before = (items ?? []).map((one) => one.key);
    const next = before.filter((one) => one !== key);
    next.splice(to, 0, key);
    const put = (/** @type {string[]} */ order) => request("PUT", "/api/v1/custom-fields/order", { body: { order } });
    void act(() => put(next), "The order is saved.", () => put(before), () => { void loadDefinitions({ again: true }); again(); });
  };
  const field = items?.find((one) => one.id === open) ?? null;
  return html`<section class="page-main" aria-label="Custom fields" data-test="fields"><div class="page-head"><h1>Custom fields</h1><span class="count" role="status">${items ? plural(items.length, "field") : ""}</span>
      <span class="push"><button type="button" class="button main" onClick=${() => goMore({ open: "new" })} data-test="new-item"><${Icon} name="plus" />New field</button></span></div>
    ${items && !items.length ? html`<${Nothing} title="No fields yet"><p>Fields of your own stand on every contact: a contract value, a renewal date, a plan.</p><//>`
      : html`<div class="scroll" role="region" tabindex="0" aria-label="All fields"><ol class="lines">${(items ?? []).map((one, at) => html`<li key=${one.id} draggable="true" data-test="field" onDragStart=${(/** @type {DragEvent} */ event) => event.dataTransfer?.setData("text/plain", one.key)}
        onDragOver=${(/** @type {Event} */ event) => event.preventDefault()} onDrop=${(/** @type {DragEvent} */ event) => { event.preventDefault(); const key = event.dataTransfer?.getData("text/plain"); if (key) move(key, at); }}>
        <span><button type="button" class="link" onClick=${() => goMore({ open: one.id })}>${one.label}</button> <span class="quiet-text">${TYPES.find(([type]) => type === one.type)?.[1] ?? labelOf(one.type)}${one.required ? " · required" : ""}${one.archived ? " · put away" : ""}${seenBy(one) === "everybody" ? "" : ` · ${SEEN.find(([value]) => value === seenBy(one))?.[1].toLowerCase()} only`}${one.options.length ? ` · ${one.options.join(", ")}` : ""}</span></span>
        <span class="num quiet-text">${one.usage ?? ""}</span>
        <button type="button" class="quiet" aria-label=${`${one.label}: up`} disabled=${at === 0} onClick=${() => move(one.key, at - 1)}><${Icon} name="up" /></button>
        <button type="button" class="quiet" aria-label=${`${one.label}: down`} disabled=${at === (items?.length ?? 0) - 1} onClick=${() => move(one.key, at + 1)}><${Icon} name="down" /></button></li>`)}</ol></div>`}
    </section>
    ${open === "new" || field ? html`<${FieldSheet} key=${open} field=${open === "new" ? null : field} again=${again} />` : null}`;
}
