// @ts-check
// The lower half of the card: everything else that is on the record, and the way to add
// what is not. Members of the record that this file does not know are shown as they are.

import { Fragment, html, signal, useLayoutEffect, useRef } from "../dom.js";
import { adding, edit, freshField } from "../state/card.js";
import { CHOICES, departmentName, departments, loadChoices, sources } from "../state/choices.js";
import { customLabel, definitions } from "../state/definitions.js";
import { may, seesAll } from "../state/me.js";
import { actorName, queueName } from "../state/people.js";
import { ago, dayText, inFull } from "../text/time.js";
import { countryName, label as labelOf, languageName, valueText } from "../text/words.js";
import { AddressField, CustomField, EmailField, NewCustomField, OwnerField, PhoneField, TextField } from "./fields.js";
import { Hint } from "./hint.js";
import { ChannelField, ChoiceField, ProfileField } from "./more-fields.js";
import { Icon } from "./icons.js";
import { say, t } from "../text/say.js";

/** @typedef {import("../api.js").Contact} Contact */

/**
 * Members of the record that are text or chosen, in the order of the card.
 * @type {{path: string, label: string, type?: "date"|"textarea", show?: (value: any) => any, list?: () => string[], isChosen?: boolean, none?: string}[]}
 */
const TEXTS = [
  { path: "suffix", label: t("Name suffix") },
  { path: "department", label: t("Department") },
  { path: "role", label: t("Buying role") },
  { path: "birthday", label: t("Birthday"), show: dayText },
  { path: "country", label: t("Country"), isChosen: true, show: countryName },
  { path: "language", label: t("Language"), isChosen: true, show: languageName },
  { path: "timezone", label: t("Time zone"), isChosen: true, show: (zone) => zone.replaceAll("_", " ") },
  { path: "preferred_channel", label: t("Prefers"), isChosen: true, show: labelOf },
  { path: "opt_in", label: t("Marketing"), isChosen: true, none: t("Nothing is known"), show: (value) => (String(value) === "true" ? t("Opted in") : t("Opted out")) },
  { path: "assigned_to", label: t("Owner") },
  { path: "assigned_queue", label: t("Queue"), isChosen: true, none: t("None"), show: queueName },
  { path: "visibility", label: t("Seen by"), isChosen: true, none: t("Everybody"), show: (value) => CHOICES.visibility().find(([one]) => one === value)?.[1] ?? labelOf(value) },
  { path: "org_department_id", label: t("Our department"), isChosen: true, none: t("None"), show: departmentName },
  { path: "source", label: t("Source"), show: labelOf, list: () => sources.value },
  { path: "first_channel", label: t("First channel"), isChosen: true, show: labelOf },
  { path: "external_crm_provider", label: "CRM" },
  { path: "external_crm_id", label: t("CRM id") },
];

/** What is as it is for almost everybody says nothing. @type {Record<string, unknown>} */
const USUAL = { visibility: "all" };

/** Whether a record has something worth a line. @param {Contact} contact @param {string} path */
const hasMember = (contact, path) => ![null, undefined, "", USUAL[path]].includes(contact[path]);

/** A member of the record by its kind. @param {{contact: Contact, one: typeof TEXTS[0]}} props */
function Member({ contact, one }) {
  const { path, label } = one;
  if (path === "assigned_to") return html`<${OwnerField} contact=${contact} />`;
  if (one.isChosen) {
    const to = path === "opt_in" ? (/** @type {string} */ text) => (text === "" ? null : text === "true") : path === "visibility" ? (/** @type {string} */ text) => text || "all" : undefined;
    return html`<${ChoiceField} contact=${contact} path=${path} label=${label} options=${CHOICES[path]()} none=${one.none} say=${(/** @type {any} */ value) => (value === "" || value === null ? "" : (one.show ?? String)(value))} to=${to} />`;
  }
  return html`<${TextField} contact=${contact} path=${path} label=${label} type=${path === "birthday" && (!contact.birthday || FULL_DATE.test(contact.birthday)) ? "date" : undefined}
    list=${one.list?.()} show=${one.show && contact[path] ? one.show(contact[path]) : undefined} />`;
}

