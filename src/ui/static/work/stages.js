// @ts-check
// The stages that deals go through: as the organisation says, and those of the deals there are.

import { signal } from "../dom.js";
import { Problem, request } from "../api.js";
import { listItems } from "../state/items.js";

const USUAL = ["new", "qualified", "proposal", "negotiation"];
/** In their order. @type {import("../vendor/signals.js").Signal<string[]>} */
export const stages = signal(USUAL);
let asked = false;

/** Asks for the stages, once. */
export async function loadStages() {
  if (asked) return;
  asked = true;
  try {
    const said = await request("GET", "/api/v1/settings").then(({ body }) => body.settings?.deal_stages, () => null);
    const names = (said ?? []).map((/** @type {any} */ one) => one.name ?? one.key ?? one);
    const used = (await listItems("deals", { status: "open", per_page: 200 })).items.map((one) => one.stage).filter(Boolean);
    stages.value = [...new Set([...(names.length ? names : USUAL), ...used])];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    asked = false;
  }
}
