// @ts-check
// Signing in: by address and password, at the provider of single sign-on, or with an access
// token that is kept for this tab only. It lies over what was on the screen, if anything was.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../dom.js";
import { Problem, setToken, token } from "../api.js";
import { loadMe, me } from "../state/me.js";
import { search } from "../state/search.js";
import { needsSignIn } from "../state/session.js";
import { place } from "../state/url.js";
import { findSetup, signIn } from "./api.js";
import { Labelled, refusal, typed } from "./labelled.js";
import { t } from "../text/say.js";

/** What the way here may have to say. @type {Record<string, string>} */
const SAID = {
  changed: t("Your password is changed. Sign in with the new one."),
  out: t("You are signed out."),
  expired: t("That took too long or began in another window. Please sign in again."),
  provider: t("Single sign-on does not work at the moment. Try again, or ask your administrator."),
  refused: t("Single sign-on was cancelled or refused."),
  email: t("Your e-mail address is not confirmed at single sign-on, so nobody here can be found by it."),
  unknown: t("Nobody here may sign in with that account. Ask your administrator."),
};

/** Where to go from the page for signing in: a path of this server. */
function next() {
  const wanted = new URLSearchParams(location.search).get("return_to") ?? "/";
  const url = new URL(wanted, location.origin);
  // What is left of "/..//evil.example" without its dots is the address of another server.
  const here = url.origin === location.origin && wanted[0] === "/" && !url.pathname.startsWith("//");
  const inside = here && url.pathname !== "/sign-in";
  return inside ? url.pathname + url.search : "/";
}

/** @param {{over?: boolean}} props `over`: something is on the screen below */
export function SignIn({ over = false }) {
  const [byToken, setByToken] = useState(Boolean(over && token()));
  const [problem, setProblem] = useState(/** @type {string|null} */ (over && token() ? t("This token is not valid, or not any more. Ask for a new one.") : null));
  const [busy, setBusy] = useState(false);
  const [about, setAbout] = useState(/** @type {{needed: boolean, single_sign_on: boolean}|null} */ (null));
  const form = useRef(/** @type {HTMLFormElement|null} */ (null));
  const code = over ? "" : (new URLSearchParams(location.search).get("problem") ?? "");
  const said = over && me.peek() && !byToken ? t("Your session has ended. Sign in to go on; what you typed is kept.") : SAID[code];

  useEffect(() => {
    const before = document.title;
    document.title = `${t("Sign in")} · Ringdex`;
    if (token()) setToken(null);
    // What is below the password comes all at once: nothing must move away under the pointer.
    findSetup().then(setAbout, () => setAbout({ needed: false, single_sign_on: false }));
    return () => {
      document.title = before;
    };
  }, []);
  useEffect(() => {
    form.current?.querySelector("input")?.focus();
  }, [byToken]);
  // With the message, not after it: the next letter must not go behind the wrong ones.
  useLayoutEffect(() => {
    const box = /** @type {HTMLInputElement|null} */ (form.current?.querySelector("[type=password]"));
    if (problem) box?.select();
  }, [problem]);

  /** Goes on where the person was. */
  const goOn = async () => {
    if (!over) {
      location.replace(next());
      return;
    }
    if (!(await loadMe())) throw new Problem(401, { detail: t("This token is not valid") });
    needsSignIn.value = false;
    void search(place.value.q, { again: true });
  };
  const send = async (/** @type {Event} */ event) => {
    const given = typed(event);
    if (busy) return;
    setBusy(true);
    setProblem(null);
    try {
      if (byToken) setToken(given.token.trim());
      else await signIn(given.email, given.password);
      await goOn();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (byToken) setToken(null);
      setProblem(refusal(error) ?? t("Fill in both."));
      setBusy(false);
    }
  };
  // Single sign-on leaves the page, which would lose what lies below: it opens beside it.
  const beside = over && me.peek();
  const leave = () => {
    if (!beside) return;
    addEventListener("focus", () => goOn().catch(() => {}), { once: true });
  };
  const start = `/api/v1/oidc/start?return_to=${encodeURIComponent(over ? location.pathname + location.search : next())}`;
  return html`<main class="sign-in"><form class="sheet" ref=${form} onSubmit=${send} aria-label=${t("Sign in")} data-test="sign-in">
    <h1>${t("Ringdex")}</h1>
    ${said && !problem ? html`<p role="status">${said}</p>` : null}
    ${problem ? html`<p class="trouble" role="alert">${problem}</p>` : null}
    ${byToken
      ? html`<${Labelled} id="token" label=${t("Access token")} type="password" hint="Your administrator has it. It stays in this tab and goes when you close it." />`
      : html`<${Labelled} id="email" label=${t("E-mail")} type="email" autocomplete="username" />
        <${Labelled} id="password" label=${t("Password")} type="password" autocomplete="current-password" />`}
    <button class="button main" disabled=${busy}>${t("Sign in")}</button>
    ${about?.single_sign_on ? html`<a class="button" href=${start} target=${beside ? "_blank" : undefined} onClick=${leave}>${t("Single sign-on")}</a>` : null}
    ${about ? html`<button type="button" class="link" onClick=${() => { setProblem(null); setByToken(!byToken); }}>${byToken ? t("Use e-mail and password instead") : t("Use a token instead")}</button>` : null}
    ${about?.needed ? html`<a href="/setup">${t("Set up this server")}</a>` : null}
  </form></main>`;
}
