// The token strip: a text as a row of its tokens, of which one is chosen, by pointer or arrow keys.
import { moved } from "../../kit/browser/controls.js";
import { make, newId } from "../../kit/browser/elements.js";
import { visible } from "../../kit/browser/words.js";

/**
 * A strip; `fill(tokens, words)` puts a text into it, where `words(token, at)` is what is read aloud, and
 * `choose(at)` marks one of them.
 *
 * kept: says which one is chosen.   onLook: gets the one under the pointer, or null.   onKeep: gets the one
 * that was clicked, or gone to with an arrow key.
 */
export function tokenStrip({ kept, onLook, onKeep }) {
  const stem = newId("token");
  const root = make("div", {
    class: "strip-text",
    role: "listbox",
    tabindex: "0",
    "aria-orientation": "horizontal",
    "aria-label": "The text: choose a query with the arrow keys",
  });
  const items = () => [...root.children];

  function fill(tokens, words = () => null) {
    root.replaceChildren(
      ...tokens.map((token, at) =>
        make("span", {
          class: "strip-token",
          role: "option",
          id: `${stem}-${at}`,
          "data-at": at,
          "aria-label": words(token, at),
          text: visible(token),
        }),
      ),
    );
  }

  function choose(at) {
    items().forEach((item, place) => {
      item.classList.toggle("strip-query", place === at);
      item.setAttribute("aria-selected", String(place === at));
    });
    root.setAttribute("aria-activedescendant", items()[at].id);
  }

  const under = (event) => {
    const item = event.target.closest(".strip-token");
    return item && Number(item.dataset.at);
  };
  root.addEventListener("pointermove", (event) => onLook(under(event)));
  root.addEventListener("pointerleave", () => onLook(null));
  root.addEventListener("click", (event) => under(event) !== null && onKeep(under(event)));
  root.addEventListener("keydown", (event) => {
    const to = moved(event.key, [0, kept()], [1, items().length]);
    if (!to) return;
    event.preventDefault();
    onKeep(to[1]);
  });
  return { root, items, fill, choose };
}
