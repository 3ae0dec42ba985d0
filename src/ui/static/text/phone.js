// @ts-check
// Telephone numbers as people read them. The grouping is best effort for the eyes only:
// what is copied, dialled and sent to the server is always the full number (E.164).

import { t } from "./say.js";

/**
 * Calling code -> how its national numbers are grouped. `trunk` is written before the
 * number inside the country; `groups` are by length of the national number, and `cities`
 * are area codes that are grouped by themselves.
 * @type {Record<string, {regions: string[], trunk?: string, groups: Record<number, number[]>, cities?: RegExp}>}
 */
const PLANS = {
  1: { regions: ["US", "CA"], groups: { 10: [3, 3, 4] } },
  7: { regions: ["RU", "KZ"], trunk: "8", groups: { 10: [3, 3, 2, 2] } },
  20: { regions: ["EG"], trunk: "0", groups: { 10: [3, 3, 4], 9: [2, 3, 4] } },
  27: { regions: ["ZA"], trunk: "0", groups: { 9: [2, 3, 4] } },
  30: { regions: ["GR"], groups: { 10: [3, 3, 4] } },
  31: { regions: ["NL"], trunk: "0", groups: { 9: [2, 3, 4] } },
  32: { regions: ["BE"], trunk: "0", groups: { 8: [1, 3, 2, 2], 9: [3, 2, 2, 2] } },
  33: { regions: ["FR"], trunk: "0", groups: { 9: [1, 2, 2, 2, 2] } },
  34: { regions: ["ES"], groups: { 9: [3, 2, 2, 2] } },
  36: { regions: ["HU"], trunk: "06", groups: { 8: [1, 3, 4], 9: [2, 3, 4] } },
  39: { regions: ["IT"], groups: { 9: [3, 3, 3], 10: [3, 3, 4] } },
  40: { regions: ["RO"], trunk: "0", groups: { 9: [3, 3, 3] } },
  41: { regions: ["CH"], trunk: "0", groups: { 9: [2, 3, 2, 2] } },
  43: { regions: ["AT"], trunk: "0", groups: { 10: [3, 3, 4], 11: [3, 4, 4] } },
  44: { regions: ["GB"], trunk: "0", cities: /^(2\d|1\d1|11\d)/, groups: { 10: [4, 3, 3], 9: [4, 2, 3] } },
  45: { regions: ["DK"], groups: { 8: [2, 2, 2, 2] } },
  46: { regions: ["SE"], trunk: "0", groups: { 9: [2, 3, 2, 2], 8: [1, 3, 2, 2] } },
  47: { regions: ["NO"], groups: { 8: [3, 2, 3] } },
  48: { regions: ["PL"], groups: { 9: [3, 3, 3] } },
  49: { regions: ["DE"], trunk: "0", cities: /^(30|40|69|89)/, groups: { 10: [3, 3, 4], 11: [3, 4, 4], 9: [2, 3, 4] } },
  52: { regions: ["MX"], groups: { 10: [2, 4, 4] } },
  55: { regions: ["BR"], trunk: "0", groups: { 10: [2, 4, 4], 11: [2, 5, 4] } },
  60: { regions: ["MY"], trunk: "0", groups: { 9: [2, 3, 4], 10: [2, 4, 4] } },
  61: { regions: ["AU"], trunk: "0", groups: { 9: [3, 3, 3] } },
  64: { regions: ["NZ"], trunk: "0", groups: { 8: [1, 3, 4], 9: [2, 3, 4] } },
  65: { regions: ["SG"], groups: { 8: [4, 4] } },
  81: { regions: ["JP"], trunk: "0", groups: { 9: [1, 4, 4], 10: [2, 4, 4] } },
  82: { regions: ["KR"], trunk: "0", groups: { 9: [2, 3, 4], 10: [2, 4, 4] } },
  86: { regions: ["CN"], trunk: "0", groups: { 11: [3, 4, 4] } },
  90: { regions: ["TR"], trunk: "0", groups: { 10: [3, 3, 2, 2] } },
  91: { regions: ["IN"], trunk: "0", groups: { 10: [5, 5] } },
  351: { regions: ["PT"], groups: { 9: [3, 3, 3] } },
  353: { regions: ["IE"], trunk: "0", groups: { 9: [2, 3, 4], 8: [1, 3, 4] } },
  358: { regions: ["FI"], trunk: "0", groups: { 9: [2, 3, 4] } },
  380: { regions: ["UA"], trunk: "0", groups: { 9: [2, 3, 2, 2] } },
  420: { regions: ["CZ"], groups: { 9: [3, 3, 3] } },
  421: { regions: ["SK"], trunk: "0", groups: { 9: [3, 3, 3] } },
  971: { regions: ["AE"], trunk: "0", groups: { 9: [2, 3, 4], 8: [1, 3, 4] } },
  972: { regions: ["IL"], trunk: "0", groups: { 9: [2, 3, 4], 8: [1, 3, 4] } },
};

