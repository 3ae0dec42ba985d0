// @ts-check
// An input with its label, for the forms that are about signing in.

import { html } from "../dom.js";
import { t } from "../text/say.js";

/**
 * @param {{id: string, label: string, type?: string, autocomplete?: string, hint?: string, bad?: string|null,
 *   focus?: boolean, value?: string}} props
 */
export function Labelled({ id, label, type = "text", autocomplete = "off", hint, bad, value }) {
  const about = bad || hint ? `${id}-about` : undefined;
  return html`<label for=${id}>${label}</label>
    <input id=${id} name=${id} class="editor" type=${type} autocomplete=${autocomplete} spellcheck=${false} autocapitalize="off"
      required value=${value} aria-invalid=${bad ? "true" : undefined} aria-describedby=${about} />
    ${about ? html`<p id=${about} class=${bad ? "complaint" : "quiet-text"}>${bad ?? hint}</p>` : null}`;
}

/**
 * One of many, by its name.
 * @param {{id: string, label: string, options: [string, string][], value: string, hint?: string, bad?: string|null}} props
 */
export function Choice({ id, label, options, value, hint, bad }) {
  const about = bad || hint ? `${id}-about` : undefined;
  return html`<label for=${id}>${label}</label>
    <select id=${id} name=${id} class="editor" aria-invalid=${bad ? "true" : undefined} aria-describedby=${about}>
      ${options.map(([key, text]) => html`<option value=${key} selected=${key === value}>${text}</option>`)}</select>
    ${about ? html`<p id=${about} class=${bad ? "complaint" : "quiet-text"}>${bad ?? hint}</p>` : null}`;
}

/** What was typed into a form, by the ids of its inputs. @param {Event} event @returns {Record<string, string>} */
export function typed(event) {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.currentTarget);
  return /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
}

/** The sentence of a problem about one member of what was sent. @param {import("../api.js").Problem|null} problem @param {string} member */
export function complaint(problem, member) {
  const detail = problem?.errors.find((one) => one.pointer === `/${member}`)?.detail;
  return detail ? detail[0].toUpperCase() + detail.slice(1) + "." : null;
}

/** Why a name and password were not taken. @param {import("../api.js").Problem} problem @returns {string|null} */
export function refusal(problem) {
  if (problem.errors.length) return null;
  if (problem.code === "sign_in_refused") return t("The address or the password is wrong.");
  if (problem.status === 429) {
    const wait = problem.wait > 90 ? t("{0} minutes", Math.ceil(problem.wait / 60)) : t("{0} seconds", problem.wait || 60);
    return problem.code === "sign_in_locked" ? t("Locked after too many failed attempts. Try again in {0}.", wait) : t("Too many attempts. Try again in {0}.", wait);
  }
  return problem.message[0].toUpperCase() + problem.message.slice(1) + ".";
}
