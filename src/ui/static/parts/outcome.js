// @ts-check
// What became of a change in place: asked once more, refused with the reason, or in conflict with
// what somebody else has saved.

import { html } from "../dom.js";
import { problemText } from "../text/words.js";
import { Icon } from "./icons.js";
import { say, t } from "../text/say.js";

/**
 * @typedef {null | {state: "saving"|"saved"} | {state: "problem", problem: import("../api.js").Problem}
 *   | {state: "conflict", theirs: string, mine: string} | {state: "asks", mine: string}} Status
 */

/** The sentences of a problem that are about this field. @param {any} problem @param {string} pointer */
function complaints(problem, pointer) {
  const mine = problem.errors.filter((/** @type {any} */ one) => (one.pointer ?? "").replace(/^#/, "").startsWith(`/${pointer}`));
  const all = mine.length ? mine : problem.errors;
  return all.length ? all.map((/** @type {any} */ one) => one.detail ?? one.code) : [problemText(problem)];
}

/**
 * @param {{status: Status, describedBy: string, pointer: string, before: string, onMine: () => void,
 *   onTheirs: () => void}} props
 */
export function Outcome({ status, describedBy, pointer, before, onMine, onTheirs }) {
  if (status?.state === "asks") {
    return html`<div class="conflict" role="alert" data-test="asks">
      <p><s>${before}</s> <span aria-hidden="true">→</span><span class="vh">${t("becomes")}</span> <strong>${status.mine || t("(empty)")}</strong></p>
      <div class="choose"><button type="button" class="button main" onClick=${onMine}>${t("Change it")} <kbd>${t("Enter")}</kbd></button>
        <button type="button" class="button" onClick=${onTheirs}>${say("Keep {0}", before)} <kbd>${t("Esc")}</kbd></button></div>
    </div>`;
  }
  if (status?.state === "problem") {
    return html`<div class="complaint" id=${describedBy} role="alert">
      ${complaints(status.problem, pointer).map((/** @type {string} */ text) => html`<p><${Icon} name="info" />${text}</p>`)}
    </div>`;
  }
  if (status?.state !== "conflict") return null;
  return html`<div class="conflict" role="alert" data-test="conflict">
    <p>${t("Somebody else changed this meanwhile. Which one is right?")}</p>
    <div class="sides">
      <button type="button" onClick=${onTheirs}><span class="side">${t("Theirs, saved now")}</span><strong>${status.theirs || t("(empty)")}</strong></button>
      <button type="button" onClick=${onMine}><span class="side">${t("Yours")}</span><strong>${status.mine || t("(empty)")}</strong></button>
    </div>
  </div>`;
}