/** Codes of three digits start so; every other code has one (1, 7) or two. */
const THREE_DIGITS = /^(21[1-8]|2[2-9]\d|35\d|37\d|38\d|42[01]|[56][09]\d|67\d|80\d|85\d|88\d|9[679]\d|99\d)/;

/** @param {string} digits without + */
function codeOf(digits) {
  if (/^[17]/.test(digits)) return digits[0];
  for (const code of [digits.slice(0, 2), digits.slice(0, 3)]) if (PLANS[Number(code)]) return code;
  return digits.slice(0, THREE_DIGITS.test(digits) ? 3 : 2);
}

/** @param {number} length @returns {number[]} groups of three, the last of up to four; eight is twice four */
function anyGroups(length) {
  if (length === 8) return [4, 4];
  const groups = [];
  let left = length;
  while (left > 4) {
    groups.push(3);
    left -= 3;
  }
  if (left) groups.push(left);
  return groups;
}

/** The reader's country, as the browser has it. */
export function readerRegion() {
  try {
    return new Intl.Locale(navigator.language).maximize().region ?? "US";
  } catch {
    return "US";
  }
}

/**
 * A number as text, and for each of its characters the place in `number` that it shows
 * (-1 for spaces and punctuation), so that marks made on the number can be drawn.
 * @param {string} number
 * @param {string} [region] numbers of this country are shown without the country code
 * @returns {{text: string, from: number[]}}
 */
export function layOutPhone(number, region = readerRegion()) {
  const plain = { text: number, from: Array.from(number, (_, i) => i) };
  if (!/^\+\d{5,15}$/.test(number)) return plain;
  const digits = number.slice(1);
  const code = codeOf(digits);
  const plan = PLANS[Number(code)];
  const national = digits.slice(code.length);
  const city = national.match(plan?.cities ?? /^$/)?.[0].length ?? 0;
  const groups = city ? [city, ...anyGroups(national.length - city)] : (plan?.groups[national.length] ?? anyGroups(national.length));
  const home = Boolean(plan?.regions.includes(region));
  let text = "";
  /** @type {number[]} */
  const from = [];
  let at = 1;
  const put = (/** @type {string} */ part, /** @type {number|null} */ start) => {
    for (let i = 0; i < part.length; i += 1) from.push(start === null ? -1 : start + i);
    text += part;
  };
  if (!home) {
    put(`+${code}`, 0);
    put(" ", null);
  } else if (plan.trunk && plan.trunk !== "06" && plan.trunk !== "8") {
    put(plan.trunk, null);
  }
  at += code.length;
  const american = home && code === "1" && groups.length === 3;
  groups.forEach((size, index) => {
    const part = number.slice(at, at + size);
    if (american && index === 0) put("(", null);
    put(part, at);
    at += size;
    if (american && index === 0) put(") ", null);
    else if (american && index === 1) put("-", null);
    else if (index < groups.length - 1) put(" ", null);
  });
  return { text, from };
}

/** @param {string} number @param {string} [region] */
export const showPhone = (number, region) => layOutPhone(number, region).text;

/** What to show of a phone entry that may have no understood number. @param {import("../api.js").Phone} phone */
export function phoneText(phone) {
  const text = phone.number ? showPhone(phone.number) : (phone.raw ?? "");
  return phone.extension ? t("{0} ext. {1}", text, phone.extension) : text;
}

/** What to dial. @param {import("../api.js").Phone} phone */
export function telHref(phone) {
  const number = phone.number ?? (phone.raw ?? "").replace(/[^\d+*#]/g, "");
  return `tel:${number}${phone.extension ? `;ext=${phone.extension}` : ""}`;
}

/** The main number of a contact. @param {import("../api.js").Contact} contact @returns {import("../api.js").Phone|undefined} */
export const mainPhone = (contact) => contact.phones?.find((phone) => phone.primary) ?? contact.phones?.[0];
