// @ts-check
// The kinds of facts a card has, each told to `Field` by its inputs, its patch and its text.

import { html } from "../dom.js";
import { call, copy } from "../state/card.js";
import { customInput, customLabel, customText, customValue, definitionOf, shownCustom } from "../state/definitions.js";
import { isMasked, seesAll } from "../state/me.js";
import { people, personName } from "../state/people.js";
import { markedPhone } from "../text/marks.js";
import { phoneText, telHref } from "../text/phone.js";
import { countryName, label as labelOf, mayCall, statusName, STATUSES } from "../text/words.js";
import { Field } from "./field.js";
import { Icon } from "./icons.js";
import { t } from "../text/say.js";

/** @typedef {import("../api.js").Contact} Contact */

/** @param {string} value */
const orNull = (value) => value.trim() || null;

/**
 * A single text value at the top level of the record.
 * @param {{contact: Contact, path: string, label: string, type?: "text"|"date"|"textarea", show?: any,
 *   list?: string[], inline?: boolean, after?: any}} props
 */
export function TextField({ contact, path, label, type, show, list, inline, after }) {
  return html`<${Field} id=${contact.id} path=${path} label=${label} inline=${inline} after=${after}
    inputs=${[{ key: path, label, type, list }]} values=${{ [path]: contact[path] ?? "" }}
    patch=${(/** @type {any} */ values) => ({ [path]: orNull(values[path]) })}
    text=${(/** @type {Contact} */ one) => one[path] ?? ""} show=${show ?? contact[path] ?? ""} />`;
}

/** First and last name, or the whole when the record has no parts. @param {{contact: Contact}} props */
export function NameField({ contact }) {
  const whole = !contact.first_name && !contact.last_name;
  const inputs = whole
    ? [{ key: "name", label: t("Name") }]
    : [{ key: "first_name", label: t("First name") }, { key: "last_name", label: t("Last name") }];
  const values = whole
    ? { name: contact.display_name }
    : { first_name: contact.first_name ?? "", last_name: contact.last_name ?? "" };
  return html`<${Field} id=${contact.id} path="name" label=${t("Name")} inline asks join=" " inputs=${inputs} values=${values}
    pointer=${whole ? "name" : ""}
    patch=${(/** @type {any} */ wanted) => Object.fromEntries(Object.entries(wanted).map(([key, value]) => [key, orNull(value)]))}
    text=${(/** @type {Contact} */ one) => (whole ? one.display_name : [one.first_name, one.last_name].filter(Boolean).join(" "))}
    show=${contact.display_name} />`;
}

/** The decision line; editing it sets the status. @param {{contact: Contact}} props */
export function StatusField({ contact }) {
  const { facts } = mayCall(contact);
  const now = contact.status ?? "active";
  const options = [...new Set([...STATUSES, now])].map((value) => ({ value, text: statusName(value) }));
  return html`<${Field} id=${contact.id} path="status" label=${t("Status")} inline inputs=${[{ key: "status", label: t("Status"), type: "select", options }]}
    values=${{ status: now }} patch=${(/** @type {any} */ values) => ({ status: values.status })}
    text=${(/** @type {Contact} */ one) => statusName(one.status ?? "active")}
    show=${facts.map((fact) => html`<span class=${`fact ${fact.tone}`} data-test="fact"><${Icon} name=${fact.icon} />${fact.text}</span>`)} />`;
}

/**
 * A list with one entry replaced, added or (when null) taken out.
 * @template T @param {T[]} list @param {number} index @param {T|null} entry
 */
function withEntry(list, index, entry) {
  const next = list.slice();
  if (entry === null) next.splice(index, 1);
  else next[index] = entry;
  return next;
}

export const PHONE_LABELS = ["mobile", "work", "home", "main", "fax", "other"];
const EMAIL_LABELS = ["work", "home", "other"];

