// @ts-check
// What belongs to the person and this browser: who one is, the password, keys, colours.

import { html, useEffect } from "../dom.js";
import { Problem, signOut } from "../api.js";
import { me } from "../state/me.js";
import { chooseLanguage, LANGUAGE_NAMES, LANGUAGES_OF_PAGES, ownLanguageChoice } from "../text/locale.js";
import { dialog, letterKeys, setLetterKeys, switchTheme, theme, toast } from "../state/session.js";
import { label as labelOf, problemText } from "../text/words.js";
import { lower, say, t } from "../text/say.js";

/** @type {Record<string, string>} */
const THEMES = { auto: t("As the system"), light: t("Light"), dark: t("Dark") };

export function Profile() {
  const now = me.value;
  useEffect(() => {
    document.title = `${t("Profile")} · Ringdex`;
    return () => {
      document.title = "Ringdex";
    };
  }, []);
  const everywhere = async () => {
    try {
      await signOut({ everywhere: true });
      location.replace("/sign-in?problem=out");
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      toast(problemText(error), { bad: true });
    }
  };
  const rights = Object.entries(now?.permissions ?? {}).filter(([, has]) => has).map(([right]) => lower(labelOf(right)));
  return html`<main class="page" data-test="profile"><section class="page-main" aria-label=${t("Profile")}><div class="page-head"><h1>${t("Profile")}</h1></div><div class="scroll">
    <div class="part"><h2>${now?.user_name ?? t("A token")}</h2><p class="quiet-text">${say("{0} of {1}", labelOf(now?.role ?? ""), now?.organization)}</p><p>${say("You may: {0}.", rights.join(", "))}</p></div>
    ${now?.session ? html`<div class="part"><h2>${t("Signing in")}</h2><p class="bulk-line"><button type="button" class="button" onClick=${() => (dialog.value = "password")}>${t("Change password")}</button><button type="button" class="button" onClick=${everywhere}>${t("Sign out everywhere")}</button></p></div>` : null}
    <div class="part"><h2>${t("This browser")}</h2>
      <label class="check"><input type="checkbox" checked=${letterKeys.value} onChange=${(/** @type {any} */ event) => setLetterKeys(event.target.checked)} />${t("Single letters act outside of text fields")}</label>
      <p class="bulk-line"><span>${say("Colours: {0}", THEMES[theme.value])}</span><button type="button" class="button" onClick=${switchTheme}>${t("Other colours")}</button></p>
      <p class="bulk-line"><label for="own-language">${t("Language")}</label><select id="own-language" class="editor" onChange=${(/** @type {any} */ event) => chooseLanguage(event.target.value || null)}>
        <option value="" selected=${!ownLanguageChoice()}>${now?.language ? t("That of the organisation") : t("That of the browser")}</option>
        ${LANGUAGES_OF_PAGES.map((one) => html`<option key=${one} value=${one} lang=${one} selected=${one === ownLanguageChoice()}>${LANGUAGE_NAMES[one]}</option>`)}</select></p>
      <p class="quiet-text">${t("Of the pages, dates and numbers, in this browser.")}</p></div>
  </div></section></main>`;
}