/** Shown elsewhere on the card, or of no use to a person. */
const ELSEWHERE = new Set([
  ...TEXTS.map((one) => one.path), "id", "version", "display_name", "name", "first_name", "last_name", "phones",
  "emails", "addresses", "lifecycle", "email_state", "email_opt_out", "consent", "lists", "counts", "may_call", "may_email", "phone", "mobile", "email", "company", "company_id", "title", "tags", "custom_fields",
  "notes", "status", "do_not_contact", "blocked", "visibility", "opt_in", "social_profiles", "channels", "created_at",
  "updated_at", "created_by", "updated_by", "created_by_user_id", "updated_by_user_id", "assigned_queue", "match", "duplicates", "seq", "url", "last_activity_at", "deleted_at", "org_department_id",
]);

const FULL_DATE = /^\d{4}-\d\d-\d\d$/;
const TIME = /^\d{4}-\d\d-\d\dT/;

/** @param {unknown} value */
function readOnly(value) {
  if (typeof value === "string" && TIME.test(value)) return html`<time datetime=${value} title=${inFull(value)}>${ago(value)}</time>`;
  return valueText(value);
}

/** @param {{label: string, value: any}} props */
const Fact = ({ label, value }) => html`<div class="field fixed"><dt>${label}</dt><dd><span class="value">${value}</span></dd></div>`;

/** Facts that cannot be edited here, as label and value. @param {Contact} contact @returns {[string, any][]} */
function fixedFacts(contact) {
  const rest = Object.entries(contact).filter(([key, value]) => !ELSEWHERE.has(key) && value && typeof value !== "object");
  return [
    ...(contact.email_opt_out ? [[t("E-mail"), t("Opted out of e-mail")]] : []),
    ...rest.map(([key, value]) => [labelOf(key.replace(/_at$/, "")), readOnly(key === "country" ? countryName(value) : value)]),
  ];
}

/** The custom fields that a record has, as they are defined and then the others. @param {Contact} contact */
function customNames(contact) {
  const has = (/** @type {string} */ name) => ![null, undefined, ""].includes(contact.custom_fields?.[name]);
  const defined = definitions.value.map((one) => one.key);
  return [...defined, ...Object.keys(contact.custom_fields ?? {}).filter((name) => !defined.includes(name))].filter(has);
}

const FOLDED = "ringdex.own-fields";
/** Whether the own fields are unfolded, in this browser. */
const ownOpen = signal(readFolded());

function readFolded() {
  try {
    return localStorage.getItem(FOLDED) !== "folded";
  } catch {
    return true;
  }
}

/** @param {boolean} isOpen */
function foldOwn(isOpen) {
  ownOpen.value = isOpen;
  try {
    if (isOpen) localStorage.removeItem(FOLDED);
    else localStorage.setItem(FOLDED, "folded");
  } catch {
    // It lasts until the page is closed.
  }
}

/** @param {{contact: Contact}} props */
export function Details({ contact }) {
  const custom = customNames(contact);
  useLayoutEffect(() => {
    if (may("edit")) loadChoices();
  }, []);
  const rows = [
    ...(contact.channels ?? []).map((/** @type {any} */ _, /** @type {number} */ index) => html`<${ChannelField} key=${`channel-${index}`} contact=${contact} index=${index} />`),
    ...Object.keys(contact.social_profiles ?? {}).map((site) => html`<${ProfileField} key=${`site-${site}`} contact=${contact} site=${site} />`),
    ...TEXTS.filter(({ path }) => hasMember(contact, path)).map((one) => html`<${Member} key=${one.path} contact=${contact} one=${one} />`),
    ...fixedFacts(contact).map(([label, value]) => html`<${Fact} key=${`fixed-${label}`} label=${label} value=${value} />`),
  ];
  return html`<${Fragment}>
    ${rows.length ? html`<section aria-label=${t("Details")}><dl class="facts">${rows}</dl></section>` : null}
    ${custom.length
      ? html`<section aria-label=${t("Own fields")}><details open=${ownOpen.value} onToggle=${(/** @type {any} */ event) => foldOwn(event.target.open)}><summary class="quiet-text">${t("Own fields")}</summary>
          <dl class="facts">${custom.map((name) => html`<${CustomField} key=${name} contact=${contact} name=${name} />`)}</dl></details></section>`
      : null}
    ${contact.notes
      ? html`<section aria-label=${t("Notes")}><dl class="facts notes"><${TextField} contact=${contact} path="notes" label=${t("Notes")} type="textarea" /></dl></section>`
      : null}
  <//>`;
}

