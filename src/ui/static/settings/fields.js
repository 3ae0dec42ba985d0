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
import { plural } from "../text/words.js";
import { act, complain, listItems } from "../state/items.js";
import { RecordForm } from "../work/form.js";
import { typeName, TYPES } from "../work/field-types.js";
import { Nothing, Sheet } from "../work/sheet.js";
import { say, t } from "../text/say.js";

/** @typedef {import("../state/items.js").Item} Item */

/** @type {[string, string][]} */
const SEEN = [["everybody", t("Everybody")], ["manager", t("Managers and admins")], ["admin", t("Admins")]];

/** @param {Item} field */
const seenBy = (field) => (field.visible_to.includes("agent") ? "everybody" : field.visible_to.includes("manager") ? "manager" : "admin");

/** @param {{field: Item|null, again: () => void}} props */
function FieldSheet({ field, again }) {
  const [misfit, setMisfit] = useState(/** @type {{body: any, text: string}|null} */ (null));
  const close = () => goMore({ open: "" });
  const fields = /** @type {import("../work/form.js").FormField[]} */ ([
    { key: "label", label: t("Label"), required: true, hint: t("What people read") },
    ...(field ? [] : [{ key: "key", label: t("Key"), hint: t("What programs read; made of the label if empty, and never changed") }]),
    { key: "type", label: t("Type"), type: "select", start: "short_text", options: TYPES.map(([value, text]) => ({ value, text })) },
    { key: "options", label: t("Options"), type: "words", hint: t("Of a choice, in order, with commas between") },
    { key: "required", label: t("Required"), type: "yes", hint: t("Whether every new contact needs a value") },
    { key: "visible_to", label: t("Seen by"), type: "select", start: "everybody", options: SEEN.map(([value, text]) => ({ value, text })) },
    ...(field ? [{ key: "archived", label: t("Put away"), type: "yes", hint: t("Shown to nobody; its values are kept") }] : []),
  ]);
  const done = () => { void loadDefinitions({ again: true }); again(); };
  const change = async (/** @type {any} */ body) => {
    const { body: answer } = await request("PATCH", `/api/v1/custom-fields/${field?.id}`, { body, type: "application/merge-patch+json", headers: { "If-Match": `"${field?.version}"` } });
    setMisfit(null);
    toast(t("The field “{0}” is changed.", field?.label));
    if (answer.job) void watch(answer.job, t("Changing a field")).then(done, complain);
    done();
  };
  const save = async (/** @type {any} */ body) => {
    if (!field) {
      const made = (await request("POST", "/api/v1/custom-fields", { body })).body;
      toast(t("The field “{0}” is there.", made.label));
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
    const text = t("The field “{0}” and its values are deleted.", field?.label);
    if (await act(() => request("DELETE", `/api/v1/custom-fields/${field?.id}`, { params: { confirm: true } }), text)) { close(); done(); }
  };
  const [asks, setAsks] = useState(false);
  return html`<${Sheet} title=${field ? field.label : t("New field")} onClose=${close}>
    <${RecordForm} key=${field?.id ?? "new"} name=${t("Field")} fields=${fields} item=${field ? { ...field, visible_to: seenBy(field) } : undefined} save=${field ? t("Save") : t("Make the field")} onSave=${save} onClose=${close} />
    ${misfit ? html`<div class="conflict" role="alert" data-test="misfit"><p>${misfit.text}</p><div class="choose"><button type="button" class="button" onClick=${() => change({ ...misfit.body, on_misfit: "keep" }).catch(complain)}>${t("Leave those values")}</button>
      <button type="button" class="button danger" onClick=${() => change({ ...misfit.body, on_misfit: "clear" }).catch(complain)}>${t("Remove those values")}</button></div></div>` : null}
    ${field ? html`<p class="quiet-text">${say("Key: {0}{1}{2}", field.key, field.usage === null || field.usage === undefined ? "" : t(", used by {0}", plural(field.usage, "contact")), field.declared ? "" : t(", made by using it"))}</p>
    <p>${asks ? html`<button type="button" class="button danger" onClick=${remove} data-test="really-delete">${say("Delete the field and {0} for good", plural(field.usage ?? 0, "value"))}</button>`
      : html`<button type="button" class="button danger" onClick=${() => setAsks(true)}><${Icon} name="trash" />${t("Delete…")}</button>`}</p>` : null}
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
    void act(() => put(next), t("The order is saved."), () => put(before), () => { void loadDefinitions({ again: true }); again(); });
  };
  const field = items?.find((one) => one.id === open) ?? null;
  return html`<section class="page-main" aria-label=${t("Custom fields")} data-test="fields"><div class="page-head"><h1>${t("Custom fields")}</h1><span class="count" role="status">${items ? plural(items.length, "field") : ""}</span>
      <span class="push"><button type="button" class="button main" onClick=${() => goMore({ open: "new" })} data-test="new-item"><${Icon} name="plus" />${t("New field")}</button></span></div>
    ${items && !items.length ? html`<${Nothing} title=${t("No fields yet")}><p>${t("Fields of your own stand on every contact: a contract value, a renewal date, a plan.")}</p><//>`
      : html`<div class="scroll" role="region" tabindex="0" aria-label=${t("All fields")}><ol class="lines">${(items ?? []).map((one, at) => html`<li key=${one.id} draggable="true" data-test="field" onDragStart=${(/** @type {DragEvent} */ event) => event.dataTransfer?.setData("text/plain", one.key)}
        onDragOver=${(/** @type {Event} */ event) => event.preventDefault()} onDrop=${(/** @type {DragEvent} */ event) => { event.preventDefault(); const key = event.dataTransfer?.getData("text/plain"); if (key) move(key, at); }}>
        <span><button type="button" class="link" onClick=${() => goMore({ open: one.id })}>${one.label}</button> <span class="quiet-text">${typeName(one.type)}${one.required ? t(" · required") : ""}${one.archived ? t(" · put away") : ""}${seenBy(one) === "everybody" ? "" : t(" · {0} only", SEEN.find(([value]) => value === seenBy(one))?.[1].toLowerCase())}${one.options.length ? ` · ${one.options.join(", ")}` : ""}</span></span>
        <span class="num quiet-text">${one.usage ?? ""}</span>
        <button type="button" class="quiet" aria-label=${t("{0}: up", one.label)} disabled=${at === 0} onClick=${() => move(one.key, at - 1)}><${Icon} name="up" /></button>
        <button type="button" class="quiet" aria-label=${t("{0}: down", one.label)} disabled=${at === (items?.length ?? 0) - 1} onClick=${() => move(one.key, at + 1)}><${Icon} name="down" /></button></li>`)}</ol></div>`}
    </section>
    ${open === "new" || field ? html`<${FieldSheet} key=${open} field=${open === "new" ? null : field} again=${again} />` : null}`;
}
