// @ts-check
// Whether the page itself goes away. Its editors lose the focus then, which is not what somebody
// does who has finished typing: what is half typed stays a draft and is not saved.

let isLeaving = false;
addEventListener("pagehide", () => { isLeaving = true; });
addEventListener("pageshow", () => { isLeaving = false; });

/**
 * Does what leaving an editor means, unless the page is left. Browsers differ in whether they take
 * the focus away before or behind `pagehide`, so it waits until that has been told.
 * @param {() => void} work
 */
export function unlessPageLeaves(work) {
  setTimeout(() => {
    if (!isLeaving) work();
  });
}