/** @param {Contact} contact */
function addable(contact) {
  return [
    { path: `phones/${contact.phones?.length ?? 0}`, label: t("Phone") },
    { path: `emails/${contact.emails?.length ?? 0}`, label: t("E-mail") },
    { path: `addresses/${contact.addresses?.length ?? 0}`, label: t("Address") },
    { path: "company", label: t("Company") },
    { path: "title", label: t("Title") },
    { path: "notes", label: t("Notes") },
    ...TEXTS.filter(({ path }) => path !== "assigned_queue" || CHOICES.assigned_queue().length).filter(({ path }) => path !== "org_department_id" || departments.value.length),
    { path: `channels/${contact.channels?.length ?? 0}`, label: t("Channel") },
    { path: "social_profiles", label: t("Profile") },
    ...definitions.value.filter(({ key }) => !customNames(contact).includes(key)).map(({ key }) => ({ path: `custom_fields/${key}`, label: customLabel(key) })),
    { path: "custom_fields", label: t("Own field") },
  ].filter(({ path }) => (!hasMember(contact, path) || ["custom_fields", "social_profiles"].includes(path)) && seesAll(path.split("/")[0]));
}

/** The editor of a field that the record does not have yet. @param {{contact: Contact, path: string}} props */
function NewField({ contact, path }) {
  const [kind, index] = path.split(/\/(.*)/s);
  if (kind === "phones") return html`<${PhoneField} contact=${contact} index=${Number(index)} />`;
  if (kind === "emails") return html`<${EmailField} contact=${contact} index=${Number(index)} />`;
  if (kind === "addresses") return html`<${AddressField} contact=${contact} index=${Number(index)} />`;
  if (kind === "custom_fields") return index ? html`<${CustomField} contact=${contact} name=${index} />` : html`<${NewCustomField} contact=${contact} />`;
  if (kind === "channels") return html`<${ChannelField} contact=${contact} index=${Number(index)} />`;
  if (kind === "social_profiles") return html`<${ProfileField} contact=${contact} />`;
  const member = TEXTS.find((one) => one.path === path);
  if (member) return html`<${Member} contact=${contact} one=${member} />`;
  const text = addable(contact).find((one) => one.path === path);
  const type = path === "notes" ? "textarea" : undefined;
  return html`<${TextField} contact=${contact} path=${path} label=${text?.label ?? labelOf(path)} type=${type} />`;
}

/** @param {{contact: Contact}} props */
export function AddField({ contact }) {
  const choices = useRef(/** @type {HTMLElement|null} */ (null));
  useLayoutEffect(() => {
    if (adding.value) loadChoices();
    if (adding.value) /** @type {HTMLElement|null} */ (choices.current?.querySelector("button"))?.focus();
  }, [adding.value]);
  if (!may("edit")) return null;
  const options = addable(contact);
  const wanted = freshField.value?.id === contact.id ? freshField.value.path : null;
  const fresh = options.some((one) => one.path === wanted) ? wanted : null;
  return html`<section aria-label=${t("Add")} class="add-field">
    ${fresh ? html`<dl class="facts fresh"><${NewField} key=${fresh} contact=${contact} path=${fresh} /></dl>` : null}
    ${adding.value
      ? html`<div class="choices" role="group" aria-label=${t("Add a field")} ref=${choices}>
          ${options.map(({ path, label }) => html`<button type="button" class="tag add" onClick=${() => edit(path)}><${Icon} name="plus" />${label}</button>`)}
        </div>`
      : html`<button type="button" class="link" onClick=${() => (adding.value = true)}><${Icon} name="plus" />${t("Add a field")}<${Hint} keys="a" /></button>`}
  </section>`;
}

/** Where the record comes from in time. @param {{contact: Contact}} props */
export function Foot({ contact }) {
  const time = (/** @type {string} */ value) => html`<time datetime=${value} title=${inFull(value)}>${ago(value)}</time>`;
  const by = (/** @type {string|null|undefined} */ who) => (who && actorName(who) ? t(" by {0}", actorName(who)) : "");
  return html`<footer class="foot">
    <span>${say("Changed {0}{1}", time(contact.updated_at), by(contact.updated_by))}</span><span>${say("Created {0}{1}", time(contact.created_at), by(contact.created_by))}</span>
    <span class="num">${say("Version {0}", contact.version)}</span>
  </footer>`;
}
