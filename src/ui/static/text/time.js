// @ts-check
// Times in words: how long ago, what time it is where somebody lives, birthdays.

import { locale } from "./locale.js";
import { t } from "./say.js";

const UNITS = /** @type {[Intl.RelativeTimeFormatUnit, number][]} */ ([
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
]);

/** @type {Record<string, Intl.DateTimeFormatOptions>} */
const SHAPES = {
  exact: { dateStyle: "full", timeStyle: "medium" },
  day: { dateStyle: "long", timeZone: "UTC" },
  dayAndMonth: { day: "numeric", month: "long", timeZone: "UTC" },
};
/** Making a format costs more than using it. @type {Map<string, any>} */
const formats = new Map();

/** @template T @param {string} name @param {(language: string) => T} make @returns {T} */
function format(name, make) {
  const key = `${locale()} ${name}`;
  if (!formats.has(key)) formats.set(key, make(locale()));
  return formats.get(key);
}

/** @param {string} shape */
const dates = (shape) => format(shape, (language) => new Intl.DateTimeFormat(language, SHAPES[shape]));

/** "3 days ago". @param {string} time @param {number} [now] */
export function ago(time, now = Date.now()) {
  const seconds = (Date.parse(time) - now) / 1000;
  const relative = format("relative", (language) => new Intl.RelativeTimeFormat(language, { numeric: "auto" }));
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return t("just now");
}

/** Date and time in full. @param {string} time */
export const inFull = (time) => dates("exact").format(Date.parse(time));

/** A date without a time; a birthday may lack its year ("--05-21"). @param {string} date */
export function dayText(date) {
  const yearless = date.match(/^--(\d\d)-?(\d\d)$/);
  if (yearless) return dates("dayAndMonth").format(Date.UTC(2000, Number(yearless[1]) - 1, Number(yearless[2])));
  const time = Date.parse(`${date.slice(0, 10)}T00:00:00Z`);
  return Number.isNaN(time) ? date : dates("day").format(time);
}

/** @param {string} zone @param {Date} at */
function clock(zone, at) {
  return new Intl.DateTimeFormat(locale(), { timeZone: zone, hour: "numeric", minute: "2-digit" }).format(at);
}

/** "14:05" in a time zone, or null when the zone is unknown. @param {string|null|undefined} zone @param {Date} [at] */
export function timeIn(zone, at = new Date()) {
  if (!zone) return null;
  try {
    return clock(zone, at);
  } catch {
    return null;
  }
}

/** The place a zone is named after: "Europe/Berlin" -> "Berlin". @param {string} zone */
export const placeOf = (zone) => (zone.split("/").pop() ?? zone).replaceAll("_", " ");

/**
 * The time in a country; a span where it has several zones, null where unknown.
 * @param {string|null|undefined} country @param {{at?: Date, onlyOne?: boolean}} [how] without a span
 */
export function timeInCountry(country, { at = new Date(), onlyOne = false } = {}) {
  if (!country) return null;
  try {
    const locale = /** @type {any} */ (new Intl.Locale(`und-${country}`));
    const zones = /** @type {string[]} */ (locale.getTimeZones?.() ?? locale.timeZones ?? []);
    const offset = (/** @type {string} */ zone) => Date.parse(`${at.toLocaleString("sv", { timeZone: zone }).replace(" ", "T")}Z`);
    const sorted = zones.slice().sort((a, b) => offset(a) - offset(b));
    if (!sorted.length) return null;
    const [first, last] = [clock(sorted[0], at), clock(sorted[sorted.length - 1], at)];
    if (first === last) return first;
    return onlyOne ? null : t("{0} to {1}, depending on where", first, last);
  } catch {
    return null;
  }
}
