// @ts-check
// Line icons on a 16 px grid. They repeat what a word beside them says, so they are
// hidden from screen readers.

import { html } from "../dom.js";

/** @type {Record<string, string>} */
const PATHS = {
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3 14 14",
  call: "M4.7 2.5 6.3 3l.7 2.2L5.9 6.4c.7 1.6 2 2.9 3.6 3.6l1.3-1.1 2.2.7.5 1.6c-.3 1.4-1.3 2.3-2.7 2.2C6.3 12.9 3.1 9.7 2.6 5.2 2.5 3.8 3.3 2.8 4.7 2.5z",
  twins: "M5.3 2.5a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4zM10.7 2.5a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4zM1.5 13c0-2.4 1.7-4 3.8-4s3.8 1.6 3.8 4M11 9c2 0 3.5 1.6 3.5 4",
  copy: "M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1",
  mail: "M2 3.5h12v9H2zM2 4l6 5 6-5",
  edit: "M10.5 3 13 5.5 5.5 13 2.5 13.5 3 10.5z",
  pin: "M5.5 2.5h5M6.5 2.5v4L4 9.5h8l-2.5-3v-4M8 9.5v4.5",
  trash: "M3 4.5h10M6.5 4V2.5h3V4M4.5 4.5l.5 9h6l.5-9M6.8 7v4M9.2 7v4",
  plus: "M8 3v10M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  back: "M9.5 3.5 5 8l4.5 4.5",
  ok: "M3 8.5 6.5 12 13 4.5",
  "no-call": "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM3.8 3.8l8.4 8.4",
  blocked: "M5 2h6l3 3v6l-3 3H5l-3-3V5zM5 8h6",
  info: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 7.3v3.7M8 4.9v.2",
  clock: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 5v3.3l2.2 1.3",
  auto: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 2v12M8 5h4.5M8 8h6M8 11h4.5",
  light: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  dark: "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z",
  user: "M8 2.5a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM2.8 14c0-2.6 2.3-4 5.2-4s5.2 1.4 5.2 4",
  keys: "M1.5 4h13v8h-13zM4 6.7h.2M6.7 6.7h.2M9.3 6.7h.2M12 6.7h.2M5 9.5h6",
};

/** @param {{name: string}} props */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
    <path d=${PATHS[name]} />
  </svg>`;
}
