// @ts-check
// Settings of the organisation as forms: each is typed by what is known of it, or by its value.

import { html, useEffect, useState } from "../dom.js";
import { request } from "../api.js";
import { countries, languages, zones } from "../text/places.js";
import { setLanguage } from "../text/locale.js";
import { label as labelOf } from "../text/words.js";
import { act, complain } from "../state/items.js";
import { RecordForm } from "../work/form.js";
import { Runs } from "../work/runs.js";
import { t } from "../text/say.js";

/** @typedef {import("../work/form.js").FormField} FormField */

/** @param {[string, string][]} pairs @param {string} [none] */
const choice = (pairs, none) => [...(none ? [{ value: "", text: none }] : []), ...pairs.map(([value, text]) => ({ value, text }))];

/** What is known of each setting. @type {Record<string, () => FormField>} */
const KNOWN = {
  default_country: () => ({ key: "default_country", label: t("Country"), type: "select", options: choice(countries(), t("None")), hint: t("Of numbers that are written without their country code") }),
  timezone: () => ({ key: "timezone", label: t("Time zone"), type: "select", options: choice(zones(), "UTC"), hint: t("In which days begin") }),
  language: () => ({ key: "language", label: t("Language"), type: "select", options: choice(languages(), t("That of the browser")), hint: t("Of the pages, dates and numbers") }),
  phone_validation: () => ({ key: "phone_validation", label: t("Numbers must be"), type: "select", options: choice([["shape", t("of the shape of a number")], ["possible", t("possible in their country")], ["valid", t("given out in their country")]]) }),
  phone_uniqueness: () => ({ key: "phone_uniqueness", label: t("A number twice"), type: "select", options: choice([["allow", t("is allowed")], ["warn", t("is told")], ["reject", t("is refused")]]) }),
  required_fields: () => ({ key: "required_fields", label: t("Must have"), list: ["minimal", "s1", "s2", "s4"], hint: t("What every contact needs: minimal is any one of name, company, phone, e-mail, channel") }),
  adhoc_custom_fields: () => ({ key: "adhoc_custom_fields", label: t("New fields"), type: "yes", hint: t("Whether a custom field is made by using it") }),
  strict_places: () => ({ key: "strict_places", label: t("Refuse places"), type: "yes", hint: t("Whether a country, language or time zone that is none is refused") }),
  auto_tag_country: () => ({ key: "auto_tag_country", label: t("Tag countries"), type: "yes", hint: t("Whether contacts are tagged with the country of their first number") }),
  import_max_rows: () => ({ key: "import_max_rows", label: t("Most rows"), type: "number", hint: t("Of a list that is uploaded; at most 100 million") }),
  import_max_mib: () => ({ key: "import_max_mib", label: t("Most MiB"), type: "number", hint: t("Of a list that is uploaded; the server may have a lower limit") }),
  import_on_duplicate: () => ({ key: "import_on_duplicate", label: t("Known contacts"), type: "select", options: choice([["update", t("are updated")], ["skip", t("are left as they are")], ["create", t("become new contacts")], ["ask", t("are asked about")]]), hint: t("Unless an import says otherwise") }),
  import_match_keys: () => ({ key: "import_match_keys", label: t("Told by"), type: "checks", options: choice([["external_crm_id", t("external id")], ["email", t("e-mail")], ["phone", t("phone")]]), hint: t("What a row and a contact must share to be the same; none is all of them") }),
  import_strict: () => ({ key: "import_strict", label: t("All or nothing"), type: "yes", hint: t("Whether one row that does not fit keeps the whole list out") }),
  do_not_contact_tag: () => ({ key: "do_not_contact_tag", label: t("Tag of do not call"), hint: t("Who has it must not be called") }),
  deal_stages: () => ({ key: "deal_stages", label: t("Stages of deals"), type: "words", hint: t("In their order, with commas between; empty for any") }),
  audit_reads: () => ({ key: "audit_reads", label: t("Log reads"), type: "yes", hint: t("Whether reads of whole contacts and exports go into the audit log") }),
};
const GENERAL = ["default_country", "timezone", "language", "phone_validation", "phone_uniqueness", "required_fields", "adhoc_custom_fields", "strict_places", "auto_tag_country"];
const PRIVATE = ["do_not_contact_tag", "audit_reads", "field_visibility"];
const IMPORTS = ["import_max_rows", "import_max_mib", "import_on_duplicate", "import_match_keys", "import_strict"];
/** Sections of their own. */
const ELSEWHERE = ["permissions", "duplicates", "retention"];

