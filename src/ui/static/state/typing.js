// @ts-check
// Tells a letter that is a command from one that is part of typed text: somebody who types with
// the focus in the wrong place must not edit, call or merge.

/** A letter that comes so soon after another belongs to a word. */
const WORD_MS = 300;

let last = -Infinity;
let isInWord = false;

/** @param {KeyboardEvent} event */
const isText = (event) => event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;

addEventListener(
  "keydown",
  (event) => {
    isInWord = event.timeStamp - last < WORD_MS;
    if (isText(event)) last = event.timeStamp;
  },
  { capture: true },
);

/** Whether the key that is being handled is a letter that may act. @param {KeyboardEvent} event */
export const isCommand = (event) => isText(event) && !event.repeat && !isInWord;
