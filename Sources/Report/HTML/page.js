"use strict";
// The player of a timeline and the zoom of the map. Without it, the page shows everything at once.

for (const player of document.querySelectorAll("[data-player]")) {
  const moments = [...player.querySelectorAll(".moment")];
  const controls = player.querySelector(".controls");
  const range = controls.querySelector("input");
  const output = controls.querySelector("output");
  const play = controls.querySelector("[data-do=play]");
  const said = controls.querySelector(".said");
  let current = 0;
  let timer = 0;

  const show = (index, isMoved = true) => {
    current = Math.max(0, Math.min(moments.length - 1, index));
    // Where a step is shorter than the one before, the buttons stay under the pointer.
    document.body.style.minHeight = `${scrollY + innerHeight}px`;
    moments.forEach((moment, place) => moment.classList.toggle("current", place === current));
    range.value = current + 1;
    output.textContent = `${current + 1} of ${moments.length}`;
    range.setAttribute("aria-valuetext", output.textContent);
    // A link to the page is then one to the step; while it plays, browsers count the changes.
    if (isMoved && !timer) history.replaceState(null, "", `#${moments[current].id}`);
  };
  // What those hear who do not see what is marked: the step, what came of it, and what changed.
  const words = (moment) => {
    const text = (part) => part.textContent.trim().replace(/\s+/g, " ");
    const parts = [`step ${output.textContent}: ${text(moment.querySelector("h3")).replace(/^\d+\. /, "")}`];
    for (const part of moment.querySelectorAll(".verdict, .fault > p:not(.verdict), .event"))
      parts.push(text(part).replace(/^[✓✗◇•] /, ""));
    for (const change of moment.querySelectorAll(".change")) {
      const [before, after] = [...change.querySelectorAll(".before-after code")].map(text);
      const bits = new Set([...change.querySelectorAll(".bits .changed .name")].map(text));
      parts.push(`${text(change.querySelector("h4"))}: ${before} becomes ${after}, changed: ${[...bits].join(", ")}`);
    }
    for (const row of moment.querySelectorAll(".frames tr.after")) {
      const before = row.previousElementSibling;
      const heads = row.closest("table").tHead.rows[0].cells;
      const changes = [...row.cells].flatMap((cell, place) => cell.querySelector("mark")
        ? [`${text(heads[place + 1])} ${text(before.cells[place + 1]) || "none"} becomes ${text(cell)}`] : []);
      if (changes.length) parts.push(`frame ${text(before.cells[0])}: ${changes.join(", ")}`);
    }
    for (const row of moment.querySelectorAll(".lists tr.changed"))
      parts.push(`${text(row.cells[0])} list: ${text(row.cells[1])} becomes ${text(row.cells[2])}`);
    return parts.join(". ");
  };
  const go = (index) => {
    show(index);
    said.textContent = words(moments[current]);
  };
  const stop = () => {
    clearInterval(timer);
    if (timer) history.replaceState(null, "", `#${moments[current].id}`);
    timer = 0;
    play.firstElementChild.textContent = "▶ play";
    play.title = "play";
  };
  const start = () => {
    if (current === moments.length - 1) go(0);
    play.firstElementChild.textContent = "‖ pause";
    play.title = "pause";
    timer = setInterval(() => {
      go(current + 1);
      if (current === moments.length - 1) stop();
    }, 2500);
  };
  const act = {
    first: () => go(0),
    back: () => go(current - 1),
    next: () => go(current + 1),
    last: () => go(moments.length - 1),
    play: () => (timer ? stop() : start()),
  };
  controls.addEventListener("click", (event) => {
    const name = event.target.closest("button")?.dataset.do;
    if (!name) return;
    if (name !== "play") stop();
    act[name]();
  });
  range.addEventListener("input", () => { stop(); go(range.value - 1); });
  const keys = { ArrowLeft: "back", ArrowRight: "next", Home: "first", End: "last" };
  player.tabIndex = -1;
  player.addEventListener("keydown", (event) => {
    const name = keys[event.key];
    if (!name || event.target === range || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    stop();
    act[name]();
  });
  player.classList.add("playing");
  controls.hidden = false;
  const named = moments.findIndex((moment) => `#${moment.id}` === location.hash);
  show(Math.max(0, named), false);
}

for (const map of document.querySelectorAll("[data-map]")) {
  const bands = [...map.querySelectorAll(".zoomable")];
  const zoom = map.querySelector(".zoom");
  const hex = (number) => `0x${number.toString(16)}`;
  const element = (name, text, properties = {}) =>
    Object.assign(document.createElement(name), { textContent: text }, properties);
  const cellLimit = 512n;
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  const size = (bytes) => {
    let unit = 0;
    for (; bytes % 1024n === 0n && unit < units.length - 1; unit++) bytes /= 1024n;
    return `${bytes} ${units[unit]}`;
  };

  // Pages of a part of a run, or parts of it where there are too many.
  const cells = (run, first, last) => {
    const pages = (last - first) / run.size + 1n;
    let each = 1n;
    while (pages / each > cellLimit) each *= 8n;
    const grid = element("div", "", { className: "cellgrid" });
    const detail = element("p", "");
    detail.setAttribute("role", "status");
    const note = each === 1n ? "each box is a page" : `each box is ${each} pages`;
    for (let start = first; start <= last; start += each * run.size) {
      const wanted = start + each * run.size - 1n;
      const end = wanted > last ? last : wanted;
      const frame = run.frame + (start - run.start);
      const words = `${hex(start)} to ${hex(end)}: ${each === 1n ? "frame" : "frames from"} ${hex(frame)}, ${run.rights}`;
      const button = element("button", "", { type: "button", title: words });
      button.addEventListener("click", () => {
        grid.querySelectorAll("[aria-pressed]").forEach((other) => other.removeAttribute("aria-pressed"));
        button.setAttribute("aria-pressed", "true");
        if (each > 1n) return zoom.replaceChildren(...view(run, start, end));
        detail.textContent = words + ".";
        const link = document.body.dataset.address;
        if (link) detail.append(" ", element("a", "walk to it", { href: link.replace("VA", hex(start)) }));
      });
      grid.append(button);
    }
    return [element("p", note), grid, detail];
  };
  const view = (run, first, last) => {
    const count = (last - first) / run.size + 1n;
    const title = `${hex(first)} to ${hex(last)}, ${count} ${count === 1n ? "page" : "pages"} of ${size(run.size)}, ${run.rights}`;
    const parts = [element("h3", title), ...cells(run, first, last)];
    if (first !== run.start || last !== run.end) {
      const back = element("button", "the whole run", { type: "button" });
      back.addEventListener("click", () => zoom.replaceChildren(...view(run, run.start, run.end)));
      parts.push(back);
    }
    return parts;
  };
  const open = (band) => {
    const [start, end, frame, shift, ...rights] = band.dataset.run.split(" ");
    bands.forEach((other) => other.classList.toggle("current", other === band));
    zoom.hidden = false;
    // Of several runs the page has only what they come to.
    if (!shift) {
      const row = [...document.querySelectorAll("table.runs tbody tr")]
        .find((other) => BigInt(other.cells[0].textContent) === BigInt(start));
      const parts = [element("h3", band.querySelector("title").textContent)];
      const link = row?.querySelector("a");
      if (link) parts.push(element("a", "its runs", { href: link.href }));
      return zoom.replaceChildren(...parts);
    }
    const run = { start: BigInt(start), end: BigInt(end), frame: BigInt(frame), size: 1n << BigInt(shift), rights: rights.join(" ") };
    zoom.replaceChildren(...view(run, run.start, run.end));
  };
  const focus = (index) => {
    const band = bands[Math.max(0, Math.min(bands.length - 1, index))];
    bands.forEach((other) => other.setAttribute("tabindex", other === band ? "0" : "-1"));
    band.focus();
  };
  bands.forEach((band, index) => {
    band.setAttribute("tabindex", index === 0 ? "0" : "-1");
    band.setAttribute("role", "button");
    band.addEventListener("click", () => open(band));
    band.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, Home: -bands.length, End: bands.length }[event.key];
      if (event.key === "Enter" || event.key === " ") open(band);
      else if (step) focus(index + step);
      else return;
      event.preventDefault();
    });
  });
  // A figure with buttons in it is no picture any more.
  map.querySelector("svg.map")?.setAttribute("role", "group");
}

// Browsers that do not print what is closed print it opened.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) {
    details.dataset.open = details.open;
    details.open = true;
  }
});
addEventListener("afterprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = details.dataset.open === "true";
});
