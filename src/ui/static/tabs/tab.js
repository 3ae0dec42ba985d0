// @ts-check
// The tabs of a card with the records of a contact: calls, deals, tasks, notes, conversations,
// consent, lists.

import { html } from "../dom.js";
import { Calls } from "./calls.js";
import { Consent } from "./consent.js";
import { Conversations } from "./conversations.js";
import { Lists } from "./lists.js";
import { Merge } from "./merge.js";
import { Notes } from "./notes.js";
import { Deals, Tasks } from "./work.js";

/** @type {Record<string, any>} */
const TABS = { calls: Calls, deals: Deals, tasks: Tasks, notes: Notes, conversations: Conversations, consent: Consent, lists: Lists, merge: Merge };

/** @param {{tab: string, contact: import("../api.js").Contact}} props */
export function CardTab({ tab, contact }) {
  const Tab = TABS[tab];
  return Tab ? html`<section class="timeline part" aria-label=${tab} data-test=${`tab-${tab}`}><${Tab} key=${contact.id} contact=${contact} /></section>` : null;
}
