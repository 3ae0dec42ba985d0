// @ts-check
// Puts the page together: which view the address asks for, and what lies over it.

import { html, render } from "./dom.js";
import { listenToKeys } from "./keys.js";
import { Dialogs } from "./parts/dialogs.js";
import { SignIn } from "./parts/sign-in.js";
import { Toasts } from "./parts/toasts.js";
import { TopBar } from "./parts/topbar.js";
import { needsToken } from "./state/session.js";
import { place } from "./state/url.js";
import { Console } from "./views/console.js";
import { Pop } from "./views/pop.js";

function App() {
  if (needsToken.value) return html`<${SignIn} />`;
  return html`<${TopBar} />
    ${place.value.view === "pop" ? html`<${Pop} />` : html`<${Console} />`}
    <${Toasts} /><${Dialogs} />`;
}

listenToKeys();
const root = /** @type {HTMLElement} */ (document.getElementById("app"));
root.textContent = "";
render(html`<${App} />`, root);
