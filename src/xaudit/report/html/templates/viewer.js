"use strict";
// A case in full size: one map or all of them, zoomed and moved, its neighbours a key away.
const caseViewer = ({ data, make, figure, lines, isFailing }) => {
  const dialog = document.getElementById("whole"), title = document.getElementById("whole-title");
  const body = document.getElementById("whole-body"), ALL = -2, ALONE = -1;
  const names = [[ALL, "all maps"], [ALONE, "image alone"], ...data.explainers.map((one, i) => [i, one.id])];
  const state = { views: [], at: 0, which: ALL, zoom: 1, x: 0, y: 0, lines: true, map: true };

  const button = (text, label, act) => {
    const one = make("button", { type: "button", title: label }, text);
    one.setAttribute("aria-label", label);
    one.addEventListener("click", act);
    return one;
  };
  const slider = (text, low, high, value, put) => {
    const input = make("input", { type: "range", min: String(low), max: String(high), value: String(value), step: "5" });
    input.addEventListener("input", () => put(Number(input.value)));
    return [make("label", { className: "slider" }, text, input), input];
  };
  const place = make("span", { className: "place" });
  place.setAttribute("role", "status");
  const chosen = make("select", { id: "viewer-map" }, ...names.map(([i, text]) => make("option", { value: String(i) }, text)));
  const outlines = make("input", { type: "checkbox", checked: true });
  const style = dialog.style;
  const [opacity, opacityInput] = slider("Map", 0, 100, 70, (n) => style.setProperty("--opacity", String(n / 100)));
  const [level, levelInput] = slider("Brightness", 20, 300, 100, (n) => style.setProperty("--level", String(n / 100)));
  const [width, widthInput] = slider("Contrast", 20, 400, 100, (n) => style.setProperty("--window", String(n / 100)));
  const stage = make("div", { className: "stage" });

  const placed = () => {
    const frame = stage.querySelector(".frame");
    if (!frame || state.which === ALL) return;
    const edge = 1 - state.zoom;
    state.x = Math.min(0, Math.max(edge, state.x));
    state.y = Math.min(0, Math.max(edge, state.y));
    for (const [name, value] of [["--zoom", state.zoom], ["--x", `${100 * state.x}%`], ["--y", `${100 * state.y}%`]]) {
      frame.style.setProperty(name, String(value));
    }
    frame.classList.toggle("zoomed", state.zoom > 1);
    const ruler = frame.querySelector(".ruler");
    if (!ruler) return;
    if (!ruler.dataset.share) ruler.dataset.share = ruler.style.width;
    const share = parseFloat(ruler.dataset.share) * state.zoom;
    ruler.style.width = `${share}%`;
    ruler.hidden = share > 95;
  };
  const zoomBy = (factor, atX = 0.5, atY = 0.5) => {
    const before = state.zoom;
    state.zoom = Math.min(12, Math.max(1, before * factor));
    state.x = atX - ((atX - state.x) * state.zoom) / before;
    state.y = atY - ((atY - state.y) * state.zoom) / before;
    placed();
  };
  const reset = () => {
    Object.assign(state, { zoom: 1, x: 0, y: 0 });
    for (const [input, value] of [[levelInput, 100], [widthInput, 100]]) {
      input.value = String(value);
      input.dispatchEvent(new Event("input"));
    }
    placed();
  };
  const looks = () => {
    stage.classList.toggle("no-lines", !state.lines);
    stage.classList.toggle("no-map", !state.map);
    outlines.checked = state.lines;
  };
  const draw = () => {
    const view = state.views[state.at], one = data.cases[view.case];
    title.textContent = one.id;
    place.textContent = `${state.at + 1} of ${state.views.length}, as ${data.models[view.model]} sees it`;
    chosen.value = String(state.which);
    if (state.which === ALL) {
      stage.replaceChildren(make("div", { className: "grid-of-maps" }, ...names.slice(1).map(([i]) => figure(view, i, 9, () => show(i)))));
    } else {
      const drawn = figure(view, state.which, 9);
      const frame = drawn.querySelector(".frame");
      drawn.style.maxWidth = `calc(68vh * ${frame.style.aspectRatio.split("/")[0]})`;
      stage.replaceChildren(drawn);
    }
    state.zoom = 1;
    placed();
    looks();
    said.replaceChildren(...lines(view));
  };
  const said = make("div");
  const show = (which) => {
    state.which = which;
    draw();
  };
  const go = (step) => {
    const n = state.views.length;
    state.at = (state.at + step + n) % n;
    draw();
  };
  const failing = () => {
    const n = state.views.length;
    const later = [...Array(n).keys()].map((step) => (state.at + 1 + step) % n);
    let at = later.find((i) => isFailing(state.views[i]));
    if (at === undefined) {
      // None among the chosen ones: the first of all models' cases.
      at = data.views.findIndex(isFailing);
      if (at >= 0) state.views = data.views;
    }
    if (at < 0) {
      place.textContent = "no case is answered wrongly, or rightly for the wrong reason";
      return;
    }
    state.at = at;
    const view = state.views[at], map = view.maps.findIndex((one) => one.wrong);
    if (view.true === view.said && state.which !== ALL && !(state.which >= 0 && view.maps[state.which].wrong)) state.which = map;
    draw();
  };
  const nextMap = (step) => {
    const order = names.map(([i]) => i);
    show(order[(order.indexOf(state.which) + step + order.length) % order.length]);
  };
  const flicker = () => {
    state.map = !state.map;
    looks();
  };
  const toggleLines = () => {
    state.lines = !state.lines;
    looks();
  };
  outlines.addEventListener("change", toggleLines);
  chosen.addEventListener("change", () => show(Number(chosen.value)));
  const keys = {
    ArrowRight: () => go(1), ArrowLeft: () => go(-1), f: failing, ArrowDown: () => nextMap(1), ArrowUp: () => nextMap(-1),
    " ": flicker, o: toggleLines, "+": () => zoomBy(1.5), "=": () => zoomBy(1.5), "-": () => zoomBy(1 / 1.5), r: reset,
  };
  dialog.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select")) return;
    if (event.key === " " && event.target.matches("button, [role=button]")) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  const share = (event) => {
    const box = stage.querySelector(".frame").getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  stage.addEventListener("wheel", (event) => {
    if (state.which === ALL || !event.target.closest(".frame")) return;
    event.preventDefault();
    zoomBy(event.deltaY < 0 ? 1.25 : 0.8, ...share(event));
  }, { passive: false });
  let held = null;
  stage.addEventListener("pointerdown", (event) => {
    if (state.which === ALL || state.zoom === 1 || !event.target.closest(".frame")) return;
    const [x, y] = share(event);
    held = [x - state.x, y - state.y];
    stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    if (!held) return;
    const [x, y] = share(event);
    [state.x, state.y] = [x - held[0], y - held[1]];
    placed();
  });
  for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, () => { held = null; });

  const tools = make("div", { className: "viewer-tools" },
    button("◀", "Previous case (left arrow)", () => go(-1)), button("▶", "Next case (right arrow)", () => go(1)),
    button("Next failing", "Next failing case (F)", failing), place,
    make("label", {}, "Show ", chosen), make("label", {}, outlines, " outlines"),
    button("Map on or off", "Map on or off (space bar)", flicker),
    button("−", "Zoom out (minus)", () => zoomBy(1 / 1.5)), button("+", "Zoom in (plus)", () => zoomBy(1.5)),
    opacity, level, width, button("Reset", "Reset zoom, brightness and contrast (R)", reset));
  const help = make("p", { className: "note" }, "Keys: ← → case, ↑ ↓ map, F next failing, space map on or off, O outlines, + − zoom, R reset, Esc close. Drag to move.");
  body.replaceChildren(tools, said, stage, help);

  return (views, view, which = ALL) => {
    Object.assign(state, { views, at: views.indexOf(view), which, map: true });
    opacityInput.value = document.getElementById("opacity").value;
    opacityInput.dispatchEvent(new Event("input"));
    reset();
    draw();
    dialog.showModal();
  };
};
