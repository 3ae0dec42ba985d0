// @ts-check
// The custom fields of the organisation as they are defined: their order, their labels, and which
// editor fits. A value whose field nobody has defined keeps the kind that it has.

import { signal } from "../dom.js";
import { listCustomFields, Problem } from "../api.js";
import { chosen } from "../parts/editor.js";
import { dayText } from "../text/time.js";
import { label, valueText } from "../text/words.js";
import { t } from "../text/say.js";

/** @typedef {import("../api.js").Definition} Definition */

/** In their order. @type {import("../vendor/signals.js").Signal<Definition[]>} */
export const definitions = signal([]);
let asked = false;

/** Asks for the definitions once, or `again`. @param {{again?: boolean}} [how] */
export async function loadDefinitions({ again = false } = {}) {
  if (asked && !again) return;
  asked = true;
  try {
    definitions.value = (await listCustomFields()).filter((one) => one.state !== "deleting");
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    asked = error.status === 403;
  }
}

/** The label of a field; one that was defined by using it has only its key. @param {string} key */
export function customLabel(key) {
  const said = definitionOf(key)?.label ?? key;
  return said === key ? label(key) : said;
}

/** @param {string} key */
export const definitionOf = (key) => definitions.value.find((one) => one.key === key);

/** The editor of a value. @param {Definition|undefined} definition @param {string} text its label @param {unknown} value @returns {import("../parts/editor.js").Input} */
export function customInput(definition, text, value) {
  const input = { key: "value", label: text };
  const choices = (/** @type {string[]} */ texts) => texts.map((text) => ({ value: text, text }));
  const options = definition?.options ?? [];
  // A line that has several is edited as such, whatever its field was meant for.
  const isLong = typeof value === "string" && value.includes("\n");
  switch (isLong ? "long_text" : (definition?.type ?? kindOf(value))) {
    case "dropdown": {
      // A value from before the options were changed stays until somebody chooses another.
      const old = typeof value === "string" && value && !options.includes(value) ? [value] : [];
      return { ...input, type: "select", options: [{ value: "", text: "–" }, ...choices([...old, ...options])] };
    }
    case "boolean":
      return { ...input, type: "select", options: [{ value: "", text: "–" }, { value: "true", text: t("Yes") }, { value: "false", text: t("No") }] };
    case "multi_select":
      return { ...input, type: "checks", options: choices(options) };
    case "date":
      return { ...input, type: "date" };
    case "integer":
    case "decimal":
      return { ...input, type: "number" };
    case "long_text":
      return { ...input, type: "textarea" };
    default:
      return input;
  }
}

/** What kind a value is of, where nobody has said it. @param {unknown} value */
function kindOf(value) {
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "number") return "decimal";
  return "short_text";
}

/** The text in the editor. @param {Definition|undefined} definition @param {unknown} value @returns {string} */
export function customText(definition, value) {
  if (value === null || value === undefined) return "";
  if (definition?.type === "multi_select") return JSON.stringify([value].flat());
  return Array.isArray(value) ? value.map(valueText).join(", ") : String(value);
}

/** The value of the text in the editor; the server says where it does not fit. @param {Definition|undefined} definition @param {string} text @param {unknown} before */
export function customValue(definition, text, before) {
  const value = text.trim();
  if (value === "") return null;
  const kind = definition?.type ?? kindOf(before);
  if (kind === "multi_select") return chosen(value);
  if (kind === "boolean") return value === "true";
  if (kind === "decimal" || kind === "integer") return Number.isFinite(Number(value)) ? Number(value) : value;
  if (!definition && Array.isArray(before)) return value.split(",").map((one) => one.trim()).filter(Boolean);
  return value;
}

/** What is shown of a value. @param {Definition|undefined} definition @param {unknown} value */
export const shownCustom = (definition, value) => (definition?.type === "date" && typeof value === "string" ? dayText(value) : valueText(value));
