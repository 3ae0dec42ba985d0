// @ts-check
// Times in words: how long ago, what time it is where somebody lives, birthdays.

const UNITS = /** @type {[Intl.RelativeTimeFormatUnit, number][]} */ ([
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
]);

const relative = new Intl.RelativeTimeFormat(navigator.language, { numeric: "auto" });
const exact = new Intl.DateTimeFormat(navigator.language, { dateStyle: "full", timeStyle: "medium" });
const dayOnly = new Intl.DateTimeFormat(navigator.language, { dateStyle: "long", timeZone: "UTC" });
const dayAndMonth = new Intl.DateTimeFormat(navigator.language, { day: "numeric", month: "long", timeZone: "UTC" });

/** "3 days ago". @param {string} time @param {number} [now] */
export function ago(time, now = Date.now()) {
  const seconds = (Date.parse(time) - now) / 1000;
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return "just now";
}

/** Date and time in full. @param {string} time */
export const inFull = (time) => exact.format(Date.parse(time));

/** A date without a time; a birthday may lack its year ("--05-21"). @param {string} date */
export function dayText(date) {
  const yearless = date.match(/^--(\d\d)-?(\d\d)$/);
  if (yearless) return dayAndMonth.format(Date.UTC(2000, Number(yearless[1]) - 1, Number(yearless[2])));
  const time = Date.parse(`${date.slice(0, 10)}T00:00:00Z`);
  return Number.isNaN(time) ? date : dayOnly.format(time);
}

/** @param {string} zone @param {Date} at */
function clock(zone, at) {
  return new Intl.DateTimeFormat(navigator.language, { timeZone: zone, hour: "numeric", minute: "2-digit" }).format(at);
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
 * @param {string|null|undefined} country @param {Date} [at]
 */
export function timeInCountry(country, at = new Date()) {
  if (!country) return null;
  try {
    const locale = /** @type {any} */ (new Intl.Locale(`und-${country}`));
    const zones = /** @type {string[]} */ (locale.getTimeZones?.() ?? locale.timeZones ?? []);
    const offset = (/** @type {string} */ zone) => Date.parse(`${at.toLocaleString("sv", { timeZone: zone }).replace(" ", "T")}Z`);
    const sorted = zones.slice().sort((a, b) => offset(a) - offset(b));
    if (!sorted.length) return null;
    const [first, last] = [clock(sorted[0], at), clock(sorted[sorted.length - 1], at)];
    return first === last ? first : `${first} to ${last}, by region`;
  } catch {
    return null;
  }
}
