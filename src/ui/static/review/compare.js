// @ts-check
// Contacts side by side: a column each, a line for every field. Where they say different
// things the line is marked, and one of the values can be chosen.

import { html } from "../dom.js";
import { choose, plan } from "./state.js";
import { customLabel } from "../state/definitions.js";
import { personName, queueName } from "../state/people.js";
import { openContact } from "../state/url.js";
import { phoneText } from "../text/phone.js";
import { ago, dayText } from "../text/time.js";
import { countryName, label, languageName, mayCall, valueText } from "../text/words.js";
import { Icon } from "../parts/icons.js";
import { say, t } from "../text/say.js";

/** @typedef {import("../api.js").Contact} Contact */

/** Text of a value of a field. @param {string} field @param {any} value @returns {string} */
export function textOf(field, value) {
  if (value === null || value === undefined || value === "") return "";
  if (typeof value === "object" && !Array.isArray(value)) {
    if ("number" in value) return phoneText(value);
    // Fields that go together, as name and its parts, are told by the one that is read.
    if (value.display_name || field in value) return textOf(field, value.display_name ?? value[field]);
    if (value.address) return value.address;
    if (value.channel) return `${label(value.channel)}: ${value.identifier}`;
    const { street, postal_code, city, region, country } = value;
    return [street, [postal_code, city].filter(Boolean).join(" "), region, country && countryName(country)].filter(Boolean).join(", ") || valueText(value);
  }
  if (field === "birthday") return dayText(value);
  if (field === "assigned_to") return personName(value);
  if (field === "assigned_queue") return queueName(value);
  if (field === "language") return languageName(value);
  if (field === "country") return countryName(value);
  return /^\d{4}-\d\d-\d\dT/.test(value) ? ago(value) : valueText(value);
}

/** Of these fields one value stays, and it can be said which. */
const CHOSEN = ["name", "company", "title", "department", "role", "birthday", "country", "language", "timezone",
  "preferred_channel", "source", "assigned_to", "external_crm_id"];
const FIRST = ["name", "status", "company", "title", "phones", "emails", "addresses", "birthday", "tags"];
const LAST = ["notes", "created_at", "updated_at"];
const HIDDEN = new Set(["id", "version", "display_name", "first_name", "last_name", "phone", "mobile", "email", "company_id", "custom_fields", "suffix", "email_opt_out",
  "social_profiles", "created_by", "created_by_user_id", "updated_by", "updated_by_user_id", "do_not_contact", "blocked", "match", "duplicates", "seq", "url", "visibility", "org_department_id", "external_crm_provider", "merges", "merged_from",
  "consent", "counts", "lists", "may_call", "may_email", "email_state", "jurisdiction", "lifecycle", "lead_score_why", "last_call", "total_calls"]);
const LABELS = /** @type {Record<string, string>} */ ({ display_name: t("Name"), emails: t("E-mails"), created_at: t("Created"), updated_at: t("Changed"), external_crm_id: t("CRM id"), assigned_to: t("Owner") });

/** @param {string} field */
export const fieldName = (field) => (field.startsWith("custom_fields.") ? customLabel(field.slice(14)) : null) ?? LABELS[field] ?? label(field.split(/[./]/).slice(field.includes(".") ? 1 : 0)[0]);

/** @param {Contact} contact @param {string} field */
function valueAt(contact, field) {
  if (field === "name") return contact.display_name;
  if (field === "status") return mayCall(contact).facts.map((one) => one.text);
  const [whole, part] = field.split(/\.(.*)/s);
  return part ? contact[whole]?.[part] : contact[field];
}

/** @param {Contact} contact @param {string} field */
const texts = (contact, field) => [valueAt(contact, field)].flat().map((one) => textOf(field, one)).filter(Boolean);

