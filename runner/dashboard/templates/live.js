// Brings a page up to date when the server has something new. Without it, pages are as they were loaded.
"use strict";
(() => {
  const own = document.currentScript;
  let shown = own.dataset.version;
  let isAsking = false;
  async function refresh() {
    if (isAsking) return;
    isAsking = true;
    try {
      const answer = await fetch(location.href, {headers: {accept: "text/html"}});
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = document.querySelector("main"), next = fresh.querySelector("main");
      const isTyping = now.contains(document.activeElement) && document.activeElement.matches("input, select");
      if (!next || isTyping || now.innerHTML === next.innerHTML) return;
      const open = [...now.querySelectorAll("details")].map((each) => each.open);
      now.replaceWith(next);
      [...next.querySelectorAll("details")].forEach((each, i) => { each.open = Boolean(open[i]); });
    } finally {
      isAsking = false;
    }
  }
  new EventSource(`${own.dataset.root}events`).onmessage = (event) => {
    if (event.data === shown) return;
    shown = event.data;
    refresh();
  };
})();
