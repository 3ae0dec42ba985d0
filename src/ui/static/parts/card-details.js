// @ts-check
// The lower half of the card: everything else that is on the record, and the way to add
// what is not. Members of the record that this file does not know are shown as they are.

import { Fragment, html, useLayoutEffect, useRef } from "../dom.js";
import { adding, edit, freshField } from "../state/card.js";
import { customLabel, definitions } from "../state/definitions.js";
import { may, seesAll } from "../state/me.js";
import { actorName, queueName } from "../state/people.js";
import { ago, dayText, inFull } from "../text/time.js";
import { countryName, label as labelOf, languageName, valueText } from "../text/words.js";
import { AddressField, CustomField, EmailField, NewCustomField, OwnerField, PhoneField, TextField } from "./fields.js";
import { Hint } from "./hint.js";
import { Icon } from "./icons.js";

/** @typedef {import("../api.js").Contact} Contact */

/** @returns {string[]} */
const zones = () => /** @type {any} */ (Intl).supportedValuesOf?.("timeZone") ?? [];

/**
 * Text members of the record, in the order of the card.
 * @type {{path: string, label: string, type?: "date"|"textarea", show?: (value: string) => any, list?: () => string[]}[]}
 */
const TEXTS = [
  { path: "department", label: "Department" },
  { path: "role", label: "Buying role" },
  { path: "birthday", label: "Birthday", show: dayText },
  { path: "language", label: "Language", show: languageName },
  { path: "timezone", label: "Time zone", show: (zone) => zone.replaceAll("_", " "), list: zones },
  { path: "preferred_channel", label: "Prefers", list: () => ["phone", "email", "sms", "whatsapp"] },
  { path: "assigned_to", label: "Owner" },
  { path: "source", label: "Source", show: labelOf },
  { path: "external_crm_provider", label: "CRM" },
  { path: "external_crm_id", label: "CRM id" },
];

/** Shown elsewhere on the card, or of no use to a person. */
const ELSEWHERE = new Set([
  ...TEXTS.map((one) => one.path), "id", "version", "display_name", "name", "first_name", "last_name", "phones",
  "emails", "addresses", "phone", "mobile", "email", "company", "company_id", "title", "tags", "custom_fields",
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
    ...(contact.channels ?? []).map((/** @type {any} */ one) => [labelOf(one.channel), one.identifier]),
    ...Object.entries(contact.social_profiles ?? {}).map(([site, profile]) => [labelOf(site), profile]),
    ...(contact.opt_in === null || contact.opt_in === undefined ? [] : [["Marketing", contact.opt_in ? "Opted in" : "Opted out"]]),
    ...(contact.visibility && contact.visibility !== "all" ? [["Visible to", labelOf(contact.visibility)]] : []),
    ...(contact.assigned_queue ? [["Queue", queueName(contact.assigned_queue)]] : []),
    ...rest.map(([key, value]) => [labelOf(key.replace(/_at$/, "")), readOnly(key === "country" ? countryName(value) : value)]),
  ];
}

/** The custom fields that a record has, as they are defined and then the others. @param {Contact} contact */
function customNames(contact) {
  const has = (/** @type {string} */ name) => ![null, undefined, ""].includes(contact.custom_fields?.[name]);
  const defined = definitions.value.map((one) => one.key);
  return [...defined, ...Object.keys(contact.custom_fields ?? {}).filter((name) => !defined.includes(name))].filter(has);
}

/** @param {{contact: Contact}} props */
export function Details({ contact }) {
  const custom = customNames(contact);
  const texts = TEXTS.filter(({ path }) => contact[path]);
  const rows = [
    ...texts.map((one) => one.path === "assigned_to" ? html`<${OwnerField} key=${one.path} contact=${contact} />` : html`<${TextField} key=${one.path} contact=${contact} path=${one.path} label=${one.label}
      type=${one.path === "birthday" && FULL_DATE.test(contact.birthday) ? "date" : undefined}
      list=${one.list?.()} show=${one.show ? one.show(contact[one.path]) : undefined} />`),
    ...fixedFacts(contact).map(([label, value]) => html`<${Fact} key=${`fixed-${label}`} label=${label} value=${value} />`),
  ];
  return html`<${Fragment}>
    ${rows.length ? html`<section aria-label="Details"><dl class="facts">${rows}</dl></section>` : null}
    ${custom.length
      ? html`<section aria-label="Own fields"><dl class="facts">${custom.map((name) => html`<${CustomField} key=${name} contact=${contact} name=${name} />`)}</dl></section>`
      : null}
    ${contact.notes
      ? html`<section aria-label="Notes"><dl class="facts notes"><${TextField} contact=${contact} path="notes" label="Notes" type="textarea" /></dl></section>`
      : null}
  <//>`;
}

