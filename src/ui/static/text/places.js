// @ts-check
// Countries, time zones and languages to choose from, by their names, and those of this browser.

import { readerRegion } from "./phone.js";
import { countryName, languageName } from "./words.js";

const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
/** Groups of countries, and codes that stand for none. */
const NO_COUNTRIES = ["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"];
const LANGUAGES = ["ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id", "it",
  "ja", "ko", "lt", "lv", "ms", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "th", "tr", "uk", "ur", "vi", "zh"];

/** @param {[string, string][]} list @returns {[string, string][]} */
const byName = (list) => list.sort((a, b) => a[1].localeCompare(b[1]));

/** Every country that the browser has a name for. @returns {[string, string][]} */
export function countries() {
  const codes = LETTERS.flatMap((first) => LETTERS.map((second) => first + second));
  // A code of the past stands for another one now.
  const isNow = (/** @type {string} */ code) => new Intl.Locale(`und-${code}`).region === code && !NO_COUNTRIES.includes(code);
  return byName(codes.filter((code) => isNow(code) && countryName(code) !== code).map((code) => [code, countryName(code)]));
}

/** @returns {[string, string][]} */
export function zones() {
  const all = /** @type {string[]} */ (/** @type {any} */ (Intl).supportedValuesOf?.("timeZone") ?? []);
  return [...new Set(["UTC", ownZone(), ...all])].map((zone) => [zone, zone.replaceAll("_", " ")]);
}

/** @returns {[string, string][]} */
export const languages = () => byName([...new Set([...LANGUAGES, ownLanguage()])].map((code) => [code, languageName(code)]));

export const ownCountry = readerRegion;
export const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
export const ownLanguage = () => navigator.language.split("-")[0];
