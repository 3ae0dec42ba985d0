// @ts-check
// Binds htm to preact. The only file of ours that names the vendored modules.

import { h, render, Fragment } from "./vendor/preact.js";
import htm from "./vendor/htm.js";

export { render, Fragment };
export { useEffect, useLayoutEffect, useMemo, useRef, useState } from "./vendor/hooks.js";
export { batch, computed, effect, signal } from "./vendor/signals.js";

/** Markup as a tagged template: html`<p class="x">${text}</p>`. */
export const html = htm.bind(h);