/** @param {Contact} contact */
function addable(contact) {
  return [
    { path: `phones/${contact.phones?.length ?? 0}`, label: "Phone" },
    { path: `emails/${contact.emails?.length ?? 0}`, label: "E-mail" },
    { path: `addresses/${contact.addresses?.length ?? 0}`, label: "Address" },
    { path: "company", label: "Company" },
    { path: "title", label: "Title" },
    { path: "notes", label: "Notes" },
    ...TEXTS,
    ...definitions.value.filter(({ key }) => !customNames(contact).includes(key)).map(({ key }) => ({ path: `custom_fields/${key}`, label: customLabel(key) })),
    { path: "custom_fields", label: "Own field" },
  ].filter(({ path }) => (!contact[path] || path === "custom_fields") && seesAll(path.split("/")[0]));
}

/** The editor of a field that the record does not have yet. @param {{contact: Contact, path: string}} props */
function NewField({ contact, path }) {
  const [kind, index] = path.split(/\/(.*)/s);
  if (kind === "phones") return html`<${PhoneField} contact=${contact} index=${Number(index)} />`;
  if (kind === "emails") return html`<${EmailField} contact=${contact} index=${Number(index)} />`;
  if (kind === "addresses") return html`<${AddressField} contact=${contact} index=${Number(index)} />`;
  if (kind === "custom_fields") return index ? html`<${CustomField} contact=${contact} name=${index} />` : html`<${NewCustomField} contact=${contact} />`;
  if (kind === "assigned_to") return html`<${OwnerField} contact=${contact} />`;
  const text = addable(contact).find((one) => one.path === path);
  const type = path === "notes" ? "textarea" : path === "birthday" ? "date" : undefined;
  const list = TEXTS.find((one) => one.path === path)?.list?.();
  return html`<${TextField} contact=${contact} path=${path} label=${text?.label ?? labelOf(path)} type=${type} list=${list} />`;
}

/** @param {{contact: Contact}} props */
export function AddField({ contact }) {
  const choices = useRef(/** @type {HTMLElement|null} */ (null));
  useLayoutEffect(() => {
    if (adding.value) /** @type {HTMLElement|null} */ (choices.current?.querySelector("button"))?.focus();
  }, [adding.value]);
  if (!may("edit")) return null;
  const options = addable(contact);
  const wanted = freshField.value?.id === contact.id ? freshField.value.path : null;
  const fresh = options.some((one) => one.path === wanted) ? wanted : null;
  return html`<section aria-label="Add" class="add-field">
    ${fresh ? html`<dl class="facts fresh"><${NewField} key=${fresh} contact=${contact} path=${fresh} /></dl>` : null}
    ${adding.value
      ? html`<div class="choices" role="group" aria-label="Add a field" ref=${choices}>
          ${options.map(({ path, label }) => html`<button type="button" class="tag add" onClick=${() => edit(path)}><${Icon} name="plus" />${label}</button>`)}
        </div>`
      : html`<button type="button" class="link" onClick=${() => (adding.value = true)}><${Icon} name="plus" />Add a field<${Hint} keys="a" /></button>`}
  </section>`;
}

/** Where the record comes from in time. @param {{contact: Contact}} props */
export function Foot({ contact }) {
  const time = (/** @type {string} */ value) => html`<time datetime=${value} title=${inFull(value)}>${ago(value)}</time>`;
  const by = (/** @type {string|null|undefined} */ who) => (who && actorName(who) ? ` by ${actorName(who)}` : "");
  return html`<footer class="foot">
    <span>Changed ${time(contact.updated_at)}${by(contact.updated_by)}</span><span>Created ${time(contact.created_at)}${by(contact.created_by)}</span>
    <span class="num">Version ${contact.version}</span>
  </footer>`;
}