/** The lines: which fields there are, what each contact says, and whose value stays. */
export function lines() {
  if (!plan.value) return [];
  const { group, members, primary, fields } = plan.value;
  const contacts = group.members.map((one) => one.contact);
  const names = new Set([...FIRST, ...contacts.flatMap((one) => [...Object.keys(one),
    ...["custom_fields", "social_profiles"].flatMap((whole) => Object.keys(one[whole] ?? {}).map((part) => `${whole}.${part}`))])].filter((one) => !HIDDEN.has(one) && !LAST.includes(one)));
  return [...names, ...LAST].map((field) => {
    const values = contacts.map((one) => texts(one, field));
    const differs = !field.endsWith("_at") && values.some((one) => String(one) !== String(values[0]));
    const isOne = CHOSEN.includes(field) || (field.includes(".") && !contacts.some((one) => Array.isArray(valueAt(one, field))));
    const first = [...members].sort((a, b) => Number(b.id === primary) - Number(a.id === primary));
    const winner = fields[field] ?? first.find((one) => texts(one.contact, field).length)?.id;
    return { field, values, differs, winner: differs && isOne ? winner : null };
  }).filter((one) => one.values.some((all) => all.some((text) => text !== "0")));
}

/** @param {{line: ReturnType<typeof lines>[number], isNow: boolean, onNow: () => void}} props */
function Line({ line, isNow, onNow }) {
  const { group, out, fields } = /** @type {NonNullable<typeof plan.value>} */ (plan.value);
  const { field, values, differs, winner } = line;
  /** What most of them say is calm. @param {string} text */
  const isOwn = (text) => differs && values.filter((all) => all.includes(text)).length * 2 <= values.length;
  return html`<tr class=${`${differs ? "differs" : "same"}${isNow ? " now" : ""}`} data-field=${field} onFocusIn=${onNow}>
    <th scope="row">${fieldName(field)}${differs ? html`<span class="differ" title=${t("They differ")}>≠<span class="vh"> ${t("differs")}</span></span>` : null}</th>
    ${group.members.map((one, index) => {
      const all = values[index];
      const was = group.was?.[one.id] && texts(group.was[one.id], field);
      const body = html`${all.length ? all.map((text) => html`<span class=${isOwn(text) ? "own" : "value"}>${text}</span>`) : html`<span class="note">${t("nothing")}</span>`}
        ${was && String(was) !== String(all) ? html`<span class="note">${say("was: {0}", was.join(", ") || t("nothing"))}</span>` : null}`;
      if (winner === null || out.includes(one.id)) return html`<td>${body}</td>`;
      const wins = winner === one.id;
      return html`<td><button type="button" data-free class=${wins ? "cell wins" : "cell"} aria-pressed=${String(wins)} tabindex=${wins ? 0 : -1}
        onClick=${() => choose({ fields: { ...fields, [field]: one.id } })}>${body}<span class="sign">${wins ? html`<${Icon} name="ok" />` : isNow ? html`<kbd class="hint" aria-hidden="true">${index + 1}</kbd>` : null}</span>
      </button></td>`;
    })}
  </tr>`;
}

/** @param {{now: string, onNow: (field: string) => void}} props */
export function Compare({ now, onNow }) {
  const { group, out, primary } = /** @type {NonNullable<typeof plan.value>} */ (plan.value);
  return html`<div class="sideways"><table class="compare" style=${{ "--n": group.members.length }} data-test="compare">
    <thead><tr><th scope="col"><span class="vh">${t("Field")}</span></th>${group.members.map(({ id, contact }, index) => html`<th scope="col" class=${out.includes(id) ? "out" : ""}>
      <span class="num quiet-text">${index + 1} </span><a href=${`/?c=${id}`} onClick=${(/** @type {Event} */ event) => { event.preventDefault(); openContact(id); }}>${contact.display_name}</a>
      <button type="button" data-free class=${id === primary ? "cell wins" : "cell"} aria-pressed=${String(id === primary)} disabled=${out.includes(id)}
        title=${t("Its id, first number and first address stay")} onClick=${() => choose({ primary: id })}><span>${id === primary ? t("Stays") : t("Goes into it")}<span class="vh">${say(": number {0}", index + 1)}</span></span><span class="sign">${id === primary ? html`<${Icon} name="ok" />` : null}</span></button>
      ${group.members.length > 2 ? html`<label class="check"><input type="checkbox" checked=${!out.includes(id)} disabled=${id === primary}
        onChange=${() => choose({ out: out.includes(id) ? out.filter((one) => one !== id) : [...out, id] })} />${t("part of it")}</label>` : null}
    </th>`)}</tr></thead>
    <tbody>${lines().map((line) => html`<${Line} key=${line.field} line=${line} isNow=${line.field === now} onNow=${() => line.winner && onNow(line.field)} />`)}</tbody>
  </table></div>`;
}
