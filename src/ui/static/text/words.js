// @ts-check
// Codes turned into the words a person would say.

import { locale } from "./locale.js";
import { t } from "./say.js";

/** @param {"region"|"language"} type @param {string} code */
function display(type, code) {
  try {
    return new Intl.DisplayNames([locale(), "en"], { type }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** "DE" -> "Germany". @param {string} code */
export const countryName = (code) => display("region", code);

/** "de" -> "German". @param {string} code */
export const languageName = (code) => display("language", code);

/** "industry_code" -> "Industry code", in the language of the reader where it is a word of ours. @param {string} key */
export function label(key) {
  const words = key.replaceAll("_", " ").trim();
  return words ? t(words[0].toUpperCase() + words.slice(1)) : key;
}

/** A number as the reader writes it. @param {number} count */
export const numeral = (count) => count.toLocaleString(locale());

/** @param {number} count @param {string} one @param {string} [many] */
export const plural = (count, one, many = `${one}s`) => `${numeral(count)} ${t(count === 1 ? one : many)}`;

/** "0.4 ms". @param {number} us */
export function duration(us) {
  if (us < 100) return `${(us / 1000).toFixed(2)} ms`;
  if (us < 10_000) return `${(us / 1000).toFixed(1)} ms`;
  return us < 1_000_000 ? `${Math.round(us / 1000)} ms` : `${(us / 1_000_000).toFixed(1)} s`;
}

/** @type {Record<string, string>} */
const PLACES = { infix: t("part of the number"), beginning: t("start of the number"), ending: t("end of the number"), exact: t("whole number") };

/** A reason as the server names it ("last_name prefix"), as a person would. @param {string} reason */
function reasonText(reason) {
  const [, place] = reason.match(/^phone (\w+)$/) ?? [];
  if (place) return PLACES[place] ?? reason;
  return t(reason.replace(/ (word|prefix)$/, "").replace(/^email\b/, "e-mail").replaceAll("_", " "));
}

/** Reasons of a match as one line. @param {string|string[]|undefined|null} why @param {number} [most] */
export function whyText(why, most = 2) {
  const list = Array.isArray(why) ? why : why ? [why] : [];
  return [...new Set(list.map((one) => reasonText(String(one))))].slice(0, most).join(", ");
}

/** The value of a custom field as text. @param {unknown} value @returns {string} */
export function valueText(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? t("Yes") : t("No");
  if (typeof value === "number") return value.toLocaleString(locale());
  if (Array.isArray(value)) return value.map(valueText).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** @type {Record<string, string>} */
const STATUS = {
  active: t("Active"),
  inactive: t("Inactive"),
  blocked: t("Blocked"),
  unsubscribed: t("Unsubscribed"),
  bounced: t("E-mail bounced"),
  do_not_contact: t("Do not contact"),
  archived: t("Archived"),
};

export const STATUSES = Object.keys(STATUS);

/** @param {string} status */
export const statusName = (status) => STATUS[status] ?? label(status);

/** @param {{tags?: string[]}} contact @param {string} name */
const hasTag = (contact, name) => (contact.tags ?? []).some((tag) => tag.toLowerCase().replaceAll(".", "") === name);

/**
 * The one decision before everything else, as icon, word and tone.
 * What the server says of it counts where the contact was read whole; rows of a list have the facts alone.
 * @param {{status?: string, do_not_contact?: boolean, blocked?: boolean, tags?: string[], may_call?: {why: string[]}}} contact
 * @returns {{may: boolean, facts: {icon: string, text: string, tone: "ok"|"bad"|"quiet"}[]}}
 */
export function mayCall(contact) {
  /** @type {{icon: string, text: string, tone: "ok"|"bad"|"quiet"}[]} */
  const facts = [];
  const dnc = contact.do_not_contact || contact.status === "do_not_contact" || hasTag(contact, "dnc");
  const blocked = contact.blocked || contact.status === "blocked";
  if (dnc) facts.push({ icon: "no-call", text: t("Do not call"), tone: "bad" });
  if (blocked) facts.push({ icon: "blocked", text: t("Blocked"), tone: "bad" });
  const reasons = (contact.may_call?.why ?? []).map((reason) => reason.split(":")[0]);
  if (reasons.includes("opted_out")) facts.push({ icon: "no-call", text: t("Opted out"), tone: "bad" });
  const may = facts.length === 0;
  if (may && reasons.includes("no_consent")) facts.push({ icon: "info", text: t("No consent recorded"), tone: "quiet" });
  if (may && reasons.includes("calling_hours")) facts.push({ icon: "clock", text: t("Outside calling hours"), tone: "quiet" });
  if (facts.length === 0) facts.push({ icon: "ok", text: t("May call"), tone: "ok" });
  const status = contact.status ?? "active";
  if (!["active", "do_not_contact", "blocked"].includes(status)) {
    facts.push({ icon: "info", text: statusName(status), tone: "quiet" });
  }
  return { may, facts };
}

/** Of many things that are wrong so many are said in one sentence. */
const MOST_SAID = 3;

/** What a complaint is about, in words. @param {string|undefined} pointer */
function aboutOf(pointer) {
  const [first, second] = (pointer ?? "").replace(/^#?\//, "").split("/");
  const about = first === "custom_fields" ? second : first;
  return about ? `${label(about)}: ` : "";
}

/** What is wrong with members, as one sentence. @param {{pointer?: string, detail?: string}[]} errors */
export function errorsText(errors) {
  return errors.slice(0, MOST_SAID).map(({ pointer, detail }) => `${aboutOf(pointer)}${detail}`).join("; ");
}

/** What to do about a problem, in words. @param {import("../api.js").Problem} problem */
export function problemText(problem) {
  if (problem.status === 0) return problem.message;
  if (problem.status === 401) return t("Please sign in again.");
  if (problem.status === 403) return t("You may not do this. Ask a manager if you should.");
  if (problem.code === "merged") return t("This contact was merged into another one meanwhile.");
  if (problem.status === 404) return t("This contact is not there any more. Somebody may have deleted or merged it.");
  if (problem.status === 429) return t("Too many requests at once. Wait a moment and try again.");
  if (problem.status === 503) return t("The server is busy. Try again in a moment.");
  const text = problem.message;
  return text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}