/** The field of a setting that nobody has described here. @param {string} key @param {unknown} value @returns {FormField} */
function typed(key, value) {
  const said = KNOWN[key]?.();
  if (said) return said;
  const label = labelOf(key);
  if (typeof value === "boolean") return { key, label, type: "yes" };
  if (typeof value === "number") return { key, label, type: "number" };
  if (isWords(value)) return { key, label, type: "words", hint: t("With commas between") };
  if (value && typeof value === "object") return { key, label, type: "textarea", hint: "JSON" };
  return { key, label };
}

/** @param {unknown} value */
const isWords = (value) => Array.isArray(value) && value.every((one) => typeof one === "string");

/** A value as its form has it, and back. @param {unknown} value */
const shown = (value) => (value && typeof value === "object" && !isWords(value) ? JSON.stringify(value, null, 2) : value);

/** @param {{title: string, keys: (settings: Record<string, any>) => string[], part?: string, children?: any}} props `part` is a setting whose members are meant */
function SettingsForm({ title, keys, part, children }) {
  const [all, setAll] = useState(/** @type {Record<string, any>|null} */ (null));
  const [version, setVersion] = useState(1);
  useEffect(() => void request("GET", "/api/v1/settings").then(({ body }) => setAll(body.settings), complain), []);
  if (!all) return html`<section class="page-main" aria-busy="true" aria-label=${title}></section>`;
  const of = part ? (all[part] ?? {}) : all;
  const names = keys(of);
  const put = async (/** @type {Record<string, any>} */ body) => {
    const { body: now } = await request("PATCH", "/api/v1/settings", { body: part ? { [part]: body } : body, type: "application/merge-patch+json" });
    setAll(now.settings);
    setVersion((before) => before + 1);
    if ("language" in body) setLanguage(now.settings.language);
  };
  const save = async (/** @type {Record<string, any>} */ body) => {
    const wanted = Object.fromEntries(Object.entries(body).map(([key, value]) => {
      if (!of[key] || typeof of[key] !== "object" || typeof value !== "string" || isWords(of[key])) return [key, value];
      try {
        return [key, JSON.parse(value)];
      } catch {
        return [key, value];
      }
    }));
    if (!Object.keys(wanted).length) return;
    const before = Object.fromEntries(Object.keys(wanted).map((key) => [key, of[key] ?? null]));
    // What is refused is shown at its field.
    await put(wanted);
    await act(async () => {}, t("{0}: saved.", title), () => put(before));
  };
  const item = { id: title, version, ...Object.fromEntries(names.map((key) => [key, shown(of[key])])) };
  return html`<section class="page-main" aria-label=${title} data-test="settings-form"><div class="page-head"><h1>${title}</h1></div><div class="scroll">
    ${names.length ? html`<${RecordForm} name=${title} fields=${names.map((key) => typed(key, of[key]))} item=${item} save=${t("Save")} onSave=${save} />` : html`<p class="quiet-text">${t("There is nothing more to set.")}</p>`}
    ${children}</div></section>`;
}

export const Organisation = () => html`<${SettingsForm} title=${t("Organisation")} keys=${() => GENERAL} />`;
export const Privacy = () => html`<${SettingsForm} title=${t("Privacy")} keys=${() => PRIVATE} />`;
export const Imports = () => html`<${SettingsForm} title=${t("Imports")} keys=${() => IMPORTS} />`;
/** What other parts of the server have to set. */
export const Others = () => html`<${SettingsForm} title=${t("More settings")} keys=${(/** @type {Record<string, any>} */ all) => Object.keys(all).filter((key) => ![...GENERAL, ...PRIVATE, ...IMPORTS, ...ELSEWHERE].includes(key))} />`;

/** How well duplicates are told, and the search for them. */
function Accuracy() {
  const [found, setFound] = useState(/** @type {any} */ (null));
  useEffect(() => void request("GET", "/api/v1/duplicates/accuracy").then(({ body }) => setFound(body), complain), []);
  const percent = (/** @type {number|null|undefined} */ part) => (part === null || part === undefined ? t("not known yet") : `${Math.round(part * 100)} %`);
  if (!found) return null;
  return html`<div class="part"><h2>${t("How well they are told")}</h2><dl class="figures"><div><dt>${t("Decided")}</dt><dd>${found.decided ?? 0}</dd></div><div><dt>${t("Accuracy")}</dt><dd>${percent(found.accuracy)}</dd></div><div><dt>${t("Precision")}</dt><dd>${percent(found.precision)}</dd></div><div><dt>${t("Recall")}</dt><dd>${percent(found.recall)}</dd></div></dl></div>`;
}

export const DuplicateSettings = () => html`<${SettingsForm} title=${t("Duplicates")} part="duplicates" keys=${(/** @type {Record<string, any>} */ of) => Object.keys(of)}><div class="part"><h2>${t("Comparing all contacts")}</h2><${Runs} /></div><${Accuracy} /><//>`;
