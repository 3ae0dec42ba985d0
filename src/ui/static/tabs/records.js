// @ts-check
// What the tabs have in common: the records of a contact, and the card knowing when they change.

import { load } from "../state/records.js";
import { useItems } from "../work/list-page.js";

/** @param {string} noun @param {import("../api.js").Contact} contact @param {Record<string, unknown>} [params] */
export function useRecords(noun, contact, params) {
  const { items, again } = useItems(noun, { contact_id: contact.id, per_page: 100, ...params });
  return {
    items,
    again: () => {
      again();
      // The counts of the card follow.
      void load(contact.id);
    },
  };
}
