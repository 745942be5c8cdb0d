// How far exports are, without loading the page again; when one ends the page says what came of it.
"use strict";

const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

async function follow(place) {
  const bar = place.querySelector("progress");
  const said = place.querySelector("span");
  for (;;) {
    await pause(1000);
    if (document.hidden) continue;
    const answer = await fetch(`/api/v1/exports/${place.dataset.export}`).catch(() => null);
    if (answer && answer.status >= 400 && answer.status < 500) return; // signed out: the page stays as it is
    if (!answer?.ok) continue;
    const { state, progress } = await answer.json();
    if (state !== "waiting" && state !== "running") { location.reload(); return; }
    said.textContent = words(state, progress);
    if (!progress.of) { bar.removeAttribute("value"); continue; }
    bar.max = progress.of;
    bar.value = progress.posts;
  }
}

function words(state, { posts, of, anew }) {
  if (of) return `${posts.toLocaleString("en")} of ${of.toLocaleString("en")} posts${anew ? ", begun anew" : ""}`;
  if (anew) return "begins anew: the try before was broken off";
  return state === "running" ? "begun" : "waits for its turn";
}

for (const place of document.querySelectorAll("[data-export]")) follow(place);
