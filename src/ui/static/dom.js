// @ts-check
// Binds htm to preact. The only file of ours that names the vendored modules.

import { h, render, Fragment } from "./vendor/preact.js";
import { useEffect, useState } from "./vendor/hooks.js";
import htm from "./vendor/htm.js";
import { t } from "./text/say.js";

export { render, Fragment };
export { useEffect, useLayoutEffect, useMemo, useRef, useState } from "./vendor/hooks.js";
export { batch, computed, effect, signal } from "./vendor/signals.js";

/** Markup as a tagged template: html`<p class="x">${text}</p>`. */
export const html = htm.bind(h);

/** Loads a style sheet of some pages, once. @param {string} name @returns {Promise<void>} */
function style(name) {
  const first = /** @type {HTMLLinkElement} */ (document.querySelector("link[rel=stylesheet]"));
  const href = first.href.replace("app.css", name);
  return new Promise((resolve, reject) => {
    if ([...document.styleSheets].some((one) => one.href === href)) return resolve();
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href, onload: () => resolve(), onerror: reject });
    document.head.append(link);
  });
}

/** A page or part with tables and forms: it comes with their style. @param {() => Promise<any>} load */
export const withWork = (load) => onDemand(() => Promise.all([load(), style("work/work.css")]).then(([component]) => component));

/**
 * A component whose files are fetched when it is first shown, so that the page that is open
 * all day stays small. @param {() => Promise<any>} load
 */
export function onDemand(load) {
  /** @type {any} */
  let loaded = null;
  return (/** @type {any} */ props) => {
    const [component, setComponent] = useState(() => loaded);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (!component) load().then((found) => setComponent(() => (loaded = found)), () => setFailed(true));
    }, []);
    if (component) return h(component, props);
    return failed ? html`<div class="trouble" role="alert">${t("This part of the page does not load.")}
      <button type="button" class="link" onClick=${() => location.reload()}>${t("Load the page again")}</button></div>` : null;
  };
}
