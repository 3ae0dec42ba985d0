// @ts-check
// What members of a contact are chosen from: the same on the card and in the form.

import { signal } from "../dom.js";
import { request } from "../api.js";
import { countries, languages, zones } from "../text/places.js";
import { label as labelOf } from "../text/words.js";
import { loadQueues, queues } from "./people.js";
import { t } from "../text/say.js";

/** @param {string[]} values @returns {[string, string][]} */
const pairs = (values) => values.map((value) => [value, labelOf(value)]);

/** The sources that are offered beside those that there are. */
const SOURCES = ["Web Form", "Referral", "Trade Show", "Cold Call", "Website", "Import", "Directory Import", "API", "Manual", "Social Media", "Lead Conversion"];
/** @type {import("../vendor/signals.js").Signal<string[]>} */
export const sources = signal(SOURCES);
/** Departments of ours. @type {import("../vendor/signals.js").Signal<[string, string][]>} */
export const departments = signal([]);
let asked = false;

/** Asks for what is chosen from, once; without it what is known is offered. */
export function loadChoices() {
  loadQueues();
  if (asked) return;
  asked = true;
  request("GET", "/api/v1/suggest", { params: { kind: "source", limit: 50 } }).then(({ body }) => {
    const used = body.suggestions.map((/** @type {any} */ one) => one.text);
    const isNew = (/** @type {string} */ one) => !used.some((/** @type {string} */ known) => known.toLowerCase() === one.toLowerCase());
    sources.value = [...used, ...SOURCES.filter(isNew)];
  }, () => {});
  request("GET", "/api/v1/departments").then(({ body }) => (departments.value = body.departments.map((/** @type {any} */ one) => [one.id, one.name])), () => {});
}

/** @param {string|null} id */
export const departmentName = (id) => departments.value.find(([one]) => one === id)?.[1] ?? t("a department");

/** By member: what may be chosen. @type {Record<string, () => [string, string][]>} */
export const CHOICES = {
  country: countries,
  language: languages,
  timezone: zones,
  visibility: () => [["all", t("Everybody")], ["queue", t("The queue")], ["owner", t("The owner")]],
  opt_in: () => [["true", t("Opted in")], ["false", t("Opted out")]],
  assigned_queue: () => [...queues.value],
  org_department_id: () => departments.value,
  preferred_channel: () => pairs(["phone", "email", "sms", "whatsapp", "post"]),
  first_channel: () => pairs(["phone", "email", "whatsapp", "sms", "webchat", "telegram", "instagram", "messenger"]),
  lifecycle: () => pairs(["active", "inactive", "archived"]),
};
