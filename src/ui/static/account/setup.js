// @ts-check
// The first user of a new server, an admin, and what the organisation says of itself once.

import { html, useEffect, useRef, useState } from "../dom.js";
import { Problem, setToken } from "../api.js";
import { findSetup, setUp } from "./api.js";
import { Choice, complaint, Labelled, refusal, typed } from "./labelled.js";
import { countries, languages, ownCountry, ownLanguage, ownZone, zones } from "../text/places.js";
import { t } from "../text/say.js";

export function Setup() {
  const [needed, setNeeded] = useState(/** @type {boolean|null} */ (null));
  const [problem, setProblem] = useState(/** @type {Problem|null} */ (null));
  const [busy, setBusy] = useState(false);
  const form = useRef(/** @type {HTMLElement|null} */ (null));
  useEffect(() => {
    document.title = `${t("Set up")} · Ringdex`;
    findSetup().then((answer) => setNeeded(answer.needed)).catch(setProblem);
  }, []);
  useEffect(() => {
    const first = form.current?.querySelector(problem ? "[aria-invalid]" : "input");
    if (first instanceof HTMLElement) first.focus();
  }, [needed, problem]);
  const send = async (/** @type {Event} */ event) => {
    const { token, ...user } = typed(event);
    if (busy) return;
    setBusy(true);
    try {
      await setUp(token.trim(), /** @type {any} */ (user));
      setToken(null);
      location.replace("/");
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === 409) setNeeded(false);
      setProblem(error);
      setBusy(false);
    }
  };
  if (needed === false) {
    return html`<main class="sign-in"><div class="sheet" data-test="set-up"><h1>${t("Ringdex")}</h1>
      <p>${t("This server has users already.")}</p><a class="button main" href="/sign-in">${t("Sign in")}</a></div></main>`;
  }
  const wrongToken = problem?.status === 401 || problem?.status === 403;
  const text = problem && !wrongToken ? refusal(problem) : null;
  return html`<main class="sign-in"><form class="sheet" ref=${form} onSubmit=${send} aria-label=${t("Set up")} data-test="setup">
    <h1>${t("Set up Ringdex")}</h1>
    <p class="quiet-text">${t("You become the first user, with all rights.")}</p>
    ${text ? html`<p class="trouble" role="alert">${text}</p>` : null}
    <${Labelled} id="token" label=${t("Admin token")} type="password" bad=${wrongToken ? t("This is not the admin token.") : null}
      hint="The server printed it when it was first started." />
    <${Labelled} id="name" label=${t("Your name")} autocomplete="name" bad=${complaint(problem, "name")} />
    <${Labelled} id="email" label=${t("E-mail")} type="email" autocomplete="username" bad=${complaint(problem, "email")} />
    <${Labelled} id="password" label=${t("Password")} type="password" autocomplete="new-password" bad=${complaint(problem, "password")}
      hint="At least 10 characters. A few words are good." />
    <${Choice} id="default_country" label=${t("Country")} options=${countries()} value=${ownCountry()} bad=${complaint(problem, "default_country")}
      hint="Numbers without a country code are taken to be from here." />
    <${Choice} id="timezone" label=${t("Time zone")} options=${zones()} value=${ownZone()} bad=${complaint(problem, "timezone")}
      hint="Days begin at midnight here." />
    <${Choice} id="language" label=${t("Language")} options=${languages()} value=${ownLanguage()} bad=${complaint(problem, "language")}
      hint="Dates, numbers and names of countries are written in it." />
    <button class="button main" disabled=${busy}>${t("Begin")}</button>
  </form></main>`;
}
