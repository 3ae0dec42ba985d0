// @ts-check
// What each column of a list is, and how the list is read.

import { html } from "../dom.js";
import { customLabel, definitions, loadDefinitions } from "../state/definitions.js";
import { act, createItem, deleteItem } from "../state/items.js";
import { may } from "../state/me.js";
import { countries } from "../text/places.js";
import { label as labelOf, plural } from "../text/words.js";
import { typeName } from "../work/field-types.js";
import { useItems } from "../work/list-page.js";
import { lower, say, t, told } from "../text/say.js";

/** @typedef {import("./api.js").Column} Column @typedef {import("./api.js").Trouble} Trouble */

const FIELDS = ["name", "salutation", "first_name", "middle_name", "last_name", "suffix", "phone", "mobile", "phones", "email", "emails", "company", "title", "department", "role", "street", "city", "region", "postal_code", "country",
  "birthday", "tags", "list", "notes", "status", "source", "assigned_to", "assigned_queue", "visibility", "language", "timezone", "preferred_channel", "do_not_contact", "may_contact", "opt_in", "opt_out", "email_opt_out", "external_crm_id", "external_crm_provider", "id"];
const DELIMITERS = ["comma", "semicolon", "tab", "pipe"];
const DUPLICATES = [["", t("as is usual here")], ["update", t("are updated")], ["skip", t("are left as they are")], ["create", t("become new contacts")], ["ask", t("are asked about")]];

/** @param {string} name */
const keyOf = (name) => name.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_|_$/g, "") || "field";

/** What a column is called in a mapping: by its place where its name does not tell it. @param {Column} column @param {Column[]} columns */
export const columnKey = ({ name, index }, columns) => (name && columns.filter((one) => one.name === name).length === 1 ? name : `#${index + 1}`);

/** @param {{templates: {id: string, name: string}[], chosen: string, onChoose: (id: string) => void}} props those that were made for a list with these columns come first */
export function Templates({ templates, chosen, onChoose }) {
  const { items } = useItems("import-templates", { per_page: 200 });
  const others = (items ?? []).filter((one) => !templates.some(({ id }) => id === one.id));
  if (!templates.length && !others.length) return null;
  const option = (/** @type {{id: string, name?: string}} */ one) => html`<option key=${one.id} value=${one.id} selected=${one.id === chosen}>${one.name}</option>`;
  return html`<div class="part"><div class="form-row"><label for="import-template">${t("Read it as")}</label><div><select id="import-template" class="editor" onChange=${(/** @type {any} */ event) => onChoose(event.target.value)} data-test="import-template">
      <option value="" selected=${!chosen}>${t("set by hand")}</option>
      ${templates.length ? html`<optgroup label=${t("Made for these columns")}>${templates.map(option)}</optgroup>` : null}
      ${others.length ? html`<optgroup label=${t("Other templates")}>${others.map(option)}</optgroup>` : null}</select>
      ${templates.length && !chosen ? html`<p class="note">${say("“{0}” was made for a list with these columns.", templates[0].name)}</p>` : null}</div></div></div>`;
}

/** @param {{options: Record<string, any>, onChange: (part: Record<string, any>) => void, isTable: boolean}} props */
export function Options({ options, onChange, isTable }) {
  const { items: lists } = useItems("lists", { kind: "static", per_page: 200 });
  const set = (/** @type {string} */ key) => (/** @type {any} */ event) => onChange({ [key]: event.target.value });
  const choice = (/** @type {string} */ key, /** @type {string} */ label, /** @type {(string[])[]} */ values) => html`<div class="form-row"><label for=${`import-${key}`}>${label}</label><div><select id=${`import-${key}`} class="editor" onChange=${set(key)} data-test=${`import-${key}`}>
    ${values.map(([value, text]) => html`<option value=${value} selected=${value === (options[key] ?? "")}>${text}</option>`)}</select></div></div>`;
  return html`<div class="part" role="group" aria-label=${t("How the list is read")}>
    ${choice("default_country", t("Country"), [["", t("that of the organisation")], ...countries()])}
    ${choice("on_duplicate", t("Known contacts"), DUPLICATES)}
    <div class="form-row"><label for="import-tags">${t("Tags for all")}</label><div><input id="import-tags" class="editor" value=${(options.tags ?? []).join(", ")} onChange=${(/** @type {any} */ event) => onChange({ tags: event.target.value.split(",").map((/** @type {string} */ one) => one.trim()).filter(Boolean) })} /></div></div>
    ${lists?.length ? html`<div class="form-row"><label for="import-list">${t("Onto a list")}</label><div><select id="import-list" class="editor" onChange=${(/** @type {any} */ event) => onChange({ list: event.target.value || null, list_mode: event.target.value ? "existing" : null })}>
      <option value="">${t("none")}</option>${lists.map((one) => html`<option value=${one.id} selected=${one.id === options.list}>${one.name}</option>`)}</select></div></div>` : null}
    <details><summary>${t("How it is written")}</summary>
      ${isTable ? choice("delimiter", t("Between columns"), [["", t("as found")], ...DELIMITERS.map((one) => [one, labelOf(one)])]) : null}
      ${choice("encoding", t("Letters"), [["", t("as found")], ["utf-8", "UTF-8"], ["windows-1252", t("Western (Windows)")], ["iso-8859-1", t("Western (ISO)")], ["utf-16le", "UTF-16"]])}
      <label class="check"><input type="checkbox" checked=${options.header !== false} onChange=${(/** @type {any} */ event) => onChange({ header: event.target.checked ? null : false })} />${t("The first row has the names of the columns")}</label>
      <label class="check"><input type="checkbox" checked=${options.strict === true} onChange=${(/** @type {any} */ event) => onChange({ strict: event.target.checked ? true : null })} />${t("Import nothing if one row does not fit")}</label>
    </details></div>`;
}