/** @param {{contact: Contact, index: number, ranges?: [number, number][]}} props */
export function PhoneField({ contact, index, ranges }) {
  const phones = contact.phones ?? [];
  const phone = phones[index] ?? { number: "", label: "", primary: phones.length === 0 };
  const full = phone.number ?? phone.raw ?? "";
  const label = labelOf(phone.label || "phone");
  const patch = (/** @type {any} */ values) => {
    const number = values.number.trim();
    if (!number) return { phones: withEntry(phones, index, null) };
    const kept = number === full ? phone : { number, primary: phone.primary, extension: phone.extension };
    return { phones: withEntry(phones, index, { ...kept, label: orNull(values.label) }) };
  };
  const marked = ranges && phone.number ? markedPhone(phone.number, ranges) : phoneText(phone);
  return html`<${Field} id=${contact.id} path=${`phones/${index}`} label=${label}
    fixed=${!seesAll("phones")}
    inputs=${[{ key: "number", label: t("Number"), type: "tel" }, { key: "label", label: t("Kind"), list: PHONE_LABELS, width: "short" }]}
    values=${{ number: full, label: phone.label ?? "" }} patch=${patch}
    text=${(/** @type {Contact} */ one) => (one.phones ?? []).map(phoneText).join(", ")}
    show=${html`<span class="num">${marked}</span>`}
    after=${isMasked(full) ? html`<span class="note">${t("hidden in part")}</span>` : html`<span class="acts">
      ${mayCall(contact).may
        ? html`<a class="act" href=${telHref(phone)} aria-label=${t("Call {0}", phoneText(phone))} title=${t("Call")}
            onClick=${(/** @type {Event} */ event) => { event.preventDefault(); call(phone); }}><${Icon} name="call" /></a>`
        : html`<button type="button" class="act" aria-label=${t("Call {0}, asks first", phoneText(phone))} title=${t("Call, asks first")}
            onClick=${() => call(phone)}><${Icon} name="no-call" /></button>`}
      <button type="button" class="act" aria-label=${t("Copy {0}", full)} title=${t("Copy {0}", full)} onClick=${() => copy(full)}><${Icon} name="copy" /></button>
    </span>
    ${phone.primary && phones.length > 1 ? html`<span class="note">${t("main")}</span>` : null}`} />`;
}

/** @param {{contact: Contact, index: number}} props */
export function EmailField({ contact, index }) {
  const emails = contact.emails ?? [];
  const email = emails[index] ?? { address: "", label: "", primary: emails.length === 0 };
  const patch = (/** @type {any} */ values) => {
    const address = values.address.trim();
    const entry = address ? { ...email, address, label: orNull(values.label) } : null;
    return { emails: withEntry(emails, index, entry) };
  };
  return html`<${Field} id=${contact.id} path=${`emails/${index}`} label=${labelOf(email.label ? `${email.label} e-mail` : "e-mail")}
    fixed=${!seesAll("emails")}
    inputs=${[{ key: "address", label: t("E-mail"), type: "email" }, { key: "label", label: t("Kind"), list: EMAIL_LABELS, width: "short" }]}
    values=${{ address: email.address, label: email.label ?? "" }} patch=${patch}
    text=${(/** @type {Contact} */ one) => (one.emails ?? []).map((each) => each.address).join(", ")}
    show=${email.address}
    after=${isMasked(email.address) ? html`<span class="note">${t("hidden in part")}</span>` : html`<span class="acts">
      <a class="act" href=${`mailto:${email.address}`} aria-label=${t("Write to {0}", email.address)} title=${t("Write")}><${Icon} name="mail" /></a>
      <button type="button" class="act" aria-label=${t("Copy {0}", email.address)} title=${t("Copy")} onClick=${() => copy(email.address)}><${Icon} name="copy" /></button>
    </span>`} />`;
}

const ADDRESS = [
  { key: "street", label: t("Street") },
  { key: "postal_code", label: t("Postal code"), width: "short" },
  { key: "city", label: t("City") },
  { key: "region", label: t("Region"), width: "short" },
  { key: "country", label: t("Country"), width: "short" },
];

