// @ts-check
// The members of a new contact beyond the first few: folded away until somebody wants them, open
// where one of them is refused.

import { html, useLayoutEffect, useState } from "../dom.js";
import { CHOICES, departments, loadChoices, sources } from "../state/choices.js";
import { customInput, customValue, definitionOf, definitions } from "../state/definitions.js";
import { people } from "../state/people.js";
import { STATUSES, statusName } from "../text/words.js";
import { Editor } from "./editor.js";
import { Icon } from "./icons.js";
import { CHANNELS } from "./more-fields.js";
import { say, t } from "../text/say.js";

/** @typedef {Record<string, string>} More values by the paths of members @typedef {{path: string, label: string, type?: string, list?: string[], options?: [string, string][]}} One */

/** @returns {One[]} */
function members() {
  const chosen = (/** @type {string} */ path, /** @type {string} */ label) => ({ path, label, type: "select", options: CHOICES[path]() });
  return [
    { path: "first_name", label: t("First name") },
    { path: "last_name", label: t("Last name") },
    { path: "department", label: t("Department") },
    { path: "role", label: t("Buying role") },
    { path: "birthday", label: t("Birthday"), type: "date" },
    { path: "address.street", label: t("Street") },
    { path: "address.postal_code", label: t("Postal code") },
    { path: "address.city", label: t("City") },
    { path: "address.region", label: t("Region") },
    chosen("country", t("Country")),
    chosen("language", t("Language")),
    chosen("timezone", t("Time zone")),
    chosen("preferred_channel", t("Prefers")),
    { path: "channel.channel", label: t("Channel"), list: CHANNELS },
    { path: "channel.identifier", label: t("Name there") },
    { path: "social.linkedin", label: t("LinkedIn") },
    chosen("opt_in", t("Marketing")),
    { path: "assigned_to", label: t("Owner"), type: "select", options: [...people.value] },
    ...(CHOICES.assigned_queue().length ? [chosen("assigned_queue", t("Queue"))] : []),
    ...(departments.value.length ? [chosen("org_department_id", t("Our department"))] : []),
    chosen("visibility", t("Seen by")),
    { path: "status", label: t("Status"), type: "select", options: STATUSES.map((status) => [status, statusName(status)]) },
    { path: "source", label: t("Source"), list: sources.value },
  ];
}

/** The fields of one's own that nobody has to fill in. */
const own = () => definitions.value.filter((one) => !one.required && one.state !== "deleting");

/** The input that a step of a pointer of the server means. @param {string} kind @param {string[]} steps */
export function moreInputOf(kind, steps) {
  if (kind === "addresses") return `address.${steps.at(-1) === "0" ? "street" : steps.at(-1)}`;
  if (kind === "channels") return "channel.identifier";
  if (kind === "social_profiles") return "social.linkedin";
  return null;
}

/** What the server gets of it. @param {More} more @param {string} name the whole name, if it is given */
export function moreBody(more, name) {
  const text = (/** @type {string} */ path) => more[path]?.trim() || undefined;
  const address = Object.fromEntries(["street", "postal_code", "city", "region"].map((key) => [key, text(`address.${key}`)]).filter(([, value]) => value));
  const linkedin = text("social.linkedin");
  const identifier = text("channel.identifier");
  const custom = own().map(({ key }) => [key, customValue(definitionOf(key), more[`custom.${key}`] ?? "", null)]).filter(([, value]) => value !== null);
  const hasParts = text("first_name") || text("last_name");
  return {
    ...Object.fromEntries(members().filter(({ path }) => !path.includes(".") && text(path)).map(({ path }) => [path, path === "opt_in" ? text(path) === "true" : text(path)])),
    ...(hasParts && name ? { name: undefined, display_name: name } : {}),
    addresses: Object.keys(address).length ? [{ ...address, country: text("country") }] : undefined,
    channels: identifier ? [{ channel: text("channel.channel") ?? "other", identifier }] : undefined,
    social_profiles: linkedin ? { linkedin } : undefined,
    custom: custom.length ? Object.fromEntries(custom) : undefined,
  };
}

/** @param {{more: More, onChange: (more: More) => void, complaint: (path: string) => string|undefined}} props */
export function MoreForm({ more, onChange, complaint }) {
  const [open, setOpen] = useState(false);
  const [ownOpen, setOwnOpen] = useState(false);
  useLayoutEffect(() => {
    if (open) loadChoices();
  }, [open]);
  const row = (/** @type {string} */ path, /** @type {string} */ label, /** @type {any} */ input) => {
    const bad = complaint(path);
    const id = `new-${path.replace(".", "-")}`;
    return html`<div class="form-row" key=${path}>${input.type === "checks" ? html`<span class="label">${label}</span>` : html`<label for=${id}>${label}</label>`}
      <div><span class="inputs"><${Editor} id=${id} input=${input} value=${more[path] ?? ""} bad=${Boolean(bad)} describedBy=${bad ? `${id}-bad` : undefined} onInput=${(/** @type {string} */ value) => onChange({ ...more, [path]: value })} /></span>
        ${bad ? html`<p class="complaint" id=${`${id}-bad`}><${Icon} name="info" />${bad}</p>` : null}</div></div>`;
  };
  const all = members();
  const mine = own();
  const isBad = all.some(({ path }) => complaint(path));
  const isOwnBad = mine.some(({ key }) => complaint(`custom.${key}`));
  const filled = all.filter(({ path }) => more[path]?.trim()).length;
  return html`<details open=${open || isBad} onToggle=${(/** @type {any} */ event) => setOpen(event.target.open)} data-test="more-form"><summary>${say("More fields{0}", filled ? ` (${filled})` : "")}</summary>
      ${open || isBad ? all.map(({ path, label, type, list, options }) => row(path, label, { key: `new-${path.replace(".", "-")}`, label, type, list, options: options && [{ value: "", text: "–" }, ...options.map(([value, text]) => ({ value, text }))] })) : null}</details>
    ${mine.length ? html`<details open=${ownOpen || isOwnBad} onToggle=${(/** @type {any} */ event) => setOwnOpen(event.target.open)} data-test="own-form"><summary>${t("Own fields")}</summary>
      ${ownOpen || isOwnBad ? mine.map((one) => row(`custom.${one.key}`, one.label === one.key ? one.key.replaceAll("_", " ") : one.label, customInput(one, one.label, null))) : null}</details>` : null}`;
}
