// @ts-check
// Puts the page together: which view the address asks for, and what lies over it.

import { effect, html, onDemand, render } from "./dom.js";
import { listenToKeys } from "./keys.js";
import { pageOf } from "./pages.js";
import { CallBar } from "./parts/call-bar.js";
import { Dialogs } from "./parts/dialogs.js";
import { Drafts } from "./parts/drafts.js";
import { Rail } from "./parts/rail.js";
import { Toasts } from "./parts/toasts.js";
import { TopBar } from "./parts/topbar.js";
import { loadDefinitions } from "./state/definitions.js";
import { follow } from "./state/follow.js";
import { me } from "./state/me.js";
import { loadPeople } from "./state/people.js";
import { needsSignIn } from "./state/session.js";
import { place } from "./state/url.js";
import { Console } from "./views/console.js";
import { Pop } from "./views/pop.js";

const Setup = onDemand(() => import("./account/setup.js").then((file) => file.Setup));
const SignIn = onDemand(() => import("./account/sign-in.js").then((file) => file.SignIn));

/** What stands below the bar. @param {string} view */
function shown(view) {
  if (view === "pop") return html`<${Pop} />`;
  const Page = pageOf(view)?.Page;
  return Page ? html`<${Page} key=${view} />` : html`<${Console} />`;
}

function App() {
  const { view } = place.value;
  if (view === "setup") return html`<${Setup} />`;
  if (view === "sign-in") return html`<${SignIn} />`;
  // Below the page for signing in everything stays as it is: a draft is not lost.
  const away = needsSignIn.value;
  return html`<div key="app" class="app" hidden=${away} inert=${away}>
      <${Rail} /><div class="stage"><${TopBar} /><${CallBar} /><${Drafts} />${shown(view)}</div><${Toasts} /><${Dialogs} />
    </div>
    ${away ? html`<${SignIn} key="sign-in" over />` : null}`;
}

listenToKeys();
follow();
// Early, so that the first card has the right labels and names.
effect(() => {
  if (!me.value) return;
  void loadDefinitions();
  void loadPeople();
});
const root = /** @type {HTMLElement} */ (document.getElementById("app"));
root.textContent = "";
render(html`<${App} />`, root);
