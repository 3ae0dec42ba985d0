// @ts-check
// The language of dates, numbers and the names of countries: what the organisation says, in the
// variety that the browser has of it; without a word from the organisation, the browser's.

const KEY = "ringdex.language";

/** @type {string|null} */
let wanted = null;
try {
  // Known before the first answer, so that nothing is written twice.
  wanted = localStorage.getItem(KEY);
} catch {
  // Without storage it is known a moment later.
}

/** @param {string} language */
const base = (language) => language.split("-")[0].toLowerCase();

/** @returns {string} */
export function locale() {
  if (!wanted) return navigator.language;
  const own = /** @type {string} */ (wanted);
  return navigator.languages.find((one) => base(one) === base(own)) ?? own;
}

/** Says which language the organisation has. @param {string|null|undefined} language */
export function setLanguage(language) {
  wanted = language ?? null;
  try {
    if (wanted) localStorage.setItem(KEY, wanted);
    else localStorage.removeItem(KEY);
  } catch {
    // It is asked again with the next page.
  }
}