/** Countries that write the postal code after the region. */
const CODE_LAST = ["US", "CA", "AU"];

/** An address in one line, in the order of its country. @param {any} address */
function addressText({ street, postal_code: code, city, region, country }) {
  const words = (/** @type {any[]} */ ...parts) => parts.filter(Boolean).join(" ");
  const place = CODE_LAST.includes(country) ? [city, words(region, code)] : [words(code, city), region];
  return [street, ...place, /^[A-Z]{2}$/.test(country ?? "") ? countryName(country) : country].filter(Boolean).join(", ");
}

/** @param {{contact: Contact, index: number}} props */
export function AddressField({ contact, index }) {
  const addresses = contact.addresses ?? [];
  const address = /** @type {any} */ (addresses[index] ?? {});
  const patch = (/** @type {any} */ values) => {
    const parts = Object.fromEntries(ADDRESS.map(({ key }) => [key, orNull(values[key] ?? "")]));
    const empty = Object.values(parts).every((value) => value === null);
    return { addresses: withEntry(addresses, index, empty ? null : { ...address, ...parts }) };
  };
  return html`<${Field} id=${contact.id} path=${`addresses/${index}`} label=${labelOf(address.label ? `${address.label} address` : "address")}
    inputs=${ADDRESS} values=${Object.fromEntries(ADDRESS.map(({ key }) => [key, address[key] ?? ""]))} patch=${patch}
    text=${(/** @type {Contact} */ one) => (one.addresses ?? []).map(addressText).join("; ")} show=${addressText(address)} />`;
}

/** Whose contact it is: chosen among the people of the organisation. @param {{contact: Contact}} props */
export function OwnerField({ contact }) {
  const now = contact.assigned_to ?? "";
  const names = [...people.value].map(([value, text]) => ({ value, text }));
  const known = !now || people.value.has(now);
  const options = [{ value: "", text: t("Nobody") }, ...(known ? [] : [{ value: now, text: personName(now) }]), ...names];
  // Without the list of people the owner is what somebody types, as in an import.
  const input = names.length ? { key: "assigned_to", label: t("Owner"), type: "select", options } : { key: "assigned_to", label: t("Owner") };
  return html`<${Field} id=${contact.id} path="assigned_to" label=${t("Owner")} inputs=${[input]} values=${{ assigned_to: now }}
    patch=${(/** @type {any} */ values) => ({ assigned_to: orNull(values.assigned_to) })}
    text=${(/** @type {Contact} */ one) => personName(one.assigned_to ?? "")} show=${personName(now)} />`;
}

/** @param {{contact: Contact, name: string}} props */
export function CustomField({ contact, name }) {
  const value = contact.custom_fields?.[name];
  const definition = definitionOf(name);
  const label = customLabel(name);
  return html`<${Field} id=${contact.id} path=${`custom_fields/${name}`} label=${label}
    inputs=${[customInput(definition, label, value)]} values=${{ value: customText(definition, value) }}
    patch=${(/** @type {any} */ values) => ({ custom_fields: { [name]: customValue(definition, values.value, value) } })}
    text=${(/** @type {Contact} */ one) => shownCustom(definition, one.custom_fields?.[name])} show=${shownCustom(definition, value)} />`;
}

/** A custom field that nobody has defined yet. @param {{contact: Contact}} props */
export function NewCustomField({ contact }) {
  return html`<${Field} id=${contact.id} path="custom_fields" label=${t("Own field")}
    inputs=${[{ key: "name", label: t("Name of the field") }, { key: "value", label: t("Value") }]} values=${{ name: "", value: "" }}
    patch=${(/** @type {any} */ values) => ({ custom_fields: { [values.name.trim()]: customValue(undefined, values.value, null) } })}
    text=${() => ""} show="" />`;
}
