// @ts-check
// The language of the pages, dates, numbers and the names of countries: what the person has chosen
// in this browser, else what the organisation says, else the browser's; in the variety that the
// browser has of it.

const KEY = "ringdex.language";
const OWN_KEY = "ringdex.own-language";
/** Languages that the pages speak, as they call themselves. @type {Record<string, string>} */
export const LANGUAGE_NAMES = { en: "English", de: "Deutsch" };
export const LANGUAGES_OF_PAGES = Object.keys(LANGUAGE_NAMES);

/** @param {string} key @returns {string|null} */
function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keeps a choice; false if this browser does not. @param {string} key @param {string|null} value */
function store(key, value) {
  try {
    if (value) localStorage.setItem(key, value);
    else localStorage.removeItem(key);
  } catch {
    // It is asked again with the next page.
  }
  return stored(key) === value;
}

/** @param {string} language */
const base = (language) => language.split("-")[0].toLowerCase();

/** What the person has chosen for themselves here. */
export const ownLanguageChoice = () => stored(OWN_KEY);

/** What the organisation says; known before the first answer, so that nothing is written twice. */
let ofOrganization = stored(KEY);

const wanted = () => ownLanguageChoice() ?? ofOrganization;

/** @returns {string} */
export function locale() {
  const now = wanted();
  if (!now) return navigator.language;
  return navigator.languages.find((one) => base(one) === base(now)) ?? now;
}

/** What the pages should speak. */
function spoken() {
  const asked = [wanted() ?? [], ...navigator.languages].flat().map(base);
  return asked.find((one) => LANGUAGES_OF_PAGES.includes(one)) ?? "en";
}

/** What this page speaks. */
export const language = spoken();
document.documentElement.lang = language;

/** Another language is another page. */
function speak() {
  if (spoken() !== language) location.reload();
}

/** Says which language the organisation has. @param {string|null|undefined} said */
export function setLanguage(said) {
  ofOrganization = said ?? null;
  if (store(KEY, ofOrganization)) speak();
}

/** The person chooses a language; null goes by the organisation and the browser. @param {string|null} chosen */
export function chooseLanguage(chosen) {
  if (store(OWN_KEY, chosen)) speak();
}