/** @param {{columns: Column[], options: Record<string, any>, problems: Trouble[], onChange: (part: Record<string, any>) => void}} props */
export function Mapping({ columns, options, problems, onChange }) {
  const mapping = options.mapping ?? {};
  const own = definitions.value.map((one) => `cf.${one.key}`);
  const map = (/** @type {Column} */ column, /** @type {string} */ target) => {
    const key = columnKey(column, columns);
    const { [key]: _, ...others } = mapping;
    onChange({ mapping: target ? { ...others, [key]: target } : others });
  };
  /** A field for a column is made at once, of the type that its values look like, so that the preview reads them as such. @param {Column} column @param {string} target */
  const make = async (column, target) => {
    const label = column.name || target.slice(3);
    const field = { key: target.slice(3), label, type: column.suggested_type ?? "short_text" };
    const again = () => loadDefinitions({ again: true });
    const isMade = await act(() => createItem("custom-fields", field), t("The field “{0}” is made: {1}.", label, lower(typeName(field.type))), async () => {
      map(column, "");
      await deleteItem("custom-fields", field.key);
    }, again);
    if (isMade) map(column, target);
  };
  return html`<table class="mapping" data-test="mapping"><thead><tr><th scope="col">${t("Column")}</th><th scope="col">${t("For example")}</th><th scope="col">${t("Goes to")}</th></tr></thead><tbody>
    ${columns.map((column) => {
      const decided = mapping[columnKey(column, columns)] ?? mapping[`#${column.index + 1}`];
      const target = decided ?? column.target ?? "";
      const fresh = `cf.${column.name ? keyOf(column.name) : `column_${column.index + 1}`}`;
      const bad = problems.filter((one) => one.column === column.name);
      const isOpen = column.not_imported && decided === undefined;
      return html`<tr key=${column.index}><th scope="row" class=${isOpen ? "undecided" : ""}>${column.name || t("Column {0}", column.index + 1)}</th><td class="quiet-text">${column.samples.join(" · ")}</td>
        <td><select class="editor" aria-label=${t("Where {0} goes", column.name || t("column {0}", column.index + 1))} onChange=${(/** @type {any} */ event) => (event.target.value === fresh && !own.includes(fresh) ? make(column, fresh) : map(column, event.target.value))} data-test=${`map-${column.name || column.index + 1}`}>
          <option value="" selected=${target === ""}>${t("not decided")}</option><option value="ignore" selected=${target === "ignore"}>${t("is not imported")}</option>
          ${!own.includes(fresh) && may("manage_fields") ? html`<option value=${fresh} selected=${target === fresh}>${column.suggested_type ? say("a new field: {0} ({1})", column.name || fresh.slice(3), lower(typeName(column.suggested_type))) : say("a new field: {0}", column.name || fresh.slice(3))}</option>` : null}
          <optgroup label=${t("Fields")}>${FIELDS.map((one) => html`<option value=${one} selected=${target === one}>${labelOf(one)}</option>`)}</optgroup>
          ${own.length ? html`<optgroup label=${t("Own fields")}>${own.map((one) => html`<option value=${one} selected=${target === one}>${customLabel(one.slice(3))}</option>`)}</optgroup>` : null}
          ${target && target !== "ignore" && target !== fresh && !FIELDS.includes(target) && !own.includes(target) ? html`<option value=${target} selected>${target}</option>` : null}</select>
          ${isOpen ? html`<p class="complaint">${column.why}</p>` : html`<p class="note">${column.why}</p>`}
          ${bad.length ? html`<p class="complaint">${plural(bad.length, "cell")}: “${bad[0].value}” ${told(bad[0].detail, bad[0].code)}</p>` : null}</td></tr>`;
    })}</tbody></table>`;
}
